"""The shipped fit's likelihood, and the same with each patient's curves from SciPy: one value, two costs."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.integrate import solve_ivp

from ...fitting.course import Cohort, Course
from ...fitting.objective import RTOL, Objective
from ...fitting.predictions import Prediction
from ...fitting.problem import load_problem
from ...model.course import compile_for
from ...model.engine.batch import evaluate, observe
from ...model.engine.events import Events, Kind
from ...model.model import Model
from ...model.population import Patients
from ..arm import ABSOLUTE
from ..equations import derive, in_python
from ..timing import interleaved

Floats = NDArray[np.float64]
Arms = dict[str, dict[str, Prediction]]

NAME = "likelihood"
PROBLEM = "monotherapies"
PATIENTS = 2_000  # of an arm, as the shipped fit has
PROVED = (16, 4)  # patients that SciPy solves, full and quick; its cost is taken in proportion
TIGHT = 1e-8  # where both must give the same value before either is timed
LARGEST_DIFFERENCE = 1e-3  # of log-likelihood there, for the same patients
TOLERANCES = (RTOL, 1e-6)
PEER = "SciPy LSODA, Python right-hand side"


def run(quick: bool) -> list[dict[str, Any]]:
    """CPU seconds of one exact evaluation at the prior's centre, and the ratio to the engine's.

    The error is that of the log-likelihood of the patients that SciPy solves too.
    """
    problem, _ = load_problem(PROBLEM)
    tight, few, whole = (
        Objective(problem, patients=patients, rtol=rtol, threads=1)
        for patients, rtol in ((PROVED[quick], TIGHT), (PROVED[quick], RTOL), (PATIENTS, RTOL))
    )
    point = whole.free_parameters.centre()
    truth = tight(point).log_likelihood
    difference = sum_of_terms(tight, predict(tight, point, TIGHT)) - truth
    if not abs(difference) <= LARGEST_DIFFERENCE:
        return [{"curves": PEER, "difference": difference, "note": "refused: another likelihood"}]
    ready = whole.predict(point)
    ours, judging = (
        timing.median
        for timing in interleaved([partial(whole, point), lambda: sum_of_terms(whole, fresh(ready))])
    )
    engine = {
        "curves": "lag3ig",
        "rtol": RTOL,
        "solved": PATIENTS,
        "error": few(point).log_likelihood - truth,
    }
    rows: list[dict[str, Any]] = [engine | {"seconds": ours, "ratio": 1.0}]
    for rtol in TOLERANCES:
        begun = time.process_time()
        found = predict(few, point, rtol)
        spent = time.process_time() - begun
        seconds = spent * PATIENTS / few.patients + judging
        error = sum_of_terms(few, found) - truth
        row = {"curves": PEER, "rtol": rtol, "solved": few.patients, "error": error, "difference": difference}
        rows.append(row | {"seconds": seconds, "ratio": seconds / ours})
    return rows


def fresh(predictions: Arms) -> Arms:
    """The same courses, nothing of what follows from them known yet."""
    return {
        card: {name: Prediction(arm.cohort, arm.course, arm.model) for name, arm in arms.items()}
        for card, arms in predictions.items()
    }


def sum_of_terms(objective: Objective, predictions: Arms) -> float:
    """Log-likelihood that predictions give."""
    return float(sum(objective.terms(objective.summaries(predictions)).values()))


def predict(objective: Objective, point: Floats, rtol: float) -> Arms:
    """What `Objective.predict` gives, with curves from SciPy."""
    found: Arms = {}
    for item in objective.cards:
        if item.cohorts:
            model, patients = objective.population(point, item.context)
            found[item.card.id] = {
                name: Prediction(cohort, follow(cohort, model, patients, rtol), model)
                for name, cohort in item.cohorts.items()
            }
    return found


def follow(cohort: Cohort, model: Model, patients: Patients, rtol: float) -> Course:
    """What `Cohort.follow` gives: each patient through its own doses."""
    kernels = model.kernels
    events = compile_for(cohort.regimen, model, patients, cohort.taken)
    start, derived = evaluate(kernels, "start", patients.parameters), derive(kernels, patients.parameters)
    make, inputs = in_python(kernels), np.array([value for _, value in kernels.inputs])
    states = np.empty((len(start), cohort.times.size, start.shape[1]))
    for patient, y in enumerate(start):
        solve = partial(
            solve_ivp,
            make(derived[patient].tolist()),
            method="LSODA",
            rtol=rtol,
            atol=ABSOLUTE * rtol * np.array(kernels.scales),
        )
        march(solve, y, inputs.copy(), cohort.times, of_patient(events, patient), states[patient])
    observables = observe(kernels, states, patients.parameters)
    return Course(
        times=cohort.times,
        curves={name: observables[:, :, kernels.observables.index(name)] for name in cohort.observables},
        lesions=patients.parameters[:, kernels.parameters.index("nles")],
        failed=int(np.isnan(states).any(axis=(1, 2)).sum()),
        slopes={},
    )


def of_patient(events: Events, patient: int) -> list[tuple[float, Kind, int, float]]:
    """Events of one patient: time, kind, target, value."""
    rows = range(events.offsets[patient], events.offsets[patient + 1])
    return [
        (float(events.time[k]), Kind(events.kind[k]), int(events.target[k]), float(events.value[k]))
        for k in rows
    ]


def march(
    solve: Callable[..., Any],
    y: Floats,
    inputs: Floats,
    times: Floats,
    events: list[tuple[float, Kind, int, float]],
    out: Floats,
) -> None:
    """One patient from 0 to the last output, restarted at every event; states at the outputs into ``out``.

    Raises
    ------
    ValueError
        If an event is neither a dose nor an infusion.
    """
    y = y.copy()
    breaks = sorted({0.0, *(event[0] for event in events if event[0] < times[-1]), times[-1]})
    for left, right in zip(breaks, [*breaks[1:], np.inf], strict=True):
        for moment, kind, target, value in events:
            if moment == left and kind == Kind.ADD_STATE:
                y[target] += value
            elif moment == left and kind == Kind.ADD_INPUT:
                inputs[target] += value
            elif moment == left:
                raise ValueError(f"SciPy is not told of events of the kind {kind.name}")
        inside = np.flatnonzero((times >= left) & (times < right))
        out[inside[times[inside] == left]] = y
        if right == np.inf:
            return
        here = inside[times[inside] > left]
        run = solve(t_span=(left, right), y0=y, t_eval=np.append(times[here], right), args=(inputs,))
        if not run.success:
            out[:] = np.nan
            return
        out[here], y = run.y.T[:-1], run.y[:, -1].copy()
