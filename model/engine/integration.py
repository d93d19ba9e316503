"""The compiled loop: lanes step together, each on its own clock; one that is done takes another patient."""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from .control import choose_length, first_steps, judge, measure_error, too_small
from .directions import whole_slope
from .explicit import EVALUATIONS_PER_STEP as EXPLICIT_EVALUATIONS
from .explicit import LEEWAY as EXPLICIT_LEEWAY
from .explicit import explicit_interpolation, explicit_step
from .lane_math import select
from .lane_memory import bits_of, first_row, load, load_lane, mask_of, store, store_lane
from .lanes import LANES
from .occupancy import Desk, Handles, Problem, Record, arrive, finish, occupy, set_up, write_output
from .rosenbrock import EVALUATIONS_PER_STEP as ROSENBROCK_EVALUATIONS
from .rosenbrock import LEEWAY as ROSENBROCK_LEEWAY
from .rosenbrock import rosenbrock_interpolation, rosenbrock_step, settle
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
    settled: bool  # whether a Rosenbrock method settles what it interpolates


@register_jitable(forceinline=True)
def _outputs_due(desk: Desk, accepted: int) -> int:
    """Bits of the lanes with an output inside the step just accepted; its place there is left in THETA."""
    rows = desk.rows
    due = 0
    for lane in range(LANES):
        if accepted & (1 << lane):
            moment = desk.problem.times[desk.book[NEXT_OUTPUT + lane]]
            passed = moment - load_lane(rows.control, TIME, lane)
            length = load_lane(rows.control, LENGTH, lane)
            if passed < length and moment < load_lane(rows.control, STOP, lane):
                store_lane(rows.control, THETA, lane, passed / length)
                due |= 1 << lane
    return due


@register_jitable
def _write_outputs_within(desk: Desk, control: Control, accepted: int) -> None:
    """Take the outputs that fall inside the accepted steps, one of each lane at a time."""
    due = _outputs_due(desk, accepted)
    while due:
        if control.method == EXPLICIT:
            explicit_interpolation(desk.rows, desk.counts.states)
        else:
            rosenbrock_interpolation(desk.rows, desk.counts.states)
            if control.settled:
                settle(desk.handles, desk.rows, desk.counts)
        for lane in range(LANES):
            if due & (1 << lane):
                write_output(desk, desk.rows.stage, lane)
        due = _outputs_due(desk, due)


@register_jitable(forceinline=True)
def _move(desk: Desk, method: int, accepted: int) -> int:
    """Accept the trial state of some lanes and move their clocks; bits of those that reached their stop."""
    rows, states = desk.rows, desk.counts.states
    moving = mask_of(accepted)
    for s in range(states):
        store(rows.state, s, select(moving, load(rows.trial, s), load(rows.state, s)))
    if method == EXPLICIT:  # the last stage is the first of the next step
        for s in range(states):
            last = load(rows.increments, 6 * states + s)
            store(rows.increments, s, select(moving, last, load(rows.increments, s)))
    time = load(rows.control, TIME)
    length = load(rows.control, LENGTH)
    store(rows.control, TIME, select(moving, time + length, time))
    return accepted & bits_of(length >= load(rows.control, STOP) - time)


@register_jitable
def _outside(desk: Desk) -> int:
    """Bits of the lanes whose trial state is outside its bounds."""
    rows = desk.rows
    outside = load(rows.trial, 0) < load(rows.lower, 0)
    for s in range(desk.counts.states):
        trial = load(rows.trial, s)
        outside = outside | (trial < load(rows.lower, s)) | (trial > load(rows.upper, s))
    return bits_of(outside)


@register_jitable
def _reason(desk: Desk, method: int, lane: int) -> int:
    """Why a lane's step became too small."""
    rows = desk.rows
    if np.isfinite(load_lane(rows.control, ERROR, lane)):
        return STEP_TOO_SMALL
    whole_slope(desk.handles, rows, desk.counts, rows.state, rows.slope)
    for s in range(desk.counts.states):
        if not np.isfinite(load_lane(rows.slope, s, lane)):
            return NOT_FINITE
    return NOT_FINITE if method == EXPLICIT else LINEAR_FAILURE


@register_jitable(forceinline=True)
def _attempt(desk: Desk, control: Control) -> None:
    rows = desk.rows
    choose_length(rows, control.fixed_step)
    if control.method == EXPLICIT:
        explicit_step(desk.handles, rows, desk.counts)
        measure_error(rows, desk.counts.controlled, control.rtol, EXPLICIT_LEEWAY)
    else:
        rosenbrock_step(desk.handles, rows, desk.counts)
        measure_error(rows, desk.counts.controlled, control.rtol, ROSENBROCK_LEEWAY)


@register_jitable(forceinline=True)
def _failure(desk: Desk, control: Control, lane: int, outside: int, small: int) -> int:
    """Status with which a lane's patient must be given up, or OK."""
    book = desk.book
    if outside & (1 << lane):
        return OUT_OF_BOUNDS
    if small & (1 << lane):
        return _reason(desk, control.method, lane)
    if book[ACCEPTED + lane] + book[REJECTED + lane] >= control.max_steps:
        return TOO_MANY_STEPS
    if control.max_evaluations and book[EVALUATIONS + lane] >= control.max_evaluations:
        return OVER_BUDGET
    return OK


@register_jitable
def _restart(desk: Desk, control: Control, restarting: int) -> int:
    """Begin the solutions that begin anew; bits of those whose slope is not finite."""
    unsound = first_steps(desk.handles, desk.rows, desk.counts, control.rtol, restarting)
    for lane in range(LANES):
        if restarting & (1 << lane):
            desk.book[EVALUATIONS + lane] += 2
        if unsound & (1 << lane):
            finish(desk, lane, NOT_FINITE)
    return unsound


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

    ``work`` holds the tolerances and bounds, and is otherwise scratch, as is ``book``, shape (BOOK_LENGTH,).
    """
    rows = lay_out(first_row(work), counts)
    desk = set_up(handles, counts, rows, book, problem, record)
    per_step = EXPLICIT_EVALUATIONS if control.method == EXPLICIT else ROSENBROCK_EVALUATIONS
    following = first
    running = 0
    restarting = 0
    vacant = (1 << LANES) - 1
    while True:
        for lane in range(LANES):
            if vacant & (1 << lane) and following >= 0:
                following = occupy(desk, lane, following, last)
                if following >= 0:
                    running |= 1 << lane
                    restarting |= 1 << lane
        vacant = 0
        if not running:
            return
        if restarting:
            vacant = _restart(desk, control, restarting)
            restarting = 0
            if vacant:
                running &= ~vacant
                continue
        _attempt(desk, control)
        accepted = judge(rows, running, control.fixed_step, control.rtol)
        arrived = 0
        outside = 0
        if accepted:
            if control.bounded:
                outside = _outside(desk) & accepted
            _write_outputs_within(desk, control, accepted & ~outside)
            arrived = _move(desk, control.method, accepted & ~outside)
        small = too_small(rows) & running & ~accepted
        for lane in range(LANES):
            if not running & (1 << lane):
                continue
            desk.book[(ACCEPTED if accepted & (1 << lane) else REJECTED) + lane] += 1
            desk.book[EVALUATIONS + lane] += per_step
            if arrived & (1 << lane):
                if arrive(desk, lane):
                    restarting |= 1 << lane
                else:
                    finish(desk, lane, OK)
                    vacant |= 1 << lane
                    continue
            status = _failure(desk, control, lane, outside, small)
            if status != OK:
                finish(desk, lane, status)
                vacant |= 1 << lane
        running &= ~vacant
        restarting &= ~vacant
