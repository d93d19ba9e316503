"""Kaplan-Meier estimates at given times, in many replicate trials or one weighted population."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from .engine.simd import exp, log
from .errors import Lag3igError
from .event_times import Array, EventTimes, event_times, in_blocks
from .risk_sets import greenwood, product_limit, risk_sets
from .survival import HALF


@dataclass(frozen=True, slots=True)
class SurvivalAt:
    """Kaplan-Meier estimate at T times.

    Attributes
    ----------
    survival : ndarray, shape (R, T)
        Share free of the event just after each time; after the last one followed it stays as it is.
    standard_error : ndarray, shape (R, T)
        Greenwood's.
    at_risk : ndarray, shape (R, T)
        Patients still followed just before each time.
    """

    survival: Array
    standard_error: Array
    at_risk: Array


@dataclass(frozen=True, slots=True)
class MedianTimes:
    """Median time to the event with its interval; arrays of shape (R,).

    Attributes
    ----------
    median, lower, upper : ndarray
        d; infinite where the curve, or its band, never comes down to one half. NaN if nobody can be judged.
    """

    median: Array
    lower: Array
    upper: Array


def survival_at(sample: EventTimes, times: ArrayLike) -> SurvivalAt:
    """Kaplan-Meier estimate of each replicate at given times.

    Parameters
    ----------
    sample : EventTimes
        One arm, shape (R, n); strata are not looked at.
    times : array_like, shape (T,)
        d.

    Returns
    -------
    SurvivalAt
        The same bits however many replicates there are. Where nobody can be judged the share is NaN.

    Examples
    --------
    >>> found = survival_at(event_times([1, 2, 3, 3, 3, 5], [1, 0, 1, 1, 0, 0]), [2, 3])
    >>> [round(float(share), 4) for share in found.survival[0]], found.at_risk[0].tolist()
    ([0.8333, 0.4167], [5.0, 4.0])
    """
    grid = _grid(times)

    def work(block: EventTimes, _: slice) -> Array:
        risk = risk_sets(block)
        survival, deaths, at_risk = product_limit(risk)
        none = np.zeros((len(survival), 1))
        judged = risk.judged.any(axis=1)
        start = np.where(judged, 1.0, np.nan)[:, None]
        curve = np.concatenate([start, survival], axis=1)
        spread = np.concatenate([none, np.cumsum(greenwood(deaths, at_risk), axis=1)], axis=1)
        followed = np.concatenate([at_risk, none], axis=1)
        found = np.empty((len(survival), 3, grid.size))
        for column, time in enumerate(grid):
            until = np.count_nonzero(risk.time <= time, axis=1)[:, None]
            before = np.count_nonzero(risk.time < time, axis=1)[:, None]
            found[:, 0, column] = np.take_along_axis(curve, until, axis=1)[:, 0]
            found[:, 1, column] = np.take_along_axis(spread, until, axis=1)[:, 0]
            found[:, 2, column] = np.take_along_axis(followed, before, axis=1)[:, 0]
        return found

    share, spread, at_risk = in_blocks(EventTimes(sample.time, sample.event), work).transpose(1, 0, 2)
    return SurvivalAt(share.copy(), share * np.sqrt(spread), at_risk.copy())


def median_times(sample: EventTimes, *, level: float = 0.95) -> MedianTimes:
    """Median of each replicate, with Brookmeyer and Crowley's interval from the log-log band.

    Parameters
    ----------
    sample : EventTimes
        One arm, shape (R, n); strata are not looked at.
    level : float
        Of the interval.

    References
    ----------
    Brookmeyer R, Crowley J. Biometrics 1982;38:29-41, doi 10.2307/2530286.
    """
    reach = special.ndtri(0.5 + 0.5 * level)

    def work(block: EventTimes, _: slice) -> Array:
        risk = risk_sets(block)
        survival, deaths, at_risk = product_limit(risk)
        spread = np.cumsum(greenwood(deaths, at_risk), axis=1)
        # The band only moves where somebody has the event. At 1 it has no width, and at 0 none that is known.
        inner = (deaths > 0.0) & (survival < 1.0) & (survival > 0.0)
        hazard = -np.asarray(log(survival[inner]))
        factor = np.asarray(exp(reach * np.sqrt(spread[inner]) / hazard))
        lower, upper = np.ones_like(survival), np.ones_like(survival)
        lower[inner], upper[inner] = exp(-hazard * factor), exp(-hazard / factor)
        gone = survival == 0.0
        lower[gone] = upper[gone] = 0.0
        found = np.stack([_first_at_half(risk.time, curve) for curve in (survival, lower, upper)], axis=1)
        return np.where(np.any(risk.judged, axis=1, keepdims=True), found, np.nan)

    return MedianTimes(*np.ascontiguousarray(in_blocks(EventTimes(sample.time, sample.event), work).T))


def _first_at_half(time: Array, curve: Array) -> Array:
    """First time at which a curve is at most one half, infinite if it never is, shape (R,)."""
    low = np.less_equal(curve, HALF)
    place = np.argmax(low, axis=1, keepdims=True)
    return np.where(low.any(axis=1), np.take_along_axis(time, place, axis=1)[:, 0], np.inf)


def weighted_survival(time: ArrayLike, event: ArrayLike, *, weight: ArrayLike, times: ArrayLike) -> Array:
    """Kaplan-Meier estimate of one population whose patients count more or less.

    Parameters
    ----------
    time : array_like, shape (P,)
        d; NaN for a patient that cannot be judged.
    event : array_like of bool, shape (P,)
        Whether the event was seen.
    weight : array_like, shape (P,) or (W, P)
        Non-negative; of any scale. W sets of weights share one order of the times.
    times : array_like, shape (T,)
        d.

    Returns
    -------
    ndarray, shape (T,) or (W, T)
        Share free of the event just after each time; once nobody with a weight is followed it stays as it is.

    Raises
    ------
    Lag3igError
        If shapes differ, a weight is negative or not a number, or nobody who can be judged has any.

    Examples
    --------
    >>> weighted_survival([1, 2, 3], [1, 1, 0], weight=[1, 1, 2], times=[1, 2.5]).tolist()
    [0.75, 0.5]
    """
    sample, grid = event_times(time, event), _grid(times)
    weights = np.asarray(weight, dtype=np.float64)
    rows = np.atleast_2d(weights)
    if sample.replicates != 1 or weights.shape[-1:] != sample.time.shape[1:] or weights.ndim > 2:
        raise Lag3igError(
            f"weighted survival: time has shape {np.shape(time)} and weight {weights.shape}; they must be "
            "(patients,) and (patients,) or (sets, patients)"
        )
    judged = np.flatnonzero(~np.isnan(sample.time[0]))
    wrong = np.argwhere(~(np.isfinite(rows) & (rows >= 0.0)))
    if wrong.size:
        row, patient = wrong[0]
        raise Lag3igError(
            f"weighted survival: weight {rows[row, patient]} of patient {patient} in set {row}; weights must "
            "be finite and not negative"
        )
    empty = np.flatnonzero(~(rows[:, judged] > 0.0).any(axis=1))
    if empty.size:
        raise Lag3igError(f"weighted survival: no patient who can be judged has a weight in set {empty[0]}")
    order = judged[np.argsort(sample.time[0, judged], kind="stable")]
    ordered = sample.time[0, order]
    first = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counted, seen = np.take(rows, order, axis=1), sample.event[0, order]
    dead = np.add.reduceat(np.where(seen, counted, 0.0), first, axis=1)
    left = np.add.reduceat(np.where(seen, 0.0, counted), first, axis=1)
    # Added from the end, so that the few who stay longest are not the difference of two large numbers.
    left[:, :-1] += np.cumsum((dead + left)[:, :0:-1], axis=1)[:, ::-1]
    at_risk = dead + left
    staying = np.divide(left, at_risk, out=np.ones_like(left), where=at_risk > 0.0)
    curve = np.concatenate([np.ones((len(rows), 1)), np.cumprod(staying, axis=1)], axis=1)
    found = np.take(curve, np.searchsorted(ordered[first], grid, side="right"), axis=1)
    return np.ascontiguousarray(found if weights.ndim == 2 else found[0])


def _grid(times: ArrayLike) -> Array:
    grid = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if grid.ndim != 1 or np.isnan(grid).any():
        raise Lag3igError("survival at given times: times must be a row of numbers without NaN")
    return grid
