"""Jacobian by the chain rule, with every intermediate kept under its name."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from ..errors import ModelError
from .lines import Line, is_curved, program, unique
from .printer import guarded
from .system import System


@dataclass(frozen=True, slots=True)
class Jacobian:
    """Lines that compute quantities and their derivatives, and the entries that are not identically zero."""

    lines: tuple[Line, ...]
    entries: Mapping[tuple[str, str], Any]


def jacobian(system: System) -> Jacobian:
    """Derivative of each balance with respect to each state, row by row.

    Raises
    ------
    ModelError
        If a rate needs the smaller or larger of two state-dependent numbers, which has no derivative.
    """
    chain = _Chain(system)
    for line in program(system):
        chain.add(line)
    entries: dict[tuple[str, str], Any] = {}
    for row in system.states:
        slopes = chain.slopes(system.balance(row))
        for column in system.states:
            if column in slopes:
                entries[row, column] = slopes[column]
    return Jacobian(tuple(chain.lines), entries)


class _Chain:
    """Derivatives with respect to states, propagated forward through the program."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._taken = set(system.symbols)
        self._slopes: dict[str, dict[str, Any]] = {
            state: {state: sympy.Integer(1)} for state in system.states
        }
        self.lines: list[Line] = []

    def add(self, line: Line) -> None:
        """Append a line of the program and the lines of its derivatives."""
        self.lines.append(line)
        self._taken.add(line.symbol)
        partials: dict[str, Any] = {}
        for name in self._variables(line.expression):
            value = _partial(line, sympy.Symbol(name, real=True), self._system)
            if value == 0:
                continue
            reached = len(self._slopes[name])
            if reached > 1 and value.args:
                value = self._name(f"{line.symbol}_by_{name}", value)
            partials[name] = value
        slopes = self._collect(partials)
        self._slopes[line.symbol] = {
            state: self._name(f"{line.symbol}_per_{state}", value) if value.args else value
            for state, value in slopes.items()
        }

    def slopes(self, expression: Any) -> dict[str, Any]:
        """Derivatives of an expression of named quantities and rates."""
        return self._collect(
            {name: expression.diff(sympy.Symbol(name, real=True)) for name in self._variables(expression)}
        )

    def _collect(self, partials: Mapping[str, Any]) -> dict[str, Any]:
        slopes: dict[str, Any] = {}
        for name, partial in partials.items():
            for state, inner in self._slopes[name].items():
                slopes[state] = slopes.get(state, sympy.Integer(0)) + partial * inner
        return {state: slopes[state] for state in self._system.states if slopes.get(state, 0) != 0}

    def _variables(self, expression: Any) -> list[str]:
        return sorted(symbol.name for symbol in expression.free_symbols if symbol.name in self._slopes)

    def _name(self, name: str, value: Any) -> Any:
        name = unique(name, self._taken)
        self._taken.add(name)
        self.lines.append(Line(name, value))
        return sympy.Symbol(name, real=True)


def _partial(line: Line, variable: Any, system: System) -> Any:
    """Partial derivative of one line; powers and exponentials use the value that the line has."""
    expression, value = line.expression, sympy.Symbol(line.symbol, real=True)
    if expression.has(sympy.Min, sympy.Max) and not system.is_constant(expression):
        raise ModelError(
            f"{line.symbol}: minimum and maximum of states have no derivative; use a smooth form"
        )
    if not is_curved(expression):
        return _tidy(expression.diff(variable))
    if isinstance(expression, sympy.exp):
        return value * _tidy(expression.args[0].diff(variable))
    if isinstance(expression, sympy.log):
        return _relative(expression.args[0], variable)
    base, exponent = expression.base, expression.exp
    if base.is_number:
        return value * sympy.log(base) * _tidy(exponent.diff(variable))
    if not system.is_constant(exponent):
        raise ModelError(
            f"{line.symbol}: a state-dependent exponent of a state-dependent base is not supported; "
            "write it with exp and log"
        )
    return exponent * value * _relative(base, variable)


def _relative(base: Any, variable: Any) -> Any:
    """Derivative of log(base), factor by factor, finite where a factor reaches zero."""
    total = sympy.Integer(0)
    for factor in sympy.Mul.make_args(base):
        inner, times = (factor.base, factor.exp) if factor.is_Pow else (factor, sympy.Integer(1))
        slope = inner.diff(variable)
        if slope != 0:
            total += times * slope / guarded(inner)
    return total


def _tidy(slope: Any) -> Any:
    """Derivative of a ratio as one ratio: b/(a + b)**2 rather than 1/(a + b) - a/(a + b)**2."""
    ratios = [
        power
        for power in slope.atoms(sympy.Pow)
        if power.exp.is_Integer and power.exp < 0 and power.base.is_Add
    ]
    return sympy.factor(sympy.together(slope)) if ratios else slope
