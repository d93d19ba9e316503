"""Profiles: closed forms of linear models, and parameters that data leave open."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.bank import fill
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.local import climb
from lag3ig.fitting.estimators.posterior import points_about
from lag3ig.fitting.profiles import FALL, profiles
from lag3ig.model.errors import ParameterError

from .tolerances import PROFILE
from .toy_posteriors import LinearGaussian


def _known(toy, place):
    """Mean and deviation of a parameter under the likelihood and the priors of the others."""
    precision = toy.precision
    precision[place, place] -= toy.prior[place] ** -2.0
    covariance = np.linalg.inv(precision)
    mean = covariance @ (toy.slopes.T @ (toy.data / toy.errors**2))
    return mean[place], np.sqrt(covariance[place, place])


@pytest.mark.parametrize("place", [0, 1, 2])
def test_the_profile_of_a_linear_gaussian_model_is_a_parabola(place):
    toy = LinearGaussian.example()
    (found,) = profiles(toy, toy.mean, names=[f"x{place}"])
    mean, deviation = _known(toy, place)
    parabola = 0.5 * ((found.free - mean) / deviation) ** 2
    np.testing.assert_allclose(found.fall, parabola, atol=PROFILE)
    assert found.identified
    half = np.sqrt(2.0 * FALL) * deviation
    np.testing.assert_allclose(found.interval, (mean - half, mean + half), atol=PROFILE)


def test_the_top_of_a_profile_is_found_without_the_prior():
    """A prior far from the data pulls the likeliest point, but not the profile."""
    toy = LinearGaussian.example()
    toy.data = toy.slopes @ np.array([1.5 * toy.prior[0], 0.0, 0.0])
    (found,) = profiles(toy, climb(toy, np.zeros(3)).end, names=["x0"])
    mean, _ = _known(toy, 0)
    assert found.free[np.argmin(found.fall)] == pytest.approx(mean, abs=PROFILE)


def test_what_no_observation_depends_on_is_not_identified():
    toy = LinearGaussian.example()
    toy.slopes[:, 1] = 0.0
    (found,) = profiles(toy, toy.mean, names=["x1"])
    assert not found.identified
    assert found.words == "x1 is not identified"
    np.testing.assert_allclose(found.fall, 0.0, atol=PROFILE)


def test_two_that_only_act_together_are_not_identified_apart():
    """Their sum is known to 0.03; the prior of the other is all that bounds each."""
    toy = LinearGaussian(
        np.array([[1.0, 1.0]]), np.array([0.0]), np.array([0.03]), np.array([0.4, 1.0]), sizes=(1,)
    )
    wide, narrow = profiles(toy, np.zeros(2))
    assert not wide.identified
    assert narrow.identified


def test_a_bound_on_one_side_is_told():
    """Patients fail above an edge; below it nothing is known."""
    toy = LinearGaussian.example()
    toy.slopes[:, 0] = 0.0
    toy.fails_above = 0.2

    class Edged(LinearGaussian):
        def __call__(self, free):
            found = super().__call__(free)
            return found if free[0] <= 0.2 else type(found)(-np.inf, found.log_prior, failed=1)

    edged = Edged(toy.slopes, toy.data, toy.errors, toy.prior, toy.sizes)
    (found,) = profiles(edged, toy.mean, names=["x0"])
    assert found.closed == (False, True)
    assert found.words.startswith("x0 is not identified from below: at most 0.")
    assert found.interval[1] > 0.19


def test_a_parameter_that_is_not_free_is_refused():
    toy = LinearGaussian.example()
    with pytest.raises(ParameterError, match="no parameter 'x9' is free"):
        profiles(toy, toy.mean, names=["x9"])


def test_no_end_is_found_where_an_emulator_has_no_draws():
    """Draws in a tenth of the prior, of a parameter that no observation depends on."""
    toy = LinearGaussian.example()
    toy.slopes[:, 1] = 0.0
    near = points_about(np.zeros(3), np.diag((0.1 * toy.prior) ** 2), 60, seed=1)
    emulator = Emulator(fill(toy, near, identity={}), toy)
    (found,) = profiles(emulator, np.zeros(3), names=["x1"])
    assert found.closed == (False, False)
    assert np.isfinite(found.fall).all()
    assert np.abs(found.free).max() < toy.prior[1]
