"""Kaplan-Meier and exact intervals, by hand and against lifelines."""

import lifelines
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import median_survival_times
from scipy import stats

from lag3ig.model.survival import kaplan_meier, proportion

from .tolerances import ROUNDING


def test_a_case_worked_by_hand():
    # 6 patients: events at 1, 3, 3; censored at 2, 3 (after the events of that day) and 5.
    curve = kaplan_meier([1, 2, 3, 3, 3, 5], [1, 0, 1, 1, 0, 0])
    np.testing.assert_allclose(
        curve.at([0, 1, 2, 3, 5, 9]), [1, 5 / 6, 5 / 6, 5 / 12, 5 / 12, 5 / 12], rtol=ROUNDING
    )
    assert curve.at_risk([0, 1, 2, 3, 4, 5, 6]).tolist() == [6, 6, 5, 4, 1, 1, 0]
    assert curve.median == 3.0
    assert (curve.events, curve.missing) == (3, 0)


def test_without_censoring_it_is_the_empirical_share():
    times = np.array([4.0, 1.0, 2.0, 8.0])
    curve = kaplan_meier(times, np.ones(4, bool))
    np.testing.assert_allclose(curve.probability, [0.75, 0.5, 0.25, 0.0], rtol=ROUNDING)
    assert curve.median == 2.0


def test_nobody_progresses_and_nobody_is_judged():
    curve = kaplan_meier([5.0, 6.0], [False, False])
    assert curve.at([10.0])[0] == 1.0
    assert curve.median == np.inf
    assert curve.median_interval == (np.inf, np.inf)
    empty = kaplan_meier([np.nan, np.nan], [False, False])
    assert empty.missing == 2
    assert empty.at([1.0])[0] == 1.0


def test_a_patient_that_cannot_be_judged_is_counted_not_used():
    with_one, without = kaplan_meier([1, np.nan, 3], [1, 0, 1]), kaplan_meier([1, 3], [1, 1])
    np.testing.assert_array_equal(with_one.probability, without.probability)
    assert with_one.missing == 1


@pytest.mark.parametrize("seed", range(8))
def test_lifelines_agrees_with_ties_and_censoring(seed):
    generator = np.random.default_rng(seed)
    count = int(generator.integers(5, 300))
    time = np.ceil(generator.exponential(30.0, count) / 7.0) * 7.0
    event = generator.random(count) < 0.7
    event[0] = True
    ours = kaplan_meier(time, event)
    theirs = lifelines.KaplanMeierFitter().fit(time, event)
    np.testing.assert_allclose(ours.at(ours.time), theirs.predict(ours.time), rtol=ROUNDING)
    band = theirs.confidence_interval_.loc[ours.time].to_numpy()
    inner = (ours.probability > 0.0) & (ours.probability < 1.0)
    np.testing.assert_allclose(ours.lower[inner], band[inner, 0], rtol=1e3 * ROUNDING)
    np.testing.assert_allclose(ours.upper[inner], band[inner, 1], rtol=1e3 * ROUNDING)
    assert ours.median == theirs.median_survival_time_
    assert ours.median_interval == tuple(median_survival_times(theirs.confidence_interval_).to_numpy()[0])
    at_risk = theirs.event_table["at_risk"].loc[ours.time]
    assert ours.at_risk(ours.time).tolist() == at_risk.tolist()


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=40))
def test_the_curve_falls_and_lies_in_its_band(patients):
    time, event = np.array(patients).T
    curve = kaplan_meier(time, event.astype(bool))
    assert np.all(np.diff(curve.probability) <= 0.0)
    assert np.all(curve.lower <= curve.probability + ROUNDING)
    assert np.all(curve.upper >= curve.probability - ROUNDING)
    assert curve.at_risk([0.0])[0] == len(patients)


# Intervals printed in the evidence: exact 95 % of 7/8 and 3/11.
@pytest.mark.parametrize(("count", "number", "lower", "upper"), [(7, 8, 0.473, 0.997), (3, 11, 0.060, 0.610)])
def test_exact_intervals(count, number, lower, upper):
    share = proportion(count, number)
    assert round(share.lower, 3) == lower
    assert round(share.upper, 3) == upper


def test_proportions_at_the_ends():
    assert proportion(0, 5).lower == 0.0
    assert proportion(5, 5).upper == 1.0
    assert str(proportion(0, 0)) == "0 of 0"


@given(st.integers(1, 6_000), st.floats(0.0, 1.0), st.sampled_from([0.8, 0.95, 0.99]))
def test_exact_intervals_are_those_of_the_binomial_tails(number, part, level):
    count = round(part * number)
    found = proportion(count, number, level=level)
    tail = 0.5 * (1.0 - level)
    if count:
        assert stats.binom.sf(count - 1, number, found.lower) == pytest.approx(tail, rel=1e4 * ROUNDING)
    else:
        assert found.lower == 0.0
    if count < number:
        assert stats.binom.cdf(count, number, found.upper) == pytest.approx(tail, rel=1e4 * ROUNDING)
    else:
        assert found.upper == 1.0
