"""Log-likelihood of each kind of published observation, given its summary of a population."""

from collections.abc import Sequence
from functools import cache

import numpy as np
from numpy.typing import NDArray

from . import likelihoods
from .cards import TrialCard
from .mean_likelihood import log_likelihood_of_mean
from .mean_observation import MeanObservation
from .observations import InequalityObservation
from .printed import Printed
from .response_observations import (
    AtMostObservation,
    BestChangeObservation,
    CategoriesObservation,
    CountObservation,
    EveryObservation,
)
from .shares import categories_of, shares_of
from .summaries import size_of
from .time_observations import HazardRatioObservation, MedianObservation, SurvivalObservation

Array = NDArray[np.float64]

STATED_DEVIATION = 0.25  # of the share of patients that a statement without numbers is about; assumed


def log_likelihood(observation: Printed, summary: Array, card: TrialCard) -> Array:
    """Logarithm of the probability (density) of an observation.

    Parameters
    ----------
    observation
        One that patients can be set beside.
    summary : ndarray, shape (..., L)
        Of `summaries.summarise`; one row a parameter vector.
    card : TrialCard
        Whose arms the observation is about.

    Returns
    -------
    ndarray, shape (...)

    Raises
    ------
    TypeError
        If the observation is about no patients: a prior, or a statement.
    """
    match observation:
        case CountObservation():
            numbers = patients_of(card, observation.arms, observation.number)
            return likelihoods.count_of(observation.count, numbers, shares_of(summary))
        case AtMostObservation():
            numbers = patients_of(card, observation.arms, observation.number)
            return likelihoods.at_most(observation.most, numbers, shares_of(summary))
        case EveryObservation():
            numbers = patients_of(card, observation.arms, observation.number)
            return likelihoods.every(numbers, shares_of(summary), shown=observation.shown)
        case CategoriesObservation():
            return likelihoods.categories(list(observation.counts.values()), categories_of(summary))
        case BestChangeObservation():
            return likelihoods.quantiles_of(observation.levels, shares_of(summary), observation.number)
        case SurvivalObservation():
            # At risk are those just before each printed time: of an interval, those at its beginning.
            at_risk = np.concatenate([[observation.number], observation.at_risk[:-1]])
            return likelihoods.survival_curve(observation.survival, at_risk, shares_of(summary))
        case MedianObservation():
            return _median(observation, shares_of(summary))
        case HazardRatioObservation():
            return likelihoods.log_ratio(
                observation.ratio,
                observation.lower,
                observation.upper,
                summary[..., 0],
                level=observation.level,
            )
        case InequalityObservation():
            shares = shares_of(summary)
            if observation.number is None:
                share = shares.mean(axis=-1)
                return likelihoods.above(share if observation.said else 1.0 - share, 0.5, STATED_DEVIATION)
            numbers = patients_of(card, observation.arms, observation.number)
            return likelihoods.every(numbers, shares, shown=observation.said)
        case MeanObservation():
            return log_likelihood_of_mean(observation, summary)
    raise TypeError(f"no patients can be set beside {observation.id!r}")


def patients_of(card: TrialCard, names: Sequence[str], number: int) -> list[int]:
    """How ``number`` patients are spread over pooled arms: as the card says, or in proportion to it."""
    if len(names) == 1:
        return [number]
    return list(_spread_over(tuple(size_of(card.arm(name)) for name in names), number))


@cache
def _spread_over(sizes: tuple[int, ...], number: int) -> tuple[int, ...]:
    """Whole numbers in proportion to sizes, the largest remainders first."""
    exact = number * np.array(sizes) / sum(sizes)
    numbers = np.floor(exact + 1e-9).astype(int)
    for place in np.argsort(numbers - exact, kind="stable")[: number - int(numbers.sum())]:
        numbers[place] += 1
    return tuple(int(item) for item in numbers)


def _median(observation: MedianObservation, free: Array) -> Array:
    number = likelihoods.informative_number(
        observation.number, observation.median, observation.lower, observation.upper, level=observation.level
    )
    if free.shape[-1] == 2:
        return likelihoods.median_at_scan(free[..., 0], free[..., 1], number)
    return likelihoods.median_time(free[..., 0], number)
