"""Response of solid tumours by RECIST 1.1, or 1.0, from sums of diameters and new lesions.

Every function works on all patients at once. A scan that was not done is NaN; a patient without a measured
baseline has no response at any scan.

References
----------
Version 1.1: Eisenhauer EA et al. Eur J Cancer 2009;45:228-247, doi 10.1016/j.ejca.2008.10.026,
    section 4.3, tables 1-3.
Version 1.0: Therasse P et al. J Natl Cancer Inst 2000;92:205-216, doi 10.1093/jnci/92.3.205.
"""

from enum import IntEnum
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Version = Literal["1.0", "1.1"]
VERSIONS: tuple[Version, ...] = ("1.1", "1.0")

GONE_BELOW = 2.0  # mm; a lesion thinner than this is read as gone (assumed: about one slice of a fine scan)
TOO_SMALL = 5.0  # mm; version 1.1 writes down this value for a lesion that is there but thinner
GROWTH_AT_LEAST = 5.0  # mm; version 1.1 asks for this much growth of the sum besides the 20 %
CONFIRMED_AFTER = 28.0  # d between the two scans that confirm a response (section 4.6)
STABLE_AFTER = 42.0  # d from baseline before a scan without progression counts as stable disease (6 weeks)


class Response(IntEnum):
    """Response at a scan, or the best over all scans; the codes of the result file."""

    NOT_EVALUABLE = 0
    COMPLETE = 1
    PARTIAL = 2
    STABLE = 3
    PROGRESSION = 4

    @property
    def label(self) -> str:
        """The letters a case report form uses.

        >>> Response.PARTIAL.label
        'PR'
        """
        return ("NE", "CR", "PR", "SD", "PD")[self]


def record(diameters: ArrayLike, lesions: ArrayLike = 1, *, version: Version = "1.1") -> NDArray[np.float64]:
    """Sum of diameters as it is written down at each scan.

    Parameters
    ----------
    diameters : array_like, shape (P, V)
        Measured sum of the longest diameters in mm, baseline first, NaN where no scan was done.
    lesions : array_like, shape () or (P,)
        Number of target lesions, taken to be of equal size.
    version : {"1.1", "1.0"}
        1.1 writes 5 mm for a lesion that is present but thinner than 5 mm.

    Returns
    -------
    ndarray, shape (P, V)
        mm; 0 where every target lesion is gone.
    """
    total = np.atleast_2d(np.asarray(diameters, dtype=np.float64))
    count = np.broadcast_to(np.asarray(lesions, dtype=np.float64), total.shape[:1])[:, None]
    written = total
    if version == "1.1":
        written = np.where(total < TOO_SMALL * count, TOO_SMALL * count, total)
    return np.where(total < GONE_BELOW * count, 0.0, written)


def assess(
    recorded: ArrayLike, new_lesion: ArrayLike | None = None, *, version: Version = "1.1"
) -> NDArray[np.int8]:
    """Response at each scan after baseline.

    The nadir is the smallest sum written down so far, baseline included. Progression goes before every other
    response.

    Parameters
    ----------
    recorded : array_like, shape (P, V)
        Sums as written down (see `record`), baseline first, NaN where no scan was done.
    new_lesion : array_like of bool, shape (P, V - 1), optional
        Whether a new lesion is present at each scan after baseline; only a scan that was done shows it.
    version : {"1.1", "1.0"}
        1.1 asks for 5 mm of growth besides the 20 %.

    Returns
    -------
    ndarray of int8, shape (P, V - 1)
        Codes of `Response`.
    """
    total = np.atleast_2d(np.asarray(recorded, dtype=np.float64))
    baseline = total[:, :1]
    nadir = np.fmin.accumulate(total, axis=1)[:, :-1]
    scan = total[:, 1:]
    done = np.isfinite(scan) & np.isfinite(baseline)
    # Whole multiples, so that 100 -> 120 mm and 100 -> 70 mm meet their limits exactly (1.2 is not binary).
    progressed = (scan > nadir) & (5.0 * scan >= 6.0 * nadir)
    if version == "1.1":
        progressed &= scan - nadir >= GROWTH_AT_LEAST
    if new_lesion is not None:
        progressed |= np.atleast_2d(np.asarray(new_lesion, dtype=bool))
    response = np.full(scan.shape, Response.STABLE, dtype=np.int8)
    response[10.0 * scan <= 7.0 * baseline] = Response.PARTIAL
    response[scan == 0.0] = Response.COMPLETE
    response[progressed] = Response.PROGRESSION
    response[~done] = Response.NOT_EVALUABLE
    return response


