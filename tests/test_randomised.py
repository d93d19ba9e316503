"""Randomised trials: closed forms of exponentials, nominal errors, persons, calendars, refusals."""

import numpy as np
import pytest
from scipy import stats

from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.experiments.randomised.follow_up import Followed, day_of_event
from lag3ig.experiments.randomised.persons import Outcomes, Persons
from lag3ig.experiments.randomised.power import assurance, report, split_of
from lag3ig.experiments.randomised.section import Design
from lag3ig.experiments.randomised.trials import endless, replicate
from lag3ig.model.errors import ProtocolError
from lag3ig.model.power import schoenfeld_power

from .tolerances import ROUNDING, SAMPLING

DAYS = 365.25 / 12.0
LONG = Design(control="c", experimental="e", enrolment="1 d", follow_up="100000 d")


def persons(ratios=(1.0,), *, count=4000, rate=0.01, endpoint="pfs", share=0.4, seed=1, scans=None):
    """Exponential times with a hazard ratio for each draw, in independent persons of each arm's own world."""
    rng = np.random.default_rng(seed)
    draws = len(ratios)
    of = np.arange(count * draws) % draws
    if endpoint == "pfs":
        control = rng.exponential(1.0 / rate, of.size)
        treated = rng.exponential(1.0 / (rate * np.asarray(ratios)[of]))
        seen = np.ones(of.size, dtype=bool)
    else:
        control, treated = (rng.random((2, of.size)) < share).astype(float)
        seen = np.zeros(of.size, dtype=bool)
    return Persons(
        Outcomes(control, seen),
        Outcomes(treated, seen),
        draws,
        tuple(np.flatnonzero(of == draw) for draw in range(draws)),
        (rng.random(of.size) < 0.5).astype(np.int64),
        np.array([0.0] if scans is None else scans),
        scans is not None,
    )


def design(**changes):
    return Design.model_validate(
        {"control": "c", "experimental": "e", "enrolment": "1 d", "follow_up": "100000 d", **changes}
    )


@pytest.mark.parametrize("events_per_arm", [40, 90, 150])
def test_power_is_schoenfelds_where_hazards_are_proportional(events_per_arm):
    """Everybody has the event, so the events are the patients; ratio near 1, where the formula holds."""
    ratio, count = 0.72, 2000
    found = replicate(persons((ratio,)), LONG, (events_per_arm, events_per_arm), count=count, seed=3)
    power = float(schoenfeld_power(2 * events_per_arm, ratio))
    error = np.sqrt(power * (1.0 - power) / count)
    # The pool of 4,000 persons has a ratio of its own, off by 2 / sqrt(8,000) in the logarithm.
    slope = stats.norm.pdf(stats.norm.ppf(power)) * np.sqrt(0.5 * events_per_arm)
    assert abs(found.success.mean() - power) < SAMPLING * np.hypot(error, slope * np.sqrt(2.0 / 4000))


@pytest.mark.parametrize("test", ["log-rank", "cox"])
@pytest.mark.parametrize("strata", [False, True])
def test_error_of_the_first_kind_is_nominal(test, strata):
    found = replicate(persons(), design(test=test, strata=strata), (80, 80), count=3000, seed=5, null=True)
    error = np.sqrt(0.025 * 0.975 / 3000)
    assert abs(found.success.mean() - 0.025) < SAMPLING * error


def test_error_of_restricted_means_is_nominal():
    chosen = design(test="restricted-mean", horizon="100 d")
    found = replicate(persons(), chosen, (150, 150), count=3000, seed=6, null=True)
    assert abs(found.success.mean() - 0.025) < SAMPLING * np.sqrt(0.025 * 0.975 / 3000)


@pytest.mark.parametrize("test", ["fisher", "boschloo"])
def test_exact_tests_are_not_above_nominal(test):
    chosen = design(endpoint="responded", test=test)
    found = replicate(persons(endpoint="responded"), chosen, (60, 60), count=4000, seed=7, null=True)
    assert found.success.mean() < 0.025 + SAMPLING * np.sqrt(0.025 * 0.975 / 4000)


