"""Schedules of a grid: what each gives on which day, and which limits shut it out."""

import math
from dataclasses import dataclass
from itertools import product

from ...model.dosing import Regimen, dose
from ..protocol import Protocol
from .section import ScheduleSearch

ROUNDING = 1e-9  # relative; a limit that is met exactly is met


@dataclass(frozen=True, slots=True)
class Schedule:
    """One way to give the drug: how much, every so many days, from which day, how often.

    ``amount`` is in the unit of the search; ``every`` and ``start`` are days, the latter from the first
    dose of the arm's other drugs.
    """

    amount: float
    every: float
    start: float
    count: int

    @property
    def total(self) -> float:
        """Amount over the whole course."""
        return self.amount * self.count

    def named(self, unit: str) -> str:
        """The schedule in words.

        >>> Schedule(30.0, 14.0, -7.0, 6).named("mg")
        '30 mg every 14 d x 6 from day -7'
        """
        since = f" from day {self.start:g}" if self.start else ""
        return f"{self.amount:.4g} {unit} every {self.every:g} d x {self.count}{since}"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A schedule with the regimen it makes of the arm; ``refused`` says which limit it exceeds, if any."""

    schedule: Schedule
    regimen: Regimen
    visits: int
    refused: str = ""


def candidates(protocol: Protocol, search: ScheduleSearch) -> list[Candidate]:
    """Every schedule of the grid: amount slowest, then interval, then start."""
    return [
        candidate(protocol, search, amount=amount, every=every, start=start)
        for amount, every, start in product(search.amounts, search.every, search.start)
    ]


def candidate(
    protocol: Protocol, search: ScheduleSearch, *, amount: float, every: float, start: float
) -> Candidate:
    """One schedule, whether or not the grid has it."""
    count = _count(search, every)
    schedule = Schedule(amount, every, start, count)
    regimen = regimen_of(protocol, search, schedule)
    visits = len({item.time for item in regimen.administrations(protocol.visits.end)})
    return Candidate(schedule, regimen, visits, _refusal(search, schedule, visits))


def regimen_of(protocol: Protocol, search: ScheduleSearch, schedule: Schedule) -> Regimen:
    """The arm's regimen with the drug on that schedule, its first dose on day 0.

    An amount of zero gives the arm without the drug, on whatever schedule.
    """
    arm = next(arm for arm in protocol.arms if arm.name == search.arm)
    pattern = next(item for item in arm.doses if item.drug == search.drug)
    others = sum((item.regimen() for item in arm.doses if item.drug != search.drug), Regimen())
    anchor = min((record.time for record in others.records), default=0.0)
    regimen = others
    if schedule.amount > 0.0:
        regimen = regimen + _given(search, schedule, route=pattern.route, infuse=pattern.infuse).shifted(
            anchor + schedule.start
        )
    earliest = min((record.time for record in regimen.records), default=0.0)
    return regimen.shifted(-earliest)


def most_amount(search: ScheduleSearch, every: float) -> float:
    """Largest amount of one injection that the limits leave at an interval; infinite without limits."""
    limits, most = search.limits, math.inf
    if limits.most_amount is not None:
        most = search.in_unit(limits.most_amount)
    if limits.most_dose is not None:
        most = min(most, search.in_unit(limits.most_dose) / _count(search, every))
    return most


def _given(search: ScheduleSearch, schedule: Schedule, *, route: str | None, infuse: float | None) -> Regimen:
    once = schedule.count == 1
    return dose(
        search.drug,
        f"{schedule.amount!r} {search.unit}",
        route=route,
        every=None if once else schedule.every,
        count=None if once else schedule.count,
        infuse=infuse,
    )


def _count(search: ScheduleSearch, every: float) -> int:
    """Injections: as many as are said, or as begin within the days that are said."""
    if search.count is not None:
        return search.count
    assert search.until is not None
    return max(1, math.ceil(search.until / every * (1.0 - ROUNDING)))


def _refusal(search: ScheduleSearch, schedule: Schedule, visits: int) -> str:
    limits, unit = search.limits, search.unit
    for key, given in (("most_amount", schedule.amount), ("most_dose", schedule.total)):
        text = getattr(limits, key)
        if text is not None and given > search.in_unit(text) * (1.0 + ROUNDING):
            return f"{key}: {given:.6g} {unit} is above {text}"
    if limits.most_visits is not None and visits > limits.most_visits:
        return f"most_visits: {visits} days with a dose are above {limits.most_visits}"
    return ""
