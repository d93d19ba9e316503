"""Courses of treatment that are decided while the patient is simulated."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dose_rules import Course
from .dosing import Regimen
from .engine.batch import evaluate, observe
from .engine.events import Events
from .engine.retry import solve_or_retry
from .errors import DosingError
from .model import Model
from .population import Patients, occasion_variation

Floats = NDArray[np.float64]


@dataclass(slots=True)
class Progress:
    """Where every patient stands: the engine's solution, gathered stage by stage."""

    states: Floats
    status: NDArray[np.int8]
    steps: NDArray[np.int64]
    state: Floats
    inputs: Floats


def compile_for(
    regimen: Regimen, model: Model, patients: Patients, taken: NDArray[np.bool_], delay: Floats | None = None
) -> Events:
    """Engine events of patients with all that varies in them from dose to dose."""
    factor, dose_inputs, switches = occasion_variation(model, patients, regimen)
    return regimen.compile(
        model,
        patients.parameters,
        taken=taken,
        delay=delay,
        amount_factor=factor,
        dose_inputs=dose_inputs,
        switches=switches,
    )


def follow(
    course: Course, regimen: Regimen, model: Model, patients: Patients, times: Floats, options: dict[str, Any]
) -> Progress:
    """Simulate patients from dose to dose, asking the rules about each dose just before it is due.

    Parameters
    ----------
    course
        Rules and what they have decided; changed as the simulation goes on.
    times : shape (T,)
        Output times in days.
    options
        Method, tolerances and threads of the engine.

    Raises
    ------
    DosingError
        If the regimen resets the patient: what a rule remembers would belong to another.
    """
    if any(record.resets for record in regimen.records):
        raise DosingError(
            "rules cannot govern a regimen with resets (EVID 3 or 4); simulate the parts one by one"
        )
    kernels = model.kernels
    count = len(patients.ids)
    here = Progress(
        states=np.full((count, times.size, len(kernels.states)), np.nan),
        status=np.zeros(count, dtype=np.int8),
        steps=np.zeros(count, dtype=np.int64),
        state=evaluate(kernels, "start", patients.parameters),
        inputs=np.tile([value for _, value in kernels.inputs], (count, 1)).reshape(
            count, len(kernels.inputs)
        ),
    )
    now = 0.0
    while (due := course.due()) <= times[-1]:
        if due > now:
            _advance(here, now, due, course, regimen, model, patients, times, options, last=False)
            now = due
        course.decide(due, _seen(here, course, model, patients))
    _advance(here, now, float(times[-1]), course, regimen, model, patients, times, options, last=True)
    here.states[here.status < 0] = np.nan
    return here


def _seen(here: Progress, course: Course, model: Model, patients: Patients) -> dict[str, Floats]:
    """What the rules look at, shape (P,) each, just before the dose."""
    kernels = model.kernels
    values = observe(kernels, here.state[:, None, :], patients.parameters)[:, 0, :]
    seen = {}
    for name in course.observables:
        if name in kernels.states:
            seen[name] = here.state[:, kernels.states.index(name)]
        else:
            model.observable(name)
            seen[name] = values[:, kernels.observables.index(name)]
    return seen


def _advance(
    here: Progress,
    start: float,
    end: float,
    course: Course,
    regimen: Regimen,
    model: Model,
    patients: Patients,
    times: Floats,
    options: dict[str, Any],
    *,
    last: bool,
) -> None:
    """One stage: events and outputs from ``start`` on, those at ``end`` only if it is the last."""
    events = compile_for(regimen, model, patients, course.taken, course.delay)
    events = _window(events, start, np.inf if last else end)
    wanted = np.flatnonzero((times >= start) & ((times <= end) if last else (times < end)))
    grid = times[wanted] if last else np.append(times[wanted], end)
    stage = solve_or_retry(
        model.kernels,
        patients.parameters,
        grid,
        events,
        start=here.state,
        inputs=here.inputs,
        start_time=start,
        **options,
    )
    here.states[:, wanted, :] = stage.states[:, : wanted.size, :]
    # A patient that failed keeps the reason: later stages would only find its state no longer a number. One
    # that was solved at a second attempt stays marked.
    before = here.status
    went_on = np.where(stage.status < 0, stage.status, np.maximum(before, stage.status))
    here.status = np.where(before < 0, before, went_on).astype(np.int8)
    here.steps += np.where(here.status < 0, 0, stage.steps)
    here.state, here.inputs = stage.final_state, stage.final_inputs


def _window(events: Events, start: float, end: float) -> Events:
    """Events at or after ``start`` and before ``end``."""
    kept = (events.time >= start) & (events.time < end)
    before = np.concatenate([[0], np.cumsum(kept)])
    return Events(
        offsets=before[events.offsets],
        time=events.time[kept],
        kind=events.kind[kept],
        target=events.target[kept],
        value=events.value[kept],
    )
