"""One step of the Rosenbrock method Rodas5P, and its dense output."""

from typing import Any

from numba.extending import register_jitable

from .lane_memory import call2, call4, call5, from_row, load, store, weighted_sum
from .tableaus import RODAS5P
from .workspace import LENGTH, SHIFT, THETA, Rows

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
def _solve_stage(handles: Any, rows: Rows, states: int, number: int, argument: Any) -> None:
    """Complete stage ``number`` (from 0), whose block holds the weighted earlier stages."""
    block = from_row(rows.increments, number * states)
    call4(handles.rhs, argument, rows.inputs, rows.derived, rows.slope)
    for s in range(states):
        store(block, s, load(rows.slope, s) + load(block, s))
    call2(handles.solve, rows.factors, block)


@register_jitable
def _stage(
    handles: Any, rows: Rows, states: int, number: int, a: tuple[float, ...], c: tuple[float, ...]
) -> None:
    """Stage ``number`` (from 0) with the argument y + sum a k."""
    block = from_row(rows.increments, number * states)
    inverse = 1.0 / load(rows.control, LENGTH)
    for s in range(states):
        # Both sums before either store: then each earlier increment is loaded once.
        shifted = load(rows.state, s) + weighted_sum(rows.increments, s, states, a)
        remembered = inverse * weighted_sum(rows.increments, s, states, c)
        store(rows.stage, s, shifted)
        store(block, s, remembered)
    _solve_stage(handles, rows, states, number, rows.stage)


@register_jitable
def _accurate_stage(
    handles: Any, rows: Rows, states: int, number: int, argument: Any, c: tuple[float, ...]
) -> None:
    """Stage ``number`` whose argument is that of the stage before plus its increment: into ``argument``."""
    before = from_row(rows.increments, (number - 1) * states)
    block = from_row(rows.increments, number * states)
    inverse = 1.0 / load(rows.control, LENGTH)
    for s in range(states):
        shifted = load(rows.stage, s) + load(before, s)
        remembered = inverse * weighted_sum(rows.increments, s, states, c)
        store(argument, s, shifted)
        store(block, s, remembered)
    _solve_stage(handles, rows, states, number, argument)


@register_jitable
def rosenbrock_step(handles: Any, rows: Rows, states: int) -> None:
    """Try a step: trial state in ``rows.trial``, local error in ``rows.slope``."""
    store(rows.control, SHIFT, 1.0 / (_GAMMA * load(rows.control, LENGTH)))
    shift = from_row(rows.control, SHIFT)
    call5(handles.factor, rows.state, rows.inputs, rows.derived, shift, rows.factors)
    call4(handles.rhs, rows.state, rows.inputs, rows.derived, rows.increments)
    call2(handles.solve, rows.factors, rows.increments)
    _stage(handles, rows, states, 1, _A2, _C2)
    _stage(handles, rows, states, 2, _A3, _C3)
    _stage(handles, rows, states, 3, _A4, _C4)
    _stage(handles, rows, states, 4, _A5, _C5)
    _stage(handles, rows, states, 5, _A6, _C6)
    _accurate_stage(handles, rows, states, 6, rows.stage, _C7)
    _accurate_stage(handles, rows, states, 7, rows.trial, _C8)
    last = from_row(rows.increments, 7 * states)
    for s in range(states):
        correction = load(last, s)
        store(rows.trial, s, load(rows.trial, s) + correction)
        store(rows.slope, s, correction)


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
def settle(handles: Any, rows: Rows, states: int) -> None:
    """Settle the interpolated state in ``rows.stage`` on the equilibrium of the fast processes.

    The interpolation loses order in states that follow others at once. What it leaves of the equations,
    r = f(p) - p', is turned into a correction by two solutions of the step's own system W = I/(gamma h) - J:
    W^-1 (r - W^-1 r / (gamma h)). It is -J^-1 r for a fast state, and of a higher order for a slow one.
    """
    theta = load(rows.control, THETA)
    rates = _rates(theta)
    inverse = 1.0 / load(rows.control, LENGTH)
    call4(handles.rhs, rows.stage, rows.inputs, rows.derived, rows.slope)
    for s in range(states):
        chord = load(rows.trial, s) - load(rows.state, s)
        rate = inverse * (chord + weighted_sum(rows.increments, s, states, rates))
        residual = load(rows.slope, s) - rate
        store(rows.residual, s, residual)
        store(rows.slope, s, residual)
    call2(handles.solve, rows.factors, rows.slope)
    shift = load(rows.control, SHIFT)
    for s in range(states):
        store(rows.slope, s, load(rows.residual, s) - shift * load(rows.slope, s))
    call2(handles.solve, rows.factors, rows.slope)
    for s in range(states):
        store(rows.stage, s, load(rows.stage, s) + load(rows.slope, s))
