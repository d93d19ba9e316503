"""Indices of functions whose indices are known, and designs with holes."""

import numpy as np
import pytest

from lag3ig.experiments.sensitivity.indices import (
    LEAST,
    partial_rank_correlations,
    plain_sample,
    screen,
    screening_points,
    variance_points,
    variance_shares,
)
from lag3ig.model.errors import PopulationError
from lag3ig.model.randomness import normals, uniforms

BLOCKS = 1024


def ishigami(points, a=7.0, b=0.1):
    x = np.pi * (2.0 * points - 1.0)
    return np.sin(x[:, 0]) + a * np.sin(x[:, 1]) ** 2 + b * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_shares_of_ishigami():
    """Ishigami T, Homma T. Proc ISUMA 1990:398-403; the shares follow from its variance in closed form."""
    a, b, pi4 = 7.0, 0.1, np.pi**4
    alone = np.array([0.5 * (1.0 + b * pi4 / 5.0) ** 2, a**2 / 8.0, 0.0])
    both = b**2 * pi4**2 * (1.0 / 18.0 - 1.0 / 50.0)
    whole = alone.sum() + both
    points = variance_points(3, BLOCKS, seed=1)
    found = variance_shares(3, ishigami(points), seed=1)
    np.testing.assert_allclose(found.first, alone / whole, atol=0.03)
    np.testing.assert_allclose(found.total, (alone + np.array([both, 0.0, both])) / whole, atol=0.03)
    assert (np.abs(found.first - alone / whole) < 2.0 * found.first_error + 1e-3).all()


def test_shares_of_the_g_function():
    """Sobol IM. Math Comput Simul 2001;55:271-80."""
    a = np.array([0.0, 1.0, 4.5, 9.0, 99.0])
    part = 1.0 / (3.0 * (1.0 + a) ** 2)
    whole = np.prod(1.0 + part) - 1.0
    points = variance_points(a.size, BLOCKS, seed=2)
    found = variance_shares(a.size, np.prod((np.abs(4.0 * points - 2.0) + a) / (1.0 + a), axis=1), seed=2)
    np.testing.assert_allclose(found.first, part / whole, atol=0.03)
    total = part * np.prod(1.0 + part) / (1.0 + part) / whole
    np.testing.assert_allclose(found.total, total, atol=0.03)


def test_effects_of_a_linear_function_are_its_slopes():
    slopes = np.array([3.0, -2.0, 0.0, 0.5])
    points = screening_points(4, 8, seed=1)
    found = screen(points, 1.0 + points @ slopes, seed=1)
    np.testing.assert_allclose(found.effect, slopes, atol=1e-12)
    np.testing.assert_allclose(found.strength, np.abs(slopes), atol=1e-12)
    np.testing.assert_allclose(found.spread, 0.0, atol=1e-12)
    assert (found.kept, found.lost) == (8, 0)


def test_an_interaction_spreads_effects():
    points = screening_points(2, 20, seed=1)
    found = screen(points, points[:, 0] * points[:, 1], seed=1)
    assert (found.spread > 0.1).all()


def test_rank_correlation_of_a_linear_gaussian_is_the_partial_correlation():
    """Of ranks, a correlation r of normals becomes 6 / pi asin(r / 2) (Pearson 1907)."""
    size, slopes, noise = 40_000, np.array([2.0, -1.0, 0.0]), 1.0
    points = normals(1, np.arange(size), "points", 3)
    values = points @ slopes + noise * normals(1, np.arange(size), "error", 1)[:, 0]
    found, low, high = partial_rank_correlations(points, values)
    whole = np.sqrt(slopes @ slopes + noise**2)
    with_y = 6.0 / np.pi * np.arcsin(slopes / whole / 2.0)  # ranks of independent x and y
    for k in range(3):
        others = np.delete(with_y, k)
        expected = with_y[k] / np.sqrt(1.0 - others @ others)
        assert abs(found[k] - expected) < 4.0 / np.sqrt(size)
        assert low[k] < found[k] < high[k]


def test_rank_correlations_do_not_see_monotone_transforms():
    points = uniforms(3, np.arange(300), "points", 3)
    values = points @ np.array([1.0, 0.5, -0.2])
    first, *_ = partial_rank_correlations(points, values)
    second, *_ = partial_rank_correlations(np.exp(5.0 * points), values**3 + 10.0 * values)
    np.testing.assert_allclose(first, second, atol=1e-12)


def test_an_endpoint_that_is_one_number_is_freed_of_nothing_else():
    """An exact copy leaves no rest for the other numbers, and no matrix to invert."""
    points = uniforms(5, np.arange(20), "points", 2)
    found, *_ = partial_rank_correlations(points, points[:, 0])
    np.testing.assert_allclose(found, [1.0, 0.0], atol=1e-12)


def test_a_failed_point_takes_its_block_with_it():
    points = variance_points(3, 64, seed=1)
    values = ishigami(points)
    holed = values.copy()
    holed[[5, 6, 41]] = np.nan  # blocks 1 (twice) and 8
    found = variance_shares(3, holed, seed=1)
    kept = np.delete(values.reshape(64, 5), [1, 8], axis=0).ravel()
    expected = variance_shares(3, kept, seed=1)
    assert (found.kept, found.lost) == (62, 2)
    np.testing.assert_array_equal(found.total, expected.total)
    sample, solved = plain_sample(points, holed)
    assert len(sample) == len(solved) == 2 * 64 - 1  # 5 is the first of block 1; 6 and 41 are no plain points
    np.testing.assert_allclose(ishigami(sample), solved)


def test_a_failed_point_takes_its_trajectory_with_it():
    points = screening_points(2, 10, seed=1)
    values = points @ np.array([1.0, 2.0])
    values[4] = np.nan
    found = screen(points, values, seed=1)
    assert (found.kept, found.lost) == (9, 1)
    np.testing.assert_allclose(found.effect, [1.0, 2.0], atol=1e-12)


def test_too_few_whole_blocks_are_refused():
    values = np.full(5 * 8, np.nan)
    values[: 5 * (LEAST - 1)] = 1.0
    with pytest.raises(PopulationError, match=f"only {LEAST - 1} of 8 blocks"):
        variance_shares(3, values, seed=1)
    with pytest.raises(PopulationError, match="too few"):
        partial_rank_correlations(np.zeros((4, 3)), np.arange(4.0))


def test_what_does_not_move_has_no_shares():
    found = variance_shares(2, np.ones(4 * 16), seed=1)
    assert not found.total.any()
    assert not found.first.any()


@pytest.mark.parametrize("seed", [0, 1, 2**64 - 1])
def test_designs_and_intervals_are_functions_of_the_seed(seed):
    points = variance_points(3, 32, seed=seed)
    np.testing.assert_array_equal(points, variance_points(3, 32, seed=seed))
    np.testing.assert_array_equal(screening_points(3, 8, seed=seed), screening_points(3, 8, seed=seed))
    one, two = (variance_shares(3, ishigami(points), seed=seed) for _ in range(2))
    np.testing.assert_array_equal(one.total_error, two.total_error)
