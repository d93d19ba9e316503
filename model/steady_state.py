"""Steady state of one drug's own compartments, found by running its doses until nothing changes."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .definition.records import Route
from .engine.batch import evaluate, solve
from .engine.events import Kind
from .errors import DosingError
from .event_columns import Column, gather

if TYPE_CHECKING:
    from .model import Model

Floats = NDArray[np.float64]

UNCHANGED = 1e-10  # relative change from cycle to cycle at which a steady state is reached
_TOLERANCE = 1e-11  # of the cycles themselves
_MOST_ROUNDS = 40
_SINGULAR = 1e-9
_MOST_OVERLAPS = 1000
_CONSTANT_CYCLE = 30.0  # days looked at a time under a constant infusion
_PROBE = 1e-2  # of a dose: how far a compartment is moved to see what the next cycle makes of it


@dataclass(frozen=True, slots=True)
class SteadyState:
    """What a drug leaves in a patient at the time of a steady-state record, before that record's own dose.

    Attributes
    ----------
    states : shape (P, C)
        Amounts in the route's compartments.
    running : sequence of (rate, remaining), each shape (P,)
        Infusions of earlier doses still running, in the state's unit per day, and how many days each still
        lasts (0 where it has ended).
    """

    states: Floats
    running: tuple[tuple[Floats, Floats], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """Dose that is repeated for ever: its size in the state's unit, all of shape (P,).

    ``amount`` is a bolus; ``rate`` and ``duration`` an infusion; a ``rate`` with infinite ``duration`` never
    stops, and ``interval`` is then 0.
    """

    interval: float
    lag: Floats
    amount: Floats | None = None
    rate: Floats | None = None
    duration: Floats | None = None


def find_steady_state(model: "Model", parameters: Floats, route: Route, cycle: Cycle) -> SteadyState:
    """Steady state at the time of the record, with the last dose one interval less one lag ago.

    The drug is given to patients who are otherwise at their no-drug start, and only the drug's own
    compartments are followed: cycle by cycle, with a Newton step between cycles so that a drug that
    accumulates for years takes no longer. With non-linear kinetics the steps repeat until a whole cycle
    changes the compartments by less than `UNCHANGED` of what they hold just after a dose.

    Raises
    ------
    DosingError
        If the lag is not shorter than the interval, or the drug does not come to a steady state.
    """
    if cycle.interval and np.any(cycle.lag >= cycle.interval):
        raise DosingError(
            f"{route.drug}: a steady state with a lag of {float(np.max(cycle.lag)):g} d and "
            f"II = {cycle.interval:g} d is not defined; the lag must be shorter than II"
        )
    running = _running(cycle, route.drug)
    lead_in = _LeadIn(model, parameters, route, cycle, running)
    return SteadyState(lead_in.settle(), running)


def _running(cycle: Cycle, drug: str) -> tuple[tuple[Floats, Floats], ...]:
    """Infusions of earlier doses that run at the start of a cycle, and what is left of each."""
    if cycle.rate is None or cycle.duration is None:
        return ()
    if not cycle.interval:
        return ((cycle.rate, np.maximum(cycle.lag, 0.0)),)
    reach = cycle.lag + cycle.duration
    longest = float(np.nanmax(np.where(np.isfinite(reach), reach, np.nan), initial=0.0))
    overlaps = int(np.ceil(longest / cycle.interval))
    if overlaps > _MOST_OVERLAPS:
        raise DosingError(
            f"{drug}: an infusion of {longest:g} d every {cycle.interval:g} d overlaps itself "
            f"{overlaps} times; at most {_MOST_OVERLAPS} are followed"
        )
    left = (np.maximum(reach - earlier * cycle.interval, 0.0) for earlier in range(1, overlaps + 1))
    return tuple((cycle.rate, remaining) for remaining in left)


class _LeadIn:
    """One dosing cycle as a function from the drug's compartments at its start to those at its end."""

    def __init__(
        self,
        model: "Model",
        parameters: Floats,
        route: Route,
        cycle: Cycle,
        running: tuple[tuple[Floats, Floats], ...],
    ) -> None:
        kernels = model.kernels
        self.kernels = kernels
        self.parameters = parameters
        self.drug = route.drug
        self.compartments = [kernels.states.index(name) for name in route.compartments]
        self.length = cycle.interval or _CONSTANT_CYCLE
        self.start = evaluate(kernels, "start", parameters)
        self.inputs = np.tile([value for _, value in kernels.inputs], (len(parameters), 1))
        self.columns: list[Column] = []
        state = kernels.states.index(route.state)
        if cycle.rate is None:
            assert cycle.amount is not None
            self.size = np.abs(cycle.amount)
            self.columns.append(Column(cycle.lag, Kind.ADD_STATE, state, cycle.amount))
        else:
            assert cycle.duration is not None
            target = [name for name, _ in kernels.inputs].index(str(route.infusion))
            self.size = cycle.rate * np.minimum(cycle.duration, self.length)
            self._infuse(cycle, running, target)
        # Only the drug's compartments are asked to be exact; the others merely go along. Nothing here may
        # depend on the company: a patient has the same steady state alone.
        self.tolerance = 1e-6 * np.array(kernels.scales)
        self.tolerance[self.compartments] *= 1e-8

    def _infuse(self, cycle: Cycle, running: tuple[tuple[Floats, Floats], ...], target: int) -> None:
        assert cycle.rate is not None
        assert cycle.duration is not None
        if not cycle.interval:
            self.inputs[:, target] += cycle.rate
            return
        self.columns.append(Column(cycle.lag, Kind.ADD_INPUT, target, cycle.rate))
        stops = [cycle.lag + cycle.duration, *(remaining for _, remaining in running)]
        for stop in stops:
            within = (stop > 0.0) & (stop <= self.length)
            self.columns.append(Column(np.where(within, stop, np.inf), Kind.ADD_INPUT, target, -cycle.rate))
        for rate, remaining in running:
            self.inputs[:, target] += np.where(remaining > 0.0, rate, 0.0)

    def run(self, amounts: Floats, rows: NDArray[np.intp]) -> Floats:
        """Compartments, shape (n, C), one cycle after they held ``amounts`` in the patients ``rows``."""
        start = self.start[rows]
        start[:, self.compartments] = amounts
        solution = solve(
            self.kernels,
            self.parameters[rows],
            np.array([self.length]),
            gather([column.of(rows) for column in self.columns], len(rows)),
            rtol=_TOLERANCE,
            atol=self.tolerance,
            start=start,
            inputs=self.inputs[rows],
        )
        return np.asarray(solution.states[:, -1, self.compartments])

    def settle(self) -> Floats:
        """Compartments that a cycle leaves unchanged, shape (P, C); NaN for a patient who cannot be run."""
        count = len(self.compartments)
        amounts = np.zeros((len(self.parameters), count))
        active = np.flatnonzero(self.size > 0.0)
        amounts[np.isnan(self.size)] = np.nan
        for _ in range(_MOST_ROUNDS if active.size else 0):
            probe = np.repeat(amounts[active][:, None, :], count + 1, axis=1)
            probe[:, np.arange(1, count + 1), np.arange(count)] += _PROBE * self.size[active, None]
            after = self.run(probe.reshape(-1, count), np.repeat(active, count + 1)).reshape(probe.shape)
            change = after[:, 0] - amounts[active]
            content = self.size[active] + np.abs(after[:, 0]).sum(axis=1)
            moved = np.max(np.abs(change), axis=1)
            failed = np.isnan(moved)
            amounts[active[failed]] = np.nan
            going = ~failed & ~(moved <= UNCHANGED * content)
            amounts[active[~failed & ~going]] = after[~failed & ~going, 0]
            response = (
                np.swapaxes(after[:, 1:] - after[:, :1], 1, 2) / (_PROBE * self.size[active])[:, None, None]
            )
            active, change, response = active[going], change[going], response[going]
            if not active.size:
                return amounts
            amounts[active] = np.maximum(amounts[active] + self._newton(response, change), 0.0)
        if active.size:
            raise self._unsettled(active.size)
        return amounts

    def _newton(self, response: Floats, change: Floats) -> Floats:
        # A compartment out of reach of the drug answers to nothing: the pseudo-inverse leaves it alone.
        inverse = np.linalg.pinv(np.eye(response.shape[1]) - response, rcond=_SINGULAR)
        return np.asarray((inverse @ change[:, :, None])[:, :, 0])

    def _unsettled(self, patients: int) -> DosingError:
        return DosingError(
            f"{self.drug}: no steady state is reached in {patients} of {len(self.parameters)} patients; it "
            "accumulates for ever at this dose and interval. Give the doses themselves (ADDL) instead of SS"
        )
