"""One step of the Rosenbrock method Rodas5P, and its dense output."""

from typing import Any

from numba.extending import register_jitable

from .directions import slope_of, solution_of, stage_of, whole_slope, whole_solution
from .lane_memory import call5, from_row, load, store, weighted_sum
from .occupancy import Handles
from .tableaus import RODAS5P
from .workspace import LENGTH, SHIFT, STAGES, THETA, Counts, Rows

_GAMMA = RODAS5P.gamma
_A2, _A3, _A4, _A5, _A6 = RODAS5P.a[1:6]
_C2, _C3, _C4, _C5, _C6, _C7, _C8 = RODAS5P.c[1:]
_DENSE_0, _DENSE_1, _DENSE_2 = RODAS5P.dense
EVALUATIONS_PER_STEP = 8
# Largest local error estimate of an accepted step, in units of the tolerance. The estimate is that of the
# embedded solution; the one kept is an order better, and delivers the tolerance with this leeway.
LEEWAY = 3.0
ABSOLUTE = 0.1  # default absolute tolerance: this share of the relative one, times the state's scale


@register_jitable
def _stage(
    handles: Handles,
    rows: Rows,
    counts: Counts,
    number: int,
    spread: int,
    a: tuple[float, ...],
    c: tuple[float, ...],
) -> None:
    """Stage ``number`` (from 0) with the argument y + sum a k.

    The arguments of the states and of each direction lie ``spread`` rows apart: 0 keeps them in the cache.
    """
    inverse = 1.0 / load(rows.control, LENGTH)
    for direction in range(counts.directions + 1):
        first = direction * counts.controlled
        argument = from_row(rows.stage, direction * spread)
        block = from_row(rows.increments, number * counts.states + first)
        for s in range(counts.controlled):
            # Both sums before either store: then each earlier increment is loaded once.
            change = weighted_sum(rows.increments, first + s, counts.states, a)
            remembered = inverse * weighted_sum(rows.increments, first + s, counts.states, c)
            store(argument, s, load(rows.state, first + s) + change)
            store(block, s, remembered)
        stage_of(handles, rows, counts, direction, argument, block)


@register_jitable
def _accurate_stage(
    handles: Handles, rows: Rows, counts: Counts, number: int, target: Any, c: tuple[float, ...]
) -> None:
    """Stage ``number`` whose argument is that of the stage before plus its increment: into ``target``.

    The last stage's own increment is added, too, which makes the trial state.
    """
    inverse = 1.0 / load(rows.control, LENGTH)
    for direction in range(counts.directions + 1):
        first = direction * counts.controlled
        argument = from_row(target, first)
        before = from_row(rows.increments, (number - 1) * counts.states + first)
        block = from_row(rows.increments, number * counts.states + first)
        for s in range(counts.controlled):
            shifted = load(rows.stage, first + s) + load(before, s)
            remembered = inverse * weighted_sum(rows.increments, first + s, counts.states, c)
            store(argument, s, shifted)
            store(block, s, remembered)
        stage_of(handles, rows, counts, direction, argument, block)
        if number == STAGES - 1:
            for s in range(counts.controlled):
                store(argument, s, load(argument, s) + load(block, s))


@register_jitable
def rosenbrock_step(handles: Handles, rows: Rows, counts: Counts) -> None:
    """Try a step: trial state in ``rows.trial``, local error of the controlled states in ``rows.slope``."""
    store(rows.control, SHIFT, 1.0 / (_GAMMA * load(rows.control, LENGTH)))
    shift = from_row(rows.control, SHIFT)
    call5(handles.factor, rows.state, rows.inputs, rows.derived, shift, rows.factors)
    for direction in range(counts.directions + 1):
        first = direction * counts.controlled
        block = from_row(rows.increments, first)
        slope_of(handles, rows, counts, direction, from_row(rows.state, first), block)
        solution_of(handles, rows, counts, direction, block)
    _stage(handles, rows, counts, 1, 0, _A2, _C2)
    _stage(handles, rows, counts, 2, 0, _A3, _C3)
    _stage(handles, rows, counts, 3, 0, _A4, _C4)
    _stage(handles, rows, counts, 4, 0, _A5, _C5)
    _stage(handles, rows, counts, 5, counts.controlled, _A6, _C6)
    _accurate_stage(handles, rows, counts, 6, rows.stage, _C7)
    _accurate_stage(handles, rows, counts, 7, rows.trial, _C8)
    last = from_row(rows.increments, 7 * counts.states)
    for s in range(counts.controlled):
        store(rows.slope, s, load(last, s))