def test_looks_keep_the_error_and_bind_events():
    chosen = design(events=120, looks=(0.4, 0.7, 1.0))
    null = replicate(persons(), chosen, (100, 100), count=4000, seed=8, null=True)
    assert abs(null.success.mean() - 0.025) < SAMPLING * np.sqrt(0.025 * 0.975 / 4000)
    found = replicate(persons((0.5,)), chosen, (100, 100), count=500, seed=8)
    assert set(np.unique(found.events)) <= {48.0, 84.0, 120.0}
    assert (found.events == np.array([48.0, 84.0, 120.0])[found.stopped]).all()
    assert found.success.mean() > 0.9
    assert (found.stopped < 2).mean() > 0.5


def test_futility_stops_trials_that_go_nowhere():
    plain, heeded = design(events=100, looks=(0.5, 1.0)), design(events=100, looks=(0.5, 1.0), futility=0.2)
    here, there = (replicate(persons((1.3,)), one, (80, 80), count=400, seed=9) for one in (plain, heeded))
    assert (there.stopped == 0).mean() > 0.6
    assert there.success.mean() <= here.success.mean()


def test_expected_events_under_uniform_entry():
    """P(event by the cut-off) = 1 - exp(-r f) (1 - exp(-r a)) / (r a)."""
    entry, follow, rate = 400.0, 150.0, 0.004
    chosen = design(enrolment=f"{entry:g} d", follow_up=f"{follow:g} d")
    found = replicate(persons(rate=rate), chosen, (100, 100), count=1500, seed=10)
    share = 1.0 - np.exp(-rate * follow) * -np.expm1(-rate * entry) / (rate * entry)
    spread = np.sqrt(200.0 * share * (1.0 - share))
    of_pool = 200.0 * np.sqrt(share * (1.0 - share) / 8000)
    assert abs(found.events.mean() - 200.0 * share) < SAMPLING * np.hypot(spread / np.sqrt(1500), of_pool)
    assert found.events.std() == pytest.approx(spread, rel=0.1)
    assert (found.length == entry + follow).all()


def test_what_is_seen_at_a_cut_off_by_hand():
    """Entry on days 0, 10, 40, 100; events after 30, 50, none by 90, 20 days; data cut off on day 70."""
    arm = Followed(
        np.array([[0.0, 10.0, 40.0, 100.0]]),
        np.array([[30.0, 50.0, 90.0, 20.0]]),
        np.array([[True, True, False, True]]),
        np.zeros((1, 4), dtype=np.int64),
    )
    seen = arm.seen_by(np.array([70.0]), None)
    np.testing.assert_array_equal(seen.time, [[30.0, 50.0, 30.0, np.nan]])
    np.testing.assert_array_equal(seen.event, [[True, True, False, False]])
    # With scans every 25 d, the third is followed to day 25; at a cut-off on day 55 so is the second.
    scans = np.array([0.0, 25.0, 50.0, 75.0])
    np.testing.assert_array_equal(arm.seen_by(np.array([70.0]), scans).time, [[30.0, 50.0, 25.0, np.nan]])
    early = arm.seen_by(np.array([55.0]), scans)
    np.testing.assert_array_equal(early.time, [[30.0, 25.0, 0.0, np.nan]])
    np.testing.assert_array_equal(early.event, [[True, False, False, False]])
    assert day_of_event(arm, arm, 3)[0] == 60.0  # two arms alike: days 30, 30, 60, 60, 120, 120
    assert day_of_event(arm, arm, 7)[0] == np.inf


def test_a_trial_depends_on_its_number_alone():
    here = persons((0.6, 0.9, 1.1), count=300)
    few, many = (replicate(here, LONG, (20, 30), count=number, seed=11) for number in (9, 90))
    np.testing.assert_array_equal(few.estimate, many.estimate[:9])
    np.testing.assert_array_equal(many.draw, np.arange(90) % 3)
    rows = here.drawn(1, np.arange(50), 60, seed=2)
    assert all(np.unique(row).size == 60 for row in rows)
    assert np.isin(rows, here.members[1]).all()
    with pytest.raises(
        ProtocolError, match="300 virtual patients who can take part, too few for a trial of 301"
    ):
        here.drawn(1, np.arange(2), 301, seed=2)


