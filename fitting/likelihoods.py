"""Logarithm of the probability of a published statistic, given what a population predicts of it.

Each function takes what was published and what the model predicts, and is smooth in the prediction. Constants
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


def distribution_of_count(numbers: Sequence[int], probabilities: Sequence[float]) -> Array:
    """Probability of each number of successes in pooled groups, shape (sum of numbers + 1,).

    Parameters
    ----------
    numbers
        Patients of each group.
    probabilities
        Chance of success in each group.

    Examples
    --------
    >>> distribution_of_count([1, 1], [0.5, 0.5]).tolist()
    [0.25, 0.5, 0.25]
    """
    whole = np.ones(1)
    for number, probability in zip(numbers, _bounded(probabilities), strict=True):
        successes = np.arange(number + 1.0)
        logarithm = (
            _log_choices(np.asarray(float(number)), successes)
            + xlogy(successes, probability)
            + xlog1py(number - successes, -probability)
        )
        whole = np.convolve(whole, np.exp(logarithm))
    return whole


def count_of(count: int, numbers: Sequence[int], probabilities: Sequence[float]) -> float:
    """Successes among pooled groups: binomial, or the sum of binomials where groups differ."""
    if len(numbers) == 1:
        chance = _bounded(probabilities)[0]
        number, successes = np.asarray(float(numbers[0])), np.asarray(float(count))
        return float(
            _log_choices(number, successes) + xlogy(successes, chance) + xlog1py(number - successes, -chance)
        )
    return float(np.log(np.maximum(distribution_of_count(numbers, probabilities)[count], 1e-300)))


def at_most(most: int, numbers: Sequence[int], probabilities: Sequence[float]) -> float:
    """No more than ``most`` successes among pooled groups."""
    return float(np.log(np.maximum(distribution_of_count(numbers, probabilities)[: most + 1].sum(), 1e-300)))


def every(numbers: Sequence[int], probabilities: Sequence[float], *, shown: bool = True) -> float:
    """All patients of pooled groups show something; or, if not ``shown``, not every one does."""
    all_show = float(np.sum(np.asarray(numbers) * np.log(_bounded(probabilities))))
    return all_show if shown else float(np.log(np.maximum(-np.expm1(all_show), 1e-300)))


def categories(counts: Sequence[int], probabilities: ArrayLike) -> float:
    """Counts of patients in categories that exclude each other and add up: multinomial."""
    number = np.asarray(counts, dtype=np.float64)
    chance = np.maximum(np.asarray(probabilities, dtype=np.float64), LEAST_PROBABILITY)
    chance = chance / chance.sum()
    return float(gammaln(number.sum() + 1.0) - gammaln(number + 1.0).sum() + xlogy(number, chance).sum())


def mean_of(published: ArrayLike, predicted: ArrayLike, covariance: ArrayLike) -> float:
    """Published means: normal about those of the model, with the model's covariance of such means.

    Parameters
    ----------
    published, predicted : array_like, shape (C,)
        Means.
    covariance : array_like, shape (C, C)
        Of the published means: that of one patient over the number of patients, and digitising error.
    """
    away = np.atleast_1d(np.asarray(published, dtype=np.float64) - np.asarray(predicted, dtype=np.float64))
    spread = np.atleast_2d(np.asarray(covariance, dtype=np.float64))
    factor = np.linalg.cholesky(spread)
    scaled = np.linalg.solve(factor, away)
    log_determinant = 2.0 * np.log(np.diag(factor)).sum()
    return float(-0.5 * (scaled @ scaled + log_determinant + away.size * np.log(2.0 * np.pi)))


def deviation_of(published: float, predicted: float, number: int, *, kurtosis: float = 3.0) -> float:
    """Published standard deviation of ``number`` patients: log-normal about the model's.

    The variance of the logarithm of a sample's standard deviation is, to first order in 1 / n,
    (kurtosis - (n - 3) / (n - 1)) / (4 n); for normal values about 1 / (2 (n - 1)).
    """
    variance = max((kurtosis - (number - 3.0) / (number - 1.0)) / (4.0 * number), 1e-12)
    away = np.log(published) - np.log(predicted)
    return float(-0.5 * (away * away / variance + np.log(2.0 * np.pi * variance)) - np.log(published))


def quantiles_of(levels: Sequence[float], below: ArrayLike, number: int) -> float:
    """Sample quantiles: the patients between them fall where the model puts them.

    Parameters
    ----------
    levels
        Levels of the published quantiles, increasing.
    below : array_like, shape (C,)
        Share that the model predicts below each published value.
    number : int
        Patients; those between two quantiles are ``number`` times the difference of the levels.
    """
    edges = np.concatenate([[0.0], np.asarray(levels, dtype=np.float64), [1.0]])
    shares = np.concatenate([[0.0], np.asarray(below, dtype=np.float64), [1.0]])
    return _shares_of(number * np.diff(edges), np.diff(shares))


def _shares_of(counts: Array, probabilities: Array) -> float:
    """Multinomial with counts that need not be whole."""
    chance = np.maximum(probabilities, LEAST_PROBABILITY)
    chance = chance / chance.sum()
    return float(gammaln(counts.sum() + 1.0) - gammaln(counts + 1.0).sum() + xlogy(counts, chance).sum())


def survival_curve(survival: ArrayLike, at_risk: ArrayLike, predicted: ArrayLike) -> float:
    """Points of a Kaplan-Meier curve: of those at risk at one, so many have no event up to the next.

    Parameters
    ----------
    survival : array_like, shape (C,)
        Published share free of the event at each time, the first from 1 at time 0.
    at_risk : array_like, shape (C,)
        Patients at risk at the beginning of each interval: at time 0, and at the earlier points.
    predicted : array_like, shape (C,)
        Share that the model predicts free of the event.
    """
    seen = np.concatenate([[1.0], np.asarray(survival, dtype=np.float64)])
    model = np.concatenate([[1.0], np.asarray(predicted, dtype=np.float64)])
    risk = np.asarray(at_risk, dtype=np.float64)
    free = risk * np.divide(seen[1:], seen[:-1], out=np.zeros(risk.size), where=seen[:-1] > 0.0)
    chance = _bounded(np.divide(model[1:], model[:-1], out=np.ones(risk.size), where=model[:-1] > 0.0))
    constant = _log_choices(risk, free)
    return float(np.sum(constant + xlogy(free, chance) + xlog1py(risk - free, -chance)))


def median_time(predicted: float, number: float) -> float:
    """A median: half of ``number`` patients are free of the event where the model predicts ``predicted``."""
    return _shares_of(np.full(2, 0.5 * number), np.array([predicted, 1.0 - predicted]))


def median_at_scan(before: float, after: float, number: float) -> float:
    """A median that falls on a scan: more than half were free of the event before it, and fewer after.

    Where events are only seen at scans, the median is the same for every share below one half after the scan,
    and says no more than this. A sample's share is normal on the scale of its arc sine.

    Parameters
    ----------
    before, after : float
        Shares that the model predicts free of the event before and after the scan.
    number : float
        Patients.
    """
    first, last = (
        2.0 * np.sqrt(number) * (np.arcsin(np.sqrt(np.clip(share, 0.0, 1.0))) - 0.25 * np.pi)
        for share in (before, after)
    )
    if last > 0.0:  # of two numbers close to one, take the difference of what is missing
        first, last = -last, -first
    upper, lower = log_ndtr(first), log_ndtr(last)
    return float(max(upper + np.log(-np.expm1(min(lower - upper, -1e-16))), -1e6))


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
    published: float, lower: float, upper: float, predicted: float, *, level: float = 0.95
) -> float:
    """A ratio with its interval, such as a hazard ratio: its logarithm is normal about the model's."""
    deviation = np.log(upper / lower) / (2.0 * float(ndtri(0.5 * (1.0 + level))))
    away = (np.log(published) - predicted) / deviation
    return float(-0.5 * away * away - np.log(deviation * np.sqrt(2.0 * np.pi)))


def above(value: float, limit: float, deviation: float) -> float:
    """A statement that a value is above a limit, known to ``deviation``: probit."""
    return float(log_ndtr((value - limit) / deviation))


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
