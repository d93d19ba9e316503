"""Outcomes of an arm in many trials at once, from what is known of single patients."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.chance import DAYS_PER_MONTH
from ...model.cox import hazard_ratio
from ...model.event_times import EventTimes, event_times
from ...model.recist import Response
from ...model.survival_curves import median_times, survival_at
from .vocabulary import COUNTS

Array = NDArray[np.float64]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Persons:
    """What is known of the patients of a large virtual arm; arrays of shape (P,), NaN where not judged.

    Attributes
    ----------
    responded, controlled : ndarray
        1 or 0.
    time, event : ndarray
        Progression-free survival, d.
    counts : mapping of str to ndarray
        Mean of a count over the blood samples told of, over that at baseline.
    """

    responded: Array
    controlled: Array
    time: Array
    event: NDArray[np.bool_]
    counts: Mapping[str, Array]

    @classmethod
    def of(cls, table: Mapping[str, NDArray], samples: NDArray[np.intp]) -> "Persons":
        """From the table of an arm; ``samples`` are the columns of the blood samples told of."""
        best = table["best_response"]
        judged = best != Response.NOT_EVALUABLE
        return cls(
            responded=np.asarray(table["responded"], dtype=np.float64),
            controlled=np.where(judged, best <= Response.STABLE, np.nan).astype(np.float64),
            time=table["pfs_time"],
            event=np.asarray(table["pfs_event"], dtype=bool),
            counts={name: _relative(table[name], samples) for name in COUNTS},
        )

    def followed(self, rows: Rows) -> EventTimes:
        """Progression-free survival of the patients of replicate trials, ``rows`` of shape (R, n)."""
        return event_times(self.time[rows], self.event[rows])


def _relative(values: Array, samples: NDArray[np.intp]) -> Array:
    """Mean of the samples that were taken over the one at baseline, shape (P,)."""
    later = values[:, samples]
    taken = np.isfinite(later)
    number = taken.sum(axis=1)
    total = np.where(taken, later, 0.0).sum(axis=1)
    judged = (number > 0) & (values[:, 0] > 0.0)
    return np.divide(total, number * values[:, 0], out=np.full(len(values), np.nan), where=judged)


def outcomes_of(
    persons: Persons,
    rows: Rows,
    *,
    at: float,
    control: tuple[Persons, Rows] | None = None,
    randomised: bool = False,
) -> dict[str, Array]:
    """Every outcome of an arm in R trials, each of shape (R,); infinite medians where half never progress.

    Parameters
    ----------
    persons : Persons
    rows : ndarray, shape (R, n)
        Patients of the arm in each trial.
    at : float
        d; when the share free of progression is told.
    control : (Persons, ndarray of shape (R, m)), optional
        The arm that counts are told beside, and its patients in each trial.
    randomised : bool
        Whether the trial has that arm, so that there is a hazard ratio to tell.
    """
    followed = persons.followed(rows)
    found = {
        "response_rate": 100.0 * _mean(persons.responded[rows]),
        "disease_control_rate": 100.0 * _mean(persons.controlled[rows]),
        "median_pfs": median_times(followed).median / DAYS_PER_MONTH,
        "progression_free": 100.0 * survival_at(followed, [at]).survival[:, 0],
    }
    own = {name: _mean(values[rows]) for name, values in persons.counts.items()}
    found |= own
    if control is not None:
        others, members = control
        if randomised:
            found["hazard_ratio"] = hazard_ratio(others.followed(members), followed).ratio
        for name, values in others.counts.items():
            found[f"{name}_to_control"] = own[name] / _mean(values[members])
    return found


def _mean(values: Array) -> Array:
    """Over the patients of each trial who could be judged, shape (R,)."""
    known = np.isfinite(values)
    number = known.sum(axis=1)
    total = np.where(known, values, 0.0).sum(axis=1)
    return np.divide(total, number, out=np.full(len(values), np.nan), where=number > 0)
