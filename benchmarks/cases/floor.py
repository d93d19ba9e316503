"""Limit of the method: what the steps of Rodas5P must cost by its kernels and stage sums, measured alone.

Cost of a step = 8 right-hand sides + 1 factorisation + 8 solutions + the rows that the stage sums and the
error move and their multiply-adds. A row is moved at the rate of a plain weighted sum, which brings one
multiply-add with every load; multiply-adds beyond that cost what they add to it when a load serves two sums.
Clocks, step control, outputs, doses and the exchange of patients are not in it: they are what the engine may
add.
"""

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

from ...model.engine.batch import solve
from ...model.engine.lane_memory import call2, call4, call5, first_row, from_row, store, weighted_sum
from ...model.engine.lanes import LANES
from ...model.engine.tableaus import RODAS5P, RosenbrockTableau
from ..problem import Problem
from ..timing import interleaved
from . import explicit_binding, phase_one

Floats = NDArray[np.float64]

CALLS = 20_000
TERMS = 8  # of the plain sums whose rate is measured
STAGES = len(RODAS5P.a)
GAMMA_STEP = 50.0  # 1 / (gamma h), 1/d: any step of the middle of a course


@dataclass(frozen=True, slots=True)
class Work:
    """What one step does for each state outside its kernels, in rows of lanes."""

    loads: int
    stores: int
    multiply_adds: int

    def __add__(self, other: "Work") -> "Work":
        return Work(
            self.loads + other.loads,
            self.stores + other.stores,
            self.multiply_adds + other.multiply_adds,
        )


CORRECTION = Work(2, 2, 1)  # the last increment onto the trial state; a copy of it is the error
ERROR = Work(4, 0, 4)  # trial, state, error, tolerance; a size, a quotient, its square, a guard of the finite


def stage_work(tableau: RosenbrockTableau, number: int) -> Work:
    """Work of one stage (from 0), each earlier increment loaded once for both sums.

    The first stage has no sums: its right-hand side is written where it is solved. The argument of the last
    two is that of the stage before plus its increment.
    """
    if number == 0:
        return Work(0, 0, 0)
    earlier = len(tableau.c[number])
    row = tableau.a[number]
    follows = row[:-1] == tableau.a[number - 1] and row[-1] == 1.0
    sums = Work(earlier + 1, 2, (1 if follows else earlier) + earlier + 1)  # one more to divide by the step
    return sums + Work(2, 1, 1)  # the slope joins the sum


def step_work(tableau: RosenbrockTableau) -> Work:
    """Work of a step: its stages, the correction and the error."""
    return sum((stage_work(tableau, number) for number in range(len(tableau.a))), CORRECTION + ERROR)


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


@numba.njit
def _pairs(
    calls: int, states: int, blocks: Floats, weights: tuple[float, ...], others: tuple[float, ...]
) -> None:
    pointer = first_row(blocks)
    target = from_row(pointer, TERMS * states)
    second = from_row(pointer, (TERMS + 1) * states)
    for _ in range(calls):
        for s in range(states):
            one = weighted_sum(pointer, s, states, weights)
            two = weighted_sum(pointer, s, states, others)
            store(target, s, one)
            store(second, s, two)


def _of(problem: Problem) -> dict[str, Any]:
    kernels = problem.model.kernels
    states = len(kernels.states)
    y, dy = _aligned(states), _aligned(states)
    inputs, derived = _aligned(max(1, len(kernels.inputs))), _aligned(kernels.derived_rows)
    lu, diagonal, blocks = _aligned(kernels.factor_rows), _aligned(1), _aligned((TERMS + 2) * states)
    derived[:] = problem.derived[:LANES].T
    y[:] = (problem.start[:LANES] + problem.segments[0].added[:LANES]).T
    diagonal[:] = GAMMA_STEP
    handles = {name: getattr(kernels, name).handle for name in ("rhs", "factor", "solve")}
    weights, others = (tuple(weight for _ in range(TERMS)) for weight in (0.1, 0.2))
    tile = problem.tiled(1024)

    def engine() -> Any:
        return solve(kernels, tile.parameters, tile.times, tile.events, threads=1)

    actions: dict[str, Callable[[], Any]] = {
        "rhs": functools.partial(_four, handles["rhs"], CALLS, y, inputs, derived, dy),
        "factor": functools.partial(_five, handles["factor"], CALLS, y, inputs, derived, diagonal, lu),
        # In place: the vector shrinks to zeros within the first few hundred calls, and zeros cost the same.
        "solve": functools.partial(_two, handles["solve"], CALLS, lu, dy),
        "sums": functools.partial(_sums, CALLS, states, blocks, weights),
        "pairs": functools.partial(_pairs, CALLS, states, blocks, weights, others),
        "engine": engine,
    }
    solution = engine()
    for name in ("rhs", "factor", "sums", "pairs"):
        actions[name]()
    with np.errstate(all="ignore"):
        timings = dict(zip(actions, interleaved(list(actions.values())), strict=True))
    cost = {name: 1e9 * timing.median / CALLS for name, timing in timings.items() if name != "engine"}
    work = step_work(RODAS5P)
    row = cost["sums"] / (states * (TERMS + 1))
    product = max(0.0, cost["pairs"] - cost["sums"] - row * states) / (states * TERMS)
    sums = states * (row * (work.loads + work.stores) + product * (work.multiply_adds - work.loads))
    step = STAGES * (cost["rhs"] + cost["solve"]) + cost["factor"] + sums
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
        "loads": work.loads,
        "stores": work.stores,
        "multiply_adds": work.multiply_adds,
        "row_ns": row,
        "further_multiply_add_ns": product,
        "sums_ns": sums,
        "step_ns": step,
        "limit_us": limit,
        "measured_us": measured,
        "measured_over_limit": measured / limit,
    }
