"""Interim looks: printed tables, an independent integral, simulated trials, and what bounds must obey."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from lag3ig.model.errors import Lag3igError
from lag3ig.model.group_sequential import (
    constant_bounds,
    spending_bounds,
    spent,
)

from .tolerances import DIGITS, INTEGRATED, OPTIMUM, SAMPLING

LOOKS = range(1, 11)


def equal(looks: int) -> np.ndarray:
    return np.arange(1, looks + 1) / looks


# Jennison and Turnbull, tables 2.1 and 2.3: family, two-sided error | constant for 1 to 10 looks
CONSTANTS = {
    ("pocock", 0.1): (1.645, 1.875, 1.992, 2.067, 2.122, 2.164, 2.197, 2.225, 2.249, 2.270),
    ("pocock", 0.05): (1.960, 2.178, 2.289, 2.361, 2.413, 2.453, 2.485, 2.512, 2.535, 2.555),
    ("pocock", 0.01): (2.576, 2.772, 2.873, 2.939, 2.986, 3.023, 3.053, 3.078, 3.099, 3.117),
    ("obrien-fleming", 0.1): (1.645, 1.678, 1.710, 1.733, 1.751, 1.765, 1.776, 1.786, 1.794, 1.801),
    ("obrien-fleming", 0.05): (1.960, 1.977, 2.004, 2.024, 2.040, 2.053, 2.063, 2.072, 2.080, 2.087),
    ("obrien-fleming", 0.01): (2.576, 2.580, 2.595, 2.609, 2.621, 2.631, 2.640, 2.648, 2.654, 2.660),
}
# Tables 2.2 and 2.4, two-sided error 0.05: family, power | information over that of one look, 1 to 5 looks
INFLATION = {
    ("pocock", 0.8): (1.000, 1.110, 1.166, 1.202, 1.229),
    ("pocock", 0.9): (1.000, 1.100, 1.151, 1.183, 1.207),
    ("obrien-fleming", 0.8): (1.000, 1.008, 1.017, 1.024, 1.028),
    ("obrien-fleming", 0.9): (1.000, 1.007, 1.016, 1.022, 1.026),
}


@pytest.mark.parametrize(("family", "error"), CONSTANTS)
def test_constants_are_those_printed(family, error):
    found = [constant_bounds(equal(k), alpha=error / 2, family=family).efficacy[-1] for k in LOOKS]
    np.testing.assert_allclose(found, CONSTANTS[family, error], rtol=0.0, atol=0.51 * DIGITS[3])


@pytest.mark.parametrize(("family", "power"), INFLATION)
def test_inflation_factors_are_those_printed(family, power):
    one = stats.norm.isf(0.025) + stats.norm.ppf(power)
    found = [(constant_bounds(equal(k), family=family).drift(power) / one) ** 2 for k in range(1, 6)]
    np.testing.assert_allclose(found, INFLATION[family, power], rtol=0.0, atol=0.51 * DIGITS[3])


@pytest.mark.parametrize("both_sides", [False, True])
def test_bounds_of_lan_and_demets_are_those_printed(both_sides):
    found = spending_bounds(equal(5), both_sides=both_sides).efficacy
    printed = [4.8769, 3.3569, 2.6803, 2.2898, 2.0310]
    np.testing.assert_allclose(found, printed, rtol=0.0, atol=2.0 * DIGITS[4])  # the second: 3.3570


def test_futility_is_that_of_another_program():
    """The default design of R's gsDesign: three looks, power 90 %, gamma -4 and -2, futility not binding."""
    bounds = spending_bounds(equal(3), spending=-4.0, beta=0.1, futility=-2.0)
    np.testing.assert_allclose(bounds.efficacy, [3.01, 2.55, 2.00], rtol=0.0, atol=0.5 * DIGITS[2])
    np.testing.assert_allclose(bounds.futility, [-0.24, 0.94, 2.00], rtol=0.0, atol=0.5 * DIGITS[2])
    one = stats.norm.isf(0.025) + stats.norm.ppf(0.9)
    inflation = (bounds.drift(0.9) / one) ** 2
    np.testing.assert_allclose(
        inflation * bounds.information, [0.357, 0.713, 1.070], rtol=0.0, atol=0.5 * DIGITS[3]
    )


SHARES = np.array([0.3, 0.55, 0.6, 1.0])


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.2])
def test_chances_are_those_of_a_multivariate_normal(drift):
    bounds = spending_bounds(SHARES, spending="pocock", beta=0.2, futility="pocock")
    crossing = bounds.crossing(drift)
    correlation = np.sqrt(np.minimum.outer(SHARES, SHARES) / np.maximum.outer(SHARES, SHARES))
    for look in range(len(SHARES)):
        here = slice(0, look + 1)
        walk = stats.multivariate_normal(
            drift * np.sqrt(SHARES[here]), correlation[here, here], abseps=1e-6, maxpts=2_000_000, seed=1
        )
        low, high = bounds.futility[here].copy(), bounds.efficacy[here].copy()
        low[-1], high[-1] = bounds.efficacy[look], np.inf
        assert crossing.efficacy[look] == pytest.approx(walk.cdf(high, lower_limit=low), abs=INTEGRATED)
        low[-1], high[-1] = -np.inf, bounds.futility[look]
        assert crossing.futility[look] == pytest.approx(walk.cdf(high, lower_limit=low), abs=INTEGRATED)


