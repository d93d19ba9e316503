"""Kernels that carry derivatives along: every word of the language, and what is refused."""

import inspect

import numpy as np
import pytest

from lag3ig.model.engine.contract import kernel
from lag3ig.model.engine.reaction_networks import HIRES
from lag3ig.model.engine.sensitivity import solve_with_sensitivities
from lag3ig.model.engine.simd import (
    absolute,
    exp,
    floor,
    load,
    log,
    maximum,
    minimum,
    power,
    select,
    sqrt,
    store,
)
from lag3ig.model.engine.tangents import Block, Seeds, tangent_kernel
from lag3ig.model.engine.written_module import module_of
from lag3ig.model.errors import ModelError, SimulationError

from .tolerances import DIFFERENCES

SCALE = 3.0


@kernel
def all_words(parameters, derived):
    """Every word, names given twice, a name of the module, and names that differentials use."""
    block = load(parameters, 0)
    d_x = load(parameters, 1)
    store(derived, 0, exp(-block) + log(d_x) * sqrt(block * d_x) - SCALE / (block + d_x / block))
    store(derived, 1, power(block, d_x) + maximum(block, d_x) * minimum(block, SCALE) + absolute(-d_x))
    block = block * d_x + floor(d_x)
    high = block > SCALE
    store(derived, 2, select(high, block * block, d_x) + select(block < 0.0, block, +d_x))


def test_differential_of_every_word() -> None:
    text = tangent_kernel("whole", all_words, (Seeds(2), Block(1, 3)))
    words = "absolute, exp, floor, kernel, load, log, maximum, minimum, power, select, sqrt, store"
    head = (
        "from lag3ig.model.engine.lane_memory import from_row, load_lane\n"
        f"from lag3ig.model.engine.simd import {words}\n\n"
    )
    module = module_of(head + text + "\n", "test")
    points = np.random.default_rng(5).uniform(0.3, 2.7, (2, 400))
    seeds = np.array([2.0, 0.0, 1.0])[:, None] * np.ones(400)
    out = np.zeros((10, 400))
    module.whole(np.concatenate([points, seeds]), out)

    def at(row: int, move: float) -> np.ndarray:
        moved, values = points.copy(), np.zeros((3, 400))
        moved[row] += move
        all_words(moved, values)
        return values

    np.testing.assert_array_equal(out[1:4], at(0, 0.0))
    for row in range(2):
        rough, fine = ((at(row, move) - at(row, -move)) / (2.0 * move) for move in (2e-4, 1e-4))
        wanted = (4.0 * fine - rough) / 3.0
        close = np.abs(out[4 + 3 * row : 7 + 3 * row] - wanted) < DIFFERENCES * (1.0 + np.abs(wanted))
        assert np.mean(close.all(axis=0)) > 0.99  # but where a difference steps over a kink


def test_a_kernel_whose_file_has_changed_is_refused(monkeypatch) -> None:
    text = inspect.getsource(all_words.function).replace("SCALE / (block", "SCALE / (d_x")
    monkeypatch.setattr(inspect, "getsource", lambda function: text)
    with pytest.raises(ModelError, match="changed since it was loaded"):
        tangent_kernel("whole", all_words, (Seeds(2), Block(1, 3)))


def test_kernels_with_loops_are_refused() -> None:
    options = {"start": np.ones(8), "symbols": ()}
    with pytest.raises(SimulationError, match="each named once"):
        solve_with_sensitivities(HIRES.kernels, np.zeros((1, 0)), [1.0], **options)
    with pytest.raises(ModelError, match="cannot be differentiated"):
        tangent_kernel("rhs", HIRES.kernels.rhs, (Block(0, 8), Block(0, 0), Block(1, 0), Block(0, 8)))