@register_jitable(forceinline=True)
def _weight(theta: Any, stage: int) -> Any:
    inner = _DENSE_0[stage] + theta * (_DENSE_1[stage] + theta * _DENSE_2[stage])
    return theta * (1.0 - theta) * inner


@register_jitable(forceinline=True)
def _weights(theta: Any) -> Any:
    return (
        _weight(theta, 0),
        _weight(theta, 1),
        _weight(theta, 2),
        _weight(theta, 3),
        _weight(theta, 4),
        _weight(theta, 5),
        _weight(theta, 6),
        _weight(theta, 7),
    )


@register_jitable(forceinline=True)
def _rate(theta: Any, stage: int) -> Any:
    """Derivative of the weight."""
    linear = 2.0 * (_DENSE_1[stage] - _DENSE_0[stage])
    quadratic = 3.0 * (_DENSE_2[stage] - _DENSE_1[stage])
    return _DENSE_0[stage] + theta * (linear + theta * (quadratic - 4.0 * theta * _DENSE_2[stage]))


@register_jitable(forceinline=True)
def _rates(theta: Any) -> Any:
    return (
        _rate(theta, 0),
        _rate(theta, 1),
        _rate(theta, 2),
        _rate(theta, 3),
        _rate(theta, 4),
        _rate(theta, 5),
        _rate(theta, 6),
        _rate(theta, 7),
    )


@register_jitable
def rosenbrock_interpolation(rows: Rows, states: int) -> None:
    """State at the fraction THETA of the step just tried, in ``rows.stage``; of order four."""
    theta = load(rows.control, THETA)
    weights = _weights(theta)
    for s in range(states):
        chord = (1.0 - theta) * load(rows.state, s) + theta * load(rows.trial, s)
        store(rows.stage, s, chord + weighted_sum(rows.increments, s, states, weights))


@register_jitable
def settle(handles: Handles, rows: Rows, counts: Counts) -> None:
    """Settle the interpolated state in ``rows.stage`` on the equilibrium of the fast processes.

    The interpolation loses order in states that follow others at once. What it leaves of the equations,
    r = f(p) - p', is turned into a correction by two solutions of the step's own system W = I/(gamma h) - J:
    W^-1 (r - W^-1 r / (gamma h)). It is -J^-1 r for a fast state, and of a higher order for a slow one.
    """
    theta = load(rows.control, THETA)
    rates = _rates(theta)
    states = counts.states
    inverse = 1.0 / load(rows.control, LENGTH)
    whole_slope(handles, rows, counts, rows.stage, rows.slope)
    for s in range(states):
        chord = load(rows.trial, s) - load(rows.state, s)
        rate = inverse * (chord + weighted_sum(rows.increments, s, states, rates))
        residual = load(rows.slope, s) - rate
        store(rows.residual, s, residual)
        store(rows.slope, s, residual)
    whole_solution(handles, rows, counts, rows.slope)
    shift = load(rows.control, SHIFT)
    for s in range(states):
        store(rows.slope, s, load(rows.residual, s) - shift * load(rows.slope, s))
    whole_solution(handles, rows, counts, rows.slope)
    for s in range(states):
        store(rows.stage, s, load(rows.stage, s) + load(rows.slope, s))
