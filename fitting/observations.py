"""Observations of a publication: what was counted, timed, measured or said, as it was printed.

Numbers are in the unit of the observable, times in days once they are read. An observation knows what it
needs of its arm; whether the arm has it, the card checks.
"""

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from ..model.documents import Fault
from ..model.trial_design import Count, Days
from . import vocabulary as words
from .mean_observation import MeanObservation
from .printed import ArmObservation, Printed
from .response_observations import (
    AtMostObservation,
    BestChangeObservation,
    CategoriesObservation,
    CountObservation,
    EveryObservation,
)
from .time_observations import HazardRatioObservation, MedianObservation, SurvivalObservation


class InequalityObservation(ArmObservation):
    """Bounds that an observable kept over a time, in its own unit or as 'quantifiable'."""

    kind: Literal["inequality"]
    observable: words.ObservableName
    from_day: Days
    to_day: Days
    at_least: float | Literal["quantifiable"] | None = None
    at_most: float | None = None
    number: Count | None = None
    said: ClassVar[bool] = True

    @field_validator("at_least", "at_most", mode="plain")
    @classmethod
    def _read_bound(cls, given: Any, info: ValidationInfo) -> float | str:
        found = words.observables().get(info.data.get("observable", ""))
        if given == "quantifiable" and info.field_name == "at_least":
            if found is not None and found.assay.limit is None:
                raise ValueError(f"the assay of {found.symbol} has no limit; write a value in {found.unit!r}")
            return "quantifiable"
        return words.in_unit(given, found.unit) if found is not None else 0.0

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.at_least is None and self.at_most is None:
            yield ("at_least",), "missing: give at_least, at_most or both"
        if isinstance(self.at_least, float) and self.at_most is not None and self.at_least > self.at_most:
            yield ("at_least",), f"at_least = {self.at_least:g} is more than at_most = {self.at_most:g}"
        if self.from_day > self.to_day:
            yield ("from_day",), f"from_day {self.from_day:g} is after to_day {self.to_day:g}"

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        yield "from_day", self.from_day
        yield "to_day", self.to_day


class PriorObservation(Printed):
    """Value of a parameter, known to within a factor: one standard deviation of its logarithm."""

    kind: Literal["prior"]
    parameter: words.ParameterName
    value: words.Positive
    factor: Annotated[float, Field(gt=1.0)]

    @field_validator("value", mode="plain")
    @classmethod
    def _read_value(cls, given: Any, info: ValidationInfo) -> float:
        symbol = info.data.get("parameter")
        value = 1.0 if symbol is None else words.in_unit(given, words.parameters()[symbol].unit)
        if value <= 0.0:
            raise ValueError("the value must be positive: it is known to within a factor")
        return value

    @property
    def is_prior(self) -> bool:
        """Whether it tells of a parameter instead of patients."""
        return True

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.role not in ("prior", "check only"):
            yield ("role",), "a prior is not fitted; give the role 'prior' or 'check only'"


class StatementObservation(Printed):
    """Something the model has no observable for: listed as such, and nothing more."""

    kind: Literal["statement"]
    arm: words.ArmNames | None = None

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms it is about; empty if it is about none, or about all."""
        if self.arm is None:
            return ()
        return (self.arm,) if isinstance(self.arm, str) else self.arm

    @property
    def observed(self) -> bool:
        """Whether the model has something to set beside it."""
        return False

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.role == "fitted":
            yield ("role",), "a statement cannot be fitted; give the role 'check only' or 'design'"


Observation = Annotated[
    CountObservation
    | AtMostObservation
    | CategoriesObservation
    | MeanObservation
    | BestChangeObservation
    | SurvivalObservation
    | MedianObservation
    | HazardRatioObservation
    | EveryObservation
    | InequalityObservation
    | PriorObservation
    | StatementObservation,
    Field(discriminator="kind"),
]
