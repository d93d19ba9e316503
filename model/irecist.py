"""Response of solid tumours under immunotherapy by iRECIST: progression counts once it is confirmed.

Two categories of disease can progress here: the sum of diameters of the target lesions, and new lesions. What
counts as progression of either is RECIST 1.1 (`recist.assess`); iRECIST differs in what it makes of it.

References
----------
Seymour L et al. Lancet Oncol 2017;18:e143-e152, doi 10.1016/S1470-2045(17)30074-8, tables 2 and 3; clarified
by the questions and answers of the RECIST working group (increases after an unconfirmed progression add up; a
new lesion that stays does not by itself rule out a later response).
"""

from enum import IntEnum

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .endpoints import Progression, progression_free
from .errors import Lag3igError
from .recist import CONFIRMED_AFTER, STABLE_AFTER, Response, assess, best_response

Codes = NDArray[np.int8]
Flags = NDArray[np.bool_]

FURTHER_GROWTH = 5.0  # mm over the sum at the unconfirmed progression that confirm it


class ImmuneResponse(IntEnum):
    """Response at a scan, or the best over all scans."""

    NOT_EVALUABLE = 0
    COMPLETE = 1
    PARTIAL = 2
    STABLE = 3
    UNCONFIRMED = 4
    CONFIRMED = 5

    @property
    def label(self) -> str:
        """The letters a case report form uses.

        >>> ImmuneResponse.UNCONFIRMED.label
        'iUPD'
        """
        return ("NE", "iCR", "iPR", "iSD", "iUPD", "iCPD")[self]


def assess_immune(recorded: ArrayLike, new_lesions: ArrayLike | None = None) -> Codes:
    """Response at each scan after baseline; scans after a confirmed progression have none.

    The first progression by RECIST 1.1 is unconfirmed. The next scan that was done, however long after,
    decides (the guideline asks for 4 to 8 weeks, which is for the schedule of scans to keep):

    - it confirms if the targets had progressed and have grown by `FURTHER_GROWTH` since then, if there are
      more new lesions than ever before, or if the targets progress now and had not then;
    - otherwise the progression stays unconfirmed, and later scans may still confirm it, as long as the
      targets meet the limits of progression, or a new lesion that opened it is still there and the targets
      are in no better class than they were;
    - otherwise it is put aside: the scan is stable or a response, and progression, over the same nadir, must
      happen anew. New lesions put aside count again only if more of them appear; no response is complete
      while one is there.

    Parameters
    ----------
    recorded : array_like, shape (P, V)
        Sums as written down (see `recist.record`), baseline first, NaN where no scan was done.
    new_lesions : array_like of int or bool, shape (P, V - 1), optional
        Number of new lesions present at each scan after baseline, or whether there is one (a further new
        lesion is not seen then); only a scan that was done shows them.

    Returns
    -------
    ndarray of int8, shape (P, V - 1)
        Codes of `ImmuneResponse`.

    Raises
    ------
    Lag3igError
        If ``new_lesions`` has another shape or a number below 0.

    Examples
    --------
    A sum that grows by 25 %, then by another 4 and 2 mm:

    >>> codes = assess_immune([[80, 100, 104, 106]])
    >>> [ImmuneResponse(code).label for code in codes[0]]
    ['iUPD', 'iUPD', 'iCPD']
    """
    total = np.atleast_2d(np.asarray(recorded, dtype=np.float64))
    targets = assess(total)
    lesions = _numbers(new_lesions, targets.shape)
    patients = len(total)
    codes = np.full(targets.shape, ImmuneResponse.NOT_EVALUABLE, dtype=np.int8)
    most = np.zeros(patients, dtype=np.int64)  # new lesions seen together at any scan so far
    waiting, over = np.zeros(patients, dtype=bool), np.zeros(patients, dtype=bool)
    # Of the progression that waits: which category opened it, and the targets' sum and class then.
    by_targets, by_lesions = np.zeros_like(waiting), np.zeros_like(waiting)
    sum_then, class_then = np.zeros(patients), np.zeros(patients, dtype=np.int8)
    for scan, (now, present) in enumerate(zip(targets.T, lesions.T, strict=True)):
        done = (now != Response.NOT_EVALUABLE) & ~over
        sum_now = total[:, scan + 1]
        grown, more = now == Response.PROGRESSION, present > most
        further = by_targets & grown & (sum_now - sum_then >= FURTHER_GROWTH)
        confirmed = done & waiting & (further | more | (grown & ~by_targets))
        lingers = by_lesions & (present > 0) & (now >= class_then)
        unconfirmed = done & ~confirmed & (grown | more | (waiting & lingers))
        opened = unconfirmed & ~waiting
        by_targets, by_lesions = np.where(opened, grown, by_targets), np.where(opened, more, by_lesions)
        sum_then, class_then = np.where(opened, sum_now, sum_then), np.where(opened, now, class_then)
        with_lesion = (now == Response.COMPLETE) & (present > 0)
        code = np.where(with_lesion, np.int8(ImmuneResponse.PARTIAL), now)  # the codes of both up to SD agree
        code[unconfirmed], code[confirmed] = ImmuneResponse.UNCONFIRMED, ImmuneResponse.CONFIRMED
        codes[done, scan] = code[done]
        most = np.where(done, np.maximum(most, present), most)
        most[done & (code == ImmuneResponse.COMPLETE)] = 0  # what comes back after that is new
        waiting = np.where(done, unconfirmed, waiting)
        over |= confirmed
    return codes


