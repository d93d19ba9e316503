"""Endpoints on samples and scans worked by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lag3ig.model.endpoints import (
    disease_control,
    exposure,
    last_change,
    lesion_present,
    mean_ratio,
    measure,
    progression_free,
    reaches,
)
from lag3ig.model.recist import Response, assess

from .tolerances import ROUNDING

NAN = np.nan
CODES = {response.label: response for response in Response}


def codes(*rows: str) -> np.ndarray:
    return np.array([[CODES[letter] for letter in row.split()] for row in rows])


# responses on days 42, 84, 126 | time | event | lower | upper
PROGRESSION = [
    ("SD SD PD", 126, True, 84, 126),
    ("PD PD PD", 42, True, 0, 42),
    ("SD SD SD", 126, False, 126, np.inf),
    ("PR NE PD", 126, True, 42, 126),
    ("SD PD SD", 84, True, 42, 84),
    ("SD NE NE", 42, False, 42, np.inf),
    ("NE NE NE", 0, False, 0, np.inf),
    ("NE PD NE", 84, True, 0, 84),
]


@pytest.mark.parametrize(("scans", "time", "event", "lower", "upper"), PROGRESSION)
def test_progression_and_the_scans_around_it(scans, time, event, lower, upper):
    found = progression_free(codes(scans), [42, 84, 126])
    assert (found.time[0], found.event[0], found.lower[0], found.upper[0]) == (time, event, lower, upper)


def test_a_patient_that_failed_is_not_censored_but_missing():
    found = progression_free(codes("NE NE", "SD SD"), [42, 84], valid=[False, True])
    np.testing.assert_array_equal(found.time, [NAN, 84.0])
    assert not found.event.any()


# responses on days 42, 84, 126 | disease control on day 84
CONTROL = [
    ("SD SD PD", 1.0),
    ("NE SD NE", 1.0),
    ("PR CR PD", 1.0),
    ("PD SD SD", 0.0),
    ("SD PD SD", 0.0),
    ("PD NE NE", 0.0),
    ("SD NE SD", NAN),
    ("NE NE NE", NAN),
]


@pytest.mark.parametrize(("scans", "expected"), CONTROL)
def test_disease_control(scans, expected):
    np.testing.assert_array_equal(disease_control(codes(scans), [42, 84, 126], at=84.0), [expected])


def test_sustained_activation_is_the_mean_on_treatment_over_baseline():
    counts = [[20, 26, 26, 28], [20, 26, 26, 27], [20, NAN, NAN, 30], [NAN, 30, 30, 30], [20, NAN, NAN, NAN]]
    ratio = mean_ratio(counts)
    np.testing.assert_allclose(ratio, [4 / 3, 79 / 60, 1.5, NAN, NAN], rtol=ROUNDING)
    np.testing.assert_array_equal(reaches(ratio, 1.33), [1, 0, 1, NAN, NAN])


def test_rise_must_be_above_three_points_at_the_last_visit():
    shares = [[36.0, 50.0, 39.5], [36.0, 50.0, 39.0], [36.0, 50.0, NAN], [NAN, 50.0, 50.0]]
    np.testing.assert_array_equal(reaches(last_change(shares), 3.0, strictly=True), [1, 0, NAN, NAN])


DAYS = [0.0, 0.25, 0.5, 1.0, 2.0, 4.0]
# measured ng/mL, limit 1 | cmax | auc | longest quantified stretch, d
SAMPLES = [
    ([0, 0.5, 0.9, 0.99, 0.5, 0.1], 0.0, 0.0, 0.0),
    ([0, 0.5, 2.0, 3.0, 1.0, 0.5], 3.0, 0.25 + 1.25 + 2.0 + 1.0, 1.5),
    ([0, 1.0, 2.0, 3.0, 1.0, 1.0], 3.0, 0.125 + 0.375 + 1.25 + 2.0 + 2.0, 3.75),
    ([0, 2.0, 0.5, 2.0, 2.0, 0.5], 2.0, 0.25 + 0.25 + 0.5 + 2.0 + 2.0, 1.0),
    ([0, NAN, 2.0, NAN, 2.0, 0.5], 2.0, 0.5 + 3.0 + 2.0, 1.5),
    ([NAN, NAN, NAN, NAN, NAN, NAN], NAN, NAN, NAN),
]


@pytest.mark.parametrize(("samples", "cmax", "auc", "stretch"), SAMPLES)
def test_exposure(samples, cmax, auc, stretch):
    found = exposure([samples], DAYS, limit=1.0)
    np.testing.assert_allclose(
        [found.cmax[0], found.auc[0], found.quantified[0]], [cmax, auc, stretch], rtol=ROUNDING
    )


def test_the_area_begins_at_the_dose_even_if_no_sample_does():
    assert exposure([[4.0, 2.0]], [1.0, 2.0], limit=1.0).auc[0] == 2.0 + 3.0


def test_assay_errors():
    z = np.array([-1.0, 0.0, 2.0])
    np.testing.assert_allclose(
        measure(90.0, z, kind="lognormal", size=0.05), 90 * np.exp(0.05 * z), rtol=ROUNDING
    )
    np.testing.assert_allclose(measure(36.0, z, kind="normal", size=2.0), [34.0, 36.0, 40.0], rtol=ROUNDING)
    np.testing.assert_array_equal(measure([1.0, NAN], [1.0, 1.0], kind="none", size=0.0), [1.0, NAN])
    assert np.isnan(measure(NAN, 1.0, kind="lognormal", size=0.1))


def test_a_new_lesion_stays():
    seen = lesion_present([[0.0, 0.1, 0.2], [0.0, 0.1, 0.2]], [0.15, np.inf])
    assert seen.tolist() == [[False, False, True], [False, False, False]]


@given(arrays(float, (6, 4), elements=st.floats(1.0, 300.0) | st.just(NAN)))
def test_progression_lies_in_its_interval(sums):
    found = progression_free(assess(sums), [42, 84, 126])
    assert np.all(found.lower < found.upper)
    assert np.all((found.time == found.upper) == found.event)
    assert np.all(found.event | (found.time == found.lower))


@given(arrays(float, (7, 6), elements=st.just(0.0) | st.floats(1e-9, 50.0) | st.just(NAN)))
def test_each_patient_is_judged_alone(samples):
    together = exposure(samples, DAYS, limit=1.0)
    for row in range(len(samples)):
        alone = exposure(samples[row : row + 1], DAYS, limit=1.0)
        np.testing.assert_array_equal(together.auc[row : row + 1], alone.auc)
        np.testing.assert_array_equal(mean_ratio(samples)[row : row + 1], mean_ratio(samples[row : row + 1]))
