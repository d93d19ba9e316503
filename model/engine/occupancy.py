"""Patients in lanes: loaded, met by their events and outputs, and signed off."""

from typing import Any, NamedTuple

from numba.extending import register_jitable

from .events import Kind
from .lane_memory import address_of, call2, call4, lane_of, load, load_lane, store_lane
from .lanes import LANES
from .status import Status
from .workspace import (
    ACCEPTED,
    BOOK_LENGTH,
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
RESET = int(Kind.RESET)
HOLD_SLOPE = int(Kind.HOLD_SLOPE)


class Handles(NamedTuple):
    """The kernels that integration calls."""

    derive: Any
    start: Any
    rhs: Any
    factor: Any
    solve: Any
    rhs_along: Any
    solve_along: Any
    stage_along: Any


class Problem(NamedTuple):
    """What is to be solved, for all patients, as flat arrays."""

    parameters: Any  # (P, K)
    start: Any  # (P, S), if start_given
    inputs: Any  # (P, U)
    times: Any  # (T,)
    offsets: Any  # (P + 1,)
    event_time: Any
    event_kind: Any
    event_target: Any
    event_value: Any
    start_given: bool
    start_time: float


class Record(NamedTuple):
    """Where the results go, as flat arrays."""

    states: Any  # (P, T, S)
    status: Any  # (P,)
    steps: Any
    rejected: Any
    evaluations: Any
    end_time: Any
    final_state: Any  # (P, S)
    final_inputs: Any  # (P, U)


class Desk(NamedTuple):
    """All that one batch of lanes works with, as pointers and numbers."""

    handles: Handles
    counts: Counts
    rows: Rows
    book: Any
    problem: Problem
    record: Record


@register_jitable
def set_up(handles: Handles, counts: Counts, rows: Rows, book: Any, problem: Problem, record: Record) -> Desk:
    """Put pointers in the place of arrays."""
    return Desk(
        handles,
        counts,
        rows,
        address_of(book),
        Problem(
            address_of(problem.parameters),
            address_of(problem.start),
            address_of(problem.inputs),
            address_of(problem.times),
            address_of(problem.offsets),
            address_of(problem.event_time),
            address_of(problem.event_kind),
            address_of(problem.event_target),
            address_of(problem.event_value),
            problem.start_given,
            problem.start_time,
        ),
        Record(
            address_of(record.states),
            address_of(record.status),
            address_of(record.steps),
            address_of(record.rejected),
            address_of(record.evaluations),
            address_of(record.end_time),
            address_of(record.final_state),
            address_of(record.final_inputs),
        ),
    )


@register_jitable
def _load_patient(desk: Desk, lane: int) -> None:
    """Put the lane's patient at its start, before any event."""
    counts, rows, problem, book = desk.counts, desk.rows, desk.problem, desk.book
    patient = book[PATIENT + lane]
    for k in range(counts.parameters):
        store_lane(rows.parameters, k, lane, problem.parameters[patient * counts.parameters + k])
    # The other lanes' rows are computed again from their own parameters: the same bits.
    call2(desk.handles.derive, rows.parameters, rows.derived)
    call2(desk.handles.start, rows.derived, rows.stage)
    for s in range(counts.states):
        start = load_lane(rows.stage, s, lane)
        if problem.start_given:
            start = problem.start[patient * counts.states + s]
        store_lane(rows.start_state, s, lane, start)
    for u in range(counts.inputs):
        store_lane(rows.start_inputs, u, lane, problem.inputs[patient * counts.inputs + u])
    _reset(desk, lane)
    store_lane(rows.control, TIME, lane, problem.start_time)
    store_lane(rows.control, STOP, lane, problem.start_time)
    for entry in range(lane, BOOK_LENGTH, LANES):
        book[entry] = 0
    book[PATIENT + lane] = patient
    book[NEXT_EVENT + lane] = problem.offsets[patient]


@register_jitable
def _reset(desk: Desk, lane: int) -> None:
    rows = desk.rows
    for s in range(desk.counts.states):
        store_lane(rows.state, s, lane, load_lane(rows.start_state, s, lane))
    for u in range(desk.counts.inputs):
        store_lane(rows.inputs, u, lane, load_lane(rows.start_inputs, u, lane))


@register_jitable
def _apply_event(desk: Desk, event: int, lane: int) -> None:
    rows = desk.rows
    kind = desk.problem.event_kind[event]
    target = desk.problem.event_target[event]
    value = desk.problem.event_value[event]
    if kind == ADD_STATE:
        store_lane(rows.state, target, lane, load_lane(rows.state, target, lane) + value)
    elif kind == ADD_INPUT:
        store_lane(rows.inputs, target, lane, load_lane(rows.inputs, target, lane) + value)
    elif kind == SET_STATE:
        store_lane(rows.state, target, lane, value)
    elif kind == SET_INPUT:
        store_lane(rows.inputs, target, lane, value)
    elif kind == RESET:
        _reset(desk, lane)
    elif kind == HOLD_SLOPE:
        call4(desk.handles.rhs, rows.state, rows.inputs, rows.derived, rows.slope)
    else:
        call4(desk.handles.rhs, rows.state, rows.inputs, rows.derived, rows.stage)
        for s in range(desk.counts.controlled):
            change = load_lane(rows.slope, s, lane) - load_lane(rows.stage, s, lane)
            moved = load_lane(rows.state, target + s, lane) + change * value
            store_lane(rows.state, target + s, lane, moved)


@register_jitable(forceinline=True)
def write_output(desk: Desk, source: Any, lane: int) -> None:
    """Take the lane's next output from ``source``."""
    states = desk.counts.states
    output = desk.book[NEXT_OUTPUT + lane]
    first = (desk.book[PATIENT + lane] * desk.counts.outputs + output) * states
    for s in range(states):
        # By way of the whole row: a loop over single lanes would be compiled to gathers, which are slow.
        desk.record.states[first + s] = lane_of(load(source, s), lane)
    desk.book[NEXT_OUTPUT + lane] = output + 1


@register_jitable
def arrive(desk: Desk, lane: int) -> bool:
    """Meet a stop: apply its events, take its outputs, set the next stop; whether any time is left."""
    rows, problem, book = desk.rows, desk.problem, desk.book
    time = load_lane(rows.control, STOP, lane)
    store_lane(rows.control, TIME, lane, time)
    last_event = problem.offsets[book[PATIENT + lane] + 1]
    event = book[NEXT_EVENT + lane]
    while event < last_event and problem.event_time[event] <= time + SMALLEST_STEP:
        _apply_event(desk, event, lane)
        event += 1
    book[NEXT_EVENT + lane] = event
    outputs = desk.counts.outputs
    while book[NEXT_OUTPUT + lane] < outputs and problem.times[book[NEXT_OUTPUT + lane]] <= time:
        write_output(desk, rows.state, lane)
    if book[NEXT_OUTPUT + lane] >= outputs:
        return False
    stop = problem.times[outputs - 1]
    if event < last_event and problem.event_time[event] < stop:
        stop = problem.event_time[event]
    store_lane(rows.control, STOP, lane, stop)
    return True


@register_jitable
def finish(desk: Desk, lane: int, status: int) -> None:
    """Record the end of the lane's patient."""
    record, book, rows = desk.record, desk.book, desk.rows
    patient = book[PATIENT + lane]
    record.status[patient] = status
    record.steps[patient] = book[ACCEPTED + lane]
    record.rejected[patient] = book[REJECTED + lane]
    record.evaluations[patient] = book[EVALUATIONS + lane]
    record.end_time[patient] = load_lane(rows.control, TIME, lane)
    for s in range(desk.counts.states):
        record.final_state[patient * desk.counts.states + s] = load_lane(rows.state, s, lane)
    for u in range(desk.counts.inputs):
        record.final_inputs[patient * desk.counts.inputs + u] = load_lane(rows.inputs, u, lane)


@register_jitable
def occupy(desk: Desk, lane: int, following: int, last: int) -> int:
    """Load patients into a lane until one has time to integrate; the patient after it, or -1 if none."""
    while following < last:
        patient = following
        following += 1
        if desk.record.status[patient] == INVALID_INPUT:
            continue
        desk.book[PATIENT + lane] = patient
        _load_patient(desk, lane)
        if arrive(desk, lane):
            return following
        finish(desk, lane, OK)
    return -1
