"""What an estimator needs to know of a posterior: the faces that the exact one, emulators and tests share."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ...model.errors import ParameterError
from ...model.randomness import normal_quantile
from ...model.sampling import points
from ..free_parameters import FreeParameters
from ..objective import Evaluation

Array = NDArray[np.float64]

IMPOSSIBLE = float("-inf")
ONE_DEVIATION = float(ndtr(1.0))  # probability that a normal is less than one deviation above its mean
PRIOR_LEVELS = 4096  # quantiles that stand for a prior when its variance is taken


class Posterior(Protocol):
    """Log-posterior as a function of the free scale; minus infinity where a patient fails."""

    @property
    def free_parameters(self) -> FreeParameters:
        """What moves, with its prior."""

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior at a point, shape (n,)."""


class Differentiable(Posterior, Protocol):
    """A posterior that knows its slope."""

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        """The posterior at a point and its gradient on the free scale, shape (n,)."""


@runtime_checkable
class Vectorised(Protocol):
    """A posterior that is cheaper at many points at once."""

    def many(self, points: ArrayLike) -> Array:
        """Log-posterior at points of shape (R, n), shape (R,)."""


class Summarised(Posterior, Protocol):
    """A posterior that looks at a simulation through summaries alone, so that these may be emulated."""

    def predict(self, free: ArrayLike) -> Any:
        """Predictions of every arm of every card, by their ids."""

    def summaries(self, predictions: Any) -> Mapping[str, Array]:
        """Summary of every observation, by its name."""

    def terms(self, summaries: Mapping[str, Array]) -> Mapping[str, Array]:
        """Log-likelihood of every observation, shape (...), given summaries of shape (..., L)."""


def log_posterior(posterior: Posterior, point: ArrayLike) -> float:
    """Log-posterior at a point; one that is not a number makes the point impossible."""
    value = posterior(point).log_posterior
    return IMPOSSIBLE if np.isnan(value) else float(value)


def log_posteriors(posterior: Posterior, points: ArrayLike) -> Array:
    """Log-posterior at points of shape (R, n), shape (R,), at once where the posterior can do that."""
    rows = np.asarray(points, dtype=np.float64)
    if isinstance(posterior, Vectorised):
        values = np.asarray(posterior.many(rows), dtype=np.float64)
        return np.where(np.isnan(values), IMPOSSIBLE, values)
    return np.array([log_posterior(posterior, row) for row in rows])


def judged(posterior: Summarised, summaries: Mapping[str, Array], points: Array) -> Array:
    """Log-posterior of points of shape (R, n) whose summaries have shapes (R, L), shape (R,)."""
    terms = posterior.terms(summaries)
    total = np.sum(list(terms.values()), axis=0) + posterior.free_parameters.log_prior(points)
    return np.where(np.isfinite(total), total, IMPOSSIBLE)


def prior_scale(free_parameters: FreeParameters) -> Array:
    """Half the distance between the prior's quantiles one deviation either side, shape (n,), free scale."""
    low, high = free_parameters.draw(
        np.outer([1.0 - ONE_DEVIATION, ONE_DEVIATION], np.ones(len(free_parameters)))
    )
    return np.asarray(high - low) / 2.0


def prior_box(free_parameters: FreeParameters, share: float) -> tuple[Array, Array]:
    """Ends, shape (n,) each, of the central ``share`` of every parameter's prior, on the free scale."""
    tail = (1.0 - share) / 2.0
    low, high = free_parameters.draw(np.outer([tail, 1.0 - tail], np.ones(len(free_parameters))))
    return low, high


def prior_variance(free_parameters: FreeParameters) -> Array:
    """Variance of every parameter's prior on the free scale, shape (n,)."""
    levels = (np.arange(PRIOR_LEVELS) + 0.5) / PRIOR_LEVELS
    return np.asarray(free_parameters.draw(np.outer(levels, np.ones(len(free_parameters)))).var(axis=0))


def prior_points(free_parameters: FreeParameters, count: int, *, seed: int) -> Array:
    """Points that fill the prior evenly, shape (count, n), free scale.

    A scrambled Sobol sequence: the first of more points are the same points.

    Raises
    ------
    ParameterError
        If ``count`` is below one.
    """
    return free_parameters.draw(_levels(free_parameters.names, count, seed))


def points_about(centre: ArrayLike, covariance: ArrayLike, count: int, *, seed: int) -> Array:
    """Points that fill a normal distribution evenly, shape (count, n).

    Parameters
    ----------
    centre : array_like, shape (n,)
    covariance : array_like, shape (n, n)
    count, seed
        As of `prior_points`.

    Raises
    ------
    ParameterError
        If the covariance is not positive definite, or ``count`` is below one.
    """
    middle = np.asarray(centre, dtype=np.float64)
    try:
        factor = np.linalg.cholesky(np.asarray(covariance, dtype=np.float64))
    except np.linalg.LinAlgError:
        raise ParameterError("points about a centre need a covariance that is positive definite") from None
    names = [f"direction {place}" for place in range(middle.size)]
    return np.asarray(middle + normal_quantile(_levels(names, count, seed)) @ factor.T)


def _levels(names: Sequence[str], count: int, seed: int) -> Array:
    if count < 1:
        raise ParameterError(f"count = {count!r} must be a whole number from 1 on")
    return points("sobol", names, np.arange(count, dtype=np.int64), seed=seed)
