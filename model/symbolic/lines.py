"""Straight-line programs: named expressions in an order in which each needs only earlier ones."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import sympy

from .printer import Printer
from .system import System


@dataclass(frozen=True, slots=True)
class Line:
    """Assignment of an expression to a name, with the words that explain it."""

    symbol: str
    expression: Any
    comment: str = ""


def is_curved(expression: Any) -> bool:
    """Whether the outermost operation is a root, a power, an exponential or a logarithm."""
    if isinstance(expression, sympy.exp | sympy.log):
        return True
    return bool(expression.is_Pow and not expression.exp.is_Integer)


def program(system: System) -> tuple[Line, ...]:
    """Quantities and rates that depend on states, with every power and exponential under a name of its own.

    A derivative of ``x**h`` can then use the value of ``x**h`` instead of raising to a power again.
    """
    lines: list[Line] = []
    for item in (*system.quantities, *system.rates):
        if item.symbol in system.constant:
            continue
        inner: list[Line] = []
        expression = _extract(item.expression, item.symbol, system, inner, outermost=True)
        lines += [*inner, Line(item.symbol, expression, f"{item.unit}: {item.meaning}")]
    return tuple(lines)


def _extract(expression: Any, owner: str, system: System, inner: list[Line], *, outermost: bool) -> Any:
    if not expression.args or system.is_constant(expression):
        return expression
    rebuilt = expression.func(
        *(_extract(part, owner, system, inner, outermost=False) for part in expression.args)
    )
    if outermost or not is_curved(rebuilt):
        return rebuilt
    for line in inner:
        if line.expression == rebuilt:
            return sympy.Symbol(line.symbol, real=True)
    word = "log" if isinstance(rebuilt, sympy.log) else "exp" if isinstance(rebuilt, sympy.exp) else "power"
    taken = {line.symbol for line in inner} | set(system.symbols)
    name = unique(f"{owner}_{word}", taken)
    inner.append(Line(name, rebuilt, f"part of {owner}"))
    return sympy.Symbol(name, real=True)


def unique(name: str, taken: Iterable[str]) -> str:
    """Name, or the name with the first number that makes it new."""
    names = set(taken)
    candidate, number = name, 1
    while candidate in names:
        number += 1
        candidate = f"{name}_{number}"
    return candidate


def needed(lines: Sequence[Line], ends: Iterable[Any]) -> tuple[Line, ...]:
    """Lines that the end expressions need, in their order."""
    wanted = {symbol.name for expression in ends for symbol in expression.free_symbols}
    kept = []
    for line in reversed(lines):
        if line.symbol in wanted:
            kept.append(line)
            wanted |= {symbol.name for symbol in line.expression.free_symbols}
    return tuple(reversed(kept))


def share_divisors(
    lines: Sequence[Line], names: Callable[[Any], str], *, constant: Callable[[Any], bool], last: int
) -> tuple[Line, ...]:
    """Lines in which each divisor has its reciprocal on a line of its own, once.

    Constant divisors are left to the hoister. The ``last`` lines stay together at the end, in their order.
    """
    symbols: dict[Any, Any] = {}
    result: list[Line] = []
    result_of_last: list[Line] = []
    for number, line in enumerate(lines):
        divisors = {base for base in _divisors(line.expression) if not constant(base)}
        for base in sorted(divisors, key=names):
            if base not in symbols:
                symbols[base] = sympy.Symbol(names(base), real=True)
                result.append(Line(symbols[base].name, 1 / base))
        target = result if number < len(lines) - last else result_of_last
        target.append(replace(line, expression=_divide(line.expression, symbols)))
    return (*result, *result_of_last)


def is_reciprocal(line: Line) -> bool:
    """Whether a line is one divided by something."""
    return bool(line.expression.is_Pow and line.expression.exp == -1)


def group_reciprocals(lines: Sequence[Line]) -> tuple[tuple[Line, ...], ...]:
    """Lines in an order that brings together up to three reciprocals that do not wait for each other.

    One division can then serve the three. Every other group is a single line.
    """
    left = {line.symbol for line in lines}
    pending = list(lines)
    groups: list[tuple[Line, ...]] = []
    while pending:
        waiting: list[Line] = []
        held: list[Line] = []
        for line in pending:
            if left & {symbol.name for symbol in line.expression.free_symbols}:
                held.append(line)
            elif is_reciprocal(line):
                waiting.append(line)
            else:
                groups.append((line,))
                left.remove(line.symbol)
        for first in range(0, len(waiting), 3):
            groups.append(tuple(waiting[first : first + 3]))
            left -= {line.symbol for line in groups[-1]}
        pending = held
    return tuple(groups)


def _divisors(expression: Any) -> set[Any]:
    found = {
        power.base
        for power in expression.atoms(sympy.Pow)
        if power.exp.is_Integer and power.exp < 0 and not power.base.is_number
    }
    # A divisor inside another divisor would be shared in the wrong order.
    return {base for base in found if not _divisors_inside(base)}


def _divisors_inside(base: Any) -> bool:
    return any(power.exp.is_Rational and power.exp < 0 for power in base.atoms(sympy.Pow))


def _divide(expression: Any, symbols: Mapping[Any, Any]) -> Any:
    def replaced(power: Any) -> Any:
        return symbols[power.base] ** -power.exp

    return expression.replace(
        lambda part: bool(part.is_Pow and part.exp.is_Integer and part.exp < 0 and part.base in symbols),
        replaced,
    )


class Hoister:
    """Moves sub-expressions of parameters alone out of the kernels that run at every step.

    Calling it with an expression returns one in which each such part is a symbol; ``lines`` defines them.
    """

    def __init__(self, system: System, printer: Printer) -> None:
        self._system = system
        self._printer = printer
        self._symbols: dict[Any, Any] = {}
        self.lines: list[Line] = []

    @property
    def names(self) -> frozenset[str]:
        """Symbols of parameters, of quantities of parameters alone, and of what was hoisted."""
        return self._system.constant | {line.symbol for line in self.lines}

    def lines_of(self, lines: Sequence[Line]) -> tuple[Line, ...]:
        """Lines with their constant parts hoisted; a line that is all constant moves out under its name."""
        kept = []
        for line in lines:
            if all(symbol.name in self.names for symbol in line.expression.free_symbols):
                if line.symbol not in self.names:
                    self._keep(line)
            else:
                kept.append(replace(line, expression=self(line.expression)))
        return tuple(kept)

    def __call__(self, expression: Any) -> Any:
        """Expression whose constant parts are symbols."""
        if expression.is_Symbol or expression.is_number:
            return expression
        names = self.names
        if all(symbol.name in names for symbol in expression.free_symbols):
            return self._symbol(expression)
        if expression.is_Add or expression.is_Mul:
            number, rest = expression.as_coeff_Mul() if expression.is_Mul else (sympy.Integer(1), expression)
            parts = rest.args if rest.func == expression.func else (rest,)
            constant = [part for part in parts if all(symbol.name in names for symbol in part.free_symbols)]
            other = [self(part) for part in parts if part not in constant]
            sign = -1 if number == -1 else 1
            group = expression.func(*constant) * (number if sign == 1 else 1)
            return (
                sign * expression.func(self(group), *other) if constant or number != 1 else rest.func(*other)
            )
        return expression.func(*map(self, expression.args))

    def _symbol(self, expression: Any) -> Any:
        number, rest = expression.as_coeff_Mul()
        if number == -1:
            return -self(rest)
        if expression not in self._symbols:
            name = unique(spelled(self._printer(expression)), {*self._system.symbols, *self.names})
            self._symbols[expression] = sympy.Symbol(name, real=True)
            self._keep(Line(name, expression))
        return self._symbols[expression]

    def _keep(self, line: Line) -> None:
        self.lines.append(line)
        self._printer.promote(line.symbol)


_WORDS = (
    (" * ", "_times_"),
    (" / ", "_over_"),
    (" + ", "_plus_"),
    (" - ", "_minus_"),
    ("1.0", "one"),
    ("(", ""),
    (")", ""),
    (", ", "_to_"),
    (".", "p"),
    ("-", "minus_"),
)


def spelled(text: str) -> str:
    """Name for an expression's text: ``1.0 / VFi`` becomes one_over_VFi, a long one just "hoisted"."""
    name = text
    for sign, word in _WORDS:
        name = name.replace(sign, word)
    if len(name) > 48:
        return "hoisted"
    return name if name[0].isalpha() else f"c_{name}"
