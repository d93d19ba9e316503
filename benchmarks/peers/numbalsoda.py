"""numbalsoda: LSODA in C++, called from compiled code with a compiled right-hand side."""

from collections.abc import Callable
from typing import Any

import numba
import numpy as np

from ..arm import ONE_FOR_ALL, Arm, Floats, Solve
from ..equations import SCALAR, body, define, derived_rows, power, text
from ..problem import Problem

MAX_STEPS = 1_000_000  # between two outputs


def _prepare(problem: Problem) -> Solve:
    from numbalsoda import lsoda, lsoda_sig

    kernels = problem.model.kernels
    rows = derived_rows(kernels)
    words: dict[str, Any] = dict(SCALAR) | {"power": numba.njit(inline="always")(power)}
    words["carray"] = numba.carray
    states, width = len(kernels.states), rows + len(kernels.inputs)
    source = (
        "def rhs(_time, _y, _dy, _data):\n"
        f"    y, dy = carray(_y, ({states},)), carray(_dy, ({states},))\n"
        f"    derived = carray(_data, ({width},))\n    inputs = derived[{rows}:]\n"
        f"{text(body(kernels))}\n"
    )
    rhs: Callable[..., Any] = numba.cfunc(lsoda_sig)(define(source, "rhs", words))
    address = rhs.address

    @numba.njit
    def cross(y: Floats, grid: Floats, data: Floats, tolerance: float, absolute: float) -> Floats:
        path, success = lsoda(address, y, grid, data, tolerance, absolute, MAX_STEPS)
        if not success:
            path[:] = np.nan
        return path

    @numba.njit
    def run(
        starts: Floats, derived: Floats, grids: Any, outputs: Any, added: Any, inputs: Any,
        tolerance: float, absolute: float, count: int, out: Floats,
    ) -> None:  # fmt: skip
        data = np.empty(rows + inputs[0].shape[1])
        for row in range(count):
            patient = row % len(starts)
            data[:rows] = derived[patient, :rows]
            y = starts[patient].copy()
            for k in range(len(grids)):
                data[rows:] = inputs[k][patient]
                path = cross(y + added[k][patient], grids[k], data, tolerance, absolute)
                for g in range(len(grids[k])):
                    if outputs[k][g] >= 0:
                        out[row, outputs[k][g]] = path[g]
                y = path[-1].copy()

    grids, outputs, added, inputs = (numba.typed.List(part) for part in zip(*problem.segments, strict=True))

    def solve(tolerance: float, count: int) -> Floats:
        out = np.full((count, len(problem.times), len(problem.scales)), np.nan)
        # One absolute tolerance is all it takes: states of all scales share it.
        run(
            problem.start, problem.derived, grids, outputs, added, inputs,
            tolerance, ONE_FOR_ALL * tolerance, count, out,
        )  # fmt: skip
        return out

    return solve


ARMS = (
    Arm(
        name="numbalsoda LSODA",
        package="numbalsoda",
        module="numbalsoda",
        prepare=_prepare,
        tolerances=(1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9, 1e-10),
        patients=64,
    ),
)
