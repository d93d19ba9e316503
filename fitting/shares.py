"""Shares of a population on a scale without bounds: probits, near to straight in what moves a population."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]

# Added on both sides: a few thousand virtual patients cannot tell a smaller share from none, and what they
# say of one far in a tail is rough in the parameters.
LEAST_SHARE = 1e-4


def probits(shares: ArrayLike) -> Array:
    """Probits of shares between 0 and 1, these included.

    >>> probits([0.0, 0.5, 1.0]).round(2).tolist()
    [-3.72, 0.0, 3.72]
    """
    share = np.clip(np.asarray(shares, dtype=np.float64), 0.0, 1.0)
    return np.asarray(ndtri((share + LEAST_SHARE) / (1.0 + 2.0 * LEAST_SHARE)))


def shares_of(probits: ArrayLike) -> Array:
    """Shares from probits; ends of the scale are `LEAST_SHARE` away from 0 and 1."""
    return np.asarray(ndtr(probits))


def probits_of_categories(shares: ArrayLike) -> Array:
    """Probits of the shares up to each of C categories but the last, shape (..., C - 1)."""
    return probits(np.cumsum(np.asarray(shares, dtype=np.float64), axis=-1)[..., :-1])


def categories_of(probits: ArrayLike) -> Array:
    """Shares of C categories from `probits_of_categories`, shape (..., C); negative where probits fall."""
    up_to = shares_of(probits)
    ends = (*up_to.shape[:-1], 1)
    return np.diff(np.concatenate([np.zeros(ends), up_to, np.ones(ends)], axis=-1), axis=-1)
