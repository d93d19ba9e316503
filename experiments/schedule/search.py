"""Search for the best schedule: the whole grid, then finer amounts around its best; what is as good."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from typing import Protocol as Interface

import numpy as np

from ...model.errors import ProtocolError
from ..protocol import LoadedProtocol, Protocol, load_protocol
from ..trial_models import LITERATURE, Given, trial_models
from .goal_values import Values
from .goals import GOALS
from .grid import Candidate, candidate, candidates, most_amount
from .persons import Advance, draw_persons
from .section import ScheduleSearch
from .surface import Surface, estimates, surface

Progress = Callable[[str, int, int], None]
FINER = 8  # schedules of the local search at most
CLOSE = 0.01  # relative; amounts nearer than this are one


class Evaluator(Interface):
    """Whoever can say what each person counts for under a schedule: the model, or a function in a test."""

    solves: int
    seconds: float
    failed: int

    @property
    def draws(self) -> int:
        """Draws of a fit that the persons are divided over."""
        ...

    def __len__(self) -> int: ...

    def values(self, candidates: Sequence[Candidate], advance: Advance) -> list[Values]:
        """Of each schedule what every goal needs of each person."""
        ...


@dataclass(frozen=True, slots=True)
class ScheduleResult:
    """What a search found.

    Attributes
    ----------
    candidates : tuple of Candidate
        Simulated schedules, in the order of every surface: the grid, then the refined one if it is better.
    grid_size : int
        How many of them are of the grid.
    refused : tuple of Candidate
        Schedules of the grid that exceed a limit; they are not simulated.
    surfaces : mapping
        The goal first, then what is told beside it.
    patients, draws, solves, failed : int
        Persons, draws of the fit they are divided over, simulations, and simulations that failed.
    seconds : float
        Of the simulations.
    """

    protocol: Protocol
    search: ScheduleSearch
    candidates: tuple[Candidate, ...]
    grid_size: int
    refused: tuple[Candidate, ...]
    surfaces: Mapping[str, Surface]
    seed: int
    parameters: str
    patients: int
    draws: int
    solves: int
    failed: int
    seconds: float

    @property
    def main(self) -> Surface:
        """The surface of the goal."""
        return self.surfaces[self.search.goal]

    @property
    def best(self) -> Candidate:
        """The best schedule."""
        return self.candidates[self.main.best]

    @property
    def least(self) -> int:
        """Of the schedules not told from the best, the one with least drug, then visits, then loss."""

        def cost(k: int) -> tuple[float, int, float]:
            item = self.candidates[k]
            return item.schedule.total, item.visits, float(self.main.behind[k])

        return min((int(k) for k in np.flatnonzero(self.main.flat)), key=cost)


def optimise(
    protocol: str | Path | LoadedProtocol,
    *,
    parameters: "Given" = LITERATURE,
    draws: int | None = None,
    patients: int = 2_000,
    seed: int = 1,
    threads: int | None = None,
    refine: int = FINER,
    progress: Progress | None = None,
) -> ScheduleResult:
    """Simulate the same persons under every schedule that a protocol's ``[schedule]`` asks for.

    Parameters
    ----------
    protocol
        Name of a protocol that ships, path of a TOML file, or a protocol already read.
    parameters, draws
        As for `lag3ig.run_trial`.
    patients : int
        Persons, the same under every schedule.
    seed : int
        The same seed gives the same bits, whatever the number of threads.
    refine : int
        Schedules of the local search along the amount; 0 leaves it out.

    Raises
    ------
    ProtocolError
        If the protocol has no section ``[schedule]``, or its limits leave no schedule.
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    plan, search = loaded.protocol, searched(loaded.protocol)
    models = trial_models(plan, parameters, patients=patients, replicates=0, draws=draws, seed=seed)
    persons = draw_persons(
        plan,
        models,
        drug=search.drug,
        goals=goals_of(search),
        patients=patients,
        seed=seed,
        threads=threads,
    )
    asked = LITERATURE if models.sets is None else models.sets.asked
    return search_schedules(
        plan, persons, seed=seed, refine=refine, parameters=asked, progress=progress or _silent
    )


def searched(protocol: Protocol) -> ScheduleSearch:
    """The protocol's search.

    Raises
    ------
    ProtocolError
        If it has none.
    """
    if protocol.schedule is None:
        raise ProtocolError(
            f"protocol {protocol.name!r} has no section [schedule]; add one with arm, drug, amount, every, "
            "goal, and count or until, or take lag3ig-dose-finding"
        )
    return protocol.schedule


