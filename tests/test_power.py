"""Schoenfeld's formula and exact tests: textbook, SciPy, simulated trials, and what they must obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lag3ig.model.errors import Lag3igError
from lag3ig.model.event_times import event_times
from lag3ig.model.group_sequential import spending_bounds
from lag3ig.model.log_rank import log_rank
from lag3ig.model.power import (
    TESTS,
    drift_of_one_look,
    exact_p_values,
    exact_test,
    schoenfeld_drift,
    schoenfeld_events,
    schoenfeld_power,
)

from .tolerances import GRID_OF_RATES, OPTIMUM, ROUNDING, SAMPLING


@pytest.mark.parametrize(
    ("ratio", "power", "events"),
    [
        (0.57, 0.9, 133),  # Collett, Modelling Survival Data in Medical Research, chapter 10
        (0.5, 0.8, 65),  # 4 (1.960 + 0.842)^2 / 0.4805 = 65.3
        (2.0, 0.8, 65),
        (0.7, 0.9, 330),  # 4 (1.960 + 1.282)^2 / 0.1272 = 330.4
    ],
)
def test_events_of_a_textbook(ratio, power, events):
    assert round(float(schoenfeld_events(drift_of_one_look(power), ratio))) == events


@given(st.floats(0.2, 0.95), st.floats(0.3, 0.99), st.floats(0.001, 0.1), st.floats(0.1, 0.9))
def test_events_for_a_power_have_that_power(ratio, power, alpha, treated):
    drift = drift_of_one_look(power, alpha=alpha)
    events = schoenfeld_events(drift, ratio, treated=treated)
    found = schoenfeld_power(events, ratio, alpha=alpha, treated=treated)
    if drift > 0.0:
        assert float(found) == pytest.approx(power, rel=OPTIMUM)
    assert schoenfeld_events(drift, ratio) <= events * (1.0 + ROUNDING)  # equal arms need the fewest


def test_no_effect_has_the_power_of_the_error():
    assert float(schoenfeld_power(200, 1.0)) == pytest.approx(0.025, rel=OPTIMUM)
    assert np.isinf(schoenfeld_events(2.8, 1.0))
    assert float(schoenfeld_power(200, 1.4)) < 0.025


REPLICATES = 4_000
OF_THE_FORMULA = 0.01  # Schoenfeld's is that of small effects


def test_log_rank_has_the_power_of_schoenfeld():
    """Exponential times, everybody followed to the event; the formula is that for ratios near 1."""
    ratio, each = 0.75, 190
    generator = np.random.default_rng(83)
    arms = [
        event_times(generator.exponential(mean, (REPLICATES, each)), np.ones((REPLICATES, each)))
        for mean in (1.0, 1.0 / ratio)
    ]
    rejected = np.mean(log_rank(*arms).p_fewer_events < 0.025)
    expected = float(schoenfeld_power(2 * each, ratio))
    assert abs(rejected - expected) < SAMPLING * np.sqrt(expected * (1.0 - expected) / REPLICATES)


def test_interim_looks_at_a_log_rank_test_have_the_power_asked_for():
    """Two looks by number of events: everybody enters at once, the first look censors at half the events."""
    ratio, bounds = 0.7, spending_bounds([0.5, 1.0], spending="pocock")
    events = int(np.ceil(schoenfeld_events(bounds.drift(0.8), ratio)))
    generator = np.random.default_rng(84)
    each = events // 2
    times = [generator.exponential(mean, (REPLICATES, each)) for mean in (1.0, 1.0 / ratio)]
    half = np.sort(np.concatenate(times, axis=1), axis=1)[:, [each - 1]]
    early = [event_times(np.minimum(time, half), time <= half) for time in times]
    late = [event_times(time, np.ones_like(time)) for time in times]
    z = np.stack([-log_rank(*early).z, -log_rank(*late).z])
    rejected = np.mean((z >= bounds.efficacy[:, None]).any(axis=0))
    assert abs(rejected - 0.8) < SAMPLING * np.sqrt(0.8 * 0.2 / REPLICATES) + OF_THE_FORMULA


TABLES = [(7, 9), (12, 12), (5, 14)]


@pytest.mark.parametrize(("treated", "control"), TABLES)
def test_fisher_agrees_with_scipy(treated, control):
    for both_sides, alternative in ((False, "greater"), (True, "two-sided")):
        ours = exact_p_values(treated, control, test="fisher", both_sides=both_sides)
        for row, column in np.ndindex(ours.shape):
            table = [[row, column], [treated - row, control - column]]
            theirs = stats.fisher_exact(table, alternative=alternative).pvalue
            assert ours[row, column] == pytest.approx(theirs, rel=OPTIMUM)


@pytest.mark.parametrize("test", ["boschloo", "barnard"])
@pytest.mark.parametrize("both_sides", [False, True])
def test_unconditional_tests_agree_with_scipy(test, both_sides):
    theirs = {"boschloo": stats.boschloo_exact, "barnard": stats.barnard_exact}[test]
    alternative = "two-sided" if both_sides else "greater"
    treated, control = 9, 11
    ours = exact_p_values(treated, control, test=test, both_sides=both_sides)
    for row, column in [(7, 3), (9, 6), (4, 1), (2, 2), (8, 8), (1, 6), (9, 0), (6, 5)]:
        table = [[row, column], [treated - row, control - column]]
        found = theirs(table, alternative=alternative).pvalue
        assert ours[row, column] == pytest.approx(found, rel=GRID_OF_RATES)


def test_the_examples_of_scipy():
    """Boschloo: 74 of 117 beside 31 of 63 people; Barnard: 12 of 15 beside 7 of 15 infected.

    SciPy's search for Barnard's largest chance stops a thousandth short of the top here, so that ours is held
    to its binomials on a fine grid.
    """
    found = stats.boschloo_exact([[74, 31], [43, 32]], alternative="greater").pvalue
    assert exact_p_values(117, 63)[74, 31] == pytest.approx(found, rel=GRID_OF_RATES)

    ours = exact_p_values(15, 15, test="barnard")
    assert ours[12, 7] >= stats.barnard_exact([[12, 7], [3, 8]], alternative="greater").pvalue
    chances = stats.binom.pmf(np.arange(16), 15, np.linspace(0.0, 1.0, 20_001)[:, None])
    count = np.arange(16)
    pooled = np.add.outer(count, count) / 30.0
    error = np.sqrt(pooled * (1.0 - pooled) / 7.5) + (pooled == 0.0) + (pooled == 1.0)
    z = np.subtract.outer(count, count) / 15.0 / error
    extreme = z >= z[12, 7] * (1.0 - OPTIMUM)
    largest = ((chances @ extreme) * chances).sum(axis=1).max()
    assert ours[12, 7] == pytest.approx(largest, rel=GRID_OF_RATES)


SIZES = st.integers(1, 14)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.sampled_from(TESTS), st.booleans(), st.floats(0.005, 0.2))
def test_the_true_error_is_not_above_nominal_at_any_rate(treated, control, test, both_sides, alpha):
    found = exact_test(treated, control, test=test, alpha=alpha, both_sides=both_sides)
    largest, where = found.largest_size
    assert largest <= alpha * (1.0 + OPTIMUM)
    assert np.all(found.size(np.random.default_rng(1).random(500)) <= largest * (1.0 + OPTIMUM) + OPTIMUM)
    assert float(found.size(where)) == pytest.approx(largest, rel=OPTIMUM, abs=ROUNDING)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.floats(0.005, 0.2))
def test_boschloo_rejects_whatever_fisher_rejects(treated, control, alpha):
    fisher = exact_test(treated, control, test="fisher", alpha=alpha)
    assert np.all(exact_test(treated, control, alpha=alpha).rejected[fisher.rejected])


def test_the_chance_of_rejection_is_that_of_drawn_trials():
    found, trials = exact_test(30, 20, alpha=0.05), 100_000
    generator = np.random.default_rng(3)
    drawn = found.rejected[generator.binomial(30, 0.5, trials), generator.binomial(20, 0.2, trials)]
    expected = float(found.power(0.5, 0.2))
    assert abs(drawn.mean() - expected) < SAMPLING * np.sqrt(expected * (1.0 - expected) / trials)
    np.testing.assert_allclose(found.power([0.5, 0.3], [0.2, 0.3])[0], expected, rtol=ROUNDING)


def test_drift_is_that_of_the_walk():
    events = schoenfeld_events(3.0, 0.8, treated=0.4)
    assert float(schoenfeld_drift(events, 0.8, treated=0.4)) == pytest.approx(3.0, rel=OPTIMUM)


def test_mistakes_are_named():
    with pytest.raises(Lag3igError, match="did you mean 'fisher'"):
        exact_test(5, 5, test="fischer")
    with pytest.raises(Lag3igError, match="arms of 0 and 5"):
        exact_test(0, 5)
    with pytest.raises(Lag3igError, match="alpha 1"):
        exact_test(5, 5, alpha=1.0)
    with pytest.raises(Lag3igError, match="hazard ratio"):
        schoenfeld_power(100, 0.0)
    with pytest.raises(Lag3igError, match="give a share"):
        schoenfeld_power(100, 0.7, treated=1.0)
