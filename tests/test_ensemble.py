"""Ensembles of walkers: known normal targets, diagnostics that see what is wrong, and a rule to stop by."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.convergence import effective_size, r_hat
from lag3ig.fitting.estimators.ensemble import EnsembleDraws, sample
from lag3ig.model.errors import ParameterError

from .tolerances import SAMPLING
from .toy_posteriors import LinearGaussian, Rosenbrock


class Fast(LinearGaussian):
    """At many points at once, by the closed form; impossible where the first parameter is above an edge."""

    def many(self, points):
        away = points - self.mean
        values = -0.5 * np.einsum("ri,ij,rj->r", away, self.precision, away)
        return np.where(points[:, 0] > self.fails_above, -np.inf, values)


@pytest.fixture(scope="module")
def sampled():
    toy = Fast.example(dimensions=4, rows=8)
    return toy, sample(toy, seed=1, asked=1000.0)


def test_the_mean_and_covariance_of_a_normal_posterior_are_found(sampled):
    toy, found = sampled
    assert found.converged
    error = SAMPLING / np.sqrt(found.effective_size.min())
    deviations = np.sqrt(np.diag(toy.covariance))
    assert (np.abs(found.draws.mean(axis=0) - toy.mean) < error * deviations).all()
    away = (np.cov(found.draws.T) - toy.covariance) / np.outer(deviations, deviations)
    assert (np.abs(away) < np.sqrt(2.0) * error).all()


def test_the_same_seed_gives_the_same_draws():
    first, second, other = (
        sample(Fast.example(), seed=seed, most_evaluations=12_000).chains for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, second)
    assert not np.array_equal(first, other)


def test_values_belong_to_their_draws(sampled):
    toy, found = sampled
    points, values = found.pick(50)
    np.testing.assert_allclose(values, toy.many(points), rtol=1e-9)
    with pytest.raises(ParameterError, match="there are"):
        found.pick(10**9)


def test_one_point_at_a_time_is_sampled_as_well():
    found = sample(Rosenbrock(edge=0.0), seed=1, asked=50.0, most_evaluations=15_000)
    assert (found.draws[:, 0] >= 0.0).all()
    assert found.evaluations <= 15_000 + 100


def test_exhausted_evaluations_are_said():
    found = sample(Fast.example(), seed=1, asked=1e6, most_evaluations=20_000)
    assert not found.converged
    assert "20000 evaluations exhausted: R-hat 1.0" in found.reason


def test_walkers_begin_only_where_patients_survive():
    toy = Fast.example()
    toy.fails_above = 0.0
    assert (sample(toy, seed=3, asked=10.0, most_evaluations=15_000).draws[:, 0] <= 0.0).all()
    toy.fails_above = -100.0
    with pytest.raises(ParameterError, match="sampling cannot begin"):
        sample(toy, seed=3)


def test_ensembles_that_cannot_be_compared_are_refused():
    with pytest.raises(ParameterError, match="1 ensembles"):
        sample(Fast.example(), seed=1, ensembles=1)
    with pytest.raises(ParameterError, match="even number of walkers from 6 on"):
        sample(Fast.example(), seed=1, walkers=4)


def test_separated_chains_are_seen():
    chains = np.random.default_rng(1).normal(size=(4, 1000))
    assert r_hat(chains) < 1.01
    assert r_hat(chains + np.array([0.0, 0.0, 0.0, 2.0])[:, None]) > 1.1
    assert r_hat(chains * np.array([1.0, 1.0, 1.0, 3.0])[:, None]) > 1.05
    assert r_hat(np.zeros((4, 1000))) == np.inf


def test_a_drift_within_each_chain_is_seen():
    chains = np.random.default_rng(2).normal(size=(4, 1000)) + np.linspace(0.0, 2.0, 1000)
    assert r_hat(chains) > 1.1


def test_separated_chains_of_infinite_variance_are_seen():
    """Where ordinary R-hat is blind: ranks have moments."""
    chains = np.random.default_rng(3).standard_cauchy((4, 1000))
    assert r_hat(chains) < 1.01
    assert r_hat(chains + np.array([0.0, 0.0, 0.0, 2.0])[:, None]) > 1.05


@pytest.mark.parametrize("memory", [0.0, 0.5, 0.9])
def test_the_effective_size_of_an_autoregression_is_known(memory):
    """(1 - a) / (1 + a) of the draws for the mean; tails forget faster, so the mean's is the least."""
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(8, 8000)) * np.sqrt(1.0 - memory**2)
    chains = np.empty_like(noise)
    chains[:, 0] = rng.normal(size=8)
    for step in range(1, 8000):
        chains[:, step] = memory * chains[:, step - 1] + noise[:, step]
    known = chains.size * (1.0 - memory) / (1.0 + memory)
    assert effective_size(chains) == pytest.approx(known, rel=0.15)


@pytest.mark.parametrize("count", [30, 75, 300, 7200])
def test_picked_draws_are_of_all_walkers_and_steps(count):
    """Whatever their number; also where it divides the number of steps."""
    walker, step = np.meshgrid(np.arange(24.0), np.arange(75.0))
    chains = np.tile(np.stack([step, walker], axis=-1), (4, 1, 1, 1))
    values = np.zeros(chains.shape[:3])
    drawn = EnsembleDraws(chains, values, np.ones(2), np.ones(2), 0, 0.5, True, "")
    picked, _ = drawn.pick(count)
    assert len(picked) == count
    for column, kinds in ((0, 75), (1, 24)):
        spread = np.sqrt((kinds**2 - 1) / 12 / count)
        assert abs(picked[:, column].mean() - (kinds - 1) / 2) < spread
    if count >= 75:
        assert len(set(picked[:, 1])) == 24
