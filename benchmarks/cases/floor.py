"""Limit of the method: what the steps of Rodas5P must cost by its kernels and stage sums, measured alone.

Cost of a step = 8 right-hand sides + 1 factorisation + 8 solutions + the loads and multiply-adds of the
stage sums and of the error, at the rate at which a plain weighted sum of rows runs. Clocks, step control,
outputs, doses and the exchange of patients are not in it: they are what the engine may add.
"""

import functools
from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ...model.engine.batch import solve
from ...model.engine.lane_memory import call2, call4, call5, first_row, from_row, store, weighted_sum
from ...model.engine.lanes import LANES
from ...model.engine.tableaus import RODAS5P
from ..problem import Problem
from ..timing import interleaved
from . import explicit_binding, phase_one

Floats = NDArray[np.float64]

CALLS = 20_000
TERMS = 8  # of the plain sum whose rate is measured
STAGES = 8
GAMMA_STEP = 50.0  # 1 / (gamma h), 1/d: any step of the middle of a course


def loads_per_state() -> int:
    """Rows of lanes that the stage sums and the error of one step read for each state."""
    a = sum(1 + len(row) for row in RODAS5P.a[1:6]) + 2 * 2
    c = sum(len(row) for row in RODAS5P.c[1:])
    return a + c + 2 * (STAGES - 1) + 2 + 4


def run(quick: bool) -> list[dict[str, Any]]:
    """Nanoseconds of each kernel for eight patients, the limit and the engine's cost, by problem."""
    rows = [_of(phase_one.problem(64))]
    return rows if quick else [*rows, _of(explicit_binding.problem(64))]


def _aligned(rows: int) -> Floats:
    plain = np.zeros(rows * LANES + 8)
    skip = (-plain.ctypes.data % 64) // 8
    return plain[skip : skip + rows * LANES].reshape(rows, LANES)


@numba.njit
def _two(handle: int, calls: int, first: Floats, second: Floats) -> None:
    for _ in range(calls):
        call2(handle, first_row(first), first_row(second))


@numba.njit
def _four(handle: int, calls: int, y: Floats, inputs: Floats, derived: Floats, out: Floats) -> None:
    for _ in range(calls):
        call4(handle, first_row(y), first_row(inputs), first_row(derived), first_row(out))


@numba.njit
def _five(
    handle: int, calls: int, y: Floats, inputs: Floats, derived: Floats, diagonal: Floats, lu: Floats
) -> None:
    for _ in range(calls):
        call5(handle, first_row(y), first_row(inputs), first_row(derived), first_row(diagonal), first_row(lu))


@numba.njit
def _sums(calls: int, states: int, blocks: Floats, weights: tuple[float, ...]) -> None:
    pointer = first_row(blocks)
    target = from_row(pointer, TERMS * states)
    for _ in range(calls):
        for s in range(states):
            store(target, s, weighted_sum(pointer, s, states, weights))


def _of(problem: Problem) -> dict[str, Any]:
    kernels = problem.model.kernels
    states = len(kernels.states)
    y, dy = _aligned(states), _aligned(states)
    inputs, derived = _aligned(max(1, len(kernels.inputs))), _aligned(kernels.derived_rows)
    lu, diagonal, blocks = _aligned(kernels.factor_rows), _aligned(1), _aligned((TERMS + 1) * states)
    derived[:] = problem.derived[:LANES].T
    y[:] = (problem.start[:LANES] + problem.segments[0].added[:LANES]).T
    diagonal[:] = GAMMA_STEP
    handles = {name: getattr(kernels, name).handle for name in ("rhs", "factor", "solve")}
    weights = tuple(0.1 for _ in range(TERMS))
    tile = problem.tiled(1024)

    def engine() -> Any:
        return solve(kernels, tile.parameters, tile.times, tile.events, threads=1)

    actions: dict[str, Callable[[], Any]] = {
        "rhs": functools.partial(_four, handles["rhs"], CALLS, y, inputs, derived, dy),
        "factor": functools.partial(_five, handles["factor"], CALLS, y, inputs, derived, diagonal, lu),
        # In place: the vector shrinks to zeros within the first few hundred calls, and zeros cost the same.
        "solve": functools.partial(_two, handles["solve"], CALLS, lu, dy),
        "sums": functools.partial(_sums, CALLS, states, blocks, weights),
        "engine": engine,
    }
    solution = engine()
    for name in ("rhs", "factor", "sums"):
        actions[name]()
    with np.errstate(all="ignore"):
        timings = dict(zip(actions, interleaved(list(actions.values())), strict=True))
    cost = {name: 1e9 * timing.median / CALLS for name, timing in timings.items() if name != "engine"}
    per_load = cost["sums"] / (TERMS * states)
    step = STAGES * (cost["rhs"] + cost["solve"]) + cost["factor"] + per_load * states * loads_per_state()
    steps = float((solution.steps + solution.rejected).mean())
    measured = 1e6 * timings["engine"].median / len(tile.parameters)
    limit = 1e-3 * steps * step / LANES
    return {
        "problem": problem.name,
        "states": states,
        "steps": steps,
        "rhs_ns": cost["rhs"],
        "factor_ns": cost["factor"],
        "solve_ns": cost["solve"],
        "load_ns": per_load,
        "loads_per_state": loads_per_state(),
        "step_ns": step,
        "limit_microseconds": limit,
        "measured_microseconds": measured,
        "measured_over_limit": measured / limit,
    }
