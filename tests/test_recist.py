"""RECIST cases worked by hand: each row is one patient, read from left to right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lag3ig.model.recist import (
    Response,
    assess,
    best_change,
    best_response,
    record,
    up_to_progression,
)

from .tolerances import ROUNDING

MISSED = np.nan

# what happens | version | sums in mm, baseline first | scan with the first new lesion | response at each scan
CASES = [
    ("no change", "1.1", [100, 100, 100], None, "SD SD"),
    ("20 % and 5 mm exactly", "1.1", [100, 120], None, "PD"),
    ("a hair under 20 %", "1.1", [100, 119.9], None, "SD"),
    ("20 % of a small sum is under 5 mm", "1.1", [20, 24.5], None, "SD"),
    ("the same under version 1.0", "1.0", [20, 24.5], None, "PD"),
    ("5 mm exactly on a small sum", "1.1", [20, 25], None, "PD"),
    ("slow growth adds up over the nadir", "1.1", [100, 110, 121], None, "SD PD"),
    ("30 % exactly", "1.1", [100, 70], None, "PR"),
    ("a hair short of 30 %", "1.1", [100, 70.1], None, "SD"),
    ("shrinkage is counted from baseline, not from the scan before", "1.1", [100, 85, 69], None, "SD PR"),
    ("growth is counted from the nadir: PR in size, PD by rule", "1.1", [100, 50, 60], None, "PR PD"),
    ("growth from the nadir, still below baseline", "1.1", [100, 80, 97], None, "SD PD"),
    ("growth from a nadir at scan 1, slow afterwards", "1.1", [100, 80, 90, 96], None, "SD SD PD"),
    ("all lesions gone", "1.1", [60, 10, 0], None, "PR CR"),
    ("a lesion comes back after CR", "1.1", [60, 0, 15], None, "CR PD"),
    ("a trace comes back after CR, version 1.0", "1.0", [60, 0, 3], None, "CR PD"),
    ("stays gone", "1.1", [60, 0, 0], None, "CR CR"),
    ("a new lesion in a shrinking patient", "1.1", [100, 60, 55], 2, "PR PD"),
    ("a new lesion in a patient whose targets are gone", "1.1", [100, 0], 1, "PD"),
    ("first scan missed", "1.1", [100, MISSED, 115], None, "NE SD"),
    ("growth over a missed scan", "1.1", [100, MISSED, 125], None, "NE PD"),
    ("a new lesion is seen at the next scan that is done", "1.1", [100, MISSED, 100], 1, "NE PD"),
    ("baseline missed", "1.1", [MISSED, 100, 130], None, "NE NE"),
    ("a missed scan does not erase the nadir", "1.1", [100, 60, MISSED, 72], None, "PR NE PD"),
]


@pytest.mark.parametrize(
    ("what", "version", "sums", "lesion_at", "expected"), CASES, ids=[c[0] for c in CASES]
)
def test_response_at_each_scan(what, version, sums, lesion_at, expected):
    scans = np.arange(1, len(sums))
    lesions = scans >= (np.inf if lesion_at is None else lesion_at)
    response = assess([sums], [lesions], version=version)[0]
    assert " ".join(Response(code).label for code in response) == expected


# responses by scan | days from baseline | best without confirmation | best with confirmation
BEST = [
    ("SD SD", [42, 84], "SD", "SD"),
    ("PD PR", [42, 84], "PD", "PD"),
    ("SD PD", [42, 84], "SD", "SD"),
    ("SD PD", [28, 56], "PD", "PD"),
    ("SD NE", [28, 56], "NE", "NE"),
    ("SD SD", [28, 56], "SD", "SD"),
    ("PR PR", [42, 84], "PR", "PR"),
    ("PR PR", [42, 63], "PR", "SD"),
    ("PR SD PR", [42, 84, 126], "PR", "PR"),
    ("PR NE PR", [42, 84, 126], "PR", "PR"),
    ("PR SD", [42, 84], "PR", "SD"),
    ("PR PD", [42, 84], "PR", "SD"),
    ("PR PD", [28, 56], "PR", "PD"),
    ("PR NE", [28, 56], "PR", "NE"),
    ("PR CR", [42, 84], "CR", "PR"),
    ("PR CR CR", [42, 84, 126], "CR", "CR"),
    ("CR CR", [42, 84], "CR", "CR"),
    ("CR PD", [42, 84], "CR", "SD"),
    ("CR NE", [42, 84], "CR", "SD"),
    ("NE SD", [42, 84], "SD", "SD"),
    ("NE NE", [42, 84], "NE", "NE"),
    ("NE PD", [42, 84], "PD", "PD"),
]


@pytest.mark.parametrize(("scans", "days", "plain", "confirmed"), BEST, ids=[f"{c[0]} {c[1]}" for c in BEST])
def test_best_response(scans, days, plain, confirmed):
    letters = {response.label: response for response in Response}
    codes = [[letters[letter] for letter in scans.split()]]
    assert Response(best_response(codes, days)[0]).label == plain
    assert Response(best_response(codes, days, confirmation=True)[0]).label == confirmed


# sum in mm | lesions | written down by 1.1 | by 1.0
RECORDED = [
    (90.0, 3, 90.0, 90.0),
    (15.0, 3, 15.0, 15.0),
    (14.9, 3, 15.0, 14.9),
    (6.0, 3, 15.0, 6.0),
    (5.9, 3, 0.0, 0.0),
    (4.0, 1, 5.0, 4.0),
    (0.0, 2, 0.0, 0.0),
]


@pytest.mark.parametrize(("measured", "lesions", "newer", "older"), RECORDED)
def test_small_lesions_are_written_down_as_5_mm(measured, lesions, newer, older):
    assert record([[measured]], lesions)[0, 0] == newer
    assert record([[measured]], lesions, version="1.0")[0, 0] == older


def test_a_missed_scan_stays_missed():
    assert np.isnan(record([[80.0, MISSED]], 3)[0, 1])


def test_best_change_stops_at_progression():
    sums = [[100, 80, 97, 40], [100, 110, 105, 100], [100, MISSED, MISSED, MISSED], [100, 130, 20, 20]]
    change = best_change(sums, assess(sums))
    np.testing.assert_allclose(change, [-20.0, 0.0, np.nan, 30.0], rtol=ROUNDING, atol=ROUNDING)


@given(arrays(float, (8, 5), elements=st.floats(1.0, 400.0) | st.just(np.nan)))
def test_a_patient_is_judged_alone(sums):
    together = assess(sums)
    alone = np.concatenate([assess(row[None]) for row in sums])
    np.testing.assert_array_equal(together, alone)
    np.testing.assert_array_equal(
        best_response(together, [42, 84, 126, 168]),
        [best_response(row[None], [42, 84, 126, 168])[0] for row in alone],
    )


@given(arrays(float, (4, 6), elements=st.floats(50.0, 400.0)))
def test_progression_under_version_1_1_is_progression_under_1_0(sums):
    newer, older = assess(sums), assess(sums, version="1.0")
    assert np.all(older[newer == Response.PROGRESSION] == Response.PROGRESSION)


@given(arrays(float, (4, 6), elements=st.floats(1.0, 400.0)))
def test_nothing_counts_after_the_first_progression(sums):
    codes = up_to_progression(assess(sums))
    for row in codes:
        progressions = np.flatnonzero(row == Response.PROGRESSION)
        assert progressions.size <= 1
        if progressions.size:
            assert np.all(row[progressions[0] + 1 :] == Response.NOT_EVALUABLE)
