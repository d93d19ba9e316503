"""Memory of one batch of lanes, owned by the caller of the compiled loop."""

from typing import Any, NamedTuple

import numpy as np
from numba.extending import register_jitable

from .lane_memory import from_row
from .lanes import LANES

# Rows of the control block: what the clock and the step control keep for each lane.
TIME = 0
STOP = 1  # time of the next event, or the end
PROPOSAL = 2  # step that the control would like
LENGTH = 3  # step that is tried, cut so as to land on STOP
ERROR = 4  # norm of the local error, in units of the tolerance
CEILING = 5  # largest growth of the next step
THETA = 6  # position of an output within the step
SHIFT = 7  # the diagonal 1 / (gamma h) of the implicit step
CONTROL_ROWS = 8

# The book: what is counted for each lane, as integers; entry PATIENT + l is of lane l.
PATIENT = 0 * LANES
NEXT_EVENT = 1 * LANES
NEXT_OUTPUT = 2 * LANES
ACCEPTED = 3 * LANES
REJECTED = 4 * LANES
EVALUATIONS = 5 * LANES
BOOK_LENGTH = 6 * LANES

SMALLEST_STEP = 1e-100  # reciprocals of shorter ones overflow; what is closer together happens at once
STAGES = 8  # of the longer of the two methods
_CACHE_LINE = 64


class Counts(NamedTuple):
    """Rows that the model's kernels read and write, and outputs asked for."""

    states: int
    controlled: int  # the first states, whose error sets the step; the others go along
    parameters: int
    inputs: int
    derived: int
    factors: int
    outputs: int  # times of output
    directions: int = 0  # blocks of derivatives that follow the first states, each as many
    direction_inputs: int = 0  # inputs of each
    derived_first: int = 0  # where the derived rows begin,
    derived_rows: int = 0  # and how many there are for the states and for each direction


class Rows(NamedTuple):
    """Pointers to the parts of the workspace."""

    control: Any
    state: Any
    trial: Any  # the state after the step that is tried
    stage: Any  # argument of a stage; also the interpolated state
    slope: Any  # value of a stage; also the local error
    residual: Any  # what an interpolated state leaves of its equations
    increments: Any  # STAGES blocks of the states
    inputs: Any
    derived: Any
    parameters: Any
    factors: Any
    start_state: Any
    start_inputs: Any
    tolerance: Any  # absolute, a row a state
    lower: Any
    upper: Any


def allocate(counts: Counts) -> np.ndarray:
    """Zeroed workspace, shape (rows, LANES), whose rows begin at multiples of the cache line."""
    rows = CONTROL_ROWS + (9 + STAGES) * counts.states + 2 * counts.inputs
    rows += counts.derived + counts.parameters + counts.factors
    raw = np.zeros(rows * LANES * 8 + _CACHE_LINE, dtype=np.uint8)
    shift = -raw.ctypes.data % _CACHE_LINE
    return raw[shift : shift + rows * LANES * 8].view(np.float64).reshape(rows, LANES)


@register_jitable
def lay_out(base: Any, counts: Counts) -> Rows:
    """Divide a workspace among its parts."""
    states = counts.states
    state = from_row(base, CONTROL_ROWS)
    trial = from_row(state, states)
    stage = from_row(trial, states)
    slope = from_row(stage, states)
    residual = from_row(slope, states)
    increments = from_row(residual, states)
    inputs = from_row(increments, STAGES * states)
    derived = from_row(inputs, counts.inputs)
    parameters = from_row(derived, counts.derived)
    factors = from_row(parameters, counts.parameters)
    start_state = from_row(factors, counts.factors)
    start_inputs = from_row(start_state, states)
    tolerance = from_row(start_inputs, counts.inputs)
    lower = from_row(tolerance, states)
    upper = from_row(lower, states)
    return Rows(
        base,
        state,
        trial,
        stage,
        slope,
        residual,
        increments,
        inputs,
        derived,
        parameters,
        factors,
        start_state,
        start_inputs,
        tolerance,
        lower,
        upper,
    )
