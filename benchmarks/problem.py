"""One problem as every solver sees it: patients, doses cut into segments, outputs."""

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model.dosing import Regimen
from ..model.engine.batch import evaluate
from ..model.engine.events import Events, Kind
from ..model.model import Model
from ..model.population import draw
from .equations import derive

Floats = NDArray[np.float64]


class Segment(NamedTuple):
    """Time between two doses.

    Attributes
    ----------
    grid
        Its start, the outputs within, its end, in days from its start; shape (G,). Time as such is nowhere in
        the equations.
    outputs
        Which output each point of the grid is, -1 for none; shape (G,).
    added
        What is added to the states at the start, shape (P, S).
    inputs
        Inputs throughout, shape (P, U).
    """

    grid: Floats
    outputs: NDArray[np.int64]
    added: Floats
    inputs: Floats


@dataclass(frozen=True)
class Problem:
    """What is to be solved, in the engine's own form and cut into segments for solvers without events."""

    name: str
    model: Model
    parameters: Floats
    times: Floats
    events: Events

    @property
    def patients(self) -> int:
        """Number of patients P."""
        return len(self.parameters)

    @property
    def scales(self) -> Floats:
        """Typical magnitude of each state, shape (S,)."""
        return np.array(self.model.kernels.scales)

    @cached_property
    def derived(self) -> Floats:
        """What depends on parameters alone, shape (P, rows)."""
        return derive(self.model.kernels, self.parameters)

    @cached_property
    def start(self) -> Floats:
        """States without drug, shape (P, S)."""
        return evaluate(self.model.kernels, "start", self.parameters)

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """Segments from 0 to the last output.

        Raises
        ------
        ValueError
            If patients have doses at different times, or other events than doses and infusions.
        """
        kernels, events = self.model.kernels, self.events
        width = np.diff(events.offsets)
        if np.any(width != width[0]):
            raise ValueError("all patients of a benchmark must have the same doses")
        shape = (self.patients, int(width[0]))
        moments = events.time.reshape(shape)
        if np.any(moments != moments[0]):
            raise ValueError("all patients of a benchmark must have their doses at the same times")
        kinds, targets = events.kind.reshape(shape)[0], events.target.reshape(shape)[0]
        values = events.value.reshape(shape)
        end = self.times[-1]
        breaks = np.unique(np.concatenate([[0.0], moments[0][moments[0] < end], [end]]))
        inputs = np.tile([value for _, value in kernels.inputs], (self.patients, 1)).astype(float)
        result = []
        for left, right in pairwise(breaks):
            added = np.zeros((self.patients, len(kernels.states)))
            for column in np.flatnonzero(moments[0] == left):
                if kinds[column] == Kind.ADD_STATE:
                    added[:, targets[column]] += values[:, column]
                elif kinds[column] == Kind.ADD_INPUT:
                    inputs[:, targets[column]] += values[:, column]
                else:
                    raise ValueError(f"no peer knows events of the kind {Kind(kinds[column]).name}")
            inside = np.flatnonzero((self.times > left) & (self.times < right))
            grid = np.concatenate([[left], self.times[inside], [right]])
            first = np.flatnonzero(self.times == left)
            outputs = np.full(len(grid), -1)
            outputs[0] = first[0] if first.size else -1
            outputs[1:-1] = inside
            if right == end:
                outputs[-1] = len(self.times) - 1
            result.append(Segment(grid - left, outputs, added, inputs.copy()))
        return tuple(result)

    def tiled(self, patients: int) -> "Problem":
        """The same patients over and over, as many as asked for."""
        rows = np.arange(patients) % self.patients
        return Problem(self.name, self.model, self.parameters[rows], self.times, select(self.events, rows))


def select(events: Events, rows: NDArray[np.int64]) -> Events:
    """Events of some patients, in that order."""
    counts = np.diff(events.offsets)[rows]
    pick = np.concatenate([np.arange(events.offsets[row], events.offsets[row + 1]) for row in rows])
    offsets = np.concatenate([[0], np.cumsum(counts)])
    columns = (column[pick] for column in (events.time, events.kind, events.target, events.value))
    return Events(offsets, *columns)


def pose(
    name: str, *, model: Model, regimen: Regimen, times: Floats, patients: int, seed: int = 20090915
) -> Problem:
    """Problem with patients drawn from the model's population."""
    cohort = draw(model, patients, seed=seed)
    return Problem(name, model, cohort.parameters, times, regimen.compile(model, cohort.parameters))
