"""Means, geometric means and medians over patients, each with the spread that was printed."""

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import ValidationInfo, field_validator

from ..model.documents import Fault
from ..model.trial_design import Count
from . import vocabulary as words
from .printed import ArmObservation, unequal

Spread = float | tuple[float, float]


class MeanObservation(ArmObservation):
    """Centre and spread of an observable over patients at one or more times.

    ``relative_to`` says what is divided by: nothing, each patient's own baseline, or the centre of another
    arm on the same day. A ``window`` makes one number of a patient's values on ``days``: their mean on
    treatment, their largest, or the terminal half-life (d) that the last two give. An interval is written as
    a pair, and ``spread`` holds one number or one pair for each centre. A spread that is ``spread_assumed``
    tells how well the centre is known, and nothing of how patients differ.
    """

    kind: Literal["mean"]
    observable: words.ObservableName
    relative_to: str = "none"
    window: words.Window | None = None
    days: words.Occasions
    centre_kind: words.CentreKind
    centre: words.Numbers
    spread_kind: words.SpreadKind | None = None
    spread: tuple[Spread, ...] | None = None
    spread_assumed: bool = False
    level: words.Level | None = None
    number: Count
    unit: str | None = None

    @field_validator("spread", mode="plain")
    @classmethod
    def _read_spread(cls, given: Any, info: ValidationInfo) -> tuple[Spread, ...] | None:
        return given if given is None else read_spread(given, info.data.get("spread_kind"))

    @property
    def own_unit(self) -> str:
        """Unit of the centre: the observable's, unless it is a ratio or a half-life."""
        if self.window == "half_life":
            return "d"
        return "1" if self.relative_to != "none" else words.observables()[self.observable].unit

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        yield from super().faults()
        if self.unit is not None and self.unit != self.own_unit:
            yield ("unit",), f"the numbers must be in {self.own_unit!r}, not in {self.unit!r}; convert them"
        if self.window is None:
            yield from unequal("centre", self.centre, "days", self.days)
        elif len(self.centre) != 1:
            yield ("centre",), f"window = {self.window!r} makes one number of all days; give one centre"
        if self.window == "half_life" and len(self.days) < 2:
            yield ("days",), "a half-life needs two days at least"
        if self.window == "half_life" and self.relative_to != "none":
            yield ("relative_to",), "a half-life is relative to nothing; leave it out"
        if self.centre_kind == "geometric mean" and min(self.centre) <= 0.0:
            yield ("centre",), "a geometric mean is positive"
        yield from self._faults_of_spread()

    def _faults_of_spread(self) -> Iterator[Fault]:
        kind = self.spread_kind
        if (kind is None) is not (self.spread is None):
            missing, there = ("spread_kind", "spread") if kind is None else ("spread", "spread_kind")
            yield (missing,), f"missing beside {there}; add it, or leave both out"
            return
        if (self.level is not None) is not (kind == "CI"):
            yield ("level",), "a CI needs its level, such as 0.95, and nothing else has one"
        if self.spread_assumed and kind in (None, *words.INTERVALS):
            yield (
                ("spread_assumed",),
                "needs a spread of the kind SD, SE or CV percent to stand for the error",
            )
        if kind is None or self.spread is None:
            return
        yield from unequal("spread", self.spread, "centre", self.centre)
        for centre, spread in zip(self.centre, self.spread, strict=False):
            if not isinstance(spread, tuple):
                if spread < 0.0:
                    yield ("spread",), f"a {kind} cannot be negative (given: {spread:g})"
                continue
            lower, upper = spread
            if lower > upper:
                yield ("spread",), f"the {kind} is turned round: {lower:g} is more than {upper:g}"
            elif not lower <= centre <= upper and (kind != "IQR" or self.centre_kind == "median"):
                yield (
                    ("spread",),
                    f"the {kind} from {lower:g} to {upper:g} excludes its own {self.centre_kind}, {centre:g}",
                )

    def arms_named(self) -> Iterator[tuple[str, str]]:
        """Every arm that is named, with the key that names it."""
        yield from super().arms_named()
        if self.relative_to not in ("none", "baseline"):
            yield "relative_to", self.relative_to

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        yield from (("days", day) for day in self.days)


def read_spread(given: Any, kind: str | None) -> tuple[Spread, ...]:
    """Spreads as they are written: a number, an interval, or a list of either."""
    if kind not in words.INTERVALS:
        many = given if isinstance(given, list | tuple) else [given]
        return tuple(_number(item, "a number, or a list of one for each day") for item in many)
    wanted = f"the {kind} as [lower, upper], or a list of one for each day"
    if not isinstance(given, list | tuple) or not given:
        raise ValueError(f"write {wanted}")
    pairs = given if isinstance(given[0], list | tuple) else [given]
    if not all(isinstance(pair, list | tuple) and len(pair) == 2 for pair in pairs):
        raise ValueError(f"write {wanted}")
    return tuple((_number(lower, wanted), _number(upper, wanted)) for lower, upper in pairs)


def _number(given: Any, wanted: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise ValueError(f"write {wanted}; {given!r} is no finite number")
    return float(given)
