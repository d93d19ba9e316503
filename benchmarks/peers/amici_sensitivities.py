"""AMICI's forward sensitivities: CVODES with the sensitivity equations in C++, generated from SBML.

It gets the whole model from its parameters on, so that its sensitivities go through everything that the
engine's go through: the equations, the start without drug, and the amounts and times of doses.
"""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from typing import Any

import numpy as np

from ...model.dosing import Regimen
from ...model.model import Model
from ..arm import ONE_FOR_ALL, Floats
from .amici import compiled
from .sbml import whole_text

NAME = "AMICI CVODES"
MAX_STEPS = 1_000_000

# From a patient's parameters (K,) and a tolerance: states (T, S), and their derivatives (T, S, p) if wanted.
Simulate = Callable[[Floats, float, bool], tuple[Floats, Floats | None]]


def installed() -> bool:
    """Whether AMICI and what it takes to write SBML are here."""
    return find_spec("amici") is not None and find_spec("antimony") is not None


def prepare(model: Model, regimen: Regimen, symbols: Sequence[str], times: Floats) -> Simulate:
    """Compile a model for its derivatives with respect to some of its parameters.

    What is returned raises a RuntimeError where AMICI gives up.
    """
    from amici.sim.sundials import SensitivityMethod, SensitivityOrder

    kernels = model.kernels
    wanted = [f"parameters_{kernels.parameters.index(symbol)}" for symbol in symbols]
    others = [f"parameters_{row}" for row in range(len(kernels.parameters))]
    others = [symbol for symbol in others if symbol not in wanted]
    run = compiled(whole_text(model, regimen), fixed_parameters=others)
    held = {symbol: place for place, symbol in enumerate(run.get_state_ids())}
    order = [held[f"y_{row}"] for row in range(len(kernels.states))]
    free = {symbol: place for place, symbol in enumerate(run.get_free_parameter_ids())}
    run.set_parameter_list([free[symbol] for symbol in wanted])
    run.set_timepoints(times)
    solver = run.create_solver()
    solver.set_max_steps(MAX_STEPS)
    solver.set_sensitivity_method(SensitivityMethod.forward)

    def simulate(parameters: Floats, tolerance: float, with_slopes: bool) -> tuple[Floats, Floats | None]:
        solver.set_relative_tolerance(tolerance)
        solver.set_absolute_tolerance(ONE_FOR_ALL * tolerance)
        first, none = SensitivityOrder.first, SensitivityOrder.none
        solver.set_sensitivity_order(first if with_slopes else none)
        _give(run, parameters)
        result: Any = run.simulate(solver=solver)
        if result.status != 0:
            raise RuntimeError(f"AMICI ended with status {result.status}")
        states = np.asarray(result.x)[:, order]
        return states, np.asarray(result.sx)[:, :, order].swapaxes(1, 2) if with_slopes else None

    return simulate


def _give(run: Any, parameters: Floats) -> None:
    """Set every parameter that the model has kept, free or fixed."""

    def values(symbols: Sequence[str], present: Sequence[float]) -> list[float]:
        given = list(present)
        for place, symbol in enumerate(symbols):
            kind, _, row = symbol.rpartition("_")
            if kind == "parameters":
                given[place] = float(parameters[int(row)])
        return given

    run.set_free_parameters(values(run.get_free_parameter_ids(), run.get_free_parameters()))
    run.set_fixed_parameters(values(run.get_fixed_parameter_ids(), run.get_fixed_parameters()))
