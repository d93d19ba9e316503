"""AMICI: CVODES with a right-hand side and Jacobian in C++, generated from SBML."""

import os
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from ..arm import ONE_FOR_ALL, Arm, Floats, Solve, one_by_one
from ..equations import derived_rows
from ..problem import Problem
from .sbml import antimony_text, sbml

MAX_STEPS = 1_000_000


def compiled(text: str, **options: Any) -> Any:
    """Model of AMICI from a text of antimony, in a folder of its own."""
    import amici

    # SWIG may be installed beside the interpreter.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    folder = Path(tempfile.mkdtemp(prefix="lag3ig_amici_"))
    amici.SbmlImporter(sbml(text), from_file=False).sbml2amici(
        folder.name,
        folder / folder.name,
        observation_model=[],  # else everything is one, which costs time
        compute_conservation_laws=False,
        simplify=None,  # else it thinks for minutes
        **options,
    )
    return amici.import_model_module(folder.name, folder / folder.name).get_model()


def _prepare(problem: Problem) -> Solve:
    kernels = problem.model.kernels
    model = compiled(antimony_text(problem.model), generate_sensitivity_code=False)
    rows, states = derived_rows(kernels), len(kernels.states)
    given = [f"derived_{row}" for row in range(rows)] + [
        f"inputs_{row}" for row in range(len(kernels.inputs))
    ]
    place = {symbol: number for number, symbol in enumerate(model.get_free_parameter_ids())}
    places = [place[symbol] for symbol in given]
    held = {symbol: number for number, symbol in enumerate(model.get_state_ids())}
    order = [held[f"y_{row}"] for row in range(states)]
    solver = model.create_solver()
    solver.set_max_steps(MAX_STEPS)

    def of(patient: int, tolerance: float) -> Callable[[Floats, Floats, Floats], Floats]:
        values = np.zeros(len(place))
        solver.set_relative_tolerance(tolerance)
        solver.set_absolute_tolerance(ONE_FOR_ALL * tolerance)

        def cross(y: Floats, grid: Floats, inputs: Floats) -> Floats:
            values[places] = np.concatenate([problem.derived[patient, :rows], inputs])
            start = np.zeros(states)
            start[order] = y
            model.set_free_parameters(values)
            model.set_initial_state(start)
            model.set_timepoints(grid)
            run = model.simulate(solver=solver)
            return np.asarray(run.x)[:, order]

        return cross

    return one_by_one(problem, of)


ARMS = (
    Arm(
        name="AMICI CVODES",
        package="amici",
        module="amici",
        prepare=_prepare,
        tolerances=(1e-4, 1e-6, 1e-8),
        patients=16,
    ),
)
