"""Two ways of saying one thing are one thing; what contradicts itself is refused."""

import math

import numpy as np
import pytest

from lag3ig.model.dose_events import Switch
from lag3ig.model.dosing import Regimen, dose, reset
from lag3ig.model.engine.batch import solve
from lag3ig.model.engine.events import Kind
from lag3ig.model.errors import DosingError, UnitError
from lag3ig.model.event_columns import after

from .pk_model import MODEL, STATES, patient
from .tolerances import ASKED_MEDIAN, ASKED_WORST, ROUNDING

RTOL = 1e-8
TIMES = np.linspace(0.0, 6.0, 25)


def states(regimen: Regimen, parameters: np.ndarray | None = None, **options) -> np.ndarray:
    """States, shape (P, T, S)."""
    rows = patient() if parameters is None else parameters
    solution = solve(MODEL.kernels, rows, TIMES, regimen.compile(MODEL, rows, **options), rtol=RTOL)
    assert np.all(solution.status == 0)
    return solution.states


def level(regimen: Regimen, **options) -> np.ndarray:
    return states(regimen, **options)[0, :, STATES.index("central")]


def cohort(count: int) -> np.ndarray:
    """Patients who differ in absorption, clearance, bioavailability and lag."""
    rows = np.repeat(patient(), count, axis=0)
    spread = np.linspace(-1.0, 1.0, count)
    rows[:, 0] *= 1.0 + 0.5 * spread
    rows[:, 1] *= 1.0 + 0.3 * spread[::-1]
    rows[:, 5] = 0.7 + 0.3 * spread
    rows[:, 6] = 0.2 + 0.2 * spread
    return rows


# ---------------------------------------------------------------- two ways of saying one thing


def test_additional_doses_are_explicit_doses() -> None:
    short = dose("drug", "100 mg", every="1.5 d", count=4)
    long = sum((dose("drug", "100 mg", start=1.5 * number) for number in range(4)), Regimen())
    assert states(short).tobytes() == states(long).tobytes()
    assert states(short).tobytes() == states(dose("drug", "100 mg", ii=1.5, addl=3)).tobytes()


def test_milligrams_are_micrograms() -> None:
    assert states(dose("drug", "30 mg")).tobytes() == states(dose("drug", "30000 ug")).tobytes()
    assert states(dose("drug", "30 mg")).tobytes() == states(dose("drug", 30)).tobytes()


def test_hours_and_weeks_are_days() -> None:
    hours = dose("drug", "100 mg", route="iv", every="36 h", count=2, infuse="6 h", start="12 h")
    days = dose("drug", "100 mg", route="iv", every=1.5, count=2, infuse=0.25, start=0.5)
    assert hours == days


def test_two_half_infusions_are_one() -> None:
    half = dose("drug", "50 mg", route="iv", infuse="2 d", start=1)
    whole = dose("drug", "100 mg", route="iv", infuse="2 d", start=1)
    np.testing.assert_allclose(level(half + half), level(whole), rtol=ROUNDING)


def test_one_infusion_is_its_two_parts() -> None:
    whole = dose("drug", "100 mg", route="iv", rate="50 mg/d", start=1)
    parts = dose("drug", "50 mg", route="iv", rate="50 mg/d", start=1, every=1, count=2)
    error = np.abs(level(whole) - level(parts))
    assert error.max() <= ASKED_WORST * RTOL * level(whole).max()


def test_a_shifted_clock_shows_the_same_patient() -> None:
    infusion = dose("drug", "40 mg", route="iv", infuse="0.5 d", start=2)
    regimen = dose("drug", "100 mg", every=1, count=3) + infusion
    row = patient(lag=0.25, F=0.8)
    shifted = regimen.shifted("8 d").compile(MODEL, row)
    later = solve(MODEL.kernels, row, TIMES + 8.0, shifted, start_time=8.0, rtol=RTOL).states[0, :, 1]
    now = solve(MODEL.kernels, row, TIMES, regimen.compile(MODEL, row), rtol=RTOL).states[0, :, 1]
    assert np.abs(later - now).max() <= ASKED_MEDIAN * RTOL * now.max()


