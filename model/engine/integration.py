"""The compiled loop: lanes step together, each on its own clock; one that is done takes another patient."""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from .control import choose_length, first_steps, judge, measure_error, too_small
from .explicit import EVALUATIONS_PER_STEP as EXPLICIT_EVALUATIONS
from .explicit import LEEWAY as EXPLICIT_LEEWAY
from .explicit import explicit_interpolation, explicit_step
from .lane_math import select
from .lane_memory import bits_of, call4, first_row, load, load_lane, mask_of, store, store_lane
from .lanes import LANES
from .occupancy import Handles, Problem, Record, arrive, finish, occupy, write_output
from .rosenbrock import EVALUATIONS_PER_STEP as ROSENBROCK_EVALUATIONS
from .rosenbrock import LEEWAY as ROSENBROCK_LEEWAY
from .rosenbrock import rosenbrock_interpolation, rosenbrock_step
from .status import Status
from .workspace import (
    ACCEPTED,
    ERROR,
    EVALUATIONS,
    LENGTH,
    NEXT_OUTPUT,
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
TOO_MANY_STEPS = int(Status.TOO_MANY_STEPS)
STEP_TOO_SMALL = int(Status.STEP_TOO_SMALL)
LINEAR_FAILURE = int(Status.LINEAR_FAILURE)
NOT_FINITE = int(Status.NOT_FINITE)
OUT_OF_BOUNDS = int(Status.OUT_OF_BOUNDS)
OVER_BUDGET = int(Status.OVER_BUDGET)

EXPLICIT = 0
ROSENBROCK = 1


class Control(NamedTuple):
    """How it is to be solved."""

    method: int
    rtol: float
    fixed_step: float  # 0: adaptive
    max_steps: int
    max_evaluations: int  # 0: no limit
    bounded: bool


@register_jitable
def _outputs_due(rows: Rows, book: Any, problem: Problem, accepted: int) -> int:
    """Bits of the lanes with an output inside the step just accepted; its place there is left in THETA."""
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
                write_output(counts, rows.stage, book, record, lane)
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
        measure_error(rows, counts.states, control.rtol, EXPLICIT_LEEWAY)
    else:
        rosenbrock_step(handles, rows, counts.states)
        measure_error(rows, counts.states, control.rtol, ROSENBROCK_LEEWAY)


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

    ``work`` holds the tolerances and bounds, and is otherwise scratch; ``book`` has shape (BOOK_ROWS, LANES).
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
                following = occupy(handles, counts, rows, book, problem, record, lane, following, last)
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
                    finish(counts, rows, book, record, lane, NOT_FINITE)
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
                if arrive(counts, rows, book, problem, record, lane):
                    restarting |= 1 << lane
                else:
                    finish(counts, rows, book, record, lane, OK)
                    vacant |= 1 << lane
                    continue
            status = _failure(handles, counts, rows, book, control, lane, outside, small)
            if status != OK:
                finish(counts, rows, book, record, lane, status)
                vacant |= 1 << lane
        running &= ~vacant
        restarting &= ~vacant
