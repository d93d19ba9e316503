"""scikit-sundae: CVODE of SUNDIALS, with a compiled right-hand side called from Python."""

from collections.abc import Callable

import numpy as np

from ..arm import ABSOLUTE, Arm, Floats, Solve, one_by_one
from ..equations import in_numba
from ..problem import Problem

MAX_STEPS = 1_000_000


def _prepare(problem: Problem) -> Solve:
    from sksundae.cvode import CVODE

    rhs = in_numba(problem.model.kernels)

    def solver(patient: int, tolerance: float) -> Callable[[Floats, Floats, Floats], Floats]:
        derived = problem.derived[patient]

        def function(_time: float, y: Floats, dy: Floats, given: dict[str, Floats]) -> None:
            rhs(y, given["inputs"], derived, dy)

        def cross(y: Floats, grid: Floats, inputs: Floats) -> Floats:
            cvode = CVODE(
                function,
                userdata={"inputs": inputs},
                rtol=tolerance,
                atol=ABSOLUTE * tolerance * problem.scales,
                max_num_steps=MAX_STEPS,
            )
            # From two times alone it returns every step it took.
            times = grid if len(grid) > 2 else np.linspace(grid[0], grid[-1], 3)
            run = cvode.solve(times, y)
            if not run.success:
                return np.full((len(grid), len(y)), np.nan)
            return run.y if len(grid) > 2 else run.y[::2]

        return cross

    return one_by_one(problem, solver)


ARMS = (
    Arm(
        name="scikit-sundae CVODE",
        package="scikit-sundae",
        module="sksundae",
        prepare=_prepare,
        tolerances=(1e-4, 1e-6, 1e-8),
        patients=16,
    ),
)
