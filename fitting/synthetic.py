"""Synthetic data sets: what the cards of a fit would have printed, were the truth a known point.

Every kind of observation is drawn from the distribution that its likelihood assumes, given the summary of the
truth, and written as an observation with a summary of the same layout: one bank of simulations, and one
emulator, serves any number of data sets. Where the printed words fit the draw they are kept (silence about
responses, a median on its scan); else the draw is written as the numbers behind them.
"""

from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from ..model.errors import ParameterError
from . import likelihoods
from .cards import TrialCard
from .cohort_likelihood import STATED_DEVIATION, patients_of
from .mean_likelihood import QUARTILE, standard_deviations
from .mean_observation import MeanObservation, Spread
from .mean_summary import MeanSummary, is_logarithmic, is_median
from .objective import Objective
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
from .summaries import days_about
from .time_observations import HazardRatioObservation, MedianObservation, SurvivalObservation

Array = NDArray[np.float64]


class UnsaidObservation(InequalityObservation):
    """Bounds of which a publication does not say that they were kept."""

    said: ClassVar[bool] = False


def synthetic_cards(
    objective: Objective, summaries: Mapping[str, Array], *, rng: np.random.Generator
) -> list[TrialCard]:
    """The cards of a fit with what is fitted of them drawn anew; everything else stays as it was printed.

    Parameters
    ----------
    objective : Objective
    summaries : mapping of str to ndarray, shape (L,)
        Of the truth, by card and id, as of `Objective.summaries`.
    rng : Generator

    Raises
    ------
    ParameterError
        If an observation is of a kind that cannot be drawn.
    """
    made = []
    for item in objective.cards:
        fitted = {one.id for one in item.observations}
        drawn = tuple(
            synthetic(one, summaries[f"{item.card.id}.{one.id}"], item.card, rng=rng)
            if one.id in fitted
            else one
            for one in item.card.observations
        )
        made.append(item.card.model_copy(update={"observations": drawn}))
    return made


def synthetic(observation: Printed, summary: Array, card: TrialCard, *, rng: np.random.Generator) -> Printed:
    """An observation with drawn numbers, at the real number of patients.

    Parameters
    ----------
    observation
    summary : ndarray, shape (L,)
        Of `summaries.summarise`.
    card : TrialCard
        Whose arms the observation is about.
    rng : Generator

    Raises
    ------
    ParameterError
        If it is a median over patients: its quantiles are printed at fixed levels, so that the shares below
        its values, all that a summary has, do not give the quantiles of another sample.
    """
    match observation:
        case CountObservation():
            return observation.model_copy(update={"count": _shown(observation, summary, card, rng)})
        case AtMostObservation():
            return _known_or_silent(observation, _shown(observation, summary, card, rng))
        case EveryObservation():
            shown = _shown(observation, summary, card, rng) == observation.number
            return observation.model_copy(update={"shown": shown})
        case CategoriesObservation():
            shares = np.maximum(categories_of(summary), 0.0)
            counts = rng.multinomial(observation.number, shares / shares.sum()).tolist()
            return observation.model_copy(
                update={"counts": dict(zip(observation.counts, counts, strict=True))}
            )
        case BestChangeObservation():
            below = observation.number - _left(1.0 - shares_of(summary), observation.number, rng)
            levels = tuple((below / observation.number).tolist())
            return observation.model_copy(update={"levels": levels})
        case SurvivalObservation():
            left = _left(shares_of(summary), observation.number, rng)
            return observation.model_copy(update=_points(left, observation.number))
        case MedianObservation():
            return _median(observation, shares_of(summary), card, rng)
        case HazardRatioObservation():
            return _hazard_ratio(observation, float(summary[0]), rng)
        case InequalityObservation():
            return _said_or_not(observation, summary, card, rng)
        case MeanObservation() if not is_median(observation):
            return _mean(observation, summary, rng)
    raise ParameterError(f"{card.id}.{observation.id}: this kind of observation cannot be drawn")


def _shown(
    observation: CountObservation | AtMostObservation | EveryObservation,
    summary: Array,
    card: TrialCard,
    rng: np.random.Generator,
) -> int:
    """Patients who show an endpoint."""
    numbers = patients_of(card, observation.arms, observation.number)
    return int(rng.binomial(numbers, shares_of(summary)).sum())


def _known_or_silent(observation: AtMostObservation, count: int) -> Printed:
    """Silence where so few showed an endpoint that nobody writes of it; else their number."""
    if count <= observation.most:
        return observation
    given = observation.model_dump(exclude={"most"}, warnings=False)
    return CountObservation.model_construct(**{**given, "kind": "count", "count": count})


