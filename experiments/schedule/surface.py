"""What persons under many schedules tell: values, paired differences to the best, and how flat it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.randomness import exponentials
from .goal_values import Values
from .goals import GOALS
from .grid import Candidate

Array = NDArray[np.float64]
RESAMPLES = 400  # of persons: an error known to 4 %
WITHIN = 2.0  # paired standard errors that do not tell a schedule from the best


@dataclass(frozen=True, slots=True)
class Surface:
    """Values of a goal over S schedules.

    Attributes
    ----------
    value : ndarray, shape (S,)
        Over all persons.
    best : int
        Schedule of the largest value; the first of equal ones.
    behind : ndarray, shape (S,)
        How far each is behind the best, same persons in both.
    error : ndarray, shape (S,)
        Standard error of that difference, from resampled persons.
    low, high : ndarray, shape (S,)
        Central 95 % of the difference over resampled persons.
    value_error : ndarray, shape (S,)
        Standard error of the value itself, over persons.
    flat : ndarray of bool, shape (S,)
        Not told from the best: behind by at most ``delta``, or by at most `WITHIN` standard errors.
    resampled_best : ndarray, shape (S,)
        Share of resamples in which each is best.
    by_draw : ndarray, shape (S, D)
        Values under each draw of the fit; one column without one.
    drawn_best, regret : ndarray, shape (S,)
        Share of draws in which each is best, and how far it is behind the best of each draw on average.
    """

    goal: str
    value: Array
    best: int
    behind: Array
    error: Array
    low: Array
    high: Array
    value_error: Array
    flat: NDArray[np.bool_]
    resampled_best: Array
    by_draw: Array
    drawn_best: Array
    regret: Array

    @property
    def draws(self) -> int:
        """Draws of the fit, D."""
        return self.by_draw.shape[1]

    @property
    def between_draws(self) -> tuple[Array, Array]:
        """Central 90 % of values over draws, each of shape (S,)."""
        low, high = np.nanquantile(self.by_draw, [0.05, 0.95], axis=1)
        return np.asarray(low), np.asarray(high)


def estimates(persons: Sequence[Values], goal: str, weights: Array, *, at: float) -> Array:
    """Values of a goal under every schedule and set of weights, shape (S, W)."""
    return np.array([GOALS[goal].estimate(values[goal], weights, at) for values in persons])


def surface(
    persons: Sequence[Values], goal: str, *, at: float, draws: int, seed: int, delta: float
) -> Surface:
    """Values of a goal with what can be said of their differences.

    Parameters
    ----------
    persons
        Of each schedule what the goal needs of every person, the same persons each time.
    goal : str
    at : float
        d; for goals that have a time.
    draws : int
        Draws of a fit, D; person k belongs to draw k mod D.
    seed : int
        Of the resamples.
    delta : float
        A difference that does not matter.

    References
    ----------
    Rubin DB. Ann Stat 1981;9:130-4 (resamples by exponential weights).
    """
    kept = _solved_everywhere(persons)
    count = kept.shape[0]
    of = np.arange(count) % draws
    value = estimates(persons, goal, kept[None, :], at=at)[:, 0]
    resampled = estimates(persons, goal, _weights(kept, of, draws=draws, seed=seed), at=at)
    by_draw = estimates(persons, goal, kept * (of[None, :] == np.arange(draws)[:, None]), at=at)
    best = int(np.nanargmax(value)) if np.isfinite(value).any() else 0
    lost = resampled[best] - resampled
    behind = value[best] - value
    error = lost.std(axis=1, ddof=1)
    low, high = np.quantile(lost, [0.025, 0.975], axis=1)
    return Surface(
        goal=goal,
        value=value,
        best=best,
        behind=behind,
        error=error,
        low=low,
        high=high,
        value_error=resampled.std(axis=1, ddof=1),
        flat=behind <= np.maximum(delta, WITHIN * error),
        resampled_best=_best_shares(resampled),
        by_draw=by_draw,
        drawn_best=_best_shares(by_draw),
        regret=np.nanmean(np.nanmax(by_draw, axis=0)[None, :] - by_draw, axis=1),
    )


def flat_ranges(found: Sequence[Candidate], flat: NDArray[np.bool_]) -> dict[str, tuple[float, float]]:
    """Smallest and largest of amount, interval, start, whole dose and visits among the flat schedules."""
    inside = [item for item, kept in zip(found, flat, strict=True) if kept]
    axes = {
        "amount": [item.schedule.amount for item in inside],
        "every": [item.schedule.every for item in inside],
        "start": [item.schedule.start for item in inside],
        "total": [item.schedule.total for item in inside],
        "visits": [float(item.visits) for item in inside],
    }
    return {name: (min(values), max(values)) for name, values in axes.items() if values}


def _solved_everywhere(persons: Sequence[Values]) -> Array:
    """1 for persons whose simulation ended well under every schedule, else 0; shape (P,)."""
    failed = np.zeros(len(persons[0]["status"]), dtype=bool)
    for values in persons:
        failed |= values["status"][:, 0] > 0.0
    return (~failed).astype(np.float64)


def _weights(kept: Array, of: NDArray[np.int64], *, draws: int, seed: int) -> Array:
    """Exponential weights of persons, every draw of the same weight as before; shape (W, P)."""
    weights = exponentials(seed, np.arange(kept.size), "resampled persons", RESAMPLES).T * kept
    for draw in range(draws):
        mine = of == draw
        total = weights[:, mine].sum(axis=1, keepdims=True)
        if kept[mine].any():
            weights[:, mine] *= kept[mine].sum() / total
    return weights


def _best_shares(values: Array) -> Array:
    """Share of columns in which each row is the largest; rows that tie share it. Shape (S,)."""
    top = values == np.nanmax(values, axis=0, keepdims=True)
    return np.asarray((top / top.sum(axis=0, keepdims=True)).mean(axis=1))
