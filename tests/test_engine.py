"""The batch: exact events, the same bits in any company, and a status for every patient that fails."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from lag3ig.model.engine import batch
from lag3ig.model.engine.batch import METHODS, Solution, solve
from lag3ig.model.engine.contract import kernel
from lag3ig.model.engine.events import Events, Kind
from lag3ig.model.engine.one_compartment import ONE_COMPARTMENT
from lag3ig.model.engine.problems import RICCATI
from lag3ig.model.engine.simd import load, store
from lag3ig.model.engine.status import Status

from .compiler import with_and_without_compiler
from .tolerances import ASKED_MEDIAN, ASKED_WORST, FALL, ROUNDING

TIMES = np.linspace(0.0, 24.0, 49)
RTOL = 1e-6
DOSE = 100.0
NAN = float("nan")


def patients(count: int) -> np.ndarray:
    """Absorption, clearance, volume, supply, bioavailability and lag of random patients."""
    rng = np.random.default_rng(11)
    typical = np.array([1.2, 4.0, 12.0, 3.0, 0.7, 0.3])
    return typical * np.exp(0.4 * rng.normal(size=(count, 6)))


def bolus(parameters: np.ndarray, times: np.ndarray) -> np.ndarray:
    """Bateman's function for a unit dose into the depot at time 0, shape (P, T)."""
    absorption, clearance, volume = (parameters[:, [column]] for column in range(3))
    elimination = clearance / volume
    since = np.maximum(times, 0.0)
    difference = np.exp(-elimination * since) - np.exp(-absorption * since)
    return np.where(times >= 0.0, absorption / volume / (absorption - elimination) * difference, 0.0)


def infusion(parameters: np.ndarray, times: np.ndarray, duration: float) -> np.ndarray:
    """Concentration under a unit rate into the compartment from 0 for a duration, shape (P, T)."""
    clearance, volume = parameters[:, [1]], parameters[:, [2]]
    elimination = clearance / volume
    running, past = np.clip(times, 0.0, duration), np.maximum(times - duration, 0.0)
    return (1.0 - np.exp(-elimination * running)) / clearance * np.exp(-elimination * past)


def baseline(parameters: np.ndarray) -> np.ndarray:
    return parameters[:, [3]] / parameters[:, [1]]


def in_tolerances(solution: Solution, exact: np.ndarray, rtol: float = RTOL) -> np.ndarray:
    """Errors of the concentration in units of the tolerance asked for."""
    scale = rtol * np.abs(exact).max(axis=1, keepdims=True) + 1e-3 * rtol
    return np.abs(solution.states[:, :, 1] - exact) / scale


@pytest.mark.parametrize("method", METHODS)
def test_doses_infusion_and_reset_in_closed_form(method: str) -> None:
    parameters = patients(30)
    events = Events.same_for_all(
        30,
        [
            (0.0, Kind.ADD_STATE, 0, DOSE),
            (5.3, Kind.ADD_STATE, 0, 0.5 * DOSE),
            (7.1, Kind.ADD_INPUT, 0, 20.0),
            (9.6, Kind.ADD_INPUT, 0, -20.0),
            (15.25, Kind.RESET, 0, 0.0),
            (18.0, Kind.ADD_STATE, 0, DOSE),
        ],
    )
    exact = DOSE * (bolus(parameters, TIMES) + 0.5 * bolus(parameters, TIMES - 5.3))
    exact += 20.0 * infusion(parameters, TIMES - 7.1, 2.5)
    exact[:, TIMES >= 15.25] = 0.0
    exact += DOSE * bolus(parameters, TIMES - 18.0) + baseline(parameters)
    worst = {}
    for rtol in (RTOL, 1e-2 * RTOL):
        solution = solve(ONE_COMPARTMENT, parameters, TIMES, events, method=method, rtol=rtol)
        errors = in_tolerances(solution, exact, rtol)
        assert solution.ok.all()
        assert np.median(errors) < ASKED_MEDIAN
        assert errors.max() < ASKED_WORST
        worst[rtol] = errors.max() * rtol
    assert worst[1e-2 * RTOL] * FALL < worst[RTOL]


