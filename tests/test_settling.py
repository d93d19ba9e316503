"""Outputs within steps of a stiff problem are as exact as those at the ends of steps.

References
----------
P. Kaps, The Rosenbrock-type methods, in: Numerical Treatment of Differential Equations, Aachen (1981): the
problem, whose solution is exp(-2 t), exp(-t) for every rate of its fast state.
"""

from dataclasses import replace

import numpy as np
import pytest

from lag3ig.model.engine.batch import solve
from lag3ig.model.engine.contract import Kernels
from lag3ig.model.engine.problems import bare_kernels, solve_two
from lag3ig.model.engine.simd import kernel, load, store

RATE = 1e4


@kernel
def kaps_rhs(y, inputs, derived, dy):
    """The first state follows the square of the second."""
    y1, y2 = load(y, 0), load(y, 1)
    store(dy, 0, RATE * (y2 * y2 - y1) - 2.0 * y1)
    store(dy, 1, y1 - y2 - y2 * y2)


@kernel
def kaps_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    y2 = load(y, 1)
    d = load(diagonal, 0)
    pivot = 1.0 / (d + RATE + 2.0)
    upper = -2.0 * RATE * y2
    below = -pivot
    store(lu, 0, pivot)
    store(lu, 1, upper)
    store(lu, 2, below)
    store(lu, 3, 1.0 / (d + 1.0 + 2.0 * y2 - below * upper))


KAPS = bare_kernels("Kaps", 2, 4, kaps_rhs, kaps_factor, solve_two)


def worst_error(kernels: Kernels, times: np.ndarray, rtol: float, **options: float) -> float:
    """Largest error of both states at any of the times, relative to their start."""
    found = solve(kernels, np.zeros((1, 0)), times, start=np.ones(2), rtol=rtol, atol=rtol * 1e-3, **options)
    assert found.ok.all()
    exact = np.stack([np.exp(-2.0 * times), np.exp(-times)], axis=1)
    return float(np.abs(found.states[0] - exact).max())


@pytest.mark.parametrize("rtol", [1e-4, 1e-6, 1e-8])
def test_outputs_within_steps_are_as_exact_as_those_at_ends(rtol: float) -> None:
    times = np.linspace(0.02, 2.0, 100)
    at_ends = max(worst_error(KAPS, np.array([time]), rtol) for time in times[4::5])
    assert worst_error(KAPS, times, rtol) < 3.0 * at_ends


def test_it_is_the_settling_that_makes_them_so() -> None:
    times = np.linspace(0.02, 2.0, 100)
    unsettled = replace(KAPS, stiff=False)
    assert worst_error(unsettled, times, 1e-6) > 5.0 * worst_error(KAPS, times, 1e-6)
