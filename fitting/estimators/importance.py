"""Importance weights with a Pareto-smoothed tail, and whether they can be trusted."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import logsumexp

from ...model.errors import ParameterError

Array = NDArray[np.float64]

TRUSTED = 0.7  # largest tail shape at which weighted means still settle; reference 2 of `smooth`
FEWEST_IN_TAIL = 5  # a tail of fewer is not fitted
SHARE_IN_TAIL = 0.2
PRIOR_SHAPE, PRIOR_COUNT = 0.5, 10.0  # what the shape is drawn towards in short tails, and by how many draws


@dataclass(frozen=True, slots=True)
class Weighted:
    """Draws with weights.

    Attributes
    ----------
    draws : ndarray, shape (R, n)
    weights : ndarray, shape (R,)
        Sum to 1.
    shape : float
        Shape k of the tail of the raw weights; infinite if nothing could be weighted.
    effective_size : float
        Number of equally weighted draws that are worth as much.
    log_mean : float
        Logarithm of the mean raw weight: of the ratio of the two normalising constants.
    """

    draws: Array
    weights: Array
    shape: float
    effective_size: float
    log_mean: float

    @property
    def trusted(self) -> bool:
        """Whether means under these weights settle."""
        return self.shape < TRUSTED

    @property
    def mean(self) -> Array:
        """Weighted mean, shape (n,)."""
        return np.asarray(self.weights @ self.draws)

    @property
    def covariance(self) -> Array:
        """Weighted covariance, shape (n, n)."""
        away = self.draws - self.mean
        return np.asarray((self.weights[:, np.newaxis] * away).T @ away)

    def resampled(self, count: int, *, seed: int) -> Array:
        """Draws with equal weights, by systematic resampling; shape (count, n)."""
        offset = np.random.default_rng(seed).random()
        places = np.searchsorted(np.cumsum(self.weights), (np.arange(count) + offset) / count)
        return np.asarray(self.draws[np.minimum(places, len(self.weights) - 1)])


def correct(draws: ArrayLike, approximate: ArrayLike, exact: ArrayLike) -> Weighted:
    """Weight draws of an approximate posterior so that they stand for the exact one.

    Parameters
    ----------
    draws : array_like, shape (R, n)
    approximate, exact : array_like, shape (R,)
        Log-posterior of each draw, each up to a constant of its own; an exact one may be minus infinity.

    Raises
    ------
    ParameterError
        If lengths differ, an approximate value is not finite, or an exact one is NaN or plus infinity.
    """
    rows = np.asarray(draws, dtype=np.float64)
    old, new = np.asarray(approximate, dtype=np.float64), np.asarray(exact, dtype=np.float64)
    if not len(rows) == len(old) == len(new):
        raise ParameterError(f"{len(rows)} draws have {len(old)} approximate and {len(new)} exact values")
    if not np.isfinite(old).all() or np.isnan(new).any() or np.isposinf(new).any():
        raise ParameterError("draws can be weighted only by log-posteriors that are numbers")
    log_weights, shape = smooth(new - old)
    if np.isinf(shape) and not np.isfinite(log_weights).any():
        return Weighted(rows, np.full(len(rows), np.nan), np.inf, 0.0, -np.inf)
    weights = np.exp(log_weights - logsumexp(log_weights))
    log_mean = float(logsumexp(log_weights) - np.log(len(rows)))
    return Weighted(rows, weights, shape, float(1.0 / (weights**2).sum()), log_mean)


def smooth(log_ratios: ArrayLike) -> tuple[Array, float]:
    """Logarithms of importance weights with the largest smoothed, and the shape of their tail.

    The largest weights are replaced by the expected order statistics of the generalised Pareto distribution
    that fits them, and none stays above the largest raw one.

    Parameters
    ----------
    log_ratios : array_like, shape (R,)
        Log-density wanted less log-density drawn from; minus infinity is a weight of 0.

    Returns
    -------
    tuple
        Log-weights, shape (R,), on the scale of the ratios; and the shape, infinite if the tail is too short
        to be fitted, minus infinity if all its weights are the same.

    References
    ----------
    1. Vehtari, Simpson, Gelman, Yao, Gabry: Pareto smoothed importance sampling. Journal of Machine Learning
       Research 25 (2024) 72, section 3
    2. The same, section 3.2.4: weighted means are reliable while the shape is below 0.7.
    """
    ratios = np.asarray(log_ratios, dtype=np.float64)
    highest = float(ratios.max(initial=-np.inf))
    length = int(np.ceil(min(SHARE_IN_TAIL * ratios.size, 3.0 * np.sqrt(ratios.size))))
    if not np.isfinite(highest) or length < FEWEST_IN_TAIL or ratios.size <= length:
        return ratios.copy(), np.inf
    order = np.argsort(ratios, kind="stable")
    cut = float(np.exp(ratios[order[-length - 1]] - highest))
    above = np.exp(ratios[order[-length:]] - highest) - cut
    if above[-1] <= np.finfo(float).eps:
        return ratios.copy(), -np.inf
    kept = above > np.finfo(float).eps  # those that equal the cut are not of the tail
    tail, excess = order[-length:][kept], above[kept]
    length = excess.size
    if length < FEWEST_IN_TAIL or excess[-1] == excess[0]:
        return ratios.copy(), np.inf
    shape, scale = fit_pareto(excess)
    shape = (shape * length + PRIOR_SHAPE * PRIOR_COUNT) / (length + PRIOR_COUNT)
    levels = (np.arange(length) + 0.5) / length
    smoothed = cut + pareto_quantile(levels, shape, scale)
    weights = ratios.copy()
    weights[tail] = np.minimum(np.log(smoothed), 0.0) + highest
    return weights, float(shape)


def fit_pareto(excess: ArrayLike) -> tuple[float, float]:
    """Shape and scale of the generalised Pareto distribution of values from 0 on, sorted upwards.

    The posterior mean of the ratio of shape and scale under a weak prior from the data; a heavy tail has a
    positive shape.

    Parameters
    ----------
    excess : array_like, shape (m,)

    References
    ----------
    1. Zhang, Stephens: A new and efficient estimation method for the generalized Pareto distribution.
       Technometrics 51 (2009) 316, doi:10.1198/tech.2009.08017
    """
    values = np.asarray(excess, dtype=np.float64)
    candidates = 30 + int(np.sqrt(values.size))
    place = np.arange(1, candidates + 1) - 0.5
    quartile = values[int(values.size / 4.0 + 0.5) - 1]
    ratio = (1.0 - np.sqrt(candidates / place)) / (3.0 * quartile) + 1.0 / values[-1]
    shapes = np.log1p(-ratio[:, np.newaxis] * values).mean(axis=1)
    profile = values.size * (np.log(-ratio / shapes) - shapes - 1.0)
    chosen = float(np.exp(profile - logsumexp(profile)) @ ratio)
    shape = float(np.log1p(-chosen * values).mean())
    return shape, -shape / chosen


def pareto_quantile(levels: ArrayLike, shape: float, scale: float) -> Array:
    """Quantiles of the generalised Pareto distribution from 0 on."""
    level = np.asarray(levels, dtype=np.float64)
    if abs(shape) < 1e-12:
        return np.asarray(-scale * np.log1p(-level))
    return np.asarray(scale * np.expm1(-shape * np.log1p(-level)) / shape)
