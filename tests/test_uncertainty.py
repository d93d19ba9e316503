"""Uncertainty of parameters in a trial's figures: what draws differ by, without the noise of few patients."""

import numpy as np
import pytest
from scipy.stats import binom

from lag3ig.experiments.replicates import Pool, replicate_trials
from lag3ig.experiments.results import Arm
from lag3ig.experiments.uncertainty import clustered, counts_under_draws, over_draws, stable_variance

from .tolerances import ROUNDING, SAMPLING

DRAWS, EACH = 200, 50


def arm(stable: np.ndarray, evaluable: int) -> Arm:
    table = {"stable_3m": stable, "status": np.zeros(stable.size, np.int8)}
    return Arm("a", "a", 1.0, "mg", "lag3ig", "", evaluable, evaluable, table)


def shares(generator, spread: float) -> np.ndarray:
    """Share of stable patients under each draw: 0.4 on average, with this standard deviation."""
    return 0.4 + spread * np.sqrt(12.0) * (generator.permutation(DRAWS) / (DRAWS - 1.0) - 0.5)


def patients(generator, share: np.ndarray, higher: float = 0.0) -> np.ndarray:
    """Stable or not; patient k belongs to draw k mod D, and has the same luck in every arm."""
    return (generator.random(DRAWS * EACH) < np.tile(share, EACH) + higher).astype(np.float64)


def test_noise_of_few_patients_is_taken_out():
    """Over many populations the variance is that of the draws, and the interval where they lie."""
    found, ends = [], []
    for seed in range(40):
        generator = np.random.default_rng(seed)
        one = over_draws([arm(patients(generator, shares(generator, 0.1)), 5)], "stable_3m", DRAWS)
        assert one.shares.var(ddof=1) > 1.3 * one.variance  # a third of what is seen is noise
        assert one.beyond_noise
        found.append(one.variance)
        ends.append(one.interval)
    error = np.std(found) / np.sqrt(len(found))
    assert abs(np.mean(found) - 0.01) < SAMPLING * error
    assert error < 0.05 * 0.01
    half = 0.45 * 0.1 * np.sqrt(12.0)  # of uniform shares, from the 5 % to the 95 % quantile
    assert np.mean(ends, axis=0) == pytest.approx((0.4 - half, 0.4 + half), abs=0.02)


def test_draws_that_do_not_differ_are_rarely_said_to():
    said, variances = [], []
    for seed in range(300):
        generator = np.random.default_rng(1_000 + seed)
        one = over_draws([arm(patients(generator, np.full(DRAWS, 0.4)), 5)], "stable_3m", DRAWS)
        said.append(one.beyond_noise)
        variances.append(one.shares.var(ddof=1) - one.noise)
    assert abs(np.mean(said) - 0.05) < SAMPLING * np.sqrt(0.05 * 0.95 / 300)
    assert abs(np.mean(variances)) < SAMPLING * np.std(variances) / np.sqrt(300)


def test_patients_who_cannot_be_judged_and_patients_of_two_arms():
    """The same patients in two arms are no more patients; those not judged are none."""
    generator = np.random.default_rng(5)
    stable = patients(generator, shares(generator, 0.1))
    one, twice = (over_draws([arm(stable, 5)] * count, "stable_3m", DRAWS) for count in (1, 2))
    assert twice.noise == pytest.approx(one.noise, rel=1e3 * ROUNDING)
    np.testing.assert_allclose(twice.shares, one.shares, rtol=1e3 * ROUNDING)
    lost = stable.copy()
    lost[DRAWS * EACH // 2 :] = np.nan
    half = over_draws([arm(lost, 5)], "stable_3m", DRAWS)
    assert half.noise == pytest.approx(2.0 * one.noise, rel=0.1)
    lost[::DRAWS] = np.nan
    assert over_draws([arm(lost, 5)], "stable_3m", DRAWS).shares.size == DRAWS - 1
    assert over_draws([arm(stable, 5)], "stable_3m", 1) is None


def test_parts_of_the_variance_add_up_to_that_of_trials():
    """The law of total variance, against replicate trials that know nothing of it."""
    gaps, parts = [], []
    for seed in range(12):
        generator = np.random.default_rng(seed)
        share = shares(generator, 0.15)
        stable = [patients(np.random.default_rng(100 + seed), share, up) for up in (0.0, 0.1, 0.2)]
        arms = [arm(values, size) for values, size in zip(stable, (4, 7, 8), strict=True)]
        taken = np.ones((DRAWS * EACH, 1), dtype=bool)
        pools = [
            Pool(name, values, taken, np.zeros(1), size, 0, side)
            for name, values, size, side in zip("abc", stable, (4, 7, 8), ("low", "low", "high"), strict=True)
        ]
        trials = replicate_trials(pools, count=4_000, seed=seed, end=84.0, draws=DRAWS)
        for side, members in (("low", arms[:2]), ("high", arms[2:])):
            found = stable_variance(members, side=side, group=side, draws=DRAWS)
            assert found.total == found.parameters + found.sampling
            gaps.append(trials[f"stable_{side}"].var() / found.total - 1.0)
            size = found.patients
            parts.append(found.parameters / (size**2 * 0.15**2))
    for values in (gaps, np.array(parts) - 1.0):
        assert abs(np.mean(values)) < SAMPLING * np.std(values) / np.sqrt(len(values)) + 0.01


def test_a_trial_has_patients_of_one_draw_only():
    draws, rows = 4, 160
    of = np.arange(rows) % draws
    taken = np.ones((rows, 6), dtype=bool)
    taken[of == 2, 3:] = False
    pools = [
        Pool("a", (of == 1).astype(float), taken, np.arange(6) * 14.0, 11, 0, "low"),
        Pool("b", (of == 3).astype(float), taken, np.arange(6) * 14.0, 8, 0, "high"),
    ]
    trials = replicate_trials(pools, count=42, seed=1, end=84.0, draws=draws)
    mine = np.arange(42) % draws
    np.testing.assert_array_equal(trials["stable_low"], np.where(mine == 1, 11, 0))
    np.testing.assert_array_equal(trials["stable_high"], np.where(mine == 3, 8, 0))
    np.testing.assert_array_equal(trials["injections"], np.where(mine == 2, 19 * 3, 19 * 6))


def test_counts_under_a_draw_are_binomial():
    stable = np.tile([0.0, 1.0], 200)[:, None] * np.ones(2)
    stable[:200, 1] = 1.0
    one = counts_under_draws([arm(stable.ravel(), 8)], 2)
    share = over_draws([arm(stable.ravel(), 8)], "stable_3m", 2).without_noise
    np.testing.assert_allclose(one, binom.pmf(np.arange(9), 8, share[:, None]), rtol=1e3 * ROUNDING)
    two = counts_under_draws([arm(stable.ravel(), 3), arm(stable.ravel(), 5)], 2)
    np.testing.assert_allclose(two, one, rtol=1e3 * ROUNDING)


def test_trials_that_share_a_draw_are_not_independent():
    happened = np.tile(np.arange(100) < 30, 50)  # the same 30 draws every time
    low, high = clustered(happened, 100)
    half = 1.96 * np.sqrt(0.3 * 0.7 / 99.0)
    assert (low, high) == pytest.approx((0.3 - half, 0.3 + half), rel=1e3 * ROUNDING)
