"""Front door: what each structure predicts, how well trials tell them apart, and which trial does so best."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from ...model.errors import ProtocolError
from ..in_order import thread_count
from ..protocol import LoadedProtocol, Protocol, load_protocol
from .candidates import Judged, best_readings, candidates_of
from .information import Bench, Verdict
from .moments import Moments, moments_of, trials_of_persons
from .readings import Reading, read_persons, readings_of
from .section import Hypotheses
from .structure_draws import draw_structures

Array = NDArray[np.float64]
LEVELS = (0.05, 0.5, 0.95)  # of what is predicted, over the draws
FRESH = 1_000_003  # added to the seed of the draws and persons that judge
LEAST_PERSONS = 10  # of a draw, for a covariance
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Discrimination:
    """Answer to which structure is right, before any data.

    Attributes
    ----------
    protocol : LoadedProtocol
    structures : tuple of str, H of them
    readings : tuple of Reading, C of them
    predicted : ndarray, shape (H, C, 3)
        Quantiles at `LEVELS` over the draws of the mean of each reading.
    by_size : mapping of int to Verdict
        Everything the trial reads, by patients in each arm.
    judged : tuple of Judged
        Candidates with as many patients as the protocol has.
    persons : Verdict, optional
        The whole trial in single fresh persons instead of Gaussian means; None if draws have too few.
    draws, persons_each, trials, seed : int
    fits : mapping of str to str
        Fit of each structure that has one.
    """

    protocol: LoadedProtocol
    structures: tuple[str, ...]
    readings: tuple[Reading, ...]
    predicted: Array
    by_size: Mapping[int, Verdict]
    judged: tuple[Judged, ...]
    persons: Verdict | None
    draws: int
    persons_each: int
    trials: int
    seed: int
    fits: Mapping[str, str]

    def of_kind(self, kind: str) -> list[Judged]:
        """Judged candidates of one kind, as they were tried."""
        return [item for item in self.judged if item.candidate.kind == kind]

    @property
    def arms(self) -> list[str]:
        """Names of the arms."""
        return [arm.name for arm in self.protocol.protocol.arms]

    @property
    def plan(self) -> Hypotheses:
        """What the protocol says of hypotheses."""
        return plan_of(self.protocol.protocol)


def plan_of(protocol: Protocol) -> Hypotheses:
    """What a protocol says of hypotheses.

    Raises
    ------
    ProtocolError
        If it says nothing.
    """
    if protocol.hypotheses is None:
        raise ProtocolError(
            f"protocol {protocol.name!r} names no structures to tell apart; give it a section [hypotheses], "
            "as blood-or-node has"
        )
    return protocol.hypotheses


def discriminate(
    protocol: str | Path | LoadedProtocol = "blood-or-node",
    *,
    fits: Mapping[str, str | Path] | None = None,
    draws: int = 100,
    persons: int = 40,
    trials: int = 600,
    seed: int = 1,
    threads: int | None = None,
    search: bool = True,
    progress: Progress | None = None,
) -> Discrimination:
    """How well trials of a protocol tell its structures apart.

    Parameters
    ----------
    protocol
        Name, path, or a protocol already read; it has a section ``[hypotheses]``.
    fits : mapping of str to str or Path, optional
        Fit of a structure by its name; the others take the literature's numbers, the assumed ones moved.
    draws : int
        Draws of the parameters, once for the likelihood and once more, with other persons, to judge it.
    persons : int
        Virtual persons of each draw, the same in every arm and structure.
    trials : int
        Simulated from each structure.
    seed : int
        The same seed gives the same bits.
    threads : int, optional
    search : bool
        Whether the best set of readings is searched for.
    progress : callable, optional
        Called with what is being done, how much is done, and how much there is.

    Raises
    ------
    ProtocolError
        If the protocol has no such section, a fit is of no structure in it, or the numbers are too small.
    PopulationError, ParameterError, StorageError
        As drawing the parameters does.

    Examples
    --------
    >>> found = discriminate(draws=4, persons=10, trials=8, search=False)
    >>> found.structures
    ('blood', 'node', 'both')
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    plan = plan_of(loaded.protocol)
    given = dict(fits or {})
    _check(plan, given, draws=draws, persons=persons, trials=trials)
    readings = readings_of(loaded.protocol, plan)
    say = progress or (lambda what, done, total: None)
    size: dict[str, int] = {"draws": draws, "persons": persons, "threads": thread_count(threads)}
    known = _pools(loaded.protocol, given, seed=seed, say=say, **size)
    fresh = _pools(loaded.protocol, given, seed=(seed + FRESH) % 2**64, say=say, **size)
    with threadpool_limits(1):  # matrices are small, and one thread gives the same bits everywhere
        bench = Bench(readings, known, fresh, trials=trials, seed=seed)
        by_size, judged, whole = _judge(loaded.protocol, bench, search=search, say=say)
    say("done", 1, 1)
    return Discrimination(
        protocol=loaded,
        structures=tuple(plan.structures),
        readings=readings,
        predicted=np.stack([np.quantile(pool.means, LEVELS, axis=0).T for pool in known]),
        by_size=by_size,
        judged=judged,
        persons=whole,
        draws=draws,
        persons_each=persons,
        trials=trials,
        seed=seed,
        fits={name: str(fit) for name, fit in given.items()},
    )


