"""Right-hand side of a model in the number systems of other solvers, all from one text.

The text is that of the engine's own ``rhs`` kernel, which the symbolic layer writes from the definition. A
peer therefore integrates the same equations, with everything that depends on parameters alone computed
beforehand: the form that favours it. Reciprocals that share a division in the engine are written out, one
division each.
"""

import ast
import inspect
import math
import textwrap
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

import numba
import numpy as np

from ..model.engine.contract import Kernels


def power(base: float, exponent: float) -> float:
    """Power of a number that should not be negative; 0 where it is not positive, as in the engine."""
    return base**exponent if base > 0.0 else 0.0


SCALAR: Mapping[str, Any] = {
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "maximum": max,
    "minimum": min,
    "power": power,
}


class _Indexed(ast.NodeTransformer):
    """Loads and stores of rows as plain indexing."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.func, ast.Name) and node.func.id == "load":
            return ast.Subscript(node.args[0], node.args[1], ast.Load())
        return node

    def visit_Expr(self, node: ast.Expr) -> ast.AST:
        self.generic_visit(node)
        call = node.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "store":
            target = ast.Subscript(call.args[0], call.args[1], ast.Store())
            return ast.Assign([target], call.args[2])
        return node


def _one_by_one(statement: ast.stmt) -> list[ast.stmt]:
    """One assignment for each name of ``a, b = reciprocals(x, y)``; any other statement as it is."""
    match statement:
        case ast.Assign(
            targets=[ast.Tuple(elts=names)], value=ast.Call(func=ast.Name(id="reciprocals"), args=values)
        ):
            return [
                ast.Assign([name], ast.BinOp(ast.Constant(1.0), ast.Div(), value))
                for name, value in zip(names, values, strict=True)
            ]
    return [statement]


def statements_of(source: str) -> list[ast.stmt]:
    """Statements of a kernel, one assignment each, with rows indexed: ``y[3]``, ``dy[3] = ...``."""
    function = ast.parse(textwrap.dedent(source)).body[0]
    assert isinstance(function, ast.FunctionDef)
    return [item for line in function.body[1:] for item in _one_by_one(_Indexed().visit(line))]


def body(kernels: Kernels) -> list[ast.stmt]:
    """Statements of the right-hand side of a model."""
    return statements_of(inspect.getsource(kernels.rhs.function))


def text(statements: list[ast.stmt], depth: int = 1) -> str:
    """Source of statements, indented."""
    joined = "\n".join(ast.unparse(ast.fix_missing_locations(item)) for item in statements)
    return textwrap.indent(joined, "    " * depth)


def define(source: str, name: str, words: Mapping[str, Any]) -> Callable[..., Any]:
    """Function of that name, from its source text and the words that it may use."""
    namespace = dict(words)
    exec(compile(source, f"<{name}>", "exec"), namespace)
    result: Callable[..., Any] = namespace[name]
    return result


def reads_only(statement: ast.stmt, source: str) -> bool:
    """Whether a statement is a plain load of a row of ``source``."""
    value = statement.value if isinstance(statement, ast.Assign) else None
    return isinstance(value, ast.Subscript) and isinstance(value.value, ast.Name) and value.value.id == source


def in_numbers(kernels: Kernels, words: Mapping[str, Any]) -> Callable[..., None]:
    """Function (y, inputs, derived, dy) in any number system that has these words."""
    return define(f"def rhs(y, inputs, derived, dy):\n{text(body(kernels))}\n", "rhs", words)


@cache
def in_numba(kernels: Kernels) -> Callable[..., None]:
    """Compiled function (y, inputs, derived, dy) on arrays of doubles of one patient."""
    words = dict(SCALAR) | {"power": numba.njit(inline="always")(power)}
    return numba.njit(in_numbers(kernels, words))


def in_python(kernels: Kernels) -> Callable[..., Callable[..., list[float]]]:
    """Maker of plain Python functions f(t, y, inputs) -> dy, one for each patient's row of ``derived``."""
    statements = body(kernels)
    constants = [item for item in statements if reads_only(item, "derived")]
    steps = [item for item in statements if not reads_only(item, "derived")]
    source = (
        f"def make(derived):\n{text(constants)}\n"
        f"    def rhs(t, y, inputs):\n        y = y.tolist()\n        dy = [0.0] * {len(kernels.states)}\n"
        f"{text(steps, 2)}\n        return dy\n    return rhs\n"
    )
    return define(source, "make", SCALAR)


def derived_rows(kernels: Kernels) -> int:
    """How many of the rows of ``derived`` the right-hand side reads; they come first."""
    rows = [
        item.value.slice.value
        for item in body(kernels)
        if isinstance(item, ast.Assign)
        and reads_only(item, "derived")
        and isinstance(item.value, ast.Subscript)
        and isinstance(item.value.slice, ast.Constant)
    ]
    return 1 + max(rows)


def derive(kernels: Kernels, parameters: np.ndarray) -> np.ndarray:
    """All that depends on parameters alone, shape (P, derived rows)."""
    out = np.zeros((kernels.derived_rows, len(parameters)))
    kernels.derive(np.ascontiguousarray(parameters.T), out)
    return np.ascontiguousarray(out.T)
