"""The kernels of a step with their derivatives: Jacobians worked out once, then one product an entry.

For a direction in which a parameter moves, let S be the derivative of the states and q' that of the derived
rows. ``rhs`` and ``solve`` leave behind, for all directions, what is multiplied with them:

- the derivative of the right-hand side f is J S + F q', with its Jacobians J and F. Few derived rows depend
  on any one parameter, so a table says which entries of F it needs;
- a stage solves W k = r with W = I/(gamma h) - J, so its derivative solves W k' = r' + J' k. No derivative of
  the factors of W is needed but J' k = M S + G q', where M and G are the second derivatives of f, which
  ``factor`` leaves behind, contracted with k.

A step of a Rosenbrock method so gives the derivative of its own result, which is the same method applied to
the equations of the sensitivities with their full Jacobian, and keeps its order.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from .accumulation import Accumulator, Entry, Leaf, needed, text_of, total
from .contract import Kernels
from .kernel_text import Assign, Load, Reader, Reciprocals, Statement, Store, read_kernel

_RHS = ("y", "inputs", "derived", "dy")
_FACTOR = ("y", "inputs", "derived", "diagonal", "lu")
_SOLVE = ("factors", "b")
_RHS_ALONG = ("d_y", "d_inputs", "derived", "d_derived", "d_dy")
_STAGE_ALONG = ("factors", "derived", "d_stage", "d_y", "d_inputs", "d_derived", "d_b")
_SOLVE_ALONG = ("factors", "d_y", "d_inputs", "d_derived", "d_b")
_Entry = TypeVar("_Entry")
_Sums = dict[int, list[Entry]]  # terms by row


@dataclass(frozen=True, slots=True)
class StepKernels:
    """Texts of the kernels, with the tables they use, and where the blocks of rows lie."""

    texts: Mapping[str, str]
    tables: str
    derived_first: int
    factor_rows: int


def step_kernels(kernels: Kernels) -> StepKernels:
    """Texts of ``rhs``, ``factor`` and ``solve`` with sensitivities, and of those of a direction.

    Raises
    ------
    ModelError
        A kernel is not straight-line.
    """
    step = _Step(kernels)
    names = ("rhs", "factor", "solve", "rhs_along", "solve_along", "stage_along")
    texts = {name: getattr(step, name)() for name in names}
    return StepKernels(texts, step.tables(), step.derived_first, step.factor_rows)


class _Step:
    """Derivatives of the right-hand side, and the rows where the kernels leave them."""

    def __init__(self, kernels: Kernels) -> None:
        self._kernels = kernels
        self._states = len(kernels.states)
        self._influence = _influence(kernels)
        self._reader = Reader()
        self._plain = self._reader.read(kernels.rhs, _RHS)
        accumulator = Accumulator(("y", "inputs", "derived"))
        self._first = accumulator.accumulate(self._plain, self._reader)
        self._second = accumulator.accumulate(self._first, self._reader)
        self._jacobian: dict[tuple[int, Leaf], Entry] = {}
        # Entries of J' k: what each component of k multiplies.
        self._bends: dict[tuple[int, Leaf], list[tuple[int, Entry]]] = {}
        written = {part.row: part.name for part in self._plain if isinstance(part, Store)}
        for row, name in written.items():
            for leaf, entry in sorted(accumulator.of(Entry(1, name)).items()):
                self._jacobian[row, leaf] = entry
                if leaf.pointer == "y":
                    for moved, bend in accumulator.of(entry).items():
                        self._bends.setdefault((row, moved), []).append((leaf.row, bend))
        self._slopes = _numbered(1, self._jacobian.values())
        self._curves = _numbered(0, (bend for bends in self._bends.values() for _, bend in bends))
        self._contracted = {key: len(self._curves) + number for number, key in enumerate(self._bends)}
        self._lu = len(self._curves) + len(self._contracted)
        self.derived_first = 1 + len(self._slopes)
        self.factor_rows = self._lu + kernels.factor_rows

    def rhs(self) -> str:
        """The model's own, which leaves its Jacobian behind."""
        wanted = {entry.text for entry in self._slopes}
        lines = self._placed(needed([*self._plain, *self._first], wanted))
        lines += [f"store(derived, {row}, {entry.signed()})" for entry, row in self._slopes.items()]
        return _kernel("rhs", _RHS, lines)

    def rhs_along(self) -> str:
        """Jacobian times what moves."""
        lines = _moves("d_y", self._dense(self._jacobian)) + _moves("d_inputs", self._dense(self._jacobian))
        sums = self._slope_sums("d_y")
        lines += [f"store(d_dy, {row}, {total(sums.get(row, [])) or 0.0})" for row in range(self._states)]
        return _kernel("rhs_along", _RHS_ALONG, [*lines, self._few("d_dy", "derived", "RHS")])

    def factor(self) -> str:
        """The model's own, which leaves second derivatives behind."""
        factor = self._reader.read(self._kernels.factor, _FACTOR)
        second = [*self._plain, *self._first, *self._second]
        second = [statement for statement in second if not isinstance(statement, Store)]
        lines = self._placed(factor) + self._placed(needed(second, {bend.text for bend in self._curves}))
        lines += [f"store(lu, {row}, {bend.signed()})" for bend, row in self._curves.items()]
        return _kernel("factor", _FACTOR, lines)

    def solve(self) -> str:
        """The model's own, which leaves the second derivatives contracted with the solution behind."""
        lines = list(map(text_of, self._solution()))
        components = sorted({row for bends in self._bends.values() for row, _ in bends})
        lines += [f"increment_{row} = load(b, {row})" for row in components]
        for key, bends in self._bends.items():
            terms = [
                Entry(1, f"load(factors, {self._curves[bend]}) * increment_{row}") for row, bend in bends
            ]
            lines.append(f"store(factors, {self._contracted[key]}, {total(terms)})")
        return _kernel("solve", _SOLVE, lines)

    def solve_along(self) -> str:
        """The solution for the derivatives of the right side and of the matrix."""
        lines = [self._few("d_b", "factors", "SOLVE")]
        lines += _moves("d_y", self._dense(self._bends)) + _moves("d_inputs", self._dense(self._bends))
        lines += _for_direction(self._solution(), self._bend_sums())
        return _kernel("solve_along", _SOLVE_ALONG, lines)

    def stage_along(self) -> str:
        """Both in one: the slope is added to the right side."""
        lines = [self._few("d_b", "derived", "RHS"), self._few("d_b", "factors", "SOLVE")]
        lines += _moves("d_stage", self._dense(self._jacobian)) + _moves("d_y", self._dense(self._bends))
        lines += _moves("d_inputs", [*self._dense(self._jacobian), *self._dense(self._bends)])
        sums = self._slope_sums("d_stage")
        for row, terms in self._bend_sums().items():
            sums.setdefault(row, []).extend(terms)
        return _kernel("stage_along", _STAGE_ALONG, lines + _for_direction(self._solution(), sums))

    def _slope_sums(self, argument: str) -> _Sums:
        """Terms of the slope of each row, with the derivatives of the states read from ``argument``."""
        sums: _Sums = {}
        for (row, leaf), entry in self._dense(self._jacobian):
            slope = Entry(1, f"load(derived, {self._slopes[entry]})") if entry.text != "1.0" else entry
            pointer = argument if leaf.pointer == "y" else f"d_{leaf.pointer}"
            sums.setdefault(row, []).append(slope.times(Entry(1, f"{pointer}_{leaf.row}")))
        return sums

    def _bend_sums(self) -> _Sums:
        """Terms by which the derivative of the matrix adds to the right side."""
        sums: _Sums = {}
        for (row, leaf), _ in self._dense(self._bends):
            bend = Entry(1, f"load(factors, {self._contracted[row, leaf]})")
            sums.setdefault(row, []).append(bend.times(Entry(1, f"d_{leaf.pointer}_{leaf.row}")))
        return sums

    def _solution(self) -> list[Statement]:
        """Statements that solve by the factors."""
        return self._placed_statements(Reader().read(self._kernels.solve, _SOLVE))

    def _few(self, target: str, factors: str, table: str) -> str:
        """Line for the derived rows that move, few of many."""
        label = self._kernels.derived_rows
        return f"add_products({target}, {factors}, d_derived, {label}, {table}_FIRSTS, {table}_TABLE)"

    def tables(self) -> str:
        """Entries by parameter: the row that is written, that of the factor, and that of what moves."""
        slopes = [(row, self._slopes[entry], leaf.row) for (row, leaf), entry in self._sparse(self._jacobian)]
        bends = [(row, self._contracted[row, leaf], leaf.row) for (row, leaf), _ in self._sparse(self._bends)]
        return self._table("RHS", slopes) + self._table("SOLVE", bends)

    def _table(self, name: str, entries: Sequence[tuple[int, int, int]]) -> str:
        firsts, rows = [0], []
        for parameter in range(len(self._kernels.parameters)):
            chosen = [entry for entry in entries if parameter in self._influence[entry[2]]]
            rows += [number for entry in sorted(chosen, key=lambda entry: entry[2]) for number in entry]
            firsts.append(len(rows) // 3)
        return f"{name}_FIRSTS = np.array({firsts})\n{name}_TABLE = np.array({rows or [0]})\n"

    def _placed_statements(self, statements: Iterable[Statement]) -> list[Statement]:
        """Statements of the plain kernels, with their rows where they lie now."""
        first = {"derived": self.derived_first, "lu": self._lu, "factors": self._lu}
        return [
            replace(statement, row=statement.row + first.get(statement.pointer, 0))
            if isinstance(statement, Load | Store)
            else statement
            for statement in statements
        ]

    def _placed(self, statements: Iterable[Statement]) -> list[str]:
        """Text of such statements."""
        return list(map(text_of, self._placed_statements(statements)))

    @staticmethod
    def _dense(entries: Mapping[tuple[int, Leaf], _Entry]) -> list[tuple[tuple[int, Leaf], _Entry]]:
        """Entries that every direction has: by states and inputs."""
        return [(key, entry) for key, entry in entries.items() if key[1].pointer != "derived"]

    @staticmethod
    def _sparse(entries: Mapping[tuple[int, Leaf], _Entry]) -> list[tuple[tuple[int, Leaf], _Entry]]:
        """Entries by derived rows, of which a direction has few."""
        return [(key, entry) for key, entry in entries.items() if key[1].pointer == "derived"]


def _influence(kernels: Kernels) -> dict[int, set[int]]:
    """Parameters that each derived row depends on."""
    (parameters, _), statements = read_kernel(kernels.derive)
    of: dict[str, set[int]] = {}
    found: dict[int, set[int]] = {row: set() for row in range(kernels.derived_rows)}

    def used(*expressions: ast.expr) -> set[int]:
        names = {part.id for one in expressions for part in ast.walk(one) if isinstance(part, ast.Name)}
        return set().union(*(of.get(name, set()) for name in names))

    for statement in statements:
        match statement:
            case Load(name, pointer, row):
                of[name] = {row} if pointer == parameters else found[row]
            case Assign(name, expression):
                of[name] = used(expression)
            case Reciprocals(names, divisors):
                of |= {name: used(divisor) for name, divisor in zip(names, divisors, strict=True)}
            case Store(_, row, name):
                found[row] = of[name]
    return found


def _for_direction(statements: Iterable[Statement], sums: Mapping[int, list[Entry]]) -> list[str]:
    """The solution once more, for the derivative of the right side."""
    active: set[str] = set()
    written: set[int] = set()
    lines = []

    def moved(expression: ast.expr) -> str:
        copy = ast.parse(ast.unparse(expression), mode="eval")
        for part in ast.walk(copy):
            if isinstance(part, ast.Name) and part.id in active:
                part.id = f"d_{part.id}"
        return ast.unparse(copy)

    for statement in statements:
        match statement:
            case Load(name, "b", row):
                active.add(name)
                terms = [] if row in written else sums.get(row, [])
                lines.append(f"d_{name} = {total([Entry(1, f'load(d_b, {row})'), *terms])}")
            case Assign(name, expression) if moved(expression) != ast.unparse(expression):
                lines.append(f"d_{name} = {moved(expression)}")
                active.add(name)
            case Load() | Assign() | Reciprocals():
                lines.append(text_of(statement))
            case Store(_, row, name):
                written.add(row)
                lines.append(f"store(d_b, {row}, {f'd_{name}' if name in active else name})")
    return lines


def _kernel(name: str, pointers: Iterable[str], lines: list[str]) -> str:
    return "\n    ".join([f"@kernel\ndef {name}({', '.join(pointers)}):", *lines])


def _moves(pointer: str, entries: Iterable[tuple[tuple[int, Leaf], Any]]) -> list[str]:
    """Lines that load those derivatives of states or inputs that entries multiply."""
    kind = "inputs" if pointer == "d_inputs" else "y"
    rows = sorted({leaf.row for (_, leaf), _ in entries if leaf.pointer == kind})
    return [f"{pointer}_{row} = load({pointer}, {row})" for row in rows]


def _numbered(first: int, entries: Iterable[Entry]) -> dict[Entry, int]:
    """Rows for entries, one for those that are the same."""
    return {entry: first + number for number, entry in enumerate(dict.fromkeys(entries))}
