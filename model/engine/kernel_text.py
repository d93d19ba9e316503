"""Kernels read back as straight-line programs: loads, assignments and stores, each name given once."""

import ast
import inspect
import textwrap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import CodeType, FunctionType
from typing import Any

from ..errors import ModelError
from .contract import Kernel

# Words whose value has no simple expression of its own, so that each gets a name.
FUNCTIONS = ("absolute", "exp", "floor", "log", "maximum", "minimum", "power", "select", "sqrt")


@dataclass(frozen=True, slots=True)
class Load:
    """A row read into a name."""

    name: str
    pointer: str
    row: int


@dataclass(frozen=True, slots=True)
class Assign:
    """An expression of earlier names; a function stands only outermost."""

    name: str
    expression: ast.expr


@dataclass(frozen=True, slots=True)
class Reciprocals:
    """Names of the reciprocals of some expressions of earlier names, which share one division."""

    names: tuple[str, ...]
    divisors: tuple[ast.expr, ...]


@dataclass(frozen=True, slots=True)
class Store:
    """A name written to a row."""

    pointer: str
    row: int
    name: str


# Names that the differential of a kernel uses for itself.
_OF_DIFFERENTIALS = ("d_", "partial_", "increment_", "block", "chosen", "kept")

Statement = Load | Assign | Reciprocals | Store


def read_kernel(kernel: Kernel) -> tuple[tuple[str, ...], list[Statement]]:
    """Pointers and statements of a kernel.

    Raises
    ------
    ModelError
        The text of the kernel cannot be found, or is not straight-line: assignments and stores of arithmetic
        and of the words of ``simd``.
    """
    pointers = tuple(inspect.signature(kernel.function).parameters)
    return pointers, Reader().read(kernel, pointers)


def _definition(function: FunctionType) -> ast.FunctionDef:
    """Definition of a function, which must be the one that was loaded: a file may be edited meanwhile."""
    try:
        tree = ast.parse(textwrap.dedent(inspect.getsource(function))).body[0]
        assert isinstance(tree, ast.FunctionDef)
        tree.decorator_list = []
        module = compile(ast.Module([tree], []), "<kernel>", "exec")
    except (OSError, SyntaxError, AssertionError) as error:
        raise ModelError(
            f"kernel {function.__qualname__!r} cannot be differentiated: its text is not in a file"
        ) from error
    loaded = function.__code__
    for code in module.co_consts:
        if isinstance(code, CodeType) and all(
            getattr(code, part) == getattr(loaded, part) for part in ("co_code", "co_consts", "co_names")
        ):
            return tree
    raise ModelError(
        f"kernel {function.__qualname__!r} cannot be differentiated: its file has changed since it was loaded"
    )


