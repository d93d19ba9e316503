"""Cost of a patient against the number of states, over the structures that are shipped."""

import functools
from typing import Any

from ...model.definition.structures import Structure
from ...model.model import load_model
from ..problem import Problem, pose
from ..timing import interleaved
from .doses import steps_of
from .phase_one import REGIMEN, TIMES

PATIENTS = 512
QUICK = ("default", "binding-explicit")


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds and steps a patient, and nanoseconds a step and state, by structure."""
    problems: list[Problem] = []
    for structure in (Structure(), *Structure().one_step_alternatives()):
        if not quick or structure.name in QUICK:
            model = load_model(structure)
            problems.append(
                pose(structure.name, model=model, regimen=REGIMEN, times=TIMES, patients=PATIENTS)
            )
    steps = [steps_of(problem) for problem in problems]
    timings = interleaved([functools.partial(steps_of, problem) for problem in problems])
    rows = []
    for problem, step, timing in zip(problems, steps, timings, strict=True):
        states = len(problem.model.kernels.states)
        each = timing.median / problem.patients
        rows.append(
            {
                "structure": problem.name,
                "states": states,
                "steps": step,
                "microseconds": 1e6 * each,
                "nanoseconds_per_step_and_state": 1e9 * each / (step * states),
            }
        )
    return sorted(rows, key=lambda row: (row["states"], row["structure"]))
