"""Probabilities of what scans of one patient show, smooth in the patient's true curve.

A scan shows progression when its measured sum passes a limit, and a share of patients moves in steps when a
parameter does. Here the last error of measurement is integrated out instead of drawn: given the sums written
down so far, the next scan is free of progression with a probability that is a normal distribution function,
and the sum that it writes down is drawn among those that are no progression. A patient then carries weights
between 0 and 1 in place of outcomes, whose mean over patients is the same, and whose derivatives exist.

Two liberties are taken, both checked against endpoints judged one by one: a lesion that was gone and comes
back is judged by the smallest size that can be written down, not by its mere presence; and whether a scan
shows a response is taken as independent of how small a sum the same scan wrote down for the nadir.

References
----------
Hajivassiliou V, McFadden D, Ruud P. J Econometrics 1996;72:85-134, doi 10.1016/0304-4076(94)01716-6: the
simulator of Geweke, Hajivassiliou and Keane, whose idea this is.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from ..model.recist import CONFIRMED_AFTER, GONE_BELOW, GROWTH_AT_LEAST, TOO_SMALL, Version

Array = NDArray[np.float64]

_LEAST = 1e-300  # probability below which a weight is none, and a quotient of two of them needs no care
_PARTIAL = 0.7  # of the baseline sum
_PROGRESSION = 1.2  # of the nadir


@dataclass(frozen=True, slots=True)
class TumourOutcomes:
    """What P patients show at V scans after baseline.

    Attributes
    ----------
    days : ndarray, shape (V,)
        d; days of the scans.
    free : ndarray, shape (P, V)
        Probability of no progression up to and including the scan.
    true, baseline, lesions, error, floor
        True sums at the scans (mm, shape (P, V)), measured baseline (mm, shape (P,)), number of target
        lesions (shape (P,)), standard deviation of the logarithm of a measured sum, and the smallest sum
        that can be written down (mm, shape (P,)).
    below : ndarray, shape (P, V)
        Probability that the measured sum at a scan stays below its limit of progression, given the sums
        written down before.
    """

    days: Array
    free: Array
    true: Array
    baseline: Array
    lesions: Array
    error: float
    floor: Array
    below: Array

    def _sum_of(self, fraction: float) -> Array:
        """Largest sum that is a fraction of baseline or less once written down, shape (P,).

        A sum smaller than the smallest that can be written down is only reached when all lesions are gone.
        """
        limit = fraction * self.baseline
        return np.where(limit >= self.floor, limit, GONE_BELOW * self.lesions)

    def responded(self, *, confirmed: bool = False) -> Array:
        """Probability of a response, partial or complete, by each scan and before progression, shape (P, V).

        With ``confirmed``, of two scans that show one, at least `CONFIRMED_AFTER` days apart.
        """
        return self._reached(self._sum_of(_PARTIAL), confirmed=confirmed)

    def complete(self, *, confirmed: bool = False) -> Array:
        """Probability of a complete response by each scan and before progression, shape (P, V)."""
        return self._reached(GONE_BELOW * self.lesions, confirmed=confirmed)

    def shrunk(self, percent: float) -> Array:
        """Probability that the sum changes by ``percent`` (-30: shrinks by 30 %) or less, shape (P, V).

        Of any scan up to each; the scan at which a new lesion shows progression counts, later ones do not.
        """
        shows, stays = self._shows(self._sum_of(1.0 + percent / 100.0)), self._stays
        unseen, total = np.ones(len(shows)), np.zeros(len(shows))
        reached = np.empty_like(shows)
        for scan in range(self.days.size):
            total = total + unseen * self.below[:, scan] * shows[:, scan]
            unseen = unseen * stays[:, scan] * (1.0 - shows[:, scan])
            reached[:, scan] = total
        return reached

    def controlled_for(self, days: float, *, confirmed: bool = False) -> Array:
        """Probability of a response at any time, or of no progression up to a day, shape (P,)."""
        last = int(np.searchsorted(self.days, days, side="left"))
        if last >= self.days.size:
            last = self.days.size - 1
        lost = self._reached(self._sum_of(_PARTIAL), confirmed=confirmed, lost_by=last)
        return np.asarray(self.free[:, last] + lost)

    def _shows(self, limit: Array) -> Array:
        """Probability that a scan measures a limit or less, given that its sum is no progression."""
        beneath = ndtr(np.log(np.maximum(limit, _LEAST)[:, None] / self.true) / self.error)
        return np.asarray(np.minimum(beneath, self.below) / np.maximum(self.below, _LEAST))

    @property
    def _stays(self) -> Array:
        """Probability of no progression at a scan, given none before."""
        previous = np.concatenate([np.ones((len(self.free), 1)), self.free[:, :-1]], axis=1)
        return np.asarray(self.free / np.maximum(previous, _LEAST))

    def _reached(self, limit: Array, *, confirmed: bool, lost_by: int | None = None) -> Array:
        """Probability that a scan reaches a limit; or that one does, and progression follows by ``lost_by``.

        Three weights go along the scans: not seen, seen once, and seen as often as asked; each is lost to
        progression at the same rate, and what is lost of the last has been reached nevertheless.
        """
        shows, stays = self._shows(limit), self._stays
        unseen, once = np.ones(len(limit)), np.zeros(len(limit))
        inside, reached = np.zeros(len(limit)), np.zeros_like(self.free)
        total, lost = np.zeros(len(limit)), np.zeros(len(limit))
        for scan in range(self.days.size):
            if lost_by is not None and scan <= lost_by:
                lost = lost + inside * (1.0 - stays[:, scan])
            unseen, once, inside = unseen * stays[:, scan], once * stays[:, scan], inside * stays[:, scan]
            now = shows[:, scan]
            gained = once * now if confirmed else unseen * now
            once = once * (1.0 - now) + unseen * now if confirmed else once
            unseen = unseen * (1.0 - now)
            inside, total = inside + gained, total + gained
            reached[:, scan] = total
        return lost if lost_by is not None else reached


def tumour_outcomes(
    true: ArrayLike,
    hazard: ArrayLike,
    normals: ArrayLike,
    days: ArrayLike,
    *,
    lesions: ArrayLike,
    error: float,
    version: Version = "1.1",
) -> TumourOutcomes:
    """Outcomes of patients whose true curves are known.

    Parameters
    ----------
    true : array_like, shape (P, 1 + V)
        mm; true sum of diameters at baseline and at each scan.
    hazard : array_like, shape (P, V)
        Cumulative hazard of a new lesion at each scan.
    normals : array_like, shape (P, 1 + V)
        Standard normals, one for each scan: the same ones make the outcomes a function of the curves.
    days : array_like, shape (V,)
        d; days of the scans, increasing, at least `CONFIRMED_AFTER` apart.
    lesions : array_like, shape () or (P,)
        Target lesions.
    error : float
        Standard deviation of the logarithm of a measured sum.
    version : {"1.1", "1.0"}
        Of RECIST.

    Raises
    ------
    ValueError
        If scans are so close that one might not confirm the one before.
    """
    sums, chance = np.asarray(true, dtype=np.float64), np.asarray(normals, dtype=np.float64)
    when = np.asarray(days, dtype=np.float64)
    if np.any(np.diff(when) < CONFIRMED_AFTER):
        raise ValueError(f"scans must be at least {CONFIRMED_AFTER:g} days apart; got {when.tolist()}")
    count = np.broadcast_to(np.asarray(lesions, dtype=np.float64), sums.shape[:1])
    floor = TOO_SMALL * count if version == "1.1" else np.zeros(len(sums))
    baseline = np.maximum(sums[:, 0] * np.exp(error * chance[:, 0]), floor)
    present = np.diff(np.asarray(hazard, dtype=np.float64), axis=1, prepend=0.0)
    nadir, weight = baseline, np.ones(len(sums))
    free, below = np.empty((len(sums), when.size)), np.empty((len(sums), when.size))
    for scan in range(when.size):
        limit = _PROGRESSION * nadir
        if version == "1.1":
            limit = np.maximum(limit, nadir + GROWTH_AT_LEAST)
        at = sums[:, scan + 1]
        below[:, scan] = ndtr(np.log(limit / at) / error)
        drawn = ndtri(np.clip(ndtr(chance[:, scan + 1]) * below[:, scan], _LEAST, 1.0 - 1e-16))
        nadir = np.minimum(nadir, np.maximum(at * np.exp(error * drawn), floor))
        weight = weight * below[:, scan] * np.exp(-present[:, scan])
        free[:, scan] = weight
    return TumourOutcomes(when, free, sums[:, 1:], baseline, count, error, floor, below)
