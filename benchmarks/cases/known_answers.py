"""Five stiff problems with published end values: correct digits against time, beside SciPy's stiff solvers.

SciPy gets the engine's own right-hand side, compiled for one system at a time, and the same tolerances.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from types import FunctionType
from typing import Any

import numba
import numpy as np
from scipy.integrate import solve_ivp

from ...model.engine.batch import solve
from ...model.engine.problems import OREGO, VDPOL, KnownProblem
from ...model.engine.reaction_networks import HIRES, POLLU, ROBER
from ..arm import Floats
from ..precision import Curve, Row
from ..timing import interleaved

NAME = "known-answers"
PROBLEMS = {"HIRES": HIRES, "ROBER": ROBER, "OREGO": OREGO, "POLLU": POLLU, "VDPOL": VDPOL}
TOLERANCES = (1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10)
TIGHTEST = {"Radau": 1e-8, "LSODA": 1e-10}  # Radau delivers more than it is asked for
OWN = "lag3ig rodas5p"
COPIES = 128  # of a problem, solved at once


@numba.njit
def load(array: Floats, row: int) -> float:
    """Number of one row."""
    return array[row]


@numba.njit
def store(array: Floats, row: int, value: float) -> None:
    """Write one row."""
    array[row] = value


def scalar(function: Any) -> Callable[..., None]:
    """Kernel on arrays of one system, shape (rows,), compiled, with all that it calls."""
    words: dict[str, Any] = {"load": load, "store": store}
    space = dict(function.__globals__) | words
    for name in function.__code__.co_names:
        if isinstance(space.get(name), FunctionType):
            space[name] = scalar(space[name])
    return numba.njit(FunctionType(function.__code__, space))


@dataclass(frozen=True)
class _Task:
    name: str
    solver: str
    tolerance: float
    systems: int
    end: Callable[[], Floats]  # end values, shape (S,)


def _engine(problem: KnownProblem, tolerance: float) -> Floats:
    nobody = np.zeros((COPIES, 0))
    run = solve(
        problem.kernels,
        nobody,
        [problem.end_time],
        start=np.array(problem.start),
        rtol=tolerance,
        atol=tolerance * problem.absolute,
        threads=1,
    )
    return run.states[0, -1]


def _scipy(problem: KnownProblem, function: Callable[..., Floats], method: str, tolerance: float) -> Floats:
    run = solve_ivp(
        function,
        (0.0, problem.end_time),
        problem.start,
        method=method,
        t_eval=(problem.end_time,),
        rtol=tolerance,
        atol=tolerance * problem.absolute,
    )
    return run.y[:, -1] if run.success else np.full(len(problem.start), np.nan)


def tasks(name: str, problem: KnownProblem, tolerances: tuple[float, ...]) -> list[_Task]:
    """One problem by every solver at every tolerance."""
    rhs, none = scalar(problem.kernels.rhs.function), np.zeros(0)

    def function(_time: float, y: Floats) -> Floats:
        dy = np.empty(len(y))
        rhs(y, none, none, dy)
        return dy

    found = []
    for tolerance in tolerances:
        engine = functools.partial(_engine, problem, tolerance)
        found.append(_Task(name, OWN, tolerance, COPIES, engine))
        for method in (method for method, least in TIGHTEST.items() if tolerance >= least):
            peer = functools.partial(_scipy, problem, function, method, tolerance)
            found.append(_Task(name, f"SciPy {method}, numba right-hand side", tolerance, 1, peer))
    return found


def run(quick: bool) -> list[dict[str, Any]]:
    """Correct digits of the end values, microseconds of a system, and their ratio at equal digits."""
    rows = []
    for name, problem in PROBLEMS.items():
        todo = tasks(name, problem, TOLERANCES[::3] if quick else TOLERANCES)
        digits = [problem.correct_digits(task.end()) for task in todo]
        timings = interleaved([task.end for task in todo])
        timed = [
            Row(
                case=name,
                engine=task.solver,
                tolerance=task.tolerance,
                worst_error=10.0**-correct,
                microseconds=1e6 * timing.median / task.systems,
            )
            for task, correct, timing in zip(todo, digits, timings, strict=True)
        ]
        own = Curve([row for row in timed if row.engine == OWN])
        rows += [_as_json(row, own) for row in timed]
    return rows


def _as_json(row: Row, own: Curve) -> dict[str, Any]:
    assert row.worst_error is not None
    assert row.microseconds is not None
    same = own.at(row.worst_error)
    return {
        "problem": row.case,
        "solver": row.engine,
        "tolerance": row.tolerance,
        "correct_digits": -float(np.log10(row.worst_error)),
        "microseconds": row.microseconds,
        "ratio": row.microseconds / same if same else None,
    }