def test_no_dose_is_no_drug() -> None:
    nothing = states(Regimen())
    assert states(dose("drug", 0, every=1, count=3)).tobytes() == nothing.tobytes()
    assert states(dose("drug", "0 mg", route="iv", infuse="1 h")).tobytes() == nothing.tobytes()
    untaken = dose("drug", "30 mg", every=1, count=3)
    assert states(untaken, taken=np.zeros((1, 3), dtype=bool)).tobytes() == nothing.tobytes()


def test_together_is_alone_and_order_does_not_matter() -> None:
    one, other = dose("drug", "100 mg", every=1, count=3), dose("other", "50 mg", start=0.3)
    both = states(one + other)[0]
    alone = states(one)[0]
    assert np.abs(both[:, :3] - alone[:, :3]).max() <= ASKED_WORST * RTOL * 100
    np.testing.assert_allclose(both[:, 3], states(other)[0, :, 3], rtol=ASKED_WORST * RTOL, atol=RTOL)
    assert states(one + other).tobytes() == states(other + one).tobytes()


def test_missed_doses_are_absent_lines() -> None:
    six = dose("drug", "100 mg", every=1, count=4)
    taken = np.array([[True, False, True, True]])
    listed = sum((dose("drug", "100 mg", start=time) for time in (0, 2, 3)), Regimen())
    assert states(six, taken=taken).tobytes() == states(listed).tobytes()


def test_late_and_smaller_doses_are_lines_of_their_own() -> None:
    regimen = dose("drug", "100 mg", every=1, count=2)
    options = {"delay": np.array([[0.0, 0.5]]), "amount_factor": np.array([[1.0, 0.25]])}
    listed = dose("drug", "100 mg") + dose("drug", "25 mg", start=1.5)
    assert states(regimen, **options).tobytes() == states(listed).tobytes()


def test_every_patient_has_the_events_they_have_alone() -> None:
    rows = cohort(11)
    regimen = (
        dose("drug", "100 mg", every=1, count=3, start=0.5)
        + dose("drug", "60 mg", route="iv", rate="40 mg/d", ss=1, ii=1.25)
        + reset(4)
    )
    together = states(regimen, rows)
    for index in (0, 4, 10):
        assert states(regimen, rows[index : index + 1]).tobytes() == together[index : index + 1].tobytes()
    order = np.random.default_rng(1).permutation(11)
    assert states(regimen, rows[order]).tobytes() == together[order].tobytes()


# ---------------------------------------------------------------- conventions


@pytest.mark.parametrize("given_as", [{"infuse": "2 d"}, {"rate": "50 mg/d"}])
@pytest.mark.parametrize("convention", ["duration fixed", "rate fixed"])
def test_convention_of_bioavailability_holds_what_it_names(given_as: dict, convention: str) -> None:
    regimen = dose("drug", "100 mg", route="iv", bioavailability_of_infusion=convention, **given_as)
    events = regimen.compile(MODEL, patient(F=0.5))
    assert events.kind.tolist() == [Kind.ADD_INPUT, Kind.ADD_INPUT]
    rate, lasts = events.value[0], events.time[1] - events.time[0]
    assert (rate, lasts) == ((25.0, 2.0) if convention == "duration fixed" else (50.0, 1.0))


def test_default_conventions_are_nonmems() -> None:
    def infusion(**words) -> Regimen:
        return dose("drug", "100 mg", route="iv", **words)

    assert infusion(infuse=2) == infusion(infuse=2, bioavailability_of_infusion="duration fixed")
    assert infusion(rate=50) == infusion(rate=50, bioavailability_of_infusion="rate fixed")


