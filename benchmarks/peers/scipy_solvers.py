"""SciPy's solve_ivp: LSODA and BDF, with the right-hand side in Python and compiled."""

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.integrate import solve_ivp

from ..arm import ABSOLUTE, Arm, Floats, Solve, one_by_one
from ..equations import in_numba, in_python
from ..problem import Problem

Cross = Callable[[Floats, Floats, Floats], Floats]
TOLERANCES = (1e-4, 1e-6, 1e-8)


def python_function(problem: Problem) -> Callable[[int], Callable[..., Any]]:
    """Right-hand side f(t, y, inputs) of each patient, in Python."""
    make = in_python(problem.model.kernels)
    return lambda patient: make(problem.derived[patient].tolist())


def compiled_function(problem: Problem) -> Callable[[int], Callable[..., Any]]:
    """Right-hand side f(t, y, inputs) of each patient, compiled; only the call comes from Python."""
    rhs = in_numba(problem.model.kernels)

    def of(patient: int) -> Callable[..., Any]:
        derived = problem.derived[patient]

        def function(_time: float, y: Floats, inputs: Floats) -> Floats:
            dy = np.empty(len(y))
            rhs(y, inputs, derived, dy)
            return dy

        return function

    return of


def _prepare(problem: Problem, method: str, functions: Callable[[Problem], Any]) -> Solve:
    of = functions(problem)

    def solver(patient: int, tolerance: float) -> Cross:
        function = of(patient)

        def cross(y: Floats, grid: Floats, inputs: Floats) -> Floats:
            run = solve_ivp(
                function,
                (grid[0], grid[-1]),
                y,
                method=method,
                t_eval=grid,
                args=(inputs,),
                rtol=tolerance,
                atol=ABSOLUTE * tolerance * problem.scales,
            )
            return run.y.T if run.success else np.full((len(grid), len(y)), np.nan)

        return cross

    return one_by_one(problem, solver)


def _arm(method: str, words: str, functions: Callable[[Problem], Any], patients: int) -> Arm:
    return Arm(
        name=f"SciPy {method}, {words}",
        package="scipy",
        module="scipy",
        prepare=lambda problem: _prepare(problem, method, functions),
        tolerances=TOLERANCES,
        patients=patients,
    )


ARMS = (
    _arm("LSODA", "Python right-hand side", python_function, 8),
    _arm("LSODA", "numba right-hand side", compiled_function, 8),
    _arm("BDF", "Python right-hand side", python_function, 2),
    _arm("BDF", "numba right-hand side", compiled_function, 2),
)
