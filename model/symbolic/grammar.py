"""Arithmetic grammar of the definition: text to expressions, with nothing evaluated and nothing trusted."""

import ast
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sympy

from ..errors import ModelError, nearest

LENGTH = 400  # characters
NODES = 200
DEPTH = 40
EXPONENT = 16  # largest literal exponent
MAGNITUDE = 1e300  # largest literal

FUNCTIONS: Mapping[str, Any] = {
    "exp": sympy.exp,
    "log": sympy.log,
    "sqrt": sympy.sqrt,
    "minimum": sympy.Min,
    "maximum": sympy.Max,
}
_ARGUMENTS = {"exp": 1, "log": 1, "sqrt": 1, "minimum": 2, "maximum": 2}
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow)


@dataclass(frozen=True, slots=True)
class Expression:
    """Parsed text: a tree of numbers, names, + - * / ** and the functions of the grammar."""

    text: str
    where: str
    tree: ast.expr

    def names(self) -> tuple[str, ...]:
        """Names that the expression uses, each once, in order of appearance; functions and pi left out."""
        found = (node.id for node in _walk(self.tree) if isinstance(node, ast.Name) and node.id != "pi")
        return tuple(dict.fromkeys(found))

    def to_sympy(self, table: Mapping[str, Any]) -> Any:
        """Expression of sympy whose symbols come from an explicit table, never from sympy's own names."""
        return _build(self.tree, table)

    def evaluate(self, values: Mapping[str, float]) -> float:
        """Value in plain floats, for checks by number."""
        return _value(self.tree, values)


def parse(text: str, where: str, names: Mapping[str, Any] | set[str] | frozenset[str]) -> Expression:
    """Parse an expression and check every name against the declared ones.

    Parameters
    ----------
    text
        Expression such as ``"ka*Asc"``.
    where
        Words that say which record it belongs to, for the message of an error.
    names
        Declared names.

    Raises
    ------
    ModelError
        If the text is no expression of the grammar, is too long or too deep, raises to a power above 16, or
        names something that is not declared.

    Examples
    --------
    >>> parse("CLF/VF*Ac", "elimination", {"CLF", "VF", "Ac"}).names()
    ('CLF', 'VF', 'Ac')
    """
    if len(text) > LENGTH:
        raise ModelError(f"{where}: expression of {len(text)} characters; at most {LENGTH} are allowed")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise ModelError(f"{where}: {text!r} is not an arithmetic expression ({error})") from error
    expression = Expression(text, where, tree)
    _check_size(expression)
    for node in _walk(tree):
        _check_node(node, expression)
    for name in expression.names():
        if name not in names:
            raise ModelError(f"{where}: unknown name {name!r} in {text!r}: {nearest(name, sorted(names))}")
    return expression


def _walk(tree: ast.expr) -> Iterator[ast.expr]:
    """Nodes of the tree as they are written; the name of a called function is no node of its own."""
    yield tree
    children: list[ast.expr] = []
    if isinstance(tree, ast.BinOp):
        children = [tree.left, tree.right]
    elif isinstance(tree, ast.UnaryOp):
        children = [tree.operand]
    elif isinstance(tree, ast.Call):
        children = tree.args
    for child in children:
        yield from _walk(child)


def _check_size(expression: Expression) -> None:
    level, depth, count = [expression.tree], 0, 0
    while level:
        depth += 1
        count += len(level)
        if depth > DEPTH or count > NODES:
            raise ModelError(
                f"{expression.where}: expression too large (at most {NODES} terms nested {DEPTH} deep); "
                "name a part of it as a quantity"
            )
        level = [
            child for node in level for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr)
        ]


