"""Twenty sensitivities of every curve: what they cost beside the curves alone, and their error."""

from typing import Any

import numpy as np

from ...model.course import compile_for
from ...model.dose_events import compile_events_with_slopes
from ...model.engine.batch import observe, solve
from ...model.engine.sensitivity import solve_with_sensitivities
from ...model.model import Model, load_model
from ...model.population import Patients
from ...model.sensitivities import simulate_sensitivities
from ..sensitivity_reference import REGIMEN, SYMBOLS, TIMES, Differences, differences, population, relative
from ..timing import interleaved

RTOL = 1e-8  # the default for sensitivities; the curves alone get the same in the comparison
CASES = (
    ("phase-1", {}, {}, ("tsit5", "rodas5p")),
    ("explicit-binding", {"binding": "explicit"}, {"koff": 1e3}, ("rodas5p",)),
)


def run(quick: bool) -> list[dict[str, Any]]:
    """Ratios of CPU time with one thread, and errors relative to the largest slope over time."""
    rows = []
    for name, structure, values, methods in CASES:
        model = load_model(structure, values)
        proved = population(model, 8 if quick else 100)
        truth = differences(model, proved)
        timed = population(model, 128 if quick else 512)
        rows += [
            {"case": name, "method": method, "parameters": len(SYMBOLS)}
            | _cost(model, timed, method)
            | _error(model, proved, method, truth)
            for method in methods
        ]
    return rows


def _cost(model: Model, patients: Patients, method: str) -> dict[str, Any]:
    kernels, parameters = model.kernels, patients.parameters
    options: dict[str, Any] = {"method": method, "rtol": RTOL, "threads": 1}
    taken = np.ones((len(patients), len(REGIMEN.administrations())), dtype=bool)
    plain = compile_for(REGIMEN, model, patients, taken)
    events, slopes = compile_events_with_slopes(REGIMEN, model, parameters, symbols=SYMBOLS)

    def curves() -> None:
        observe(kernels, solve(kernels, parameters, TIMES, plain, **options).states, parameters)

    def with_slopes() -> None:
        asked: dict[str, Any] = {"symbols": SYMBOLS, "slopes": slopes, **options}
        solve_with_sensitivities(kernels, parameters, TIMES, events, **asked)

    curves()
    with_slopes()
    alone, together = interleaved([curves, with_slopes])
    return {
        "us_alone": 1e6 * alone.median / len(patients),
        "us_together": 1e6 * together.median / len(patients),
        "ratio": together.median / alone.median,
    }


def _error(model: Model, patients: Patients, method: str, truth: Differences) -> dict[str, Any]:
    given: dict[str, Any] = {"model": model, "patients": patients, "method": method, "rtol": RTOL}
    found = relative(simulate_sensitivities(REGIMEN, symbols=SYMBOLS, times=TIMES, **given))
    errors = truth.errors(found)
    return {
        "patients": len(patients),
        "worst_error": float(np.nanmax(errors)),
        "median_error": float(np.nanmedian(errors)),
        "slope_where_none": truth.unseen(found),
    }
