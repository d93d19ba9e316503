"""Expressions as source text, the same in every process and with every version of the algebra library."""

from collections.abc import Collection, Iterable
from typing import Any

import sympy

TINY = 1e-300  # the smallest base of a logarithm
SMALLEST_DIVISOR = 1e-100  # of a derivative: the product of three is still a number
_SUM, _PRODUCT, _ATOM = 0, 1, 2


class guarded(sympy.Function):
    """Divisor that may reach zero from above: printed as the larger of itself and a tiny number."""


class Printer:
    """Writes expressions with terms and factors in a fixed order: constants, then the others as listed."""

    def __init__(self, order: Iterable[str], constant: Collection[str] = ()) -> None:
        self._rank = {name: (name not in constant, rank) for rank, name in enumerate(order)}

    def promote(self, name: str) -> None:
        """Let a new name be printed among the constants."""
        self._rank.setdefault(name, (False, len(self._rank)))

    def __call__(self, expression: Any) -> str:
        """Text of an expression; numbers by ``repr``, integer powers as products."""
        return self._print(sympy.sympify(expression, strict=True), _SUM)

    def key(self, expression: Any) -> tuple[Any, ...]:
        """Sorting key independent of the algebra library: first symbols by the table, then the text."""
        last = (True, len(self._rank))
        names = sorted(self._rank.get(symbol.name, last) for symbol in expression.free_symbols)
        return (names[:1], len(names), names, self._print(expression, _SUM))

    def _print(self, expression: Any, level: int) -> str:
        if expression.is_Symbol:
            return str(expression.name)
        if expression.is_number:
            text = repr(float(expression.evalf(30)))
            return f"({text})" if text.startswith("-") and level == _ATOM else text
        if expression.is_Add:
            return self._bracket(self._sum(expression), level > _SUM)
        if expression.is_Mul:
            return self._bracket(self._product(expression), level == _ATOM)
        if expression.is_Pow:
            return self._power(expression, level)
        arguments = [self._print(argument, _SUM) for argument in expression.args]
        if isinstance(expression, guarded):
            return f"maximum({SMALLEST_DIVISOR!r}, {arguments[0]})"
        if isinstance(expression, sympy.log):
            return f"log(maximum({TINY!r}, {arguments[0]}))"
        if isinstance(expression, sympy.exp):
            return f"exp({arguments[0]})"
        if isinstance(expression, sympy.Min | sympy.Max):
            word = "minimum" if isinstance(expression, sympy.Min) else "maximum"
            return f"{word}({', '.join(self._print(item, _SUM) for item in self._ordered(expression.args))})"
        raise TypeError(f"no text for {type(expression).__name__}")

    @staticmethod
    def _bracket(text: str, needed: bool) -> str:
        return f"({text})" if needed else text

    def _ordered(self, expressions: Any) -> list[Any]:
        # Numbers lead, as people write them: 1 + x, 2 * x.
        return sorted(expressions, key=lambda item: (not item.is_number, self.key(item)))

    def _sum(self, expression: Any) -> str:
        terms = [(term.as_coeff_Mul()[0] < 0, term) for term in expression.args]
        plus = self._ordered(term for negative, term in terms if not negative)
        minus = self._ordered(-term for negative, term in terms if negative)
        if not plus:
            first, *minus = minus
            text = "-" + self._print(first, _PRODUCT)
        else:
            text = " + ".join(self._print(term, _PRODUCT) for term in plus)
        return text + "".join(" - " + self._print(term, _PRODUCT) for term in minus)

    def _product(self, expression: Any) -> str:
        number, rest = expression.as_coeff_Mul()
        above, below = [], []
        for factor in sympy.Mul.make_args(rest):
            if factor.is_number:
                number *= factor
            elif factor.is_Pow and factor.exp.is_Rational and factor.exp < 0:
                below.append(factor.base**-factor.exp)
            else:
                above.append(factor)
        factors = [self._print(item, _ATOM) for item in self._ordered(above)]
        sign = ""
        if number.is_negative:
            sign, number = "-", -number
        if number != 1 or not factors:
            factors.insert(0, self._print(number, _ATOM))
        text = sign + " * ".join(factors)
        if below:
            divisors = [self._print(item, _ATOM) for item in self._ordered(below)]
            joined = " * ".join(divisors)
            text += " / " + (joined if len(below) == 1 and not below[0].is_Pow else f"({joined})")
        return text

    def _power(self, expression: Any, level: int) -> str:
        base, exponent = expression.base, expression.exp
        if exponent.is_Rational and exponent < 0:
            return self._bracket(self._product(expression), level == _ATOM)
        if exponent.is_Integer:
            return " * ".join([self._print(base, _ATOM)] * int(exponent))
        if exponent == sympy.Rational(1, 2):
            return f"sqrt({self._print(base, _SUM)})"
        if base.is_number:
            return f"exp({self._print(exponent * sympy.log(base), _SUM)})"
        return f"power({self._print(base, _SUM)}, {self._print(exponent, _SUM)})"
