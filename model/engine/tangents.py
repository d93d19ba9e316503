"""Kernels that carry derivatives along: each statement of a kernel, and its differential for every parameter.

The partial derivatives of a statement are computed once and used for all parameters, so that a parameter
costs sums of products only. The differential of ``factor`` and of ``solve`` is exact, too: with it, a step of
a Rosenbrock method gives the derivative of its own result, which is the same method applied to the
equations of the sensitivities with their full Jacobian, and keeps its order.

References
----------
A. Griewank and A. Walther, Evaluating Derivatives (2nd ed. 2008), chapter 3: forward mode.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from .contract import Kernel
from .kernel_text import Assign, Load, Reciprocals, Statement, Store, read_kernel

TINY = "1e-300"  # least divisor of the derivative of a power or root: 0 / TINY is 0
_Term = tuple[int, tuple[str, ...]]  # sign and factors


@dataclass(frozen=True, slots=True)
class Block:
    """Where a pointer's rows lie: after ``first``, those of the kernel, then as many for each parameter."""

    first: int
    rows: int


@dataclass(frozen=True, slots=True)
class Seeds:
    """Rows of parameters, which are followed by the number of blocks and the parameter of each block."""

    rows: int


Layout = Mapping[str, Block | Seeds | None]  # None: does not depend on the parameters


def tangent_kernel(name: str, kernel: Kernel, places: tuple[Block | Seeds | None, ...]) -> str:
    """Text of a kernel that does what ``kernel`` does, and then its differential for every block.

    Parameters
    ----------
    name
        Name of the new kernel.
    places
        Layout of each pointer. The first of those that begin after row 0 holds the number of blocks there.

    Raises
    ------
    ModelError
        The kernel's text is not straight-line.
    """
    pointers, statements = read_kernel(kernel)
    layout = dict(zip(pointers, places, strict=True))
    writer = _Writer(layout)
    for statement in statements:
        writer.write(statement)
    return writer.text(name, pointers)


class _Writer:
    """Collects the statements of the kernel, its partial derivatives, and the statements of one block."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout
        self._plain: list[str] = []
        self._block: list[str] = []
        self._active: set[str] = set()
        self._partials: dict[str, str] = {}

    def write(self, statement: Statement) -> None:
        match statement:
            case Load(name, pointer, row):
                self._plain.append(f"{name} = load({pointer}, {row + self._first(pointer)})")
                match self._layout[pointer]:
                    case Seeds():
                        self._block.append(f"d_{name} = select(chosen == {row}.0, 1.0, 0.0)")
                        self._active.add(name)
                    case Block():
                        self._block.append(f"d_{name} = load(d_{pointer}, {row})")
                        self._active.add(name)
            case Assign(name, expression):
                self._assign(name, expression)
            case Reciprocals(names, divisors):
                arguments = ", ".join(map(ast.unparse, divisors))
                self._plain.append(f"{', '.join(names)} = reciprocals({arguments})")
                for name, divisor in zip(names, divisors, strict=True):
                    self._differ(name, self._of_reciprocal(name, divisor))
            case Store(pointer, row, name):
                self._plain.append(f"store({pointer}, {row + self._first(pointer)}, {name})")
                value = f"d_{name}" if name in self._active else "0.0"
                self._block.append(f"store(d_{pointer}, {row}, {value})")

    def text(self, name: str, pointers: tuple[str, ...]) -> str:
        """Text of the whole kernel."""
        counting = next(pointer for pointer in pointers if self._holds_count(pointer))
        place = self._layout[counting]
        row = place.rows if isinstance(place, Seeds) else 0
        lines = [f"@kernel\ndef {name}({', '.join(pointers)}):"]
        if self._block:
            lines.append(f"blocks = int(load_lane({counting}, {row}, 0))")
        for pointer in pointers:
            if pointer != counting and self._first(pointer):
                lines.append(f"store({pointer}, 0, load({counting}, {row}))")
        lines += self._plain
        lines += [f"{partial} = {text}" for text, partial in self._partials.items()]
        if self._block:
            lines.append("for block in range(1, blocks + 1):")
            lines += [f"    {line}" for line in (*self._begin(pointers), *self._block)]
        return "\n    ".join([*lines, "return"] if len(lines) == 1 else lines)

    def _begin(self, pointers: tuple[str, ...]) -> list[str]:
        lines = []
        for pointer in pointers:
            match self._layout[pointer]:
                case Seeds(rows):
                    lines.append(f"chosen = load({pointer}, {rows} + block)")
                case Block(first, rows):
                    lines.append(f"d_{pointer} = from_row({pointer}, {first} + block * {rows})")
        return lines

    def _holds_count(self, pointer: str) -> bool:
        return isinstance(self._layout[pointer], Seeds) or self._first(pointer) > 0

    def _first(self, pointer: str) -> int:
        place = self._layout[pointer]
        return place.first if isinstance(place, Block) else 0

    def _assign(self, name: str, expression: ast.expr) -> None:
        self._plain.append(f"{name} = {ast.unparse(expression)}")
        found: dict[str, list[_Term]] = {}
        match expression:
            case ast.Call():
                self._call(name, expression, found)
            case ast.BinOp(ast.Constant(1.0), ast.Div(), divisor):
                found = self._of_reciprocal(name, divisor)
            case ast.Compare():
                pass
            case _:
                self._collect(expression, 1, (), found)
        self._differ(name, found)

    def _of_reciprocal(self, name: str, divisor: ast.expr) -> dict[str, list[_Term]]:
        found: dict[str, list[_Term]] = {}
        self._collect(divisor, -1, (name, name), found)
        return found

    def _differ(self, name: str, found: dict[str, list[_Term]]) -> None:
        """Write the differential of a name from its terms."""
        if not found:
            return
        self._active.add(name)
        terms = [self._product(variable, parts) for variable, parts in found.items()]
        self._block.append(f"d_{name} = " + "".join(terms).removeprefix(" + "))

    def _product(self, variable: str, parts: list[_Term]) -> str:
        """Term of a differential: partial derivative times the differential of the variable."""
        if len(parts) == 1:
            sign, factors = parts[0]
            letter = " + " if sign > 0 else " - "
            if not factors:
                return f"{letter}d_{variable}"
            return f"{letter}{self._partial(' * '.join(factors))} * d_{variable}"
        pieces = ["+-"[sign < 0] + " " + (" * ".join(factors) or "1.0") for sign, factors in parts]
        return f" + {self._partial(' '.join(pieces).removeprefix('+ '))} * d_{variable}"

    def _partial(self, text: str) -> str:
        if text.isidentifier() or text.replace(".", "").isdigit():
            return text
        return self._partials.setdefault(text, f"partial_{len(self._partials)}")

    def _depends(self, node: ast.expr) -> bool:
        return any(isinstance(part, ast.Name) and part.id in self._active for part in ast.walk(node))

    def _collect(
        self, node: ast.expr, sign: int, factors: tuple[str, ...], found: dict[str, list[_Term]]
    ) -> None:
        """Terms of the differential of an expression, by the variable that differs."""
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

    def _call(self, name: str, call: ast.Call, found: dict[str, list[_Term]]) -> None:
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
