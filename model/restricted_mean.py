"""Mean time free of an event up to a limit, in many replicate trials."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from .errors import Lag3igError
from .event_times import Array, EventTimes, Flags, in_blocks, total
from .risk_sets import greenwood, product_limit, risk_sets


@dataclass(frozen=True, slots=True)
class RestrictedMean:
    """Area under the Kaplan-Meier curve up to a limit; arrays of shape (R,).

    Attributes
    ----------
    mean : ndarray
        d; NaN if nobody can be judged.
    variance : ndarray
        d^2; of the estimate.
    reached : ndarray of bool
        Whether the curve is known up to the limit: somebody is followed so long, or everybody has had the
        event. Where not, the last value was carried on, which flatters the arm; whether such a replicate
        counts is for the caller to say.
    """

    mean: Array
    variance: Array
    reached: Flags


@dataclass(frozen=True, slots=True)
class RestrictedMeanDifference:
    """Treated arm minus control arm; arrays of shape (R,).

    Attributes
    ----------
    control, treated : RestrictedMean
        The two arms.
    difference, standard_error : ndarray
        d.
    p : ndarray
        Two-sided P value of no difference; where the standard error is 0, 1 if there is no difference, else
        0. NaN where an arm has nobody.
    """

    control: RestrictedMean
    treated: RestrictedMean
    difference: Array
    standard_error: Array
    p: Array


def restricted_mean(sample: EventTimes, limit: ArrayLike) -> RestrictedMean:
    """Mean time free of the event up to a limit, and the variance of that estimate.

    Parameters
    ----------
    sample : EventTimes
        One arm, shape (R, n); strata are not looked at.
    limit : array_like, shape () or (R,)
        d; above 0.

    Returns
    -------
    RestrictedMean
        One value a replicate, with the same bits however many replicates there are.

    Raises
    ------
    Lag3igError
        If the limit is not a positive number, or not one for each replicate.

    References
    ----------
    Royston P, Parmar MKB. BMC Med Res Methodol 2013;13:152, doi 10.1186/1471-2288-13-152.
    Klein JP, Moeschberger ML. Survival Analysis. 2nd ed. Springer 2003, doi 10.1007/b97377 (section 4.5,
    variance).

    Examples
    --------
    >>> from lag3ig.model.event_times import event_times
    >>> float(restricted_mean(event_times([2.0, 4.0, 6.0, 9.0], [1, 1, 0, 0]), 8.0).mean[0])
    5.5
    """
    limits = _limits(limit, sample.replicates)
    unstratified = EventTimes(sample.time, sample.event)

    def work(block: EventTimes, rows: slice) -> Array:
        risk = risk_sets(block)
        survival, deaths, at_risk = product_limit(risk)
        until = limits[rows, None]
        # Free of the event before the first place, and from each place to the next; NaN stands after all.
        curve = np.concatenate([np.ones_like(until), survival], axis=1)
        edges = np.concatenate([np.zeros_like(until), np.fmin(risk.time, until), until], axis=1)
        areas = curve * np.diff(edges, axis=1)
        to_come = np.cumsum(areas[:, ::-1], axis=1)[:, ::-1]
        terms = np.where(risk.time < until, to_come[:, 1:] ** 2 * greenwood(deaths, at_risk), 0.0)
        judged = risk.judged.any(axis=1)
        reached = judged & ((risk.time >= until).any(axis=1) | (curve[:, -1] == 0.0))
        mean = np.where(judged, total(areas), np.nan)
        return np.stack([mean, np.where(judged, total(terms), np.nan), reached], axis=1)

    mean, variance, reached = np.ascontiguousarray(in_blocks(unstratified, work).T)
    return RestrictedMean(mean, variance, reached.astype(bool))


def restricted_mean_difference(
    control: EventTimes, treated: EventTimes, *, limit: ArrayLike
) -> RestrictedMeanDifference:
    """Difference of the mean times free of the event up to a limit.

    Parameters
    ----------
    control, treated : EventTimes
        Two arms over the same R replicates, of shapes (R, n1) and (R, n2).
    limit : array_like, shape () or (R,)
        d; above 0, the same for both arms.

    Raises
    ------
    Lag3igError
        As `restricted_mean`; and if the arms differ in the number of replicates.
    """
    if control.replicates != treated.replicates:
        raise Lag3igError(
            f"two arms of {control.replicates} and {treated.replicates} replicates; both need the same number"
        )
    first, second = restricted_mean(control, limit), restricted_mean(treated, limit)
    difference = second.mean - first.mean
    error = np.sqrt(first.variance + second.variance)
    size = np.abs(difference)
    # A z of infinity says that neither curve left anything to chance.
    z = np.divide(size, error, out=np.where(size > 0.0, np.inf, size), where=error > 0.0)
    return RestrictedMeanDifference(first, second, difference, error, 2.0 * special.ndtr(-z))


def _limits(limit: ArrayLike, replicates: int) -> Array:
    given = np.asarray(limit, dtype=np.float64)
    if given.shape not in ((), (replicates,)):
        raise Lag3igError(
            f"restricted mean: limit has shape {given.shape}; give one number, or one for each of the "
            f"{replicates} replicates"
        )
    if not np.all(np.isfinite(given) & (given > 0.0)):
        raise Lag3igError("restricted mean: limit must be a positive number of days")
    return np.ascontiguousarray(np.broadcast_to(given, (replicates,)))
