"""Local searches: tops of known place, starts that fail and are counted, interruptions that cost nothing."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.local import climb, search
from lag3ig.fitting.estimators.posterior import points_about, prior_points
from lag3ig.fitting.objective import Evaluation
from lag3ig.model.errors import ParameterError

from .tolerances import TOP
from .toy_posteriors import LinearGaussian, Rosenbrock, normal_parameters


def test_the_top_of_a_linear_gaussian_posterior_is_its_mean():
    toy = LinearGaussian.example()
    found = search(toy, starts=5)
    assert found.agreeing == 5
    assert all(item.converged for item in found.starts)
    np.testing.assert_allclose(found.best.end, toy.mean, atol=TOP)


def test_the_end_of_a_curved_valley_is_found():
    found = search(Rosenbrock(), starts=6, most_evaluations=400)
    np.testing.assert_allclose(found.best.end, [1.0, 1.0], atol=TOP)
    assert found.agreeing == 6


def test_searches_are_sorted_and_those_that_cannot_begin_are_counted():
    found = search(Rosenbrock(edge=0.0), starts=8)
    origins = np.array([item.origin[0] for item in found.starts])
    assert found.failed == (origins < 0.0).sum() > 0
    assert (np.diff(found.waterfall[: 8 - found.failed]) <= 0.0).all()
    assert all(item.reason == "1 patients failed" for item in found.starts[8 - found.failed :])


def test_a_search_turns_back_where_patients_fail():
    """The highest point lies beyond an edge where nothing can be simulated: the search ends before it."""
    found = climb(Rosenbrock(edge=1.2), [2.0, 3.0])
    assert 1.2 <= found.end[0] < 1.3
    assert np.isfinite(found.log_posterior)


def test_a_posterior_that_is_no_number_is_never_a_top():
    class Broken:
        free_parameters = normal_parameters([1.0])

        def gradient(self, free):
            value = np.nan if free[0] > 0.5 else float(free[0])
            return Evaluation(value, 0.0), np.ones(1)

    found = climb(Broken(), [0.0])
    assert 0.4 < found.end[0] <= 0.5
    assert climb(Broken(), [1.0]).log_posterior == -np.inf


def test_an_interrupted_search_goes_on_where_it_was():
    kept = []

    def interrupt(start):
        kept.append(start)
        if len(kept) == 3:
            raise KeyboardInterrupt

    whole = search(Rosenbrock(), starts=6, seed=4)
    with pytest.raises(KeyboardInterrupt):
        search(Rosenbrock(), starts=6, seed=4, after=interrupt)
    more = []
    resumed = search(Rosenbrock(), starts=6, seed=4, done=kept, after=more.append)
    assert [item.number for item in more] == [3, 4, 5]
    np.testing.assert_array_equal(resumed.waterfall, whole.waterfall)


def test_starting_points_have_the_moments_of_the_prior():
    points = prior_points(normal_parameters([0.5, 2.0]), 1024, seed=3)
    np.testing.assert_allclose(points.std(axis=0), [0.5, 2.0], rtol=0.01)
    np.testing.assert_array_equal(points[:100], prior_points(normal_parameters([0.5, 2.0]), 100, seed=3))


def test_points_about_a_centre_have_the_covariance_asked():
    covariance = np.array([[1.0, 0.6], [0.6, 2.0]])
    points = points_about([1.0, -1.0], covariance, 4096, seed=1)
    np.testing.assert_allclose(np.cov(points.T), covariance, rtol=0.02)
    with pytest.raises(ParameterError, match="positive definite"):
        points_about([0.0, 0.0], np.array([[1.0, 2.0], [2.0, 1.0]]), 8, seed=1)
