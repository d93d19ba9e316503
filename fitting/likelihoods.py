"""Logarithm of the probability of a published statistic, given what a population predicts of it.

Each function takes what was published and what the model predicts, and is smooth in the prediction.
Predictions may have further axes in front, one entry a parameter vector, which the result has too. Constants
are kept, so that likelihoods of one data set under different structures may be compared.

References
----------
Valitalo P. J Pharmacokinet Pharmacodyn 2021;48:623-638, doi 10.1007/s10928-021-09760-1 (means and
covariances of a cohort as data).
David HA, Nagaraja HN. Order Statistics (3rd ed. 2003), section 2.2 (counts between sample quantiles).
Cox DR. J R Stat Soc B 1972;34:187-220 (hazard ratio).
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import gammaln, log_ndtr, ndtri, xlog1py, xlogy

Array = NDArray[np.float64]

# A prediction of exactly 0 or 1 from a few thousand virtual patients does not make an outcome impossible.
LEAST_PROBABILITY = 1e-9


def _bounded(probability: ArrayLike) -> Array:
    return np.clip(np.asarray(probability, dtype=np.float64), LEAST_PROBABILITY, 1.0 - LEAST_PROBABILITY)


def _log_choices(number: Array, count: Array) -> Array:
    return np.asarray(gammaln(number + 1.0) - gammaln(count + 1.0) - gammaln(number - count + 1.0))


def distribution_of_count(numbers: Sequence[int], probabilities: ArrayLike) -> Array:
    """Probability of each number of successes in pooled groups, shape (..., sum of numbers + 1).

    Parameters
    ----------
    numbers
        Patients of each of G groups.
    probabilities : array_like, shape (..., G)
        Chance of success in each group.

    Examples
    --------
    >>> distribution_of_count([1, 1], [0.5, 0.5]).tolist()
    [0.25, 0.5, 0.25]
    """
    chances = _bounded(probabilities)
    whole = np.ones((*chances.shape[:-1], 1))
    for group, number in enumerate(numbers):
        successes, chance = np.arange(number + 1.0), chances[..., group, np.newaxis]
        logarithm = (
            _log_choices(np.asarray(float(number)), successes)
            + xlogy(successes, chance)
            + xlog1py(number - successes, -chance)
        )
        before, one = whole, np.exp(logarithm)
        width = before.shape[-1]
        whole = np.zeros((*before.shape[:-1], width + number))
        for count in range(number + 1):
            whole[..., count : count + width] += before * one[..., count, np.newaxis]
    return whole


def count_of(count: int, numbers: Sequence[int], probabilities: ArrayLike) -> Array:
    """Successes among pooled groups, chances of shape (..., G): binomial, or the sum of binomials."""
    if len(numbers) == 1:
        chance = _bounded(probabilities)[..., 0]
        number, successes = np.asarray(float(numbers[0])), np.asarray(float(count))
        return np.asarray(
            _log_choices(number, successes) + xlogy(successes, chance) + xlog1py(number - successes, -chance)
        )
    return _log(distribution_of_count(numbers, probabilities)[..., count])


def at_most(most: int, numbers: Sequence[int], probabilities: ArrayLike) -> Array:
    """No more than ``most`` successes among pooled groups, chances of shape (..., G)."""
    return _log(distribution_of_count(numbers, probabilities)[..., : most + 1].sum(axis=-1))


def every(numbers: Sequence[int], probabilities: ArrayLike, *, shown: bool = True) -> Array:
    """All patients of pooled groups show something; or, if not ``shown``, not every one does."""
    all_show = np.asarray((np.asarray(numbers) * np.log(_bounded(probabilities))).sum(axis=-1))
    return all_show if shown else _log(-np.expm1(all_show))


def _log(probability: Array) -> Array:
    return np.asarray(np.log(np.maximum(probability, 1e-300)))


def categories(counts: Sequence[int], probabilities: ArrayLike) -> Array:
    """Counts of patients in categories that exclude each other and add up, shape (..., C): multinomial."""
    return _shares_of(np.asarray(counts, dtype=np.float64), np.asarray(probabilities, dtype=np.float64))


def mean_of(published: ArrayLike, predicted: ArrayLike, covariance: ArrayLike) -> Array:
    """Published means: normal about those of the model, with the model's covariance of such means.

    Parameters
    ----------
    published : array_like, shape (C,)
        Means.
    predicted : array_like, shape (..., C)
    covariance : array_like, shape (..., C, C)
        Of the published means: that of one patient over the number of patients, and digitising error. Where
        it is not positive definite the result is not a number.
    """
    away = np.atleast_1d(np.asarray(published, dtype=np.float64) - np.asarray(predicted, dtype=np.float64))
    factor = _factor(np.atleast_2d(np.asarray(covariance, dtype=np.float64)))
    scaled = np.linalg.solve(factor, away[..., np.newaxis])[..., 0]
    diagonal = np.diagonal(factor, axis1=-2, axis2=-1)
    log_determinant = 2.0 * np.log(diagonal).sum(axis=-1)
    size = away.shape[-1]
    return np.asarray(-0.5 * ((scaled**2).sum(axis=-1) + log_determinant + size * np.log(2.0 * np.pi)))


def _factor(covariance: Array) -> Array:
    """Cholesky factors of matrices, shape (..., C, C); that of NaN where one has none."""
    try:
        return np.asarray(np.linalg.cholesky(covariance))
    except np.linalg.LinAlgError:
        if covariance.ndim == 2:
            return np.where(np.eye(len(covariance)) > 0.0, np.nan, 0.0)
        return np.stack([_factor(one) for one in covariance])


def deviation_of(published: float, predicted: ArrayLike, number: int, *, kurtosis: ArrayLike = 3.0) -> Array:
    """Published standard deviation of ``number`` patients: log-normal about the model's, shape (...).

    The variance of the logarithm of a sample's standard deviation is, to first order in 1 / n,
    (kurtosis - (n - 3) / (n - 1)) / (4 n); for normal values about 1 / (2 (n - 1)).
    """
    excess = np.asarray(kurtosis, dtype=np.float64) - (number - 3.0) / (number - 1.0)
    variance = np.maximum(excess / (4.0 * number), 1e-12)
    away = np.log(published) - np.log(predicted)
    return np.asarray(-0.5 * (away * away / variance + np.log(2.0 * np.pi * variance)) - np.log(published))


def quantiles_of(levels: Sequence[float], below: ArrayLike, number: int) -> Array:
    """Sample quantiles: the patients between them fall where the model puts them.

    Parameters
    ----------
    levels
        Levels of the C published quantiles, increasing.
    below : array_like, shape (..., C)
        Share that the model predicts below each published value.
    number : int
        Patients; those between two quantiles are ``number`` times the difference of the levels.
    """
    edges = np.concatenate([[0.0], np.asarray(levels, dtype=np.float64), [1.0]])
    shares = _between(0.0, np.asarray(below, dtype=np.float64), 1.0)
    return _shares_of(number * np.diff(edges), np.diff(shares, axis=-1))


def _between(first: float, values: Array, last: float | None = None) -> Array:
    """Values of shape (..., C) with a constant before, and one after, along their last axis."""
    one = np.ones((*values.shape[:-1], 1))
    return np.concatenate([first * one, values, *([] if last is None else [last * one])], axis=-1)


def _shares_of(counts: Array, probabilities: Array) -> Array:
    """Multinomial with counts, shape (C,), that need not be whole."""
    chance = np.maximum(probabilities, LEAST_PROBABILITY)
    chance = chance / chance.sum(axis=-1, keepdims=True)
    constant = gammaln(counts.sum() + 1.0) - gammaln(counts + 1.0).sum()
    return np.asarray(constant + xlogy(counts, chance).sum(axis=-1))


def survival_curve(survival: ArrayLike, at_risk: ArrayLike, predicted: ArrayLike) -> Array:
    """Points of a Kaplan-Meier curve: of those at risk at one, so many have no event up to the next.

    Parameters
    ----------
    survival : array_like, shape (C,)
        Published share free of the event at each time, the first from 1 at time 0.
    at_risk : array_like, shape (C,)
        Patients at risk at the beginning of each interval: at time 0, and at the earlier points.
    predicted : array_like, shape (..., C)
        Share that the model predicts free of the event.
    """
    seen = np.concatenate([[1.0], np.asarray(survival, dtype=np.float64)])
    model = _between(1.0, np.asarray(predicted, dtype=np.float64))
    risk = np.asarray(at_risk, dtype=np.float64)
    free = risk * np.divide(seen[1:], seen[:-1], out=np.zeros(risk.size), where=seen[:-1] > 0.0)
    before, after = model[..., :-1], model[..., 1:]
    chance = _bounded(np.divide(after, before, out=np.ones(after.shape), where=before > 0.0))
    constant = _log_choices(risk, free)
    return np.asarray((constant + xlogy(free, chance) + xlog1py(risk - free, -chance)).sum(axis=-1))


def median_time(predicted: ArrayLike, number: float) -> Array:
    """A median: half of ``number`` patients are free of the event where the model predicts ``predicted``."""
    share = np.asarray(predicted, dtype=np.float64)
    return _shares_of(np.full(2, 0.5 * number), np.stack([share, 1.0 - share], axis=-1))


def median_at_scan(before: ArrayLike, after: ArrayLike, number: float) -> Array:
    """A median that falls on a scan: more than half were free of the event before it, and fewer after.

    Where events are only seen at scans, the median is the same for every share below one half after the scan,
    and says no more than this. A sample's share is normal on the scale of its arc sine.

    Parameters
    ----------
    before, after : array_like, shape (...)
        Shares that the model predicts free of the event before and after the scan.
    number : float
        Patients.
    """
    first, last = (
        2.0 * np.sqrt(number) * (np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0))) - 0.25 * np.pi)
        for share in (before, after)
    )
    # Of two numbers close to one, take the difference of what is missing.
    first, last = np.where(last > 0.0, -last, first), np.where(last > 0.0, -first, last)
    upper, lower = log_ndtr(first), log_ndtr(last)
    return np.maximum(upper + np.log(-np.expm1(np.minimum(lower - upper, -1e-16))), -1e6)


def informative_number(
    number: int, median: float, lower: float | None, upper: float | None, *, level: float = 0.95
) -> float:
    """Patients of a sample without censoring that would give a median the interval that was published.

    Near the median the times are taken as exponential: only what was published counts, not the model.

    Parameters
    ----------
    number : int
        Patients; the result is no larger.
    median, lower, upper : float
        Published, in any one unit; without an interval all patients inform.
    level : float
        Level of the interval.
    """
    if lower is None or upper is None or upper <= lower:
        return float(number)
    half_width = 0.5 * (0.5 ** (lower / median) - 0.5 ** (upper / median))
    deviation = half_width / float(ndtri(0.5 * (1.0 + level)))
    return float(min(number, 0.25 / deviation**2))


def log_ratio(
    published: float, lower: float, upper: float, predicted: ArrayLike, *, level: float = 0.95
) -> Array:
    """A ratio with its interval, such as a hazard ratio: its logarithm is normal about the model's, (...)."""
    deviation = np.log(upper / lower) / (2.0 * float(ndtri(0.5 * (1.0 + level))))
    away = (np.log(published) - np.asarray(predicted, dtype=np.float64)) / deviation
    return np.asarray(-0.5 * away * away - np.log(deviation * np.sqrt(2.0 * np.pi)))


