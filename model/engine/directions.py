"""The kernels of a step applied to the states, and then to each direction in which derivatives are taken.

A direction follows the states at once, while what both need is in the nearest cache. Its kernels use what
those of the states left: ``rhs`` its Jacobian, ``solve`` the derivative of its matrix.
"""

from typing import Any

from numba.extending import register_jitable

from .lane_memory import call2, call4, call5, call7, from_row, load, store
from .occupancy import Handles
from .workspace import Counts, Rows


@register_jitable
def slope_of(handles: Handles, rows: Rows, counts: Counts, direction: int, y: Any, dy: Any) -> None:
    """Write the slope of the states (direction 0), or of a direction's derivatives, from and to own rows."""
    if direction == 0:
        call4(handles.rhs, y, rows.inputs, rows.derived, dy)
    else:
        inputs = from_row(rows.inputs, direction * counts.direction_inputs)
        derived = from_row(rows.derived, counts.derived_first + direction * counts.derived_rows)
        call5(handles.rhs_along, y, inputs, rows.derived, derived, dy)


@register_jitable
def solution_of(handles: Handles, rows: Rows, counts: Counts, direction: int, b: Any) -> None:
    """Solve by the factors of the step, in place, for the states (direction 0) or for derivatives."""
    if direction == 0:
        call2(handles.solve, rows.factors, b)
    else:
        y = from_row(rows.state, direction * counts.controlled)
        inputs = from_row(rows.inputs, direction * counts.direction_inputs)
        derived = from_row(rows.derived, counts.derived_first + direction * counts.derived_rows)
        call5(handles.solve_along, rows.factors, y, inputs, derived, b)


@register_jitable
def stage_of(handles: Handles, rows: Rows, counts: Counts, direction: int, argument: Any, b: Any) -> None:
    """Add the slope at the argument to a right side, and solve: of the states or of a direction.

    The slope of the states passes through ``rows.slope``.
    """
    if direction == 0:
        call4(handles.rhs, argument, rows.inputs, rows.derived, rows.slope)
        for s in range(counts.controlled):
            store(b, s, load(rows.slope, s) + load(b, s))
        call2(handles.solve, rows.factors, b)
    else:
        y = from_row(rows.state, direction * counts.controlled)
        inputs = from_row(rows.inputs, direction * counts.direction_inputs)
        derived = from_row(rows.derived, counts.derived_first + direction * counts.derived_rows)
        call7(handles.stage_along, rows.factors, rows.derived, argument, y, inputs, derived, b)


@register_jitable
def whole_slope(handles: Handles, rows: Rows, counts: Counts, y: Any, dy: Any) -> None:
    """Write the slopes of the states and of all derivatives."""
    for direction in range(counts.directions + 1):
        first = direction * counts.controlled
        slope_of(handles, rows, counts, direction, from_row(y, first), from_row(dy, first))


@register_jitable
def whole_solution(handles: Handles, rows: Rows, counts: Counts, b: Any) -> None:
    """Solve for the states and for all derivatives."""
    for direction in range(counts.directions + 1):
        solution_of(handles, rows, counts, direction, from_row(b, direction * counts.controlled))
