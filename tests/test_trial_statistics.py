"""Log-rank and Cox of replicate trials: lifelines, a published trial, limits, bits, error rates."""

import lifelines
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lifelines.statistics import logrank_test
from scipy import optimize, stats

from lag3ig.model.cox import hazard_ratio
from lag3ig.model.errors import Lag3igError
from lag3ig.model.event_times import EventTimes, event_times
from lag3ig.model.log_rank import log_rank
from lag3ig.model.restricted_mean import restricted_mean_difference

from .event_data import DATA_SETS, MERCAPTOPURINE, PLACEBO, replicate_arm, tied_trial, written
from .tolerances import DIGITS, OPTIMUM, ROUNDING, SAMPLING

NOMINAL = 0.05
NULL_REPLICATES = 2_000


def table(control: EventTimes, treated: EventTimes) -> pd.DataFrame:
    """Both arms as lifelines wants them."""
    arm = np.repeat([0, 1], [control.time.size, treated.time.size])
    return pd.DataFrame(
        {
            "time": np.concatenate([control.time[0], treated.time[0]]),
            "event": np.concatenate([control.event[0], treated.event[0]]),
            "arm": arm,
        }
    )


@pytest.mark.parametrize("seed", range(DATA_SETS))
def test_lifelines_agrees(seed):
    control, treated = tied_trial(seed)
    ours = log_rank(control, treated)
    theirs = logrank_test(control.time[0], treated.time[0], control.event[0], treated.event[0])
    assert ours.statistic[0] == pytest.approx(theirs.test_statistic, rel=1e3 * ROUNDING, abs=1e3 * ROUNDING)
    assert ours.p[0] == pytest.approx(theirs.p_value, rel=1e3 * ROUNDING)

    # Their search stops on half the squared step in standard errors.
    exact = {"precision": ROUNDING**2, "r_precision": 0.0}
    fitted = lifelines.CoxPHFitter().fit(table(control, treated), "time", "event", fit_options=exact)
    ratio = hazard_ratio(control, treated)
    assert ratio.log_ratio[0] == pytest.approx(fitted.params_["arm"], rel=OPTIMUM, abs=OPTIMUM)
    assert ratio.standard_error[0] == pytest.approx(fitted.standard_errors_["arm"], rel=OPTIMUM)
    assert ratio.wald_p[0] == pytest.approx(fitted.summary.loc["arm", "p"], rel=1e2 * OPTIMUM)
    likelihood = fitted.log_likelihood_ratio_test().p_value
    assert ratio.likelihood_ratio_p[0] == pytest.approx(likelihood, rel=1e2 * OPTIMUM)


def test_the_trial_of_mercaptopurine_as_printed():
    """Log-rank as in Kleinbaum and Klein (section 2.4); Cox as R's survival prints it for both ties."""
    control, treated = written(MERCAPTOPURINE), written(PLACEBO)
    test = log_rank(control, treated)
    assert test.observed[0] == 21.0
    assert test.expected[0] == pytest.approx(10.75, abs=0.5 * DIGITS[2])
    assert test.statistic[0] == pytest.approx(16.79, abs=0.5 * DIGITS[2])
    printed = {  # coefficient, standard error, and the three chi-squared statistics
        "efron": (1.572, 0.412, 14.53, 17.25, 16.35),
        "breslow": (1.509, 0.410, 13.58, 15.93, 15.21),
    }
    for ties, (coefficient, error, *statistics) in printed.items():
        found = hazard_ratio(control, treated, ties=ties)
        assert found.log_ratio[0] == pytest.approx(coefficient, abs=0.5 * DIGITS[3])
        assert found.standard_error[0] == pytest.approx(error, abs=0.5 * DIGITS[3])
        p_values = (found.wald_p[0], found.score_p[0], found.likelihood_ratio_p[0])
        for p_value, statistic in zip(p_values, statistics, strict=True):
            assert stats.chi2.isf(p_value, 1) == pytest.approx(statistic, abs=0.5 * DIGITS[2])


def plain_likelihood(
    arms: tuple[EventTimes, EventTimes], stratum: np.ndarray, log_ratio: float
) -> tuple[float, float]:
    """Breslow's log-likelihood within strata and its slope, by loops over patients."""
    rows = table(*arms)
    value = slope = 0.0
    for kind in np.unique(stratum):
        part = rows[stratum == kind]
        for _, dead in part[part["event"]].iterrows():
            followed = part[part["time"] >= dead["time"]]["arm"]
            hazard = np.exp(log_ratio * followed)
            value += log_ratio * dead["arm"] - np.log(hazard.sum())
            slope += dead["arm"] - (hazard * followed).sum() / hazard.sum()
    return value, slope