def test_order_of_what_happens_at_one_time() -> None:
    regimen = (
        dose("drug", "10 mg", route="iv", infuse="2 d")
        + dose("drug", "20 mg", route="iv", start=2)
        + dose("other", "40 mg", start=2, ss=1, ii=1)
        + dose("drug", "30 mg", start=2)
        + reset(3)
        + dose("other", "50 mg", start=3)
        + dose("drug", "60 mg", route="iv", start=2, infuse="1 d")
    )
    switch = Switch("antibody", np.array([2.5]))
    events = regimen.compile(MODEL, patient(), switches=(switch,))
    at = {time: [Kind(kind).name for kind in events.kind[events.time == time]] for time in (2.0, 3.0)}
    # An infusion ends; in table order a dose, a steady state and its dose, a dose, the start of an infusion.
    assert at[2.0] == ["ADD_INPUT", "ADD_STATE", "SET_STATE", "ADD_STATE", "ADD_STATE", "ADD_INPUT"]
    # The reset, the switch again, the dose; the infusion that the reset stopped has no end.
    assert at[3.0] == ["RESET", "SET_INPUT", "ADD_STATE"]


def test_values_of_inputs_come_with_the_dose() -> None:
    regimen = dose("drug", "10 mg", every=1, count=2)
    inputs = {"ka_occasion": np.array([[2.0, math.nan]])}
    events = regimen.compile(MODEL, patient(lag=0.25), dose_inputs=inputs)
    assert events.time.tolist() == [0.25, 0.25, 1.25]
    assert events.kind.tolist() == [Kind.SET_INPUT, Kind.ADD_STATE, Kind.ADD_STATE]


def test_administrations_count_injections() -> None:
    regimen = dose("drug", "30 mg", every="2 weeks", count=6) + dose("other", 1, start=15) + reset(20)
    given = regimen.administrations()
    assert [(item.time, item.drug) for item in given[:3]] == [(0.0, "drug"), (14.0, "drug"), (15.0, "other")]
    assert len(given) == 7
    assert len(regimen.administrations(until="28 d")) == 4
    assert regimen.drugs == ("drug", "other")


def test_what_is_after_a_time_is_the_rest() -> None:
    rows = cohort(3)
    events = dose("drug", "10 mg", every=1, count=4).compile(MODEL, rows)
    rest = after(events, 1.2)
    for index in range(3):
        own = slice(*events.offsets[index : index + 2])
        kept = rest.time[slice(*rest.offsets[index : index + 2])]
        assert kept.tolist() == [time for time in events.time[own] if time > 1.2]


def test_a_patient_without_a_lag_fails_alone() -> None:
    rows = cohort(9)
    rows[4, 6] = math.nan
    for regimen in (dose("drug", "10 mg"), dose("drug", "10 mg", route="iv", ii=1, ss=1, infuse="0.5 d")):
        solution = solve(MODEL.kernels, rows, TIMES, regimen.compile(MODEL, rows), rtol=RTOL)
        others = np.delete(np.arange(9), 4)
        assert solution.status[4] < 0
        assert np.all(solution.status[others] == 0)
        assert states(regimen, rows[others]).tobytes() == solution.states[others].tobytes()


# ---------------------------------------------------------------- refusals

