"""Cost of a patient against the number of doses: every dose restarts the integration."""

import functools
from typing import Any

from ...model.dosing import dose
from ...model.engine.batch import solve
from ...model.model import load_model
from ..problem import Problem, pose
from ..timing import interleaved
from .phase_one import TIMES

COUNTS = (1, 2, 4, 6, 12, 24, 48)
PATIENTS = 512


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds and steps a patient; each regimen spreads the same total amount over the 24 weeks."""
    model = load_model()
    problems = [
        pose(
            "doses",
            model=model,
            regimen=dose("lag3ig", 180.0 / count, every=168.0 / count, count=count),
            times=TIMES,
            patients=PATIENTS // 4 if quick else PATIENTS,
        )
        for count in COUNTS
    ]
    steps = [steps_of(problem) for problem in problems]
    timings = interleaved([functools.partial(steps_of, problem) for problem in problems])
    return [
        {"doses": count, "steps": step, "microseconds": 1e6 * timing.median / problem.patients}
        for count, step, timing, problem in zip(COUNTS, steps, timings, problems, strict=True)
    ]


def steps_of(problem: Problem) -> float:
    """Mean number of steps of a patient, solved on one thread."""
    kernels = problem.model.kernels
    solution = solve(kernels, problem.parameters, problem.times, problem.events, threads=1)
    return float((solution.steps + solution.rejected).mean())
