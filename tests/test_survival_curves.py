"""Kaplan-Meier of replicate trials and weighted populations: lifelines, whole fractions, equal ways."""

from fractions import Fraction

import lifelines
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.utils import median_survival_times

from lag3ig.model.errors import Lag3igError
from lag3ig.model.event_times import event_times
from lag3ig.model.survival import kaplan_meier
from lag3ig.model.survival_curves import median_times, survival_at, weighted_survival

from .event_data import DATA_SETS, MERCAPTOPURINE, PLACEBO, replicate_arm, tied_arm, tied_trial, written
from .tolerances import DIGITS, ROUNDING, SAMPLING

DAYS = np.array([0.0, 3.5, 7.0, 14.0, 30.0, 63.0, 200.0])


@pytest.mark.parametrize("seed", range(DATA_SETS))
def test_lifelines_agrees(seed):
    arm = tied_trial(seed)[0]
    theirs = lifelines.KaplanMeierFitter().fit(arm.time[0], arm.event[0])
    ours, median = survival_at(arm, DAYS), median_times(arm)
    np.testing.assert_allclose(ours.survival[0], theirs.predict(DAYS), rtol=1e3 * ROUNDING)
    assert ours.at_risk[0].tolist() == [np.count_nonzero(arm.time >= day) for day in DAYS]
    assert median.median[0] == theirs.median_survival_time_
    lower, upper = median_survival_times(theirs.confidence_interval_).to_numpy()[0]
    assert (median.lower[0], median.upper[0]) == (lower, upper)


@pytest.mark.parametrize("seed", range(20))
def test_the_curve_of_reports_agrees(seed):
    for arm in tied_trial(seed):
        report = kaplan_meier(arm.time[0], arm.event[0])
        ours, median = survival_at(arm, DAYS), median_times(arm)
        np.testing.assert_allclose(ours.survival[0], report.at(DAYS), rtol=1e2 * ROUNDING)
        assert ours.at_risk[0].tolist() == report.at_risk(DAYS).tolist()
        assert median.median[0] == report.median
        assert (median.lower[0], median.upper[0]) == report.median_interval


def test_the_trial_of_mercaptopurine_as_printed():
    """Curve and medians in Cox and Oakes, Analysis of Survival Data, table 4.2, and most textbooks since."""
    treated, control = written(MERCAPTOPURINE), written(PLACEBO)
    found = survival_at(treated, [6, 7, 10, 13, 16, 22, 23])
    printed = [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]
    np.testing.assert_allclose(found.survival[0], printed, atol=0.5 * DIGITS[3], rtol=0.0)
    assert found.at_risk[0].tolist() == [21, 17, 15, 12, 11, 7, 6]
    assert (median_times(treated).median[0], median_times(control).median[0]) == (23.0, 8.0)
    # Greenwood's standard error at 6 weeks is that of a share, since nobody had been censored.
    share = 18 / 21
    error = np.sqrt(share * (1.0 - share) / 21)
    assert found.standard_error[0, 0] == pytest.approx(error, rel=1e2 * ROUNDING)


ARM = st.lists(st.tuples(st.integers(0, 12), st.booleans()), min_size=1, max_size=24)


@given(ARM)
def test_medians_are_those_of_whole_fractions(patients):
    """A curve that stands at exactly one half has reached its median, whatever rounding says."""
    share, median = Fraction(1), np.inf
    for day in sorted({day for day, _ in patients}):
        followed = sum(other >= day for other, _ in patients)
        share *= 1 - Fraction(patients.count((day, True)), followed)
        if share <= Fraction(1, 2):
            median = float(day)
            break
    time, event = np.array(patients).T
    assert median_times(event_times(time, event)).median[0] == median
    assert kaplan_meier(time, event.astype(bool)).median == median


@given(ARM, st.integers(1, 4))
def test_a_whole_weight_is_so_many_patients(patients, seed):
    time, event = np.array(patients, dtype=float).T
    weight = np.random.default_rng(seed).integers(0, 4, time.size)
    weight[-1] += 1
    repeated = kaplan_meier(np.repeat(time, weight), np.repeat(event, weight).astype(bool))
    found = weighted_survival(time, event, weight=0.37 * weight, times=DAYS)
    np.testing.assert_allclose(found, repeated.at(DAYS), rtol=1e2 * ROUNDING, atol=ROUNDING)


def test_sets_of_weights_and_replicates_have_the_bits_they_have_alone():
    generator = np.random.default_rng(3)
    time, event = tied_arm(generator, 2_000)
    time[:50] = np.nan
    weights = generator.exponential(1.0, (40, 2_000))
    together = weighted_survival(time, event, weight=weights, times=DAYS)
    alone = [weighted_survival(time, event, weight=weight, times=DAYS) for weight in weights]
    np.testing.assert_array_equal(together, np.stack(alone))
    arm = replicate_arm(generator, 1_500, 113)
    curves, medians = survival_at(arm, [50.0, 250.0]), median_times(arm)
    for row in range(0, 1_500, 97):
        one = arm.rows(slice(row, row + 1))
        np.testing.assert_array_equal(curves.survival[row], survival_at(one, [50.0, 250.0]).survival[0])
        assert (medians.lower[row], medians.upper[row]) == (
            median_times(one).lower[0],
            median_times(one).upper[0],
        )


def test_weights_undo_a_biased_sample():
    """Patients of a fast and a slow group, sampled 1 to 1 and weighted 1 to 3: the share of the mixture."""
    generator = np.random.default_rng(4)
    hazard = np.repeat([0.02, 0.005], 5_000)
    event_day, last_day = generator.exponential(1.0 / hazard), generator.uniform(0.0, 400.0, hazard.size)
    found = weighted_survival(
        np.minimum(event_day, last_day),
        event_day <= last_day,
        weight=np.repeat([1.0, 3.0], 5_000),
        times=[60.0],
    )
    truth = 0.25 * np.exp(-1.2) + 0.75 * np.exp(-0.3)
    assert abs(found[0] - truth) < SAMPLING * np.sqrt(truth * (1.0 - truth) / 5_000)


def test_intervals_cover_the_median():
    generator = np.random.default_rng(5)
    arm = replicate_arm(generator, 2_000, 200, hazard=0.005)
    found, truth = median_times(arm), np.log(2.0) / 0.005
    covered = np.mean((found.lower <= truth) & (found.upper >= truth))
    assert abs(covered - 0.95) < SAMPLING * np.sqrt(0.95 * 0.05 / 2_000)


def test_who_cannot_be_judged_does_not_count():
    arm = event_times([[1.0, np.nan, 3.0], [np.nan] * 3], [[1, 1, 0], [1, 1, 1]])
    found = survival_at(arm, [2.0])
    assert found.survival[0, 0] == 0.5
    assert found.at_risk[:, 0].tolist() == [1.0, 0.0]
    assert np.isnan(found.survival[1, 0])
    assert np.isnan(median_times(arm).median[1])


@pytest.mark.parametrize(
    ("weight", "message"),
    [
        ([1.0, -1.0], "weight -1.0 of patient 1"),
        ([1.0, np.nan], "weight nan of patient 1"),
        ([0.0, 0.0], "no patient who can be judged"),
        ([1.0], r"weight \(1,\)"),
    ],
)
def test_mistakes_are_named(weight, message):
    with pytest.raises(Lag3igError, match=message):
        weighted_survival([1.0, 2.0], [1, 0], weight=weight, times=[1.0])
    with pytest.raises(Lag3igError, match="without NaN"):
        survival_at(event_times([1.0], [1]), [np.nan])
