"""Every column of an event table means what it means in NONMEM: tables against closed forms."""

import math
from pathlib import Path

import numpy as np
import pytest

from lag3ig.model.dosing import Regimen
from lag3ig.model.engine.batch import solve
from lag3ig.model.errors import DosingError

from .pk_closed_forms import GROWTH, K, bolus, history, infusion, oral
from .pk_model import MODEL, STATES, patient
from .tolerances import ASKED_WORST, ROUNDING

RTOL = 1e-10
TIMES = np.array([0.0, 0.1, 0.4, 0.75, 1.0, 1.5, 2.0, 2.6, 3.0, 4.25, 6.0])


def read(tmp_path: Path, table: str, **options: str) -> Regimen:
    path = tmp_path / "table.csv"
    path.write_text(table.replace(" ", "").strip() + "\n", encoding="utf-8")
    return Regimen.from_csv(path, drug="drug", **options)


def amounts(regimen: Regimen, times: np.ndarray = TIMES, **parameters: float) -> np.ndarray:
    """States of one patient, shape (T, S)."""
    row = patient(**parameters)
    solution = solve(MODEL.kernels, row, times, regimen.compile(MODEL, row), rtol=RTOL)
    assert solution.status[0] == 0
    return solution.states[0]


def central(regimen: Regimen, **parameters: float) -> np.ndarray:
    states = amounts(regimen, **parameters)
    bystander = states[:, STATES.index("bystander")]
    np.testing.assert_allclose(bystander, np.exp(GROWTH * TIMES), rtol=ASKED_WORST * RTOL)
    return states[:, STATES.index("central")]


def assert_central(regimen: Regimen, expected: np.ndarray, **parameters: float) -> None:
    given = central(regimen, **parameters)
    assert np.max(np.abs(given - expected)) <= ASKED_WORST * RTOL * np.max(np.abs(expected))


LAG, F = 0.25, 0.6

SINGLE = {
    "bolus": ("TIME,AMT,CMT\n 0,100,2", {}, 100 * bolus(TIMES)),
    "oral": ("TIME,AMT,CMT\n 0,100,1", {}, 100 * oral(TIMES)),
    "default route": ("TIME,AMT\n 0,100", {}, 100 * oral(TIMES)),
    "route by name": ("TIME,AMT,ROUTE\n 0,100,iv", {}, 100 * bolus(TIMES)),
    "F and lag": ("TIME,AMT,CMT\n 0.5,100,1", {"F": F, "lag": LAG}, 100 * F * oral(TIMES - 0.5 - LAG)),
    "F and LAG of the line": ("TIME,AMT,CMT,F,LAG\n 0,100,1,0.6,0.25", {}, 100 * F * oral(TIMES - LAG)),
    "F and LAG of the line win": (
        "TIME,AMT,CMT,F,LAG\n 0,100,1,0.6,0.25",
        {"F": 0.1, "lag": 1.0},
        100 * F * oral(TIMES - LAG),
    ),
    "RATE": ("TIME,AMT,RATE,CMT\n 0.4,100,50,2", {}, infusion(50, 2.0)(TIMES - 0.4)),
    "RATE with F": ("TIME,AMT,RATE,CMT\n 0,100,50,2", {"F": F}, infusion(50, 2.0 * F)(TIMES)),
    "RATE with lag": ("TIME,AMT,RATE,CMT\n 0,100,50,2", {"lag": LAG}, infusion(50, 2.0)(TIMES - LAG)),
    "RATE -2 with F": ("TIME,AMT,RATE,D,CMT\n 0,100,-2,2,2", {"F": F}, infusion(50 * F, 2.0)(TIMES)),
    "RATE -1 with F": ("TIME,AMT,RATE,R,CMT\n 0,100,-1,50,2", {"F": F}, infusion(50, 2.0 * F)(TIMES)),
    "TINF with F": ("TIME,AMT,TINF,CMT\n 0,100,2,2", {"F": F}, infusion(50 * F, 2.0)(TIMES)),
    "RATE 0 is a bolus": ("TIME,AMT,RATE,CMT\n 0,100,0,2", {}, 100 * bolus(TIMES)),
    "EVID 2 does nothing": ("TIME,EVID,AMT,CMT\n 0,1,100,2\n 1,2,0,.", {}, 100 * bolus(TIMES)),
    "EVID 0 does nothing": ("TIME,EVID,AMT,CMT\n 0,1,100,2\n 1,0,.,2", {}, 100 * bolus(TIMES)),
    "EVID follows AMT": ("TIME,AMT,CMT,MDV\n 0,100,2,1\n 1,.,2,0", {}, 100 * bolus(TIMES)),
}

