"""libroadrunner: CVODE with a right-hand side compiled from SBML, which antimony writes."""

from collections.abc import Callable
from typing import Any

import numpy as np

from ..arm import ONE_FOR_ALL, Arm, Floats, Solve, one_by_one
from ..equations import derived_rows
from ..problem import Problem
from .sbml import antimony_text, sbml

MAX_STEPS = 1_000_000


def _prepare(problem: Problem) -> Solve:
    import roadrunner

    kernels = problem.model.kernels
    runner: Any = roadrunner.RoadRunner(sbml(antimony_text(problem.model)))
    rows, states = derived_rows(kernels), len(kernels.states)
    names = list(runner.model.getGlobalParameterIds())
    place = {name: number for number, name in enumerate(names)}
    state_places = [place[f"y_{row}"] for row in range(states)]
    derived_places = [place[f"derived_{row}"] for row in range(rows)]
    input_places = [place[f"inputs_{row}"] for row in range(len(kernels.inputs))]
    runner.timeCourseSelections = [f"y_{row}" for row in range(states)]
    integrator = runner.getIntegrator()
    integrator.setValue("stiff", True)
    integrator.setValue("maximum_num_steps", MAX_STEPS)

    def solver(patient: int, tolerance: float) -> Callable[[Floats, Floats, Floats], Floats]:
        model = runner.model
        runner.reset()
        model.setGlobalParameterValues(derived_places, problem.derived[patient, :rows].tolist())
        integrator.setValue("relative_tolerance", tolerance)
        integrator.setValue("absolute_tolerance", ONE_FOR_ALL * tolerance)

        def cross(y: Floats, grid: Floats, inputs: Floats) -> Floats:
            model.setGlobalParameterValues(state_places, y.tolist())
            model.setGlobalParameterValues(input_places, inputs.tolist())
            return np.array(runner.simulate(times=grid.tolist()))

        return cross

    return one_by_one(problem, solver)


ARMS = (
    Arm(
        name="libroadrunner CVODE",
        package="libroadrunner",
        module="roadrunner",
        prepare=_prepare,
        tolerances=(1e-4, 1e-6, 1e-8, 1e-9),
        patients=16,
    ),
)
