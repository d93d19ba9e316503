"""Sensitivities are the derivatives of the curves, with the order, the steps and the bits of the states."""

import numpy as np
import pytest

from lag3ig.benchmarks.sensitivity_reference import (
    REGIMEN,
    SYMBOLS,
    TIMES,
    Differences,
    differences,
    population,
    relative,
)
from lag3ig.model import dose, draw, load_model, simulate, simulate_sensitivities
from lag3ig.model.dose_events import compile_events_with_slopes
from lag3ig.model.engine.batch import METHODS, solve
from lag3ig.model.engine.events import Events, Kind
from lag3ig.model.engine.one_compartment import ONE_COMPARTMENT
from lag3ig.model.engine.sensitivity import EventSlopes, evaluate_with_sensitivities, solve_with_sensitivities
from lag3ig.model.errors import DosingError, Lag3igError, SimulationError

from . import pk_model
from .complex_step import complex_step
from .reference import Patient
from .tolerances import DIFFERENCES, INSENSITIVE, ROUNDING, SAME_STEPS, SENSITIVITY

every_method = pytest.mark.parametrize("method", METHODS)
# ------------------------------------------------------------- closed forms: doses, lags, infusions


def level(times, *, ka, CL, V, F, lag) -> np.ndarray:
    """Depot dose at 1 d, infusion of fixed rate at 6 d, of fixed duration at 12 d; all late by the lag."""
    k = CL / V
    since = np.where(times > np.real(1.0 + lag), times - 1.0 - lag, 0.0)
    total = 100.0 * F / V * ka / (ka - k) * (np.exp(-k * since) - np.exp(-ka * since))
    for start, rate, length in ((6.0 + lag, 20.0, 2.5 * F), (12.0 + lag, 25.0 * F, 2.0)):
        past_start = np.where(times > np.real(start), times - start, 0.0)
        past_end = np.where(times > np.real(start + length), times - start - length, 0.0)
        total = total + rate / CL * (np.exp(-k * past_end) - np.exp(-k * past_start))
    return total


@every_method
def test_closed_forms_of_doses_lags_and_infusions(method: str) -> None:
    regimen = dose("drug", 100, route="po", start="1 d")
    regimen += dose("drug", 50, route="iv", start="6 d", rate=20.0)
    regimen += dose("drug", 50, route="iv", start="12 d", infuse="2 d")
    values = {"ka": 1.2, "CL": 4.0, "V": 20.0, "F": 0.7, "lag": 0.3}
    parameters, symbols = pk_model.patient(**values), tuple(values)
    events, slopes = compile_events_with_slopes(regimen, pk_model.MODEL, parameters, symbols=symbols)
    times = np.linspace(0.07, 20.07, 41)  # never at the time of an event
    found = solve_with_sensitivities(
        pk_model.MODEL.kernels,
        parameters,
        times,
        events,
        symbols=symbols,
        slopes=slopes,
        method=method,
        rtol=1e-9,
    )
    exact = complex_step(lambda **moved: level(times, **moved), values, symbols)
    scale = np.abs(exact).max(axis=0)
    np.testing.assert_allclose(found.observable_slopes[0, :, 0] / scale, exact / scale, atol=DIFFERENCES)


def test_a_dose_of_no_bioavailability_still_depends_on_it() -> None:
    parameters = pk_model.patient(F=0.0)
    regimen = dose("drug", 100, route="po")
    events, slopes = compile_events_with_slopes(regimen, pk_model.MODEL, parameters, symbols=("F",))
    options = {"symbols": ("F",), "slopes": slopes, "rtol": 1e-9}
    found = solve_with_sensitivities(pk_model.MODEL.kernels, parameters, [2.0], events, **options)
    values = {"ka": 1.2, "CL": 4.0, "V": 20.0}
    k = values["CL"] / values["V"]
    bateman = 5.0 * 1.2 / (1.2 - k) * (np.exp(-2.0 * k) - np.exp(-2.4))
    np.testing.assert_allclose(found.observable_slopes[0, 0, 0, 0], bateman, rtol=SENSITIVITY)
    assert found.observables[0, 0, 0] == 0.0


@every_method
def test_resets_and_values_that_are_set(method: str) -> None:
    """After a reset nothing of before counts; a state that is set depends on its value alone."""
    parameters = np.array([[1.2, 4.0, 12.0, 3.0, 0.7, 0.3]])
    rows = [(1.0, Kind.ADD_STATE, 0, 9.0), (4.0, Kind.RESET, 0, 0.0), (6.0, Kind.SET_STATE, 1, 2.0)]
    events = Events.same_for_all(1, rows)
    found = solve_with_sensitivities(
        ONE_COMPARTMENT, parameters, [4.0, 6.0, 8.0], events, symbols=("CL",), method=method, rtol=1e-9
    )
    at_rest, when_set, later = found.state_slopes[0, :, 1, 0]
    assert at_rest == pytest.approx(-3.0 / 16.0, rel=ROUNDING)
    assert when_set == 0.0

    def concentration(CL):
        return 3.0 / CL + (2.0 - 3.0 / CL) * np.exp(-CL / 12.0 * 2.0)

    exact = complex_step(concentration, {"CL": 4.0}, ("CL",))[0]
    assert later == pytest.approx(exact, rel=DIFFERENCES)


# ----------------------------------------------------------------------------- the shipped model


