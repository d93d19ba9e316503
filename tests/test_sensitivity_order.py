"""Sensitivities have the order of their method, and the same values without the compiler."""

from pathlib import Path

import numpy as np
import pytest

from lag3ig.model import load_model
from lag3ig.model.engine.batch import METHODS, solve
from lag3ig.model.engine.contract import kernel, load_kernels
from lag3ig.model.engine.evaluation import evaluate
from lag3ig.model.engine.sensitivity import solve_with_sensitivities
from lag3ig.model.engine.simd import load, store

from .compiler import with_and_without_compiler
from .complex_step import complex_step
from .tolerances import DIFFERENCES, INSENSITIVE, ORDER, SAME_STEPS


@kernel
def derive(parameters, derived):
    store(derived, 0, load(parameters, 0))
    store(derived, 1, 1.0 / load(parameters, 1))


@kernel
def start(derived, y):
    store(y, 0, 0.1)
    store(y, 1, 1.0)


@kernel
def rhs(y, inputs, derived, dy):
    size = load(y, 0)
    store(dy, 0, load(derived, 0) * size * (1.0 - size * load(derived, 1)))
    store(dy, 1, -size * load(y, 1))


@kernel
def factor(y, inputs, derived, diagonal, lu):
    size = load(y, 0)
    d = load(diagonal, 0)
    store(lu, 0, 1.0 / (d - load(derived, 0) * (1.0 - 2.0 * size * load(derived, 1))))
    store(lu, 1, load(y, 1))
    store(lu, 2, 1.0 / (d + size))


@kernel
def solve_triangle(lu, b):
    first = load(b, 0) * load(lu, 0)
    store(b, 0, first)
    store(b, 1, (load(b, 1) - load(lu, 1) * first) * load(lu, 2))


@kernel
def observe(y, inputs, derived, out):
    store(out, 0, load(y, 0) * load(y, 1))


@kernel
def nothing(derived, out):
    pass


LOGISTIC = load_kernels(
    {
        "NAME": "logistic growth of a hazard, and survival",
        "HASH": "logistic",
        "STATES": ("size", "survival"),
        "PARAMETERS": ("rate", "capacity"),
        "INPUTS": (),
        "OBSERVABLES": ("density",),
        "MARGINS": (),
        "DOSES": (),
        "CALIBRATED": (),
        "DERIVED": 2,
        "FACTORS": 3,
        "derive": derive,
        "start": start,
        "rhs": rhs,
        "factor": factor,
        "solve": solve_triangle,
        "observe": observe,
        "margins": nothing,
        "doses": nothing,
        "calibrate": nothing,
    }
)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shift", [0.0, 0.357], ids=["at the end of steps", "within steps"])
def test_sensitivities_have_the_order_of_the_states(method: str, shift: float) -> None:
    times = np.arange(1.0, 8.0) + shift
    values = {"rate": 1.1, "capacity": 0.8}

    def exact(rate, capacity):
        growth = 1.0 + 0.1 / capacity * (np.exp(rate * times) - 1.0)
        size, survival = 0.1 * np.exp(rate * times) / growth, growth ** (-capacity / rate)
        return np.stack([size, survival, size * survival], axis=-1)

    wanted = complex_step(exact, values, tuple(values))
    lengths = 1.0 / np.array([3.0, 4.0, 6.0, 9.0, 13.0, 20.0])
    of_states, of_slopes = [], []
    for length in lengths:
        found = solve_with_sensitivities(
            LOGISTIC, [[1.1, 0.8]], times, symbols=tuple(values), method=method, fixed_step=length
        )
        states = np.concatenate([found.states, found.observables], axis=2)[0]
        slopes = np.concatenate([found.state_slopes, found.observable_slopes], axis=2)[0]
        of_states.append(np.abs(states - exact(**values)).max())
        of_slopes.append(np.abs(slopes - wanted).max())
    order = np.polyfit(np.log(lengths), np.log(of_slopes), 1)[0]
    assert abs(order - 5.0) < 2.0 * ORDER, of_slopes
    assert abs(order - np.polyfit(np.log(lengths), np.log(of_states), 1)[0]) < 2.0 * ORDER


@pytest.mark.parametrize("method", METHODS)
def test_a_step_gives_the_derivative_of_its_own_result(method: str) -> None:
    """Of fixed steps, whatever their error, against differences of the same steps."""
    model = load_model()
    kernels, symbols = model.kernels, ("KD", "hS", "aN", "kkill", "kex")
    patient = model.typical()[None]
    start = np.array([evaluate(kernels, "start", patient)[0]])
    start[0, kernels.states.index("Ac")] = 5.0
    options = {"start": start, "method": method, "fixed_step": 0.02}
    times = [0.1, 0.15]  # the second within a step
    found = solve_with_sensitivities(kernels, patient, times, symbols=symbols, **options)
    for column, symbol in enumerate(symbols):
        row = kernels.parameters.index(symbol)

        def at(move: float, row: int = row) -> np.ndarray:
            moved = patient.copy()
            moved[0, row] *= 1.0 + move
            return solve(kernels, moved, times, **options).states[0]

        rough, fine = ((at(move) - at(-move)) / (2.0 * move) for move in (2e-3, 1e-3))
        wanted = (4.0 * fine - rough) / 3.0
        slopes = found.state_slopes[0, :, :, column] * patient[0, row]
        scale = np.abs(wanted).max(axis=0) + INSENSITIVE * (1.0 + np.abs(found.states[0]))
        assert np.count_nonzero(wanted) > 2
        np.testing.assert_allclose(slopes / scale, wanted / scale, atol=10.0 * DIFFERENCES)


TWIN = """
import sys
sys.path.insert(0, sys.argv[1])
from tests import test_sensitivity_order as t
found = []
for method in t.METHODS:
    run = t.solve_with_sensitivities(
        t.LOGISTIC, [[1.1, 0.8], [0.9, 0.7]], [1.0, 3.0], symbols=("capacity", "rate"), method=method
    )
    found += [*run.state_slopes.flat, *run.observable_slopes.flat]
print(" ".join(repr(float(number)) for number in found))
"""


def test_agrees_without_the_compiler() -> None:
    root = str(Path(__file__).parents[1])
    printed = with_and_without_compiler("-c", TWIN, root)
    compiled, twin = (np.array(numbers.split(), dtype=float) for numbers in printed)
    assert len(compiled) > 20
    np.testing.assert_allclose(compiled, twin, rtol=SAME_STEPS)
