"""Importance weights: known tails, known normal targets, and what cannot be corrected is said."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lag3ig.fitting.estimators.importance import correct, fit_pareto, pareto_quantile, smooth
from lag3ig.model.errors import ParameterError

from .tolerances import ROUNDING, SAMPLING


@pytest.mark.parametrize("shape", [-0.3, 0.2, 0.5, 0.9])
def test_the_shape_of_a_pareto_tail_is_found(shape):
    """Within the large-sample error of the best estimator, (1 + k) / sqrt(m)."""
    values = np.sort(stats.genpareto(shape, scale=3.0).rvs(4000, random_state=1))
    found, scale = fit_pareto(values)
    assert abs(found - shape) < SAMPLING * (1.0 + abs(shape)) / np.sqrt(4000)
    assert scale == pytest.approx(3.0, rel=0.15)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.7])
def test_quantiles_of_the_pareto_distribution_are_scipys(shape):
    levels = np.array([0.01, 0.3, 0.9, 0.999])
    wanted = stats.genpareto(shape, scale=2.0).ppf(levels)
    np.testing.assert_allclose(pareto_quantile(levels, shape, 2.0), wanted, rtol=1e3 * ROUNDING)


@pytest.mark.parametrize("shape", [0.3, 0.6, 1.1])
def test_the_tail_of_weights_has_the_shape_of_their_law(shape):
    """Ratios of exponentials: the weight exp(k E) is Pareto with shape k."""
    ratios = shape * np.random.default_rng(2).exponential(size=40_000)
    _, found = smooth(ratios)
    tail = 3.0 * np.sqrt(40_000)
    assert abs(found - shape) < SAMPLING * (1.0 + shape) / np.sqrt(tail)


def _normals(count=20_000):
    """Draws of a wide normal, weighted to a narrower one elsewhere."""
    wide, narrow = stats.norm([0.0, 0.0], 1.5), stats.norm([0.5, -0.4], [1.0, 0.8])
    draws = wide.rvs((count, 2), random_state=4)
    return draws, wide.logpdf(draws).sum(axis=1), narrow.logpdf(draws).sum(axis=1)


def test_weighted_draws_have_the_moments_and_the_constant_of_the_target():
    draws, old, new = _normals()
    found = correct(draws, old, new + 3.0)
    assert found.trusted
    error = SAMPLING / np.sqrt(found.effective_size)
    np.testing.assert_allclose(found.mean, [0.5, -0.4], atol=error)
    np.testing.assert_allclose(np.diag(found.covariance), [1.0, 0.64], rtol=2.0 * error)
    assert found.log_mean == pytest.approx(3.0, abs=error)


def test_resampled_draws_have_the_weighted_mean():
    found = correct(*_normals())
    drawn = found.resampled(5000, seed=1)
    np.testing.assert_allclose(drawn.mean(axis=0), found.mean, atol=SAMPLING / np.sqrt(5000))


def test_a_target_that_is_missed_is_not_trusted():
    """A narrow proposal five deviations away from a wide target."""
    draws = stats.norm(0.0, 0.5).rvs((2000, 1), random_state=5)
    old, new = stats.norm(0.0, 0.5).logpdf(draws[:, 0]), stats.norm(2.5, 2.0).logpdf(draws[:, 0])
    assert not correct(draws, old, new).trusted


def test_impossible_draws_weigh_nothing():
    draws, old, new = _normals(2000)
    found = correct(draws, old, np.where(draws[:, 0] < 0.0, -np.inf, new))
    assert found.weights[draws[:, 0] < 0.0].sum() == 0.0
    assert np.isfinite(found.mean).all()
    nothing = correct(draws, old, np.full(2000, -np.inf))
    assert (nothing.shape, nothing.effective_size, nothing.trusted) == (np.inf, 0.0, False)


@given(ratios=st.lists(st.floats(-50.0, 50.0), min_size=30, max_size=200))
def test_weights_keep_their_order(ratios):
    """Smoothing never makes a smaller ratio the heavier one, nor any weight heavier than the largest."""
    given_ratios = np.array(ratios)
    weights, _ = smooth(given_ratios)
    order = np.argsort(given_ratios, kind="stable")
    assert (np.diff(weights[order]) >= -1e-9).all()
    assert weights.max() <= given_ratios.max() + 1e-9


def _in_steps(low, high):
    """Numbers whose sums are exact; a sum that is rounded can turn a near tie into another order."""
    return st.integers(low * 2**20, high * 2**20).map(lambda steps: steps / 2**20)


@given(ratios=st.lists(_in_steps(-50, 50), min_size=30, max_size=200), shift=_in_steps(-500, 500))
def test_weights_forget_constants(ratios, shift):
    """A constant added to every ratio moves every weight by as much."""
    given_ratios = np.array(ratios)
    weights, _ = smooth(given_ratios)
    moved, _ = smooth(given_ratios + shift)
    np.testing.assert_allclose(np.exp(moved - shift - 50.0), np.exp(weights - 50.0), rtol=1e-6, atol=1e-9)


def test_equal_ratios_are_equal_weights():
    found = correct(np.zeros((50, 1)), np.zeros(50), np.zeros(50))
    assert found.trusted
    assert found.effective_size == pytest.approx(50.0)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_values_that_are_no_log_posteriors_are_refused(bad):
    with pytest.raises(ParameterError, match="numbers"):
        correct(np.zeros((3, 1)), np.zeros(3), [0.0, bad, 0.0])
    with pytest.raises(ParameterError, match="3 draws have 3 approximate and 2 exact"):
        correct(np.zeros((3, 1)), np.zeros(3), np.zeros(2))
