"""The same persons under one schedule after the other: what a search asks the model."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ...model import Patients
from ..drawn import Drawn, draw_into
from ..in_order import PIECE, in_order, piece_size, thread_count
from ..protocol import Protocol
from ..tables import TableBuilder
from ..trial_models import TrialModels
from .goal_values import Values, goal_values
from .grid import Candidate

Array = NDArray[np.float64]
Advance = Callable[[int], None]
RTOL = 1e-4  # of the curves; endpoints need no more


@dataclass
class Persons:
    """Persons who can be put under any schedule, with their own chances each time.

    Attributes
    ----------
    draws : int
        Draws of a fit that they are divided over, D: person k belongs to draw k mod D.
    solves, seconds : int, float
        Simulated persons so far, and how long that took: what a schedule costs.
    failed : int
        Simulations that did not end well; those persons count in no schedule's value.
    """

    protocol: Protocol
    models: TrialModels
    drawn: Drawn
    drug: str
    goals: tuple[str, ...]
    seed: int
    threads: int
    rtol: float = RTOL
    solves: int = 0
    seconds: float = 0.0
    failed: int = 0
    _piece: int = field(init=False, default=PIECE)

    def __post_init__(self) -> None:
        self._piece = piece_size(len(self.drawn), PIECE, self.threads)

    @property
    def draws(self) -> int:
        """Draws of a fit, D."""
        return self.models.draws

    def __len__(self) -> int:
        return len(self.drawn)

    def values(self, candidates: Sequence[Candidate], advance: Advance) -> list[Values]:
        """What every goal needs of each person under each schedule, in the order of the schedules."""
        begun = perf_counter()
        found: list[Values] = []
        waiting: list[Values] = []
        pieces = -(-len(self) // self._piece)
        for values in in_order(self._work, self._tasks(candidates), threads=self.threads):
            waiting.append(values)
            advance(len(next(iter(values.values()))))
            if len(waiting) == pieces:
                found.append({name: np.concatenate([part[name] for part in waiting]) for name in waiting[0]})
                waiting = []
        self.failed += sum(int(item["status"].sum()) for item in found)
        self.solves += len(self) * len(candidates)
        self.seconds += perf_counter() - begun
        return found

    def _tasks(self, candidates: Sequence[Candidate]) -> Iterator[tuple[Candidate, Patients]]:
        for item in candidates:
            for some in self.drawn.pieces(self._piece):
                yield item, some

    def _work(self, task: tuple[Candidate, Patients]) -> Values:
        item, some = task
        return goal_values(
            item.regimen,
            self.protocol,
            model=self.models.model,
            patients=some,
            seed=self.seed,
            drug=self.drug,
            goals=self.goals,
            rtol=self.rtol,
        )


def draw_persons(
    protocol: Protocol,
    models: TrialModels,
    *,
    drug: str,
    goals: Sequence[str],
    patients: int,
    seed: int,
    threads: int | None,
) -> Persons:
    """Persons of a protocol, drawn once."""
    workers = thread_count(threads)
    drawn = draw_into(
        TableBuilder(),
        models.model,
        patients,
        seed=seed,
        sampling=protocol.sampling,
        block=PIECE,
        threads=workers,
        distribution=models.distribution,
    )
    return Persons(protocol, models, drawn, drug, tuple(goals), seed, workers)
