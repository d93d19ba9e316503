"""Quantities are converted exactly, and what is no quantity is refused in words."""

import contextlib
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.model.errors import Lag3igError, UnitError
from lag3ig.model.units import _PLAIN, _registry, convert, quantity

FINITE = st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12)


@pytest.mark.parametrize(
    ("text", "unit", "value"),
    [
        ("30 mg", "mg", 30.0),
        ("30mg", "ug", 30000.0),
        ("0.1 ug", "mg", 1e-4),
        ("10 µg", "ug", 10.0),
        ("2 weeks", "d", 14.0),
        ("1 h", "d", 1 / 24),
        ("1 month", "d", 30.4375),
        ("80 mg/m^2", "mg/m**2", 80.0),
        ("80 mg/m2", "mg/m^2", 80.0),
        ("80 mg*m-2", "mg/m^2", 80.0),
        ("2 mg/h", "mg/d", 48.0),
        ("1e-3 g", "mg", 1.0),
        ("60 nM", "nmol/L", 60.0),
        ("5 cells/uL", "1/mL", 5000.0),
        ("2 vaccine_unit", "vaccine_unit", 2.0),
        (14, "d", 14.0),
        (0.5, "mg", 0.5),
    ],
)
def test_known_quantities(text: str | float, unit: str, value: float) -> None:
    assert quantity(text, unit) == value


@pytest.mark.parametrize(
    ("given_text", "unit", "words"),
    [
        ("3 d", "mg", r"dose: 'd' is a unit of time, but mass is needed; give it in 'mg'"),
        ("3 mgg", "mg", r"dose: unit 'mgg' is unknown; did you mean 'mg'"),
        ("30 mk", "mg", r"dose: unit 'mk' is unknown; give it in 'mg' or another unit of mass"),
        ("14 dd", "d", r"dose: unit 'dd' is unknown; did you mean 'd'"),
        ("1 mg/mh", "mg/d", r"dose: unit 'mg/mh' is unknown"),
        ("1 mL", "mg", r"dose: 'mL' is a unit of volume, but mass is needed"),
        ("4", "d", r"dose: '4' has no unit; write '4 d'"),
        ("many mg", "mg", r"dose: 'many mg' is no quantity; write a number and a unit"),
        ("1e999 mg", "mg", r"is no quantity"),
        ("9 mg**9**9**9", "mg", r"is no unit"),
        ("1 __import__('os')", "mg", r"is no unit"),
        ("1 " + "m" * 1000, "mg", r"is no quantity"),
        (float("nan"), "mg", r"dose: nan is no finite number of mg"),
        (True, "mg", r"dose: True is no finite number"),
        ("3 degC", "K", r"cannot be turned into .K. by a factor"),
    ],
)
def test_refusals_say_what_would_be_right(given_text: str | float, unit: str, words: str) -> None:
    with pytest.raises(UnitError, match=words):
        quantity(given_text, unit, what="dose")


@given(FINITE)
def test_milligrams_and_micrograms_are_the_same_bits(value: float) -> None:
    text = repr(value)
    number, _, power = text.partition("e")
    thousandfold = f"{number}e{int(power or 0) + 3}"
    assert abs(quantity(f"{thousandfold} ug", "mg") - quantity(f"{text} mg", "mg")) <= abs(value) * 2.0**-52


@given(st.integers(min_value=0, max_value=10**9))
def test_whole_amounts_convert_exactly(value: int) -> None:
    assert convert(float(1000 * value), "ug", "mg") == float(value)
    assert convert(float(24 * value), "h", "d") == float(value)


@given(st.text(max_size=80))
def test_any_text_is_a_quantity_or_a_unit_error(text: str) -> None:
    with contextlib.suppress(Lag3igError):
        assert math.isfinite(quantity(text, "mg"))


def test_plain_units_are_those_of_the_registry() -> None:
    """Units that are converted without the registry have its factors, each to each."""
    for unit, (kind, _) in _PLAIN.items():
        for wanted, (other, _) in _PLAIN.items():
            source, target = (_registry().parse_units(name) for name in (unit, wanted))
            assert (kind == other) == (source.dimensionality == target.dimensionality)
            if kind == other:
                factor = _registry().Quantity(1, source).to(target).magnitude
                assert convert(3.0, unit, wanted) == float(3 * factor), f"{unit} {wanted}"
