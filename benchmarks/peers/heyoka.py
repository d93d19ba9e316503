"""heyoka: Taylor series compiled by LLVM, a batch of patients in vector lanes."""

from typing import Any

import numpy as np

from ..arm import Arm, Floats, Solve
from ..equations import derived_rows, in_numbers
from ..problem import Problem

# A power has no Taylor series at a base of 0, where every patient starts and to which levels fall, nor a
# value below, where rounding takes them: the base is kept this far from 0, smoothly.
DISTANCE = 1e-8


def _equations(problem: Problem) -> list[tuple[Any, Any]]:
    import heyoka

    kernels = problem.model.kernels
    y = [heyoka.expression(name) for name in kernels.states]
    rows = derived_rows(kernels)
    derived = [heyoka.par[row] for row in range(rows)]
    inputs = [heyoka.par[rows + row] for row in range(len(kernels.inputs))]
    dy: list[Any] = [None] * len(y)

    def power(base: Any, exponent: Any) -> Any:
        return heyoka.sqrt(base * base + DISTANCE**2) ** exponent

    words = {
        "exp": heyoka.exp,
        "log": heyoka.log,
        "sqrt": heyoka.sqrt,
        "power": power,
        "maximum": lambda bound, value: value,  # guards of logarithms that these patients never need
    }
    in_numbers(kernels, words)(y, inputs, derived, dy)
    return list(zip(y, dy, strict=True))


def _prepare(problem: Problem, lanes: int) -> Solve:
    import heyoka

    kernels = problem.model.kernels
    rows = derived_rows(kernels)
    equations = _equations(problem)
    states = len(equations)
    batches: dict[float, Any] = {}

    def batch(tolerance: float) -> Any:
        if tolerance not in batches:
            batches[tolerance] = heyoka.taylor_adaptive_batch(
                equations,
                np.ones((states, lanes)),
                pars=np.zeros((rows + len(kernels.inputs), lanes)),
                tol=tolerance,
                force_avx512=lanes > 4,
            )
        return batches[tolerance]

    def solve(tolerance: float, count: int) -> Floats:
        integrator = batch(tolerance)
        out = np.full((count, len(problem.times), states), np.nan)
        for first in range(0, count, lanes):
            present = min(lanes, count - first)
            who = np.minimum(first + np.arange(lanes), first + present - 1) % problem.patients
            integrator.pars[:rows] = problem.derived[who, :rows].T
            integrator.state[:] = problem.start[who].T
            for segment in problem.segments:
                integrator.pars[rows:] = segment.inputs[who].T
                integrator.state[:] += segment.added[who].T
                integrator.set_time(0.0)
                grid = np.repeat(segment.grid[:, None], lanes, axis=1)
                path = integrator.propagate_grid(grid)[1]
                wanted = segment.outputs >= 0
                found = path[wanted].transpose(2, 0, 1)[:present]
                out[first : first + present, segment.outputs[wanted]] = found
                integrator.state[:] = path[-1]
        return out

    return solve


ARMS = (
    Arm(
        name="heyoka batch 8",
        package="heyoka",
        module="heyoka",
        prepare=lambda problem: _prepare(problem, 8),
        tolerances=(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9),
        patients=256,
        unit=8,
    ),
    Arm(
        name="heyoka batch 4",
        package="heyoka",
        module="heyoka",
        prepare=lambda problem: _prepare(problem, 4),
        tolerances=(1e-4, 1e-6, 1e-8),
        patients=256,
        unit=4,
        stiff=False,
    ),
)
