"""Step-size control in lanes: length of the next step, its acceptance, the first step after a restart.

References
----------
E. Hairer, S. P. Norsett and G. Wanner, Solving Ordinary Differential Equations I (2nd ed. 1993), II.4.
"""

from typing import Any

from numba.extending import register_jitable

from .directions import whole_slope
from .lane_math import absolute, exp, log, maximum, minimum, select, sqrt
from .lane_memory import bits_of, call4, load, mask_of, store
from .occupancy import Handles
from .workspace import CEILING, ERROR, LENGTH, PROPOSAL, SMALLEST_STEP, STOP, TIME, Counts, Rows

SAFETY = 0.9  # of the step that the error estimate would allow
SHRINK = 0.2  # smallest factor from one step to the next
EXPONENT = -0.2  # both embedded methods have a local error of order five
# Rounding in an error estimate, relative to the state. Less than this is read as this, which limits the
# growth of steps, after a first guess above all, and keeps their lengths from hanging on rounding.
NOISE = 1e-12
LARGEST_NOISE = 1e-5  # of what is read so, in units of the tolerance: steps may always grow ninefold
STRETCH = 1.01  # a step this little too short for the stop is stretched to reach it
CLOCK = 4.5e-16  # steps below this share of the time do not move the clock
FIRST_STEP = 1e-6  # where the state or its slope vanishes
INFINITY = float("inf")


@register_jitable
def choose_length(rows: Rows, fixed: float) -> None:
    """Cut the proposed steps so that they end on the stop, or leave half of the way to it."""
    distance = load(rows.control, STOP) - load(rows.control, TIME)
    if fixed > 0.0:
        reaches = distance <= fixed * (1.0 + 1e-9)
        store(rows.control, LENGTH, select(reaches, distance, fixed))
    else:
        proposal = load(rows.control, PROPOSAL)
        reaches = proposal * STRETCH >= distance
        store(rows.control, LENGTH, select(reaches, distance, minimum(proposal, 0.5 * distance)))


@register_jitable
def measure_error(rows: Rows, states: int, rtol: float, leeway: float) -> None:
    """Root mean square over the states of error / (atol + rtol |y|), as a share of the leeway.

    It is NaN if the trial state is not finite.
    """
    total = 0.0 * load(rows.trial, 0)
    for s in range(states):
        trial = load(rows.trial, s)
        size = maximum(absolute(load(rows.state, s)), absolute(trial))
        ratio = load(rows.slope, s) / (load(rows.tolerance, s) + rtol * size)
        total = total + ratio * ratio + 0.0 * trial  # an infinite trial state must not hide the error
    store(rows.control, ERROR, sqrt(total / states) / leeway)


@register_jitable
def judge(rows: Rows, running: int, fixed: float, rtol: float) -> int:
    """Bits of the running lanes whose step is accepted; proposes every lane's next step."""
    error = load(rows.control, ERROR)
    if fixed > 0.0:
        finite = error < INFINITY
        store(rows.control, PROPOSAL, select(finite, fixed, 0.0))
        return running & bits_of(finite)
    accepted = (error < 1.0) & mask_of(running)  # false for NaN
    factor = SAFETY * exp(EXPONENT * log(maximum(min(NOISE / rtol, LARGEST_NOISE), error)))
    factor = select(error == error, minimum(load(rows.control, CEILING), maximum(SHRINK, factor)), SHRINK)
    proposal = load(rows.control, LENGTH) * factor
    store(rows.control, PROPOSAL, select(mask_of(running), proposal, load(rows.control, PROPOSAL)))
    store(rows.control, CEILING, select(accepted, INFINITY, 1.0))
    return bits_of(accepted)


@register_jitable
def too_small(rows: Rows) -> int:
    """Bits of the lanes whose next step would not move their clock."""
    limit = maximum(SMALLEST_STEP, CLOCK * absolute(load(rows.control, TIME)))
    return bits_of(load(rows.control, PROPOSAL) <= limit)


@register_jitable
def _weigh(rows: Rows, states: int, rtol: float) -> None:
    """Put one over the tolerance of each state into ``rows.trial``, which is free between steps."""
    for s in range(states):
        store(rows.trial, s, 1.0 / (load(rows.tolerance, s) + rtol * absolute(load(rows.state, s))))


@register_jitable
def _norm(rows: Rows, vector: Any, states: int) -> Any:
    """Root mean square of a vector in units of the tolerance."""
    total = 0.0 * load(vector, 0)
    for s in range(states):
        ratio = load(vector, s) * load(rows.trial, s)
        total = total + ratio * ratio
    return sqrt(total / states)


@register_jitable
def first_steps(handles: Handles, rows: Rows, counts: Counts, rtol: float, restarting: int) -> int:
    """Propose a step for lanes whose solution begins anew; bits of those whose slope is not finite.

    The slope at the state is left in the first block of increments for all lanes; where nothing changed it
    is the same.
    """
    states = counts.controlled
    whole_slope(handles, rows, counts, rows.state, rows.increments)
    _weigh(rows, states, rtol)
    size = _norm(rows, rows.state, states)
    speed = _norm(rows, rows.increments, states)
    distance = load(rows.control, STOP) - load(rows.control, TIME)
    vanishing = (size < 1e-5) | (speed < 1e-5)
    probe = minimum(select(vanishing, FIRST_STEP, 0.01 * size / speed), distance)
    for s in range(states):
        store(rows.stage, s, load(rows.state, s) + probe * load(rows.increments, s))
    call4(handles.rhs, rows.stage, rows.inputs, rows.derived, rows.slope)
    for s in range(states):
        store(rows.slope, s, load(rows.slope, s) - load(rows.increments, s))
    bend = _norm(rows, rows.slope, states) / probe
    fastest = maximum(speed, bend)
    guess = exp(EXPONENT * log(fastest * 100.0))
    guess = select(fastest <= 1e-15, distance, minimum(guess, 100.0 * probe))
    sound = (guess > 0.0) & (guess < INFINITY) & (speed < INFINITY)
    restarting_lanes = mask_of(restarting)
    store(rows.control, PROPOSAL, select(restarting_lanes, guess, load(rows.control, PROPOSAL)))
    store(rows.control, CEILING, select(restarting_lanes, INFINITY, load(rows.control, CEILING)))
    return restarting & ~bits_of(sound)
