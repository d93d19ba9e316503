"""Observations of the time to an event: points of a survival curve, medians, hazard ratios."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field

from ..model.documents import Fault
from ..model.trial_design import Count, Fraction, Schedule, Span
from . import vocabulary as words
from .printed import ArmObservation, outside, unequal


class _Timed(ArmObservation):
    """Something about the time to an event."""

    endpoint: words.TimedEndpoint

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return words.VISITS.get(self.endpoint)


class SurvivalObservation(_Timed):
    """Points of a Kaplan-Meier curve, with the patients still at risk."""

    kind: Literal["survival"]
    days: Annotated[Schedule, Field(min_length=1)]
    survival: tuple[Fraction, ...]
    at_risk: tuple[words.Whole, ...]
    number: Count

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        yield from unequal("survival", self.survival, "days", self.days)
        yield from unequal("at_risk", self.at_risk, "days", self.days)
        if any(later > earlier for earlier, later in pairwise(self.survival)):
            yield ("survival",), "a survival curve cannot rise"
        if any(later > earlier for earlier, later in pairwise((self.number, *self.at_risk))):
            yield ("at_risk",), f"the number at risk cannot grow, nor be more than number {self.number}"

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        yield from (("days", day) for day in self.days)


class MedianObservation(_Timed):
    """Median time to an event (d), with the interval that was printed."""

    kind: Literal["median_time"]
    median: Span
    lower: Span | None = None
    upper: Span | None = None
    level: words.Level = 0.95
    number: Count
    events: words.Whole | None = None

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        yield from outside(self.median, self.lower, self.upper, what="median")
        if self.events is not None and self.events > self.number:
            yield ("events",), f"events {self.events} are more than number {self.number}"

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        yield "median", self.median


class HazardRatioObservation(_Timed):
    """Hazard of an arm over that of another, by the trial's own estimator."""

    kind: Literal["hazard_ratio"]
    against: words.ArmNames
    ratio: words.Positive
    lower: words.Positive
    upper: words.Positive
    level: words.Level
    estimator: Literal["cox", "log-rank"]

    @property
    def arms_against(self) -> tuple[str, ...]:
        """Ids of the arms that the ratio is over."""
        return (self.against,) if isinstance(self.against, str) else self.against

    def arms_named(self) -> Iterator[tuple[str, str]]:
        """Every arm that is named, with the key that names it."""
        yield from super().arms_named()
        yield from (("against", name) for name in self.arms_against)

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        yield from outside(self.ratio, self.lower, self.upper, what="ratio")
        if set(self.arms) & set(self.arms_against):
            yield ("against",), "an arm is compared with itself"
