"""Calendar of a trial: when patients enter, when the data are cut off, and what is seen by then."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.event_times import EventTimes, event_times

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Followed:
    """Patients of one arm in R trials, from their own entry on; arrays of shape (R, n).

    Attributes
    ----------
    entry : ndarray
        d; on the calendar of the trial.
    time : ndarray
        d; from entry to the event, or as long as the patient can be followed.
    event : ndarray of bool
    stratum : ndarray of int
    """

    entry: Array
    time: Array
    event: Flags
    stratum: Whole

    def seen_by(self, cut_off: Array, scans: Array | None) -> EventTimes:
        """What is known at a cut-off of each trial, shape (R,).

        Parameters
        ----------
        cut_off : ndarray, shape (R,)
            d; on the calendar.
        scans : ndarray, shape (V,), optional
            d; days of the scans if only they show the event: who has had none is followed to the last scan
            before the cut-off.
        """
        room = cut_off[:, None] - self.entry
        there = room >= 0.0
        known = self.calendar <= cut_off[:, None]  # the sum that a cut-off at an event was made of
        last = np.minimum(self.time, room)
        if scans is not None:
            place = np.maximum(np.searchsorted(scans, last, side="right") - 1, 0)
            last = scans[place]
        time = np.where(known, self.time, last)
        return event_times(np.where(there, time, np.nan), known & there, stratum=self.stratum)

    @property
    def calendar(self) -> Array:
        """Days on which events are seen, on the calendar; infinite where there is none."""
        return np.where(self.event, self.entry + self.time, np.inf)


def day_of_event(control: Followed, experimental: Followed, number: int) -> Array:
    """Day on which that many events of both arms have been seen, on the calendar; infinite if never; (R,)."""
    days = np.concatenate([control.calendar, experimental.calendar], axis=1)
    if number > days.shape[1]:
        return np.full(len(days), np.inf)
    return np.partition(days, number - 1, axis=1)[:, number - 1]