class Reader:
    """Reads kernels, and lines about what they compute, into one program: no name is given twice."""

    def __init__(self) -> None:
        self._current: dict[str, str] = {}
        self._pointers: dict[str, str] = {}
        self._constants: Mapping[str, Any] = {}
        self._source = "lines"
        self._given: set[str] = set()
        self._taken: set[str] = set()
        self._statements: list[Statement] = []

    def read(self, kernel: Kernel, pointers: tuple[str, ...]) -> list[Statement]:
        """Statements of a kernel, in which its pointers have the names given here.

        Raises
        ------
        ModelError
            As for `read_kernel`.
        """
        function = kernel.function
        assert isinstance(function, FunctionType)
        tree = _definition(function)
        self._source = function.__qualname__
        self._constants = function.__globals__
        self._pointers = dict(zip((argument.arg for argument in tree.args.args), pointers, strict=True))
        self._taken |= {*function.__code__.co_varnames, *pointers}
        self._given |= set(pointers)
        self._current = {}
        return self._read(tree.body)

    def read_lines(self, lines: Iterable[str]) -> list[Statement]:
        """Statements of further lines over names that were given, and new ones that are not given twice."""
        body = ast.parse("\n".join(lines)).body
        written = {
            target.id
            for line in body
            if isinstance(line, ast.Assign)
            for target in line.targets
            if isinstance(target, ast.Name)
        }
        self._taken |= written
        self._current = {name: name for name in self._given}
        return self._read(body, own=False)

    def _read(self, body: list[ast.stmt], *, own: bool = True) -> list[Statement]:
        self._statements = []
        for statement in body:
            self._read_statement(statement, own)
        return self._statements

    def _read_statement(self, statement: ast.stmt, own: bool) -> None:
        match statement:
            case ast.Expr(ast.Constant(str())) | ast.Pass():
                return
            case ast.Expr(ast.Call(ast.Name("store"), [ast.Name(pointer), row, value])):
                name = self._named(self._flat(value), "stored")
                self._statements.append(Store(self._pointers[pointer], self._row(row), name))
            case ast.Assign([ast.Name(name)], value):
                expression = self._flat(value, outermost=True)
                self._statements.append(Assign(self._assigned(name, own), expression))
            case ast.Assign([ast.Tuple(targets)], ast.Call(ast.Name("reciprocals"), values, [])):
                divisors = tuple(self._flat(value) for value in values)
                names = [target.id for target in targets if isinstance(target, ast.Name)]
                if not len(names) == len(targets) == len(divisors):
                    raise self._refusal(statement)
                given = tuple(self._assigned(name, own) for name in names)
                self._statements.append(Reciprocals(given, divisors))
            case _:
                raise self._refusal(statement)

    def _assigned(self, name: str, own: bool) -> str:
        """New name of what is assigned to ``name``."""
        wanted = f"own_{name}" if own and name.startswith(_OF_DIFFERENTIALS) else name
        self._current[name] = self._new(wanted) if wanted in self._given else wanted
        self._given.add(self._current[name])
        return self._current[name]

    def _flat(self, node: ast.expr, *, outermost: bool = False) -> ast.expr:
        """Expression over current names, whose loads and inner functions have become names."""
        match node:
            case ast.Name(name):
                return self._variable(name, node)
            case ast.Constant(int() | float()):
                return node
            case ast.UnaryOp(ast.USub() | ast.UAdd() | ast.Invert(), operand):
                return ast.UnaryOp(node.op, self._flat(operand))
            case ast.BinOp(
                left, ast.Add() | ast.Sub() | ast.Mult() | ast.Div() | ast.BitAnd() | ast.BitOr(), right
            ):
                return ast.BinOp(self._flat(left), node.op, self._flat(right))
            case ast.Compare(left, [_], [right]):
                return ast.Compare(self._flat(left), node.ops, [self._flat(right)])
            case ast.Call(ast.Name("load"), [ast.Name(pointer), row], []):
                pointer = self._pointers[pointer]
                name = self._new(f"{pointer}_{self._row(row)}")
                self._statements.append(Load(name, pointer, self._row(row)))
                return ast.Name(name)
            case ast.Call(ast.Name(word), arguments, []) if word in FUNCTIONS:
                call = ast.Call(node.func, [self._flat(argument) for argument in arguments], [])
                return call if outermost else ast.Name(self._named(call, word))
        raise self._refusal(node)

    def _variable(self, name: str, node: ast.expr) -> ast.expr:
        if name in self._current:
            return ast.Name(self._current[name])
        value = self._constants.get(name)
        if isinstance(value, int | float):
            return ast.Constant(float(value))
        raise self._refusal(node)

    def _named(self, expression: ast.expr, word: str) -> str:
        if isinstance(expression, ast.Name):
            return expression.id
        name = self._new(word)
        self._statements.append(Assign(name, expression))
        return name

    def _new(self, name: str) -> str:
        number = 1
        while f"{name}_{number}" in self._taken or f"{name}_{number}" in self._given:
            number += 1
        self._given.add(f"{name}_{number}")
        return f"{name}_{number}"

    def _row(self, node: ast.expr) -> int:
        value: Any = node.value if isinstance(node, ast.Constant) else None
        if isinstance(node, ast.Name):
            value = self._constants.get(node.id)
        if not isinstance(value, int):
            raise self._refusal(node)
        return value

    def _refusal(self, node: ast.AST) -> ModelError:
        return ModelError(
            f"kernel {self._source!r} cannot be differentiated at {ast.unparse(node)[:80]!r}: "
            "only assignments and stores of arithmetic and of the words of the engine can"
        )
