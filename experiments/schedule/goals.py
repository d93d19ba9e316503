"""Goals of a schedule: what of each person counts, and the number that is made large."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Columns = Mapping[str, NDArray[Any]]
Estimate = Callable[[Array, Array, float], Array]


def mean(values: Array, weights: Array, at: float) -> Array:
    """Weighted means of the values that are known.

    Parameters
    ----------
    values : ndarray, shape (P, 1)
        NaN where a person cannot be judged.
    weights : ndarray, shape (W, P)
        Sets of weights.
    at : float
        Not used.

    Returns
    -------
    ndarray, shape (W,)
        NaN where nobody with weight is known.
    """
    known = np.isfinite(values[:, 0])
    total = weights @ known.astype(np.float64)
    summed = weights @ np.where(known, values[:, 0], 0.0)
    return np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0.0)


def survival_steps(values: Array, weights: Array) -> tuple[Array, Array]:
    """Product-limit curves under sets of weights.

    Parameters
    ----------
    values : ndarray, shape (P, 2)
        d and whether the event was seen (1) or follow-up ended (0); NaN rows do not count.
    weights : ndarray, shape (W, P)

    Returns
    -------
    times : ndarray, shape (J,)
        Distinct times, ascending.
    survival : ndarray, shape (W, J)
        Share without event just after each; NaN where nobody has weight.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-81.
    """
    known = np.flatnonzero(np.isfinite(values).all(axis=1))
    if not known.size:
        return np.zeros(1), np.full((weights.shape[0], 1), np.nan)
    order = known[np.argsort(values[known, 0], kind="stable")]
    times, first = np.unique(values[order, 0], return_index=True)
    weighted = weights[:, order]
    ended = np.add.reduceat(weighted, first, axis=1)
    events = np.add.reduceat(weighted * values[order, 1], first, axis=1)
    at_risk = np.cumsum(ended[:, ::-1], axis=1)[:, ::-1]
    hazard = np.divide(events, at_risk, out=np.zeros_like(events), where=at_risk > 0.0)
    survival = np.cumprod(1.0 - np.minimum(hazard, 1.0), axis=1)
    survival[at_risk[:, 0] <= 0.0] = np.nan
    return times, survival


def survival_at(values: Array, weights: Array, at: float) -> Array:
    """Share without event at a time, shape (W,), as `survival_steps` takes values and weights."""
    times, survival = survival_steps(values, weights)
    place = int(np.searchsorted(times, at, side="right"))
    if place == 0:
        return np.where(np.isnan(survival[:, 0]), np.nan, 1.0)
    return survival[:, place - 1]


def median_time(values: Array, weights: Array, at: float) -> Array:
    """First time with at most half left, shape (W,); ``at``, if that is not reached up to there."""
    times, survival = survival_steps(values, weights)
    reached = survival <= 0.5 + 1e-12
    found = np.where(reached.any(axis=1), times[np.argmax(reached, axis=1)], at)
    return np.where(np.isnan(survival[:, 0]), np.nan, np.minimum(found, at))


def restricted_mean(values: Array, weights: Array, at: float) -> Array:
    """Area under the product-limit curve up to a time, shape (W,)."""
    times, survival = survival_steps(values, weights)
    edges = np.clip(np.concatenate([[0.0], times, [max(at, times[-1])]]), 0.0, at)
    heights = np.concatenate([np.ones((survival.shape[0], 1)), survival], axis=1)
    return np.asarray(heights @ np.diff(edges))


@dataclass(frozen=True, slots=True)
class Goal:
    """A number to make large.

    Attributes
    ----------
    label, unit : str
        In words, and what it is told in.
    columns : tuple of str
        Columns of an arm's table that it needs of each person.
    estimate : callable
        From values of shape (P, C), weights of shape (W, P) and a time to W numbers.
    timed : bool
        Whether the protocol must say a time.
    factor : float
        By which a column is multiplied; -1 where small is good.
    """

    label: str
    unit: str
    columns: tuple[str, ...]
    estimate: Estimate = mean
    timed: bool = False
    factor: float = 1.0

    def values(self, table: Columns) -> Array:
        """What it needs of each person, shape (P, C); NaN for one whose simulation failed."""
        found = np.stack([np.asarray(table[name], dtype=np.float64) for name in self.columns], axis=1)
        found[:, 0] *= self.factor
        found[np.asarray(table["status"]) < 0] = np.nan
        return found


PFS = ("pfs_time", "pfs_event")
GOALS: Mapping[str, Goal] = {
    "stable_3m": Goal("no progression at the scan of disease control", "%", ("stable_3m",), factor=100.0),
    "orr": Goal("objective responses", "%", ("responded",), factor=100.0),
    "shrinkage": Goal("mean best shrinkage of the sum of diameters", "%", ("best_change",), factor=-1.0),
    "pfs_at": Goal("free of progression", "share", PFS, survival_at, timed=True),
    "median_pfs": Goal("median progression-free survival", "d", PFS, median_time, timed=True),
    "mean_pfs": Goal("restricted mean progression-free survival", "d", PFS, restricted_mean, timed=True),
    "cd8_sustained": Goal("sustained activation of CD8 cells", "%", ("cd8_sustained",), factor=100.0),
    "cd8_ratio": Goal("measured activated CD8 over baseline", "times", ("cd8_ratio",)),
    "activated_cd8": Goal("true mean of activated CD8 over baseline", "times", ("true_cd8_ratio",)),
    "em_rise": Goal("rise of effector-memory CD8", "%", ("em_rise",), factor=100.0),
}
