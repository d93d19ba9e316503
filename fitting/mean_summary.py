"""Summary of printed means, geometric means and medians: moments of what the assay reports."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..model.randomness import normals
from .mean_observation import MeanObservation
from .moments import Moments, measured_moments, share_below
from .predictions import Prediction
from .shares import probits

Array = NDArray[np.float64]
Arms = Mapping[str, Prediction]


@dataclass(frozen=True, slots=True)
class MeanSummary:
    """Prediction of C printed means.

    Attributes
    ----------
    mean : ndarray, shape (C,)
        Of the values, or of their logarithms for geometric means.
    factor : ndarray, shape (C, C)
        Cholesky factor of the covariance of the printed means.
    deviation, kurtosis : ndarray, shape (C,)
        Of one patient's values.
    """

    mean: Array
    factor: Array
    deviation: Array
    kurtosis: Array

    def flat(self) -> Array:
        """One vector; positive numbers by their logarithms."""
        lower = self.factor.copy()
        places = np.diag_indices(self.mean.size)
        lower[places] = np.log(lower[places])
        beneath = lower[np.tril_indices(self.mean.size)]
        return np.concatenate([self.mean, beneath, np.log(self.deviation), np.log(self.kurtosis)])

    @classmethod
    def of(cls, flat: Array, count: int) -> "MeanSummary":
        """The summary that a vector of `flat` holds; or many, one a row of shape (..., L)."""
        triangle = count * (count + 1) // 2
        mean, beneath, deviation, kurtosis = np.split(
            flat, [count, count + triangle, 2 * count + triangle], axis=-1
        )
        factor = np.zeros((*flat.shape[:-1], count, count))
        factor[..., *np.tril_indices(count)] = beneath
        places = np.arange(count)
        factor[..., places, places] = np.exp(factor[..., places, places])
        return cls(mean, factor, np.exp(deviation), np.exp(kurtosis))


def is_logarithmic(observation: MeanObservation) -> bool:
    """Whether values are compared by their logarithms: geometric means, and medians of a window."""
    return observation.centre_kind != "mean"


def is_median(observation: MeanObservation) -> bool:
    """Whether shares below printed quantiles are compared, and not moments."""
    return observation.centre_kind == "median" and observation.window is None


def quantiles_printed(observation: MeanObservation) -> list[tuple[list[float], list[float]]]:
    """Levels and values that were printed at each visit: the median, and the quartiles if there are any."""
    found: list[tuple[list[float], list[float]]] = []
    for place, centre in enumerate(observation.centre):
        spread = observation.spread[place] if observation.spread is not None else None
        if observation.spread_kind == "IQR" and isinstance(spread, tuple):
            found.append(([0.25, 0.5, 0.75], [spread[0], centre, spread[1]]))
        else:
            found.append(([0.5], [centre]))
    return found


def summarise_mean(observation: MeanObservation, arms: Arms) -> Array:
    """Summary of a mean: `MeanSummary.flat`, or probits of shares below printed quantiles."""
    (name,) = observation.arms
    arm, days = arms[name], np.array(observation.days)
    to_baseline = observation.relative_to == "baseline"
    if is_median(observation):
        shares = [
            float(share_below(arm, observation.observable, [day], value, to_baseline=to_baseline)[0])
            for day, (_, values) in zip(days, quantiles_printed(observation), strict=True)
            for value in values
        ]
        return probits(shares)
    logarithm = is_logarithmic(observation)
    moments = (
        measured_moments(arm, observation.observable, days, logarithm=logarithm, to_baseline=to_baseline)
        if observation.window is None
        else _windowed(observation, arm, days, logarithm=logarithm, to_baseline=to_baseline)
    )
    predicted, covariance = moments.mean, moments.of_means(observation.number)
    if observation.relative_to not in ("none", "baseline"):
        predicted, covariance = _over(
            moments, arms[observation.relative_to], observation, days, logarithm=logarithm
        )
    return MeanSummary(
        predicted,
        np.asarray(np.linalg.cholesky(covariance), dtype=np.float64),
        np.sqrt(np.diag(moments.covariance)),
        moments.kurtosis,
    ).flat()


def _over(
    moments: Moments, other: Prediction, observation: MeanObservation, days: Array, *, logarithm: bool
) -> tuple[Array, Array]:
    """Ratio of an arm's means to those of another, and its covariance to first order."""
    beside = measured_moments(other, observation.observable, days, logarithm=logarithm)
    own, theirs = moments.of_means(observation.number), beside.of_means(other.cohort.arm.n)
    if logarithm:
        return moments.mean - beside.mean, own + theirs
    ratio = moments.mean / beside.mean
    relative = own / np.outer(moments.mean, moments.mean) + theirs / np.outer(beside.mean, beside.mean)
    return ratio, np.outer(ratio, ratio) * relative


def _windowed(
    observation: MeanObservation, arm: Prediction, days: Array, *, logarithm: bool, to_baseline: bool
) -> Moments:
    """Moments of one number a patient: the mean or largest of measured values, or a terminal half-life.

    Errors are drawn, the same for any parameters. A half-life is that of the true curve between the last two
    days: whoever prints one has fitted many samples.
    """
    name = observation.observable
    true = arm.course.at(name, days)
    weight = arm.still_followed(days)
    if observation.window == "half_life":
        values = np.log(2.0) * (days[-1] - days[-2]) / np.log(true[:, -2] / true[:, -1])
    else:
        errors = normals(arm.cohort.seed, arm.cohort.ids, f"error of {name}", days.size + 1)
        measured = _with_error(arm, name, true, errors[:, 1:])
        if to_baseline:
            measured = measured / _with_error(arm, name, arm.course.at(name, [0.0]), errors[:, :1])
        values = (
            measured.max(axis=1)
            if observation.window == "maximum"
            else (weight * measured).sum(axis=1) / weight.sum(axis=1)
        )
    values = np.log(np.maximum(values, 1e-300)) if logarithm else values
    away = values - values.mean()
    variance = (away**2).mean()
    kurtosis = (away**4).mean() / max(variance**2, 1e-300)
    return Moments(np.array([values.mean()]), np.array([[variance]]), np.array([kurtosis]), np.ones((1, 1)))


def _with_error(arm: Prediction, name: str, true: Array, errors: Array) -> Array:
    size = arm.error_of(name)
    if arm.model.observable(name).assay.kind == "lognormal":
        return np.asarray(true * np.exp(size * errors))
    return true + size * errors
