"""Replicate trials at the real number of patients: what the publication might have printed instead."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .cards import TrialCard
from .cohort_likelihood import patients_of
from .mean_likelihood import standard_deviations
from .mean_observation import MeanObservation
from .mean_summary import MeanSummary, is_logarithmic, is_median, quantiles_printed
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
from .shares import categories_of, shares_of
from .summaries import free_at, summarise
from .time_observations import HazardRatioObservation, MedianObservation, SurvivalObservation

Array = NDArray[np.float64]
Arms = Mapping[str, Prediction]

DAYS_PER_MONTH = 365.25 / 12.0


@dataclass(frozen=True, slots=True)
class Statistic:
    """Numbers by which a replicate is set beside what was printed: their names, and the printed ones."""

    names: tuple[str, ...]
    unit: str
    printed: tuple[float, ...]


def statistic(observation: Printed) -> Statistic:
    """The numbers of an observation.

    Raises
    ------
    TypeError
        If the observation is about no patients.
    """
    match observation:
        case CountObservation():
            return Statistic((observation.endpoint,), "patients", (float(observation.count),))
        case AtMostObservation():
            return Statistic((observation.endpoint,), "patients, at most", (float(observation.most),))
        case EveryObservation():
            shown = float(observation.number) if observation.shown else float(observation.number - 1)
            unit = "patients" if observation.shown else "patients, at most"
            return Statistic((observation.endpoint,), unit, (shown,))
        case CategoriesObservation():
            counts = tuple(float(count) for count in observation.counts.values())
            return Statistic(tuple(observation.counts), "patients", counts)
        case BestChangeObservation():
            names = tuple(f"at most {value:g} %" for value in observation.values)
            return Statistic(names, "share of patients", observation.levels)
        case SurvivalObservation():
            names = tuple(f"free on day {day:g}" for day in observation.days)
            return Statistic(names, "1", observation.survival)
        case MedianObservation():
            return Statistic(("median",), "months", (observation.median / DAYS_PER_MONTH,))
        case HazardRatioObservation():
            return Statistic(("hazard ratio",), "1", (observation.ratio,))
        case InequalityObservation():
            return Statistic(
                ("kept by",), "share of patients, at least", (1.0 if observation.number else 0.5,)
            )
        case MeanObservation() if is_median(observation):
            printed = quantiles_printed(observation)
            names = tuple(f"at most {value:g}" for _, values in printed for value in values)
            return Statistic(names, "share of patients", tuple(x for levels, _ in printed for x in levels))
        case MeanObservation():
            days = [""] if observation.window else [f" on day {day:g}" for day in observation.days]
            names = tuple(f"{observation.centre_kind}{day}" for day in days)
            return Statistic(names, observation.own_unit, observation.centre)
    raise TypeError(f"no patients can be set beside {observation.id!r}")


def replicates(
    observation: Printed, arms: Arms, card: TrialCard, *, count: int, rng: np.random.Generator
) -> Array:
    """Numbers that ``count`` replicate trials would print, shape (count, numbers of the statistic)."""
    match observation:
        case CountObservation() | AtMostObservation() | EveryObservation():
            numbers = patients_of(card, observation.arms, observation.number)
            shares = shares_of(summarise(observation, arms))
            return (
                rng.binomial(numbers, shares, (count, len(numbers))).sum(axis=1, keepdims=True).astype(float)
            )
        case CategoriesObservation():
            shares = np.maximum(categories_of(summarise(observation, arms)), 0.0)
            return rng.multinomial(observation.number, shares / shares.sum(), count).astype(float)
        case MedianObservation():
            return _medians(observation, arms, count, rng)[:, None] / DAYS_PER_MONTH
        case SurvivalObservation():
            shares = shares_of(summarise(observation, arms))
            steps = -np.diff(np.concatenate([[1.0], shares, [0.0]]))
            events = rng.multinomial(observation.number, np.clip(steps, 0.0, None) / steps.sum(), count)
            return 1.0 - np.cumsum(events[:, :-1], axis=1) / observation.number
        case HazardRatioObservation():
            width = np.log(observation.upper / observation.lower) / (2.0 * 1.959963984540054)
            return np.exp(summarise(observation, arms) + width * rng.normal(size=(count, 1)))
        case InequalityObservation():
            shares = shares_of(summarise(observation, arms))
            return np.full((count, 1), float(np.mean(shares)))
        case MeanObservation() if not is_median(observation):
            summary = MeanSummary.of(summarise(observation, arms), len(observation.centre))
            factor = summary.factor
            if observation.spread_assumed:
                deviations = np.array(standard_deviations(observation), dtype=np.float64)
                factor = np.diag(deviations / np.sqrt(observation.number))
            draws = summary.mean + rng.normal(size=(count, summary.mean.size)) @ factor.T
            return np.exp(draws) if is_logarithmic(observation) else draws
        case BestChangeObservation() | MeanObservation():
            return _shares_below(observation, arms, count, rng)
    raise TypeError(f"no patients can be set beside {observation.id!r}")


def _medians(observation: MedianObservation, arms: Arms, count: int, rng: np.random.Generator) -> Array:
    """Medians of patients whose events are seen at the scans; infinite if fewer than half have one."""
    days = arms[observation.arms[0]].cohort.scans
    free = free_at(observation.arms, arms, days)
    steps = np.clip(-np.diff(np.concatenate([[1.0], free, [0.0]])), 0.0, None)
    events = rng.multinomial(observation.number, steps / steps.sum(), count)
    left = 1.0 - np.cumsum(events, axis=1) / observation.number
    place = np.argmax(left <= 0.5, axis=1)
    return np.concatenate([days, [np.inf]])[place]


def _shares_below(
    observation: BestChangeObservation | MeanObservation, arms: Arms, count: int, rng: np.random.Generator
) -> Array:
    """Shares of samples below the printed quantiles, which increase together."""
    shares = shares_of(summarise(observation, arms))
    if isinstance(observation, MeanObservation):  # one visit after the other, each with its own sample
        return np.asarray(rng.binomial(observation.number, shares, (count, shares.size)) / observation.number)
    steps = np.clip(np.diff(np.concatenate([[0.0], shares, [1.0]])), 0.0, None)
    patients = rng.multinomial(observation.number, steps / steps.sum(), count)
    return np.asarray(np.cumsum(patients[:, :-1], axis=1) / observation.number)