def goals_of(search: ScheduleSearch) -> tuple[str, ...]:
    """The goal, then what is told beside it, each once."""
    return tuple(dict.fromkeys((search.goal, *search.also)))


def search_schedules(
    protocol: Protocol,
    persons: Evaluator,
    *,
    seed: int,
    refine: int,
    parameters: str,
    progress: Progress,
) -> ScheduleResult:
    """The search itself, for whoever evaluates schedules.

    Raises
    ------
    ProtocolError
        If the limits leave no schedule.
    """
    search = searched(protocol)
    every = candidates(protocol, search)
    allowed = [item for item in every if not item.refused]
    if not allowed:
        raise ProtocolError(
            f"protocol {protocol.name!r}: the limits leave none of {len(every)} schedules; the first: "
            f"{every[0].schedule.named(search.unit)}, {every[0].refused}"
        )
    total, done = len(persons) * (len(allowed) + refine), 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        progress("simulating schedules", min(done, total), total)

    found = persons.values(allowed, advance)
    at = protocol.visits.scans[-1] if search.at is None else search.at
    common: dict[str, Any] = {"at": at, "draws": persons.draws, "seed": seed}
    first = surface(found, search.goal, delta=search.delta, **common)
    taken = list(allowed)
    if refine:
        better = _refined(protocol, persons, allowed[first.best], first, found, at, refine, advance)
        if better is not None:
            taken.append(better[0])
            found.append(better[1])
    surfaces = {
        goal: surface(found, goal, delta=search.delta if goal == search.goal else 0.0, **common)
        for goal in goals_of(search)
    }
    progress("done", total, total)
    return ScheduleResult(
        protocol=protocol,
        search=search,
        candidates=tuple(taken),
        grid_size=len(allowed),
        refused=tuple(item for item in every if item.refused),
        surfaces=surfaces,
        seed=seed,
        parameters=parameters,
        patients=len(persons),
        draws=persons.draws,
        solves=persons.solves,
        failed=persons.failed,
        seconds=persons.seconds,
    )


def _refined(
    protocol: Protocol,
    persons: Evaluator,
    best: Candidate,
    first: Surface,
    found: Sequence[Values],
    at: float,
    most: int,
    advance: Advance,
) -> tuple[Candidate, Values] | None:
    """A better amount between the neighbours of the grid's best, within the limits; None if there is none."""
    from scipy.optimize import minimize_scalar

    search, schedule = searched(protocol), best.schedule
    low, high = _bracket(search, schedule.amount, schedule.every)
    if not 0.0 < low < high * (1.0 - CLOSE):
        return None
    failed = np.any([values["status"][:, 0] > 0.0 for values in found], axis=0)
    kept = (~failed).astype(np.float64)[None, :]
    tried: list[tuple[float, Candidate, Values]] = []

    def lost(logarithm: float) -> float:
        amount = min(float(np.exp(logarithm)), high)
        item = candidate(protocol, search, amount=amount, every=schedule.every, start=schedule.start)
        values = persons.values([item], advance)
        value = float(estimates(values, search.goal, kept, at=at)[0, 0])
        if not item.refused and np.isfinite(value):
            tried.append((value, item, values[0]))
        return -value if np.isfinite(value) else np.inf

    minimize_scalar(
        lost,
        bounds=(float(np.log(low)), float(np.log(high))),
        method="bounded",
        options={"maxiter": most, "xatol": CLOSE},
    )
    if not tried:
        return None
    value, item, values = max(tried, key=lambda one: one[0])
    return (item, values) if value > first.value[first.best] else None


def _bracket(search: ScheduleSearch, amount: float, every: float) -> tuple[float, float]:
    """Amounts of the grid on both sides of one, the upper no further than the limits allow."""
    below = [item for item in search.amounts if 0.0 < item < amount]
    above = [item for item in search.amounts if item > amount]
    low, high = max(below, default=amount), min(above, default=amount)
    return low, min(high, most_amount(search, every))


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""


def told(goal: str, at: float | None) -> str:
    """A goal in words, with its time and unit.

    >>> told("pfs_at", 168.0)
    'free of progression at day 168 (share)'
    """
    item = GOALS[goal]
    when = "" if not item.timed else f" at day {at:g}" if goal == "pfs_at" else f" up to day {at:g}"
    return f"{item.label}{when} ({item.unit})"
