"""Moments of what an assay reports of a cohort: true values and error together, those who left taken out.

For a log-normal assay of deviation s the error of a value x is a factor exp(s z), so the k-th moment is x^k
exp(k^2 s^2 / 2). A value below a limit of quantification l counts as 0, which leaves of the k-th moment the
share Phi((log(x/l) + k s^2) / s). A ratio to baseline has the baseline's error in every visit.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from .predictions import Prediction

Array = NDArray[np.float64]
Centre = Literal["mean", "geometric mean", "median"]


@dataclass(frozen=True, slots=True)
class Moments:
    """Of the values that C visits report, of the patients who are still followed.

    Attributes
    ----------
    mean : ndarray, shape (C,)
        Of the values, or of their logarithms.
    covariance : ndarray, shape (C, C)
        Of one patient's values.
    kurtosis : ndarray, shape (C,)
        Fourth central moment over the square of the second, without assay error.
    followed : ndarray, shape (C, C)
        Share of patients who are followed at both of two visits.
    """

    mean: Array
    covariance: Array
    kurtosis: Array
    followed: Array

    def of_means(self, number: int) -> Array:
        """Covariance of the means of ``number`` patients at baseline, shape (C, C).

        Two visits share the patients of the later one.
        """
        at = np.diag(self.followed)
        return self.covariance * self.followed / (number * np.outer(at, at))


def measured_moments(
    prediction: Prediction,
    observable: str,
    days: ArrayLike,
    *,
    logarithm: bool = False,
    to_baseline: bool = False,
) -> Moments:
    """Moments of measured values of an observable.

    Parameters
    ----------
    prediction : Prediction
    observable : str
    days : array_like, shape (C,)
        d; visits.
    logarithm : bool
        Of the logarithms (geometric means); a value below the limit of quantification counts as its limit.
    to_baseline : bool
        Of ratios to the value measured on day 0.
    """
    course, assay = prediction.course, prediction.model.observable(observable).assay
    error, limit = prediction.error_of(observable), prediction.limit_of(observable)
    true = course.at(observable, days)
    start = course.at(observable, [0.0]) if to_baseline else np.ones((len(true), 1))
    ratio = true / start
    relative = assay.kind == "lognormal"
    # Error of a patient's values, given the true ones: of each visit, and of the baseline they share.
    if logarithm:
        values = np.log(np.maximum(ratio, max(limit, 1e-300)))
        own = np.full_like(ratio, error**2) if relative else (error / true) ** 2
        shared = (error**2 if relative else (error / start) ** 2) if to_baseline else 0.0
        joint = np.broadcast_to(np.asarray(shared), ratio.shape)[:, :, None] * np.ones(ratio.shape[1])
    elif relative:
        factor, spread = np.exp(0.5 * error**2), np.expm1(error**2)
        values = ratio * factor * (_kept(true, limit, error, 1.0))
        own = (ratio * factor**2) ** 2 * _kept(true, limit, error, 2.0) - values**2
        joint = np.zeros((*ratio.shape, ratio.shape[1]))
        if to_baseline:  # whose error is a factor of its own, of the same moments
            values, own = values * factor, own * factor**4
            joint = np.einsum("pu,pv->puv", values, values) * spread
    else:  # a ratio to second order in the baseline's error
        values = ratio * (1.0 + float(to_baseline) * (error / start) ** 2)
        own = np.broadcast_to((error / start) ** 2, ratio.shape)
        joint = (
            np.einsum("pu,pv->puv", ratio, ratio) * ((error / start) ** 2)[:, :, None] * float(to_baseline)
        )
    weight = prediction.still_followed(days)
    # Followed at both visits means followed at the later one, where the weight is smaller.
    both = np.minimum(weight[:, :, None], weight[:, None, :])
    followed = both.mean(axis=0)
    mean = (weight * values).mean(axis=0) / np.diag(followed)
    away = values - mean
    between = (both * np.einsum("pu,pv->puv", away, away)).mean(axis=0) / followed
    within = (both * joint).mean(axis=0) / followed
    covariance = between + within
    places = np.diag_indices(len(mean))
    covariance[places] += (weight * own).mean(axis=0) / np.diag(followed)
    fourth = (weight * away**4).mean(axis=0) / np.diag(followed)
    kurtosis = fourth / np.maximum(np.diag(between) ** 2, 1e-300)
    return Moments(mean, covariance, kurtosis, followed)


def _kept(true: Array, limit: float, error: float, power: float) -> Array | float:
    """Share of the power of a log-normal value that lies at or above a limit of quantification."""
    if limit == 0.0:
        return 1.0
    return np.asarray(ndtr((np.log(np.maximum(true, 1e-300) / limit) + power * error**2) / error))


def probability_below(
    prediction: Prediction, observable: str, days: ArrayLike, values: ArrayLike, *, to_baseline: bool = False
) -> Array:
    """Probability that each patient's measured value is below a given one at each visit, shape (P, C)."""
    course, assay = prediction.course, prediction.model.observable(observable).assay
    error = prediction.error_of(observable)
    true, given = course.at(observable, days), np.asarray(values, dtype=np.float64)
    start = course.at(observable, [0.0]) if to_baseline else np.ones((len(true), 1))
    if error == 0.0:
        return np.asarray(true / start < given, dtype=np.float64)
    if assay.kind == "lognormal":
        twice = np.sqrt(2.0) if to_baseline else 1.0
        return np.asarray(ndtr(np.log(given * start / np.maximum(true, 1e-300)) / (error * twice)))
    deviation = error * np.sqrt(1.0 + given**2) if to_baseline else error
    return np.asarray(ndtr((given * start - true) / deviation))


def share_below(
    prediction: Prediction, observable: str, days: ArrayLike, values: ArrayLike, *, to_baseline: bool = False
) -> Array:
    """Share of the patients followed whose measured value is below a given one at each visit, shape (C,)."""
    below = probability_below(prediction, observable, days, values, to_baseline=to_baseline)
    weight = prediction.still_followed(days)
    return np.asarray((weight * below).mean(axis=0) / weight.mean(axis=0))
