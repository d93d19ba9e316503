"""Lanes: accuracy of the elementary functions, special values, and agreement with numpy."""

import ctypes
import platform
import re

import mpmath
import numpy as np
import pytest

from lag3ig.model.engine import compilation
from lag3ig.model.engine.contract import Kernel
from lag3ig.model.engine.lanes import LANES
from lag3ig.model.engine.simd import (
    absolute,
    exp,
    floor,
    kernel,
    load,
    log,
    maximum,
    minimum,
    power,
    reciprocals,
    select,
    sqrt,
    store,
)

from .tolerances import LAST_PLACE, ROUNDING

NAN = float("nan")
INFINITY = float("inf")
SPECIAL = [0.0, -0.0, INFINITY, -INFINITY, NAN, 5e-324, -5e-324, 1e-310, 2.3e-308, 1.7e308, 1.0, -1.0]
EDGES = [-708.0, -708.1, -707.99, -745.1, 709.78, 709.79, 710.0, 711.0]
ROWS = 18


@kernel
def every_word(x, out):
    a = load(x, 0)
    b = load(x, 1)
    store(out, 0, exp(a))
    store(out, 1, log(a))
    store(out, 2, power(a, 1.7))
    store(out, 3, power(a, b))
    store(out, 4, sqrt(a))
    store(out, 5, floor(a))
    store(out, 6, absolute(a))
    store(out, 7, minimum(a, b))
    store(out, 8, maximum(1e-3, a))
    store(out, 9, select((a > 1.0) & ~(b <= 2.0) | (a == b), -a, 2.0 * b - 1))
    store(out, 10, select((a != b) & (a >= 0.5) | (b < 1), a / 3.0, 7))
    store(out, 11, (a + b) * (a - b) / (2 + b))
    store(out, 12, 2)
    first, second = reciprocals(a, 3.0 + absolute(b))
    store(out, 13, first)
    store(out, 14, second)
    first, second, third = reciprocals(2.0 + absolute(a), b, a)
    store(out, 15, first)
    store(out, 16, second)
    store(out, 17, third)


def numbers(count: int) -> np.ndarray:
    rng = np.random.default_rng(7)
    small = rng.normal(size=count) * 5.0
    large = np.exp(rng.uniform(-700.0, 700.0, size=count)) * rng.choice([-1.0, 1.0], size=count)
    return np.concatenate([SPECIAL, EDGES, small, large, rng.uniform(-720.0, 720.0, size=count)])


def error_in_last_places(values: np.ndarray, exact: list[mpmath.mpf]) -> float:
    errors = [
        abs(mpmath.mpf(float(value)) - true) / mpmath.mpf(float(np.spacing(abs(value))))
        for value, true in zip(values, exact, strict=True)
    ]
    return float(max(errors))


@pytest.fixture(autouse=True)
def _many_digits():
    with mpmath.workprec(160):
        yield


def test_exp_is_right_to_the_last_place() -> None:
    x = np.concatenate([np.linspace(-708.0, 709.78, 3001), np.linspace(-1.0, 1.0, 1001)])
    assert error_in_last_places(exp(x), [mpmath.exp(mpmath.mpf(float(v))) for v in x]) < LAST_PLACE


def test_log_is_right_to_the_last_place() -> None:
    x = np.concatenate([np.exp(np.linspace(-744.0, 709.0, 3001)), 1.0 + np.linspace(-0.5, 0.9, 1001)])
    assert error_in_last_places(log(x), [mpmath.log(mpmath.mpf(float(v))) for v in x]) < LAST_PLACE


@pytest.mark.parametrize("h", [0.25, 1.0 / 3.0, 0.5, 1.0, 2.0, 3.7, -1.3])
def test_power_errs_by_its_exponents_rounding(h: float) -> None:
    """h log x is rounded twice before exp takes it, so the bound grows with its size."""
    x = np.exp(np.linspace(-60.0, 60.0, 801))
    exact = [mpmath.power(mpmath.mpf(float(v)), mpmath.mpf(h)) for v in x]
    error = np.array([abs(mpmath.mpf(float(v)) - e) / e for v, e in zip(power(x, h), exact, strict=True)])
    bound = 2.0 * np.finfo(float).eps * (LAST_PLACE + np.abs(h * np.log(x)))
    assert np.all(error.astype(float) <= bound)


