"""Derivatives of simulated curves with respect to parameters, through doses, lags and the start."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .dose_events import compile_events_with_slopes
from .dosing import Regimen
from .engine.sensitivity import rows_of_parameters, solve_with_sensitivities
from .errors import SimulationError, nearest
from .model import Model, load_model
from .population import Patients, occasion_variation
from .simulation import cohort_of, output_grid, received_doses
from .trajectories import Trajectories

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sensitivities:
    """Curves of P patients and their derivatives with respect to p parameters.

    Attributes
    ----------
    trajectories
        The curves, as `simulate` gives them.
    symbols
        Parameters with respect to which derivatives are taken.
    states : ndarray, shape (P, T, S, p)
        Derivatives of the states; NaN where a patient failed.
    observables : ndarray, shape (P, T, O, p)
        Derivatives of the observables; NaN where a patient failed.
    """

    trajectories: Trajectories
    symbols: tuple[str, ...]
    states: Floats
    observables: Floats

    def slope(self, name: str, symbol: str) -> Floats:
        """Derivative of one observable or state with respect to one parameter, shape (P, T).

        Raises
        ------
        SimulationError
            If there is no such curve, or the parameter was not asked about.
        """
        self.trajectories.curve(name)
        if symbol not in self.symbols:
            raise SimulationError(
                f"no sensitivities with respect to {symbol!r}; {nearest(symbol, self.symbols)}"
            )
        kernels, column = self.trajectories.model.kernels, self.symbols.index(symbol)
        if name in kernels.observables:
            return self.observables[:, :, kernels.observables.index(name), column]
        return self.states[:, :, kernels.states.index(name), column]


def simulate_sensitivities(
    regimen: Regimen | None = None,
    *,
    symbols: Sequence[str],
    times: ArrayLike,
    model: Model | None = None,
    patients: Patients | int | None = None,
    seed: int = 1,
    taken: NDArray[np.bool_] | None = None,
    method: str = "rodas5p",
    rtol: float = 1e-8,
    atol: float | Floats | None = None,
    threads: int | None = None,
) -> Sensitivities:
    """Curves of patients under a regimen, and their derivatives with respect to parameters.

    Derivatives go through everything that a parameter touches: the equations, the start without drug, the
    amounts, rates and durations of doses, and the times at which doses arrive. A calibrated parameter is one
    of its own: derivatives with respect to the others hold it fixed.

    Parameters
    ----------
    symbols
        Parameters of the model, each once.
    rtol
        Relative tolerance of the states. Their error alone sets the steps, so that a derivative does not
        depend on which others are asked for. It is tighter than that of `simulate`, since a derivative
        changes faster than its curve: by default the worst of twenty random patients is off by less than
        1e-4 of the largest derivative over time.
    regimen, times, model, patients, seed, taken, method, atol, threads
        As for `simulate`. The regimen may not ask for a steady state (SS).

    Raises
    ------
    SimulationError, DosingError, PopulationError
        If something is asked that cannot be done; the message says what would be right.

    Examples
    --------
    >>> from lag3ig.model import dose, simulate_sensitivities
    >>> single = dose("lag3ig", "30 mg")
    >>> run = simulate_sensitivities(single, symbols=["CLF", "kkill"], times=[0.0, 14.0, 84.0])
    >>> run.observables.shape == (1, 3, len(run.trajectories.model.observables), 2)
    True
    >>> bool(run.slope("sld", "kkill")[0, -1] < 0.0)  # a stronger kill leaves a smaller tumour
    True
    """
    model = load_model() if model is None else model
    rows_of_parameters(model.kernels, symbols)
    cohort = cohort_of(model, patients, seed)
    regimen = Regimen() if regimen is None else regimen
    grid = output_grid(times)
    factor, dose_inputs, switches = occasion_variation(model, cohort, regimen)
    events, slopes = compile_events_with_slopes(
        regimen,
        model,
        cohort.parameters,
        symbols=symbols,
        taken=received_doses(taken, cohort, regimen),
        amount_factor=factor,
        dose_inputs=dose_inputs,
        switches=switches,
    )
    solution = solve_with_sensitivities(
        model.kernels,
        cohort.parameters,
        grid,
        events,
        symbols=symbols,
        slopes=slopes,
        method=method,
        rtol=rtol,
        atol=atol,
        threads=threads,
    )
    trajectories = Trajectories(
        model=model,
        ids=cohort.ids,
        parameters=cohort.parameters,
        times=grid,
        states=solution.states,
        observables=solution.observables,
        status=solution.status,
        steps=solution.steps,
    )
    return Sensitivities(trajectories, tuple(symbols), solution.state_slopes, solution.observable_slopes)
