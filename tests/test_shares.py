"""Shares on the scale that a fit sees them on, there and back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.shares import LEAST_SHARE, categories_of, probits, probits_of_categories, shares_of


@given(st.floats(0.0, 1.0))
def test_a_share_comes_back_to_within_the_least_one(share):
    assert shares_of(probits(share)) == pytest.approx(share, abs=LEAST_SHARE)


@given(st.lists(st.integers(0, 50), min_size=2, max_size=5).filter(any))
def test_categories_come_back_and_add_up(counts):
    shares = np.array(counts) / sum(counts)
    found = categories_of(probits_of_categories(shares))
    assert found.sum() == pytest.approx(1.0)
    assert np.abs(found - shares).max() <= 2.0 * LEAST_SHARE


def test_the_scale_rises_and_is_even():
    shares = np.linspace(0.0, 1.0, 101)
    assert (np.diff(probits(shares)) > 0.0).all()
    np.testing.assert_allclose(probits(shares), -probits(1.0 - shares), atol=1e-12)
