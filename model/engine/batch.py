"""Front door of the engine: many patients through one model, with the same bits on any number of cores."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from ..errors import SimulationError, nearest
from .arguments import limits_of, output_times, whole_problem
from .compilation import compile_engine, jit_disabled
from .contract import Kernels
from .evaluation import evaluate, observe
from .events import Events
from .explicit import ABSOLUTE as EXPLICIT_ABSOLUTE
from .integration import EXPLICIT, ROSENBROCK, Control, integrate
from .lanes import LANES
from .occupancy import Handles, Problem, Record
from .rosenbrock import ABSOLUTE as ROSENBROCK_ABSOLUTE
from .status import Status
from .workspace import BOOK_LENGTH, Counts, allocate

__all__ = ["METHODS", "Solution", "evaluate", "observe", "solve"]

METHODS = {"tsit5": EXPLICIT, "rodas5p": ROSENBROCK}
ABSOLUTE = {"tsit5": EXPLICIT_ABSOLUTE, "rodas5p": ROSENBROCK_ABSOLUTE}
_PATIENTS_PER_TASK = 1024  # enough that the last patients' half-empty lanes do not matter


@dataclass(frozen=True, slots=True)
class Solution:
    """Trajectories of P patients.

    Attributes
    ----------
    times
        Shape (T,).
    states
        Shape (P, T, S); NaN throughout for a patient that failed.
    status
        Values of :class:`Status`, shape (P,).
    steps, rejected, evaluations
        Accepted and rejected steps and evaluations of the right-hand side, shape (P,).
    end_time
        Time reached, shape (P,): the last output for all that finished.
    final_state, final_inputs
        State and inputs at ``end_time``, after its events; shapes (P, S) and (P, U).
    """

    times: np.ndarray
    states: np.ndarray
    status: np.ndarray
    steps: np.ndarray
    rejected: np.ndarray
    evaluations: np.ndarray
    end_time: np.ndarray
    final_state: np.ndarray
    final_inputs: np.ndarray

    @property
    def ok(self) -> np.ndarray:
        """Truth per patient, shape (P,): finished and finite."""
        return (self.status >= 0) & np.isfinite(self.states).all(axis=(1, 2))

    def count_by_status(self) -> dict[Status, int]:
        """Number of patients with each status that occurs; the numbers sum to P."""
        values, counts = np.unique(self.status, return_counts=True)
        return {Status(int(value)): int(count) for value, count in zip(values, counts, strict=True)}


def solve(
    kernels: Kernels,
    parameters: np.ndarray,
    times: np.ndarray,
    events: Events | None = None,
    *,
    method: str = "rodas5p",
    rtol: float = 1e-6,
    atol: float | np.ndarray | None = None,
    start: np.ndarray | None = None,
    start_time: float = 0.0,
    inputs: np.ndarray | None = None,
    max_steps: int = 100_000,
    max_evaluations: int = 0,
    bounds: tuple[np.ndarray, np.ndarray] | None = None,
    fixed_step: float = 0.0,
    threads: int | None = None,
) -> Solution:
    """Integrate a model for many patients.

    Parameters
    ----------
    parameters
        Shape (P, K), in the order of ``kernels.parameters``.
    times
        Output times in days, strictly ascending from ``start_time`` on, shape (T,). The last one is the end.
    events
        Doses and switches; those after the end are ignored.
    method
        ``"rodas5p"`` for any model, ``"tsit5"`` for one that is not stiff.
    rtol, atol
        Relative and absolute tolerance of a step; ``atol`` may differ by state, shape (S,). By default it
        is the method's share of ``rtol`` times the state's scale, a tenth or a thousandth.
    start
        Start states, shape (P, S) or (S,); by default those of the model's start kernel.
    inputs
        Start values of the inputs, shape (P, U) or (U,); by default the model's.
    max_steps, max_evaluations
        Limits for each patient on steps and (if not 0) on evaluations of the right-hand side.
    bounds
        Lower and upper physical bounds of the states, shape (S,) each; a state beyond them ends its patient.
    fixed_step
        If positive, every step has this length (but for those cut by an event) and is accepted: it serves to
        measure the order of a method.
    threads
        Number of threads; by default all cores of the process. It does not change any result.

    Raises
    ------
    SimulationError
        Arguments of the wrong shape or value.
    DosingError
        Events before the start or for another number of patients.
    """
    if method not in METHODS:
        raise SimulationError(f"there is no method {method!r}; {nearest(method, METHODS)}")
    if not 1e-15 < rtol < 1.0 or max_steps < 1 or not 0.0 <= fixed_step < np.inf:
        raise SimulationError(
            "rtol must lie between 1e-15 and 1, max_steps be at least 1, fixed_step not be negative"
        )
    times = output_times(times, start_time)
    problem, invalid = whole_problem(kernels, parameters, times, events, start, start_time, inputs)
    counts = Counts(
        states=len(kernels.states),
        controlled=kernels.controlled,
        parameters=len(kernels.parameters),
        inputs=len(kernels.inputs),
        derived=kernels.derived_rows,
        factors=kernels.factor_rows,
        outputs=len(times),
        **_along(kernels),
    )
    record = _new_record(invalid, counts)
    control = Control(
        METHODS[method],
        float(rtol),
        float(fixed_step),
        max_steps,
        max_evaluations,
        bounds is not None,
        kernels.stiff,
    )
    default = ABSOLUTE[method] * rtol * np.array(kernels.scales)
    limits = limits_of(kernels, default if atol is None else atol, bounds)
    _run(kernels, counts, problem, control, record, limits, threads)
    record.states[record.status < 0] = np.nan
    return Solution(times, *record)


def _along(kernels: Kernels) -> dict[str, int]:
    """Counts of the directions."""
    along = kernels.directions
    if along is None:
        return {}
    return {
        "directions": along.count,
        "direction_inputs": along.inputs,
        "derived_first": along.derived_first,
        "derived_rows": along.derived_rows,
    }


def _run(
    kernels: Kernels,
    counts: Counts,
    problem: Problem,
    control: Control,
    record: Record,
    limits: np.ndarray,
    threads: int | None,
) -> None:
    """Share the patients among threads by ranges; lanes are independent, so the ranges do not matter."""
    patients = len(record.status)
    workers = threads if threads is not None else len(os.sched_getaffinity(0))
    if workers < 1:
        raise SimulationError(f"threads must be at least 1, not {workers}")
    compiled = _integrate()
    handles = _handles(kernels)
    flat = Record(*(part.reshape(-1) for part in record))
    size = min(_PATIENTS_PER_TASK, max(LANES, -(-patients // workers)))

    def task(first: int) -> None:
        work = allocate(counts)
        work[-len(limits) :] = limits[:, None]
        book = np.zeros(BOOK_LENGTH, dtype=np.int64)
        with np.errstate(all="ignore"):
            compiled(handles, counts, problem, control, flat, work, book, first, min(first + size, patients))

    starts = range(0, patients, size)
    if workers == 1 or len(starts) <= 1 or jit_disabled():
        for first in starts:
            task(first)
    else:
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(task, starts))


def _handles(kernels: Kernels) -> Handles:
    """What the compiled loop calls; a model without directions does not call the last three."""
    along = kernels.directions
    return Handles(
        derive=kernels.derive.handle,
        start=kernels.start.handle,
        rhs=kernels.rhs.handle,
        factor=kernels.factor.handle,
        solve=kernels.solve.handle,
        rhs_along=(along.rhs if along else kernels.rhs).handle,
        solve_along=(along.solve if along else kernels.solve).handle,
        stage_along=(along.stage if along else kernels.rhs).handle,
    )


@cache
def _integrate() -> Any:
    return compile_engine(integrate)


def _new_record(invalid: np.ndarray, counts: Counts) -> Record:
    patients = len(invalid)
    return Record(
        states=np.empty((patients, counts.outputs, counts.states)),
        status=np.where(invalid, Status.INVALID_INPUT, Status.OK).astype(np.int8),
        steps=np.zeros(patients, dtype=np.int64),
        rejected=np.zeros(patients, dtype=np.int64),
        evaluations=np.zeros(patients, dtype=np.int64),
        end_time=np.full(patients, np.nan),
        final_state=np.full((patients, counts.states), np.nan),
        final_inputs=np.full((patients, counts.inputs), np.nan),
    )
