"""Whether chains of draws agree, and how many independent draws they are worth.

References
----------
1. Vehtari, Gelman, Simpson, Carpenter, Bürkner: Rank-normalization, folding, and localization: an improved
   R-hat for assessing convergence of MCMC. Bayesian Analysis 16 (2021) 667, doi:10.1214/20-BA1221
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtri
from scipy.stats import rankdata

Array = NDArray[np.float64]

TAILS = (0.05, 0.95)  # quantiles whose effective sizes are told as well


def r_hat(chains: ArrayLike) -> float:
    """Rank-normalised split R-hat, the larger of that of place and of spread.

    Parameters
    ----------
    chains : array_like, shape (C, T)
        C chains of T draws of one number, in their order.

    Returns
    -------
    float
        1 where chains agree; infinite where they do not move.

    References
    ----------
    1. Reference 1 of this file, section 4
    """
    halves = split(chains)
    folded = np.abs(halves - np.median(halves))
    return max(_scale_reduction(_normal_scores(halves)), _scale_reduction(_normal_scores(folded)))


def effective_size(chains: ArrayLike) -> float:
    """Number of independent draws worth as much: the least for the mean and for both tails.

    Parameters
    ----------
    chains : array_like, shape (C, T)

    References
    ----------
    1. Reference 1 of this file, sections 3.2 and 4.3
    """
    halves = split(chains)
    tails = [(halves <= np.quantile(halves, level)).astype(np.float64) for level in TAILS]
    return min(_effective(values) for values in (_normal_scores(halves), *tails))


def split(chains: ArrayLike) -> Array:
    """Both halves of every chain as chains of their own, shape (2 C, T // 2)."""
    values = np.atleast_2d(np.asarray(chains, dtype=np.float64))
    half = values.shape[1] // 2
    return np.concatenate([values[:, :half], values[:, values.shape[1] - half :]])


def _normal_scores(values: Array) -> Array:
    """Normal quantiles of the ranks among all values."""
    ranks = rankdata(values).reshape(values.shape)
    return np.asarray(ndtri((ranks - 0.375) / (values.size + 0.25)))


def _scale_reduction(values: Array) -> float:
    length = values.shape[1]
    within = values.var(axis=1, ddof=1).mean()
    between = values.mean(axis=1).var(ddof=1)
    if within <= 0.0:
        return float("inf")
    return float(np.sqrt((length - 1.0) / length + between / within))


def _effective(values: Array) -> float:
    """Effective size from the autocorrelation over all chains, summed while pairs of lags stay positive."""
    count, length = values.shape
    if length < 4:
        return 0.0
    covariance = _autocovariance(values)
    within = covariance[:, 0].mean() * length / (length - 1.0)
    whole = within * (length - 1.0) / length + (values.mean(axis=1).var(ddof=1) if count > 1 else 0.0)
    if whole <= 0.0:
        return 0.0
    correlation = 1.0 - (within - covariance.mean(axis=0)) / whole
    correlation[0] = 1.0
    pairs = correlation[: length - length % 2].reshape(-1, 2).sum(axis=1)
    ends = np.flatnonzero(pairs <= 0.0)
    kept = np.minimum.accumulate(pairs[: ends[0] if ends.size else pairs.size])
    time = max(-1.0 + 2.0 * kept.sum(), 1.0 / np.log10(max(values.size, 10)))
    return float(values.size / time)


def _autocovariance(values: Array) -> Array:
    """Autocovariance of every chain at every lag, shape of ``values``."""
    length = values.shape[1]
    away = values - values.mean(axis=1, keepdims=True)
    wave = np.fft.rfft(away, n=2 * length, axis=1)
    return np.asarray(np.fft.irfft(np.abs(wave) ** 2, axis=1)[:, :length] / length)
