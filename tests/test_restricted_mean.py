"""Restricted means of replicate trials: lifelines, the textbook's variance, closed forms, limits."""

import lifelines
import numpy as np
import pytest
from lifelines.utils import restricted_mean_survival_time

from lag3ig.model.errors import Lag3igError
from lag3ig.model.event_times import EventTimes, event_times
from lag3ig.model.restricted_mean import restricted_mean, restricted_mean_difference

from .event_data import DATA_SETS, tied_trial
from .tolerances import ROUNDING


@pytest.mark.parametrize("seed", range(DATA_SETS))
def test_lifelines_agrees(seed):
    for arm in tied_trial(seed):
        curve = lifelines.KaplanMeierFitter().fit(arm.time[0], arm.event[0])
        mean = restricted_mean_survival_time(curve, t=40.0)
        assert restricted_mean(arm, 40.0).mean[0] == pytest.approx(mean, rel=1e3 * ROUNDING)


def plain_variance(arm: EventTimes, limit: float) -> float:
    """Variance of a restricted mean by loops over times, as textbooks print it."""
    time, event = arm.time[0], arm.event[0]
    days = [0.0, *sorted({float(t) for t in time[event] if t < limit}), limit]
    share, shares, dead, followed = 1.0, [1.0], [], []
    for day in days[1:-1]:
        dead.append(int(((time == day) & event).sum()))
        followed.append(int((time >= day).sum()))
        share *= 1.0 - dead[-1] / followed[-1]
        shares.append(share)
    variance = 0.0
    for place, (d, n) in enumerate(zip(dead, followed, strict=True), start=1):
        area = sum(shares[k] * (days[k + 1] - days[k]) for k in range(place, len(shares)))
        variance += area**2 * d / (n * (n - d)) if n > d else 0.0
    return variance


@pytest.mark.parametrize("seed", range(20))
def test_variance_of_a_restricted_mean_is_that_of_textbooks(seed):
    for arm in tied_trial(seed):
        for limit in (20.0, 35.0, 50.0):
            found = restricted_mean(arm, limit).variance[0]
            assert found == pytest.approx(plain_variance(arm, limit), rel=1e3 * ROUNDING)


def test_without_censoring_a_restricted_mean_is_a_mean():
    time = np.random.default_rng(1).exponential(30.0, 50)
    found = restricted_mean(event_times(time, np.ones(50, bool)), 40.0)
    cut = np.minimum(time, 40.0)
    assert found.mean[0] == pytest.approx(cut.mean(), rel=ROUNDING)
    assert found.variance[0] == pytest.approx(cut.var() / 50.0, rel=1e3 * ROUNDING)


def test_a_limit_beyond_follow_up_is_flagged():
    assert restricted_mean(event_times([1, 5], [1, 0]), 5.0).reached.tolist() == [True]
    assert restricted_mean(event_times([1, 5], [1, 0]), 6.0).reached.tolist() == [False]
    assert restricted_mean(event_times([1, 5], [1, 1]), 6.0).reached.tolist() == [True]


def test_arms_without_events_do_not_differ():
    quiet = event_times([5, 6], [0, 0]), event_times([5, 7], [0, 0])
    found = restricted_mean_difference(*quiet, limit=5.0)
    assert (found.difference[0], found.standard_error[0], found.p[0]) == (0.0, 0.0, 1.0)


def test_a_limit_for_each_replicate():
    arm = event_times([[1.0, 3.0], [1.0, 3.0]], [[1, 1], [1, 1]])
    assert restricted_mean(arm, [2.0, 4.0]).mean.tolist() == [1.5, 2.0]


def test_mistakes_are_named():
    arm = event_times([[1.0, 2.0]], [[True, False]])
    with pytest.raises(Lag3igError, match="positive number"):
        restricted_mean(arm, 0.0)
    with pytest.raises(Lag3igError, match=r"shape \(2,\)"):
        restricted_mean(arm, [1.0, 2.0])
    with pytest.raises(Lag3igError, match="1 and 2 replicates"):
        restricted_mean_difference(arm, event_times(np.ones((2, 3)), np.ones((2, 3))), limit=1.0)
