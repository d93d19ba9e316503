"""Regimens turned into the engine's events, patient by patient."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .dose_line import DoseLine, Size, fit_line
from .dosing import Administration, Regimen
from .engine.batch import evaluate
from .engine.events import Events, Kind
from .engine.sensitivity import EventSlopes, evaluate_with_sensitivities
from .errors import DosingError, nearest
from .event_columns import Column, gather, gather_slopes
from .steady_state import Cycle, find_steady_state

if TYPE_CHECKING:
    from .model import Model

Floats = NDArray[np.float64]
Rank = tuple[int, ...]

# What comes first at one time.
_RESETTING, _SWITCHED, _ENDING, _DOSING = range(4)


@dataclass(frozen=True, slots=True)
class Switch:
    """Input that changes once: at ``time`` (days, shape (P,), infinity for never) it becomes ``value``."""

    input: str
    time: Floats
    value: float = 1.0


def compile_events(
    regimen: Regimen,
    model: "Model",
    parameters: Floats,
    *,
    taken: NDArray[np.bool_] | None = None,
    amount_factor: Floats | None = None,
    delay: Floats | None = None,
    dose_inputs: Mapping[str, Floats] | None = None,
    switches: Sequence[Switch] = (),
) -> Events:
    """Engine events of every patient.

    Columns of the (P, D) arrays stand in the order of ``regimen.administrations()``.

    Parameters
    ----------
    parameters : shape (P, K)
        Parameters of the patients.
    taken : shape (P, D), optional
        Which doses are received; all, if left out. A missed dose leaves the steady state before it as it is.
    amount_factor : shape (P, D), optional
        Factor on the bioavailable amount, dose by dose.
    delay : shape (P, D), optional
        Days by which each dose is late.
    dose_inputs : mapping of input to shape (P, D), optional
        Value that an input takes when the dose arrives; where it is NaN the dose leaves the input alone.
    switches : sequence of Switch
        Inputs that change once, and keep their value through resets.

    Raises
    ------
    DosingError, UnitError
        If a line does not fit the model, or an array has another shape.
    """
    given = (taken, amount_factor, delay, dose_inputs or {})
    return _compiled(_Compiler(regimen, model, parameters, switches), *given).events()


def compile_events_with_slopes(
    regimen: Regimen,
    model: "Model",
    parameters: Floats,
    *,
    symbols: Sequence[str],
    taken: NDArray[np.bool_] | None = None,
    amount_factor: Floats | None = None,
    dose_inputs: Mapping[str, Floats] | None = None,
    switches: Sequence[Switch] = (),
) -> tuple[Events, EventSlopes]:
    """Events as by `compile_events`, and how they depend on some of the parameters.

    Bioavailability changes amounts, rates and ends of infusions, a lag moves what the dose brings.

    Raises
    ------
    DosingError
        Also if the regimen asks for a steady state.
    """
    if any(record.steady_state for record in regimen.records):
        raise DosingError(
            "steady-state lines (SS) have no sensitivities; give the doses themselves (ADDL) instead"
        )
    compiler = _Compiler(regimen, model, parameters, switches, symbols)
    _compiled(compiler, taken, amount_factor, None, dose_inputs or {})
    return compiler.events(), compiler.slopes()


def _compiled(
    compiler: "_Compiler",
    taken: NDArray[np.bool_] | None,
    amount_factor: Floats | None,
    delay: Floats | None,
    dose_inputs: Mapping[str, Floats],
) -> "_Compiler":
    """Compiler to which every line and dose has been added."""
    shape = (len(compiler.parameters), len(compiler.given))
    arrays = {"taken": taken, "amount_factor": amount_factor, "delay": delay, **dose_inputs}
    for name, array in arrays.items():
        if array is not None and np.shape(array) != shape:
            raise DosingError(
                f"{name} has shape {np.shape(array)}; {shape[0]} patients and {shape[1]} doses need {shape}"
            )
    late = np.zeros(shape) if delay is None else np.asarray(delay, dtype=np.float64)
    factor = np.ones(shape) if amount_factor is None else np.asarray(amount_factor, dtype=np.float64)
    received = np.ones(shape, dtype=bool) if taken is None else np.asarray(taken, dtype=bool)
    compiler.add_resets(late)
    compiler.add_steady_states(late)
    for column, item in enumerate(compiler.given):
        inputs = {name: values[:, column] for name, values in dose_inputs.items()}
        start = np.where(received[:, column], item.time + late[:, column], math.inf)
        compiler.add_dose(item, start, factor[:, column], inputs)
    return compiler


@dataclass(slots=True)
class _Compiler:
    """Columns of events, gathered line by line."""

    regimen: Regimen
    model: "Model"
    parameters: Floats
    switches: Sequence[Switch]
    symbols: Sequence[str] = ()
    given: tuple[Administration, ...] = field(init=False)
    lines: dict[int, DoseLine] = field(default_factory=dict)
    states: dict[str, int] = field(init=False)
    inputs: dict[str, int] = field(init=False)
    resets: list[Floats] = field(default_factory=list)
    renewals: list[tuple[int, Floats]] = field(default_factory=list)
    columns: list[tuple[Rank, Column]] = field(default_factory=list)

    def __post_init__(self) -> None:
        kernels = self.model.kernels
        self.given = self.regimen.administrations()
        self.states = {name: index for index, name in enumerate(kernels.states)}
        self.inputs = {name: index for index, (name, _) in enumerate(kernels.inputs)}
        shape = (len(self.parameters), len(self.model.routes), 3)
        if self.symbols:
            properties, slopes = evaluate_with_sensitivities(kernels, "doses", self.parameters, self.symbols)
        else:
            properties, slopes = evaluate(kernels, "doses", self.parameters), np.empty((*shape, 0))
        properties, slopes = properties.reshape(shape), slopes.reshape(*shape, len(self.symbols))
        for index, record in enumerate(self.regimen.records):
            if record.gives_dose:
                self.lines[index] = fit_line(index + 1, record, self.model, properties, slopes)
        for switch in self.switches:
            self._set_input((_SWITCHED, -1), switch.time, switch.input, switch.value)

    def _full(self, value: float) -> Floats:
        return np.full(len(self.parameters), value)

    def _add(
        self,
        rank: Rank,
        time: Floats,
        kind: Kind,
        target: int,
        value: Floats,
        *,
        time_slopes: Floats | None = None,
        value_slopes: Floats | None = None,
    ) -> None:
        # A patient whose lag is no number keeps an event, so that the engine sees it and gives a status.
        lost = np.isnan(time)
        time, value = np.where(lost, 0.0, time), np.where(lost, np.nan, value)
        self.columns.append((rank, Column(time, kind, target, value, time_slopes, value_slopes)))

    def _set_input(
        self, rank: Rank, time: Floats, name: str, value: Floats | float, slopes: Floats | None = None
    ) -> None:
        if name not in self.inputs:
            raise DosingError(f"the model has no input {name!r}; {nearest(name, self.inputs)}")
        values = np.broadcast_to(value, time.shape)
        self._add(rank, time, Kind.SET_INPUT, self.inputs[name], values, time_slopes=slopes)

    def _time_of_line(self, index: int, late: Floats) -> Floats:
        """Time of a line, as late as its first dose."""
        time = self.regimen.records[index].time
        for column, item in enumerate(self.given):
            if (item.record, item.number) == (index, 0):
                return time + late[:, column]
        return self._full(time)

    def add_resets(self, late: Floats) -> None:
        """Resets, and after each of them the inputs that had been switched before."""
        for index, record in enumerate(self.regimen.records):
            if not record.resets:
                continue
            time = self._time_of_line(index, late)
            self.resets.append(time)
            self._add((_RESETTING, index), time, Kind.RESET, 0, self._full(0.0))
            for switch in self.switches:
                again = np.where(switch.time <= time, time, math.inf)
                self._set_input((_SWITCHED, index), again, switch.input, switch.value)

    def add_steady_states(self, late: Floats) -> None:
        """Compartments and running infusions that steady-state lines put in place."""
        for index, line in self.lines.items():
            if line.record.steady_state == 1:
                self.renewals.append((index, self._time_of_line(index, late)))
        for index, line in self.lines.items():
            if line.record.steady_state:
                self._place(index, line, self._time_of_line(index, late))

    def _place(self, index: int, line: DoseLine, time: Floats) -> None:
        size = line.size()
        cycle = Cycle(
            interval=line.record.interval,
            lag=line.lag,
            amount=size.amount,
            rate=size.rate,
            duration=size.duration,
        )
        steady = find_steady_state(self.model, self.parameters, line.route, cycle)
        replaces = line.record.steady_state == 1
        rank = (_DOSING, index, -1)
        kind = Kind.SET_STATE if replaces else Kind.ADD_STATE
        for name, amount in zip(line.route.compartments, steady.states.T, strict=True):
            self._add((*rank, 0), time, kind, self.states[name], amount)
        if replaces:
            own = (route.infusion for route in self.model.routes if route.drug == line.record.drug)
            for name in dict.fromkeys(name for name in own if name):
                self._set_input((*rank, 0), time, name, 0.0)
        for rate, remaining in steady.running:
            self._add_infusion(index, (*rank, 1), time, Size(rate=rate, duration=remaining))

    def _add_infusion(self, index: int, rank: Rank, start: Floats, size: Size) -> None:
        assert size.rate is not None
        assert size.duration is not None
        target = self.inputs[str(self.lines[index].route.infusion)]
        start = np.where(size.duration > 0.0, start, math.inf)
        stop = start + size.duration
        # A reset or a new steady state in between has already taken the rate away.
        taken_away = list(self.resets)
        taken_away += [time for renewing, time in self.renewals if self._precedes(index, renewing)]
        for time in taken_away:
            stop = np.where((start < time) & (time <= stop), math.inf, stop)
        begins = ends = self.lines[index].lag_slopes
        if size.duration_slopes is not None:
            ends = begins + size.duration_slopes
        slopes = size.rate_slopes
        self._add(rank, start, Kind.ADD_INPUT, target, size.rate, time_slopes=begins, value_slopes=slopes)
        slopes = None if slopes is None else -slopes
        rank = (_ENDING, index)
        self._add(rank, stop, Kind.ADD_INPUT, target, -size.rate, time_slopes=ends, value_slopes=slopes)

    def _precedes(self, index: int, renewing: int) -> bool:
        """Whether a line stands before a steady-state line of the same drug."""
        one, other = self.lines[index].record, self.lines[renewing].record
        return one.drug == other.drug and (one.time, index) < (other.time, renewing)

    def add_dose(
        self, item: Administration, start: Floats, factor: Floats, inputs: Mapping[str, Floats]
    ) -> None:
        """One nominal dose, started at ``start`` in the patients who receive it (infinity in the others)."""
        line = self.lines[item.record]
        arrival = start + line.lag
        for renewing, time in self.renewals:
            if self._precedes(item.record, renewing):
                arrival = np.where(arrival >= time, math.inf, arrival)
        rank = (_DOSING, item.record, item.number)
        for name, values in inputs.items():
            time = np.where(np.isnan(values), math.inf, arrival)
            self._set_input((*rank, 0), time, name, values, line.lag_slopes)
        size = line.size(factor)
        if size.amount is not None:
            self._add(
                (*rank, 1),
                arrival,
                Kind.ADD_STATE,
                self.states[line.route.state],
                size.amount,
                time_slopes=line.lag_slopes,
                value_slopes=size.amount_slopes,
            )
        else:
            self._add_infusion(item.record, (*rank, 1), arrival, size)

    def events(self) -> Events:
        """All columns in the order of their ranks; those that add nothing are left out."""
        return gather(self._kept(), len(self.parameters))

    def slopes(self) -> EventSlopes:
        """How the events depend on the parameters asked about."""
        return gather_slopes(self._kept(), len(self.parameters), len(self.symbols))

    def _kept(self) -> list[Column]:
        kept = []
        for _, column in sorted(self.columns, key=lambda ranked: ranked[0]):
            idle = column.value == 0.0
            if column.value_slopes is not None:
                idle &= ~column.value_slopes.any(axis=1)
            adds = column.kind in (Kind.ADD_STATE, Kind.ADD_INPUT)
            kept.append(replace(column, time=np.where(idle, math.inf, column.time) if adds else column.time))
        return kept
