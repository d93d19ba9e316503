"""What happened to the same persons in each arm of a combination, and shares and means of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.recist import GONE_BELOW
from ...model.survival_curves import weighted_survival
from ..members import draws_of
from ..results import TrialResult
from .section import Combination

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """One arm; row k is person k. NaN where it cannot be told.

    Attributes
    ----------
    responded : ndarray, shape (P,)
        1 or 0.
    time, event : ndarray, shape (P,)
        d; progression, or the last scan without.
    growth : ndarray, shape (P,)
        1/d; see `growth_rates`.
    best_change : ndarray, shape (P,)
        Percent.
    """

    responded: Array
    time: Array
    event: Flags
    growth: Array
    best_change: Array

    def estimate(self, endpoint: str, weight: ArrayLike, *, at: float) -> Array:
        """Share or mean of the persons, who count by W sets of weights, shape (W, P); shape (W,)."""
        weights = np.atleast_2d(np.asarray(weight, dtype=np.float64))
        if endpoint == "pfs":
            return weighted_survival(self.time, self.event, weight=weights, times=[at])[:, 0]
        value = self.responded if endpoint == "responded" else self.growth
        known = np.isfinite(value)
        with np.errstate(invalid="ignore"):
            return np.asarray(weights[:, known] @ value[known] / weights[:, known].sum(axis=1))


@dataclass(frozen=True, slots=True)
class Twins:
    """The same persons without drug, under each part, and under all; ``draw`` of a fit that each is of."""

    arms: Mapping[str, Outcomes]
    plan: Combination
    at: float
    draw: NDArray[np.int64]
    draws: int

    @property
    def able(self) -> Flags:
        """Persons who can be judged in every arm, shape (P,)."""
        found = [np.isfinite(arm.time) & np.isfinite(arm.growth) for arm in self.arms.values()]
        return np.asarray(np.logical_and.reduce(found))


def growth_rates(sld: ArrayLike, days: ArrayLike, *, until: float) -> Array:
    """Rate of growth of each tumour's volume, 1/d: three times the slope of the log sum of diameters.

    A line by least squares through all scans up to a day, progression or not; volumes go with the cube of
    diameters. A sum below 2 mm counts as 2 mm.

    Parameters
    ----------
    sld : array_like, shape (P, V)
        mm; sums as recorded, NaN where no scan was done.
    days : array_like, shape (V,)
        d.
    until : float
        d.

    Returns
    -------
    ndarray, shape (P,)
        NaN with fewer than three scans.

    Examples
    --------
    >>> round(float(growth_rates([[50.0, 60.0, 72.0]], [0.0, 50.0, 100.0], until=100.0)[0]), 6)
    0.010939
    """
    when = np.asarray(days, dtype=np.float64)
    wanted = when <= until
    size = np.log(np.maximum(np.asarray(sld, dtype=np.float64)[:, wanted], GONE_BELOW))
    there = np.isfinite(size)
    count = there.sum(axis=1)
    enough = count >= 3
    times = np.where(there, when[wanted], 0.0)
    middle = times.sum(axis=1) / np.maximum(count, 1)
    away = np.where(there, when[wanted] - middle[:, None], 0.0)
    slope = np.sum(away * np.where(there, size, 0.0), axis=1) / np.where(enough, np.sum(away**2, axis=1), 1.0)
    return np.asarray(np.where(enough, 3.0 * slope, np.nan))


def twins_of(result: TrialResult, plan: Combination, *, at: float) -> Twins:
    """The persons of a result in the arms of a combination."""
    arms = {
        name: _outcomes(result.arms[name].table, np.array(result.scan_days), until=at) for name in plan.arms
    }
    return Twins(arms, plan, at, np.asarray(result.patients.draw, dtype=np.int64), draws_of(result))


def _outcomes(table: Mapping[str, NDArray[Any]], days: Array, *, until: float) -> Outcomes:
    solved = np.asarray(table["status"]) >= 0
    return Outcomes(
        responded=np.where(solved, np.asarray(table["responded"], dtype=np.float64), np.nan),
        time=np.where(solved, np.asarray(table["pfs_time"], dtype=np.float64), np.nan),
        event=np.asarray(table["pfs_event"], dtype=bool),
        growth=np.where(solved, growth_rates(table["sld"], days, until=until), np.nan),
        best_change=np.where(solved, np.asarray(table["best_change"], dtype=np.float64), np.nan),
    )
