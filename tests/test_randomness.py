"""Random numbers: the published generator, the same for a patient wherever they are drawn."""

import hashlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mpmath import erfinv, mp, mpf, sqrt
from scipy import stats

from lag3ig.model.errors import PopulationError
from lag3ig.model.randomness import (
    code,
    exponentials,
    first_uniforms,
    normal_quantile,
    normals,
    to_open_interval,
    uniforms,
    words,
)

WORD = st.integers(min_value=0, max_value=2**64 - 1)
PATIENT = st.integers(min_value=0, max_value=2**63 - 1)
QUANTILE = 2e-15  # relative to the magnitude, or absolute near the median


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16]


@given(seed=WORD, patient=PATIENT, attempt=PATIENT, count=st.integers(min_value=0, max_value=13))
def test_words_are_numpys_philox_stream(seed: int, patient: int, attempt: int, count: int) -> None:
    stream = np.random.Philox(
        key=np.array([patient, seed], dtype=np.uint64),
        counter=np.array([0, attempt, code("purpose"), 0], dtype=np.uint64),
    )
    given_words = words(seed, [patient], "purpose", count, attempt=attempt)[0]
    assert given_words.tolist() == stream.random_raw(count).tolist()


def test_first_words_of_the_published_generator() -> None:
    # Known answers of Random123 for philox4x64-10: all-zero and all-one counter and key.
    from lag3ig.model.randomness import _philox

    zero, one = np.zeros(1, dtype=np.uint64), np.full(1, 2**64 - 1, dtype=np.uint64)
    answers = {
        (0, "16554d9eca36314c", "db20fe9d672d0fdc", "d7e772cee186176b", "7e68b68aec7ba23b"): zero,
        (1, "87b092c3013fe90b", "438c3c67be8d0224", "9cc7d7c69cd777b6", "a09caebf594f0ba0"): one,
    }
    for (_, *expected), given_word in answers.items():
        block = _philox((given_word,) * 4, (given_word,) * 2)
        assert [f"{int(word[0]):016x}" for word in block] == expected


@given(
    ids=st.lists(st.integers(min_value=0, max_value=10**9), min_size=1, max_size=40),
    cut=st.integers(min_value=0, max_value=40),
    count=st.integers(min_value=1, max_value=6),
)
def test_a_patients_numbers_do_not_depend_on_the_company(ids: list[int], cut: int, count: int) -> None:
    together = uniforms(5, ids, "parameter", count)
    parts = [uniforms(5, part, "parameter", count + 3)[:, :count] for part in (ids[:cut], ids[cut:]) if part]
    assert together.tobytes() == np.concatenate(parts).tobytes()


def test_large_batches_are_the_same_as_small_ones() -> None:
    ids = np.arange(20_000)
    assert uniforms(3, ids, "a", 5)[7001:7003].tobytes() == uniforms(3, [7001, 7002], "a", 5).tobytes()


@given(WORD)
def test_uniforms_lie_inside_the_open_interval_and_mirror(word: int) -> None:
    pair = np.array([word, 2**64 - 1 - word], dtype=np.uint64)
    low, high = to_open_interval(pair)
    assert 0.0 < low < 1.0
    assert low == 1.0 - high


def test_normal_quantile_against_arbitrary_precision() -> None:
    mp.prec = 120
    tails = 10.0 ** -np.arange(1.0, 17.0)
    near = np.array([0.075, 0.0751, 0.0749, 0.425, 0.5, 0.925, 2.0**-53, 1.0 - 2.0**-53])
    edge = np.exp(-np.array([24.9, 25.0, 25.1, 300.0]))  # where the shoulders end
    probabilities = np.concatenate([tails, 1.0 - tails[:12], near, edge, np.linspace(0.01, 0.99, 99)])
    for probability, value in zip(probabilities, normal_quantile(probabilities), strict=True):
        truth = sqrt(mpf(2)) * erfinv(2 * mpf(float(probability)) - 1) if probability > 1e-20 else None
        expected = float(truth) if truth is not None else float(stats.norm.ppf(probability))
        assert abs(value - expected) <= QUANTILE * max(1.0, abs(expected))


@given(st.floats(min_value=2.0**-53, max_value=0.5))
def test_normal_quantile_is_odd_about_the_median(probability: float) -> None:
    mirrored = 1.0 - probability
    if 1.0 - mirrored == probability:
        assert normal_quantile(probability) == -normal_quantile(mirrored)


@pytest.mark.parametrize(("draw", "law"), [(uniforms, "uniform"), (normals, "norm"), (exponentials, "expon")])
def test_numbers_have_the_law_they_are_named_after(draw, law: str) -> None:
    values = draw(11, np.arange(5000), "law", 4)
    assert stats.kstest(values.ravel(), law).pvalue > 1e-3
    assert np.max(np.abs(np.corrcoef(values.T) - np.eye(4))) < 4.5 / np.sqrt(5000)


def test_purposes_seeds_attempts_and_patients_are_apart() -> None:
    first = uniforms(1, [1], "a", 8)
    others = (
        uniforms(1, [1], "b", 8),
        uniforms(2, [1], "a", 8),
        uniforms(1, [2], "a", 8),
        uniforms(1, [1], "a", 8, attempt=1),
        uniforms(2, [1], "a", 8, attempt=1),
    )
    assert all(np.all(first != other) for other in others)


def test_golden_bits() -> None:
    ids = np.arange(1000)
    assert digest(words(1, ids, "golden", 7)) == "4c37bf81ad5ebec6"
    assert digest(uniforms(1, ids, "golden", 7)) == "751b3623aecce481"
    assert digest(normals(1, ids, "golden", 7)) == "5dcfafaa5d7d232f"
    assert digest(exponentials(1, ids, "golden", 7)) == "8d8e3cf28c368080"


@pytest.mark.parametrize(
    ("seed", "ids", "words_of"),
    [
        (-1, [0], "seed must be a whole number"),
        (2**64, [0], "seed must be a whole number"),
        (1.5, [0], "seed must be a whole number"),
        (True, [0], "seed must be a whole number"),
        (1, [-1], "patient numbers must be whole numbers from 0 on"),
        (1, [0.5], "patient numbers must be whole numbers from 0 on"),
        (1, [[0]], "patient numbers must be whole numbers from 0 on"),
    ],
)
def test_refusals(seed: int, ids: list, words_of: str) -> None:
    with pytest.raises(PopulationError, match=words_of):
        uniforms(seed, ids, "a", 1)


@given(seed=WORD, patients=st.lists(PATIENT, min_size=1, max_size=5), attempt=st.integers(0, 9))
def test_many_purposes_at_once_are_each_alone(seed: int, patients: list[int], attempt: int) -> None:
    purposes = [f"purpose {number}" for number in range(7)]
    together = first_uniforms(seed, patients, purposes, attempt)
    for column, purpose in enumerate(purposes):
        np.testing.assert_array_equal(
            together[:, column], uniforms(seed, patients, purpose, 1, attempt)[:, 0]
        )