REPEATED = {
    "ADDL": (
        "TIME,AMT,II,ADDL,CMT\n 0,100,1.5,2,1",
        {},
        100 * (oral(TIMES) + oral(TIMES - 1.5) + oral(TIMES - 3.0)),
    ),
    "ADDL of overlapping infusions": (
        "TIME,AMT,RATE,II,ADDL,CMT\n 0,100,50,1,1,2",
        {},
        infusion(50, 2.0)(TIMES) + infusion(50, 2.0)(TIMES - 1.0),
    ),
    "SS 1": ("TIME,AMT,II,SS,CMT\n 0,100,1,1,1", {}, 100 * history(oral, 1.0)(TIMES)),
    "SS 1, bolus, geometric series": (
        "TIME,AMT,II,SS,CMT\n 0,100,1,1,2",
        {},
        100 * bolus(TIMES) / (1.0 - math.exp(-K)),
    ),
    "SS 1 with ADDL": (
        "TIME,AMT,II,SS,ADDL,CMT\n 0,100,1,1,2,1",
        {},
        100 * (history(oral, 1.0)(TIMES) + oral(TIMES - 1.0) + oral(TIMES - 2.0)),
    ),
    "SS 1 with lag": (
        "TIME,AMT,II,SS,CMT\n 0,100,1,1,1",
        {"lag": LAG},
        100 * history(oral, 1.0)(TIMES - LAG),
    ),
    "SS 1 of a line with LAG and F": (
        "TIME,AMT,II,SS,CMT,LAG,F\n 0,100,1,1,2,0.25,0.6",
        {},
        100 * F * history(bolus, 1.0)(TIMES - LAG),
    ),
    "SS 1, infusion": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,100,200,1,1,2",
        {},
        history(infusion(200, 0.5), 1.0)(TIMES),
    ),
    "SS 1, infusion, F changes its duration": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,100,200,1,1,2",
        {"F": F},
        history(infusion(200, 0.5 * F), 1.0)(TIMES),
    ),
    "SS 1, infusion longer than II": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,100,40,1,1,2",
        {},
        history(infusion(40, 2.5), 1.0)(TIMES),
    ),
    "SS 1, infusion twice as long as II": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,100,50,1,1,2",
        {},
        history(infusion(50, 2.0), 1.0)(TIMES),
    ),
    "SS 1, infusion, lag beyond II - duration": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,100,125,1,1,2",
        {"lag": 0.4},
        history(infusion(125, 0.8), 1.0)(TIMES - 0.4),
    ),
    "SS 1, constant infusion ends at the record": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,0,50,0,1,2",
        {},
        50 / K * bolus(TIMES),
    ),
    "SS 1, constant infusion ends after its lag": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,0,50,0,1,2",
        {"lag": LAG},
        np.where(TIMES <= LAG, 50 / K, 50 / K * np.exp(-K * (TIMES - LAG))),
    ),
    "SS 1, constant infusion that goes on": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,0,50,0,1,2\n 0,500,50,0,0,2",
        {},
        np.full_like(TIMES, 50 / K),
    ),
    "SS 2 on top of earlier doses": (
        "TIME,AMT,II,SS,CMT\n 0,80,0,0,2\n 1,100,1,2,1",
        {},
        80 * bolus(TIMES) + np.where(TIMES >= 1.0, 100 * history(oral, 1.0)(TIMES - 1.0), 0.0),
    ),
    "SS 1 and SS 2: a morning and an evening dose": (
        "TIME,AMT,II,SS,CMT\n 0,100,1,1,1\n 0.4,50,1,2,1",
        {},
        100 * history(oral, 1.0)(TIMES) + np.where(TIMES >= 0.4, 50 * history(oral, 1.0)(TIMES - 0.4), 0.0),
    ),
    "SS 2 with a running infusion": (
        "TIME,AMT,RATE,II,SS,CMT\n 0,300,100,0,0,2\n 1,100,50,1,2,2",
        {},
        infusion(100, 3.0)(TIMES) + np.where(TIMES >= 1.0, history(infusion(50, 2.0), 1.0)(TIMES - 1.0), 0.0),
    ),
    "SS 1 replaces what was there and what was still to come": (
        "TIME,AMT,RATE,II,ADDL,SS,CMT\n 0,80,0,1,5,0,2\n 0,500,100,0,0,0,2\n 1.5,100,0,1,0,1,2",
        {},
        np.where(
            TIMES < 1.5,
            80 * (bolus(TIMES) + bolus(TIMES - 1.0)) + infusion(100, 5.0)(TIMES),
            100 * history(bolus, 1.0)(TIMES - 1.5),
        ),
    ),
}