def up_to_progression(response: NDArray[np.int8]) -> NDArray[np.int8]:
    """Responses with every scan after the first progression set to not evaluable, shape (P, V - 1)."""
    progressed = response == Response.PROGRESSION
    after = np.cumsum(progressed, axis=1) - progressed > 0
    return np.where(after, np.int8(Response.NOT_EVALUABLE), response)


def best_response(
    response: ArrayLike,
    days: ArrayLike,
    *,
    confirmation: bool = False,
    confirmed_after: float = CONFIRMED_AFTER,
    stable_after: float = STABLE_AFTER,
) -> NDArray[np.int8]:
    """Best overall response of each patient, scans after the first progression left out.

    With confirmation a complete response needs a second one, and a partial response a second partial or
    complete one, at least `confirmed_after` days later; scans between the two may be missing or stable. A
    response that is not confirmed counts as stable disease, if it was seen late enough for that (version 1.1,
    table 3).

    Parameters
    ----------
    response : array_like of int, shape (P, V - 1)
        Codes from `assess`.
    days : array_like, shape (V - 1,)
        Days from the baseline scan.
    confirmation : bool
        Whether responses must be confirmed.
    confirmed_after, stable_after : float
        d; see above, and the earliest scan at which stable disease may be called.

    Returns
    -------
    ndarray of int8, shape (P,)
        Codes of `Response`.
    """
    codes = up_to_progression(np.atleast_2d(np.asarray(response, dtype=np.int8)))
    when = np.asarray(days, dtype=np.float64)
    complete, partial = codes == Response.COMPLETE, codes == Response.PARTIAL
    disease_controlled = complete | partial | (codes == Response.STABLE)
    if confirmation:
        later = when[None, :] >= when[:, None] + confirmed_after  # scan j confirms scan i
        confirmed_complete = complete & _any_later(complete, later)
        confirmed_partial = (complete | partial) & _any_later(complete | partial, later)
        complete, partial = confirmed_complete, confirmed_partial
    best = np.full(codes.shape[0], Response.NOT_EVALUABLE, dtype=np.int8)
    best[(codes == Response.PROGRESSION).any(axis=1)] = Response.PROGRESSION
    best[(disease_controlled & (when >= stable_after)).any(axis=1)] = Response.STABLE
    best[partial.any(axis=1)] = Response.PARTIAL
    best[complete.any(axis=1)] = Response.COMPLETE
    return best


def _any_later(seen: NDArray[np.bool_], later: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Whether for scan i some later scan j has been `seen`; shapes (P, V - 1) and (V - 1, V - 1)."""
    return np.any(seen[:, None, :] & later[None, :, :], axis=2)


def best_change(recorded: ArrayLike, response: NDArray[np.int8]) -> NDArray[np.float64]:
    """Largest shrinkage, or smallest growth, of the sum from baseline in percent.

    Scans after the first progression are left out.

    Parameters
    ----------
    recorded : array_like, shape (P, V)
        Sums as written down, baseline first.
    response : ndarray of int8, shape (P, V - 1)
        Codes from `assess`.

    Returns
    -------
    ndarray, shape (P,)
        %; NaN where no scan after baseline was done.
    """
    total = np.atleast_2d(np.asarray(recorded, dtype=np.float64))
    counted = up_to_progression(response) != Response.NOT_EVALUABLE
    with np.errstate(divide="ignore", invalid="ignore"):  # a baseline that was not done, or already gone
        change = np.where(counted, 100.0 * (total[:, 1:] / total[:, :1] - 1.0), np.inf)
    smallest = change.min(axis=1, initial=np.inf)
    return np.where(np.isfinite(smallest), smallest, np.nan)
