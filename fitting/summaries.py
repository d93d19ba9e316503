"""What a population predicts of an observation, as a few numbers without bounds: the fit's only view of it.

Shares are given as probits, covariances by their Cholesky factor with the logarithm of its diagonal. The
likelihood of any data of the same design follows from them, and they may be emulated.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import likelihoods
from .cards import CardArm
from .mean_observation import MeanObservation
from .mean_summary import summarise_mean
from .moments import probability_below
from .observations import InequalityObservation
from .predictions import Prediction
from .printed import Printed
from .response_observations import (
    AtMostObservation,
    BestChangeObservation,
    CategoriesObservation,
    CountObservation,
    EveryObservation,
)
from .shares import probits, probits_of_categories
from .time_observations import HazardRatioObservation, MedianObservation, SurvivalObservation

Array = NDArray[np.float64]
Arms = Mapping[str, Prediction]

ON_A_SCAN = 0.25  # of the time between two scans: a median no further from one was seen there


def summarise(observation: Printed, arms: Arms) -> Array:
    """Summary of an observation, a vector whose length depends on the observation alone.

    Parameters
    ----------
    observation
        Of the arms' card; one that patients can be set beside.
    arms : mapping of arm id to Prediction

    Raises
    ------
    TypeError
        If the observation is about no patients: a prior, or a statement.
    """
    match observation:
        case CountObservation() | AtMostObservation():
            shares = [
                _share(arms[name], observation.endpoint, observation.day, observation.limit)
                for name in observation.arms
            ]
            return probits(shares)
        case EveryObservation():
            return probits([_share(arms[name], observation.endpoint) for name in observation.arms])
        case CategoriesObservation():
            return probits_of_categories(_categories(observation, arms))
        case BestChangeObservation():
            return probits(
                [
                    _pooled_share(observation.arms, arms, "best_change_at_most", percent)
                    for percent in observation.values
                ]
            )
        case SurvivalObservation():
            return probits(free_at(observation.arms, arms, observation.days))
        case MedianObservation():
            scans = arms[observation.arms[0]].cohort.scans
            return probits(free_at(observation.arms, arms, days_about(observation, scans)))
        case HazardRatioObservation():
            return np.array([_log_hazard_ratio(observation, arms)])
        case InequalityObservation():
            return probits([float(_kept(observation, arms[name]).mean()) for name in observation.arms])
        case MeanObservation():
            return summarise_mean(observation, arms)
    raise TypeError(f"no patients can be set beside {observation.id!r}")


def days_about(observation: MedianObservation, scans: ArrayLike) -> Array:
    """Days at which the share free of an event tells a median: the scan it was seen at and the one before.

    Or only its own day, if it lies between scans.
    """
    days = np.concatenate([[0.0], np.asarray(scans, dtype=np.float64)])
    nearest = int(np.argmin(np.abs(days - observation.median)))
    gap = float(np.diff(days)[max(nearest - 1, 0)])
    if nearest and abs(days[nearest] - observation.median) <= ON_A_SCAN * gap:
        return days[nearest - 1 : nearest + 1]
    return np.array([observation.median])


def size_of(arm: CardArm) -> int:
    """Patients of an arm whose outcome is known."""
    return arm.evaluable or arm.n


def _share(arm: Prediction, endpoint: str, day: float | None = None, limit: float | None = None) -> float:
    return float(arm.probability(endpoint, day=day, limit=limit).mean())


def _pooled(names: Sequence[str], arms: Arms, statistic: Callable[[Prediction], Array]) -> Array:
    """Mean over pooled arms of a statistic, each arm with the weight of its patients."""
    weights = [size_of(arms[name].cohort.arm) for name in names]
    return np.asarray(np.average([statistic(arms[name]) for name in names], axis=0, weights=weights))


def _pooled_share(names: Sequence[str], arms: Arms, endpoint: str, limit: float | None = None) -> float:
    return float(_pooled(names, arms, lambda arm: arm.probability(endpoint, limit=limit).mean()))


def _categories(observation: CategoriesObservation, arms: Arms) -> Array:
    """Share of each of an observation's categories."""
    names = observation.arms
    complete = _pooled_share(names, arms, "complete_response")
    responded = _pooled_share(names, arms, "objective_response")
    stable_after = observation.stable_for or max(arms[name].cohort.stable_after for name in names)
    controlled = _pooled_share(names, arms, "disease_control_for", stable_after)
    plain = {
        "complete": complete,
        "partial": responded - complete,
        "stable": controlled - responded,
        "progression": 1.0 - controlled,
        "not_evaluable": 0.0,
    }
    return np.array([sum(plain[item] for item in group) for group in observation.groups.values()])


def free_at(names: Sequence[str], arms: Arms, days: ArrayLike) -> Array:
    """Share of pooled arms that is free of progression at each day."""
    return _pooled(names, arms, lambda arm: arm.free_at(days))


def _log_hazard_ratio(observation: HazardRatioObservation, arms: Arms) -> float:
    """Logarithm of a hazard ratio, by the trial's estimator in a large trial."""
    days = arms[observation.arms[0]].cohort.scans
    return likelihoods.expected_log_hazard_ratio(
        free_at(observation.arms, arms, days),
        free_at(observation.arms_against, arms, days),
        treated_number=sum(arms[name].cohort.arm.n for name in observation.arms),
        control_number=sum(arms[name].cohort.arm.n for name in observation.arms_against),
    )


def _kept(observation: InequalityObservation, arm: Prediction) -> Array:
    """Probability that each patient keeps the bounds at every visit of the time, shape (P,)."""
    times = arm.course.times
    days = times[(times >= observation.from_day) & (times <= observation.to_day)]
    kept = np.ones(arm.cohort.ids.size)
    if observation.at_least == "quantifiable":
        kept = kept * arm.quantified(observation.observable, days[days > 0.0]).prod(axis=1)
    elif observation.at_least is not None:
        lower = probability_below(arm, observation.observable, days, observation.at_least)
        kept = kept * (1.0 - lower).prod(axis=1)
    if observation.at_most is not None:
        kept = kept * probability_below(arm, observation.observable, days, observation.at_most).prod(axis=1)
    return kept
