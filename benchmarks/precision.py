"""Error proved, then time taken: rows of work and precision of several solvers on one problem."""

import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arm import Arm, Solve
from .problem import Problem
from .references import Reference
from .timing import ROUNDS, cpu_seconds, interleaved

Floats = NDArray[np.float64]

LARGEST_ERROR = 1e-2  # of the largest value of a state: a curve farther off is no answer, and is not timed
PROVING = 4.0  # CPU seconds to spend on the error of one solver at one tolerance
ROUND = 0.3  # CPU seconds to spend on one timing of it


@dataclass(frozen=True, kw_only=True)
class Row:
    """One solver at one tolerance on one problem.

    Attributes
    ----------
    worst_error, median_error
        Over the patients proved, each patient's being the largest over states and outputs.
    microseconds, least
        CPU time of a patient: median and shortest of the rounds.
    ratio
        That time over the engine's at the same worst error; None where the engine was not run that tight.
    note
        Why there is no time, if there is none.
    """

    case: str
    engine: str
    version: str = ""
    tolerance: float | None = None
    worst_error: float | None = None
    median_error: float | None = None
    proved: int = 0
    patients: int = 0
    rounds: int = 0
    microseconds: float | None = None
    least: float | None = None
    ratio: float | None = None
    setup_seconds: float | None = None
    note: str = ""

    def as_json(self) -> dict[str, Any]:
        """Row for a JSON file; numbers that are not finite become None."""
        return {
            key: None if isinstance(value, float) and not np.isfinite(value) else value
            for key, value in asdict(self).items()
        }


@dataclass(frozen=True)
class _Proved:
    row: Row
    solve: Solve

    def run(self) -> Floats:
        assert self.row.tolerance is not None
        return self.solve(self.row.tolerance, self.row.patients)


def prove(problem: Problem, arm: Arm, truth: Reference) -> Iterable[Row | _Proved]:
    """Rows of an arm: with its error and ready to be timed, or with the reason why it cannot be.

    A peer may fail in any way it likes: that is its result, not the benchmark's.
    """
    blank = Row(case=problem.name, engine=arm.name, version=arm.version)
    if arm.missing:
        yield replace(blank, note=arm.missing)
        return
    begun = time.process_time()
    try:
        solve = arm.prepare(problem)
        solve(arm.tolerances[0], arm.unit)
    except Exception as error:
        yield replace(blank, note=f"could not be set up: {first_line(error)}")
        return
    setup = round(time.process_time() - begun, 3)
    for tolerance in arm.tolerances:
        yield _prove(problem, solve, arm, truth, replace(blank, tolerance=tolerance, setup_seconds=setup))


def _prove(problem: Problem, solve: Solve, arm: Arm, truth: Reference, row: Row) -> Row | _Proved:
    assert row.tolerance is not None
    tolerance = row.tolerance
    try:
        solve(tolerance, arm.unit)
        each = cpu_seconds(lambda: solve(tolerance, arm.unit)) / arm.unit
        count = min(len(truth.states), _affordable(PROVING / each, arm))
        off = truth.errors(solve(tolerance, count))
    except Exception as error:
        return replace(row, note=f"failed: {first_line(error)}")
    row = replace(
        row,
        proved=count,
        patients=_affordable(ROUND / each, arm),
        worst_error=float(off.max()),
        median_error=float(np.median(off)),
    )
    if not off.max() <= LARGEST_ERROR:
        return replace(row, note=f"refused: worst error {off.max():.1e} is above {LARGEST_ERROR:g}")
    return _Proved(row, solve)


def _affordable(patients: float, arm: Arm) -> int:
    """Number of patients, a multiple of the arm's unit, that is worth while."""
    return int(max(1, min(patients, arm.patients) // arm.unit)) * arm.unit


def work_precision(
    problem: Problem, arms: Sequence[Arm], truth: Reference, *, own: str, rounds: int = ROUNDS
) -> list[Row]:
    """Rows of all arms, timed in turns, with ratios to the arm named ``own``."""
    found = [item for arm in arms for item in prove(problem, arm, truth)]
    ready = [item for item in found if isinstance(item, _Proved)]
    timings = interleaved([item.run for item in ready], rounds=rounds)
    timed = {
        id(item): replace(
            item.row,
            rounds=rounds,
            microseconds=1e6 * timing.median / item.row.patients,
            least=1e6 * timing.least / item.row.patients,
        )
        for item, timing in zip(ready, timings, strict=True)
    }
    rows = [timed[id(item)] if isinstance(item, _Proved) else item for item in found]
    curve = Curve([row for row in rows if row.engine == own])
    return [replace(row, ratio=_ratio(row, curve)) for row in rows]


class Curve:
    """Time as a function of the worst error, from the timed rows of one solver.

    Between two of them it is a straight line in logarithms. A tighter error never costs less than a looser.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        points = sorted(
            (row.worst_error, row.microseconds)
            for row in rows
            if row.worst_error is not None and row.microseconds is not None and row.worst_error > 0.0
        )
        self.error = np.array([error for error, _ in points])
        cost = np.array([cost for _, cost in points])
        self.cost = np.minimum.accumulate(cost) if len(cost) else cost

    def at(self, error: float) -> float | None:
        """Time at which that worst error is kept; None if it is tighter than any that was measured."""
        if not len(self.error) or error < self.error[0]:
            return None
        return float(np.exp(np.interp(np.log(error), np.log(self.error), np.log(self.cost))))


def _ratio(row: Row, curve: Curve) -> float | None:
    if row.microseconds is None or row.worst_error is None:
        return None
    own = curve.at(row.worst_error)
    return None if own is None else row.microseconds / own


def ratios_at(rows: Sequence[Row], error: float, *, own: str) -> dict[str, float]:
    """Time of every solver over the engine's at one worst error, between the tolerances measured."""
    base = Curve([row for row in rows if row.engine == own]).at(error)
    result = {}
    for engine in dict.fromkeys(row.engine for row in rows):
        cost = Curve([row for row in rows if row.engine == engine]).at(error)
        if base is not None and cost is not None:
            result[engine] = cost / base
    return result


def first_line(error: Exception) -> str:
    """What an error says, in a line of a table."""
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}"[:160]
