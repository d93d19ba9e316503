"""What happens to a patient at given times: doses, infusions, switches, resets."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from ..errors import DosingError


class Kind(IntEnum):
    """What an event does to its target."""

    ADD_STATE = 0
    ADD_INPUT = 1
    SET_STATE = 2
    SET_INPUT = 3
    RESET = 4  # all states and inputs to their start; target and value are ignored
    HOLD_SLOPE = 5  # keep dy/dt for the MOVE that follows at the same time; target and value are ignored
    MOVE = 6  # what happened since HOLD_SLOPE happens later: add value x (dy/dt then - dy/dt now)


@dataclass(frozen=True, slots=True)
class Events:
    """Events of P patients, one after the other.

    An event at a time applies at that time, and an output at the same time is taken after it. Events of one
    patient at one time apply in the order given.

    Attributes
    ----------
    offsets
        Patient p has the events ``offsets[p]`` to ``offsets[p + 1]``; shape (P + 1,).
    time
        In days, ascending for each patient.
    kind
        Values of :class:`Kind`.
    target
        Index of a state or input; for a MOVE the first of the states that it adds to, which are as many as
        those that set the step.
    value
        What is added or set, in the target's unit.

    Raises
    ------
    DosingError
        Lengths do not agree, a kind does not exist, or a patient's times descend.
    """

    offsets: np.ndarray
    time: np.ndarray
    kind: np.ndarray
    target: np.ndarray
    value: np.ndarray

    def __post_init__(self) -> None:
        for name, kind in (
            ("offsets", np.int64),
            ("time", np.float64),
            ("kind", np.int8),
            ("target", np.int32),
            ("value", np.float64),
        ):
            array = np.require(getattr(self, name), dtype=kind, requirements=["C", "W"])
            object.__setattr__(self, name, array)
        count = len(self.time)
        if any(len(array) != count for array in (self.kind, self.target, self.value)):
            raise DosingError("time, kind, target and value of events must have one length")
        if (
            self.offsets.ndim != 1
            or len(self.offsets) == 0
            or self.offsets[0] != 0
            or self.offsets[-1] != count
            or np.any(np.diff(self.offsets) < 0)
        ):
            raise DosingError(f"offsets of events must ascend from 0 to the number of events, {count}")
        if np.any((self.kind < Kind.ADD_STATE) | (self.kind > Kind.MOVE)):
            raise DosingError(
                f"kinds of events are 0 to {int(Kind.MOVE)}, not {sorted(set(self.kind.tolist()))}"
            )
        descends = np.flatnonzero(np.diff(self.time) < 0.0) + 1
        inside = np.setdiff1d(descends, self.offsets)
        if inside.size:
            patient = int(np.searchsorted(self.offsets, inside[0], side="right")) - 1
            raise DosingError(f"events of patient {patient} are not in the order of time at row {inside[0]}")

    @property
    def patients(self) -> int:
        """Number of patients P."""
        return len(self.offsets) - 1

    @classmethod
    def none(cls, patients: int) -> "Events":
        """No events at all."""
        empty = np.zeros(0)
        return cls(np.zeros(patients + 1, dtype=np.int64), empty, empty, empty, empty)

    @classmethod
    def same_for_all(cls, patients: int, rows: list[tuple[float, Kind, int, float]]) -> "Events":
        """Events (time, kind, target, value) that every patient has; sorted here, ties keep their order."""
        ordered = sorted(rows, key=lambda row: row[0])
        columns = [np.tile(np.array(column, dtype=float), patients) for column in zip(*ordered, strict=True)]
        if not columns:
            return cls.none(patients)
        offsets = np.arange(patients + 1, dtype=np.int64) * len(ordered)
        return cls(offsets, *columns)

    def take(self, patients: np.ndarray) -> "Events":
        """Events of some of the patients, by their rows."""
        counts = np.diff(self.offsets)[patients]
        offsets = np.concatenate([[0], np.cumsum(counts)])
        rows = np.repeat(self.offsets[patients] - offsets[:-1], counts) + np.arange(offsets[-1])
        return Events(offsets, self.time[rows], self.kind[rows], self.target[rows], self.value[rows])

    def invalid_patients(self) -> np.ndarray:
        """Truth per patient, shape (P,): some time or value is not a finite number."""
        bad = ~(np.isfinite(self.time) & np.isfinite(self.value))
        owner = np.repeat(np.arange(self.patients), np.diff(self.offsets))
        return np.bincount(owner[bad], minlength=self.patients) > 0
