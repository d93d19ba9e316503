"""Tests of a trial's data against each null, by the delta method; many trials at once.

Every arm has its own persons. What is tested is by how much the arm of all parts differs from what the other
arms predict, over its standard error:

responses and growth rates
    shares (x + 1/2) / (n + 1) with their binomial variance; means, with Welch's degrees of freedom.
progression-free shares
    Kaplan-Meier with Greenwood's variance; ``highest`` and ``bliss`` on the scale of the cumulative hazard
    -log S.
``highest``
    more than the best part is more than each of them: the largest P value of the m comparisons (an
    intersection-union test). Its size is its nominal one when one part is clearly the best, and below it
    when parts are alike. Less than the best is less than any: m times the smallest P value.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ...model.event_times import event_times
from ...model.survival_curves import survival_at
from .nulls import Null, best_of, best_of_slopes

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ArmEstimate:
    """Share or mean of one arm in R trials, its variance, and the patients it comes from; shape (R,)."""

    value: Array
    variance: Array
    patients: Array


@dataclass(frozen=True, slots=True)
class PValues:
    """One-sided P values, shape (R,): all together better, or worse, than the null says."""

    better: Array
    worse: Array


def share_estimate(responded: Array) -> ArmEstimate:
    """Share of responses of R trials, shape (R, n) of 1, 0 and NaN for those who could not be judged."""
    count = np.isfinite(responded).sum(axis=1).astype(np.float64)
    share = (np.nansum(responded, axis=1) + 0.5) / (count + 1.0)
    return ArmEstimate(share, share * (1.0 - share) / np.maximum(count, 1.0), count)


def mean_estimate(values: Array) -> ArmEstimate:
    """Mean of R trials, shape (R, n) with NaN for those who could not be judged."""
    known = np.isfinite(values)
    count = known.sum(axis=1).astype(np.float64)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1.0)
    squares = np.where(known, (values - mean[:, None]) ** 2, 0.0).sum(axis=1)
    return ArmEstimate(mean, squares / np.maximum(count - 1.0, 1.0) / np.maximum(count, 1.0), count)


def survival_estimate(time: Array, event: NDArray[np.bool_], *, at: float) -> ArmEstimate:
    """Progression-free share at day ``at`` of R trials, shape (R, n); 0 and 1 count as half a patient off."""
    found = survival_at(event_times(time, event), [at])
    count = np.isfinite(time).sum(axis=1).astype(np.float64)
    half = 0.5 / np.maximum(count, 1.0)
    share, raw = np.clip(found.survival[:, 0], half, 1.0 - half), found.survival[:, 0]
    end = (raw < half) | (raw > 1.0 - half)
    variance = np.where(end, share * (1.0 - share) * 2.0 * half, found.standard_error[:, 0] ** 2)
    return ArmEstimate(share, variance, count)


def against_null(
    null: Null, endpoint: str, arms: Sequence[ArmEstimate], *, correlation: float | Array = 0.0
) -> PValues:
    """P values of R trials against a null.

    Parameters
    ----------
    null, endpoint : str
        A pair of `nulls.NULLS`.
    arms : sequence of ArmEstimate
        None, the parts, together.
    correlation : float or ndarray, shape (R,)
        Of independent drug action; stated before, not estimated from the trial.

    Returns
    -------
    PValues
    """
    none, *parts, together = arms
    if endpoint == "growth":
        none, together = _turned(none), _turned(together)
        parts = [_turned(part) for part in parts]
    if null == "highest":
        return _highest(parts, together, hazard=endpoint == "pfs")
    if null == "independent":
        shares = np.stack([part.value for part in parts])
        excess = together.value - best_of(shares, correlation)
        slopes = best_of_slopes(shares, correlation)
        terms = [slope**2 * part.variance for slope, part in zip(slopes, parts, strict=True)]
        return _p_values(excess, [*terms, together.variance])
    more = len(parts) - 1
    if null == "additive":
        excess = together.value - sum(part.value for part in parts) + more * none.value
        variances = [together.variance, *(part.variance for part in parts), more**2 * none.variance]
        return _p_values(excess, variances, [arm.patients for arm in (together, *parts, none)])
    if endpoint == "responded":
        excess = sum(np.log1p(-part.value) for part in parts) - np.log1p(-together.value)
        return _p_values(excess, [arm.variance / (1.0 - arm.value) ** 2 for arm in (*parts, together)])
    hazards = [_hazard(arm) for arm in (none, *parts, together)]
    excess = sum(item.value for item in hazards[1:-1]) - more * hazards[0].value - hazards[-1].value
    return _p_values(excess, [more**2 * hazards[0].variance, *(item.variance for item in hazards[1:])])


def _turned(arm: ArmEstimate) -> ArmEstimate:
    """Slower growth is better."""
    return ArmEstimate(-arm.value, arm.variance, arm.patients)


def _hazard(arm: ArmEstimate) -> ArmEstimate:
    """Cumulative hazard of a share free of the event."""
    return ArmEstimate(-np.log(arm.value), arm.variance / arm.value**2, arm.patients)


def _highest(parts: Sequence[ArmEstimate], together: ArmEstimate, *, hazard: bool) -> PValues:
    if hazard:
        parts, together = [_turned(_hazard(part)) for part in parts], _turned(_hazard(together))
    found = [
        _p_values(
            together.value - part.value,
            [together.variance, part.variance],
            [together.patients, part.patients],
        )
        for part in parts
    ]
    worse = len(parts) * np.min([item.worse for item in found], axis=0)
    return PValues(np.max([item.better for item in found], axis=0), np.minimum(1.0, worse))


def _p_values(excess: Array, variances: Sequence[Array], patients: Sequence[Array] | None = None) -> PValues:
    """Of an excess with the variances of its terms; by Student's t if the patients of each are given."""
    terms = np.stack([np.asarray(item) for item in variances])
    total = terms.sum(axis=0)
    ratio = np.divide(excess, np.sqrt(total), out=np.zeros_like(total), where=total > 0.0)
    if patients is None:
        return PValues(stats.norm.sf(ratio), stats.norm.cdf(ratio))
    below = (terms**2 / np.maximum(np.stack(list(patients)) - 1.0, 1.0)).sum(axis=0)
    freedom = np.divide(total**2, below, out=np.ones_like(total), where=below > 0.0)
    return PValues(stats.t.sf(ratio, freedom), stats.t.cdf(ratio, freedom))
