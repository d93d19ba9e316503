"""Amounts and times as people write them, turned into plain numbers of a stated unit."""

import math
import re
from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from .errors import UnitError, nearest

_NUMBER = re.compile(r"\s*([+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?)\s*(.*?)\s*\Z", re.DOTALL)
# Only names, products, quotients and one-digit powers reach the registry: nothing that could hang.
_UNIT = re.compile(
    r"[A-Za-zµμ%_]+(?:(?:\*\*|\^)-?\d)?(?:\s*[*/]\s*(?:[A-Za-zµμ%_]+|1)(?:(?:\*\*|\^)-?\d)?)*\Z|1(?:/[A-Za-zµμ]+)?\Z"
)
_BARE_POWER = re.compile(r"(?<=[A-Za-zµμ])(-?\d)(?=\s*(?:[*/]|\Z))")  # as in 'mg/m2'
_WORD = re.compile(r"[A-Za-zµμ_]+")
_CALENDAR = frozenset({"minute", "hour", "day", "week", "month", "year"})
_DIMENSIONS = {
    "": "plain number",
    "length^2": "area",
    "length^3": "volume",
    "length^-3 mass": "mass concentration",
    "length^-3 substance": "amount concentration",
}
_LONGEST = 60
_COMMON = (
    "d",
    "h",
    "min",
    "week",
    "month",
    "mg",
    "ug",
    "ng",
    "g",
    "kg",
    "mL",
    "L",
    "mm",
    "nmol",
    "nM",
    "mg/L",
    "1/d",
)


# Units that protocols are written in, as multiples of one of their kind: the registry costs half a second.
_PLAIN: Mapping[str, tuple[str, Fraction]] = {
    **{name: ("time", Fraction(1)) for name in ("d", "day", "days")},
    **{name: ("time", Fraction(7)) for name in ("week", "weeks")},
    **{name: ("time", Fraction(1, 24)) for name in ("h", "hour", "hours")},
    **{name: ("time", Fraction(1, 1440)) for name in ("min", "minute", "minutes")},
    "kg": ("mass", Fraction(1000)),
    "g": ("mass", Fraction(1)),
    "mg": ("mass", Fraction(1, 10**3)),
    "ug": ("mass", Fraction(1, 10**6)),
    "ng": ("mass", Fraction(1, 10**9)),
    "mg/mL": ("concentration", Fraction(1000)),
    "mg/L": ("concentration", Fraction(1)),
    "ug/mL": ("concentration", Fraction(1)),
    "ng/mL": ("concentration", Fraction(1, 10**3)),
    "pg/mL": ("concentration", Fraction(1, 10**6)),
}


@cache
def _registry() -> Any:
    import pint  # 0.4 s that a run without written units need not pay

    registry: Any = pint.UnitRegistry(non_int_type=Fraction)
    for name in ("cell = []", "dose_unit = [dose]", "vaccine_unit = [vaccine]"):
        registry.define(name)
    return registry


def _unit(text: str, what: str, *, wanted: str = "") -> Any:
    """A unit of the registry; the message of one that is refused names the unit that is wanted instead."""
    text = _BARE_POWER.sub(r"^\1", text)
    if len(text) > _LONGEST or not _UNIT.match(text):
        raise UnitError(
            f"{what}: {text[:_LONGEST]!r} is no unit; write a unit such as 'mg', 'd', 'mg/L' or 'mg/m^2'"
        )
    remedy = nearest(text, _COMMON)
    if wanted and not remedy.startswith("did you mean"):
        remedy = f"give it in {wanted!r} or another unit of {_dimension(_unit(wanted, what))}"
    try:
        unit = _registry().parse_units(text)
    except Exception as error:
        # pint raises a dozen kinds of its own, of tokenize and of AttributeError for what it does not know.
        raise UnitError(f"{what}: unit {text!r} is unknown; {remedy}") from error
    if any(_misread(word) for word in _WORD.findall(text)):
        raise UnitError(f"{what}: unit {text!r} is unknown; {remedy}")
    return unit


def _misread(word: str) -> bool:
    """Whether the registry reads a slip as what nobody writes: 'dd' as tenths of a day, 'k' as a constant."""
    return any(
        (prefix and base in _CALENDAR) or base.endswith("_constant")
        for prefix, base, _ in _registry().parse_unit_name(word)
    )


@cache
def _factor(given: str, wanted: str, what: str) -> Fraction:
    if given in _PLAIN and wanted in _PLAIN and _PLAIN[given][0] == _PLAIN[wanted][0]:
        return _PLAIN[given][1] / _PLAIN[wanted][1]
    source, target = _unit(given, what, wanted=wanted), _unit(wanted, what)
    if source.dimensionality != target.dimensionality:
        raise UnitError(
            f"{what}: {given!r} is a unit of {_dimension(source)}, but {_dimension(target)} is needed; "
            f"give it in {wanted!r} or another unit of {_dimension(target)}"
        )
    nothing, one = (_registry().Quantity(amount, source).to(target).magnitude for amount in (0, 1))
    if nothing != 0:  # degrees that do not start at 0
        raise UnitError(f"{what}: {given!r} cannot be turned into {wanted!r} by a factor; give {wanted!r}")
    return Fraction(one)


def _dimension(unit: Any) -> str:
    powers = ((name.strip("[]"), power) for name, power in sorted(unit.dimensionality.items()))
    words = " ".join(name if power == 1 else f"{name}^{power}" for name, power in powers)
    return _DIMENSIONS.get(words, words)


def split(text: str, *, what: str = "quantity") -> tuple[float, str]:
    """Number and unit of a written quantity; the unit is empty if none is written.

    >>> split("30 mg")
    (30.0, 'mg')

    Raises
    ------
    UnitError
        If the text does not start with a finite number.
    """
    match = _NUMBER.match(text) if len(text) <= 2 * _LONGEST else None
    number = float(match[1]) if match else math.nan
    if match is None or not math.isfinite(number):
        raise UnitError(
            f"{what}: {text[:_LONGEST]!r} is no quantity; write a number and a unit, like '30 mg' or '14 d'"
        )
    return number, match[2]


def convert(value: float, given: str, wanted: str, *, what: str = "quantity") -> float:
    """Value in another unit, rounded once.

    The factor is an exact fraction, so 30 mg and 30000 ug are the same bits.

    >>> convert(30000.0, "ug", "mg")
    30.0

    Raises
    ------
    UnitError
        If a unit is unknown or the two have different dimensions.
    """
    if given == wanted:
        return value
    return float(Fraction(value) * _factor(given, wanted, what))


def quantity(given: str | float, unit: str, *, what: str = "quantity") -> float:
    """Number of ``unit`` in what was written; a bare number is already in ``unit``.

    Parameters
    ----------
    given
        Text such as ``"2 weeks"``, or a number.
    unit
        Unit of the result, such as ``"d"``.
    what
        Where the quantity stands; it opens the message of an error.

    Raises
    ------
    UnitError
        If it is no finite number, or its unit is unknown or has another dimension.

    Examples
    --------
    >>> quantity("2 weeks", "d")
    14.0
    >>> quantity("1.25 mg", "ug")
    1250.0
    """
    if isinstance(given, str):
        number, written = split(given, what=what)
        if not written:
            raise UnitError(f"{what}: {given!r} has no unit; write {given.strip() + ' ' + unit!r}")
        return convert(number, written, unit, what=what)
    if isinstance(given, bool) or not isinstance(given, int | float) or not math.isfinite(given):
        raise UnitError(
            f"{what}: {given!r} is no finite number of {unit}; write a number or text such as '1 {unit}'"
        )
    return float(given)