@pytest.mark.parametrize("seed", range(3))
def test_strata_are_compared_within(seed):
    control, treated = tied_trial(seed)
    strata = [np.random.default_rng(seed).integers(0, 3, arm.time.size) for arm in (control, treated)]
    arms = [
        event_times(arm.time, arm.event, stratum=stratum)
        for arm, stratum in zip((control, treated), strata, strict=True)
    ]
    parts = [
        log_rank(
            *(
                event_times(arm.time[:, own == kind], arm.event[:, own == kind])
                for arm, own in zip((control, treated), strata, strict=True)
            )
        )
        for kind in range(3)
    ]
    together = log_rank(*arms)
    assert together.expected[0] == pytest.approx(sum(part.expected[0] for part in parts), rel=1e3 * ROUNDING)
    assert together.variance[0] == pytest.approx(sum(part.variance[0] for part in parts), rel=1e3 * ROUNDING)

    both = np.concatenate(strata)
    best = optimize.brentq(
        lambda at: plain_likelihood((control, treated), both, at)[1], -3.0, 3.0, xtol=ROUNDING
    )
    found = hazard_ratio(*arms, ties="breslow")
    assert found.log_ratio[0] == pytest.approx(best, abs=OPTIMUM)
    gain = 2.0 * np.diff([plain_likelihood((control, treated), both, at)[0] for at in (0.0, best)])[0]
    assert stats.chi2.isf(found.likelihood_ratio_p[0], 1) == pytest.approx(gain, rel=1e2 * OPTIMUM)


def test_an_arm_without_events_has_an_infinite_ratio():
    """The likelihood at infinity is what a very large coefficient comes to."""
    quiet, busy = event_times([5, 6, 7, 8], [0, 0, 0, 0]), event_times([1, 2, 3, 9], [1, 1, 1, 0])
    fewer, more = hazard_ratio(busy, quiet), hazard_ratio(quiet, busy)
    assert fewer.log_ratio[0] == -np.inf
    assert more.log_ratio[0] == np.inf
    assert (fewer.ratio[0], more.ratio[0]) == (0.0, np.inf)
    assert more.interval()[0][0] == 0.0
    assert "only treated have events" in more.unusual
    far = 30.0
    for found, sign in ((fewer, -1.0), (more, 1.0)):
        assert found.standard_error[0] == np.inf
        assert found.wald_p[0] == 1.0
        arms = (busy, quiet) if found is fewer else (quiet, busy)
        values = [plain_likelihood(arms, np.zeros(8), at)[0] for at in (0.0, sign * far)]
        gain = 2.0 * (values[1] - values[0])
        assert stats.chi2.isf(found.likelihood_ratio_p[0], 1) == pytest.approx(gain, rel=OPTIMUM)
        assert stats.chi2.isf(found.score_p[0], 1) == pytest.approx(log_rank(*arms).statistic[0], rel=OPTIMUM)


def test_nothing_to_compare_is_said():
    nobody = hazard_ratio(event_times([1, 2], [0, 0]), event_times([3, 4], [0, 0]))
    apart = hazard_ratio(event_times([1, 2], [0, 0]), event_times([3, 4], [1, 1]))
    for found in (nobody, apart):
        assert np.isnan(found.log_ratio[0])
        assert found.unusual.startswith("no finite hazard ratio in 1 (no event while both arms are followed)")
        assert (found.wald_p[0], found.score_p[0], found.likelihood_ratio_p[0]) == (1.0, 1.0, 1.0)
    test = log_rank(event_times([1, 2], [0, 0]), event_times([3, 4], [1, 1]))
    assert (test.z[0], test.p[0], test.variance[0]) == (0.0, 1.0, 0.0)


def values(control: EventTimes, treated: EventTimes) -> list[np.ndarray]:
    """Every number of the three comparisons."""
    test, ratio = log_rank(control, treated), hazard_ratio(control, treated)
    mean = restricted_mean_difference(control, treated, limit=300.0)
    return [
        test.z,
        test.p,
        ratio.log_ratio,
        ratio.standard_error,
        ratio.wald_p,
        ratio.score_p,
        ratio.likelihood_ratio_p,
        mean.difference,
        mean.standard_error,
        mean.p,
    ]


