"""Patients in lanes: loaded, met by their events and outputs, and signed off."""

from typing import Any, NamedTuple

from numba.extending import register_jitable

from .events import Kind
from .lane_memory import call2, load_lane, store_lane
from .status import Status
from .workspace import (
    ACCEPTED,
    BOOK_ROWS,
    EVALUATIONS,
    NEXT_EVENT,
    NEXT_OUTPUT,
    PATIENT,
    REJECTED,
    SMALLEST_STEP,
    STOP,
    TIME,
    Counts,
    Rows,
)

# Compiled code takes plain integers.
OK = int(Status.OK)
INVALID_INPUT = int(Status.INVALID_INPUT)
ADD_STATE = int(Kind.ADD_STATE)
ADD_INPUT = int(Kind.ADD_INPUT)
SET_STATE = int(Kind.SET_STATE)
SET_INPUT = int(Kind.SET_INPUT)


class Handles(NamedTuple):
    """The kernels that integration calls."""

    derive: Any
    start: Any
    rhs: Any
    factor: Any
    solve: Any


class Problem(NamedTuple):
    """What is to be solved, for all patients."""

    parameters: Any  # (P, K)
    start: Any  # (P, S) or (0, S): from the start kernel
    inputs: Any  # (P, U)
    times: Any  # (T,)
    start_time: float
    offsets: Any  # (P + 1,)
    event_time: Any
    event_kind: Any
    event_target: Any
    event_value: Any


class Record(NamedTuple):
    """Where the results go."""

    states: Any  # (P, T, S)
    status: Any  # (P,)
    steps: Any
    rejected: Any
    evaluations: Any
    end_time: Any
    final_state: Any  # (P, S)
    final_inputs: Any  # (P, U)


@register_jitable
def _load_patient(
    handles: Handles, counts: Counts, rows: Rows, book: Any, problem: Problem, lane: int
) -> None:
    """Put the lane's patient at its start, before any event."""
    patient = book[PATIENT, lane]
    for k in range(counts.parameters):
        store_lane(rows.parameters, k, lane, problem.parameters[patient, k])
    # The other lanes' rows are computed again from their own parameters: the same bits.
    call2(handles.derive, rows.parameters, rows.derived)
    if problem.start.shape[0] > 0:
        for s in range(counts.states):
            store_lane(rows.start_state, s, lane, problem.start[patient, s])
    else:
        call2(handles.start, rows.derived, rows.stage)
        for s in range(counts.states):
            store_lane(rows.start_state, s, lane, load_lane(rows.stage, s, lane))
    for u in range(counts.inputs):
        store_lane(rows.start_inputs, u, lane, problem.inputs[patient, u])
    _reset(counts, rows, lane)
    store_lane(rows.control, TIME, lane, problem.start_time)
    store_lane(rows.control, STOP, lane, problem.start_time)
    book[NEXT_EVENT, lane] = problem.offsets[patient]
    for entry in range(NEXT_OUTPUT, BOOK_ROWS):
        book[entry, lane] = 0


@register_jitable
def _reset(counts: Counts, rows: Rows, lane: int) -> None:
    for s in range(counts.states):
        store_lane(rows.state, s, lane, load_lane(rows.start_state, s, lane))
    for u in range(counts.inputs):
        store_lane(rows.inputs, u, lane, load_lane(rows.start_inputs, u, lane))


@register_jitable
def _apply_event(counts: Counts, rows: Rows, problem: Problem, event: int, lane: int) -> None:
    kind = problem.event_kind[event]
    target = problem.event_target[event]
    value = problem.event_value[event]
    if kind == ADD_STATE:
        store_lane(rows.state, target, lane, load_lane(rows.state, target, lane) + value)
    elif kind == ADD_INPUT:
        store_lane(rows.inputs, target, lane, load_lane(rows.inputs, target, lane) + value)
    elif kind == SET_STATE:
        store_lane(rows.state, target, lane, value)
    elif kind == SET_INPUT:
        store_lane(rows.inputs, target, lane, value)
    else:
        _reset(counts, rows, lane)


@register_jitable
def write_output(counts: Counts, source: Any, book: Any, record: Record, lane: int) -> None:
    """Take the lane's next output from ``source``."""
    patient = book[PATIENT, lane]
    output = book[NEXT_OUTPUT, lane]
    for s in range(counts.states):
        record.states[patient, output, s] = load_lane(source, s, lane)
    book[NEXT_OUTPUT, lane] = output + 1


@register_jitable
def arrive(counts: Counts, rows: Rows, book: Any, problem: Problem, record: Record, lane: int) -> bool:
    """Meet a stop: apply its events, take its outputs, set the next stop; whether any time is left."""
    time = load_lane(rows.control, STOP, lane)
    store_lane(rows.control, TIME, lane, time)
    last_event = problem.offsets[book[PATIENT, lane] + 1]
    event = book[NEXT_EVENT, lane]
    while event < last_event and problem.event_time[event] <= time + SMALLEST_STEP:
        _apply_event(counts, rows, problem, event, lane)
        event += 1
    book[NEXT_EVENT, lane] = event
    outputs = len(problem.times)
    while book[NEXT_OUTPUT, lane] < outputs and problem.times[book[NEXT_OUTPUT, lane]] <= time:
        write_output(counts, rows.state, book, record, lane)
    if book[NEXT_OUTPUT, lane] >= outputs:
        return False
    stop = problem.times[outputs - 1]
    if event < last_event and problem.event_time[event] < stop:
        stop = problem.event_time[event]
    store_lane(rows.control, STOP, lane, stop)
    return True


@register_jitable
def finish(counts: Counts, rows: Rows, book: Any, record: Record, lane: int, status: int) -> None:
    """Record the end of the lane's patient."""
    patient = book[PATIENT, lane]
    record.status[patient] = status
    record.steps[patient] = book[ACCEPTED, lane]
    record.rejected[patient] = book[REJECTED, lane]
    record.evaluations[patient] = book[EVALUATIONS, lane]
    record.end_time[patient] = load_lane(rows.control, TIME, lane)
    for s in range(counts.states):
        record.final_state[patient, s] = load_lane(rows.state, s, lane)
    for u in range(counts.inputs):
        record.final_inputs[patient, u] = load_lane(rows.inputs, u, lane)


@register_jitable
def occupy(
    handles: Handles,
    counts: Counts,
    rows: Rows,
    book: Any,
    problem: Problem,
    record: Record,
    lane: int,
    following: int,
    last: int,
) -> int:
    """Load patients into a lane until one has time to integrate; the patient after it, or -1 if none."""
    while following < last:
        patient = following
        following += 1
        if record.status[patient] == INVALID_INPUT:
            continue
        book[PATIENT, lane] = patient
        _load_patient(handles, counts, rows, book, problem, lane)
        if arrive(counts, rows, book, problem, record, lane):
            return following
        finish(counts, rows, book, record, lane, OK)
    return -1
