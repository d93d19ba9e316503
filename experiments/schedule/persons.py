"""The same persons under one schedule after the other: what a search asks the model."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from ...model import Patients, Regimen, simulate
from ...model.chance import draw_chance
from ..drawn import Drawn, draw_into
from ..in_order import PIECE, in_order, piece_size, thread_count
from ..judging import at, judge, judged_times
from ..protocol import Protocol
from ..tables import TableBuilder
from ..trial_models import TrialModels
from .goals import GOALS
from .grid import Candidate

Array = NDArray[np.float64]
Values = Mapping[str, Array]  # of one schedule: goal to (P, C)
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
        protocol, regimen = self.protocol, item.regimen
        doses = regimen.administrations(protocol.visits.end)
        times = np.array([each.time for each in doses], dtype=np.float64)
        chance = draw_chance(self.seed, some.ids, protocol.visits, protocol.conduct)
        received = chance.received(times, protocol.conduct.missed_injection)
        run = simulate(
            regimen,
            model=self.models.model,
            patients=some,
            times=judged_times(protocol),
            taken=_over_all(regimen, received),
            rtol=self.rtol,
            threads=1,
        )
        own = np.unique([each.time for each in doses if each.drug == self.drug])
        second = float(own[1]) if own.size > 1 else np.inf
        table = judge(run, protocol, chance, second_dose=second)
        counts = at(run, "activated_cd8", np.array(protocol.visits.blood))
        table["true_cd8_ratio"] = counts[:, 1:].mean(axis=1) / counts[:, 0]
        found = {name: GOALS[name].values(table) for name in self.goals}
        return found | {"status": (table["status"] > 1).astype(np.float64)[:, None]}


def _over_all(regimen: Regimen, received: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask over all doses of a regimen: those after the end of the trial are not given."""
    every = np.zeros((received.shape[0], len(regimen.administrations())), dtype=bool)
    every[:, : received.shape[1]] = received
    return every


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
