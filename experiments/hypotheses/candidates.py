"""Candidate trials: each sample, day and dose alone, those of the protocol, the best set of readings."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..protocol import Protocol
from .information import Bench, Verdict
from .readings import Reading
from .section import RESPONSES, SAMPLES, Design, Hypotheses

LEAST_GAIN = 0.01  # bits that a further reading must promise
MOST_READINGS = 5  # of the best set


@dataclass(frozen=True, slots=True)
class Candidate:
    """A trial to be judged.

    Attributes
    ----------
    kind : str
        "whole", "named", "sample", "day", "dose", "sample and day" or "best set".
    name : str
    readings : ndarray of int
        Places of what it reads.
    patients : tuple of int
        Of each arm.
    """

    kind: str
    name: str
    readings: NDArray[np.intp]
    patients: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A candidate with its verdict."""

    candidate: Candidate
    verdict: Verdict


def candidates_of(protocol: Protocol, plan: Hypotheses, readings: Sequence[Reading]) -> Iterator[Candidate]:
    """Every candidate but those that are searched for."""
    patients = tuple(arm.evaluable for arm in protocol.arms)
    arms = [arm.name for arm in protocol.arms]

    def those(kind: str, name: str, wanted: Callable[[Reading], bool]) -> Candidate:
        places = np.flatnonzero([wanted(item) for item in readings])
        return Candidate(kind, name, places, patients)

    def every(kind: str, name: str, what: str = "", day: float | None = None) -> Candidate:
        return those(kind, name, lambda item: what in ("", item.what) and day in (None, item.day))

    yield every("whole", "everything")
    for design in plan.designs:
        yield _named(design, plan, readings, arms, patients)
    for sample in plan.samples:
        yield every("sample", SAMPLES[sample], sample)
    for response in plan.responses:
        yield every("sample", RESPONSES[response], response)
    for place, arm in enumerate(arms):
        yield Candidate("dose", arm, np.flatnonzero([item.arm == place for item in readings]), patients)
    first = list[str](plan.samples).index
    visits = {(item.what, item.day) for item in readings if not item.is_count}
    for day in sorted({day for _, day in visits}):
        yield every("day", f"day {day:.3g}", day=day)
    for what, day in sorted(visits, key=lambda visit: (first(visit[0]), visit[1])):
        yield every("sample and day", f"{SAMPLES[what]}, day {day:.3g}", what, day)


def _named(
    design: Design,
    plan: Hypotheses,
    readings: Sequence[Reading],
    arms: Sequence[str],
    patients: tuple[int, ...],
) -> Candidate:
    """A design of the protocol; what it leaves out is as in the whole trial."""
    alone = bool(design.samples or design.responses)
    observed = (design.samples + design.responses) if alone else (plan.samples + plan.responses)
    places = [
        place
        for place, item in enumerate(readings)
        if item.what in observed
        and (item.is_count or not design.days or item.day in design.days)
        and (not design.arms or arms[item.arm] in design.arms)
    ]
    own = patients if design.patients is None else (design.patients,) * len(arms)
    return Candidate("named", design.name, np.array(places, dtype=np.intp), own)


def best_readings(
    bench: Bench, arms: Sequence[str], patients: tuple[int, ...], *, advance: Callable[[int, int], None]
) -> list[Candidate]:
    """The best single reading, then the best with a second one beside it, and so on.

    Searched for by what the draws behind the likelihood promise, so that fresh trials may judge the sets.
    """
    chosen: list[int] = []
    found: list[Candidate] = []
    promised = 0.0
    count = len(bench.readings)
    for step in range(min(MOST_READINGS, count)):
        promises = np.full(count, -np.inf)
        for place in range(count):
            if place not in chosen:
                promises[place] = bench.promise(np.array([*chosen, place]), patients)
            advance(step * count + place + 1, MOST_READINGS * count)
        best = int(promises.argmax())
        if promises[best] < promised + LEAST_GAIN:
            break
        promised = float(promises[best])
        chosen.append(best)
        words = bench.readings[best].label(arms)
        name = words if not found else f"and {words}"
        found.append(Candidate("best set", name, np.array(chosen), patients))
    return found