def test_an_output_at_an_event_is_taken_after_it() -> None:
    parameters = patients(3)
    rows = [(0.0, Kind.SET_STATE, 0, 8.0), (2.0, Kind.SET_STATE, 0, 3.0), (4.0, Kind.ADD_STATE, 0, 1e6)]
    solution = solve(
        ONE_COMPARTMENT, parameters, [0.0, 2.0, np.nextafter(4.0, 0.0), 4.0], Events.same_for_all(3, rows)
    )
    np.testing.assert_array_equal(solution.states[:, :2, 0], np.tile([8.0, 3.0], (3, 1)))
    assert np.all(solution.states[:, 2, 0] < 3.0)
    assert np.all(solution.states[:, 3, 0] > 1e6)
    np.testing.assert_array_equal(solution.final_state, solution.states[:, -1])


@pytest.mark.parametrize(("first", "value"), [(Kind.SET_STATE, 12.0), (Kind.ADD_STATE, 10.0)])
def test_events_of_one_time_apply_in_the_order_given(first: Kind, value: float) -> None:
    second = Kind.ADD_STATE if first == Kind.SET_STATE else Kind.SET_STATE
    amount = {Kind.SET_STATE: 10.0, Kind.ADD_STATE: 2.0}
    rows = [(1.0, first, 0, amount[first]), (1.0, second, 0, amount[second])]
    solution = solve(ONE_COMPARTMENT, patients(1), [1.0], Events.same_for_all(1, rows))
    assert solution.states[0, 0, 0] == value


def test_switches_and_the_final_inputs() -> None:
    rows = [(1.0, Kind.SET_INPUT, 0, 7.0), (2.0, Kind.ADD_INPUT, 0, 1.0), (5.0, Kind.SET_INPUT, 0, 0.0)]
    solution = solve(
        ONE_COMPARTMENT, patients(2), [3.0], Events.same_for_all(2, rows), inputs=np.array([4.0])
    )
    np.testing.assert_array_equal(solution.final_inputs, [[8.0], [8.0]])
    rows.insert(2, (2.5, Kind.RESET, 0, 0.0))
    solution = solve(
        ONE_COMPARTMENT, patients(2), [3.0], Events.same_for_all(2, rows), inputs=np.array([4.0])
    )
    np.testing.assert_array_equal(solution.final_inputs, [[4.0], [4.0]])


@settings(max_examples=20, deadline=None)
@example(start=0.0, dose=1.0, at=5e-324)
@example(start=-14.0, dose=1.0, at=1e-16)
@given(start=st.floats(-1e3, 1e3), dose=st.floats(1.0, 200.0), at=st.floats(0.0, 10.0))
def test_a_shifted_clock_changes_nothing(start: float, dose: float, at: float) -> None:
    parameters = patients(2)
    plain = solve(
        ONE_COMPARTMENT, parameters, TIMES[1:], Events.same_for_all(2, [(at, Kind.ADD_STATE, 0, dose)])
    )
    shifted = solve(
        ONE_COMPARTMENT,
        parameters,
        TIMES[1:] + start,
        Events.same_for_all(2, [(at + start, Kind.ADD_STATE, 0, dose)]),
        start_time=start,
    )
    scale = np.abs(plain.states).max()
    assert np.max(np.abs(plain.states - shifted.states)) <= ASKED_WORST * RTOL * scale


def regimen(count: int) -> Events:
    """Doses at times of each patient's own."""
    rng = np.random.default_rng(3)
    times = np.sort(rng.uniform(0.0, 20.0, size=(count, 4)), axis=1).ravel()
    kinds = np.tile([Kind.ADD_STATE, Kind.ADD_INPUT, Kind.ADD_INPUT, Kind.ADD_STATE], count)
    values = np.tile([DOSE, 5.0, -5.0, DOSE], count)
    return Events(np.arange(count + 1) * 4, times, kinds, np.zeros(4 * count), values)


