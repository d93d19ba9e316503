"""The compiled loop: lanes step together, each on its own clock, and a lane that is done takes the next patient."""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from .control import choose_length, first_steps, judge, measure_error, too_small
from .events import Kind
from .explicit import EVALUATIONS_PER_STEP as EXPLICIT_EVALUATIONS
from .explicit import explicit_interpolation, explicit_step
from .lane_math import select
from .lane_memory import bits_of, call2, call4, first_row, load, load_lane, mask_of, store, store_lane
from .lanes import LANES
from .rosenbrock import EVALUATIONS_PER_STEP as ROSENBROCK_EVALUATIONS
from .rosenbrock import rosenbrock_interpolation, rosenbrock_step
from .status import Status
from .workspace import (
    ACCEPTED,
    BOOK_ROWS,
    CEILING,
    ERROR,
    EVALUATIONS,
    LENGTH,
    NEXT_EVENT,
    NEXT_OUTPUT,
    PATIENT,
    PROPOSAL,
    REJECTED,
    STOP,
    THETA,
    TIME,
    Counts,
    Rows,
    lay_out,
)

# Compiled code takes plain integers.
OK = int(Status.OK)
INVALID_INPUT = int(Status.INVALID_INPUT)
TOO_MANY_STEPS = int(Status.TOO_MANY_STEPS)
STEP_TOO_SMALL = int(Status.STEP_TOO_SMALL)
LINEAR_FAILURE = int(Status.LINEAR_FAILURE)
NOT_FINITE = int(Status.NOT_FINITE)
OUT_OF_BOUNDS = int(Status.OUT_OF_BOUNDS)
OVER_BUDGET = int(Status.OVER_BUDGET)

ADD_STATE = int(Kind.ADD_STATE)
ADD_INPUT = int(Kind.ADD_INPUT)
SET_STATE = int(Kind.SET_STATE)
SET_INPUT = int(Kind.SET_INPUT)

EXPLICIT = 0
ROSENBROCK = 1


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


class Control(NamedTuple):
    """How it is to be solved."""

    method: int
    rtol: float
    fixed_step: float  # 0: adaptive
    max_steps: int
    max_evaluations: int  # 0: no limit
    bounded: bool


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
def _write_output(counts: Counts, source: Any, book: Any, record: Record, lane: int) -> None:
    patient = book[PATIENT, lane]
    output = book[NEXT_OUTPUT, lane]
    for s in range(counts.states):
        record.states[patient, output, s] = load_lane(source, s, lane)
    book[NEXT_OUTPUT, lane] = output + 1


@register_jitable
def _arrive(counts: Counts, rows: Rows, book: Any, problem: Problem, record: Record, lane: int) -> bool:
    """Apply the events due at the lane's time, take the outputs due, and set the next stop; whether any time is left."""
    time = load_lane(rows.control, STOP, lane)
    store_lane(rows.control, TIME, lane, time)
    last_event = problem.offsets[book[PATIENT, lane] + 1]
    event = book[NEXT_EVENT, lane]
    while event < last_event and problem.event_time[event] <= time:
        _apply_event(counts, rows, problem, event, lane)
        event += 1
    book[NEXT_EVENT, lane] = event
    outputs = len(problem.times)
    while book[NEXT_OUTPUT, lane] < outputs and problem.times[book[NEXT_OUTPUT, lane]] <= time:
        _write_output(counts, rows.state, book, record, lane)
    if book[NEXT_OUTPUT, lane] >= outputs:
        return False
    stop = problem.times[outputs - 1]
    if event < last_event and problem.event_time[event] < stop:
        stop = problem.event_time[event]
    store_lane(rows.control, STOP, lane, stop)
    return True


