"""Events of many patients written column by column: one event of every patient at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .engine.events import Events, Kind
from .engine.sensitivity import EventSlopes

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Column:
    """One event of every patient: shape (P,) times, infinite where there is none, and values.

    Slopes are the derivatives of time and value, shape (P, p); None stands for zero.
    """

    time: Floats
    kind: Kind
    target: int
    value: Floats
    time_slopes: Floats | None = None
    value_slopes: Floats | None = None

    def of(self, rows: NDArray[np.intp]) -> "Column":
        """The same event of some patients, in their order."""
        return Column(self.time[rows], self.kind, self.target, self.value[rows])


def gather(columns: Sequence[Column], patients: int) -> Events:
    """Events of each patient by time; ties keep the order of the columns.

    >>> import numpy as np
    >>> late, early = np.array([7.0, 0.0]), np.array([3.0, math.inf])
    >>> dose = np.array([30.0, 30.0])
    >>> columns = [Column(late, Kind.ADD_STATE, 0, dose), Column(early, Kind.ADD_STATE, 0, dose)]
    >>> events = gather(columns, 2)
    >>> events.time.tolist(), events.offsets.tolist()
    ([3.0, 7.0, 0.0], [0, 2, 3])
    """
    if not columns:
        return Events.none(patients)
    time, order, there = _ordered(columns)
    value = np.stack([column.value for column in columns], axis=1)
    kind = np.array([column.kind for column in columns], dtype=np.int8)
    target = np.array([column.target for column in columns], dtype=np.int32)
    offsets = np.concatenate([[0], np.cumsum(there.sum(axis=1))])
    return Events(
        offsets,
        time[there],
        kind[order][there],
        target[order][there],
        np.take_along_axis(value, order, axis=1)[there],
    )


def gather_slopes(columns: Sequence[Column], patients: int, parameters: int) -> EventSlopes:
    """Slopes of the events that `gather` makes of the columns, for so many parameters."""
    if not columns:
        return EventSlopes.none(Events.none(patients), parameters)
    _, order, there = _ordered(columns)
    nothing = np.zeros((patients, parameters))

    def gathered(slopes: Sequence[Floats | None]) -> Floats:
        whole = np.stack([nothing if item is None else item for item in slopes], axis=1)
        return np.asarray(np.take_along_axis(whole, order[:, :, None], axis=1)[there])

    return EventSlopes(
        time=gathered([column.time_slopes for column in columns]),
        value=gathered([column.value_slopes for column in columns]),
    )


def _ordered(columns: Sequence[Column]) -> tuple[Floats, NDArray[np.intp], NDArray[np.bool_]]:
    """Times of each patient ascending, the order of the columns, and which there are; shapes (P, C)."""
    time = np.stack([column.time for column in columns], axis=1)
    order = np.argsort(time, axis=1, kind="stable")
    time = np.take_along_axis(time, order, axis=1)
    return time, order, time < math.inf


def after(events: Events, time: float) -> Events:
    """Events later than a time: what a patient simulated up to it has still to come.

    Times of the events stay as they are.
    """
    owner = np.repeat(np.arange(events.patients), np.diff(events.offsets))
    later = events.time > time
    offsets = np.concatenate([[0], np.cumsum(np.bincount(owner[later], minlength=events.patients))])
    return Events(offsets, events.time[later], events.kind[later], events.target[later], events.value[later])
