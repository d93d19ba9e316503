"""Fits whose answer is known: a linear-Gaussian population, and one compartment with log-normal parameters.

The package simulates patients and fits their summaries; beside it stands the same fit with the moments of
the whole population and densities of SciPy. They may differ by the Monte-Carlo error, which follows from the
law of the sample moments, or from leaving out groups of patients in turn.
"""

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.estimators.bank import fill
from lag3ig.fitting.estimators.ensemble import sample
from lag3ig.fitting.estimators.local import climb, search
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.estimators.refinement import refine
from lag3ig.fitting.priors import Prior
from lag3ig.model.randomness import normals

from .known_populations import Covariance, Fit, Known, hessian_of, mean_observation, parameters
from .one_compartment import OneCompartment
from .tolerances import EMULATED_LIKELIHOOD, ROUNDING, SAMPLING, SLOPE, TOP

DAYS = np.array([1.0, 2.0, 3.0, 4.0])
DESIGN = np.column_stack([np.ones(4), DAYS])
SPREAD, ERROR, NUMBER, PATIENTS = np.array([2.0, 0.5]), 1.0, 30, 400
REPLICATES = 200


def linear_covariance(spread):
    """Covariance of one patient's values."""
    return DESIGN @ np.diag(spread**2) @ DESIGN.T + ERROR**2 * np.eye(DAYS.size)


def seen_by(observation, mean, covariance, kurtosis):
    """Log-density of what was published, by SciPy, given moments of one patient's values."""
    number = observation.number
    if isinstance(observation, Covariance):
        freedom = number - 1
        scale = covariance / freedom
        of_covariance = stats.wishart(freedom, scale).logpdf(observation.covariance)
        return stats.multivariate_normal(mean, covariance / number).logpdf(observation.mean) + of_covariance
    centre = np.array(observation.centre)
    logarithm = observation.centre_kind == "geometric mean"
    centre = np.log(centre) if logarithm else centre
    found = stats.multivariate_normal(mean, covariance / number).logpdf(centre)
    for place, spread in enumerate(observation.spread or ()):
        printed = np.sqrt(np.log1p((spread / 100.0) ** 2)) if logarithm else spread
        shape = np.sqrt((kurtosis[place] - (number - 3) / (number - 1)) / (4 * number))
        found += stats.lognorm(shape, scale=np.sqrt(covariance[place, place])).logpdf(printed)
    return float(found)


def linear(kind, *, patients=PATIENTS, spread_free=False):
    """A linear-Gaussian population simulated by the package, and the same in closed form."""
    rng = np.random.default_rng(5)
    own = np.array([10.0, -1.5]) + SPREAD * rng.normal(size=(NUMBER, 2))
    values = own @ DESIGN.T + ERROR * rng.normal(size=(NUMBER, DAYS.size))
    observation = {
        "mean": mean_observation(DAYS, values.mean(axis=0), centre_kind="mean", number=NUMBER),
        "mean and SD": mean_observation(
            DAYS,
            values.mean(axis=0),
            centre_kind="mean",
            number=NUMBER,
            spread_kind="SD",
            spread=values.std(axis=0, ddof=1).tolist(),
        ),
        "covariance": Covariance(values.mean(axis=0), np.cov(values, rowvar=False), NUMBER),
    }[kind]
    priors = {"level": Prior(8.0, 3.0, "identity"), "slope": Prior(-1.0, 1.0, "identity")}
    if spread_free:
        priors |= {"spread": Prior(1.5, 0.5), "slope_spread": Prior(0.4, 0.5)}

    def spread_of(natural):
        return natural[2:] if spread_free else SPREAD

    def curve(natural, z):
        return (natural[:2] + spread_of(natural) * z) @ DESIGN.T

    def exact(natural):
        return DESIGN @ natural[:2], linear_covariance(spread_of(natural)), np.full(DAYS.size, 3.0)

    z = normals(3, np.arange(patients), "linear population", 2)
    arguments = (parameters(**priors), DAYS, curve, z, observation, "normal", lambda _natural: ERROR)
    return Fit(*arguments), Known(*arguments, exact=exact, judge=seen_by)


