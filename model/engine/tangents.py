"""Kernels that carry derivatives along: each statement of a kernel, and its differential for every parameter.

The partial derivatives of a statement are computed once and used for all parameters, so that a parameter
costs sums of products only. This serves the kernels that run once a patient or once an output; those of a
step are in ``step_kernels``.

References
----------
A. Griewank and A. Walther, Evaluating Derivatives (2nd ed. 2008), chapter 3: forward mode.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass

from .contract import Kernel
from .differentials import Differentials, Term, Terms
from .kernel_text import Assign, Load, Reciprocals, Statement, Store, read_kernel


@dataclass(frozen=True, slots=True)
class Block:
    """Where a pointer's rows lie: after ``first``, those of the kernel, then as many for each parameter."""

    first: int
    rows: int
    labelled: bool = False  # whether the last row of each parameter holds its number


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
        self._rules = Differentials(self._active)
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
                    self._differ(name, self._rules.of_reciprocal(name, divisor))
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
            for pointer in pointers:
                match self._layout[pointer]:
                    case Block(_, rows, True) if isinstance(place, Seeds):
                        lines.append(f"    store(d_{pointer}, {rows - 1}, chosen)")
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
        self._differ(name, self._rules.of(name, expression))

    def _differ(self, name: str, found: Terms) -> None:
        """Write the differential of a name from its terms."""
        if not found:
            return
        self._active.add(name)
        terms = [self._product(variable, parts) for variable, parts in found.items()]
        self._block.append(f"d_{name} = " + "".join(terms).removeprefix(" + "))

    def _product(self, variable: str, parts: list[Term]) -> str:
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
