"""A posterior whose summaries are read off surfaces through a bank of draws instead of simulated."""

from collections.abc import Callable, Mapping
from copy import copy

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.errors import ParameterError
from ..objective import FAILED, Evaluation
from .bank import Bank
from .posterior import Summarised, judged, prior_scale
from .surface import Surface, fit_surface, one_thread

Array = NDArray[np.float64]

FEWEST = 10  # draws without failed patients that a surface goes through
STEP = 1e-4  # of differences, in deviations of the prior
BEYOND = "beyond the draws of the bank"


class Emulator:
    """Posterior with emulated summaries.

    A point further from the middle of the draws than any of them, in their own spread, is impossible:
    surfaces are not asked where nothing was simulated.

    Parameters
    ----------
    bank : Bank
        Draws with failed patients are left out.
    posterior : Summarised
        That judges summaries, and knows the prior.
    within : float, optional
        Emulate only draws whose log-posterior is at most so far below the best one, or the best ones if these
        are too few for a quadratic.
    inputs : mapping of str to array_like, shape (q, n), optional
        Sums of parameters that move an observation, as of `inputs_of`; else every parameter.

    Raises
    ------
    ParameterError
        If the bank is of other parameters or has too few draws.

    Attributes
    ----------
    rows : ndarray of int
        Draws of the bank that are emulated.
    exact : ndarray
        Log-posterior of each of these, from its own summaries.
    """

    def __init__(
        self,
        bank: Bank,
        posterior: Summarised,
        *,
        within: float | None = None,
        inputs: Mapping[str, ArrayLike] | None = None,
    ) -> None:
        if bank.names != posterior.free_parameters.names:
            raise ParameterError("the bank was filled for other free parameters; fill one for these")
        self.bank, self.posterior = bank, posterior
        self.free_parameters = posterior.free_parameters
        rows = np.flatnonzero(bank.solved)
        if rows.size < FEWEST:
            raise ParameterError(
                f"{rows.size} of the {len(bank)} draws of the bank are without failed patients; an emulator "
                f"needs {FEWEST}: add draws, or draw nearer to the centre of the prior"
            )
        exact = self._judged(bank.summaries[rows], bank.points[rows])
        chosen = _near_the_best(exact, within, len(bank.names))
        self.rows, self.exact = rows[chosen], exact[chosen]
        points = bank.points[self.rows]
        self.scale = prior_scale(self.free_parameters)
        self.middle = points.mean(axis=0)
        spread = np.cov(points.T / self.scale[:, np.newaxis], ddof=0).reshape(len(self.scale), -1)
        self._whiten = np.linalg.pinv(np.linalg.cholesky(spread + 1e-12 * np.eye(len(spread))))
        self.reach = float(self._distance(points).max())
        every = np.eye(len(bank.names))
        self.inputs = {name: np.asarray((inputs or {}).get(name, every)).T for name, _ in bank.layout}
        self.surfaces: dict[str, Surface] = {
            name: fit_surface(points @ self.inputs[name], bank.summaries[self.rows, place])
            for name, place in bank.places.items()
        }

    def judging(self, posterior: Summarised) -> "Emulator":
        """The same surfaces under other data, whose observations have the same summaries.

        Raises
        ------
        ParameterError
            If the posterior is of other parameters.
        """
        if self.bank.names != posterior.free_parameters.names:
            raise ParameterError("the other data are judged by a posterior of other free parameters")
        other = copy(self)
        other.posterior = posterior
        other.exact = other._judged(self.bank.summaries[self.rows], self.bank.points[self.rows])
        return other

    def _judged(self, summaries: Array, points: Array) -> Array:
        """Log-posterior that each row of summaries gives, shape (R,)."""
        return judged(self.posterior, self.bank.apart(summaries), points)

    def _distance(self, points: Array) -> Array:
        """Distance from the middle of the draws in their own spread, shape (R,)."""
        away = (points - self.middle) / self.scale
        return np.asarray(np.linalg.norm(away @ self._whiten.T, axis=1))

    def summaries(self, points: ArrayLike) -> Array:
        """Emulated summaries side by side at points of shape (R, n), shape (R, M)."""
        rows = np.asarray(points, dtype=np.float64)
        with one_thread():
            parts = [self.surfaces[name](rows @ self.inputs[name]) for name, _ in self.bank.layout]
        return np.concatenate(parts, axis=1)

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior that emulated summaries give at a point, shape (n,)."""
        point = np.asarray(free, dtype=np.float64)[np.newaxis]
        log_prior = float(self.free_parameters.log_prior(point[0]))
        if not self.reached(point)[0]:
            return Evaluation(FAILED, log_prior, reason=BEYOND)
        terms = self.posterior.terms(self.bank.apart(self.summaries(point)[0]))
        return Evaluation.of(terms, log_prior)

    def many(self, points: ArrayLike) -> Array:
        """Log-posterior at points of shape (R, n), shape (R,)."""
        rows = np.asarray(points, dtype=np.float64)
        found = np.full(len(rows), FAILED)
        near = self.reached(rows)
        if near.any():
            found[near] = self._judged(self.summaries(rows[near]), rows[near])
        return found

    def judged(self, points: ArrayLike, summaries: Array) -> Array:
        """The same from summaries that were emulated before, shape (R, M)."""
        rows = np.asarray(points, dtype=np.float64)
        return np.where(self.reached(rows), self._judged(summaries, rows), FAILED)

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        """The posterior at a point and its gradient on the free scale, by central differences."""
        return self(free), slope(self.many, np.asarray(free, dtype=np.float64), self.scale)

    def reached(self, points: Array) -> NDArray[np.bool_]:
        """Whether points of shape (R, n) are near enough to draws of the bank, shape (R,)."""
        return np.asarray(self._distance(points) <= self.reach)

    def left_out(self) -> Array:
        """What surfaces through all other draws say of each, shape (len(rows), M)."""
        return np.concatenate([self.surfaces[name].left_out for name, _ in self.bank.layout], axis=1)

    def errors(self) -> dict[str, float]:
        """Root mean square error of every number, each draw left out in turn, by its label."""
        missed = self.left_out() - self.bank.summaries[self.rows]
        return dict(zip(self.bank.labels(), np.sqrt((missed**2).mean(axis=0)).tolist(), strict=True))

    def errors_of_log_posterior(self) -> Array:
        """Emulated less own log-posterior of each draw left out in turn, shape (len(rows),)."""
        return self._judged(self.left_out(), self.bank.points[self.rows]) - self.exact


def slope(function: Callable[[Array], Array], point: Array, scale: Array) -> Array:
    """Gradient by central differences of a function of many points, shape (R, n) to (R,); shape (n,)."""
    steps = np.diag(STEP * scale)
    ends = function(np.concatenate([point + steps, point - steps]))
    with np.errstate(invalid="ignore"):
        return (ends[: point.size] - ends[point.size :]) / (2.0 * STEP * scale)


def _near_the_best(exact: Array, within: float | None, dimensions: int) -> NDArray[np.int64]:
    """Rows not too far below the best, but enough of them for a quadratic, in their order."""
    if within is None:
        return np.arange(exact.size)
    enough = min(exact.size, max(FEWEST, (1 + dimensions) * (2 + dimensions)))
    ranked = np.argsort(-exact, kind="stable")
    count = max(int((exact >= exact.max() - within).sum()), enough)
    return np.sort(ranked[:count])
