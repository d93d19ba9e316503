"""Times to an event under right censoring of many trials at once.

Shapes: R replicate trials, n patients of an arm. One trial may be given without its first axis.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import Lag3igError

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]

BLOCK = 2**16  # patients worked on together, so that what is kept of each stays in the processor's cache


@dataclass(frozen=True, slots=True)
class EventTimes:
    """Follow-up of one arm in R replicate trials.

    Attributes
    ----------
    time : ndarray, shape (R, n)
        d; time of the event or of censoring. NaN for a patient that cannot be judged, who then does not
        count: arms of unequal size are filled up with NaN.
    event : ndarray of bool, shape (R, n)
        Whether the event was seen; not looked at where the time is NaN.
    stratum : ndarray of int, shape (R, n), optional
        Stratum of each patient, for tests that compare within strata.
    """

    time: Array
    event: Flags
    stratum: Whole | None = None

    @property
    def replicates(self) -> int:
        """Number of trials, R."""
        return self.time.shape[0]

    def rows(self, which: slice) -> "EventTimes":
        """Some of the trials."""
        stratum = None if self.stratum is None else self.stratum[which]
        return EventTimes(self.time[which], self.event[which], stratum)


def event_times(time: ArrayLike, event: ArrayLike, *, stratum: ArrayLike | None = None) -> EventTimes:
    """Follow-up of one arm, checked.

    Parameters
    ----------
    time : array_like, shape (n,) or (R, n)
        d; NaN for a patient that cannot be judged.
    event : array_like of bool
        Of the same shape.
    stratum : array_like of int, shape (n,) or (R, n), optional
        Stratum of each patient; of one trial it is that of all.

    Returns
    -------
    EventTimes
        One trial has R = 1.

    Raises
    ------
    Lag3igError
        If shapes differ, there is no patient, a time is negative or infinite, or an event neither 0 nor 1.

    Examples
    --------
    >>> event_times([3.0, 5.0, float("nan")], [True, False, False]).time.shape
    (1, 3)
    """
    when = np.ascontiguousarray(np.atleast_2d(np.asarray(time, dtype=np.float64)))
    codes = np.atleast_2d(np.asarray(event))
    seen = np.ascontiguousarray(codes.astype(bool))
    if when.ndim != 2 or when.shape != seen.shape:
        raise Lag3igError(
            f"event times: time has shape {np.shape(time)} and event has {np.shape(event)}; "
            "both must be (patients,) or (replicates, patients)"
        )
    if when.shape[1] == 0:
        raise Lag3igError("event times: an arm without patients; give at least one")
    wrong = np.argwhere((when < 0.0) | np.isinf(when))
    if wrong.size:
        row, patient = wrong[0]
        raise Lag3igError(
            f"event times: time {when[row, patient]} of patient {patient} in replicate {row} is no length of "
            "follow-up; give days from 0 on, with event False the last day of follow-up of a patient without "
            "an event, and NaN for one who cannot be judged"
        )
    odd = np.argwhere((codes != seen) & ~np.isnan(when))
    if odd.size:
        row, patient = odd[0]
        raise Lag3igError(
            f"event times: event {codes[row, patient]} of patient {patient} in replicate {row}; give True or "
            "1 for an event that was seen, False or 0 for censoring"
        )
    return EventTimes(when, seen, None if stratum is None else _strata(stratum, when.shape))


def _strata(stratum: ArrayLike, shape: tuple[int, ...]) -> Whole:
    given = np.asarray(stratum)
    if not np.issubdtype(given.dtype, np.integer) or given.shape not in (shape, shape[1:]):
        raise Lag3igError(
            f"event times: stratum has shape {given.shape} of {given.dtype}; it must hold whole numbers in "
            f"shape {shape} or {shape[1:]}, one for each patient"
        )
    return np.ascontiguousarray(np.broadcast_to(given, shape).astype(np.int64))


def pooled(control: EventTimes, treated: EventTimes) -> tuple[EventTimes, Flags]:
    """Patients of both arms side by side, and which of them are treated, shape (n,).

    Raises
    ------
    Lag3igError
        If the arms differ in the number of replicates, or only one has strata.
    """
    if control.replicates != treated.replicates:
        raise Lag3igError(
            f"two arms of {control.replicates} and {treated.replicates} replicates; both need the same number"
        )
    if (control.stratum is None) != (treated.stratum is None):
        raise Lag3igError("strata were given for one arm only; give them for both or for neither")
    stratum = None
    if control.stratum is not None and treated.stratum is not None:
        stratum = np.concatenate([control.stratum, treated.stratum], axis=1)
    both = EventTimes(
        np.concatenate([control.time, treated.time], axis=1),
        np.concatenate([control.event, treated.event], axis=1),
        stratum,
    )
    return both, np.arange(both.time.shape[1]) >= control.time.shape[1]


def in_blocks(sample: EventTimes, work: Callable[[EventTimes, slice], Array]) -> Array:
    """What ``work`` gives for each replicate, asked for some replicates at a time; first axis R.

    A replicate's numbers do not depend on which others are in its block, so blocks only save memory.
    """
    return np.concatenate([work(sample.rows(rows), rows) for rows in _blocks(*sample.time.shape)])


def _blocks(replicates: int, patients: int) -> Iterator[slice]:
    step = max(1, BLOCK // max(1, patients))
    for start in range(0, max(1, replicates), step):
        yield slice(start, start + step)


def total(values: Array) -> Array:
    """Sum over patients, from the first to the last, shape (R,).

    NumPy's own sum adds in an order that depends on the number of patients; this one gives the same bits when
    patients who do not count are added.
    """
    return np.ascontiguousarray(np.cumsum(values, axis=1)[:, -1])
