"""Log-likelihood of a published mean vector with its full covariance matrix over patients.

For normal values the two are independent: the mean is normal, the covariance of a Wishart distribution. Their
product is, up to a constant of the data, the likelihood of the patients themselves.

References
----------
1. Valitalo P. J Pharmacokinet Pharmacodyn 2021;48:623-638, doi 10.1007/s10928-021-09760-1
2. Anderson TW. An Introduction to Multivariate Statistical Analysis (3rd ed. 2003), theorem 3.3.2 and
   section 7.2
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import multigammaln

from ..model.errors import ParameterError
from .likelihoods import mean_of

Array = NDArray[np.float64]


def mean_and_covariance_of(
    mean: ArrayLike, covariance: ArrayLike, number: int, predicted: ArrayLike, predicted_covariance: ArrayLike
) -> Array:
    """Means of ``number`` patients and the covariance of their values, shape (...).

    Parameters
    ----------
    mean : array_like, shape (C,)
        Published.
    covariance : array_like, shape (C, C)
        Published; sums of products over ``number - 1``.
    number : int
        Patients, more than C.
    predicted : array_like, shape (..., C)
        The model's mean.
    predicted_covariance : array_like, shape (..., C, C)
        The model's, of one patient's values; where it is not positive definite the result is not a number.

    Raises
    ------
    ParameterError
        If so few patients have no density, or what was published is no covariance matrix.
    """
    expected = np.asarray(predicted_covariance, dtype=np.float64)
    of_covariance = covariance_of(covariance, number, expected)
    return mean_of(mean, predicted, expected / number) + of_covariance


def covariance_of(covariance: ArrayLike, number: int, predicted: ArrayLike) -> Array:
    """Covariance of the values of ``number`` patients: Wishart about the model's, shape (...).

    Parameters and errors are those of `mean_and_covariance_of`; the density is that of the published matrix.
    """
    seen = np.asarray(covariance, dtype=np.float64)
    size, freedom = len(seen), number - 1.0
    if seen.shape != (size, size) or not np.allclose(seen, seen.T) or np.linalg.eigvalsh(seen)[0] <= 0.0:
        raise ParameterError("a published covariance must be symmetric, with positive eigenvalues")
    if number <= size:
        raise ParameterError(f"the covariance of {size} values needs more than {size} patients, not {number}")
    expected = np.asarray(predicted, dtype=np.float64)
    sign, log_determinant = np.linalg.slogdet(expected)
    possible = (sign > 0.0) & (np.linalg.eigvalsh(expected)[..., 0] > 0.0)
    safe = np.where(possible[..., np.newaxis, np.newaxis], expected, np.eye(size))
    trace = np.trace(np.linalg.solve(safe, np.broadcast_to(seen, safe.shape)), axis1=-2, axis2=-1)
    constant = (
        0.5 * size * freedom * np.log(0.5 * freedom)
        - multigammaln(0.5 * freedom, size)
        + 0.5 * (freedom - size - 1.0) * np.linalg.slogdet(seen)[1]
    )
    found = constant - 0.5 * freedom * (trace + log_determinant)
    return np.where(possible, found, np.nan)
