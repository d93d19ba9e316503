"""A published aggregate fit: mean and covariance of 500 simulated subjects, two compartments, oral.

The mean vector and the covariance matrix are those that the vignette "Variance-only based modelling" of the
R package admr prints; the estimates are those of the vignette "Getting started" of admixr2, its successor,
which fits the same numbers with 5,000 Sobol points and so has a Monte-Carlo error of its own.

References
----------
1. van de Beek H, et al. J Pharmacokinet Pharmacodyn 2025, doi 10.1007/s10928-025-10011-w
2. Valitalo P. J Pharmacokinet Pharmacodyn 2021;48:623-638, doi 10.1007/s10928-021-09760-1
"""

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.covariance_likelihood import covariance_of, mean_and_covariance_of
from lag3ig.fitting.estimators.local import climb
from lag3ig.fitting.priors import Prior
from lag3ig.model.errors import ParameterError
from lag3ig.model.randomness import normal_quantile
from lag3ig.model.sampling import points

from .known_populations import Covariance, Fit, hessian_of, parameters
from .tolerances import EMULATED_LIKELIHOOD, OF_PRINTED_ERROR, PRINTED_ERROR, QUADRATIC, SAMPLING

HOURS = np.array([0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0])
NUMBER, DOSE, POINTS = 500, 100.0, 4_096
MEAN = np.array([0.966418, 1.938774, 2.787908, 3.024706, 2.257656, 1.650808, 1.063120, 0.751180, 0.512168])
# Lower triangle by rows; sums of products over the number of subjects.
TRIANGLE = [
    [0.210318331],
    [0.307810566, 0.707512991],
    [0.348630772, 0.658870977, 1.09983366],
    [0.202610737, 0.416118052, 0.530554165, 0.803744604],
    [0.022447834, 0.058712608, 0.10572618, 0.162528331, 0.34465070],
    [-0.044727222, -0.074417647, -0.07538386, 0.027924410, 0.12026872, 0.24989260],
    [-0.018976800, -0.042420657, -0.046482865, 0.001618855, 0.076440801, 0.111485737, 0.154215442],
    [
        -0.006630907,
        -0.011273701,
        -0.019818299,
        0.016197981,
        0.063987002,
        0.074933189,
        0.087680168,
        0.096530356,
    ],
    [
        *(-0.005625994, -0.005018766, -0.014920009, 0.014748325, 0.049414630),
        *(0.054600176, 0.061332530, 0.057621124, 0.057988752),
    ],
]
NAMES = ("CL", "V1", "V2", "Q", "ka")
TRUTH = np.array([5.0, 10.0, 30.0, 10.0, 1.0, *5 * [0.3], 0.2])
START = (4.0, 12.0, 25.0, 12.0, 1.2)  # where admr starts
# As printed by admixr2: logarithms of the medians, variances between subjects, and the error's variance.
PRINTED = np.array([1.60197115, 2.32807483, 3.39738144, 2.27604233, 0.02978847])
PRINTED_ERRORS = np.array([0.02000, 0.1320, 0.05338, 0.02729, 0.1230])
PRINTED_VARIANCES = np.array([0.1011, 0.1042, 0.0964, 0.1075, 0.0967])
PRINTED_ERROR_VARIANCE, PRINTED_OBJECTIVE = 0.03592041, -3690.262


def published():
    lower = np.zeros((HOURS.size, HOURS.size))
    for place, row in enumerate(TRIANGLE):
        lower[place, : place + 1] = row
    over_all = lower + np.tril(lower, -1).T
    return Covariance(MEAN, over_all * NUMBER / (NUMBER - 1), NUMBER)


def levels(natural, z):
    """Concentrations, shape (P, 9): three exponentials, over what a log-normal error adds to their mean."""
    one, two, three, four, ka = (natural[:5] * np.exp(natural[5:10] * z)).T[:, :, None]
    out, over, back = one / two, four / two, four / three
    both = out + over + back
    root = np.sqrt(both**2 - 4.0 * out * back)
    fast, slow = 0.5 * (both + root), 0.5 * (both - root)
    level = (
        (back - fast) / ((ka - fast) * (slow - fast)) * np.exp(-fast * HOURS)
        + (back - slow) / ((ka - slow) * (fast - slow)) * np.exp(-slow * HOURS)
        + (back - ka) / ((fast - ka) * (slow - ka)) * np.exp(-ka * HOURS)
    )
    return DOSE * ka / two * level / np.sqrt(1.0 + natural[10] ** 2)


def problem(patients, seed=1):
    """Its posterior under priors so wide that they move the top by less than a hundredth of its error."""
    spreads = {f"spread_of_{name}": Prior(0.3, 1.0) for name in NAMES}
    medians = {name: Prior(value, 1.0) for name, value in zip(NAMES, START, strict=True)}
    uniform = points("sobol", NAMES, np.arange(patients), seed=seed)
    return Fit(
        parameters(**medians, **spreads, error=Prior(0.2, 1.0)),
        HOURS,
        levels,
        normal_quantile(uniform),
        published(),
        "lognormal",
        # A log-normal error of this deviation has the mean and variance of a proportional one.
        lambda natural: float(np.sqrt(np.log1p(natural[10] ** 2))),
    )