def above(value: ArrayLike, limit: float, deviation: float) -> Array:
    """A statement that a value, shape (...), is above a limit, known to ``deviation``: probit."""
    return np.asarray(log_ndtr((np.asarray(value, dtype=np.float64) - limit) / deviation))


def expected_log_hazard_ratio(
    treated: ArrayLike, control: ArrayLike, *, treated_number: float = 1.0, control_number: float = 1.0
) -> float:
    """Logarithm of the hazard ratio that Cox' estimator tends to in a large trial with these curves.

    The root of its score in expectation, with events at the scans and Breslow's form for their ties.

    Parameters
    ----------
    treated, control : array_like, shape (V,)
        Shares free of the event after each scan.
    treated_number, control_number : float
        Patients, of which only the ratio matters.
    """
    arms = [np.concatenate([[1.0], np.asarray(arm, dtype=np.float64)]) for arm in (treated, control)]
    risk = [number * arm[:-1] for number, arm in zip((treated_number, control_number), arms, strict=True)]
    events = [
        number * -np.diff(arm) for number, arm in zip((treated_number, control_number), arms, strict=True)
    ]
    if events[0].sum() <= 0.0 or events[1].sum() <= 0.0:
        return -np.inf if events[1].sum() > 0.0 else np.inf if events[0].sum() > 0.0 else 0.0
    beta = 0.0
    for _ in range(100):
        share = risk[0] * np.exp(beta) / np.maximum(risk[0] * np.exp(beta) + risk[1], 1e-300)
        both = events[0] + events[1]
        score = float(np.sum(events[0] - both * share))
        information = float(np.sum(both * share * (1.0 - share)))
        step = np.clip(score / max(information, 1e-300), -2.0, 2.0)
        beta += step
        if abs(step) < 1e-12:
            break
    return float(beta)
