"""Cost of a patient against the number of patients: a straight line has the exponent 1."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..arm import Arm, Solve
from ..peers import engine, heyoka, numbalsoda, roadrunner, scipy_solvers, sundae
from ..problem import Problem
from ..timing import interleaved
from . import phase_one

SIZES = (100, 1_000, 10_000, 100_000, 1_000_000)
CHUNK = 10_000  # patients in memory at a time: 60 outputs of 25 states are 12 kB each
TOLERANCE = 1e-6
BRIEF = 2.0  # CPU seconds: what takes longer is its own mean, and is run once
LONG = 20.0  # CPU seconds that no size of a peer may be expected to take
PEERS = (heyoka.ARMS[0], numbalsoda.ARMS[0], roadrunner.ARMS[0], sundae.ARMS[0], scipy_solvers.ARMS[0])


@dataclass
class _Runner:
    """One solver on as many patients as asked for, in chunks."""

    name: str
    solve: Solve
    sizes: tuple[int, ...]
    each: float = 0.0  # CPU seconds of a patient, as far as is known

    def go(self, size: int) -> None:
        for first in range(0, size, CHUNK):
            self.solve(TOLERANCE, min(CHUNK, size - first))

    def worth(self, size: int, limit: float) -> bool:
        return self.each * size < limit

    def once(self, size: int) -> float:
        begun = time.process_time()
        self.go(size)
        return time.process_time() - begun


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds a patient at the default tolerance on one thread, and the exponent of each solver."""
    problem = phase_one.problem(100 if quick else CHUNK)
    sizes = SIZES[:3] if quick else SIZES
    runners = [_start(engine.DEFAULT, problem, sizes)]
    for arm in PEERS:
        if not arm.missing:
            runners.append(_start(arm, problem, sizes[:2] if quick else sizes))
    for runner in runners[1:]:
        runner.sizes = tuple(size for size in runner.sizes if runner.worth(size, LONG))
    costs = _costs(runners)
    return [row for runner in runners if runner.sizes for row in _rows(runner, costs)]


def _start(arm: Arm, problem: Problem, sizes: tuple[int, ...]) -> _Runner:
    runner = _Runner(arm.name, arm.prepare(problem), sizes)
    runner.once(arm.unit)
    runner.each = runner.once(arm.unit) / arm.unit
    return runner


def _costs(runners: list[_Runner]) -> dict[tuple[str, int], float]:
    """CPU seconds of every solver and size: brief ones in turns, long ones once."""
    todo = [(runner, size) for runner in runners for size in runner.sizes]
    brief = [(runner, size) for runner, size in todo if runner.worth(size, BRIEF)]
    actions: list[Callable[[], None]] = [lambda r=runner, s=size: r.go(s) for runner, size in brief]
    costs = {
        (runner.name, size): timing.median
        for (runner, size), timing in zip(brief, interleaved(actions), strict=True)
    }
    for runner, size in todo:
        if (runner.name, size) not in costs:
            costs[runner.name, size] = runner.once(size)
    return costs


def _rows(runner: _Runner, costs: dict[tuple[str, int], float]) -> list[dict[str, Any]]:
    seconds = [costs[runner.name, size] for size in runner.sizes]
    rows: list[dict[str, Any]] = [
        {"solver": runner.name, "patients": size, "microseconds": 1e6 * cost / size}
        for size, cost in zip(runner.sizes, seconds, strict=True)
    ]
    # A hundred patients leave lanes half empty for a good part of the time: not on the line.
    line = [(size, cost) for size, cost in zip(runner.sizes, seconds, strict=True) if size >= 1_000]
    if len(line) > 1:
        exponent = np.polyfit(*np.log(line).T, 1)[0]
        rows.append(
            {"solver": runner.name, "exponent": float(exponent), "from": line[0][0], "to": line[-1][0]}
        )
    return rows
