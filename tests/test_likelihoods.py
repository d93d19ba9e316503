"""Likelihoods of published statistics: against SciPy's distributions, counting, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lag3ig.fitting import likelihoods

from .tolerances import ROUNDING, SAMPLING

PROBABILITY = st.floats(0.01, 0.99)


@given(number=st.integers(1, 60), probability=PROBABILITY, data=st.data())
def test_one_group_is_binomial(number, probability, data):
    count = data.draw(st.integers(0, number))
    expected = stats.binom.logpmf(count, number, probability)
    assert likelihoods.count_of(count, [number], [probability]) == pytest.approx(expected, rel=1e-9, abs=1e-9)


def test_pooled_groups_are_counted_out():
    """7 of 8 from groups of 3 and 5: every way to get there, summed."""
    low, high = stats.binom(3, 0.6), stats.binom(5, 0.8)
    ways = sum(low.pmf(k) * high.pmf(7 - k) for k in range(4) if 0 <= 7 - k <= 5)
    assert np.exp(likelihoods.count_of(7, [3, 5], [0.6, 0.8])) == pytest.approx(ways, rel=1e-10)


@given(p=PROBABILITY, q=PROBABILITY)
def test_counts_have_probability_one(p, q):
    assert likelihoods.distribution_of_count([4, 3, 5], [p, q, 0.5]).sum() == pytest.approx(1.0, rel=1e-10)


@given(p=PROBABILITY, q=PROBABILITY)
def test_every_and_not_every_exclude_each_other(p, q):
    shown = np.exp(likelihoods.every([3, 5], [p, q]))
    assert shown == pytest.approx(p**3 * q**5, rel=1e-9)
    assert np.exp(likelihoods.every([3, 5], [p, q], shown=False)) == pytest.approx(1.0 - shown, rel=1e-9)


def test_at_most_is_a_cumulative_probability():
    expected = stats.binom.cdf(1, 19, 0.05)
    assert np.exp(likelihoods.at_most(1, [19], [0.05])) == pytest.approx(expected, rel=1e-10)


def test_categories_are_multinomial():
    expected = stats.multinomial.logpmf([4, 36, 24, 46], 110, [0.05, 0.3, 0.2, 0.45])
    assert likelihoods.categories([4, 36, 24, 46], [0.05, 0.3, 0.2, 0.45]) == pytest.approx(
        expected, rel=1e-10
    )


def test_two_categories_are_a_count():
    both = likelihoods.categories([7, 1], [0.7, 0.3])
    assert both == pytest.approx(likelihoods.count_of(7, [8], [0.7]), rel=1e-9)


def test_means_are_multivariate_normal():
    covariance = np.array([[2.0, 0.5, 0.1], [0.5, 1.0, 0.2], [0.1, 0.2, 0.7]]) / 20.0
    published, predicted = np.array([1.0, 2.0, 3.0]), np.array([1.1, 1.8, 3.2])
    expected = stats.multivariate_normal.logpdf(published, predicted, covariance)
    assert likelihoods.mean_of(published, predicted, covariance) == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(
    ("draw", "deviation", "kurtosis"),
    [
        (lambda rng, shape: rng.normal(0.0, 2.0, shape), 2.0, 3.0),
        (lambda rng, shape: rng.uniform(-1.0, 1.0, shape), 1.0 / np.sqrt(3.0), 1.8),
    ],
)
def test_a_deviation_varies_as_samples_do(draw, deviation, kurtosis):
    """The density is that of sample deviations: their logarithms have its variance, for two shapes."""
    number = 200
    samples = draw(np.random.default_rng(3), (20_000, number)).std(axis=1, ddof=1)
    grid = np.linspace(0.7 * deviation, 1.3 * deviation, 4_001)
    density = np.exp([likelihoods.deviation_of(s, deviation, number, kurtosis=kurtosis) for s in grid])
    assert np.trapezoid(density, grid) == pytest.approx(1.0, abs=1e-6)
    variance = np.trapezoid(density * np.log(grid / deviation) ** 2, grid)
    seen = np.log(samples / deviation).var()
    assert seen == pytest.approx(variance, rel=SAMPLING * np.sqrt(2.0 / samples.size))


def test_a_sample_is_likeliest_under_its_own_quantiles():
    sample = stats.norm(1.0, 2.0)
    levels = [0.25, 0.5, 0.75]
    values = sample.ppf(levels)
    at = [likelihoods.quantiles_of(levels, stats.norm(m, 2.0).cdf(values), 40) for m in (0.5, 1.0, 1.5)]
    assert at[1] > max(at[0], at[2])
    # Twice the information of n / (sigma^2) less what grouping loses: 0.86 for quartiles of a normal sample.
    curvature = (at[0] - 2.0 * at[1] + at[2]) / 0.25
    assert -curvature == pytest.approx(40 / 4.0 * 0.86, rel=0.02)


def test_a_curve_without_censoring_is_multinomial():
    """Deaths in the intervals of a curve without censoring are multinomial counts."""
    number, events = 100, np.array([10, 20, 30])
    free = 1.0 - np.cumsum(events) / number
    at_risk = number * np.concatenate([[1.0], free[:-1]])
    model = np.array([0.85, 0.65, 0.45])
    chance = -np.diff(np.concatenate([[1.0], model, [0.0]]))
    expected = stats.multinomial.logpmf([10, 20, 30, 40], number, chance)
    assert likelihoods.survival_curve(free, at_risk, model) == pytest.approx(expected, rel=1e-10)


def test_a_median_is_half_of_the_patients():
    exact = stats.binom.logpmf(50, 100, 0.4)
    assert likelihoods.median_time(0.4, 100) == pytest.approx(exact, rel=1e-9)


def test_a_median_on_a_scan_is_as_frequent_as_in_samples():
    """Samples of patients whose events are seen at scans: how often the median falls on the second."""
    number, free = 60, np.array([0.8, 0.46, 0.2])
    counts = np.random.default_rng(5).multinomial(number, -np.diff([1.0, *free, 0.0]), size=200_000)
    left = number - np.cumsum(counts, axis=1)
    frequent = np.mean((left[:, 0] > number / 2) & (left[:, 1] <= number / 2))
    predicted = np.exp(likelihoods.median_at_scan(free[0], free[1], number))
    assert predicted == pytest.approx(frequent, abs=0.06)  # the normal is continuous, a count of 60 is not
    large = np.exp(likelihoods.median_at_scan(0.7, 0.48, 1e4))
    assert large == pytest.approx(stats.norm.cdf(0.02 / np.sqrt(0.48 * 0.52 / 1e4)), rel=1e-3)


def test_a_median_on_a_scan_falls_off_smoothly():
    """Far from the truth the logarithm still tells which way to go."""
    far = [likelihoods.median_at_scan(0.999, after, 450) for after in (0.95, 0.9, 0.8, 0.6)]
    assert all(np.isfinite(far))
    assert far == sorted(far)


def test_the_interval_of_a_median_tells_how_many_patients_inform_it():
    """An exponential sample of 400: the interval of its median, and back."""
    number, median = 400, 7.0
    half = stats.norm.ppf(0.975) * np.sqrt(0.25 / number)
    lower, upper = (-median * np.log2(0.5 + sign * half) for sign in (1.0, -1.0))
    assert likelihoods.informative_number(1_000, median, lower, upper) == pytest.approx(number, rel=1e-10)
    assert likelihoods.informative_number(100, median, lower, upper) == 100
    assert likelihoods.informative_number(100, median, None, None) == 100


def test_a_hazard_ratio_is_log_normal():
    expected = stats.norm.logpdf(np.log(0.5), np.log(0.6), np.log(0.8 / 0.3125) / (2 * stats.norm.ppf(0.975)))
    assert likelihoods.log_ratio(0.5, 0.3125, 0.8, np.log(0.6)) == pytest.approx(expected, rel=1e-10)


def test_proportional_hazards_give_their_own_ratio():
    """Scans close together make the discrete estimator that of continuous time."""
    control = np.exp(-0.01 * np.arange(1, 400))
    ratio = likelihoods.expected_log_hazard_ratio(control**0.6, control, treated_number=2.0)
    assert ratio == pytest.approx(np.log(0.6), abs=2e-3)


def test_a_hazard_ratio_without_events_is_infinite():
    assert likelihoods.expected_log_hazard_ratio([1.0, 1.0], [0.9, 0.8]) == -np.inf
    assert likelihoods.expected_log_hazard_ratio([0.9, 0.8], [1.0, 1.0]) == np.inf


def test_a_statement_that_is_met_costs_nothing():
    assert likelihoods.above(10.0, 1.0, 1.0) == pytest.approx(0.0, abs=ROUNDING)
    assert likelihoods.above(1.0, 1.0, 1.0) == pytest.approx(np.log(0.5))
