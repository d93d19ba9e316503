"""Weights of given virtual patients under which the population has published means: prevalence weighting."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize
from scipy.special import logsumexp

from ...model.errors import PopulationError

Array = NDArray[np.float64]

LEAST_SHARE = 0.1  # of the patients that weights must leave effective
MET = 1e-5  # deviations over patients by which a mean may miss its tolerance
STEPS = 5_000


@dataclass(frozen=True, slots=True)
class Prevalence:
    """Weighted virtual patients.

    Attributes
    ----------
    weights : ndarray, shape (P,)
        Sum to 1.
    effective_size : float
        Number of equally weighted patients worth as much.
    divergence : float
        Kullback-Leibler divergence of the weights from those begun with, nats.
    means : ndarray, shape (Q,)
        Weighted.
    multipliers : ndarray, shape (Q,)
        How hard each target pulls, per unit of the statistic; 0 where its tolerance holds by itself.
    """

    weights: Array
    effective_size: float
    divergence: float
    means: Array
    multipliers: Array


def prevalence(
    values: ArrayLike,
    targets: ArrayLike,
    *,
    tolerances: ArrayLike = 0.0,
    weights: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    least_share: float = LEAST_SHARE,
) -> Prevalence:
    """Weights closest to uniform under which weighted means meet their targets within tolerances.

    Of all such weights those with the least Kullback-Leibler divergence; they are exponential in the
    statistics, and their exponents solve the dual problem.

    Parameters
    ----------
    values : array_like, shape (P, Q)
        Statistics of each patient whose means are published: an outcome as 0 or 1 (or its probability), a
        value, its square.
    targets : array_like, shape (Q,)
    tolerances : array_like, shape (Q,) or scalar
        How far from the target a mean may be.
    weights : array_like, shape (P,), optional
        To begin with, instead of uniform ones.
    names : sequence of str, optional
        Of the statistics, for messages.
    least_share : float
        Of the patients that must stay effective.

    Raises
    ------
    PopulationError
        If shapes contradict each other, no weights meet the targets, or those that do leave too few patients.

    References
    ----------
    1. Allen, Rieger, Musante: Efficient generation and selection of virtual populations in quantitative
       systems pharmacology models. CPT: Pharmacometrics & Systems Pharmacology 5 (2016) 140,
       doi:10.1002/psp4.12063
    2. Csiszár: I-divergence geometry of probability distributions and minimization problems. The Annals of
       Probability 3 (1975) 146, theorem 3.1, doi:10.1214/aop/1176996454
    """
    rows = np.asarray(values, dtype=np.float64)
    goal = np.asarray(targets, dtype=np.float64)
    if rows.ndim != 2 or goal.shape != rows.shape[1:] or not rows.size:
        raise PopulationError(f"values of shape {rows.shape} cannot have means of shape {goal.shape}")
    slack = np.broadcast_to(np.asarray(tolerances, dtype=np.float64), goal.shape)
    first = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    if not (np.isfinite(rows).all() and np.isfinite(goal).all() and (slack >= 0.0).all()):
        raise PopulationError("values and targets must be finite numbers, and tolerances not negative")
    if first.shape != (len(rows),) or not (np.isfinite(first).all() and (first >= 0.0).all() and first.any()):
        raise PopulationError("weights must be one number for each patient, not negative, and not all 0")
    called = list(names) if names is not None else [f"statistic {place}" for place in range(goal.size)]
    spread = rows.std(axis=0)
    scale = np.where(spread > 0.0, spread, 1.0)
    with np.errstate(divide="ignore"):
        log_first = np.log(first / first.sum())
    multipliers = _dual((rows - goal) / scale, slack / scale, log_first)
    log_weights = log_first - (rows - goal) / scale @ multipliers
    found = np.exp(log_weights - log_weights.max())
    found /= found.sum()
    means = found @ rows
    _check_met(means, goal, slack, scale, called, rows)
    size = float(1.0 / (found**2).sum())
    if size < least_share * len(rows):
        raise PopulationError(
            f"weights that meet the targets leave {size:.0f} of {len(rows)} patients effective, fewer than "
            f"the share of {least_share:g} asked; widen tolerances, or draw patients more like the trial's"
        )
    positive = found > 0.0
    divergence = float(found[positive] @ (np.log(found[positive]) - log_first[positive]))
    return Prevalence(found, size, max(divergence, 0.0), means, multipliers / scale)


def _dual(away: Array, slack: Array, log_first: Array) -> Array:
    """Multipliers of the least divergence; positive ones hold a mean down, negative ones up."""
    count = away.shape[1]

    def value(halves: Array) -> tuple[float, Array]:
        exponent = log_first - away @ (halves[:count] - halves[count:])
        total = float(logsumexp(exponent))
        mean = np.exp(exponent - total) @ away
        return total + float(slack @ (halves[:count] + halves[count:])), np.concatenate(
            [slack - mean, slack + mean]
        )

    run = minimize(
        value,
        np.zeros(2 * count),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * (2 * count),
        options={"maxiter": STEPS, "maxfun": 2 * STEPS, "gtol": 0.1 * MET, "ftol": 1e-15, "maxcor": 30},
    )
    return np.asarray(run.x[:count] - run.x[count:])


def _check_met(
    means: Array, goal: Array, slack: Array, scale: Array, names: Sequence[str], rows: Array
) -> None:
    missed = (np.abs(means - goal) - slack) / scale
    worst = int(np.argmax(missed))
    if missed[worst] > MET:
        low, high = float(rows[:, worst].min()), float(rows[:, worst].max())
        raise PopulationError(
            f"no weights meet all targets: {names[worst]} is to be {goal[worst]:g} within {slack[worst]:g} "
            f"and comes to {means[worst]:g} (patients have {low:g} to {high:g}); widen its tolerance, or "
            "draw patients that differ more"
        )
