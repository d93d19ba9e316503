"""Regimens: what is given, how much, by which route and when."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .dose_record import DOSE, OBSERVATION, RESET, DoseRecord
from .errors import DosingError
from .units import quantity, split

if TYPE_CHECKING:
    from .dose_events import Switch
    from .engine.events import Events
    from .model import Model

CONVENTIONS = ("duration fixed", "rate fixed")
_MOST_ADMINISTRATIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class Administration:
    """One nominal dose: when, of what, how much, and the line of the regimen it comes from."""

    time: float
    drug: str
    amount: float
    unit: str | None
    record: int
    number: int  # 0 for the line's own dose, then 1, 2, ... for the additional ones


@dataclass(frozen=True, slots=True)
class Regimen:
    """Lines of dosing in table order; regimens add up, each drug on its own schedule.

    What happens at one time happens in this order: resets; ends of infusions; doses, in the order of the
    table (at each: steady state first, then the dose); observations. A dose arrives after its lag. A reset
    empties every state to the no-drug start and stops running infusions, but doses still to come (of ADDL,
    or waiting for their lag) are given. SS = 1 replaces the drug's own compartments and running infusions
    and cancels what earlier lines of that drug had still to give; everything else in the patient goes on.

    >>> regimen = dose("lag3ig", "30 mg", every="14 d", count=6)
    >>> [item.time for item in regimen.administrations()]
    [0.0, 14.0, 28.0, 42.0, 56.0, 70.0]
    """

    records: tuple[DoseRecord, ...] = ()

    def __add__(self, other: "Regimen") -> "Regimen":
        if not isinstance(other, Regimen):
            return NotImplemented
        return Regimen(self.records + other.records)

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs given, in the order of their first line."""
        return tuple(dict.fromkeys(record.drug for record in self.records if record.gives_dose))

    @property
    def observations(self) -> tuple[float, ...]:
        """Times of the observation lines (EVID 0), in days, ascending."""
        return tuple(sorted({record.time for record in self.records if record.event == OBSERVATION}))

    def shifted(self, by: str | float) -> "Regimen":
        """Regimen with every time moved by so many days."""
        days = quantity(by, "d", what="shifted")
        return Regimen(tuple(replace(record, time=record.time + days) for record in self.records))

    def administrations(self, until: str | float = math.inf) -> tuple[Administration, ...]:
        """Nominal doses in the order they are given, to count injections and to index masks of (P, D).

        Parameters
        ----------
        until
            Last time in days that is included.

        Raises
        ------
        DosingError
            If the regimen gives more than a million doses.
        """
        last = until if until == math.inf else quantity(until, "d", what="until")
        if sum(record.additional + 1 for record in self.records) > _MOST_ADMINISTRATIONS:
            raise DosingError(f"the regimen gives more than {_MOST_ADMINISTRATIONS} doses; shorten its ADDL")
        given = [
            Administration(time, record.drug, record.amount, record.unit, index, number)
            for index, record in enumerate(self.records)
            for number, time in enumerate(record.times)
            if time <= last
        ]
        return tuple(sorted(given, key=lambda item: (item.time, item.record)))

    def compile(
        self,
        model: "Model",
        parameters: NDArray[np.float64],
        *,
        taken: NDArray[np.bool_] | None = None,
        amount_factor: NDArray[np.float64] | None = None,
        delay: NDArray[np.float64] | None = None,
        dose_inputs: Mapping[str, NDArray[np.float64]] | None = None,
        switches: "Sequence[Switch]" = (),
    ) -> "Events":
        """Engine events of every patient; see `dose_events.compile_events`."""
        from .dose_events import compile_events

        return compile_events(
            self,
            model,
            parameters,
            taken=taken,
            amount_factor=amount_factor,
            delay=delay,
            dose_inputs=dose_inputs or {},
            switches=switches,
        )

    @classmethod
    def from_csv(
        cls, path: str | Path, *, patient: str | None = None, drug: str = "", time_unit: str = "d"
    ) -> "Regimen":
        """Regimen of one patient of an event table; see `event_table.read_event_table`.

        Raises
        ------
        DosingError
            If the table is wrong, or holds several patients and none is named.
        """
        from .event_table import read_event_table

        table = read_event_table(path, drug=drug, time_unit=time_unit)
        if patient is None and len(table) == 1:
            return next(iter(table.values()))
        if patient is None or patient not in table:
            shown = ", ".join(list(table)[:8]) + (", ..." if len(table) > 8 else "")
            given = "none was named" if patient is None else f"{patient!r} is not among them"
            raise DosingError(
                f"{path}: the table holds patients {shown}, and {given}; pass patient=, one of these"
            )
        return table[patient]

    def to_csv(self, path: str | Path, *, time_unit: str = "d") -> None:
        """Write the regimen as an event table; see `event_table.write_event_table`."""
        from .event_table import write_event_table

        write_event_table(self, path, time_unit=time_unit)