RESET = {
    "EVID 3": (
        "TIME,EVID,AMT,CMT\n 0,1,100,2\n 1.5,3,.,.",
        {},
        np.where(TIMES < 1.5, 100 * bolus(TIMES), 0.0),
    ),
    "EVID 3 stops a running infusion": (
        "TIME,EVID,AMT,RATE,CMT\n 0,1,300,100,2\n 1.5,3,.,.,.",
        {},
        np.where(TIMES < 1.5, infusion(100, 3.0)(TIMES), 0.0),
    ),
    "EVID 3 spares doses still to come": (
        "TIME,EVID,AMT,II,ADDL,CMT\n 0,1,100,1,3,2\n 1.5,3,.,.,.,.",
        {},
        np.where(
            TIMES < 1.5, 100 * (bolus(TIMES) + bolus(TIMES - 1)), 100 * (bolus(TIMES - 2) + bolus(TIMES - 3))
        ),
    ),
    "EVID 3 spares a dose that waits for its lag": (
        "TIME,EVID,AMT,CMT,LAG\n 0,1,100,2,2\n 1.5,3,.,.,.",
        {},
        100 * bolus(TIMES - 2.0),
    ),
    "EVID 3 comes before a dose of its time": (
        "TIME,EVID,AMT,CMT\n 0,1,70,2\n 1.5,1,100,2\n 1.5,3,.,.",
        {},
        np.where(TIMES < 1.5, 70 * bolus(TIMES), 100 * bolus(TIMES - 1.5)),
    ),
    "EVID 4": (
        "TIME,EVID,AMT,CMT\n 0,1,70,2\n 1.5,4,100,2",
        {},
        np.where(TIMES < 1.5, 70 * bolus(TIMES), 100 * bolus(TIMES - 1.5)),
    ),
    "EVID 4 with an infusion": (
        "TIME,EVID,AMT,RATE,CMT\n 0,1,300,100,2\n 1.5,4,100,100,2",
        {},
        np.where(TIMES < 1.5, infusion(100, 3.0)(TIMES), infusion(100, 1.0)(TIMES - 1.5)),
    ),
    "EVID 4 with SS": (
        "TIME,EVID,AMT,II,SS,CMT\n 0,1,70,0,0,2\n 1.5,4,100,1,1,2",
        {},
        np.where(TIMES < 1.5, 70 * bolus(TIMES), 100 * history(bolus, 1.0)(TIMES - 1.5)),
    ),
}


@pytest.mark.parametrize("case", SINGLE)
def test_single_doses_follow_their_closed_form(case: str, tmp_path: Path) -> None:
    table, parameters, expected = SINGLE[case]
    assert_central(read(tmp_path, table), expected, **parameters)


@pytest.mark.parametrize("case", REPEATED)
def test_repeated_doses_follow_superposition(case: str, tmp_path: Path) -> None:
    table, parameters, expected = REPEATED[case]
    assert_central(read(tmp_path, table), expected, **parameters)