def _judge(
    protocol: Protocol, bench: Bench, *, search: bool, say: Progress
) -> tuple[dict[int, Verdict], tuple[Judged, ...], Verdict | None]:
    """The whole trial by size, every candidate, and the whole trial in single persons."""
    plan = plan_of(protocol)
    everything = np.arange(len(bench.readings))
    patients = tuple(arm.evaluable for arm in protocol.arms)
    by_size = {}
    for place, number in enumerate(plan.sizes):
        say("trials of each size", place, len(plan.sizes))
        by_size[number] = bench.judge(everything, (number,) * len(patients))
    candidates = list(candidates_of(protocol, plan, bench.readings))
    if search:
        arms = [arm.name for arm in protocol.arms]
        candidates += best_readings(
            bench, arms, patients, advance=lambda done, total: say("searching readings", done, total)
        )
    judged = []
    for place, candidate in enumerate(candidates):
        say("judging candidates", place, len(candidates))
        judged.append(Judged(candidate, bench.judge(candidate.readings, candidate.patients)))
    single = [
        trials_of_persons(pool, bench.readings, patients, count=bench.trials, seed=bench.seed)
        for pool in bench.fresh
    ]
    enough = [found for found in single if found is not None]
    whole = bench.judge(everything, patients, enough) if len(enough) == len(single) else None
    return by_size, tuple(judged), whole


def _check(plan: Hypotheses, fits: Mapping[str, str | Path], **numbers: int) -> None:
    least = {"draws": 2, "persons": LEAST_PERSONS, "trials": 2}
    for name, value in numbers.items():
        if isinstance(value, bool) or not isinstance(value, int) or value < least[name]:
            raise ProtocolError(f"{name} = {value!r} must be a whole number from {least[name]} on")
    for name in fits:
        if name not in plan.structures:
            raise ProtocolError(
                f"a fit is given for the structure {name!r}, but the protocol names "
                f"{', '.join(plan.structures)}; write NAME=FILE with one of these"
            )


def _pools(
    protocol: Protocol,
    fits: Mapping[str, str | Path],
    *,
    draws: int,
    persons: int,
    seed: int,
    threads: int,
    say: Progress,
) -> list[Moments]:
    """Moments of every structure, of the same persons and the same moves of parameters."""
    plan = plan_of(protocol)
    readings = readings_of(protocol, plan)
    drawn = draw_structures(protocol, plan, fits, draws=draws, persons=persons, seed=seed)
    found = []
    for place, (name, models) in enumerate(drawn.models.items()):
        say(f"simulating {name}", place, len(drawn.models))
        read = read_persons(
            protocol, plan, models, drawn.patients[name], draws=draws, seed=seed, threads=threads
        )
        found.append(moments_of(read, readings))
    return found
