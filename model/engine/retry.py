"""Retry ladder: a patient that fails is solved again in another way before it is given up."""

from typing import Any

import numpy as np

from .batch import METHODS, Solution, solve
from .contract import Kernels
from .events import Events
from .status import Status

# The rungs in the order they are tried: method, factor on the tolerances. Another method meets what one
# cannot do (a matrix that is singular, stiffness); smaller steps meet what the step control misjudged. A
# rung that would repeat the first attempt is left out.
LADDER = (("rodas5p", 1.0), ("tsit5", 1.0), ("rodas5p", 1e-2))
SMALLEST_RTOL = 1e-14  # below it rounding alone rejects every step
_COUNTED = ("steps", "rejected", "evaluations")
_REPLACED = ("states", "end_time", "final_state", "final_inputs")


def solve_or_retry(
    kernels: Kernels,
    parameters: np.ndarray,
    times: np.ndarray,
    events: Events | None = None,
    *,
    method: str = "rodas5p",
    rtol: float = 1e-6,
    atol: float | np.ndarray | None = None,
    start: np.ndarray | None = None,
    inputs: np.ndarray | None = None,
    **options: Any,
) -> Solution:
    """Integrate a model for many patients; those that fail are tried again.

    Patients that finish at the first attempt have the bits that `solve` alone gives them, and what happens to
    a patient that fails depends on nobody else.

    Parameters
    ----------
    kernels, parameters, times, events, method, rtol, atol, start, inputs, **options
        As for `solve`. Limits on steps and evaluations hold for each attempt.

    Returns
    -------
    Solution
        A patient who finished at a later attempt has the status `Status.OK_AFTER_RETRY`; one who never did
        has the status of the first attempt. Steps and evaluations are those of all attempts together. A
        patient whose input is not finite is not tried again: no method could mend it.

    Raises
    ------
    SimulationError, DosingError
        As `solve` does.
    """
    parameters = np.asarray(parameters, dtype=np.float64)
    first = solve(
        kernels,
        parameters,
        times,
        events,
        method=method,
        rtol=rtol,
        atol=atol,
        start=start,
        inputs=inputs,
        **options,
    )
    failed = _failed(first)
    for other, factor in LADDER if failed.size else ():
        if (other, factor) == (method, 1.0) or other not in METHODS or not failed.size:
            continue
        again = solve(
            kernels,
            parameters[failed],
            times,
            None if events is None else events.take(failed),
            method=other,
            rtol=max(factor * rtol, min(rtol, SMALLEST_RTOL)),
            atol=None if atol is None else factor * np.asarray(atol),
            start=_rows(start, failed),
            inputs=_rows(inputs, failed),
            **options,
        )
        _merge(first, failed, again)
        failed = _failed(first)
    return first


def _failed(solution: Solution) -> np.ndarray:
    """Rows of the patients that another attempt may help."""
    return np.flatnonzero((solution.status < 0) & (solution.status != Status.INVALID_INPUT))


def _rows(values: np.ndarray | None, rows: np.ndarray) -> np.ndarray | None:
    """Rows of an argument that may be one row for all patients, or none."""
    if values is None or np.ndim(values) == 1:
        return values
    return np.asarray(values)[rows]


def _merge(into: Solution, rows: np.ndarray, again: Solution) -> None:
    """Count the work of an attempt, and take over the patients that it solved."""
    for name in _COUNTED:
        getattr(into, name)[rows] += getattr(again, name)
    solved = again.status >= 0
    for name in _REPLACED:
        getattr(into, name)[rows[solved]] = getattr(again, name)[solved]
    into.status[rows[solved]] = Status.OK_AFTER_RETRY
