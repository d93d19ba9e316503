"""Smooth surface through values at scattered points: a quadratic and a Gaussian process about it.

Several outputs share the process's length scales and ratio of noise, each with a size of its own. The
quadratic is not penalised, so that a quadratic function is met to rounding.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import cho_solve, cholesky, solve_triangular
from scipy.optimize import minimize
from threadpoolctl import ThreadpoolController

Array = NDArray[np.float64]

DRAWS_PER_TERM = 2.0  # a quadratic, or a plane, is fitted only with so many values for each of its terms
MOST_TUNED_ON = 250  # values that length scales are learnt from
LENGTHS = (0.5, 100.0)  # in standard deviations of the inputs
NOISES = (1e-8, 1.0)  # variance of the noise over that of the process
START_LENGTH, START_NOISE = 4.0, 1e-3
LEAST_VARIANCE = 1e-12  # of the variance of an output: what is missed of it does not matter any more
STEPS = 30


@dataclass(frozen=True, slots=True)
class Surface:
    """Surface through Q outputs at R points of n inputs.

    Attributes
    ----------
    inputs : ndarray, shape (R, n)
        Points, scaled by ``centre`` and ``scale``.
    lengths : ndarray, shape (n,)
        Length scales of the process in those units.
    noise : float
    degree : int
        Of the polynomial: 0, 1 or 2.
    coefficients : ndarray, shape (terms, Q)
    weights : ndarray, shape (R, Q)
        Of the process at the points.
    left_out : ndarray, shape (R, Q)
        What the surface through all other points says at each.
    """

    centre: Array
    scale: Array
    inputs: Array
    lengths: Array
    noise: float
    degree: int
    coefficients: Array
    weights: Array
    left_out: Array

    def __call__(self, points: Array) -> Array:
        """Outputs at points of shape (..., n), shape (..., Q)."""
        inputs = (np.atleast_2d(points) - self.centre) / self.scale
        smooth = _terms(inputs, self.degree) @ self.coefficients
        found = smooth + _correlation(inputs, self.inputs, self.lengths) @ self.weights
        return np.asarray(found.reshape(*np.shape(points)[:-1], -1))


def fit_surface(points: Array, outputs: Array) -> Surface:
    """The surface through outputs of shape (R, Q) at points of shape (R, n).

    References
    ----------
    1. Rasmussen, Williams: Gaussian processes for machine learning. MIT Press 2006, sections 2.7 (explicit
       basis functions), 5.4.1 (marginal likelihood) and 5.4.2 (leaving one out)
    """
    if not points.shape[1]:
        return _constant(points, outputs)
    with one_thread():
        return _through(points, outputs)


def _constant(points: Array, outputs: Array) -> Surface:
    """Of outputs that nothing moves."""
    middle, count = outputs.mean(axis=0), len(outputs)
    others = middle + (middle - outputs) / max(count - 1, 1)
    none = np.empty(0)
    return Surface(none, none, points, none, 0.0, 0, middle[np.newaxis], np.zeros_like(outputs), others)


def one_thread() -> AbstractContextManager[Any]:
    """Linear algebra on one thread: several that wait for each other on busy cores cost thirty times more."""
    return _controller().limit(limits=1, user_api="blas")


@cache
def _controller() -> ThreadpoolController:
    return ThreadpoolController()


def _through(points: Array, outputs: Array) -> Surface:
    centre, scale = points.mean(axis=0), _spread(points)
    inputs = (points - centre) / scale
    middle, size = outputs.mean(axis=0), _spread(outputs)
    wanted = (outputs - middle) / size
    degree = _degree(*inputs.shape)
    lengths, noise = _tuned(inputs, wanted, degree)
    factor = cholesky(_correlation(inputs, inputs, lengths) + noise * np.eye(len(inputs)), lower=True)
    terms = _terms(inputs, degree)
    straight = solve_triangular(factor, terms, lower=True)
    basis, upper = np.linalg.qr(straight)
    whitened = solve_triangular(factor, wanted, lower=True)
    coefficients = solve_triangular(upper, basis.T @ whitened)
    weights = solve_triangular(factor, whitened - basis @ (basis.T @ whitened), lower=True, trans="T")
    inverse = solve_triangular(factor, np.eye(len(inputs)), lower=True)
    own = (inverse**2).sum(axis=0) - ((basis.T @ inverse) ** 2).sum(axis=0)
    missed = weights / np.maximum(own, np.finfo(float).tiny)[:, np.newaxis]
    coefficients, weights = coefficients * size, weights * size
    coefficients[0] += middle
    return Surface(
        centre, scale, inputs, lengths, noise, degree, coefficients, weights, outputs - missed * size
    )


def _spread(values: Array) -> Array:
    """Standard deviations; 1 where nothing varies."""
    found = values.std(axis=0)
    return np.where(found > 1e-12 * np.maximum(np.abs(values).max(axis=0), 1e-300), found, 1.0)


def _degree(count: int, dimensions: int) -> int:
    if count >= DRAWS_PER_TERM * (1 + dimensions) * (2 + dimensions) / 2:
        return 2
    return 1 if count >= DRAWS_PER_TERM * (1 + dimensions) else 0


def _terms(inputs: Array, degree: int) -> Array:
    """Terms of a polynomial at each point, shape (R, terms)."""
    columns = [np.ones((len(inputs), 1))]
    if degree > 0:
        columns.append(inputs)
    if degree > 1:
        left, right = np.triu_indices(inputs.shape[1])
        columns.append(inputs[:, left] * inputs[:, right])
    return np.concatenate(columns, axis=1)


def _correlation(left: Array, right: Array, lengths: Array) -> Array:
    """Squared-exponential correlation between points, shape (len(left), len(right))."""
    near, far = left / lengths, right / lengths
    away = (near**2).sum(axis=1)[:, np.newaxis] + (far**2).sum(axis=1) - 2.0 * near @ far.T
    return np.asarray(np.exp(-0.5 * np.maximum(away, 0.0)))


def _tuned(inputs: Array, wanted: Array, degree: int) -> tuple[Array, float]:
    """Length scales and noise under which the outputs are likeliest."""
    dimensions = inputs.shape[1]
    count = min(len(inputs), max(MOST_TUNED_ON, int(DRAWS_PER_TERM * _terms(inputs[:1], degree).shape[1])))
    rows = np.unique(np.linspace(0, len(inputs) - 1, count).astype(int))
    start = np.log(np.concatenate([np.full(dimensions, START_LENGTH), [START_NOISE]]))
    bounds = [tuple(np.log(LENGTHS))] * dimensions + [tuple(np.log(NOISES))]
    likelihood = _Likelihood(inputs[rows], wanted[rows], degree)
    if likelihood.freedom < 1:
        return np.exp(start[:-1]), START_NOISE
    run = minimize(likelihood, start, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
    return np.exp(run.x[:-1]), float(np.exp(run.x[-1]))


class _Likelihood:
    """Negative restricted log-likelihood by the logarithms of length scales and noise, sizes profiled out."""

    def __init__(self, inputs: Array, wanted: Array, degree: int) -> None:
        self.inputs, self.wanted = inputs, wanted
        self.terms = _terms(inputs, degree)
        apart = (inputs[:, np.newaxis, :] - inputs[np.newaxis, :, :]) ** 2
        self.apart = apart.reshape(-1, inputs.shape[1])
        self.freedom = len(inputs) - self.terms.shape[1]

    def __call__(self, logarithms: Array) -> tuple[float, Array]:
        lengths, noise = np.exp(logarithms[:-1]), float(np.exp(logarithms[-1]))
        correlation = _correlation(self.inputs, self.inputs, lengths)
        factor = cholesky(correlation + noise * np.eye(len(self.inputs)), lower=True)
        basis, upper = np.linalg.qr(solve_triangular(factor, self.terms, lower=True))
        side = solve_triangular(factor, basis, lower=True, trans="T")
        inverse = cho_solve((factor, True), np.eye(len(self.inputs))) - side @ side.T
        weights = inverse @ self.wanted
        variance = np.maximum((self.wanted * weights).sum(axis=0) / self.freedom, 0.0) + LEAST_VARIANCE
        outputs = self.wanted.shape[1]
        logdet = 2.0 * np.log(np.diag(factor)).sum() + 2.0 * np.log(np.abs(np.diag(upper))).sum()
        value = 0.5 * self.freedom * np.log(variance).sum() + 0.5 * outputs * logdet
        pull = outputs * inverse - (weights / variance) @ weights.T
        slope = np.empty(logarithms.size)
        slope[:-1] = 0.5 * (pull * correlation).reshape(-1) @ self.apart / lengths**2
        slope[-1] = 0.5 * noise * np.trace(pull)
        return float(value), slope