def _left(free: Array, number: int, rng: np.random.Generator) -> Array:
    """Patients of a sample left free of an event at each of the days with shares ``free``."""
    steps = np.clip(-np.diff(np.concatenate([[1.0], free, [0.0]])), 0.0, None)
    return np.asarray(number - np.cumsum(rng.multinomial(number, steps / steps.sum())[:-1]))


def _points(left: Array, number: int) -> dict[str, tuple[float, ...] | tuple[int, ...]]:
    """Survival and patients at risk of a sample without censoring."""
    return {"survival": tuple((left / number).tolist()), "at_risk": tuple(left.tolist())}


def _median(
    observation: MedianObservation, free: Array, card: TrialCard, rng: np.random.Generator
) -> Printed:
    """The median as it was printed if it is seen at the same scan; else the curve on the days about it.

    The sample has as many patients as the interval that was printed tells of, and no censoring.
    """
    informative = likelihoods.informative_number(
        observation.number, observation.median, observation.lower, observation.upper, level=observation.level
    )
    number = max(1, round(informative))
    days = days_about(observation, card.arm(observation.arms[0]).scans)
    left = _left(free, number, rng)
    if days.size == 2 and 2 * left[0] > number >= 2 * left[1]:
        return observation
    given = observation.model_dump(exclude={"median", "lower", "upper", "level", "events"}, warnings=False)
    curve = {"kind": "survival", "days": tuple(days.tolist()), "number": number, **_points(left, number)}
    return SurvivalObservation.model_construct(**{**given, **curve})


def _hazard_ratio(
    observation: HazardRatioObservation, predicted: float, rng: np.random.Generator
) -> HazardRatioObservation:
    normal = float(ndtri(0.5 * (1.0 + observation.level)))
    deviation = np.log(observation.upper / observation.lower) / (2.0 * normal)
    factor = float(np.exp(predicted + deviation * rng.normal())) / observation.ratio
    moved = {name: getattr(observation, name) * factor for name in ("ratio", "lower", "upper")}
    return observation.model_copy(update=moved)


def _said_or_not(
    observation: InequalityObservation, summary: Array, card: TrialCard, rng: np.random.Generator
) -> InequalityObservation:
    shares = shares_of(summary)
    if observation.number is None:
        said = bool(rng.random() < ndtr((shares.mean() - 0.5) / STATED_DEVIATION))
    else:
        numbers = patients_of(card, observation.arms, observation.number)
        said = int(rng.binomial(numbers, shares).sum()) == observation.number
    given = observation.model_dump(warnings=False)
    return (InequalityObservation if said else UnsaidObservation).model_construct(**given)


def _mean(observation: MeanObservation, summary: Array, rng: np.random.Generator) -> MeanObservation:
    """Centres and spreads; the error of a centre whose spread is assumed stays the same in its own unit."""
    count, number, logarithm = len(observation.centre), observation.number, is_logarithmic(observation)
    predicted = MeanSummary.of(summary, count)
    printed = standard_deviations(observation)
    reading = np.full(count, observation.digitising_error or 0.0)
    if logarithm:
        reading = reading / np.array(observation.centre)
    if observation.spread_assumed:
        deviations = np.array(printed, dtype=np.float64)
        centre = predicted.mean + deviations / np.sqrt(number) * rng.normal(size=count)
    else:
        excess = predicted.kurtosis - (number - 3.0) / (number - 1.0)
        relative = np.sqrt(np.maximum(excess / (4.0 * number), 1e-12))
        deviations = predicted.deviation * np.exp(relative * rng.normal(size=count))
        centre = predicted.mean + predicted.factor @ rng.normal(size=count)
    centre = centre + reading * rng.normal(size=count)
    centre = np.exp(centre) if logarithm else centre
    moved = {"centre": tuple(centre.tolist()), "spread": _spreads(observation, centre, deviations)}
    return observation.model_copy(update=moved)


def _spreads(observation: MeanObservation, centre: Array, deviations: Array) -> tuple[Spread, ...] | None:
    """Standard deviations (of logarithms for geometric means) as a spread of the kind that was printed."""
    kind, logarithm = observation.spread_kind, is_logarithmic(observation)
    if kind is None:
        return None
    found: list[Spread] = []
    for middle, deviation in zip(centre.tolist(), deviations.tolist(), strict=True):
        if kind in ("CI", "IQR", "range"):
            normal = float(ndtri(0.5 * (1.0 + (observation.level or 0.95))))
            half = deviation * (normal / np.sqrt(observation.number) if kind == "CI" else QUARTILE)
            ends = middle * np.exp([-half, half]) if logarithm else middle + np.array([-half, half])
            found.append((float(ends[0]), float(ends[1])))
            continue
        share = float(np.sqrt(np.expm1(deviation**2))) if logarithm else deviation / abs(middle)
        share /= np.sqrt(observation.number) if kind == "SE" else 1.0
        found.append(100.0 * share if kind == "CV percent" else share * abs(middle))
    return tuple(found)
