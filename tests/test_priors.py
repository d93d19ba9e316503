"""Priors: densities that integrate to one on every scale, bounds that hold, quantiles that invert."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from lag3ig.fitting.priors import Prior
from lag3ig.model.errors import ParameterError

PRIORS = [
    Prior(80.0, 0.3),
    Prior(80.0, 0.3, bounds=(60.0, 100.0)),
    Prior(80.0, 0.3, bounds=(0.0, 100.0)),
    Prior(80.0, 0.3, bounds=(60.0, np.inf)),
    Prior(0.4, 0.8, link="logit"),
    Prior(0.4, 0.8, link="logit", bounds=(0.1, 0.9)),
    Prior(0.2, 0.5, link="tanh"),
    Prior(-1.0, 2.0, link="identity"),
    Prior(-1.0, 2.0, link="identity", bounds=(-2.0, 5.0)),
]


@pytest.mark.parametrize("prior", PRIORS)
def test_the_density_is_one_on_the_free_scale(prior):
    total = integrate.quad(lambda free: float(np.exp(prior.log_density(free))), -60.0, 60.0, limit=400)[0]
    assert total == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize("prior", PRIORS)
def test_the_density_on_the_natural_scale_is_that_of_its_quantiles(prior):
    """The derivative of the level by the quantile is the density: the Jacobians are right."""
    levels = np.array([0.1, 0.35, 0.6, 0.9])
    slope = (prior.quantile(levels + 1e-6) - prior.quantile(levels - 1e-6)) / 2e-6
    np.testing.assert_allclose(
        np.exp(prior.log_density_natural(prior.quantile(levels))), 1.0 / slope, rtol=1e-6
    )


@pytest.mark.parametrize("prior", PRIORS)
@given(free=st.floats(-30.0, 30.0))
def test_nothing_leaves_the_bounds(prior, free):
    low, high = prior.bounds or (-np.inf, np.inf)
    assert low <= prior.natural(free) <= high


@pytest.mark.parametrize("prior", PRIORS)
@given(level=st.floats(0.01, 0.99))
def test_the_free_scale_leads_back(prior, level):
    value = prior.quantile(level)
    assert prior.natural(prior.free(value)) == pytest.approx(value, rel=1e-9)


def test_a_log_normal_prior_is_scipys():
    prior, scale = Prior(80.0, 0.3), stats.lognorm(0.3, scale=80.0)
    values = np.array([40.0, 80.0, 130.0])
    np.testing.assert_allclose(prior.log_density_natural(values), scale.logpdf(values), rtol=1e-12)
    np.testing.assert_allclose(prior.quantile([0.05, 0.5, 0.95]), scale.ppf([0.05, 0.5, 0.95]), rtol=1e-10)


@pytest.mark.parametrize(
    ("arguments", "fault"),
    [
        ({"median": -1.0, "deviation": 0.3}, "not between 0 and inf"),
        ({"median": 1.0, "deviation": 0.0}, "not a positive number"),
        ({"median": 1.0, "deviation": 0.3, "bounds": (2.0, 3.0)}, "must enclose"),
        ({"median": 1.2, "deviation": 0.3, "link": "logit"}, "not between 0 and 1"),
    ],
)
def test_priors_that_contradict_themselves_are_refused(arguments, fault):
    with pytest.raises(ParameterError, match=fault):
        Prior(**arguments)
