"""Adaptive importance sampling: posteriors whose mean, covariance and evidence are known."""

from dataclasses import dataclass, field

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.estimators.adaptive import adapt, curvature_at
from lag3ig.fitting.free_parameters import FreeParameters
from lag3ig.fitting.objective import Evaluation
from lag3ig.model.errors import ParameterError

from .tolerances import EMULATED, SAMPLING
from .toy_posteriors import LinearGaussian, Rosenbrock, normal_parameters

ASKED = 2000.0


@pytest.fixture(scope="module")
def found():
    posterior = LinearGaussian.example(dimensions=5, rows=12, seed=3)
    return posterior, adapt(posterior, seed=1, asked=ASKED)


def test_mean_and_covariance_of_a_linear_gaussian_posterior(found):
    posterior, adapted = found
    assert adapted.converged, adapted.reason
    size = adapted.weighted.effective_size
    deviations = np.sqrt(np.diag(posterior.covariance))
    away = (adapted.weighted.mean - posterior.mean) / deviations
    assert np.abs(away).max() < SAMPLING / np.sqrt(size)
    relative = (adapted.weighted.covariance - posterior.covariance) / np.outer(deviations, deviations)
    assert np.abs(relative).max() < SAMPLING * np.sqrt(2.0 / size)


def test_evidence_of_a_linear_gaussian_posterior(found):
    posterior, adapted = found
    error = np.sqrt(1.0 / adapted.weighted.effective_size)
    assert adapted.log_evidence == pytest.approx(posterior.log_evidence, abs=SAMPLING * error)


def test_the_same_seed_gives_the_same_draws(found):
    posterior, adapted = found
    again = adapt(posterior, seed=1, asked=ASKED)
    np.testing.assert_array_equal(again.weighted.draws, adapted.weighted.draws)
    np.testing.assert_array_equal(again.weighted.weights, adapted.weighted.weights)


def test_a_first_proposal_far_away_does_no_harm():
    posterior = LinearGaussian.example(dimensions=3, rows=6, seed=2)
    astray = (posterior.mean + 3.0 * posterior.prior, 0.05 * posterior.covariance)
    adapted = adapt(posterior, seed=4, about=astray, asked=ASKED)
    assert adapted.converged, adapted.reason
    away = (adapted.weighted.mean - posterior.mean) / np.sqrt(np.diag(posterior.covariance))
    assert np.abs(away).max() < SAMPLING / np.sqrt(adapted.weighted.effective_size)


def test_known_draws_of_the_prior_are_not_evaluated_again():
    posterior = LinearGaussian.example()
    prior = posterior.free_parameters.draw(np.random.default_rng(5).random((3000, 3)))
    values = np.array([posterior(point).log_posterior for point in prior])
    before = posterior.calls
    adapted = adapt(posterior, seed=6, known=(prior, values), asked=500.0, draws=500)
    assert adapted.converged, adapted.reason
    assert posterior.calls - before == adapted.evaluations - 3000


@dataclass
class TwoTops:
    """Half of the posterior lies about 2 in every direction, half about -2; the prior is standard normal."""

    free_parameters: FreeParameters = field(default_factory=lambda: normal_parameters([2.0, 2.0]))

    def many(self, points):
        tops = [stats.multivariate_normal(centre * np.ones(2), 0.2).logpdf(points) for centre in (-2.0, 2.0)]
        return np.logaddexp(*tops)

    def __call__(self, free):
        prior = float(self.free_parameters.log_prior(free))
        return Evaluation(float(self.many(np.asarray(free)[np.newaxis])[0]) - prior, prior)


def test_both_tops_are_found():
    adapted = adapt(TwoTops(), seed=7, asked=ASKED)
    assert adapted.converged, adapted.reason
    share = adapted.weighted.weights[adapted.weighted.draws[:, 0] > 0.0].sum()
    assert share == pytest.approx(0.5, abs=SAMPLING * 0.5 / np.sqrt(adapted.weighted.effective_size))


def test_sampling_that_ends_too_early_says_so():
    adapted = adapt(Rosenbrock(), seed=8, asked=1e6, draws=100, most_rounds=2)
    assert not adapted.converged
    assert "2 rounds exhausted" in adapted.reason


def test_a_posterior_without_possible_points_is_refused():
    with pytest.raises(ParameterError, match="too few to learn"):
        adapt(Rosenbrock(edge=1e6), seed=9, draws=100)


def test_a_covariance_that_is_none_is_refused():
    with pytest.raises(ParameterError, match="positive definite"):
        adapt(Rosenbrock(), seed=9, draws=100, about=([0.0, 0.0], [[1.0, 2.0], [2.0, 1.0]]))


def test_the_curvature_at_the_top_of_a_gaussian_is_its_covariance():
    posterior = LinearGaussian.example(dimensions=4, rows=8, seed=5)
    curved = curvature_at(posterior, posterior.mean)
    np.testing.assert_allclose(curved, posterior.covariance, rtol=EMULATED, atol=1e-6)
