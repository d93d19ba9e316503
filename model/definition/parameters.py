"""Table of parameters: what each number is, how it varies, and how well it is known."""

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import ParameterError, nearest
from .records import check_symbol
from .structures import CHOICES, Structure

TABLE = Path(__file__).with_name("parameters.toml")
KINDS = ("measured", "estimated", "derived", "assumed")
DISTRIBUTIONS = ("none", "lognormal", "logitnormal")
ROLES = ("model", "population", "assay", "trial")
_SECTIONS = ("schema", "constant", "parameter", "alternative", "mixture", "correlation")
_SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One number with its unit, spread over patients, kind and source.

    ``spread`` is the coefficient of variation of a log-normal whose median is ``value``, or the standard
    deviation of the logit of a logit-normal. Without ``bounds`` a parameter is positive.
    """

    symbol: str
    value: float
    unit: str
    meaning: str
    kind: str
    source: str
    distribution: str = "none"
    spread: float = 0.0
    spread_kind: str = ""
    bounds: tuple[float, float] | None = None
    role: str = "model"
    where: str = field(default="parameters.toml", compare=False, repr=False)

    def __post_init__(self) -> None:
        for name, allowed in (("kind", KINDS), ("distribution", DISTRIBUTIONS), ("role", ROLES)):
            if getattr(self, name) not in allowed:
                self._refuse(
                    f"{name} = {getattr(self, name)!r}: {nearest(str(getattr(self, name)), allowed)}"
                )
        for name in ("unit", "meaning", "source"):
            if not isinstance(getattr(self, name), str) or not getattr(self, name).strip():
                self._refuse(f"{name} is empty: every number needs one")
        if not self.admits(self.value):
            self._refuse(f"value {self.value!r} is not {self.range}")
        if self.distribution == "none":
            if self.spread:
                self._refuse("has a spread but no distribution: name lognormal or logitnormal")
            return
        if not math.isfinite(self.spread) or self.spread < 0.0:
            self._refuse(f"spread {self.spread!r} is not a number of at least 0")
        if self.spread_kind not in KINDS:
            self._refuse(f"spread_kind = {self.spread_kind!r}: {nearest(self.spread_kind, KINDS)}")
        if self.value <= 0.0 or (self.distribution == "logitnormal" and self.value >= 1.0):
            self._refuse(f"value {self.value!r} cannot be the median of a {self.distribution}")

    @property
    def range(self) -> str:
        """Values that are allowed, in words."""
        return "a positive number" if self.bounds is None else "from {} to {}".format(*self.bounds)

    def admits(self, value: float) -> bool:
        """Whether a value is finite and within the bounds (positive, if none are given)."""
        if not math.isfinite(value):
            return False
        return value > 0.0 if self.bounds is None else self.bounds[0] <= value <= self.bounds[1]

    def _refuse(self, fault: str) -> None:
        raise ParameterError(f"{self.where}, parameter {self.symbol}: {fault}")


@dataclass(frozen=True, slots=True)
class Constant:
    """Conversion between units, exact by definition."""

    symbol: str
    value: float
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Correlation:
    """Correlation of two parameters over patients, on the scale on which they are normal."""

    symbols: tuple[str, str]
    value: float
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Mixture:
    """Second kind of patient: its share, and the factors that its parameters are multiplied by."""

    share: float
    factors: Mapping[str, float]
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class Alternative:
    """Value that a parameter takes under one structural option."""

    choice: str
    option: str
    symbol: str
    value: float
    kind: str
    source: str


@dataclass(frozen=True, slots=True)
class ParameterTable:
    """Every parameter by symbol, with constants, correlations, mixture and structure-bound values."""

    parameters: Mapping[str, Parameter]
    constants: Mapping[str, Constant] = field(default_factory=dict)
    correlations: tuple[Correlation, ...] = ()
    mixture: Mixture | None = None
    alternatives: tuple[Alternative, ...] = ()
    overridden: frozenset[str] = frozenset()

    def __getitem__(self, symbol: str) -> Parameter:
        if symbol not in self.parameters:
            raise ParameterError(f"no parameter {symbol!r}: {nearest(symbol, self.parameters)}")
        return self.parameters[symbol]

    def __contains__(self, symbol: object) -> bool:
        return symbol in self.parameters

    def __iter__(self) -> Iterator[str]:
        return iter(self.parameters)

    def __len__(self) -> int:
        return len(self.parameters)

    def of_role(self, role: str) -> dict[str, Parameter]:
        """Parameters of one role, in the order of the table."""
        return {symbol: item for symbol, item in self.parameters.items() if item.role == role}

    def with_values(self, overrides: Mapping[str, float]) -> "ParameterTable":
        """Table in which the named parameters have other values (a median, where there is a distribution).

        Raises
        ------
        ParameterError
            If a symbol is unknown, a value is no number, or it is out of bounds.
        """
        changed = dict(self.parameters)
        for symbol, value in overrides.items():
            if isinstance(value, bool) or not isinstance(value, int | float):
                raise ParameterError(f"parameter {symbol}: {value!r} is not a number")
            changed[symbol] = replace(self[symbol], value=float(value), where="override")
        return replace(self, parameters=changed, overridden=self.overridden | set(overrides))

    def with_spreads(self, spreads: Mapping[str, float]) -> "ParameterTable":
        """Table in which the named parameters vary over patients by other amounts.

        Raises
        ------
        ParameterError
            If a symbol is unknown, has no distribution, or the spread is no number of at least 0.
        """
        changed = dict(self.parameters)
        for symbol, spread in spreads.items():
            if self[symbol].distribution == "none":
                raise ParameterError(f"parameter {symbol} does not vary over patients, so it has no spread")
            changed[symbol] = replace(self[symbol], spread=float(spread), where="override")
        return replace(self, parameters=changed)

    def with_share(self, share: float) -> "ParameterTable":
        """Table in which the second kind of patient has another share of the population.

        Raises
        ------
        ParameterError
            If the table has no mixture, or the share is not between 0 and 1.
        """
        if self.mixture is None or not 0.0 <= share <= 1.0:
            raise ParameterError(f"share {share!r} needs a [mixture], and must be between 0 and 1")
        return replace(self, mixture=replace(self.mixture, share=float(share)))

    def with_correlation(self, symbols: tuple[str, str], value: float) -> "ParameterTable":
        """Table in which two parameters have that correlation over patients.

        Raises
        ------
        ParameterError
            If a symbol is unknown or the correlation is not between -1 and 1.
        """
        pair = (self[symbols[0]].symbol, self[symbols[1]].symbol)
        if not -1.0 < value < 1.0:
            raise ParameterError(f"correlation {value!r} of {pair[0]} and {pair[1]} is not between -1 and 1")
        others = tuple(item for item in self.correlations if set(item.symbols) != set(pair))
        return replace(self, correlations=(*others, Correlation(pair, float(value), "assumed", "given")))

    def for_structure(self, structure: Structure) -> "ParameterTable":
        """Table with the values that belong to the options of a structure; overridden ones stay as given."""
        choices = structure.as_mapping()
        changed = dict(self.parameters)
        for item in self.alternatives:
            if choices[item.choice] == item.option and item.symbol not in self.overridden:
                changed[item.symbol] = replace(
                    changed[item.symbol], value=item.value, kind=item.kind, source=item.source
                )
        return replace(self, parameters=changed)


def load_parameters(
    path: str | Path | None = None, overrides: Mapping[str, float] | None = None
) -> ParameterTable:
    """Read a table of parameters; the literature set that ships with the model if no path is given.

    Raises
    ------
    ParameterError
        If the file cannot be read, has an unknown key, or describes a number incompletely; the message names
        the file, the parameter and the nearest known word.
    """
    file = TABLE if path is None else Path(path)
    try:
        text = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ParameterError(f"{file}: cannot be read ({error.strerror})") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError(f"{file}: is no TOML file ({error})") from error
    table = _table(text, file.name)
    return table.with_values(overrides) if overrides else table


def _table(text: dict[str, Any], where: str) -> ParameterTable:
    for key in text:
        if key not in _SECTIONS:
            raise ParameterError(f"{where}: unknown section {key!r}: {nearest(key, _SECTIONS)}")
    if text.get("schema") != _SCHEMA:
        raise ParameterError(
            f"{where}: schema {text.get('schema')!r} is not {_SCHEMA}: use this version's table"
        )
    constants = {
        symbol: _record(Constant, {"symbol": symbol, **entry}, f"{where}, constant {symbol}")
        for symbol, entry in text.get("constant", {}).items()
    }
    parameters = {
        symbol: _record(
            Parameter, {"symbol": symbol, **entry, "where": where}, f"{where}, parameter {symbol}"
        )
        for symbol, entry in text.get("parameter", {}).items()
    }
    for symbol in (*constants, *parameters):
        check_symbol(symbol)
    correlations = tuple(
        _record(Correlation, entry, f"{where}, correlation {number}")
        for number, entry in enumerate(text.get("correlation", ()), start=1)
    )
    alternatives = tuple(
        _record(Alternative, entry, f"{where}, alternative {number}")
        for number, entry in enumerate(text.get("alternative", ()), start=1)
    )
    mixture = _record(Mixture, text["mixture"], f"{where}, mixture") if "mixture" in text else None
    table = ParameterTable(parameters, constants, correlations, mixture, alternatives)
    _check_references(table, where)
    return table


def _record(record: type, entry: dict[str, Any], where: str) -> Any:
    """Record of one entry of the file, with its keys and the types of its values checked."""
    kinds: Mapping[str, Any] = record.__annotations__
    filled = {}
    for key, value in entry.items():
        if key not in kinds:
            raise ParameterError(f"{where}: unknown key {key!r}: {nearest(key, kinds)}")
        wanted = kinds[key]
        number = isinstance(value, int | float) and not isinstance(value, bool)
        if wanted is float and not number:
            raise ParameterError(f"{where}: {key} = {value!r} is not a number")
        if wanted is str and not isinstance(value, str):
            raise ParameterError(f"{where}: {key} = {value!r} is not a text")
        filled[key] = float(value) if wanted is float else tuple(value) if isinstance(value, list) else value
    try:
        return record(**filled)
    except TypeError as error:
        missing = str(error).split(": ")[-1]
        raise ParameterError(f"{where}: missing {missing}") from error


def _check_references(table: ParameterTable, where: str) -> None:
    named = [(symbol, "correlation") for item in table.correlations for symbol in item.symbols]
    named += [(item.symbol, "alternative") for item in table.alternatives]
    named += [(symbol, "mixture") for symbol in (table.mixture.factors if table.mixture else ())]
    for symbol, section in named:
        if symbol not in table.parameters:
            raise ParameterError(f"{where}, {section}: no parameter {symbol!r}: {nearest(symbol, table)}")
    for item in table.correlations:
        if len(item.symbols) != 2 or not -1.0 < item.value < 1.0:
            raise ParameterError(
                f"{where}, correlation of {item.symbols}: needs two symbols and a value in (-1, 1)"
            )
    for alternative in table.alternatives:
        options = CHOICES[alternative.choice].options if alternative.choice in CHOICES else ()
        if alternative.option not in options:
            raise ParameterError(
                f"{where}, alternative for {alternative.symbol}: no structure "
                f"{alternative.choice}-{alternative.option}"
            )
    if table.mixture and not 0.0 <= table.mixture.share <= 1.0:
        raise ParameterError(f"{where}, mixture: share {table.mixture.share!r} is not between 0 and 1")