def sample_moments(patients, seed=1):
    """Replicates of mean and covariance of so many normal patients, from their own law; true mean 0."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(REPLICATES, 2)) * SPREAD / np.sqrt(patients)
    spreads = stats.wishart(patients - 1, np.diag(SPREAD**2) / patients).rvs(REPLICATES, random_state=rng)
    noise = ERROR**2 * np.eye(DAYS.size)
    return means @ DESIGN.T, DESIGN @ spreads @ DESIGN.T + noise


def normal_posterior(fit, off=0.0, covariance=None):
    """Mean and covariance of the posterior of a linear mean, the simulated one ``off`` by so much."""
    per_patient = linear_covariance(SPREAD) if covariance is None else covariance
    weight = DESIGN.T @ np.linalg.inv(per_patient / NUMBER)
    prior = [item.prior for item in fit.free_parameters.items]
    precision = weight @ DESIGN + np.diag([one.deviation**-2.0 for one in prior])
    of_prior = [one.median / one.deviation**2 for one in prior]
    spread = np.linalg.inv(precision)
    return spread @ (weight @ (np.array(fit.observation.centre) - off) + of_prior), spread


@pytest.fixture(scope="module")
def straight():
    """The linear population by its means, its posterior in closed form, and Monte-Carlo errors of it."""
    fit, _ = linear("mean")
    replicates = [normal_posterior(fit, *moments) for moments in zip(*sample_moments(PATIENTS), strict=True)]
    errors = [np.std(part, axis=0) for part in zip(*replicates, strict=True)]
    return fit, *normal_posterior(fit), errors[0], np.diag(errors[1])


@pytest.mark.parametrize("kind", ["mean", "mean and SD", "covariance"])
@pytest.mark.parametrize("patients", [500, 50_000])
def test_the_likelihood_of_a_linear_population_is_the_closed_form(kind, patients):
    """To the error that so many patients' moments have by their own law."""
    fit, known = linear(kind, patients=patients)
    offsets = list(zip(*sample_moments(patients), strict=True))
    for level, slope in ((10.0, -1.5), (9.0, -1.0), (11.0, -2.0)):
        point = np.array([level, slope])
        mean, covariance, kurtosis = known.exact(point)
        truth = seen_by(fit.observation, mean, covariance, kurtosis)
        spread = np.std([seen_by(fit.observation, mean + off, drawn, kurtosis) for off, drawn in offsets])
        assert abs(fit(point).log_likelihood - truth) < SAMPLING * spread


def test_search_finds_the_top_of_the_closed_form(straight):
    fit, mean, covariance, error, _ = straight
    found = search(fit, starts=5, seed=1)
    assert found.agreeing == 5
    assert (np.abs(found.best.end - mean) < SAMPLING * error + TOP * np.sqrt(np.diag(covariance))).all()


def _agrees(found, covariance, effective, straight):
    """Mean and variances are those of the closed form, as far as draws and simulated patients can tell."""
    _, mean, spread, error, error_of_variance = straight
    variance = np.diag(spread)
    assert (np.abs(found - mean) < SAMPLING * np.sqrt(error**2 + variance / effective)).all()
    of_variance = np.hypot(error_of_variance, variance * np.sqrt(2.0 / effective))
    assert (np.abs(np.diag(covariance) - variance) < SAMPLING * of_variance).all()


def test_draws_have_the_closed_form_s_mean_and_variance(straight):
    drawn = sample(straight[0], seed=1, ensembles=2, asked=200.0)
    assert drawn.converged
    _agrees(drawn.draws.mean(axis=0), np.cov(drawn.draws.T), drawn.effective_size.min(), straight)


def test_an_emulator_corrected_has_the_closed_form_s_mean_and_variance(straight):
    fit = straight[0]
    bank = fill(fit, prior_points(fit.free_parameters, 60, seed=1), identity={"problem": "linear"})
    found = refine(fit, bank, seed=1, asked=500.0, exact_draws=300)
    assert found.converged
    _agrees(found.weighted.mean, found.weighted.covariance, found.weighted.effective_size, straight)


