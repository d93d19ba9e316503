"""Front door of sensitivities: states, and their derivatives with respect to parameters, in one solution."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import DosingError, SimulationError, nearest
from .batch import solve
from .contract import Kernels
from .evaluation import evaluate, observe
from .events import Events, Kind
from .sensitivity_kernels import seeded, sensitivity_kernels
from .status import Status


@dataclass(frozen=True, slots=True)
class EventSlopes:
    """How events depend on the parameters that are asked about.

    Attributes
    ----------
    time
        Derivative of each event's time, shape (E, p), in the order of the events.
    value
        Derivative of its value, shape (E, p).
    """

    time: np.ndarray
    value: np.ndarray

    @classmethod
    def none(cls, events: Events, parameters: int) -> "EventSlopes":
        """Events that depend on no parameter."""
        nothing = np.zeros((len(events.time), parameters))
        return cls(nothing, nothing)


@dataclass(frozen=True, slots=True)
class SensitivitySolution:
    """Trajectories of P patients and their sensitivities.

    Attributes
    ----------
    states, observables
        Shapes (P, T, S) and (P, T, O); the states have the bits that `solve` gives them.
    state_slopes, observable_slopes
        Derivatives with respect to the parameters asked about, shapes (P, T, S, p) and (P, T, O, p).
    status, steps
        As in `Solution`; a patient whose sensitivities are not finite has the status ``NOT_FINITE``.
    """

    states: np.ndarray
    observables: np.ndarray
    state_slopes: np.ndarray
    observable_slopes: np.ndarray
    status: np.ndarray
    steps: np.ndarray


def rows_of_parameters(kernels: Kernels, symbols: Sequence[str]) -> tuple[int, ...]:
    """Rows of parameters, each named once.

    Raises
    ------
    SimulationError
        The model has no such parameter, one is named twice, or none is named.
    """
    for symbol in symbols:
        if symbol not in kernels.parameters:
            raise SimulationError(f"no parameter is called {symbol!r}; {nearest(symbol, kernels.parameters)}")
    if isinstance(symbols, str) or not symbols or len(set(symbols)) < len(symbols):
        raise SimulationError(f"sensitivities need a list of parameters, each named once; got {symbols!r}")
    return tuple(kernels.parameters.index(symbol) for symbol in symbols)


def solve_with_sensitivities(
    kernels: Kernels,
    parameters: np.ndarray,
    times: np.ndarray,
    events: Events | None = None,
    *,
    symbols: Sequence[str],
    slopes: EventSlopes | None = None,
    start: np.ndarray | None = None,
    start_slopes: np.ndarray | None = None,
    atol: float | np.ndarray | None = None,
    **options: Any,
) -> SensitivitySolution:
    """Integrate a model for many patients together with its sensitivities.

    The method is applied to the states and the equations of their derivatives together, so both converge
    with its order. The error of the states alone sets the step: the steps, and so the states, are those of
    the model without sensitivities.

    Parameters
    ----------
    parameters, times, events
        As for `solve`. An event that sets a state, or resets, must not move.
    symbols
        Parameters with respect to which derivatives are taken, p of them.
    slopes
        How times and values of the events depend on them; not at all, if left out. An output at the time of
        an event that moves is taken after it, and so is its derivative.
    start, start_slopes
        Start states as for `solve`, and their derivatives, shape (P, S, p); zero, if left out.
    atol, options
        As for `solve`; the step is set by the states, so tolerances are theirs.

    Raises
    ------
    SimulationError, DosingError, ModelError
        As for `solve`; a parameter that does not exist; events that must not move; kernels that cannot be
        differentiated.
    """
    rows = rows_of_parameters(kernels, symbols)
    whole = sensitivity_kernels(kernels, rows)
    parameters = np.atleast_2d(np.asarray(parameters, dtype=np.float64))
    patients, states, count = len(parameters), len(kernels.states), len(rows)
    if events is not None:
        given = EventSlopes.none(events, count) if slopes is None else slopes
        events = _with_slopes(events, given, states, len(kernels.inputs))
    if atol is not None and np.ndim(atol) == 1:
        atol = np.concatenate([np.asarray(atol), np.ones(states * count)])
    if start is not None:
        start = np.broadcast_to(np.asarray(start, dtype=np.float64), (patients, states))
        moved = np.zeros((patients, states, count)) if start_slopes is None else start_slopes
        start = np.concatenate([start, np.moveaxis(moved, 2, 1).reshape(patients, -1)], axis=1)
    seeds = seeded(parameters, rows)
    solution = solve(whole, seeds, times, events, start=start, atol=atol, **options)
    observed = observe(whole, solution.states, seeds)
    lost = ~solution.ok | ~np.isfinite(observed).all(axis=(1, 2))
    status = np.where(lost & (solution.status >= 0), np.int8(Status.NOT_FINITE), solution.status)
    solution.states[lost] = np.nan
    observed[lost] = np.nan
    return SensitivitySolution(
        *_parted(solution.states, states, observed, len(kernels.observables)), status, solution.steps
    )


def evaluate_with_sensitivities(
    kernels: Kernels, kernel_name: str, parameters: np.ndarray, symbols: Sequence[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Values of a kernel of parameters alone, shape (P, R), and their derivatives, shape (P, R, p)."""
    rows = rows_of_parameters(kernels, symbols)
    values = evaluate(sensitivity_kernels(kernels, rows), kernel_name, seeded(parameters, rows))
    values = values.reshape(len(values), 1 + len(rows), kernels.rows_of(kernel_name))
    return values[:, 0], np.moveaxis(values[:, 1:], 1, 2)


