"""Derivatives accumulated entry by entry: of each name of a program, with respect to each row it depends on.

A kernel that serves many parameters multiplies the same Jacobian with the derivatives of each. So the chain
rule is worked off once, and what is left to do for a parameter is one product for each entry.

References
----------
A. Griewank and A. Walther, Evaluating Derivatives (2nd ed. 2008), chapter 9: accumulation of Jacobians.
"""

import ast
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from .differentials import Differentials, Term
from .kernel_text import Assign, Load, Reader, Reciprocals, Statement, Store


@dataclass(frozen=True, slots=True, order=True)
class Leaf:
    """A row with respect to which derivatives are taken."""

    pointer: str
    row: int


@dataclass(frozen=True, slots=True)
class Entry:
    """A derivative: a name or number, and its sign."""

    sign: int
    text: str

    def times(self, other: "Entry") -> "Entry":
        """Product of both."""
        factors = [text for text in (self.text, other.text) if text != "1.0"]
        return Entry(self.sign * other.sign, " * ".join(factors) or "1.0")

    def signed(self) -> str:
        """Text with its sign."""
        return self.text if self.sign > 0 else f"-{self.text}"

    def term(self) -> str:
        """Signed text, as a part of a sum."""
        return f"{'+' if self.sign > 0 else '-'} {self.text}"


def total(terms: Iterable[Entry]) -> str:
    """Sum as text."""
    return " ".join(term.term() for term in terms).removeprefix("+ ")


@dataclass
class Accumulator:
    """Gradients of the names of a program, and the statements that compute them.

    Attributes
    ----------
    pointers
        Those whose rows differ.
    gradients
        Entries by name and row.
    lines
        What computes the entries, as text.
    """

    pointers: Collection[str]
    gradients: dict[str, dict[Leaf, Entry]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    _partials: dict[str, str] = field(default_factory=dict)
    _stored: dict[tuple[str, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._rules = Differentials(self.gradients)

    def accumulate(self, statements: Iterable[Statement], reader: Reader) -> list[Statement]:
        """Work off some statements; those that compute their gradients, which may be worked off in turn."""
        first = len(self.lines)
        for statement in statements:
            match statement:
                case Load(name, pointer, row) if (pointer, row) in self._stored:
                    self.gradients[name] = self.gradients.get(self._stored[pointer, row], {})
                case Load(name, pointer, row) if pointer in self.pointers:
                    self.gradients[name] = {Leaf(pointer, row): Entry(1, "1.0")}
                case Store(pointer, row, name):
                    self._stored[pointer, row] = name
                case Assign(name, expression):
                    self._combine(name, self._rules.of(name, expression))
                case Reciprocals(names, divisors):
                    for name, divisor in zip(names, divisors, strict=True):
                        self._combine(name, self._rules.of_reciprocal(name, divisor))
        return reader.read_lines(self.lines[first:])

    def of(self, entry: Entry) -> dict[Leaf, Entry]:
        """Gradient of an entry."""
        slopes = self.gradients.get(entry.text, {})
        return {leaf: Entry(entry.sign * slope.sign, slope.text) for leaf, slope in slopes.items()}

    def _combine(self, name: str, found: dict[str, list[Term]]) -> None:
        """Gradient of a name from the terms of its differential."""
        columns: dict[Leaf, list[Entry]] = {}
        for variable, parts in found.items():
            partial = self._partial(parts)
            for leaf, entry in self.gradients[variable].items():
                columns.setdefault(leaf, []).append(partial.times(entry))
        gradient = {}
        for leaf, terms in columns.items():
            if len(terms) == 1 and _is_simple(terms[0].text):
                gradient[leaf] = terms[0]
                continue
            slope = f"d_{name}_by_{leaf.pointer}_{leaf.row}"
            self.lines.append(f"{slope} = {total(terms)}")
            gradient[leaf] = Entry(1, slope)
        if gradient:
            self.gradients[name] = gradient

    def _partial(self, parts: list[Term]) -> Entry:
        """Partial derivative of a statement, which gets a name unless it has one."""
        if len(parts) == 1:
            sign, factors = parts[0]
            text = " * ".join(factors) or "1.0"
        else:
            sign = 1
            text = total(Entry(one, " * ".join(factors) or "1.0") for one, factors in parts)
        if _is_simple(text):
            return Entry(sign, text)
        if text not in self._partials:
            self._partials[text] = f"partial_{len(self._partials)}"
            self.lines.append(f"{self._partials[text]} = {text}")
        return Entry(sign, self._partials[text])


def _is_simple(text: str) -> bool:
    return text.isidentifier() or text.replace(".", "").isdigit()


def text_of(statement: Statement) -> str:
    """Statement as a line of text."""
    match statement:
        case Load(name, pointer, row):
            return f"{name} = load({pointer}, {row})"
        case Assign(name, expression):
            return f"{name} = {ast.unparse(expression)}"
        case Reciprocals(names, divisors):
            return f"{', '.join(names)} = reciprocals({', '.join(map(ast.unparse, divisors))})"
        case Store(pointer, row, name):
            return f"store({pointer}, {row}, {name})"


def needed(statements: Iterable[Statement], names: Iterable[str]) -> list[Statement]:
    """Those statements that some names need, and all stores."""
    wanted, kept = set(names), []
    for statement in reversed(list(statements)):
        match statement:
            case Store():
                given, used = [""], {statement.name}
            case Reciprocals():
                given, used = list(statement.names), _names(statement.divisors)
            case Assign():
                given, used = [statement.name], _names((statement.expression,))
            case Load():
                given, used = [statement.name], set()
        if isinstance(statement, Store) or wanted & set(given):
            wanted |= used
            kept.append(statement)
    return kept[::-1]


def _names(expressions: Iterable[ast.expr]) -> set[str]:
    parts = (part for expression in expressions for part in ast.walk(expression))
    return {part.id for part in parts if isinstance(part, ast.Name)}