def test_one_division_serves_three_reciprocals() -> None:
    rng = np.random.default_rng(9)
    x = np.exp(rng.uniform(-230.0, 230.0, size=(3, 1000))) * rng.choice([-1.0, 1.0], size=(3, 1000))
    for count in (2, 3):
        for found, number in zip(reciprocals(*x[:count]), x[:count], strict=True):
            exact = [1 / mpmath.mpf(float(v)) for v in number]
            assert error_in_last_places(found, exact) < 3.0 * LAST_PLACE


def test_reciprocals_whose_product_is_too_large_are_not_numbers() -> None:
    assert np.isnan(reciprocals(1e200, 1e200)).all()
    assert np.isnan(reciprocals(1e300, 1e-5, 1e100)).all()


@pytest.mark.parametrize(
    ("function", "argument", "value"),
    [
        (exp, NAN, NAN),
        (exp, INFINITY, INFINITY),
        (exp, -INFINITY, 0.0),
        (exp, -709.0, 0.0),
        (exp, 0.0, 1.0),
        (exp, 710.0, INFINITY),
        (log, NAN, NAN),
        (log, INFINITY, INFINITY),
        (log, 0.0, -INFINITY),
        (log, -0.0, -INFINITY),
        (log, -1.0, NAN),
        (log, -INFINITY, NAN),
        (log, 1.0, 0.0),
        (sqrt, -1.0, NAN),
    ],
)
def test_special_values(function, argument, value) -> None:
    np.testing.assert_array_equal(function(argument), value)


@pytest.mark.parametrize(
    ("x", "h", "value"),
    [
        (0.0, 2.0, 0.0),
        (-3.0, 0.5, 0.0),
        (-INFINITY, 2.0, 0.0),
        (0.0, 0.0, 1.0),
        (NAN, 2.0, NAN),
        (INFINITY, 2.0, INFINITY),
        (1.0, 1e6, 1.0),
        (1e200, 2.0, INFINITY),
        (1e-200, 2.0, 0.0),
    ],
)
def test_power_of_a_guarded_base(x: float, h: float, value: float) -> None:
    np.testing.assert_array_equal(power(x, h), value)


def test_not_a_number_stays_so_in_either_place() -> None:
    for function in (minimum, maximum):
        assert np.isnan(function(NAN, 1.0))
        assert np.isnan(function(1.0, NAN))


def test_compiled_words_agree_with_their_twins() -> None:
    a = numbers(4000)
    b = np.random.default_rng(8).permutation(a)
    a, b = (np.resize(v, (len(a) // LANES, LANES)) for v in (a, b))
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(every_word.compiled.address)
    for pair in np.stack([a, b], axis=1):
        x = np.ascontiguousarray(pair)
        compiled, twin = np.zeros((ROWS, LANES)), np.zeros((ROWS, LANES))
        call(x.ctypes.data, compiled.ctypes.data)
        with np.errstate(all="ignore"):
            every_word(x, twin)
        np.testing.assert_allclose(compiled, twin, rtol=ROUNDING, atol=0.0)


@pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86 assembly")
def test_kernels_are_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    """No double is computed one at a time; a compilation from the cache could not be inspected."""
    monkeypatch.setattr(compilation, "private_folder", lambda: None)
    text = Kernel(every_word.function).compiled._library.get_asm_str()
    instructions = set(re.findall(r"^\s+(v\w+)", text, re.MULTILINE))
    assert {name for name in instructions if name.endswith("pd")} >= {"vmulpd", "vaddpd", "vdivpd"}
    assert {name for name in instructions if name.endswith("sd")} <= {"vbroadcastsd", "vmovsd"}


def test_a_kernel_runs_on_rows_of_any_length() -> None:
    x = np.linspace(0.1, 3.0, 40).reshape(2, 20)
    out = np.zeros((ROWS, 20))
    every_word(x, out)
    np.testing.assert_array_equal(out[0], exp(x[0]))
    np.testing.assert_array_equal(out[3], power(x[0], x[1]))
