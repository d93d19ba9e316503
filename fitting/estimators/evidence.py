"""Marginal likelihood from draws of a posterior, by a bridge to a normal distribution."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from ...model.errors import ParameterError
from .posterior import Posterior, log_posteriors, points_about

Array = NDArray[np.float64]

SETTLED = 1e-10  # change of the logarithm that ends the iteration
MOST_STEPS = 1000


@dataclass(frozen=True, slots=True)
class Evidence:
    """Logarithm of a marginal likelihood, with its standard error if all draws are independent."""

    log_evidence: float
    error: float


def evidence(posterior: Posterior, draws: ArrayLike, *, seed: int) -> Evidence:
    """Marginal likelihood of a posterior whose prior and likelihood are both normalised.

    Half the draws shape the normal distribution, the other half cross the bridge from it.

    Parameters
    ----------
    posterior : Posterior
    draws : array_like, shape (R, n)
        Of this posterior; thinned until about independent.
    seed : int
        Of the points of the normal distribution.

    Raises
    ------
    ParameterError
        If there are fewer than four draws a parameter.

    References
    ----------
    1. Meng, Wong: Simulating ratios of normalizing constants via a simple identity. Statistica Sinica 6
       (1996) 831
    2. Frühwirth-Schnatter: Estimating marginal likelihoods for mixture and Markov switching models using
       bridge sampling techniques. The Econometrics Journal 7 (2004) 143, equation 21,
       doi:10.1111/j.1368-423X.2004.00125.x
    """
    rows = np.asarray(draws, dtype=np.float64)
    if len(rows) < 4 * rows.shape[1]:
        raise ParameterError(f"{len(rows)} draws are too few for the evidence of {rows.shape[1]} parameters")
    shaping, crossing = rows[::2], rows[1::2]
    centre, covariance = shaping.mean(axis=0), np.atleast_2d(np.cov(shaping.T))
    normal = multivariate_normal(centre, covariance)
    points = points_about(centre, covariance, len(crossing), seed=seed)
    at_draws = log_posteriors(posterior, crossing) - np.atleast_1d(normal.logpdf(crossing))
    at_points = log_posteriors(posterior, points) - np.atleast_1d(normal.logpdf(points))
    own = np.log(len(crossing) / (len(crossing) + len(points)))
    other = np.log(len(points) / (len(crossing) + len(points)))
    found = float(np.median(at_draws))
    for _ in range(MOST_STEPS):
        upper = logsumexp(at_points - np.logaddexp(own + at_points, other + found)) - np.log(len(points))
        lower = logsumexp(-np.logaddexp(own + at_draws, other + found)) - np.log(len(crossing))
        before, found = found, float(upper - lower)
        if abs(found - before) < SETTLED:
            break
    return Evidence(found, _error(at_draws, at_points, found, own, other))


def _error(at_draws: Array, at_points: Array, found: float, own: float, other: float) -> float:
    """Relative standard error of the ratio (reference 2 of `evidence`)."""
    above = np.exp(at_points - np.logaddexp(own + at_points, other + found))
    below = np.exp(-np.logaddexp(own + at_draws, other + found))
    parts = (above.var() / above.mean() ** 2 / above.size, below.var() / below.mean() ** 2 / below.size)
    return float(np.sqrt(sum(parts)))
