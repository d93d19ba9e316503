"""Who is still followed, and who has the event, at each time of a trial.

The tables that Kaplan-Meier, log-rank, Cox and restricted means share. A *place* is a patient's position in
the order of time; at a tie events come before censoring, so everyone of a tie is at risk at it.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .event_times import Array, EventTimes, Flags

Places = NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class RiskSets:
    """Patients of R trials in order of stratum and time; arrays of shape (R, n), one column a place.

    Attributes
    ----------
    order : ndarray of int
        Which patient stands at each place.
    time : ndarray
        d; NaN last within a stratum.
    judged, event : ndarray of bool
        Whether the patient counts, and had the event.
    first : ndarray of bool
        Whether the place is the first of its tie.
    tie_start, tie_end, stratum_end : ndarray of int
        First and last place of the tie, and last place of the stratum, that each place belongs to.
    """

    order: Places
    time: Array
    judged: Flags
    event: Flags
    first: Flags
    tie_start: Places
    tie_end: Places
    stratum_end: Places

    def at_risk(self, who: Flags | None = None) -> Array:
        """Number of patients followed until the time of each place or longer, in its stratum, shape (R, n).

        Parameters
        ----------
        who : ndarray of bool, shape (n,), optional
            Patients, in the order they were given in, that are counted; all unless given.
        """
        counted = self._counted(self.judged, who)
        running = np.cumsum(counted, axis=1)
        before = _pick(running, self.tie_start) - _pick(counted, self.tie_start)
        return (_pick(running, self.stratum_end) - before).astype(np.float64)

    def deaths(self, who: Flags | None = None) -> Array:
        """Number of events of the tie that each place belongs to, shape (R, n); ``who`` as in `at_risk`."""
        counted = self._counted(self.event, who)
        running = np.cumsum(counted, axis=1)
        before = _pick(running, self.tie_start) - _pick(counted, self.tie_start)
        return (_pick(running, self.tie_end) - before).astype(np.float64)

    def earlier_in_tie(self) -> Array:
        """Number of events of the tie at earlier places, shape (R, n): an order among those tied."""
        running = np.cumsum(self.event, axis=1)
        start = _pick(running, self.tie_start) - _pick(self.event, self.tie_start)
        return (running - self.event - start).astype(np.float64)

    def _counted(self, kind: Flags, who: Flags | None) -> Flags:
        return kind if who is None else kind & who[self.order]


def risk_sets(sample: EventTimes) -> RiskSets:
    """Order of the patients of each trial, with its ties and strata."""
    patients = sample.time.shape[1]
    if sample.stratum is None:
        order = np.argsort(sample.time, axis=1)
    else:
        order = np.lexsort((sample.time, sample.stratum), axis=1)
    time = _pick(sample.time, order)
    judged = ~np.isnan(time)
    place = np.arange(patients)
    first = np.ones(time.shape, dtype=bool)
    first[:, 1:] = time[:, 1:] != time[:, :-1]
    if sample.stratum is None:
        stratum_end = np.broadcast_to(place[-1:], time.shape)
    else:
        stratum = _pick(sample.stratum, order)
        enters = np.ones(time.shape, dtype=bool)
        enters[:, 1:] = stratum[:, 1:] != stratum[:, :-1]
        first |= enters
        stratum_end = _ends(enters, place)
    return RiskSets(
        order=order,
        time=time,
        judged=judged,
        event=_pick(sample.event, order) & judged,
        first=first,
        tie_start=np.maximum.accumulate(np.where(first, place, 0), axis=1),
        tie_end=_ends(first, place),
        stratum_end=stratum_end,
    )


def _ends(first: Flags, place: Places) -> Places:
    """Last place of the run that each place belongs to, from where runs begin."""
    last = np.ones(first.shape, dtype=bool)
    last[:, :-1] = first[:, 1:]
    ends = np.where(last, place, place.size)
    return np.asarray(np.minimum.accumulate(ends[:, ::-1], axis=1)[:, ::-1])


def _pick(values: NDArray[Any], place: Places) -> NDArray[Any]:
    return np.take_along_axis(values, place, axis=1)


def product_limit(risk: RiskSets) -> tuple[Array, Array, Array]:
    """Kaplan-Meier estimate just after each place, with deaths and numbers at risk, each of shape (R, n).

    Deaths are those of a tie at its first place, else 0.

    References
    ----------
    Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481, doi 10.1080/01621459.1958.10501452.
    """
    at_risk = risk.at_risk()
    deaths = np.where(risk.first, risk.deaths(), 0.0)
    staying = np.divide(at_risk - deaths, at_risk, out=np.ones_like(at_risk), where=at_risk > 0.0)
    return np.multiply.accumulate(staying, axis=1), deaths, at_risk


def greenwood(deaths: Array, at_risk: Array) -> Array:
    """Term of each tie in Greenwood's variance, shape (R, n); 0 where everybody left has the event.

    References
    ----------
    Greenwood M. Reports on Public Health and Medical Subjects 33, HMSO 1926: the natural duration of cancer.
    """
    left = at_risk - deaths
    return np.divide(deaths, at_risk * left, out=np.zeros_like(deaths), where=left > 0.0)