def _check_node(node: ast.expr, expression: Expression) -> None:
    allowed = "numbers, declared names, + - * / ** and " + ", ".join(FUNCTIONS)

    def refuse(what: str) -> ModelError:
        return ModelError(f"{expression.where}: {what} in {expression.text!r}; allowed: {allowed}")

    if isinstance(node, ast.Constant):
        if isinstance(node.value, bool) or not isinstance(node.value, int | float):
            raise refuse(f"{node.value!r} is not a number")
        if abs(node.value) > MAGNITUDE:
            raise refuse(f"{str(node.value)[:20]!r} is too large a number")
    elif isinstance(node, ast.UnaryOp):
        if not isinstance(node.op, ast.USub | ast.UAdd):
            raise refuse(f"operator {type(node.op).__name__}")
    elif isinstance(node, ast.BinOp):
        if not isinstance(node.op, _OPERATORS):
            raise refuse(f"operator {type(node.op).__name__}")
        if isinstance(node.op, ast.Pow):
            _check_exponent(node.right, refuse)
    elif isinstance(node, ast.Call):
        name = node.func.id if isinstance(node.func, ast.Name) else ast.unparse(node.func)[:40]
        if name not in FUNCTIONS or node.keywords:
            raise refuse(f"call of {name!r}: {nearest(name, FUNCTIONS)}")
        if len(node.args) != _ARGUMENTS[name]:
            raise refuse(f"{name} takes {_ARGUMENTS[name]} argument(s), not {len(node.args)}")
    elif not isinstance(node, ast.Name):
        raise refuse(f"{type(node).__name__} {ast.unparse(node)[:40]!r}")


def _check_exponent(node: ast.expr, refuse: Any) -> None:
    numbers = [item for item in _walk(node) if isinstance(item, ast.Constant)]
    if any(isinstance(item, ast.BinOp) and isinstance(item.op, ast.Pow) for item in _walk(node)):
        raise refuse("a power in an exponent")
    for item in numbers:
        if isinstance(item.value, int | float) and abs(item.value) > EXPONENT:
            raise refuse(f"exponent {str(item.value)[:20]} is above {EXPONENT}")


def exact(number: float) -> Any:
    """Rational of the digits that a number is written with, so that 0.1 prints as 0.1 again."""
    return sympy.Rational(repr(number))


def literal(node: ast.expr) -> sympy.Rational | None:
    """Exact value of a tree made of numbers only (None if it has names or functions)."""
    if any(not isinstance(item, ast.Constant | ast.BinOp | ast.UnaryOp) for item in _walk(node)):
        return None
    value = _build(node, {})
    return value if value.is_Rational else None


def _build(node: ast.expr, table: Mapping[str, Any]) -> Any:
    if isinstance(node, ast.Constant):
        number: Any = node.value
        return exact(number)
    if isinstance(node, ast.Name):
        return sympy.pi if node.id == "pi" else table[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _build(node.operand, table)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        return FUNCTIONS[node.func.id](*(_build(item, table) for item in node.args))
    assert isinstance(node, ast.BinOp)
    left, right = _build(node.left, table), _build(node.right, table)
    match node.op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case _:
            return left**right


def _value(node: ast.expr, values: Mapping[str, float]) -> float:
    if isinstance(node, ast.Constant):
        number: Any = node.value
        return float(number)
    if isinstance(node, ast.Name):
        return math.pi if node.id == "pi" else values[node.id]
    if isinstance(node, ast.UnaryOp):
        operand = _value(node.operand, values)
        return -operand if isinstance(node.op, ast.USub) else operand
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
        arguments = [_value(item, values) for item in node.args]
        match node.func.id:
            case "exp":
                return math.exp(arguments[0])
            case "log":
                return math.log(max(1e-300, arguments[0]))
            case "sqrt":
                return math.sqrt(arguments[0])
            case "minimum":
                return min(arguments)
            case _:
                return max(arguments)
    assert isinstance(node, ast.BinOp)
    left, right = _value(node.left, values), _value(node.right, values)
    match node.op:
        case ast.Add():
            return left + right
        case ast.Sub():
            return left - right
        case ast.Mult():
            return left * right
        case ast.Div():
            return left / right
        case _:
            return 0.0 if left <= 0.0 and right > 0.0 and right != int(right) else left**right
