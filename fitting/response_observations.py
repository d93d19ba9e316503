"""Observations of who responded: counts, categories of best response, best changes, what everyone showed."""

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from ..model.documents import Fault
from ..model.survival import Proportion, proportion
from ..model.trial_design import Count, Days, Span
from . import vocabulary as words
from .printed import ArmObservation, unequal


class _Counted(ArmObservation):
    """Patients who show an endpoint, out of a number."""

    endpoint: words.CountedEndpoint
    number: Count
    day: Days | None = None
    limit: float | None = None

    @field_validator("limit", mode="plain")
    @classmethod
    def _read_limit(cls, given: Any, info: ValidationInfo) -> float:
        return words.read_limit(given, info.data.get("endpoint"))

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return words.VISITS.get(self.endpoint)

    @property
    def patients(self) -> int | None:
        """Patients that it counts; None if it counts injections."""
        return None if self.endpoint == "injection_given" else self.number

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.endpoint == "no_progression" and self.day is None:
            yield ("day",), "missing: no_progression is judged at a scan; add its day"
        if (self.limit is None) is (self.endpoint in words.LIMITED):
            verb = "needs a limit; add it" if self.limit is None else "has no limit; leave it out"
            yield ("limit",), f"{self.endpoint} {verb}"
        if self.endpoint == "injection_given" and self.role != "design":
            yield ("role",), "injections are part of the design; give the role 'design'"

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        if self.day is not None:
            yield "day", self.day
        if self.limit is not None and words.LIMITED[self.endpoint] == "d":
            yield "limit", self.limit


class CountObservation(_Counted):
    """So many of a number of patients: binomial."""

    kind: Literal["count"]
    count: words.Whole

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.count > self.number:
            yield ("count",), f"count {self.count} is more than number {self.number}"

    @property
    def share(self) -> Proportion:
        """Count with the exact 95 % interval of its share."""
        return proportion(self.count, self.number)


class AtMostObservation(_Counted):
    """At most so many of a number of patients: what silence about an endpoint is read as."""

    kind: Literal["at_most"]
    most: words.Whole

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.most > self.number:
            yield ("most",), f"most {self.most} is more than number {self.number}"


class CategoriesObservation(ArmObservation):
    """Best responses in categories: multinomial.

    Neighbouring categories may be merged: ``partial_or_better``, ``stable_or_worse`` (which has those not
    evaluable), ``progression_or_not_evaluable``. A category that no key has was seen in nobody. With
    ``stable_for`` stable disease must have lasted so long (d), and counts as progression if it has not.
    """

    kind: Literal["categories"]
    counts: Annotated[Mapping[str, words.Whole], Field(min_length=2)]
    stable_for: Span | None = None
    number: Count

    @property
    def groups(self) -> dict[str, tuple[str, ...]]:
        """Plain categories that each key holds."""
        return {key: words.merged(key) for key in self.counts}

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return "scans"

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        seen: dict[str, str] = {}
        for key in self.counts:
            if not words.merged(key):
                yield ("counts", key), words.no_category(key)
            for plain in words.merged(key):
                if plain in seen:
                    yield ("counts", key), f"{plain!r} is counted by {seen[plain]!r} already"
                seen[plain] = key
        total = sum(self.counts.values())
        if total != self.number:
            yield ("counts",), f"the categories add up to {total}, not to number {self.number}"
        if self.stable_for is not None and "stable" not in seen:
            yield ("stable_for",), "no category counts stable disease; add it, or leave this out"

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        if self.stable_for is not None:
            yield "stable_for", self.stable_for


class BestChangeObservation(ArmObservation):
    """Quantiles over patients of the best change of the sum of longest diameters, in percent."""

    kind: Literal["best_change_quantiles"]
    levels: Annotated[tuple[words.Level, ...], Field(min_length=1)]
    values: tuple[Annotated[float, Field(ge=-100.0)], ...]
    number: Count

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return "scans"

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        yield from unequal("values", self.values, "levels", self.levels)
        if any(later <= earlier for earlier, later in pairwise(self.levels)):
            yield ("levels",), "levels must increase"
        if any(later < earlier for earlier, later in pairwise(self.values)):
            yield ("values",), "quantiles cannot fall as their levels rise"


class EveryObservation(ArmObservation):
    """Whether every patient showed an endpoint."""

    kind: Literal["every"]
    endpoint: words.ShownEndpoint
    number: Count
    shown: bool

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return words.VISITS.get(self.endpoint)