def _tops(fit, known):
    """Tops of both posteriors, their distance, and what simulated patients and searches leave open of it."""
    start = fit.free_parameters.centre()
    own, other = climb(fit, start), climb(known, start)
    assert own.converged
    assert other.converged
    hessian = hessian_of(known, other.end)
    left = TOP * np.sqrt(np.diag(np.linalg.inv(-hessian)))
    return own.end, other.end, SAMPLING * fit.monte_carlo_error(own.end, hessian) + left


@pytest.mark.parametrize("kind", ["mean and SD", "covariance"])
def test_spreads_between_patients_are_found_as_in_the_closed_form(kind):
    own, other, allowed = _tops(*linear(kind, spread_free=True))
    assert (np.abs(own - other) < allowed).all()


def test_left_out_groups_tell_the_error_of_the_top(straight):
    """The jackknife agrees with the law of sample moments, as far as twenty groups can tell."""
    fit, mean, _, error, _ = straight
    found = fit.monte_carlo_error(mean, hessian_of(fit, mean))
    np.testing.assert_allclose(found, error, rtol=SAMPLING / np.sqrt(2 * 19))


@pytest.fixture(scope="module", params=["geometric mean", "mean"])
def compartment(request):
    return OneCompartment(request.param)


def test_the_log_scale_of_one_compartment_has_a_closed_form():
    """The quadrature that stands for the whole population gives it to rounding."""
    population = OneCompartment("geometric mean")
    natural = np.array([5.0, 20.0, 0.3, 0.2])
    mean, covariance, _ = population.moments(natural)
    wanted = population.closed_form(natural)
    np.testing.assert_allclose(mean, wanted[0], rtol=1e3 * ROUNDING)
    np.testing.assert_allclose(covariance, wanted[1], rtol=1e3 * ROUNDING)


def test_the_fit_of_one_compartment_is_that_of_its_whole_population(compartment):
    """Medians and spreads of clearance and volume."""
    own, other, allowed = _tops(compartment.fit(), compartment.known(seen_by))
    assert (np.abs(own - other) < allowed).all()


def test_the_posterior_of_one_compartment_is_that_of_a_grid(compartment):
    """Medians of clearance and volume, by a bank, an emulator and importance weights."""
    fit, known = compartment.fit(free=2), compartment.known(seen_by, free=2)
    top = climb(known, known.free_parameters.centre()).end
    hessian = hessian_of(known, top)
    mean, covariance = on_grid(known, top, np.linalg.inv(-hessian))
    error = fit.monte_carlo_error(top, hessian)
    bank = fill(fit, prior_points(fit.free_parameters, 80, seed=1), identity={"problem": "compartment"})
    found = refine(fit, bank, seed=1, asked=200.0, exact_draws=300, within=50.0)
    assert found.converged
    assert np.abs(found.rounds[-1].differences).max() < EMULATED_LIKELIHOOD
    effective, variance = found.weighted.effective_size, np.diag(covariance)
    allowed = SAMPLING * np.sqrt(error**2 + variance / effective)
    assert (np.abs(found.weighted.mean - mean) < allowed).all()
    of_variance = np.hypot(fit.monte_carlo_error_of_variance(top), variance * np.sqrt(2.0 / effective))
    assert (np.abs(np.diag(found.weighted.covariance) - variance) < SAMPLING * of_variance).all()


def on_grid(known, top, covariance):
    """Mean and covariance of a posterior in two dimensions, by a grid about its top."""
    axis = np.linspace(-5.0, 5.0, 31)
    factor = np.linalg.cholesky(covariance)
    points = top + np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2) @ factor.T
    values = np.array([known(point).log_posterior for point in points])
    weights = np.exp(values - values.max())
    weights /= weights.sum()
    mean = weights @ points
    away = points - mean
    return mean, (weights[:, None] * away).T @ away


def test_the_gradient_of_a_fit_vanishes_at_its_top(compartment):
    fit = compartment.fit(free=2)
    found = climb(fit, fit.free_parameters.centre())
    scale = np.linalg.norm(fit.gradient(fit.free_parameters.centre())[1])
    assert np.linalg.norm(fit.gradient(found.end)[1]) < SLOPE * scale