def test_simulated_trials_end_where_the_chances_say():
    trials, drift = 200_000, 2.5
    bounds = spending_bounds(SHARES, beta=0.1)
    steps = np.diff(SHARES, prepend=0.0)
    draws = np.random.default_rng(5).standard_normal((trials, SHARES.size))
    z = np.cumsum(drift * steps + np.sqrt(steps) * draws, axis=1) / np.sqrt(SHARES)
    above, ends = z >= bounds.efficacy, (z >= bounds.efficacy) | (z < bounds.futility)
    last = ends.argmax(axis=1)
    crossing = bounds.crossing(drift)
    for look in range(SHARES.size):
        expected = crossing.efficacy[look]
        seen = np.mean((last == look) & above[:, look])
        assert abs(seen - expected) < SAMPLING * np.sqrt(expected * (1.0 - expected) / trials)
    spread = np.std(SHARES[last]) / np.sqrt(trials)
    assert abs(np.mean(SHARES[last]) - crossing.expected_information) < SAMPLING * spread


INFORMATION = st.lists(st.integers(1, 39), max_size=5, unique=True).map(
    lambda steps: np.array([*sorted(steps), 40]) / 40.0
)
SPENDING = st.sampled_from(["obrien-fleming", "pocock", -4.0, 0.0, 1.0])


@settings(max_examples=25, deadline=None)
@given(INFORMATION, SPENDING, SPENDING, st.floats(0.005, 0.2), st.floats(0.05, 0.4))
def test_errors_are_spent_as_asked(information, spending, futility, alpha, beta):
    bounds = spending_bounds(information, alpha=alpha, spending=spending, beta=beta, futility=futility)
    under_null = bounds.crossing(heeded=False)
    np.testing.assert_allclose(
        np.cumsum(under_null.efficacy), spent(spending, alpha, information), rtol=OPTIMUM, atol=OPTIMUM
    )
    assert bounds.crossing().success <= alpha + OPTIMUM  # who stops for futility errs no more
    drift = bounds.drift(1.0 - beta)
    under_effect = bounds.crossing(drift)
    np.testing.assert_allclose(
        np.cumsum(under_effect.futility), spent(futility, beta, information), rtol=0.0, atol=OPTIMUM
    )
    assert bounds.crossing(drift, heeded=False).success >= 1.0 - beta - OPTIMUM
    assert np.all(bounds.futility[:-1] < bounds.efficacy[:-1])
    assert bounds.futility[-1] == bounds.efficacy[-1]
    ended = under_effect.efficacy.sum() + under_effect.futility.sum()
    assert ended == pytest.approx(1.0, abs=OPTIMUM)


@settings(max_examples=25, deadline=None)
@given(INFORMATION, SPENDING)
def test_a_two_sided_test_errs_alike_on_both_sides(information, spending):
    crossing = spending_bounds(information, spending=spending, both_sides=True).crossing()
    np.testing.assert_allclose(crossing.efficacy, crossing.futility, rtol=0.0, atol=OPTIMUM)
    assert crossing.success == pytest.approx(0.025, abs=OPTIMUM)


def test_one_look_is_the_plain_test():
    bounds = spending_bounds([1.0], beta=0.1)
    assert bounds.efficacy[0] == pytest.approx(stats.norm.isf(0.025), rel=OPTIMUM)
    assert bounds.futility[0] == bounds.efficacy[0]
    drift = stats.norm.isf(0.025) + stats.norm.ppf(0.9)
    assert bounds.drift(0.9) == pytest.approx(drift, rel=OPTIMUM)
    assert bounds.crossing(drift).expected_information == 1.0


@pytest.mark.parametrize("share", [0.001, 0.0037])  # what is spent there is 0, or 1e-300
def test_a_look_too_early_to_spend_anything_has_no_bound(share):
    bounds = spending_bounds([share, 1.0], both_sides=True)
    assert bounds.efficacy[0] == np.inf
    assert bounds.efficacy[1] == pytest.approx(stats.norm.isf(0.025), rel=OPTIMUM)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock", -4.0, 0.0, 1.0])
def test_all_is_spent_at_the_end_and_nothing_at_the_start(spending):
    np.testing.assert_allclose(spent(spending, 0.05, [0.0, 1.0]), [0.0, 0.05], rtol=OPTIMUM, atol=0.0)
    assert np.all(np.diff(spent(spending, 0.05, np.linspace(0.1, 1.0, 50))) > 0.0)


def test_the_power_rises_with_the_effect():
    bounds = spending_bounds(SHARES, beta=0.2)
    assert np.all(np.diff([bounds.crossing(drift).success for drift in np.linspace(-3.0, 6.0, 40)]) > 0.0)


def test_mistakes_are_named():
    for wrong in ([0.5, 0.5, 1.0], [0.5, 0.9], [0.0, 1.0], [], [np.nan, 1.0]):
        with pytest.raises(Lag3igError, match="increasing, the last 1"):
            spending_bounds(wrong)
    with pytest.raises(Lag3igError, match=r"alpha 0\.7"):
        spending_bounds([1.0], alpha=0.7)
    with pytest.raises(Lag3igError, match="did you mean 'pocock'"):
        spending_bounds([1.0], spending="pocok")
    with pytest.raises(Lag3igError, match="did you mean 'pocock'"):
        constant_bounds([1.0], family="pocok")
    with pytest.raises(Lag3igError, match="leave out beta"):
        spending_bounds([1.0], beta=0.1, both_sides=True)
    with pytest.raises(Lag3igError, match=r"power 1\.0"):
        spending_bounds([1.0]).drift(1.0)