def _parted(
    states: np.ndarray, rows: int, observed: np.ndarray, observables: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """States, observables, and the derivatives of both with the parameters last."""

    def part(whole: np.ndarray, own: int) -> tuple[np.ndarray, np.ndarray]:
        blocks = whole[:, :, own:].reshape(*whole.shape[:2], whole.shape[2] // own - 1 if own else 0, own)
        return np.ascontiguousarray(whole[:, :, :own]), np.ascontiguousarray(np.moveaxis(blocks, 2, 3))

    (own, slopes), (seen, seen_slopes) = part(states, rows), part(observed, observables)
    return own, seen, slopes, seen_slopes


def _with_slopes(events: Events, slopes: EventSlopes, states: int, inputs: int) -> Events:
    """Events of the states and of their derivatives.

    An event that adds v at the time t changes the derivative S of the state by dv + (f before - f after) dt;
    one that sets the state to v sets S to dv.
    """
    total, count = slopes.time.shape
    if slopes.value.shape != slopes.time.shape or total != len(events.time):
        raise SimulationError(
            f"slopes have the shapes {slopes.time.shape} and {slopes.value.shape}; "
            f"there are {len(events.time)} events"
        )
    sets = np.isin(events.kind, (Kind.SET_STATE, Kind.SET_INPUT))
    resets = events.kind == Kind.RESET
    of_state = np.isin(events.kind, (Kind.ADD_STATE, Kind.SET_STATE))
    moves = slopes.time != 0.0
    if np.any(moves[(events.kind == Kind.SET_STATE) | resets]):
        raise DosingError("the time of an event that sets a state, or resets, must not depend on parameters")
    everyone = np.arange(total)
    # Columns: event, place within the group of its event, kind, target, value.
    held = everyone[moves.any(axis=1)]
    groups = [
        (held, np.full(held.size, -1), np.full(held.size, Kind.HOLD_SLOPE), held * 0, held * 0.0),
        (everyone, everyone * 0, events.kind, events.target, events.value),
    ]
    for block in range(1, count + 1):
        value, time = slopes.value[:, block - 1], slopes.time[:, block - 1]
        changed = np.flatnonzero(~resets & ((value != 0.0) | sets))
        target = events.target[changed] + block * np.where(of_state[changed], states, inputs)
        groups.append((changed, changed * 0 + block, events.kind[changed], target, value[changed]))
        moved = np.flatnonzero(moves[:, block - 1])
        kind, target = np.full(moved.size, Kind.MOVE), np.full(moved.size, block * states)
        groups.append((moved, moved * 0 + count + block, kind, target, time[moved]))
    event, place, kind, target, value = (np.concatenate(column) for column in zip(*groups, strict=True))
    order = np.lexsort((place, event))
    members = np.bincount(event, minlength=total)
    offsets = np.concatenate([[0], np.cumsum(members)])[events.offsets]
    return Events(offsets, events.time[event[order]], kind[order], target[order], value[order])