def chosen(events: Events, order: np.ndarray) -> Events:
    rows = (order[:, None] * 4 + np.arange(4)).ravel()
    fields = (events.time, events.kind, events.target, events.value)
    return Events(np.arange(len(order) + 1) * 4, *(field[rows] for field in fields))


@pytest.mark.parametrize("method", METHODS)
def test_same_bits_in_any_company(method: str, monkeypatch: pytest.MonkeyPatch) -> None:
    parameters, events = patients(61), regimen(61)
    together = solve(ONE_COMPARTMENT, parameters, TIMES, events, method=method, threads=1)
    assert together.ok.all()
    order = np.random.default_rng(5).permutation(61)
    permuted = solve(
        ONE_COMPARTMENT, parameters[order], TIMES, chosen(events, order), method=method, threads=2
    )
    monkeypatch.setattr(batch, "_PATIENTS_PER_TASK", 9)
    for threads in (1, 2, 3):
        chunked = solve(ONE_COMPARTMENT, parameters, TIMES, events, method=method, threads=threads)
        for name in ("states", "status", "steps", "rejected", "evaluations", "final_state"):
            np.testing.assert_array_equal(getattr(chunked, name), getattr(together, name))
    np.testing.assert_array_equal(permuted.states, together.states[order])
    for one in (0, 17, 60):
        alone = solve(
            ONE_COMPARTMENT, parameters[[one]], TIMES, chosen(events, np.array([one])), method=method
        )
        np.testing.assert_array_equal(alone.states[0], together.states[one])


@pytest.mark.parametrize("method", METHODS)
def test_patients_that_fail_are_counted_and_the_others_unchanged(method: str) -> None:
    parameters, events = patients(40), regimen(40)
    sound = solve(ONE_COMPARTMENT, parameters, TIMES, events, method=method, max_steps=5_000)
    broken = parameters.copy()
    broken[3, 0] = np.nan
    broken[8, 1] = np.inf
    broken[21, 0] = 1e300  # absorbed in no time
    broken[22, 2] = -1e-4  # a volume that makes the level explode
    broken[23, 2] = 0.0
    mixed = solve(ONE_COMPARTMENT, broken, TIMES, events, method=method, max_steps=5_000)
    failed = mixed.status < 0
    assert set(np.flatnonzero(failed)) >= {3, 8, 22, 23}
    assert set(np.flatnonzero(failed)) <= {3, 8, 21, 22, 23}
    assert mixed.status[3] == mixed.status[8] == Status.INVALID_INPUT
    assert np.isnan(mixed.states[failed]).all()
    keep = np.setdiff1d(np.arange(40), [3, 8, 21, 22, 23])
    np.testing.assert_array_equal(mixed.states[keep], sound.states[keep])
    np.testing.assert_array_equal(mixed.steps[keep], sound.steps[keep])
    assert sum(mixed.count_by_status().values()) == 40
    assert (mixed.ok == ~failed).all()


def test_each_limit_has_its_status() -> None:
    ones = np.ones((1, 1))
    nothing = np.zeros((1, 0))
    assert solve(RICCATI, nothing, [0.9], start=ones, max_steps=5).status[0] == Status.TOO_MANY_STEPS
    assert solve(RICCATI, nothing, [0.9], start=ones, max_evaluations=50).status[0] == Status.OVER_BUDGET
    assert solve(RICCATI, nothing, [0.9], start=ones * np.nan).status[0] == Status.INVALID_INPUT
    assert solve(RICCATI, nothing, [0.9], start=ones * 1e200).status[0] == Status.NOT_FINITE
    bounds = (np.zeros(1), np.full(1, 5.0))
    beyond = solve(RICCATI, nothing, [0.5, 0.9], start=ones, bounds=bounds)
    assert beyond.status[0] == Status.OUT_OF_BOUNDS
    assert 0.5 < beyond.end_time[0] < 0.8 + RTOL
    assert solve(RICCATI, nothing, [0.5], start=ones, bounds=bounds).status[0] == Status.OK
    events = Events.same_for_all(1, [(0.5, Kind.ADD_STATE, 0, np.nan)])
    assert solve(RICCATI, nothing, [0.9], events, start=ones).status[0] == Status.INVALID_INPUT
    assert all(status.meaning and status.failed == (status < 0) for status in Status)