REFUSED_DOSES = [
    ({"amount": "-30 mg"}, r"the amount must be a finite number and not negative"),
    ({"amount": "30"}, r"the amount has no unit; write '30 mg'"),
    ({"amount": "30 mg", "every": "1 d"}, r"every = '1 d' without count"),
    ({"amount": "30 mg", "addl": 3}, r"ADDL = 3 without II"),
    ({"amount": "30 mg", "addl": "3", "ii": 1}, r"addl = '3' must be a whole number from 0 on"),
    ({"amount": "30 mg", "bioavailability": "half"}, r"F = 'half' must be a finite number"),
    ({"amount": "30 mg", "count": 0, "every": 1}, r"count = 0 must be a whole number from 1 on"),
    ({"amount": "30 mg", "every": 1, "ii": 1, "count": 2}, r"every and ii say the same thing"),
    ({"amount": "30 mg", "addl": 1, "count": 2, "ii": 1}, r"count and addl say the same thing"),
    ({"amount": "30 mg", "ss": 1}, r"SS = 1 without II"),
    ({"amount": "30 mg", "ss": 3, "ii": 1}, r"SS = 3 is not supported"),
    ({"amount": "30 mg", "ss": 1, "ii": 1, "evid": 2}, r"EVID = 2 \(other\) gives no dose, but AMT = 30.0"),
    ({"amount": "30 mg", "evid": 5}, r"EVID = 5 does not exist; allowed: 0 observation, 1 dose"),
    ({"amount": "30 mg", "infuse": "1 h", "rate": "3 mg/d"}, r"both rate and infuse"),
    ({"amount": "30 mg", "infuse": "0 h"}, r"needs a rate and a duration above 0"),
    ({"amount": "30 mg", "infuse": "-1 h"}, r"duration = -0.04\d* must be a finite number"),
    (
        {"amount": "30 mg", "bioavailability_of_infusion": "rate fixed"},
        r"without an infusion; give infuse",
    ),
    ({"amount": "30 mg", "infuse": 1, "bioavailability_of_infusion": "F"}, r"choose from 'duration fixed'"),
    ({"amount": 0, "rate": "3 mg/d"}, r"the rate has a unit but the amount has none"),
    ({"amount": 0, "rate": 3.0}, r"AMT = 0 with RATE > 0 is an infusion without end"),
    ({"amount": 0, "ss": 1}, r"infusion at steady state and needs RATE > 0"),
    ({"amount": 0, "ss": 1, "rate": 3.0, "addl": 2, "ii": 0}, r"ADDL"),
    ({"amount": "30 mg", "addl": 10**9, "ii": 1}, r"ADDL = 1000000000 must be a whole number below 100000"),
    ({"amount": "30 mg", "lag": "-1 h"}, r"LAG = -0.04\d* must be"),
    ({"amount": "30 mg", "route": "sc", "cmt": 1}, r"both route 'drug.sc' and CMT = 1"),
    ({"amount": "30 mg", "start": "1 mg"}, r"start: 'mg' is a unit of mass, but time is needed"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED_DOSES)
def test_contradictory_words_are_refused(words: dict, message: str) -> None:
    words = dict(words)
    with pytest.raises((DosingError, UnitError), match=message):
        dose("drug", words.pop("amount"), **words)


@pytest.mark.parametrize(
    ("regimen", "message"),
    [
        (dose("drgu", 1), r"no drug 'drgu'; did you mean 'drug'"),
        (dose("drug", 1, route="sc"), r"line 1 of the regimen: no route 'drug.sc' for drug"),
        (dose("drug", 1, cmt=7), r"CMT = 7 takes no dose of drug; it enters by CMT = 1 \(drug.po\), 2"),
        (dose("drug", 1) + dose("other", 1, infuse=1), r"line 2 of the regimen: other.iv takes no infusion"),
        (dose("drug", "1 mL"), r"amount of drug: 'mL' is a unit of volume, but mass is needed"),
    ],
)
def test_regimens_that_do_not_fit_the_model_are_refused(regimen: Regimen, message: str) -> None:
    with pytest.raises((DosingError, UnitError), match=message):
        regimen.compile(MODEL, patient())


def test_arrays_of_another_shape_are_refused() -> None:
    with pytest.raises(DosingError, match=r"taken has shape \(1, 2\); 1 patients and 3 doses need \(1, 3\)"):
        dose("drug", 1, every=1, count=3).compile(MODEL, patient(), taken=np.ones((1, 2), dtype=bool))
    with pytest.raises(DosingError, match=r"no input 'ka_ocasion'; did you mean 'ka_occasion'"):
        dose("drug", 1).compile(MODEL, patient(), dose_inputs={"ka_ocasion": np.ones((1, 1))})
