"""One step of the explicit method Tsit5, and its dense output."""

from typing import Any

from numba.extending import register_jitable

from .directions import slope_of
from .lane_memory import from_row, load, store, weighted_sum
from .occupancy import Handles
from .tableaus import TSIT5
from .workspace import LENGTH, THETA, Counts, Rows

_A2, _A3, _A4, _A5, _A6, _A7 = TSIT5.a[1:]
_ERROR = TSIT5.error
_D1, _D2, _D3, _D4, _D5, _D6, _D7 = TSIT5.dense
EVALUATIONS_PER_STEP = 6
LEEWAY = 1.0  # largest local error estimate of an accepted step, in units of the tolerance
# Default absolute tolerance: this share of the relative one, times the state's scale. The error estimate
# hardly weighs the first instant of a step, where amounts that are small beside their scale may act at once.
ABSOLUTE = 1e-3


@register_jitable
def _stage(
    handles: Handles,
    rows: Rows,
    counts: Counts,
    number: int,
    argument: Any,
    spread: int,
    weights: tuple[float, ...],
) -> None:
    """Evaluate the right-hand side at stage ``number`` (from 0).

    The arguments of the states and of each direction lie ``spread`` rows apart: 0 keeps them in the cache.
    """
    h = load(rows.control, LENGTH)
    for direction in range(counts.directions + 1):
        first = direction * counts.controlled
        own = from_row(argument, direction * spread)
        for s in range(counts.controlled):
            change = h * weighted_sum(rows.increments, first + s, counts.states, weights)
            store(own, s, load(rows.state, first + s) + change)
        slope = from_row(rows.increments, number * counts.states + first)
        slope_of(handles, rows, counts, direction, own, slope)


@register_jitable
def explicit_step(handles: Handles, rows: Rows, counts: Counts) -> None:
    """Try a step: trial state in ``rows.trial``, local error of the controlled states in ``rows.slope``.

    The first stage is taken from the first block of increments, where the last step or the restart left it.
    """
    _stage(handles, rows, counts, 1, rows.stage, 0, _A2)
    _stage(handles, rows, counts, 2, rows.stage, 0, _A3)
    _stage(handles, rows, counts, 3, rows.stage, 0, _A4)
    _stage(handles, rows, counts, 4, rows.stage, 0, _A5)
    _stage(handles, rows, counts, 5, rows.stage, 0, _A6)
    _stage(handles, rows, counts, 6, rows.trial, counts.controlled, _A7)
    h = load(rows.control, LENGTH)
    for s in range(counts.controlled):
        store(rows.slope, s, h * weighted_sum(rows.increments, s, counts.states, _ERROR))


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
