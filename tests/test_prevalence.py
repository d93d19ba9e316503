"""Prevalence weights: the normal case in closed form, conditions of the optimum, and refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.estimators.prevalence import prevalence
from lag3ig.model.errors import PopulationError
from lag3ig.model.randomness import normal_quantile

from .tolerances import ROUNDING, WEIGHTED

NORMAL = normal_quantile((np.arange(20_000) + 0.5) / 20_000)


def test_a_normal_population_moved_in_its_mean_stays_normal():
    """The least divergence is half the squared shift, by weights exp(shift x)."""
    found = prevalence(NORMAL[:, None], [0.6])
    known = np.exp(0.6 * NORMAL)
    np.testing.assert_allclose(found.weights, known / known.sum(), rtol=WEIGHTED)
    assert found.divergence == pytest.approx(0.5 * 0.6**2, rel=WEIGHTED)
    assert found.effective_size / NORMAL.size == pytest.approx(np.exp(-(0.6**2)), rel=1e-2)


def test_a_normal_population_moved_in_mean_and_spread_is_the_other_normal():
    mean, deviation = 0.3, 0.8
    found = prevalence(np.column_stack([NORMAL, NORMAL**2]), [mean, deviation**2 + mean**2])
    known = np.exp(0.5 * NORMAL**2 - 0.5 * ((NORMAL - mean) / deviation) ** 2)
    np.testing.assert_allclose(found.weights, known / known.sum(), rtol=20.0 * WEIGHTED, atol=1e-9)


def test_targets_within_tolerance_change_nothing():
    found = prevalence(NORMAL[:, None], [0.1], tolerances=0.2)
    np.testing.assert_allclose(found.weights, 1.0 / NORMAL.size, rtol=WEIGHTED)
    assert found.multipliers[0] == 0.0


def test_a_tolerance_is_used_up_and_no_more():
    found = prevalence(NORMAL[:, None], [0.6], tolerances=0.2)
    assert found.means[0] == pytest.approx(0.4, abs=WEIGHTED)


def test_a_share_of_responders_weights_both_kinds_evenly():
    responds = (np.arange(100) < 20).astype(float)
    found = prevalence(responds[:, None], [0.5])
    np.testing.assert_allclose(found.weights[:20], 0.5 / 20, rtol=WEIGHTED)
    np.testing.assert_allclose(found.weights[20:], 0.5 / 80, rtol=WEIGHTED)


@given(
    shift=st.floats(-0.8, 0.8),
    scale=st.floats(0.01, 100.0),
    copies=st.integers(2, 4),
)
def test_units_and_copies_of_patients_change_no_weights(shift, scale, copies):
    values = NORMAL[::100, None]
    found = prevalence(values, [shift])
    other = prevalence(np.tile(scale * values, (copies, 1)), [scale * shift])
    np.testing.assert_allclose(copies * other.weights[: len(values)], found.weights, rtol=10.0 * WEIGHTED)


def test_weights_begun_with_are_kept_where_no_target_asks_otherwise():
    first = np.linspace(1.0, 3.0, NORMAL.size)
    own = first @ NORMAL / first.sum()
    found = prevalence(NORMAL[:, None], [own], weights=first)
    np.testing.assert_allclose(found.weights, first / first.sum(), rtol=1e6 * ROUNDING)


def test_targets_that_no_weights_meet_are_refused_by_name():
    with pytest.raises(
        PopulationError, match=r"response rate is to be 1\.5 within 0 and comes to 1 \(patients"
    ):
        prevalence(np.array([[0.0], [1.0], [1.0]]), [1.5], names=["response rate"])
    pair = np.column_stack([NORMAL, -NORMAL])
    with pytest.raises(PopulationError, match="no weights meet all targets"):
        prevalence(pair, [0.5, 0.5])


def test_weights_that_leave_too_few_patients_are_refused():
    with pytest.raises(PopulationError, match="of 20000 patients effective"):
        prevalence(NORMAL[:, None], [2.0])
    assert prevalence(NORMAL[:, None], [2.0], least_share=0.01).effective_size > 0.01 * NORMAL.size


@pytest.mark.parametrize(
    ("values", "targets", "options", "fault"),
    [
        (np.zeros((3, 2)), [0.0], {}, "cannot have means of shape"),
        (np.array([[np.nan]]), [0.0], {}, "finite"),
        (np.zeros((2, 1)), [0.0], {"tolerances": -1.0}, "not negative"),
        (np.zeros((2, 1)), [0.0], {"weights": [1.0, -1.0]}, "one number for each patient"),
    ],
)
def test_what_contradicts_itself_is_refused(values, targets, options, fault):
    with pytest.raises(PopulationError, match=fault):
        prevalence(values, targets, **options)
