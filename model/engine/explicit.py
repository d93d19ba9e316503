"""One step of the explicit method Tsit5, and its dense output."""

from typing import Any

from numba.extending import register_jitable

from .lane_memory import call4, from_row, load, store, weighted_sum
from .tableaus import TSIT5
from .workspace import LENGTH, THETA, Rows

_A2, _A3, _A4, _A5, _A6, _A7 = TSIT5.a[1:]
_ERROR = TSIT5.error
_D1, _D2, _D3, _D4, _D5, _D6, _D7 = TSIT5.dense
EVALUATIONS_PER_STEP = 6
LEEWAY = 1.0  # largest local error estimate of an accepted step, in units of the tolerance
# Default absolute tolerance: this share of the relative one, times the state's scale. The error estimate
# hardly weighs the first instant of a step, where amounts that are small beside their scale may act at once.
ABSOLUTE = 1e-3


@register_jitable
def _stage(rhs: Any, rows: Rows, states: int, number: int, weights: tuple[float, ...]) -> None:
    """Evaluate the right-hand side at stage ``number`` (from 0)."""
    h = load(rows.control, LENGTH)
    for s in range(states):
        store(rows.stage, s, load(rows.state, s) + h * weighted_sum(rows.increments, s, states, weights))
    call4(rhs, rows.stage, rows.inputs, rows.derived, from_row(rows.increments, number * states))


@register_jitable
def explicit_step(rhs: Any, rows: Rows, states: int) -> None:
    """Try a step: trial state in ``rows.trial``, local error in ``rows.slope``.

    The first stage is taken from the first block of increments, where the last step or the restart left it.
    """
    _stage(rhs, rows, states, 1, _A2)
    _stage(rhs, rows, states, 2, _A3)
    _stage(rhs, rows, states, 3, _A4)
    _stage(rhs, rows, states, 4, _A5)
    _stage(rhs, rows, states, 5, _A6)
    h = load(rows.control, LENGTH)
    for s in range(states):
        store(rows.trial, s, load(rows.state, s) + h * weighted_sum(rows.increments, s, states, _A7))
    call4(rhs, rows.trial, rows.inputs, rows.derived, from_row(rows.increments, 6 * states))
    for s in range(states):
        store(rows.slope, s, h * weighted_sum(rows.increments, s, states, _ERROR))


@register_jitable(forceinline=True)
def _weight(theta: Any, row: tuple[float, ...]) -> Any:
    return theta * (row[0] + theta * (row[1] + theta * (row[2] + theta * row[3])))


@register_jitable
def explicit_interpolation(rows: Rows, states: int) -> None:
    """State at the fraction THETA of the step just tried, in ``rows.stage``; of order four."""
    h = load(rows.control, LENGTH)
    theta = load(rows.control, THETA)
    weights = (
        h * _weight(theta, _D1),
        h * _weight(theta, _D2),
        h * _weight(theta, _D3),
        h * _weight(theta, _D4),
        h * _weight(theta, _D5),
        h * _weight(theta, _D6),
        h * _weight(theta, _D7),
    )
    for s in range(states):
        store(rows.stage, s, load(rows.state, s) + weighted_sum(rows.increments, s, states, weights))
