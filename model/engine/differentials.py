"""Rules of differentiation: terms of the differential of a statement."""

import ast
from collections.abc import Container

TINY = "1e-300"  # least divisor of the derivative of a power or root: 0 / TINY is 0
Term = tuple[int, tuple[str, ...]]  # sign and factors
Terms = dict[str, list[Term]]


class Differentials:
    """Terms of differentials, by the variable that differs.

    Parameters
    ----------
    active
        Names that differ: it may grow between calls.
    """

    def __init__(self, active: Container[str]) -> None:
        self._active = active

    def of(self, name: str, expression: ast.expr) -> Terms:
        """Terms of the differential of what is assigned to a name."""
        found: Terms = {}
        match expression:
            case ast.Call():
                self._call(name, expression, found)
            case ast.BinOp(ast.Constant(1.0), ast.Div(), divisor):
                return self.of_reciprocal(name, divisor)
            case ast.Compare():
                pass
            case _:
                self._collect(expression, 1, (), found)
        return found

    def of_reciprocal(self, name: str, divisor: ast.expr) -> Terms:
        """Terms of the differential of one over something, which has a name."""
        found: Terms = {}
        self._collect(divisor, -1, (name, name), found)
        return found

    def _depends(self, node: ast.expr) -> bool:
        return any(isinstance(part, ast.Name) and part.id in self._active for part in ast.walk(node))

    def _collect(self, node: ast.expr, sign: int, factors: tuple[str, ...], found: Terms) -> None:
        if not self._depends(node):
            return
        match node:
            case ast.Name(name):
                found.setdefault(name, []).append((sign, factors))
            case ast.UnaryOp(operator, operand):
                self._collect(operand, -sign if isinstance(operator, ast.USub) else sign, factors, found)
            case ast.BinOp(left, ast.Mult(), right):
                self._collect(left, sign, (*factors, _text(right)), found)
                self._collect(right, sign, (*factors, _text(left)), found)
            case ast.BinOp(left, ast.Div(), right):
                reciprocal = f"(1.0 / {_text(right)})"
                self._collect(left, sign, (*factors, reciprocal), found)
                # The quotient first: 0 / TINY / TINY is 0, where 0 / TINY**2 would be none.
                self._collect(right, -sign, (*factors, f"({ast.unparse(node)})", reciprocal), found)
            case ast.BinOp(left, operator, right):
                self._collect(left, sign, factors, found)
                self._collect(right, -sign if isinstance(operator, ast.Sub) else sign, factors, found)

    def _call(self, name: str, call: ast.Call, found: Terms) -> None:
        assert isinstance(call.func, ast.Name)
        arguments = [_text(argument) for argument in call.args]
        match call.func.id, arguments:
            case "exp", [_]:
                slopes = [name]
            case "log", [x]:
                slopes = [f"(1.0 / {x})"]
            case "sqrt", [_]:
                slopes = [f"(0.5 / maximum({TINY}, {name}))"]
            case "power", [x, h]:
                slopes = [f"({h} * ({name} / maximum({TINY}, {x})))", f"({name} * log(maximum({TINY}, {x})))"]
            case "maximum", [x, y]:
                slopes = [f"select({x} > {y}, 1.0, 0.0)", f"select({x} > {y}, 0.0, 1.0)"]
            case "minimum", [x, y]:
                slopes = [f"select({x} < {y}, 1.0, 0.0)", f"select({x} < {y}, 0.0, 1.0)"]
            case "absolute", [x]:
                slopes = [f"select({x} < 0.0, -1.0, 1.0)"]
            case "select", [condition, _, _]:
                slopes = ["", f"select({condition}, 1.0, 0.0)", f"select({condition}, 0.0, 1.0)"]
            case _:
                return  # a step function
        for argument, slope in zip(call.args, slopes, strict=True):
            if slope:
                self._collect(argument, 1, (slope,), found)


def _text(node: ast.expr) -> str:
    return (
        ast.unparse(node)
        if isinstance(node, ast.Name | ast.Constant | ast.Call)
        else f"({ast.unparse(node)})"
    )