def test_assurance_is_the_mean_of_power_over_draws():
    ratios = np.exp(np.linspace(-1.2, 0.2, 8))
    found, _ = assurance(persons(ratios, count=1500), LONG, (60, 60), count=1600, seed=12)
    expected = schoenfeld_power(120, ratios)
    error = np.sqrt(expected * (1.0 - expected) / 200)
    assert (np.abs(found.power - expected) < SAMPLING * error + 0.12).all()  # ratios of 0.3 are not near 1
    assert found.assurance == pytest.approx(found.power.mean(), rel=ROUNDING)
    assert 0.0 < found.patients_error < 0.05


def test_variance_of_estimates_splits_into_parameters_and_the_rest():
    logs = np.linspace(-0.9, 0.5, 40)
    found = replicate(persons(np.exp(logs), count=1000), LONG, (50, 50), count=4000, seed=13)
    split = split_of(found, 40)
    assert split.sampling == pytest.approx(4.0 / 100, rel=0.1)  # Cox: 4 over the events
    assert split.parameters == pytest.approx(logs.var(ddof=1), rel=0.15)


def test_no_size_is_enough_where_the_arm_is_better_in_too_few_draws():
    ratios = np.array([0.5, 0.6, 1.5, 2.0])
    found = report(persons(ratios, count=900), LONG, (50, 50), count=400, seed=14, grid=(20, 100, 300))
    assert found.better == 0.5
    assert found.enough is None
    assert max(item.assurance for item in found.curve) <= 0.6


def test_enough_patients_are_those_of_schoenfelds_formula():
    here = persons((0.6,), count=6000)
    found = report(here, LONG, (40, 40), count=4000, seed=15, grid=(20, 60, 120))
    drift = stats.norm.ppf(0.975) + stats.norm.ppf(0.8)
    wanted = (drift / np.log(0.6)) ** 2 * 4.0 / 2.0  # of each arm, everybody having the event
    assert found.enough is not None
    assert found.enough[0] == pytest.approx(wanted, rel=0.15)


TEXT = load_protocol("paclitaxel-lag3ig-phase2").text
BAD = [
    ('control = "paclitaxel"', 'control = "paclitaxol"', "design.control = 'paclitaxol'"),
    ('test = "log-rank" ', 'test = "fisher" ', "test 'fisher' is not for 'pfs'; take log-rank or cox"),
    ("# looks = [0.6, 1.0]", "looks = [0.6, 1.0]", "say how many events the last one has"),
    ("# looks = [0.6, 1.0]", "looks = [1.0, 0.6]", "increasing shares of the events"),
    ('endpoint = "pfs" ', 'endpoint = "os" ', "needs a section [survival]"),
    ('endpoint = "pfs" ', 'endpoint = "immune_pfs" ', "needs response.immune = true"),
    ("alpha = 0.025", "alpha = 0.7", "design.alpha"),
    ("alpha = 0.025", 'horizon = "1 year"', "horizon goes with the test 'restricted-mean'"),
    ("# events = 150", "events = 1500", "design.events = 1500, but the two arms have 226 patients"),
    ('test = "log-rank" ', 'horizon = "1 year"\ntest = "restricted-mean" ', "are followed for 273"),
]


@pytest.mark.parametrize(("text", "instead", "message"), BAD, ids=[item[2] for item in BAD])
def test_what_does_not_fit_is_refused(text, instead, message):
    with pytest.raises(ProtocolError) as fault:
        parse_protocol(TEXT.replace(text, instead, 1))
    assert message in str(fault.value)


def test_a_look_that_the_end_overtakes_is_not_held():
    """Few events by the end: no interim look, and the last one has what there is."""
    chosen = design(enrolment="10 d", follow_up="20 d", events=150, looks=(0.5, 1.0), futility=0.2)
    found = replicate(persons((0.4,), rate=0.01), chosen, (90, 90), count=200, seed=16)
    assert (found.events < 75).all()
    assert (found.stopped == 1).all()
    assert (found.length == 30.0).all()


def test_all_persons_in_both_arms_leave_little_chance():
    """Twins under one hazard ratio: control times over the ratio."""
    here = persons((0.7,), count=3000)
    twins = Persons(
        here.control,
        Outcomes(here.control.value / 0.7, here.control.event),
        1,
        here.members,
        here.stratum,
        here.scans,
        False,
    )
    assert endless(twins, LONG, 0, seed=1) == pytest.approx(np.log(0.7), abs=0.03)
