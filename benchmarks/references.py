"""Reference trajectories and the measure of error against them.

The reference is Dormand and Prince's method of order 8 in plain scalar arithmetic, one patient at a time at
tolerance 1e-12, landing on every output: it shares neither method, nor step control, nor elementary
functions, nor lanes with the engine.

The size of a state is the largest magnitude at any step of the reference, which are a fraction of an hour
after a dose: a state that peaks between two outputs is not measured against what the outputs saw of it.

References
----------
E. Hairer, S. P. Norsett and G. Wanner, Solving Ordinary Differential Equations I (2nd ed. 1993), II.10.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numba
import numpy as np
from numpy.typing import NDArray
from scipy.integrate import DOP853

from .equations import in_numba
from .problem import Problem

Floats = NDArray[np.float64]

TOLERANCE = 1e-12
ABSOLUTE = 1e-15  # times the state's scale
FLOOR = 1e-6  # a state that stays below this share of its scale is measured against that

_STAGES = DOP853.n_stages
_A = np.ascontiguousarray(DOP853.A[:_STAGES, :_STAGES])
_B, _E3, _E5 = (np.ascontiguousarray(row) for row in (DOP853.B, DOP853.E3, DOP853.E5))


@numba.njit
def _cross(
    rhs: Callable[..., None],
    y: Floats,
    left: float,
    right: float,
    step: float,
    inputs: Floats,
    derived: Floats,
    tolerance: float,
    absolute: Floats,
    largest: Floats,
) -> float:
    """Carry ``y`` from one time to another in place, and its largest magnitudes; the step for going on."""
    states = len(y)
    slopes = np.empty((_STAGES + 1, states))
    time = left
    argument, trial = np.empty(states), np.empty(states)
    rhs(y, inputs, derived, slopes[0])
    while time < right:
        h = min(step, right - time)
        for stage in range(1, _STAGES):
            argument[:] = y
            for j in range(stage):
                if _A[stage, j] != 0.0:
                    argument += h * _A[stage, j] * slopes[j]
            rhs(argument, inputs, derived, slopes[stage])
        trial[:] = y
        for j in range(_STAGES):
            trial += h * _B[j] * slopes[j]
        rhs(trial, inputs, derived, slopes[_STAGES])
        five, three = 0.0, 0.0
        for s in range(states):
            size = absolute[s] + tolerance * max(abs(y[s]), abs(trial[s]))
            e5, e3 = 0.0, 0.0
            for j in range(_STAGES + 1):
                e5 += _E5[j] * slopes[j, s]
                e3 += _E3[j] * slopes[j, s]
            five += (e5 / size) ** 2
            three += (e3 / size) ** 2
        error = 0.0
        if five > 0.0:
            error = h * five / np.sqrt((five + 0.01 * three) * states)
        factor = min(6.0, max(0.2, 0.9 * error ** (-0.125))) if error > 0.0 else 6.0
        if error < 1.0:
            time = right if h >= right - time else time + h
            y[:] = trial
            largest[:] = np.maximum(largest, np.abs(y))
            slopes[0] = slopes[_STAGES]
            step = max(step, h * factor) if h < step else h * factor
        else:
            step = h * min(1.0, factor)
            if not step > 1e-16 * max(1.0, time):
                raise ArithmeticError("the reference's step became too small")
    return step


@dataclass(frozen=True)
class Reference:
    """What is held to be true.

    Attributes
    ----------
    states
        States at the outputs, shape (P, T, S).
    largest
        Largest magnitude of each state over all of the time, shape (P, S).
    scales
        Typical magnitude of each state, shape (S,).
    """

    states: Floats
    largest: Floats
    scales: Floats

    def errors(self, states: Floats) -> Floats:
        """Largest error over states and outputs of each of the first patients, from states (P, T, S).

        An error is relative to the largest magnitude that the state reaches in the patient at any time, or to
        ``FLOOR`` times its scale if that is larger. A patient with a value that is not finite has an infinite
        error.
        """
        count = len(states)
        size = np.maximum(self.largest[:count], FLOOR * self.scales)[:, np.newaxis]
        worst = (np.abs(states - self.states[:count]) / size).max(axis=(1, 2))
        return np.where(np.isfinite(states).all(axis=(1, 2)), worst, np.inf)


def reference(problem: Problem, *, tolerance: float = TOLERANCE) -> Reference:
    """Every patient of a problem, one at a time."""
    rhs = in_numba(problem.model.kernels)
    absolute = ABSOLUTE * (tolerance / TOLERANCE) * problem.scales
    out = np.empty((problem.patients, len(problem.times), len(problem.scales)))
    largest = np.zeros((problem.patients, len(problem.scales)))
    for patient in range(problem.patients):
        y, most = problem.start[patient].copy(), largest[patient]
        for segment in problem.segments:
            y += segment.added[patient]
            np.maximum(most, np.abs(y), out=most)
            step = 1e-6
            for k, moment in enumerate(segment.grid):
                if k:
                    step = _cross(
                        rhs, y, segment.grid[k - 1], moment, step,
                        segment.inputs[patient], problem.derived[patient], tolerance, absolute, most,
                    )  # fmt: skip
                if segment.outputs[k] >= 0:
                    out[patient, segment.outputs[k]] = y
    return Reference(out, largest, problem.scales)
