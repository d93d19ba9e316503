"""Arguments of a batch, checked and brought into the form that compiled code takes."""

import numpy as np

from ..errors import DosingError, SimulationError
from .contract import Kernels
from .events import Events, Kind
from .occupancy import Problem


def output_times(given: np.ndarray, start_time: float) -> np.ndarray:
    """Output times as doubles, shape (T,), strictly ascending from the start on."""
    times = np.require(np.atleast_1d(given), dtype=np.float64, requirements=["C", "W"])
    if times.ndim != 1 or len(times) == 0 or not np.isfinite(times).all() or not np.isfinite(start_time):
        raise SimulationError("times must be at least one finite number")
    if np.any(np.diff(times) <= 0.0) or times[0] < start_time:
        raise SimulationError(f"times must ascend strictly from the start time, {start_time:g}")
    return times


def whole_problem(
    kernels: Kernels,
    parameters: np.ndarray,
    times: np.ndarray,
    events: Events | None,
    start: np.ndarray | None,
    start_time: float,
    inputs: np.ndarray | None,
) -> tuple[Problem, np.ndarray]:
    """Problem as flat arrays, and which patients, shape (P,), have a number that is not finite."""
    parameters = _matrix("parameters", parameters, None, len(kernels.parameters))
    patients = len(parameters)
    events = Events.none(patients) if events is None else events
    _check_events(kernels, events, patients, start_time)
    states = np.empty((0, len(kernels.states)))
    if start is not None:
        states = _matrix("start", start, patients, len(kernels.states))
    given = np.array([value for _, value in kernels.inputs]) if inputs is None else inputs
    input_rows = _matrix("inputs", given, patients, len(kernels.inputs))
    invalid = events.invalid_patients() | ~np.isfinite(parameters).all(axis=1)
    invalid |= ~np.isfinite(input_rows).all(axis=1)
    if start is not None:
        invalid |= ~np.isfinite(states).all(axis=1)
    problem = Problem(
        parameters=parameters.reshape(-1),
        start=states.reshape(-1),
        inputs=input_rows.reshape(-1),
        times=times,
        offsets=events.offsets,
        event_time=events.time,
        event_kind=events.kind,
        event_target=events.target,
        event_value=events.value,
        start_given=start is not None,
        start_time=float(start_time),
    )
    return problem, invalid


def limits_of(
    kernels: Kernels,
    atol: float | np.ndarray,
    bounds: tuple[np.ndarray, np.ndarray] | None,
) -> np.ndarray:
    """Last rows of the workspace: absolute tolerances, then lower and upper bounds; shape (3 S,)."""
    states = len(kernels.states)
    given = np.asarray(atol, dtype=np.float64)
    if given.ndim > 1 or (given.ndim == 1 and len(given) != states) or not np.all(given > 0.0):
        raise SimulationError(f"atol must be one positive number or {states} of them")
    lower, upper = (np.full(states, -np.inf), np.full(states, np.inf)) if bounds is None else bounds
    return np.concatenate(
        [np.broadcast_to(np.asarray(part, dtype=np.float64), states) for part in (given, lower, upper)]
    )


def _matrix(name: str, given: np.ndarray, rows: int | None, columns: int) -> np.ndarray:
    """Writable C-contiguous doubles, one row a patient; a single row stands for all."""
    array = np.asarray(given, dtype=np.float64)
    if array.ndim == 1 and rows is not None:
        array = np.broadcast_to(array, (rows, len(array)))
    if array.ndim != 2 or array.shape[1] != columns or (rows is not None and len(array) != rows):
        wanted = f"({'P' if rows is None else rows}, {columns})"
        raise SimulationError(f"{name} has the shape {np.shape(given)}; the model needs {wanted}")
    return np.require(array, requirements=["C", "W"])


def _check_events(kernels: Kernels, events: Events, patients: int, start_time: float) -> None:
    """Refuse events for other patients, before the start, or with a target that does not exist."""
    if events.patients != patients:
        raise DosingError(f"events are for {events.patients} patients, parameters for {patients}")
    early = np.flatnonzero(events.time < start_time)
    if early.size:
        first = events.time[early[0]]
        raise DosingError(
            f"event {early[0]} at {first:g} d lies before the start at {start_time:g} d; start earlier"
        )
    of_state = np.isin(events.kind, (Kind.ADD_STATE, Kind.SET_STATE, Kind.MOVE))
    limit = np.where(of_state, len(kernels.states), len(kernels.inputs))
    aimed = ~np.isin(events.kind, (Kind.RESET, Kind.HOLD_SLOPE))
    wrong = aimed & ((events.target < 0) | (events.target >= limit))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        what = "state" if of_state[row] else "input"
        raise DosingError(
            f"event {row} has the target {events.target[row]}, but there are {limit[row]} of its kind, {what}"
        )
