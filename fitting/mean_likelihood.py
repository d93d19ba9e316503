"""Log-likelihood of printed means, geometric means and medians, and of the spreads beside them."""

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from . import likelihoods
from .mean_observation import MeanObservation
from .mean_summary import MeanSummary, is_logarithmic, is_median, quantiles_printed
from .shares import shares_of

Array = NDArray[np.float64]

QUARTILE = float(ndtri(0.75))


def log_likelihood_of_mean(observation: MeanObservation, summary: Array) -> Array:
    """Logarithm of the probability density of centres and spreads, given their summary; shape (...)."""
    if is_median(observation):
        return _of_medians(observation, summary)
    logarithm = is_logarithmic(observation)
    printed = np.array(observation.centre)
    predicted = MeanSummary.of(summary, printed.size)
    reading = np.full(printed.size, observation.digitising_error or 0.0)
    if logarithm:
        printed, reading = np.log(printed), reading / printed
    deviations = standard_deviations(observation)
    if observation.spread_assumed:  # the error of the centres, whatever the model says of patients
        assumed = np.array(deviations, dtype=np.float64)
        covariance = np.diag(assumed**2 / observation.number + reading**2)
        return likelihoods.mean_of(printed, predicted.mean, covariance)
    covariance = predicted.factor @ np.swapaxes(predicted.factor, -1, -2) + np.diag(reading**2)
    total = likelihoods.mean_of(printed, predicted.mean, covariance)
    for place, deviation in enumerate(deviations):
        if deviation:
            total = total + likelihoods.deviation_of(
                deviation,
                predicted.deviation[..., place],
                observation.number,
                kurtosis=predicted.kurtosis[..., place],
            )
    return total


def _of_medians(observation: MeanObservation, summary: Array) -> Array:
    """Medians, and quartiles where they were printed, one visit after the other."""
    total, place = np.zeros(summary.shape[:-1]), 0
    for levels, values in quantiles_printed(observation):
        below = shares_of(summary[..., place : place + len(values)])
        total = total + likelihoods.quantiles_of(levels, below, observation.number)
        place += len(values)
    return total


def standard_deviations(observation: MeanObservation) -> list[float | None]:
    """Standard deviation that each printed spread stands for, of the values or of their logarithms.

    An interval of a mean is normal, of a geometric mean normal in its logarithm. A range tells nothing that
    its two patients do not, and is left out.
    """
    if observation.spread_kind is None or observation.spread is None:
        return [None] * len(observation.centre)
    logarithm = is_logarithmic(observation)
    root = float(np.sqrt(observation.number))
    found: list[float | None] = []
    for centre, spread in zip(observation.centre, observation.spread, strict=True):
        if isinstance(spread, tuple):
            width = float(np.log(spread[1] / spread[0])) if logarithm else spread[1] - spread[0]
            normal = float(ndtri(0.5 * (1.0 + (observation.level or 0.95))))
            of_interval = {"CI": width / (2.0 * normal) * root, "IQR": width / (2.0 * QUARTILE)}
            found.append(of_interval.get(observation.spread_kind))
            continue
        share = spread / 100.0 if observation.spread_kind == "CV percent" else spread / abs(centre)
        share *= root if observation.spread_kind == "SE" else 1.0
        found.append(float(np.sqrt(np.log1p(share**2))) if logarithm else share * abs(centre))
    return found
