"""Endpoints of a trial as it is run: death, duration of response, iRECIST, counts at visits."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.experiments.trial import run_trial
from lag3ig.model.chance import draw_chance
from lag3ig.model.death import death_times
from lag3ig.model.endpoints import Progression, response_duration, until_death
from lag3ig.model.errors import ProtocolError
from lag3ig.model.trial_design import Conduct

from .tolerances import ROUNDING, SAMPLING

TEXT = load_protocol("lag3ig-pembrolizumab-melanoma").text
SIZE = {"patients": 300, "replicates": 0, "history_patients": 0, "seed": 2}
INF, NAN = np.inf, np.nan


def trial(before="", **changes):
    """Part B of the melanoma trial, with a section in front and words exchanged."""
    text = TEXT
    for old, new in changes.items():
        text = text.replace(old, new)
    return run_trial(parse_protocol(text.replace("[response]", before + "\n[response]", 1)), **SIZE)


@pytest.fixture(scope="module")
def with_deaths():
    return trial("[survival]\nassumed = true\n", confirmation="immune = true\nconfirmation")


@pytest.fixture(scope="module")
def without_deaths():
    return trial()


def test_constant_hazard_gives_exponential_survival():
    limits = np.random.default_rng(1).exponential(size=4000)
    times = np.linspace(0.0, 4000.0, 401)
    died = death_times(
        np.full((4000, 401), 70.0),
        times,
        progression=np.full(4000, INF),
        threshold=limits,
        rate=0.01,
        exponent=0.5,
        ratio=2.0,
    )
    assert died == pytest.approx(limits / 0.01, rel=ROUNDING)
    assert abs(np.mean(died > 100.0 * np.log(2.0)) - 0.5) < SAMPLING * np.sqrt(0.25 / 4000)


def test_growing_tumour_kills_at_the_time_of_the_integral():
    """The size grows as exp(0.02 t): the integral of its root is 100 (exp(0.01 t) - 1)."""
    times = np.linspace(0.0, 300.0, 3001)
    sizes = 50.0 * np.exp(0.02 * times)
    limits = np.array([0.2, 0.7, 50.0])
    died = death_times(
        np.tile(sizes, (3, 1)),
        times,
        progression=[INF, INF, INF],
        threshold=limits,
        rate=0.005,
        exponent=0.5,
        ratio=1.0,
    )
    exact = 100.0 * np.log1p(limits / (100.0 * 0.005))
    assert died[:2] == pytest.approx(exact[:2], rel=1e-6)
    assert died[2] == INF


def test_progression_raises_the_hazard_from_its_day_on():
    times = np.arange(0.0, 101.0)
    died = death_times(
        np.ones((2, 101)),
        times,
        progression=[20.0, INF],
        threshold=[0.5, 0.5],
        rate=0.01,
        exponent=0.5,
        ratio=3.0,
    )
    assert died == pytest.approx([30.0, 50.0], rel=ROUNDING)


def test_nobody_progresses_after_death_and_survival_is_no_shorter(with_deaths):
    for arm in with_deaths.arms.values():
        table = arm.table
        assert (table["pfs_time"] <= table["os_time"] + 1e-9).all()
        assert table["os_event"].any()
        dead = table["os_event"]
        scans = np.array(with_deaths.scan_days)
        after = scans[None, :] > table["os_time"][:, None]
        assert np.isnan(table["sld"][dead][after[dead]]).all()
        # Who dies while followed for progression has had the event of progression-free survival.
        followed = dead & (table["leaves"] >= table["os_time"])
        assert table["pfs_event"][followed].all()


def test_twins_die_by_the_same_draw_so_a_smaller_tumour_never_dies_earlier(with_deaths):
    """Both arms use one threshold: with no progression in either, less tumour is a later death."""
    alone, both = (arm.table for arm in with_deaths.arms.values())
    died = alone["os_event"] & both["os_event"]
    smaller = np.nan_to_num(both["sld"] - alone["sld"], nan=0.0).max(axis=1) < 0.0
    late = died & smaller & (alone["pfs_time"] == both["pfs_time"])
    assert (both["os_time"][late] >= alone["os_time"][late]).all()


def test_a_section_on_deaths_changes_nothing_before_them(with_deaths, without_deaths):
    for name, arm in without_deaths.arms.items():
        here, there = arm.table["sld"], with_deaths.arms[name].table["sld"]
        seen = np.isfinite(there)
        np.testing.assert_array_equal(here[seen], there[seen])
        assert "os_time" not in arm.table


def test_progression_by_irecist_is_no_earlier(with_deaths):
    for arm in with_deaths.arms.values():
        table = arm.table
        assert (table["immune_pfs_time"] >= table["pfs_time"]).all()
        complete = table["best_response"] == 1
        assert np.isin(table["immune_best_response"][complete], (1, 2)).all()


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2**32), st.floats(0.0, 6.0), st.floats(0.0, 6.0))
def test_lesions_only_become_more(seed, first, more):
    visits = load_protocol("imp321-rcc-phase1").protocol.visits
    chance = draw_chance(seed, np.arange(5), visits, Conduct())
    hazard = np.tile([first, first + more], (5, 1))
    found = chance.lesions(hazard)
    assert (np.diff(found, axis=1) >= 0).all()
    np.testing.assert_array_equal(found > 0, hazard >= chance.lesion[:, None])


def test_number_of_lesions_is_that_of_a_poisson_process():
    visits = load_protocol("imp321-rcc-phase1").protocol.visits
    chance = draw_chance(7, np.arange(20_000), visits, Conduct())
    found = chance.lesions(np.full((20_000, 1), 0.8))[:, 0]
    for number, share in enumerate(np.exp(-0.8) * np.array([1.0, 0.8, 0.32])):
        error = SAMPLING * np.sqrt(share * (1.0 - share) / 20_000)
        assert abs(np.mean(found == number) - share) < error


def test_duration_of_response_by_hand():
    """SD, PR, PR, PD on days 50 to 200; PR to the end; never a response; nobody could judge."""
    codes = np.array([[3, 2, 2, 4], [2, 2, 2, 2], [3, 3, 4, 0], [0, 0, 0, 0]])
    days = np.array([50.0, 100.0, 150.0, 200.0])
    free = Progression(
        np.array([200.0, 200.0, 150.0, NAN]),
        np.array([True, False, True, False]),
        np.array([150.0, 200.0, 100.0, NAN]),
        np.array([200.0, INF, 150.0, NAN]),
    )
    found = response_duration(codes, days, free)
    np.testing.assert_array_equal(found.time, [100.0, 150.0, NAN, NAN])
    np.testing.assert_array_equal(found.event, [True, False, False, False])
    np.testing.assert_array_equal(found.lower, [50.0, 150.0, NAN, NAN])


def test_death_is_an_event_only_where_progression_was_not():
    free = Progression(
        np.array([100.0, 60.0, 80.0]),
        np.array([True, False, False]),
        np.array([50.0, 60.0, 80.0]),
        np.array([100.0, INF, INF]),
    )
    found = until_death(free, [120.0, 75.0, INF])
    np.testing.assert_array_equal(found.time, [100.0, 75.0, 80.0])
    np.testing.assert_array_equal(found.event, [True, True, False])
    np.testing.assert_array_equal(found.upper, [100.0, 75.0, INF])


def test_counts_stand_at_every_visit_until_drop_out(without_deaths):
    days = np.array(load_protocol("lag3ig-pembrolizumab-melanoma").protocol.visits.blood)
    for arm in without_deaths.arms.values():
        for name in ("monocytes", "lymphocytes", "pbmc", "activated_cd8"):
            values = arm.table[name]
            there = days[None, :] <= arm.table["leaves"][:, None]
            np.testing.assert_array_equal(np.isfinite(values), there)
        whole = arm.table["lymphocytes"] + arm.table["monocytes"]
        rest = arm.table["pbmc"] - whole
        assert np.nanstd(rest[:, 0]) < 1e-6 * np.nanmean(rest)  # what else there is, is a constant


def test_deaths_must_be_called_assumed():
    with pytest.raises(ProtocolError, match=r"survival\.assumed"):
        parse_protocol(TEXT.replace("[response]", "[survival]\nassumed = false\n\n[response]", 1))
