"""iRECIST cases worked by hand, each beside RECIST 1.1: one patient a row, read from left to right."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from lag3ig.model.endpoints import progression_free
from lag3ig.model.errors import Lag3igError
from lag3ig.model.irecist import (
    ImmuneResponse,
    assess_immune,
    best_immune_response,
    immune_progression_free,
)
from lag3ig.model.recist import Response, assess, best_response

from .irecist_cases import CASES

EVERY = 42.0  # d between scans
LETTERS = {code.label: code for code in ImmuneResponse}


@pytest.mark.parametrize(
    ("why", "sums", "lesions", "plain", "immune", "scan"), CASES, ids=[case[0] for case in CASES]
)
def test_worked_by_hand(why, sums, lesions, plain, immune, scan):
    number = np.array([[int(count) for count in lesions.split()]])
    by_recist, by_irecist = assess([sums], number > 0), assess_immune([sums], number)
    assert " ".join(Response(code).label for code in by_recist[0]) == plain
    assert " ".join(ImmuneResponse(code).label for code in by_irecist[0]) == immune
    found = immune_progression_free(by_irecist, days(by_irecist))
    assert found.event[0] == (scan is not None)
    assert found.upper[0] == (np.inf if scan is None else EVERY * scan)


def days(codes) -> np.ndarray:
    return EVERY * np.arange(1, np.shape(codes)[1] + 1)


def coded(responses: str) -> np.ndarray:
    return np.array([[LETTERS[letters] for letters in responses.split()]], dtype=np.int8)


# responses by scan | best; the rows that are in table 3 of the guideline, and what it leaves open
BEST = [
    ("iCR iCR iPR iUPD iCPD", "iCR"),  # example 1
    ("iCR NE iUPD iUPD iCPD", "iCR"),
    ("iUPD iSD iCR NE iPR", "iCR"),  # example 2
    ("iUPD iPR iSD iUPD iCPD", "iPR"),  # example 3
    ("iUPD NE iPR iUPD iCPD", "iPR"),  # example 4
    ("iUPD iSD NE iUPD iCPD", "iSD"),  # example 5
    ("iUPD iCPD NE NE NE", "iCPD"),  # example 6
    ("iUPD iUPD iCPD NE NE", "iCPD"),  # example 7
    ("iUPD NE NE NE NE", "iUPD"),  # example 8
    ("iUPD iUPD iUPD", "iUPD"),
    ("NE NE", "NE"),
    ("iSD iUPD", "iSD"),
]


@pytest.mark.parametrize(("responses", "best"), BEST, ids=[case[0] for case in BEST])
def test_best_response(responses, best):
    codes = coded(responses)
    assert ImmuneResponse(best_immune_response(codes, days(codes))[0]).label == best


@pytest.mark.parametrize(
    ("responses", "when", "best"),
    [
        ("iPR iPR", [42, 84], "iPR"),
        ("iPR iUPD iPR", [42, 84, 126], "iPR"),  # what the third scan put aside does not stand between
        ("iPR iPR", [42, 63], "iSD"),
        ("iPR iUPD iCPD", [42, 84, 126], "iSD"),
        ("iSD iUPD", [28, 56], "iUPD"),  # stable too early to be called so
    ],
)
def test_best_response_with_confirmation(responses, when, best):
    found = best_immune_response(coded(responses), when, confirmation=True)
    assert ImmuneResponse(found[0]).label == best


# responses by scan | last scan without progression | scan of progression, or None
STANDING = [
    ("iSD iUPD iCPD", 1, 2),
    ("iUPD iUPD iCPD", 0, 1),
    ("iUPD iSD iUPD iCPD", 2, 3),
    ("iUPD iSD NE iUPD", 2, 4),
    ("iPR iUPD NE NE", 1, 2),
    ("iUPD iPR", 2, None),
    ("NE NE", 0, None),
]


@pytest.mark.parametrize(("responses", "clear", "shown"), STANDING, ids=[case[0] for case in STANDING])
def test_progression_lies_between_scans(responses, clear, shown):
    codes = coded(responses)
    found = immune_progression_free(codes, days(codes))
    assert found.lower[0] == EVERY * clear
    assert found.upper[0] == (np.inf if shown is None else EVERY * shown)
    strict = immune_progression_free(codes, days(codes), unconfirmed_counts=False)
    assert strict.event[0] == ("iCPD" in responses)
    assert strict.time[0] == (found.time[0] if "iCPD" in responses else EVERY * clear)


def test_who_cannot_be_judged_is_missing():
    found = immune_progression_free(coded("iUPD iCPD"), [42, 84], valid=[False])
    assert np.isnan(found.time[0])
    assert not found.event[0]


SUMS = arrays(float, (6, 6), elements=st.integers(0, 150).map(float) | st.just(np.nan))
COUNTS = arrays(int, (6, 5), elements=st.sampled_from([0, 0, 0, 1, 2, 3]))


@given(SUMS, COUNTS)
def test_the_first_progression_is_that_of_recist(sums, lesions):
    plain, immune = assess(sums, lesions > 0), assess_immune(sums, lesions)
    for row, other in zip(plain, immune, strict=True):
        seen = np.flatnonzero(row == Response.PROGRESSION)
        until = seen[0] if seen.size else row.size
        np.testing.assert_array_equal(row[:until], other[:until])
        if seen.size:
            assert other[until] == ImmuneResponse.UNCONFIRMED


@given(SUMS, COUNTS)
def test_progression_is_never_earlier_or_more_frequent(sums, lesions):
    plain, immune = assess(sums, lesions > 0), assess_immune(sums, lesions)
    when = days(plain)
    by_recist, by_irecist = progression_free(plain, when), immune_progression_free(immune, when)
    assert np.all(by_irecist.time >= by_recist.time)
    assert np.all(by_irecist.upper >= by_recist.upper)
    assert np.all(by_irecist.lower < by_irecist.upper)
    strict = immune_progression_free(immune, when, unconfirmed_counts=False)
    assert np.all(by_recist.event | ~by_irecist.event)
    assert np.all(by_irecist.event | ~strict.event)
    best, before = best_immune_response(immune, when), best_response(plain, when)
    response = (before == Response.COMPLETE) | (before == Response.PARTIAL)
    assert np.all(best[response] <= before[response])  # treatment beyond progression can only add responses


@given(SUMS, COUNTS)
def test_confirmation_follows_a_suspicion_and_ends_the_row(sums, lesions):
    for row in assess_immune(sums, lesions):
        confirmed = np.flatnonzero(row == ImmuneResponse.CONFIRMED)
        assert confirmed.size <= 1
        if confirmed.size:
            before = row[: confirmed[0]]
            assert before[before != ImmuneResponse.NOT_EVALUABLE][-1] == ImmuneResponse.UNCONFIRMED
            assert np.all(row[confirmed[0] + 1 :] == ImmuneResponse.NOT_EVALUABLE)


@given(SUMS, COUNTS)
def test_a_patient_is_judged_alone(sums, lesions):
    together = assess_immune(sums, lesions)
    alone = np.concatenate([assess_immune(row, count) for row, count in zip(sums, lesions, strict=True)])
    np.testing.assert_array_equal(together, alone)


def test_mistakes_are_named():
    with pytest.raises(Lag3igError, match=r"it must be \(1, 2\)"):
        assess_immune([[100, 100, 100]], [[1]])
    with pytest.raises(Lag3igError, match="-1 new lesions of patient 0 at scan 2"):
        assess_immune([[100, 100, 100]], [[1, -1]])
    with pytest.raises(Lag3igError, match="nan new lesions"):
        assess_immune([[100, 100]], [[np.nan]])
