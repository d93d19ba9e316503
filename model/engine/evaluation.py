"""Kernels evaluated apart from integration: quantities of the parameters, and observables of trajectories."""

from functools import cache
from typing import Any

import numpy as np
from numba.extending import register_jitable

from ..errors import SimulationError
from .compilation import compile_engine
from .contract import Kernels
from .lane_memory import call2, call4, first_row, load_lane, store_lane
from .lanes import LANES

_PATIENTS_AT_ONCE = 1024


@register_jitable
def _fill(pointer: Any, matrix: Any, first: int) -> int:
    """Put up to LANES rows of a matrix into the lanes, the last one repeated; how many there were."""
    present = min(LANES, matrix.shape[0] - first)
    for lane in range(LANES):
        row = first + min(lane, present - 1)
        for column in range(matrix.shape[1]):
            store_lane(pointer, column, lane, matrix[row, column])
    return present


def _observe_rows(
    derive: Any,
    kernel: Any,
    states: Any,
    parameters: Any,
    inputs: Any,
    values: Any,
    state_rows: Any,
    parameter_rows: Any,
    input_rows: Any,
    derived_rows: Any,
    value_rows: Any,
) -> None:
    """Observables with one patient's times side by side in the lanes."""
    for patient in range(states.shape[0]):
        _fill(first_row(parameter_rows), parameters[patient : patient + 1], 0)
        _fill(first_row(input_rows), inputs[patient : patient + 1], 0)
        call2(derive, first_row(parameter_rows), first_row(derived_rows))
        for first in range(0, states.shape[1], LANES):
            present = _fill(first_row(state_rows), states[patient], first)
            call4(
                kernel,
                first_row(state_rows),
                first_row(input_rows),
                first_row(derived_rows),
                first_row(value_rows),
            )
            for lane in range(present):
                for row in range(values.shape[2]):
                    values[patient, first + lane, row] = load_lane(first_row(value_rows), row, lane)


@cache
def _compiled_observe() -> Any:
    return compile_engine(_observe_rows)


def _rows(count: int) -> np.ndarray:
    return np.zeros((max(count, 1), LANES))


def _doubles(array: np.ndarray) -> np.ndarray:
    return np.require(array, dtype=np.float64, requirements=["C", "W"])


def evaluate(kernels: Kernels, kernel_name: str, parameters: np.ndarray) -> np.ndarray:
    """Values of a kernel that depends on the parameters alone.

    It runs on numpy, uncompiled: patients are drawn and calibrated by these values, and numpy fuses no
    product with a sum, so they have the same bits on every machine.

    Parameters
    ----------
    kernel_name
        ``"start"``, ``"margins"``, ``"doses"`` or ``"calibrate"``.
    parameters
        Shape (P, K).

    Returns
    -------
    numpy.ndarray
        Shape (P, rows of the kernel).

    Raises
    ------
    SimulationError
        ``parameters`` has another number of columns.
    """
    parameters = _checked_parameters(kernels, parameters)
    values = np.empty((len(parameters), kernels.rows_of(kernel_name)))
    with np.errstate(all="ignore"):
        for first in range(0, len(parameters), _PATIENTS_AT_ONCE):
            block = slice(first, first + _PATIENTS_AT_ONCE)
            columns = np.ascontiguousarray(parameters[block].T)
            derived = np.zeros((kernels.derived_rows, columns.shape[1]))
            kernels.derive(columns, derived)
            getattr(kernels, kernel_name)(derived, values[block].T)
    return values


def observe(
    kernels: Kernels, states: np.ndarray, parameters: np.ndarray, inputs: np.ndarray | None = None
) -> np.ndarray:
    """Observables along trajectories.

    Parameters
    ----------
    states
        Shape (P, T, S).
    parameters
        Shape (P, K).
    inputs
        Shape (P, U); by default the model's start values.

    Returns
    -------
    numpy.ndarray
        Shape (P, T, O); NaN where the states are.

    Raises
    ------
    SimulationError
        Shapes do not fit the model or each other.
    """
    parameters = _checked_parameters(kernels, parameters)
    states = _doubles(states)
    patients = len(parameters)
    if states.ndim != 3 or states.shape[0] != patients or states.shape[2] != len(kernels.states):
        raise SimulationError(
            f"states have the shape {states.shape}; needed: ({patients}, T, {len(kernels.states)})"
        )
    default = np.array([value for _, value in kernels.inputs])
    given = default if inputs is None else np.asarray(inputs, dtype=np.float64)
    if given.shape not in ((patients, len(default)), (len(default),)):
        raise SimulationError(f"inputs have the shape {given.shape}; needed: ({patients}, {len(default)})")
    values = np.empty((patients, states.shape[1], len(kernels.observables)))
    with np.errstate(all="ignore"):
        _compiled_observe()(
            kernels.derive.handle,
            kernels.observe.handle,
            states,
            parameters,
            _doubles(np.broadcast_to(given, (patients, len(default)))),
            values,
            _rows(len(kernels.states)),
            _rows(len(kernels.parameters)),
            _rows(len(default)),
            _rows(kernels.derived_rows),
            _rows(len(kernels.observables)),
        )
    return values


def _checked_parameters(kernels: Kernels, parameters: np.ndarray) -> np.ndarray:
    array = np.asarray(parameters, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != len(kernels.parameters):
        raise SimulationError(
            f"parameters have the shape {array.shape}; needed: (P, {len(kernels.parameters)})"
        )
    return _doubles(array)