def test_start_has_the_derivatives_of_the_closed_form() -> None:
    """All parameters of the default model, against differences of the equations written a second time."""
    model = load_model()
    kernels = model.kernels
    typical = dict(zip(kernels.parameters, model.typical().tolist(), strict=True))
    table = {symbol: item.value for symbol, item in model.parameters.parameters.items()}
    start, slopes = evaluate_with_sensitivities(kernels, "start", model.typical()[None], kernels.parameters)
    wanted = np.zeros((len(kernels.states), len(kernels.parameters)))
    for column, symbol in enumerate(kernels.parameters):
        if not typical[symbol]:
            continue

        def at(move: float, symbol: str = symbol) -> np.ndarray:
            patient = Patient({**table, **typical, symbol: typical[symbol] * (1.0 + move)})
            return np.array([patient.start[name] for name in kernels.states])

        rough, fine = ((at(move) - at(-move)) / (2.0 * move) for move in (2e-3, 1e-3))
        wanted[:, column] = (4.0 * fine - rough) / 3.0
    found = slopes[0] * np.array(list(typical.values()))
    size = np.where(start[0] == 0.0, 1.0, np.abs(start[0]))[:, None]
    np.testing.assert_allclose(found / size, wanted / size, atol=DIFFERENCES, rtol=DIFFERENCES)
    assert np.count_nonzero(wanted) > 100


@pytest.fixture(scope="module")
def reference() -> Differences:
    model = load_model()
    return differences(model, population(model, 20))


@every_method
def test_default_model_against_differences_of_tight_solutions(method: str, reference: Differences) -> None:
    model = load_model()
    patients = population(model, 20)
    run = simulate_sensitivities(
        REGIMEN, symbols=SYMBOLS, times=TIMES, model=model, patients=patients, method=method
    )
    found = relative(run)
    errors = reference.errors(found)
    assert np.nanmax(errors) < SENSITIVITY
    assert np.isfinite(errors).sum() > 20 * 20 * 20  # of 20 patients, 44 curves and 20 parameters
    assert reference.unseen(found) < 2.0 * INSENSITIVE


def test_the_states_are_those_of_the_model_alone() -> None:
    model = load_model()
    patients = draw(model, 5, seed=3)
    alone = simulate(REGIMEN, times=TIMES, model=model, patients=patients, rtol=1e-8)
    run = simulate_sensitivities(REGIMEN, symbols=["hS"], times=TIMES, model=model, patients=patients)
    np.testing.assert_array_equal(run.trajectories.steps, alone.steps)
    for found, expected in (
        (run.trajectories.states, alone.states),
        (run.trajectories.observables, alone.observables),
    ):
        largest = np.abs(expected).max(axis=1, keepdims=True)
        assert np.all(np.abs(found - expected) <= SAME_STEPS * largest)


def test_same_bits_in_any_company() -> None:
    """Threads, lane neighbours, and which other parameters are asked for change nothing."""
    model = load_model()
    patients = population(model, 19)
    options = {"times": TIMES[:20], "model": model}
    whole = simulate_sensitivities(REGIMEN, symbols=SYMBOLS[:6], patients=patients, threads=2, **options)
    some = simulate_sensitivities(
        REGIMEN, symbols=("tlag", "ka"), patients=patients.take([13, 4]), threads=1, **options
    )
    for symbol in some.symbols:
        np.testing.assert_array_equal(some.slope("sld", symbol), whole.slope("sld", symbol)[[13, 4]])
        np.testing.assert_array_equal(some.slope("Ac", symbol), whole.slope("Ac", symbol)[[13, 4]])


# ----------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"symbols": ["kkil"]}, "'kkill'"),
        ({"symbols": ["kkill", "kkill"]}, "each named once"),
        ({"symbols": "kkill"}, "list of parameters|no parameter"),
        ({"regimen": dose("lag3ig", 30, ss=1, ii=14.0), "symbols": ["CLF"]}, "steady-state"),
        ({"symbols": ["CLF"], "times": [2.0, 1.0]}, "ascend"),
    ],
)
def test_what_cannot_be_asked_for(options: dict, message: str) -> None:
    given = {"times": [1.0], **options}
    with pytest.raises(Lag3igError, match=message):
        simulate_sensitivities(given.pop("regimen", None), **given)


def test_an_event_that_sets_a_state_must_not_move() -> None:
    events = Events.same_for_all(1, [(1.0, Kind.SET_STATE, 0, 9.0)])
    slopes = EventSlopes(np.ones((1, 1)), np.zeros((1, 1)))
    with pytest.raises(DosingError, match="must not depend"):
        solve_with_sensitivities(
            ONE_COMPARTMENT, np.ones((1, 6)), [2.0], events, symbols=("lag",), slopes=slopes
        )


def test_a_slope_that_was_not_asked_for_is_named() -> None:
    run = simulate_sensitivities(symbols=["CLF"], times=[1.0])
    with pytest.raises(SimulationError, match="'CLF'"):
        run.slope("sld", "VF")
    with pytest.raises(SimulationError, match="sld"):
        run.slope("sldd", "CLF")


def test_a_failed_patient_has_no_sensitivities() -> None:
    parameters = np.array([[1.2, 4.0, 12.0, 3.0, 0.7, 0.3], [np.nan] * 6])
    found = solve_with_sensitivities(ONE_COMPARTMENT, parameters, [1.0], symbols=("CL",))
    assert found.status.tolist() == solve(ONE_COMPARTMENT, parameters, [1.0]).status.tolist()
    assert np.isnan(found.state_slopes[1]).all()
    assert np.isfinite(found.state_slopes[0]).all()