def test_bits_do_not_depend_on_the_batch_or_on_who_does_not_count():
    generator = np.random.default_rng(7)
    arms = [replicate_arm(generator, 700, patients) for patients in (113, 110)]
    together = values(*arms)
    alone = [values(*(arm.rows(slice(row, row + 1)) for arm in arms)) for row in range(0, 700, 37)]
    for place, batch in enumerate(together):
        np.testing.assert_array_equal(batch[::37], np.concatenate([one[place] for one in alone]))
    filled = []
    for arm in arms:
        time, event = np.full((700, 130), np.nan), np.ones((700, 130), bool)
        where = np.sort(generator.permutation(130)[: arm.time.shape[1]])
        time[:, where], event[:, where] = arm.time, arm.event
        filled.append(event_times(time, event))
    for batch, other in zip(together, values(*filled), strict=True):
        np.testing.assert_array_equal(batch, other)


ARM = st.lists(st.tuples(st.integers(0, 8), st.booleans()), min_size=1, max_size=15)


@given(ARM, ARM)
def test_exchanging_the_arms_turns_the_sign(first, second):
    one, other = (event_times(*np.array(arm).T) for arm in (first, second))
    ways = log_rank(one, other), log_rank(other, one)
    assert ways[0].z[0] == pytest.approx(-ways[1].z[0], rel=1e3 * ROUNDING, abs=1e3 * ROUNDING)
    ratios = hazard_ratio(one, other), hazard_ratio(other, one)
    assert ratios[0].log_ratio[0] == pytest.approx(
        -ratios[1].log_ratio[0], rel=OPTIMUM, abs=OPTIMUM, nan_ok=True
    )
    assert ratios[0].likelihood_ratio_p[0] == pytest.approx(ratios[1].likelihood_ratio_p[0], rel=OPTIMUM)


def test_error_rates_under_the_null_are_nominal():
    generator = np.random.default_rng(2026)
    arms = [replicate_arm(generator, NULL_REPLICATES, 113) for _ in range(2)]
    test, ratio = log_rank(*arms), hazard_ratio(*arms)
    mean = restricted_mean_difference(*arms, limit=365.0)
    allowed = SAMPLING * np.sqrt(NOMINAL * (1.0 - NOMINAL) / NULL_REPLICATES)
    tests = (test.p, test.p_fewer_events, test.p_more_events, ratio.wald_p, ratio.score_p)
    for p_values in (*tests, ratio.likelihood_ratio_p, mean.p):
        assert abs(np.mean(p_values < NOMINAL) - NOMINAL) < allowed


def test_intervals_cover_the_hazard_ratio():
    generator = np.random.default_rng(2027)
    control = replicate_arm(generator, NULL_REPLICATES, 200, hazard=0.006)
    treated = replicate_arm(generator, NULL_REPLICATES, 200, hazard=0.004)
    lower, upper = hazard_ratio(control, treated).interval()
    covered = np.mean((lower <= 0.004 / 0.006) & (upper >= 0.004 / 0.006))
    assert abs(covered - 0.95) < SAMPLING * np.sqrt(0.95 * 0.05 / NULL_REPLICATES)


def test_mistakes_are_named():
    arm = event_times([[1.0, 2.0]], [[True, False]])
    with pytest.raises(Lag3igError, match="1 and 2 replicates"):
        log_rank(arm, event_times(np.ones((2, 3)), np.ones((2, 3))))
    with pytest.raises(Lag3igError, match="did you mean 'efron'"):
        hazard_ratio(arm, arm, ties="efronn")
    with pytest.raises(Lag3igError, match="one arm only"):
        log_rank(arm, event_times([1.0], [1], stratum=[0]))
    with pytest.raises(Lag3igError, match="patient 1 in replicate 0"):
        event_times([1.0, np.inf], [True, False])
    with pytest.raises(Lag3igError, match="event 2 of patient 0"):
        event_times([1.0, 2.0], [2, 1])
    with pytest.raises(Lag3igError, match="shape"):
        event_times([1.0, 2.0], [True])
    with pytest.raises(Lag3igError, match="without patients"):
        event_times([], [])
    with pytest.raises(Lag3igError, match="whole numbers"):
        event_times([1.0], [True], stratum=["a"])