def best_immune_response(
    response: ArrayLike,
    days: ArrayLike,
    *,
    confirmation: bool = False,
    confirmed_after: float = CONFIRMED_AFTER,
    stable_after: float = STABLE_AFTER,
) -> Codes:
    """Best overall response of each patient; an unconfirmed progression does not preclude a later response.

    Parameters
    ----------
    response : array_like of int, shape (P, V - 1)
        Codes from `assess_immune`.
    days : array_like, shape (V - 1,)
        Days from the baseline scan.
    confirmation, confirmed_after, stable_after
        As in `recist.best_response`. Between a response and the scan that confirms it an unconfirmed
        progression, which that scan has put aside, is allowed like a missing scan.

    Returns
    -------
    ndarray of int8, shape (P,)
        Codes of `ImmuneResponse`: `UNCONFIRMED` if a patient shows no more than that.
    """
    codes = np.atleast_2d(np.asarray(response, dtype=np.int8))
    plain = np.where(codes == ImmuneResponse.UNCONFIRMED, np.int8(Response.NOT_EVALUABLE), codes)
    plain[codes == ImmuneResponse.CONFIRMED] = Response.PROGRESSION
    found = best_response(
        plain, days, confirmation=confirmation, confirmed_after=confirmed_after, stable_after=stable_after
    )
    suspected = (codes == ImmuneResponse.UNCONFIRMED).any(axis=1)
    best = np.where(found == Response.PROGRESSION, np.int8(ImmuneResponse.CONFIRMED), found)
    best[(found == Response.NOT_EVALUABLE) & suspected] = ImmuneResponse.UNCONFIRMED
    return best


def immune_progression_free(
    response: ArrayLike,
    days: ArrayLike,
    *,
    valid: ArrayLike | None = None,
    unconfirmed_counts: bool = True,
) -> Progression:
    """Time to progression under iRECIST: to the first scan of the unconfirmed progression that stood.

    A progression that a later scan put aside is disregarded. One that was confirmed counts from the scan that
    first showed it. One that was neither, as no later scan was done or all of them left it open, counts as
    well (the guideline's rule).

    Parameters
    ----------
    response : array_like of int, shape (P, V)
        Codes from `assess_immune` at the scans after baseline.
    days : array_like, shape (V,)
        d; when the scans were done, increasing.
    valid : array_like of bool, shape (P,), optional
        As in `endpoints.progression_free`.
    unconfirmed_counts : bool
        Whether a progression neither confirmed nor put aside counts; if not, the patient is censored at the
        last scan before it.
    """
    codes = np.atleast_2d(np.asarray(response, dtype=np.int8))
    confirmed = codes == ImmuneResponse.CONFIRMED
    suspected = (codes == ImmuneResponse.UNCONFIRMED) | confirmed
    put_aside = (codes != ImmuneResponse.NOT_EVALUABLE) & ~suspected
    later = np.cumsum(put_aside[:, ::-1], axis=1)[:, ::-1] > 0  # a scan from here on puts aside
    stands = suspected & ~later
    if not unconfirmed_counts:
        stands &= confirmed.any(axis=1)[:, None]
    plain = np.where(suspected, np.int8(Response.NOT_EVALUABLE), codes)
    plain[stands] = Response.PROGRESSION
    return progression_free(plain, days, valid=valid)


def _numbers(new_lesions: ArrayLike | None, shape: tuple[int, ...]) -> NDArray[np.int64]:
    """New lesions present at each scan, shape (P, V - 1)."""
    if new_lesions is None:
        return np.zeros(shape, dtype=np.int64)
    given = np.atleast_2d(np.asarray(new_lesions, dtype=np.float64))
    if given.shape != shape:
        raise Lag3igError(
            f"iRECIST: new_lesions has shape {np.shape(new_lesions)}; it must be {shape}, one number for "
            "each scan after baseline"
        )
    wrong = np.argwhere(~(given >= 0.0) | (given != np.floor(given)))
    if wrong.size:
        row, scan = wrong[0]
        raise Lag3igError(
            f"iRECIST: {given[row, scan]:g} new lesions of patient {row} at scan {scan + 1}; give whole "
            "numbers from 0 on, or True and False"
        )
    return given.astype(np.int64)