def dose(
    drug: str,
    amount: str | float,
    *,
    route: str | None = None,
    cmt: int | None = None,
    start: str | float = 0.0,
    every: str | float | None = None,
    count: int | None = None,
    infuse: str | float | None = None,
    rate: str | float | None = None,
    bioavailability_of_infusion: str | None = None,
    ii: str | float | None = None,
    addl: int | None = None,
    ss: int = 0,
    evid: int = DOSE,
    lag: str | float | None = None,
    bioavailability: float | None = None,
) -> Regimen:
    """Regimen of one line, in the field's words.

    Parameters
    ----------
    drug, route, cmt
        What is given and how; ``route`` such as ``"sc"`` or ``"lag3ig.sc"``, or a compartment's number.
    amount
        Text with a unit, or a number in the route's dose unit.
    start
        Time of the first dose; times without a unit are days.
    every, count
        Days between doses and how many there are (II, and ADDL + 1).
    infuse, rate
        Duration of an infusion, or its rate in amount per day (text with the amount's own unit per time,
        such as "2 mg/h").
    bioavailability_of_infusion
        ``"rate fixed"``: bioavailability changes how long it lasts, the meaning of a given RATE and the
        default with ``rate``. ``"duration fixed"``: it changes the rate, the meaning of a modelled duration
        and the default with ``infuse``.
    ii, addl, ss, evid, lag, bioavailability
        As in NONMEM (II, ADDL, SS, EVID, ALAG, F).

    Raises
    ------
    DosingError, UnitError
        If a quantity is wrong or the words contradict each other.

    Examples
    --------
    >>> weekly = dose("paclitaxel", 80, every="1 week", count=3)
    >>> (dose("lag3ig", "30 mg", every="2 weeks", count=2, start="1 d") + weekly).drugs
    ('lag3ig', 'paclitaxel')
    """
    where = f"dose({drug!r}, {amount!r})"
    number, unit = _amount(where, amount)
    interval, additional = _repetition(where, every, count, ii, addl)
    per_day, duration = _infusion(where, number, unit, infuse, rate, bioavailability_of_infusion)
    try:
        record = DoseRecord(
            time=quantity(start, "d", what=f"{where}, start"),
            event=evid,
            drug=drug,
            route=route if route is None or "." in route else f"{drug}.{route}",
            compartment=cmt,
            amount=number,
            unit=unit or None,
            rate=per_day,
            duration=duration,
            interval=interval,
            additional=additional,
            steady_state=ss,
            lag=None if lag is None else quantity(lag, "d", what=f"{where}, lag"),
            bioavailability=bioavailability,
        )
    except DosingError as error:
        raise DosingError(f"{where}: {error}") from None
    return Regimen((record,))


def reset(time: str | float) -> Regimen:
    """Regimen of one reset (EVID 3): every state back to the no-drug start, running infusions stopped."""
    return Regimen((DoseRecord(time=quantity(time, "d", what="reset"), event=RESET),))


def _repetition(
    where: str, every: str | float | None, count: int | None, ii: str | float | None, addl: int | None
) -> tuple[float, int]:
    if every is not None and ii is not None:
        raise DosingError(f"{where}: every and ii say the same thing; keep one of them")
    if count is not None and addl is not None:
        raise DosingError(f"{where}: count and addl say the same thing (count = addl + 1); keep one of them")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise DosingError(f"{where}: count = {count!r} must be a whole number from 1 on")
    if addl is not None and (isinstance(addl, bool) or not isinstance(addl, int)):
        raise DosingError(f"{where}: addl = {addl!r} must be a whole number from 0 on")
    if every is not None and count is None and addl is None:
        raise DosingError(f"{where}: every = {every!r} without count: say how many doses there are")
    given = every if every is not None else ii
    interval = (
        0.0
        if given is None
        else quantity(given, "d", what=f"{where}, {'every' if every is not None else 'ii'}")
    )
    if every is not None and interval <= 0.0:
        raise DosingError(f"{where}: every = {every!r} must be above zero; for a single dose leave it out")
    additional = count - 1 if count is not None else (0 if addl is None else addl)
    return interval, additional


def _amount(where: str, amount: str | float) -> tuple[float, str]:
    if not isinstance(amount, str):
        return quantity(amount, "dose units", what=where), ""
    number, unit = split(amount, what=where)
    if number < 0.0:
        raise DosingError(f"{where}: the amount must be a finite number and not negative")
    if not unit:
        raise DosingError(
            f"{where}: the amount has no unit; write '{amount} mg', or a number for the route's own"
        )
    return number, unit


def _infusion(
    where: str,
    amount: float,
    unit: str,
    infuse: str | float | None,
    rate: str | float | None,
    convention: str | None,
) -> tuple[float | None, float | None]:
    """Rate or duration of an infusion in days, whichever the convention holds fixed."""
    if rate is not None and infuse is not None:
        raise DosingError(f"{where}: both rate and infuse are given; keep one of them")
    if isinstance(rate, str) and not unit:
        raise DosingError(f"{where}: the rate has a unit but the amount has none; write both in one way")
    per_day = None if rate is None else quantity(rate, f"{unit or 'dose units'}/d", what=f"{where}, rate")
    duration = None if infuse is None else quantity(infuse, "d", what=f"{where}, infuse")
    if convention is None:
        return per_day, duration
    if convention not in CONVENTIONS:
        raise DosingError(
            f"{where}: bioavailability_of_infusion = {convention!r} does not exist; "
            f"choose from {', '.join(map(repr, CONVENTIONS))}"
        )
    if per_day is None and duration is None:
        raise DosingError(f"{where}: bioavailability_of_infusion without an infusion; give infuse or rate")
    if convention == "rate fixed" and duration and amount:
        return amount / duration, None
    if convention == "duration fixed" and per_day and amount:
        return None, amount / per_day
    return per_day, duration
