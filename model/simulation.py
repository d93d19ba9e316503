"""Front door of the model: a regimen, some patients, the curves."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .course import Progress, compile_for, follow
from .dose_rules import Course, DoseRule
from .dosing import Regimen
from .engine.batch import Solution, observe
from .engine.retry import solve_or_retry
from .errors import DosingError, SimulationError
from .model import Model, load_model
from .population import Patients, draw, typical
from .trajectories import Trajectories

Floats = NDArray[np.float64]


def simulate(
    regimen: Regimen | None = None,
    *,
    times: ArrayLike,
    model: Model | None = None,
    patients: Patients | int | None = None,
    seed: int = 1,
    taken: NDArray[np.bool_] | None = None,
    rules: Sequence[DoseRule] = (),
    method: str = "rodas5p",
    rtol: float = 1e-6,
    atol: float | Floats | None = None,
    threads: int | None = None,
) -> Trajectories:
    """Curves of patients under a regimen.

    Parameters
    ----------
    regimen
        What is given and when; none at all, if left out.
    times : array_like, shape (T,)
        Output times in days, strictly ascending from 0 on. An output at the time of a dose is taken after it.
    model
        The default structure with the literature parameters, if left out.
    patients
        Drawn patients, or how many to draw with ``seed``; the typical patient, if left out.
    taken : shape (P, D), optional
        Which of ``regimen.administrations()`` each patient receives.
    rules
        Rules that withhold or delay a dose by what is seen in the patient when it is due.
    method, rtol, atol, threads
        As for `lag3ig.model.engine.solve`.

    Returns
    -------
    Trajectories
        With a status per patient; one whose integration fails is tried again in other ways, and if it still
        fails has NaN curves and is counted in ``outcomes``.

    Raises
    ------
    SimulationError, DosingError, PopulationError
        If something is asked that cannot be done; the message says what would be right.

    Examples
    --------
    >>> from lag3ig.model import dose, simulate
    >>> run = simulate(dose("lag3ig", "30 mg", every="14 d", count=6), times=[0.0, 42.0, 84.0])
    >>> run.curve("sld").shape
    (1, 3)
    """
    model = load_model() if model is None else model
    cohort = cohort_of(model, patients, seed)
    regimen = Regimen() if regimen is None else regimen
    grid = output_grid(times)
    received = received_doses(taken, cohort, regimen)
    options: dict[str, Any] = {"method": method, "rtol": rtol, "atol": atol, "threads": threads}
    solution: Solution | Progress
    if rules:
        solution = follow(Course(regimen, rules, received), regimen, model, cohort, grid, options)
    else:
        events = compile_for(regimen, model, cohort, received)
        solution = solve_or_retry(model.kernels, cohort.parameters, grid, events, **options)
    observables = observe(model.kernels, solution.states, cohort.parameters)
    return Trajectories(
        model=model,
        ids=cohort.ids,
        parameters=cohort.parameters,
        times=grid,
        states=solution.states,
        observables=observables,
        status=solution.status,
        steps=solution.steps,
    )


def output_grid(times: ArrayLike) -> Floats:
    """Output times as given to `simulate`, checked; shape (T,)."""
    grid = np.atleast_1d(np.asarray(times, dtype=np.float64))
    if grid.ndim != 1 or grid.size == 0 or not np.isfinite(grid).all():
        raise SimulationError(f"times must be at least one finite number of days; got {times!r}")
    if grid[0] < 0.0 or np.any(np.diff(grid) <= 0.0):
        raise SimulationError("times must ascend strictly from 0 on")
    return grid


def received_doses(taken: NDArray[np.bool_] | None, cohort: Patients, regimen: Regimen) -> NDArray[np.bool_]:
    """Which doses each patient receives, shape (P, D); all, if ``taken`` is None."""
    shape = (len(cohort.ids), len(regimen.administrations()))
    if taken is None:
        return np.ones(shape, dtype=bool)
    if np.shape(taken) != shape:
        raise DosingError(f"taken has shape {np.shape(taken)}; these patients and doses need {shape}")
    return np.array(taken, dtype=bool)


def cohort_of(model: Model, patients: Patients | int | None, seed: int) -> Patients:
    """Patients as given to `simulate`: drawn already, to be drawn, or the typical one."""
    if patients is None:
        return typical(model)
    if isinstance(patients, Patients):
        if patients.parameters.shape[1] != len(model.kernels.parameters):
            raise SimulationError(
                f"the patients have {patients.parameters.shape[1]} parameters, the model "
                f"{len(model.kernels.parameters)}; draw them with this model"
            )
        return patients
    return draw(model, patients, seed=seed)
