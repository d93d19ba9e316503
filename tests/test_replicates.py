"""Replicate trials: Fisher's exact test, who is in them, how many injections they give."""

import numpy as np
import pytest
from scipy.stats import chisquare, fisher_exact

from lag3ig.experiments.replicates import Pool, draw_unused, fisher_tables, replicate_trials
from lag3ig.model.errors import ProtocolError

from .tolerances import ROUNDING


def test_fisher_as_published():
    one_sided, two_sided = fisher_tables(11, 8)
    assert one_sided.shape == (12, 9)
    assert round(one_sided[3, 7], 4) == 0.0149
    assert round(two_sided[3, 7], 4) == 0.0198
    assert one_sided[0, 0] == pytest.approx(1.0, rel=ROUNDING)


@pytest.mark.parametrize(("low", "high"), [(11, 8), (1, 1), (5, 19)])
def test_fisher_is_that_of_scipy(low, high):
    one_sided, two_sided = fisher_tables(low, high)
    for i in range(low + 1):
        for j in range(high + 1):
            counts = [[j, high - j], [i, low - i]]
            assert one_sided[i, j] == pytest.approx(fisher_exact(counts, "greater").pvalue, rel=ROUNDING)
            assert two_sided[i, j] == pytest.approx(fisher_exact(counts).pvalue, rel=ROUNDING)


def pools(stable=None, patients=40):
    stable = np.ones(patients) if stable is None else stable
    taken = np.ones((patients, 6), dtype=bool)
    times = np.arange(6) * 14.0
    return [
        Pool("a", stable, taken, times, 11, 1, "low"),
        Pool("b", stable, taken, times, 8, 1, "high"),
    ]


def test_every_trial_has_its_evaluable_patients_and_nobody_twice():
    # One patient in forty is stable: drawn twice, a count could exceed one.
    stable = np.zeros(40)
    stable[7] = 1.0
    trials = replicate_trials(pools(stable), count=400, seed=1, end=84.0)
    total = trials["stable_low"] + trials["stable_high"]
    assert total.max() == 1
    assert 0.3 < total.mean() < 0.65  # 19 of 40 on average
    assert np.all(trials["evaluable_low"] == 11)


def test_patients_that_cannot_be_judged_are_never_evaluable_ones():
    stable = np.where(np.arange(60) < 30, np.nan, 1.0)
    trials = replicate_trials(pools(stable, 60), count=200, seed=1, end=84.0)
    assert np.all(trials["stable_low"] == 11)
    assert np.all(trials["stable_high"] == 8)
    with pytest.raises(ProtocolError, match="simulate more patients"):
        replicate_trials(pools(np.full(60, np.nan), 60), count=2, seed=1, end=84.0)


def test_withdrawn_patients_add_one_to_six_injections():
    trials = replicate_trials(pools(), count=4_000, seed=1, end=84.0)
    extra = trials["injections"] - 19 * 6
    assert extra.min() == 2
    assert extra.max() == 12
    assert extra.mean() == pytest.approx(7.0, abs=4 * np.sqrt(2 * 35 / 12 / 4_000))


def test_trial_r_does_not_depend_on_how_many_there_are():
    few, many = (replicate_trials(pools(), count=count, seed=5, end=84.0) for count in (10, 300))
    np.testing.assert_array_equal(few["injections"], many["injections"][:10])


def test_each_unused_patient_is_equally_likely():
    allowed = np.array([0, 2, 3, 5, 8, 9])
    used = np.tile([[0], [3], [4]], 60_000)
    drawn = draw_unused(allowed, used, (np.arange(60_000) + 0.5) / 60_000, 10)
    values, counts = np.unique(drawn, return_counts=True)
    assert values.tolist() == [2, 5, 8, 9]
    assert chisquare(counts).pvalue > 0.99