def objective(fit, free):
    """The number that admixr2 prints: minus twice the log-likelihood, without the constants of the data."""
    seen = fit.observation
    at_best = mean_and_covariance_of(seen.mean, seen.covariance, NUMBER, seen.mean, over_all(seen))
    theirs = NUMBER * (np.linalg.slogdet(over_all(seen))[1] + HOURS.size)
    return theirs + 2.0 * (at_best - fit(free).log_likelihood)


def over_all(seen):
    """The covariance over the number of subjects."""
    return seen.covariance * (NUMBER - 1) / NUMBER


@pytest.fixture(scope="module")
def fitted():
    """The fit, the end of a search from where admr starts, and its covariance from the curvature there."""
    fit = problem(POINTS)
    found = climb(fit, fit.free_parameters.centre())
    assert found.converged
    return fit, found.end, np.linalg.inv(-hessian_of(fit, found.end))


@pytest.fixture(scope="module")
def printed():
    """What admixr2 printed, on the free scale: logarithms."""
    return np.concatenate([PRINTED, 0.5 * np.log([*PRINTED_VARIANCES, PRINTED_ERROR_VARIANCE])])


def test_the_likelihood_at_the_printed_estimates_is_the_printed_one(printed):
    """Other points of as many differ by as much."""
    found = [objective(problem(POINTS, seed), printed) for seed in range(1, 9)]
    assert abs(np.mean(found) - PRINTED_OBJECTIVE) < SAMPLING * np.std(found, ddof=1)


def test_the_printed_estimates_are_recovered(fitted, printed):
    """And with them their standard errors and the likelihood at the top."""
    fit, end, covariance = fitted
    error = np.sqrt(np.diag(covariance))
    assert (np.abs(end - printed) < OF_PRINTED_ERROR * error).all()
    np.testing.assert_allclose(error[:5], PRINTED_ERRORS, rtol=PRINTED_ERROR)
    assert objective(fit, end) == pytest.approx(PRINTED_OBJECTIVE, abs=EMULATED_LIKELIHOOD)


def test_the_truth_is_within_the_errors_of_the_fit(fitted):
    """The subjects were simulated with known parameters."""
    _, end, covariance = fitted
    away = end - np.log(TRUTH)
    assert stats.chi2(away.size).sf(away @ np.linalg.solve(covariance, away)) > 0.01


def test_mean_and_covariance_are_normal_and_wishart():
    """Densities of SciPy, at several predictions at once."""
    seen = published()
    factors = np.array([0.8, 1.0, 1.3])
    predicted = factors[:, None] * seen.mean
    spreads = factors[:, None, None] * seen.covariance
    found = mean_and_covariance_of(seen.mean, seen.covariance, NUMBER, predicted, spreads)
    wanted = [
        stats.multivariate_normal(mean, spread / NUMBER).logpdf(seen.mean)
        + stats.wishart(NUMBER - 1, spread / (NUMBER - 1)).logpdf(seen.covariance)
        for mean, spread in zip(predicted, spreads, strict=True)
    ]
    np.testing.assert_allclose(found, wanted, rtol=QUADRATIC)


def test_mean_and_covariance_say_what_the_patients_say():
    """For normal values both likelihoods differ by a constant of the data."""
    rng = np.random.default_rng(1)
    values = rng.normal(size=(12, 3)) @ rng.normal(size=(3, 3))
    mean, covariance = values.mean(axis=0), np.cov(values, rowvar=False)
    constants = []
    for shift, factor in ((0.0, 1.0), (0.3, 1.4), (-0.5, 0.7)):
        spread = factor * covariance + 0.1 * np.eye(3)
        own = stats.multivariate_normal(mean + shift, spread).logpdf(values).sum()
        constants.append(own - mean_and_covariance_of(mean, covariance, 12, mean + shift, spread))
    np.testing.assert_allclose(constants, constants[0], rtol=QUADRATIC)


def test_impossible_covariances_are_no_number_or_refused():
    one = np.eye(2)
    predictions = np.stack([one, np.diag([1.0, -1.0]), -one])
    np.testing.assert_array_equal(np.isnan(covariance_of(one, 10, predictions)), [False, True, True])
    with pytest.raises(ParameterError, match="more than 2 patients, not 2"):
        covariance_of(one, 2, one)
    for bad in (-one, np.array([[1.0, 0.5], [0.0, 1.0]]), np.ones((2, 3))):
        with pytest.raises(ParameterError, match="symmetric"):
            covariance_of(bad, 10, one)
