"""Moments, shares and endpoints of measured values: against samples of the same patients."""

import numpy as np
import pytest

from lag3ig.fitting.moments import measured_moments, probability_below, share_below

from .cohorts import DAYS, predicted
from .tolerances import SAMPLING

PATIENTS = 200_000
TIMES = np.array([0.0, 1.0, 2.0, 14.0, 28.0, 42.0])
ON_DAYS = np.searchsorted(TIMES, DAYS)


@pytest.fixture(scope="module")
def cohort():
    """True activated CD8 and plasma of patients who differ, the later visits correlated with the first."""
    rng = np.random.default_rng(2)
    own = rng.normal(size=(PATIENTS, 1))
    cells = 25.0 * np.exp(0.3 * own + 0.1 * TIMES / 14.0 + 0.15 * rng.normal(size=(PATIENTS, TIMES.size)))
    plasma = np.exp(0.2 + 0.8 * own + 0.1 * rng.normal(size=(PATIENTS, TIMES.size)))
    share = 40.0 + 4.0 * own + TIMES / 14.0 + rng.normal(size=(PATIENTS, TIMES.size))
    return predicted({"activated_cd8": cells, "plasma": plasma, "em_cd8_percent": share})


def _measured(cohort, name, days, seed=3):
    """Values with errors drawn for the test alone."""
    z = np.random.default_rng(seed).normal(size=(PATIENTS, len(days)))
    true, size = cohort.course.at(name, days), cohort.error_of(name)
    if cohort.model.observable(name).assay.kind == "normal":
        return true + size * z
    return true * np.exp(size * z)


def _close(predicted, seen, scale):
    """Whether means over the patients differ by no more than sampling."""
    assert np.all(np.abs(predicted - seen) < SAMPLING * scale / np.sqrt(PATIENTS))


@pytest.mark.parametrize("logarithm", [False, True])
@pytest.mark.parametrize("name", ["activated_cd8", "em_cd8_percent"])
@pytest.mark.parametrize("to_baseline", [False, True])
def test_moments_are_those_of_samples(cohort, name, logarithm, to_baseline):
    days = DAYS[1:]
    found = measured_moments(cohort, name, days, logarithm=logarithm, to_baseline=to_baseline)
    values = _measured(cohort, name, DAYS)
    values = values[:, 1:] / values[:, :1] if to_baseline else values[:, 1:]
    values = np.log(values) if logarithm else values
    _close(found.mean, values.mean(axis=0), 1.5 * values.std(axis=0))
    seen = np.cov(values, rowvar=False)
    spread = np.sqrt(np.outer(np.diag(seen), np.diag(seen)))
    # Products of values vary like their fourth moments; ratios of noisy shares are linear to 1 %.
    assert np.all(np.abs(found.covariance - seen) < 0.015 * spread)


def test_values_below_the_limit_count_as_nothing(cohort):
    found = measured_moments(cohort, "plasma", [1.0])
    measured = _measured(cohort, "plasma", [1.0])
    seen = np.where(measured >= cohort.limit_of("plasma"), measured, 0.0)
    _close(found.mean, seen.mean(axis=0), seen.std(axis=0))
    assert found.covariance[0, 0] == pytest.approx(seen.var(), rel=0.02)


@pytest.mark.parametrize(("name", "value"), [("activated_cd8", 30.0), ("em_cd8_percent", 41.0)])
def test_shares_below_a_value_are_those_of_samples(cohort, name, value):
    found = share_below(cohort, name, DAYS, value)
    _close(found, (_measured(cohort, name, DAYS) < value).mean(axis=0), 0.75)
    assert probability_below(cohort, name, DAYS, value).shape == (PATIENTS, DAYS.size)


def test_shares_of_ratios_are_those_of_samples(cohort):
    found = share_below(cohort, "activated_cd8", DAYS[1:], 1.2, to_baseline=True)
    values = _measured(cohort, "activated_cd8", DAYS)
    _close(found, (values[:, 1:] / values[:, :1] < 1.2).mean(axis=0), 0.75)


def test_sustained_activation_is_as_frequent_as_in_samples(cohort):
    values = _measured(cohort, "activated_cd8", DAYS)
    seen = values[:, 1:].mean(axis=1) >= 1.33 * values[:, 0]
    _close(cohort.probability("cd8_sustained").mean(), seen.mean(), 0.75)


def test_a_rise_is_as_frequent_as_in_samples(cohort):
    values = _measured(cohort, "em_cd8_percent", DAYS)
    _close(cohort.probability("em_rise").mean(), (values[:, -1] - values[:, 0] > 3.0).mean(), 0.75)


def test_the_covariance_of_means_counts_who_is_left(cohort):
    """Without drop-out it is that of one patient over their number."""
    found = measured_moments(cohort, "activated_cd8", DAYS)
    np.testing.assert_allclose(found.of_means(25), found.covariance / 25.0, rtol=1e-12)
