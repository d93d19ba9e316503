"""How probable a trial's findings are under each structure: mixtures over the draws of its parameters.

Given a draw, means of samples are Gaussian and counts binomial. A mixture over some hundred draws is too
coarse where a trial is large, so each draw stands for its neighbourhood: a Gaussian kernel of the width of
Silverman's rule in as many directions as are told apart, about centres drawn together so that the mixture
keeps the mean and covariance of the draws. In few directions that is the mixture itself, in many it is the
Gaussian with the moments of the draws.

References
----------
West M. Journal of the Royal Statistical Society B 1993;55:409-22, doi 10.1111/j.2517-6161.1993.tb01911.x.
Silverman BW. Density Estimation for Statistics and Data Analysis. Chapman and Hall 1986, equation 4.14.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import linalg

from .moments import Moments

Array = NDArray[np.float64]
MOST_DIRECTIONS = 12  # in which findings are told apart
LEAST_VARIANCE = 1e-3  # of a direction's mean over draws and structures, in units of the trial's own error


@dataclass(frozen=True, slots=True)
class _Kernel:
    """Mixture of one structure: centres (D, Q) divided by the kernel's width, and logarithms of shares."""

    whiten: Array
    centres: Array
    constant: float
    log_share: Array
    log_other: Array


@dataclass(frozen=True, slots=True)
class Likelihood:
    """Likelihood of what a trial of given size finds in some of its readings.

    Attributes
    ----------
    samples, counts : ndarray of int
        Places of the averaged and of the counted readings that are used.
    sizes : ndarray, shape (counts,)
    origin, directions : ndarray, shapes (samples,) and (samples, Q)
        Findings are told apart by ``(x - origin) @ directions``.
    """

    samples: NDArray[np.intp]
    counts: NDArray[np.intp]
    sizes: Array
    origin: Array
    directions: Array
    kernels: tuple[_Kernel, ...]

    def log_marginal(self, found: Array, without: NDArray[np.int64] | None = None) -> Array:
        """Logarithm of the likelihood of each trial under each structure, shape (R, H).

        Parameters
        ----------
        found : ndarray, shape (R, C)
            Findings, all readings of the trial.
        without : ndarray of int, shape (R,), optional
            A draw that each trial may not use: the one it was simulated with.
        """
        place = (found[:, self.samples] - self.origin) @ self.directions
        number = found[:, self.counts]
        columns = [self._under(kernel, place, number, without) for kernel in self.kernels]
        return np.stack(columns, axis=1)

    def _under(
        self, kernel: _Kernel, place: Array, number: Array, without: NDArray[np.int64] | None
    ) -> Array:
        white = place @ kernel.whiten
        squares = (white**2).sum(axis=1)[:, None] + (kernel.centres**2).sum(axis=1)
        terms = white @ kernel.centres.T - 0.5 * squares - kernel.constant
        terms += number @ kernel.log_share.T + (self.sizes - number) @ kernel.log_other.T
        used = terms.shape[1]
        if without is not None and used > 1:
            terms[np.arange(len(terms)), without] = -np.inf
            used -= 1
        return log_sum(terms) - np.log(used)


def log_sum(terms: Array) -> Array:
    """Logarithm of the sum of exponentials along the last axis."""
    top = terms.max(axis=-1, keepdims=True)
    return np.asarray(np.log(np.exp(terms - top).sum(axis=-1)) + top[..., 0])


def likelihood_of(
    pools: Sequence[Moments], chosen: NDArray[np.intp], is_count: NDArray[np.bool_], sizes: Array
) -> Likelihood:
    """Likelihood of the chosen readings in trials of given sizes.

    Parameters
    ----------
    pools : sequence of Moments, H of them
        What each structure predicts.
    chosen : ndarray of int
        Places of the readings that are used.
    is_count : ndarray of bool, shape (C,)
    sizes : ndarray, shape (C,)
        Patients behind each reading.
    """
    samples, counts = chosen[~is_count[chosen]], chosen[is_count[chosen]]
    scale = 1.0 / np.sqrt(sizes[samples])
    errors = [pool.noise[np.ix_(samples, samples)] * scale[:, None] * scale for pool in pools]
    stacked = np.concatenate([pool.means[:, samples] for pool in pools])
    origin = stacked.mean(axis=0)
    directions = _directions(stacked - origin, np.mean(errors, axis=0))
    kernels = []
    for pool, error in zip(pools, errors, strict=True):
        own = (pool.means[:, samples] - origin) @ directions
        draws, across = own.shape
        width = (4.0 / ((across + 2.0) * draws)) ** (1.0 / (across + 4.0)) if across else 0.0
        width = min(1.0, width)
        middle = own.mean(axis=0)
        spread = np.atleast_2d(np.cov(own.T)) if draws > 1 and across else np.zeros((across, across))
        centres = middle + np.sqrt(1.0 - width**2) * (own - middle)
        covariance = directions.T @ error @ directions + width**2 * spread.reshape(across, across)
        root = linalg.cholesky(covariance, lower=True) if across else np.zeros((0, 0))
        whiten = linalg.solve_triangular(root, np.eye(across), lower=True).T if across else root
        persons = len(pool.persons.draw) / draws
        share = (pool.means[:, counts] * persons + 0.5) / (persons + 1.0)
        kernels.append(
            _Kernel(
                whiten,
                centres @ whiten,
                float(np.log(np.diag(root)).sum()),
                np.log(share),
                np.log1p(-share),
            )
        )
    return Likelihood(samples, counts, sizes[counts], origin, directions, tuple(kernels))


def _directions(means: Array, error: Array) -> Array:
    """Directions in which the means of draws and structures differ, by the error of the trial; (m, Q)."""
    if not error.size:
        return np.zeros((0, 0))
    root = linalg.cholesky(error, lower=True)
    white = linalg.solve_triangular(root, means.T, lower=True)
    variances, vectors = linalg.eigh(white @ white.T / means.shape[0])
    kept = [k for k in range(len(variances) - 1, -1, -1) if variances[k] > LEAST_VARIANCE][:MOST_DIRECTIONS]
    return np.asarray(linalg.solve_triangular(root, vectors[:, kept], lower=True, trans="T"))