@pytest.mark.parametrize("case", RESET)
def test_resets_empty_the_system_and_spare_what_is_to_come(case: str, tmp_path: Path) -> None:
    table, parameters, expected = RESET[case]
    regimen = read(tmp_path, table)
    row = patient(**parameters)
    states = solve(MODEL.kernels, row, TIMES, regimen.compile(MODEL, row), rtol=RTOL).states[0]
    assert np.max(np.abs(states[:, 1] - expected)) <= ASKED_WORST * RTOL * np.max(expected)
    # A reset takes the bystander back to its start, too.
    np.testing.assert_allclose(
        states[:, 4], np.exp(GROWTH * np.where(TIMES < 1.5, TIMES, TIMES - 1.5)), rtol=ASKED_WORST * RTOL
    )


def test_two_compartments_at_steady_state(tmp_path: Path) -> None:
    # Biexponential: eigenvalues of the two-compartment matrix, each with its own geometric series.
    clearance, volume, exchange, other = 4.0, 20.0, 6.0, 30.0
    k10, k12, k21 = clearance / volume, exchange / volume, exchange / other
    total, product = k10 + k12 + k21, k10 * k21
    slow = (total - math.sqrt(total**2 - 4 * product)) / 2
    fast = product / slow
    shares = {fast: (fast - k21) / (fast - slow), slow: (k21 - slow) / (fast - slow)}
    expected = sum(
        100 * share * np.exp(-rate * TIMES) / (1 - math.exp(-rate)) for rate, share in shares.items()
    )
    assert_central(read(tmp_path, "TIME,AMT,II,SS,CMT\n 0,100,1,1,2"), expected, Q=exchange, V2=other)


def test_steady_state_of_saturable_kinetics_is_that_of_many_doses(tmp_path: Path) -> None:
    parameters = {"CL": 0.0, "Vmax": 150.0, "Km": 30.0}
    steady = amounts(read(tmp_path, "TIME,AMT,II,SS,CMT\n 0,100,1,1,1"), **parameters)
    many = amounts(read(tmp_path, "TIME,AMT,II,ADDL,CMT\n 0,100,1,200,1"), 200.0 + TIMES, **parameters)
    single = amounts(read(tmp_path, "TIME,AMT,CMT\n 0,100,1"), **parameters)
    assert np.max(np.abs(steady[0, 1] - many[0, 1])) <= ASKED_WORST * RTOL * many[0, 1]
    assert steady[0, 1] > single[0, 1]


def test_steady_state_needs_no_years_for_a_drug_that_stays(tmp_path: Path) -> None:
    half_life_of_a_year = {"CL": 20.0 * math.log(2) / 365.0}
    rate = math.log(2) / 365.0
    given = amounts(read(tmp_path, "TIME,AMT,II,SS,CMT\n 0,100,1,1,2"), **half_life_of_a_year)[:, 1]
    expected = 100 * np.exp(-rate * TIMES) / -math.expm1(-rate)
    # The distance from the limit is the change of one cycle over the share that one cycle loses.
    np.testing.assert_allclose(given, expected, rtol=ASKED_WORST * RTOL / rate)


def test_a_drug_without_elimination_has_no_steady_state(tmp_path: Path) -> None:
    regimen = read(tmp_path, "TIME,AMT,II,SS,CMT\n 0,100,1,1,2")
    with pytest.raises(DosingError, match=r"drug: no steady state.*ADDL"):
        amounts(regimen, CL=0.0)


def test_a_lag_as_long_as_the_interval_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DosingError, match="lag of 1 d and II = 1 d"):
        amounts(read(tmp_path, "TIME,AMT,II,SS,CMT\n 0,100,1,1,2"), lag=1.0)


def test_steady_state_of_one_drug_leaves_the_other(tmp_path: Path) -> None:
    table = "TIME,AMT,II,SS,DRUG\n 0,50,0,0,other\n 1,100,1,1,drug"
    states = amounts(read(tmp_path, table))
    np.testing.assert_allclose(states[:, 3], 50 * np.exp(-0.3 * TIMES), rtol=ASKED_WORST * RTOL)


def test_hours_are_days(tmp_path: Path) -> None:
    hours = read(tmp_path, "TIME,AMT,RATE,II,ADDL,CMT\n 12,100,25,36,1,2", time_unit="h")
    days = read(tmp_path, "TIME,AMT,RATE,II,ADDL,CMT\n 0.5,100,600,1.5,1,2")
    np.testing.assert_allclose(amounts(hours), amounts(days), rtol=ROUNDING)
