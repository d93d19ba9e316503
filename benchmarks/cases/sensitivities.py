"""Twenty sensitivities of every curve: what they cost beside the curves alone, their error, and AMICI's."""

import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...model.course import compile_for
from ...model.dose_events import compile_events_with_slopes
from ...model.engine.batch import observe, solve
from ...model.engine.sensitivity import solve_with_sensitivities
from ...model.model import Model, load_model
from ...model.population import Patients
from ...model.sensitivities import simulate_sensitivities
from ..peers import amici_sensitivities as amici
from ..precision import Curve, Row, first_line
from ..sensitivity_reference import REGIMEN, SYMBOLS, TIMES, Differences, differences, population, relative
from ..timing import interleaved

OWN = "lag3ig rodas5p"
CASES = (
    ("phase-1", {}, {}, ("tsit5", "rodas5p")),
    ("explicit-binding", {"binding": "explicit"}, {"koff": 1e3}, ("rodas5p",)),
)
DEFAULT = 1e-8  # for sensitivities; the curves alone get the same in the comparison
TOLERANCES = (1e-6, 1e-7, DEFAULT, 1e-9, 1e-10)
PEER_TOLERANCES = (1e-4, 1e-6, 1e-8)
PEER_PATIENTS = 4  # each takes tenths of a second


@dataclass(frozen=True)
class _Run:
    """One solver at one tolerance: what is timed without and with sensitivities, and errors (P, S + O, p)."""

    solver: str
    tolerance: float
    timed: int
    alone: Callable[[], object]
    together: Callable[[], object]
    errors: np.ndarray
    slope_where_none: float | None = None


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds of a patient, and errors relative to the largest slope over time."""
    rows = []
    for name, structure, values, methods in CASES:
        model = load_model(structure, values)
        proved = population(model, 8 if quick else 100)
        truth = differences(model, proved)
        timed = population(model, 128 if quick else 256)
        runs = [
            _engine(model, proved, timed, truth, method, tolerance)
            for method in methods
            for tolerance in ((DEFAULT,) if quick else TOLERANCES)
        ]
        peer: dict[str, Any] = {"case": name, "solver": amici.NAME}
        if quick or not amici.installed():
            peer["note"] = "left out of a quick run" if quick else "amici is not installed"
        else:
            try:
                runs += _amici(model, proved, truth)
            except Exception as error:  # it may fail in any way it likes: that is its result
                peer["note"] = f"failed: {first_line(error)}"
        rows += _rows(name, model, runs)
        rows += [peer] if "note" in peer else []
    return rows


def _engine(
    model: Model, proved: Patients, timed: Patients, truth: Differences, method: str, tolerance: float
) -> _Run:
    kernels, parameters = model.kernels, timed.parameters
    options: dict[str, Any] = {"method": method, "rtol": tolerance, "threads": 1}
    taken = np.ones((len(timed), len(REGIMEN.administrations())), dtype=bool)
    plain = compile_for(REGIMEN, model, timed, taken)
    events, slopes = compile_events_with_slopes(REGIMEN, model, parameters, symbols=SYMBOLS)

    def alone() -> None:
        observe(kernels, solve(kernels, parameters, TIMES, plain, **options).states, parameters)

    def together() -> None:
        asked: dict[str, Any] = {"symbols": SYMBOLS, "slopes": slopes, **options}
        solve_with_sensitivities(kernels, parameters, TIMES, events, **asked)

    given: dict[str, Any] = {"model": model, "patients": proved, "method": method, "rtol": tolerance}
    found = relative(simulate_sensitivities(REGIMEN, symbols=SYMBOLS, times=TIMES, **given))
    name = f"lag3ig {method}"
    return _Run(name, tolerance, len(timed), alone, together, truth.errors(found), truth.unseen(found))


def _amici(model: Model, proved: Patients, truth: Differences) -> Iterator[_Run]:
    """States alone: its observables would be more equations."""
    simulate = amici.prepare(model, REGIMEN, SYMBOLS, TIMES)
    parameters = proved.parameters[:PEER_PATIENTS]
    rows = [model.kernels.parameters.index(symbol) for symbol in SYMBOLS]
    states = len(model.kernels.states)
    first = Differences(truth.slopes[:PEER_PATIENTS, :, :states], truth.size[:PEER_PATIENTS, :states])

    def go(tolerance: float, with_slopes: bool) -> list[Any]:
        return [simulate(row, tolerance, with_slopes)[1] for row in parameters]

    for tolerance in PEER_TOLERANCES:
        found = np.stack(go(tolerance, True)) * parameters[:, None, None, rows]
        alone, together = (functools.partial(go, tolerance, with_slopes) for with_slopes in (False, True))
        yield _Run(amici.NAME, tolerance, len(parameters), alone, together, first.errors(found))


def _rows(name: str, model: Model, runs: list[_Run]) -> list[dict[str, Any]]:
    for item in runs:
        item.alone()
        item.together()
    timings = interleaved([action for item in runs for action in (item.alone, item.together)])
    rows = []
    for number, item in enumerate(runs):
        alone, together = (
            1e6 * timing.median / item.timed for timing in timings[2 * number : 2 * number + 2]
        )
        row = {
            "case": name,
            "solver": item.solver,
            "tolerance": item.tolerance,
            "parameters": len(SYMBOLS),
            "us_alone": alone,
            "us_together": together,
            "ratio": together / alone,
            "patients": len(item.errors),
            "worst_error": float(np.nanmax(item.errors)),
            "same_worst_error": float(np.nanmax(item.errors[:PEER_PATIENTS, : len(model.kernels.states)])),
            "median_error": float(np.nanmedian(item.errors)),
            "slope_where_none": item.slope_where_none,
        }
        rows.append(row)
    return [row | {"times_engine": _times(row, rows)} for row in rows]


def _times(row: dict[str, Any], rows: list[dict[str, Any]]) -> float | None:
    """Time with sensitivities over the engine's at the same worst error, of states of the same patients."""
    own = Curve(
        Row(
            case=other["case"],
            engine=OWN,
            worst_error=other["same_worst_error"],
            microseconds=other["us_together"],
        )
        for other in rows
        if other["solver"] == OWN
    )
    same = own.at(row["same_worst_error"])
    return row["us_together"] / same if same else None