@kernel
def not_a_number(y, inputs, derived, diagonal, lu):
    store(lu, 0, load(y, 0) * NAN)


def test_a_step_is_never_accepted_on_a_number_that_is_none() -> None:
    """A matrix that gives NaN at every step size ends its patient as a linear failure."""
    broken = dataclasses.replace(RICCATI, factor=not_a_number)
    solution = solve(broken, np.zeros((1, 0)), [0.5], start=np.ones(1))
    assert solution.status[0] == Status.LINEAR_FAILURE
    assert solution.steps[0] == 0
    unaffected = solve(broken, np.zeros((1, 0)), [0.5], start=np.ones(1), method="tsit5")
    assert unaffected.status[0] == Status.OK


@pytest.mark.parametrize("method", METHODS)
def test_work_is_bounded(method: str) -> None:
    """Steps per patient of a smooth problem with one dose; and evaluations as counted from them."""
    parameters = patients(20)
    events = Events.same_for_all(20, [(0.0, Kind.ADD_STATE, 0, DOSE)])
    solution = solve(ONE_COMPARTMENT, parameters, TIMES, events, method=method)
    tried = solution.steps + solution.rejected
    assert tried.max() < 200
    assert solution.rejected.max() <= 0.1 * tried.max()
    per_step = {"tsit5": 6, "rodas5p": 8}[method]
    np.testing.assert_array_equal(solution.evaluations, 2 + per_step * tried)


def test_a_patient_at_rest_takes_a_few_steps() -> None:
    solution = solve(ONE_COMPARTMENT, patients(9), [1000.0])
    assert solution.steps.max() <= 30
    np.testing.assert_allclose(solution.states[:, 0, 1], baseline(patients(9))[:, 0], rtol=RTOL)


def test_an_end_at_the_start_is_the_start() -> None:
    events = Events.same_for_all(2, [(0.0, Kind.ADD_STATE, 0, DOSE), (9.0, Kind.ADD_STATE, 0, DOSE)])
    solution = solve(ONE_COMPARTMENT, patients(2), [0.0], events)
    np.testing.assert_array_equal(solution.states[:, 0, 0], DOSE)
    np.testing.assert_array_equal(solution.steps, 0)
    assert solve(ONE_COMPARTMENT, np.zeros((0, 6)), [1.0]).states.shape == (0, 1, 2)


TWIN = """
import sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from lag3ig.model.engine.batch import evaluate, observe
from lag3ig.model.engine.problems import DUFFING
from tests import test_engine as t
found = []
for method in t.METHODS:
    solution = t.solve(t.ONE_COMPARTMENT, t.patients(2), t.TIMES[:20], t.regimen(2), method=method)
    found += [solution.states, observe(t.ONE_COMPARTMENT, solution.states, t.patients(2))]
    solution = t.solve(DUFFING, np.zeros((1, 0)), [2.0], start=np.ones(2), method=method)
    found.append(solution.states)
found.append(evaluate(t.ONE_COMPARTMENT, "doses", t.patients(9)))
print(" ".join(repr(float(number)) for part in found for number in part.flat))
"""


def test_agrees_without_the_compiler() -> None:
    """The same text on numpy: two patients, both methods, events, outputs and observables."""
    root = str(Path(__file__).parents[1])
    printed = with_and_without_compiler("-c", TWIN, root)
    compiled, twin = (np.array(numbers.split(), dtype=float) for numbers in printed)
    np.testing.assert_allclose(compiled, twin, rtol=1e3 * ROUNDING)