@register_jitable
def _finish(counts: Counts, rows: Rows, book: Any, record: Record, lane: int, status: int) -> None:
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
def _occupy(
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
    """Load patients into a lane until one has time to integrate; the patient after it, or -1 if none was left."""
    while following < last:
        patient = following
        following += 1
        if record.status[patient] == INVALID_INPUT:
            continue
        book[PATIENT, lane] = patient
        _load_patient(handles, counts, rows, book, problem, lane)
        if _arrive(counts, rows, book, problem, record, lane):
            return following
        _finish(counts, rows, book, record, lane, OK)
    return -1


@register_jitable
def _outputs_due(rows: Rows, book: Any, problem: Problem, accepted: int) -> int:
    """Bits of the lanes with an output before the end of the step just accepted, with its place in the step."""
    due = 0
    for lane in range(LANES):
        if accepted & (1 << lane):
            moment = problem.times[book[NEXT_OUTPUT, lane]]
            passed = moment - load_lane(rows.control, TIME, lane)
            length = load_lane(rows.control, LENGTH, lane)
            if passed < length and moment < load_lane(rows.control, STOP, lane):
                store_lane(rows.control, THETA, lane, passed / length)
                due |= 1 << lane
    return due


@register_jitable
def _write_outputs_within(
    counts: Counts, rows: Rows, book: Any, problem: Problem, record: Record, method: int, accepted: int
) -> None:
    """Take the outputs that fall inside the accepted steps, one of each lane at a time."""
    due = _outputs_due(rows, book, problem, accepted)
    while due:
        if method == EXPLICIT:
            explicit_interpolation(rows, counts.states)
        else:
            rosenbrock_interpolation(rows, counts.states)
        for lane in range(LANES):
            if due & (1 << lane):
                _write_output(counts, rows.stage, book, record, lane)
        due = _outputs_due(rows, book, problem, due)


@register_jitable
def _move(counts: Counts, rows: Rows, method: int, accepted: int) -> int:
    """Accept the trial state of some lanes and move their clocks; bits of those that reached their stop."""
    moving = mask_of(accepted)
    for s in range(counts.states):
        store(rows.state, s, select(moving, load(rows.trial, s), load(rows.state, s)))
        if method == EXPLICIT:  # the last stage is the first of the next step
            last = load(rows.increments, 6 * counts.states + s)
            store(rows.increments, s, select(moving, last, load(rows.increments, s)))
    time = load(rows.control, TIME)
    distance = load(rows.control, STOP) - time
    length = load(rows.control, LENGTH)
    store(rows.control, TIME, select(moving, time + length, time))
    return accepted & bits_of(length >= distance)


@register_jitable
def _outside(counts: Counts, rows: Rows) -> int:
    """Bits of the lanes whose trial state is outside its bounds."""
    outside = load(rows.trial, 0) < load(rows.lower, 0)
    for s in range(counts.states):
        trial = load(rows.trial, s)
        outside = outside | (trial < load(rows.lower, s)) | (trial > load(rows.upper, s))
    return bits_of(outside)


@register_jitable
def _reason(handles: Handles, counts: Counts, rows: Rows, method: int, lane: int) -> int:
    """Why a lane's step became too small."""
    if np.isfinite(load_lane(rows.control, ERROR, lane)):
        return STEP_TOO_SMALL
    call4(handles.rhs, rows.state, rows.inputs, rows.derived, rows.slope)
    for s in range(counts.states):
        if not np.isfinite(load_lane(rows.slope, s, lane)):
            return NOT_FINITE
    return NOT_FINITE if method == EXPLICIT else LINEAR_FAILURE


@register_jitable
def _attempt(handles: Handles, counts: Counts, rows: Rows, control: Control) -> None:
    choose_length(rows, control.fixed_step)
    if control.method == EXPLICIT:
        explicit_step(handles.rhs, rows, counts.states)
    else:
        rosenbrock_step(handles, rows, counts.states)
    measure_error(rows, counts.states, control.rtol)


@register_jitable
def _failure(
    handles: Handles,
    counts: Counts,
    rows: Rows,
    book: Any,
    control: Control,
    lane: int,
    outside: int,
    small: int,
) -> int:
    """Status with which a lane's patient must be given up, or OK."""
    if outside & (1 << lane):
        return OUT_OF_BOUNDS
    if small & (1 << lane):
        return _reason(handles, counts, rows, control.method, lane)
    if book[ACCEPTED, lane] + book[REJECTED, lane] >= control.max_steps:
        return TOO_MANY_STEPS
    if control.max_evaluations and book[EVALUATIONS, lane] >= control.max_evaluations:
        return OVER_BUDGET
    return OK


def integrate(
    handles: Handles,
    counts: Counts,
    problem: Problem,
    control: Control,
    record: Record,
    work: Any,
    book: Any,
    first: int,
    last: int,
) -> None:
    """Integrate the patients ``first`` to ``last``.

    ``work`` holds the tolerances and bounds and is otherwise scratch; ``book`` has the shape (BOOK_ROWS, LANES).
    """
    rows = lay_out(first_row(work), counts)
    per_step = EXPLICIT_EVALUATIONS if control.method == EXPLICIT else ROSENBROCK_EVALUATIONS
    following = first
    running = 0
    restarting = 0
    vacant = (1 << LANES) - 1
    while True:
        # Fill the lanes that have no patient, and begin the solutions that begin anew.
        for lane in range(LANES):
            if vacant & (1 << lane) and following >= 0:
                following = _occupy(handles, counts, rows, book, problem, record, lane, following, last)
                if following >= 0:
                    running |= 1 << lane
                    restarting |= 1 << lane
        vacant = 0
        if not running:
            return
        if restarting:
            unsound = first_steps(handles.rhs, rows, counts.states, control.rtol, restarting)
            for lane in range(LANES):
                if restarting & (1 << lane):
                    book[EVALUATIONS, lane] += 2
                if unsound & (1 << lane) and not control.fixed_step > 0.0:
                    _finish(counts, rows, book, record, lane, NOT_FINITE)
                    vacant |= 1 << lane
            restarting = 0
            if vacant:
                running &= ~vacant
                continue
        _attempt(handles, counts, rows, control)
        accepted = judge(rows, running, control.fixed_step)
        arrived = 0
        outside = 0
        if accepted:
            if control.bounded:
                outside = _outside(counts, rows) & accepted
            _write_outputs_within(counts, rows, book, problem, record, control.method, accepted & ~outside)
            arrived = _move(counts, rows, control.method, accepted & ~outside)
        small = too_small(rows) & running & ~accepted
        for lane in range(LANES):
            if not running & (1 << lane):
                continue
            book[ACCEPTED if accepted & (1 << lane) else REJECTED, lane] += 1
            book[EVALUATIONS, lane] += per_step
            if arrived & (1 << lane):
                if _arrive(counts, rows, book, problem, record, lane):
                    restarting |= 1 << lane
                else:
                    _finish(counts, rows, book, record, lane, OK)
                    vacant |= 1 << lane
                    continue
            status = _failure(handles, counts, rows, book, control, lane, outside, small)
            if status != OK:
                _finish(counts, rows, book, record, lane, status)
                vacant |= 1 << lane
        running &= ~vacant
        restarting &= ~vacant
