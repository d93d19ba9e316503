"""The product's own engine, on one thread."""

from ...model.engine.batch import solve as engine_solve
from ..arm import Arm, Floats, Solve
from ..problem import Problem

PATIENTS = 1024
UNIT = 64  # fewer leave lanes half empty for a good part of the time


def _prepare(problem: Problem, method: str) -> Solve:
    kernels = problem.model.kernels
    tiles: dict[int, Problem] = {}

    def solve(tolerance: float, count: int) -> Floats:
        tile = tiles.setdefault(count, problem.tiled(count))
        return engine_solve(
            kernels, tile.parameters, tile.times, tile.events, method=method, rtol=tolerance, threads=1
        ).states

    return solve


DEFAULT = Arm(
    name="lag3ig rodas5p",
    prepare=lambda problem: _prepare(problem, "rodas5p"),
    tolerances=(1e-2, 1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8),
    patients=PATIENTS,
    unit=UNIT,
)
EXPLICIT = Arm(
    name="lag3ig tsit5",
    prepare=lambda problem: _prepare(problem, "tsit5"),
    tolerances=(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8),
    patients=PATIENTS,
    unit=UNIT,
    stiff=False,
)
ARMS = (DEFAULT, EXPLICIT)
