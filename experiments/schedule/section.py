"""What a protocol says of a search for a schedule: the arm, the axes, the goal, and the limits."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from ...model.documents import Section
from ...model.errors import Lag3igError, nearest
from ...model.trial_design import Amount, Count, Days, Name, Span
from ...model.units import quantity, split
from .goals import GOALS

MOST_SCHEDULES = 10_000


def _signed_days(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError("write a time with its unit, such as '-7 d' or '0 d'")
    try:
        return quantity(value, "d")
    except Lag3igError as fault:
        raise ValueError(str(fault)) from None


SignedDays = Annotated[float, BeforeValidator(_signed_days)]


class ScheduleLimits(Section):
    """What no schedule may exceed.

    Attributes
    ----------
    most_dose : str, optional
        Amount of the drug over the whole course, every injection given.
    most_visits : int, optional
        Days on which the patient comes for any drug of the arm; injections on the day of an infusion cost
        no visit.
    most_amount : str, optional
        Amount of one injection.
    """

    most_dose: Amount | None = None
    most_visits: Count | None = None
    most_amount: Amount | None = None


class ScheduleSearch(Section):
    """One drug of one arm, given in other amounts, at other intervals, and from other days on.

    Attributes
    ----------
    arm, drug : str
        Whose doses are replaced; the arm's other drugs stay as they are.
    amount, every, start : tuple
        Axes of the grid. ``start`` counts from the first dose of the arm's other drugs; below zero the drug
        comes first and the others wait, because day 0 of a trial is its first dose.
    count, until
        Injections; or the days from the first one in which injections are given.
    goal : str
        What is made as large as possible; see `goals.GOALS`.
    at : float, optional
        d; the scan at which, or up to which, a goal is told that has a time.
    also : tuple of str
        Further goals that are told beside it.
    delta : float
        A difference of the goal too small to matter.
    """

    arm: Name
    drug: Name
    amount: Annotated[tuple[Amount, ...], Field(min_length=1)]
    every: Annotated[tuple[Span, ...], Field(min_length=1)]
    start: Annotated[tuple[SignedDays, ...], Field(min_length=1)] = (0.0,)
    count: Count | None = None
    until: Span | None = None
    goal: str
    at: Days | None = None
    also: tuple[str, ...] = ()
    delta: Annotated[float, Field(ge=0.0)] = 0.0
    limits: ScheduleLimits = ScheduleLimits()

    @model_validator(mode="after")
    def _hangs_together(self) -> "ScheduleSearch":
        if (self.count is None) == (self.until is None):
            raise ValueError("give either count, or until: one of them says how long the drug is given")
        for name in (self.goal, *self.also):
            if name not in GOALS:
                raise ValueError(f"goal {name!r} is not known; {nearest(name, GOALS)}")
            if GOALS[name].timed and self.at is None:
                raise ValueError(f"goal {name!r} needs a scan to be told at; add at = '168 d'")
        for axis in ("amount", "every", "start"):
            values = self.amounts if axis == "amount" else getattr(self, axis)
            if len(set(values)) < len(values):
                raise ValueError(f"{axis} names a value twice")
        try:
            for text in (self.limits.most_dose, self.limits.most_amount):
                if text is not None:
                    self.in_unit(text)
        except Lag3igError as fault:
            raise ValueError(f"limits: {fault}") from None
        size = len(self.amount) * len(self.every) * len(self.start)
        if size > MOST_SCHEDULES:
            raise ValueError(f"the grid has {size:,} schedules; at most {MOST_SCHEDULES:,} are simulated")
        return self

    @property
    def unit(self) -> str:
        """Unit of every amount: that of the first one."""
        return split(self.amount[0])[1]

    @property
    def amounts(self) -> tuple[float, ...]:
        """Amounts in that unit."""
        try:
            return tuple(self.in_unit(text) for text in self.amount)
        except Lag3igError as fault:
            raise ValueError(f"amount: {fault}") from None

    def in_unit(self, text: str) -> float:
        """An amount in the unit of the first one."""
        return quantity(text, self.unit, what="amount")

    def misfit(self, arms: dict[str, tuple[str, ...]], scans: tuple[float, ...], end: float) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does.

        Parameters
        ----------
        arms
            Drugs of each arm.
        scans, end
            d; of the visits.
        """
        if self.arm not in arms:
            return f"schedule.arm = {self.arm!r}: no arm is called so; {nearest(self.arm, list(arms))}"
        drugs = arms[self.arm]
        if self.drug not in drugs:
            return (
                f"schedule.drug = {self.drug!r}: the arm {self.arm!r} does not give it; "
                f"{nearest(self.drug, drugs)}"
            )
        if set(drugs) == {self.drug} and self.start != (0.0,):
            return f"schedule.start: {self.drug} is alone in the arm, so leave start out"
        if self.at is not None and self.at not in scans:
            return f"schedule.at: nobody is scanned on day {self.at:g}"
        latest = max(abs(day) for day in self.start)
        if latest >= end:
            return f"schedule.start: day {latest:g} is not before the end of the trial (day {end:g})"
        return ""
