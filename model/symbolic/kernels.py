"""Source text of a model's kernels."""

import hashlib
import math
from collections.abc import Iterable, Sequence
from typing import Any

import sympy

from ..definition.records import Input, Species
from ..engine import simd
from .derivatives import jacobian
from .factorisation import factorisation
from .lines import Hoister, Line, group_reciprocals, needed, program, share_divisors, spelled
from .printer import Printer, guarded
from .system import Named, System

_HEADER = '''"""{title}.

Written by ``python -m lag3ig.model.symbolic.emit`` from the definition: edit that, not this.
"""

from lag3ig.model.engine.simd import {words}
'''


class KernelWriter:
    """Writes one model: collects what every kernel needs of the parameters, then prints all of them."""

    def __init__(self, system: System) -> None:
        self.system = system
        self.printer = Printer(system.symbols, system.constant)
        self.hoister = Hoister(system, self.printer)
        self._program = program(system)
        self._bodies: dict[str, list[str]] = {}
        self._reads: dict[str, set[str]] = {}
        self.factors = 0

    def text(self, name: str) -> str:
        """Module text of the model under its name, ending with the hash of all that precedes."""
        self._rhs()
        self._factor()
        self._observe()
        self._plain("start", "y", self.system.starts, "Write the state before any drug, in closed form.")
        self._plain(
            "margins", "out", self.system.limits, "Write the plausibility margins: none may be negative."
        )
        self._plain("doses", "out", self.system.doses, "Write scale, bioavailability and lag of each route.")
        self._plain(
            "calibrate", "out", self.system.calibrated, "Write the parameters set at the typical patient."
        )
        rows = self._rows()
        title = f"Kernels of the {name} model"
        kernels = [self._derive(rows)]
        for kernel in ("start", "rhs", "factor", "solve", "observe", "margins", "doses", "calibrate"):
            kernels.append(self._kernel(kernel, rows))
        used = {word for text in kernels for line in text.splitlines() for word in _words(line)}
        words = ", ".join(word for word in simd.__all__ if word in used)
        head = _HEADER.format(title=title, words=words) + "\n" + self._names(name, len(rows))
        body = "\n\n\n".join([head, *kernels]) + "\n"
        digest = hashlib.sha256(body.encode()).hexdigest()
        return body.replace("FACTORS = ", f'HASH = "{digest}"\nFACTORS = ', 1)

    # ------------------------------------------------------------------ kernels that run at every step

    def _rhs(self) -> None:
        system = self.system
        balances = [Line(state, system.balance(state)) for state in system.states]
        lines = self._shared(needed(self._program, [line.expression for line in balances]), balances)
        units = {item.symbol: item.unit for item in system.mechanism.species}
        stores = [
            self._store(
                "dy", row, self.hoister(line.expression), f"{line.symbol}, {units[line.symbol]} per d"
            )
            for row, line in enumerate(lines[len(lines) - len(balances) :])
        ]
        body = self._print_grouped(self.hoister.lines_of(lines[: len(lines) - len(balances)]))
        self._keep("rhs", "Write dy/dt: rates, then one balance a line.", body + stores)

    def _factor(self) -> None:
        system = self.system
        derivative = jacobian(system)
        entries = [Line(f"{row} {column}", entry) for (row, column), entry in derivative.entries.items()]
        wanted = needed(derivative.lines, [line.expression for line in entries])
        lines = self._shared(wanted, entries)
        body = self._print_grouped(self.hoister.lines_of(lines[: len(lines) - len(entries)]))
        body.append("d = load(diagonal, 0)")
        shift, place = sympy.Symbol("d", real=True), {state: k for k, state in enumerate(system.states)}
        texts = {(k, k): self.printer(shift) for k in range(len(place))}
        for line in lines[len(lines) - len(entries) :]:
            row, column = line.symbol.split()
            value = self.hoister(-line.expression)
            texts[place[row], place[column]] = self.printer(shift + value if row == column else value)
        result = factorisation(system.states, texts)
        self.factors = result.rows
        doc = "Write the LU factors of diag(d) - J; d is the only row of diagonal."
        self._keep("factor", doc, body + result.factor)
        self._keep("solve", "Solve by the factors, in place.", result.solve)

    def _observe(self) -> None:
        ends = [Line(item.symbol, item.expression) for item in self.system.observables]
        lines = self._shared(needed(self._program, [line.expression for line in ends]), ends)
        stores = [
            self._store("out", row, self.hoister(line.expression), f"{item.unit}: {item.meaning}")
            for row, (line, item) in enumerate(
                zip(lines[len(lines) - len(ends) :], self.system.observables, strict=True)
            )
        ]
        body = self._print_grouped(self.hoister.lines_of(lines[: len(lines) - len(ends)]))
        self._keep("observe", "Write what can be read off the patient.", body + stores)

    # ------------------------------------------------------------------ kernels that run once a patient

    def _plain(self, kernel: str, target: str, items: Sequence[Named], doc: str) -> None:
        body = [
            self._store(target, row, item.expression, f"{item.symbol}, {item.unit}: {item.meaning}")
            for row, item in enumerate(items)
        ]
        self._keep(kernel, doc, body)

    def _derive(self, rows: dict[str, int]) -> str:
        system = self.system
        quantities = [
            Line(item.symbol, item.expression, f"{item.unit}: {item.meaning}")
            for item in system.quantities
            if item.symbol in system.constant
        ]
        ends = [sympy.Symbol(name, real=True) for name in rows]
        lines = needed([*quantities, *self.hoister.lines], ends)
        wanted = {symbol.name for line in lines for symbol in line.expression.free_symbols} | set(rows)
        text = ["@kernel", "def derive(parameters, derived):"]
        text.append('    """Write all that depends on parameters alone."""')
        for row, name in enumerate(system.parameters):
            if name in wanted:
                item = system.table[name]
                text.append(f"    {name} = load(parameters, {row})  # {item.unit}: {item.meaning}")
        text += [f"    {line}" for line in self._print(lines)]
        text += [f"    store(derived, {row}, {name})" for name, row in rows.items()]
        return "\n".join(text)

    # ------------------------------------------------------------------ text

    def _shared(self, lines: Sequence[Line], ends: Sequence[Line]) -> tuple[Line, ...]:
        """Program and its ends with reciprocals on lines of their own; the ends come last, in their order."""
        taken = {*self.system.symbols, *(line.symbol for line in lines)}

        def name(base: Any) -> str:
            inner, word = (base.args[0], "per_guarded") if isinstance(base, guarded) else (base, "per")
            text = f"{word}_{spelled(self.printer(inner))}"
            return f"{text}_" if text in taken else text

        return share_divisors([*lines, *ends], name, constant=self.system.is_constant, last=len(ends))

    def _print(self, lines: Iterable[Line]) -> list[str]:
        return [
            f"{line.symbol} = {self.printer(line.expression)}"
            + (f"  # {line.comment}" if line.comment else "")
            for line in lines
        ]

    def _print_grouped(self, lines: Sequence[Line]) -> list[str]:
        """Text of lines that run at every step, reciprocals in groups."""
        texts = []
        for group in group_reciprocals(lines):
            if len(group) == 1:
                texts += self._print(group)
            else:
                divisors = ", ".join(self.printer(1 / line.expression) for line in group)
                texts.append(f"{', '.join(line.symbol for line in group)} = reciprocals({divisors})")
        return texts

    def _store(self, target: str, row: int, expression: Any, comment: str) -> str:
        return f"store({target}, {row}, {self.printer(expression)})  # {comment}"

    def _keep(self, kernel: str, doc: str, body: list[str]) -> None:
        self._bodies[kernel] = [f'"""{doc}"""', *body]

    def _rows(self) -> dict[str, int]:
        """Row of every name that a kernel reads of the parameters; those read at every step come first."""
        constant = self.hoister.names
        rows: dict[str, int] = {}
        for kernel in ("rhs", "factor", "observe", "start", "margins", "doses", "calibrate"):
            names = {word for line in self._bodies[kernel][1:] for word in _words(line)}
            self._reads[kernel] = names
            for name in sorted(names & constant):
                rows.setdefault(name, len(rows))
        return rows

    def _kernel(self, kernel: str, rows: dict[str, int]) -> str:
        system = self.system
        arguments = {
            "start": "derived, y",
            "rhs": "y, inputs, derived, dy",
            "factor": "y, inputs, derived, diagonal, lu",
            "solve": "lu, b",
            "observe": "y, inputs, derived, out",
        }.get(kernel, "derived, out")
        doc, *body = self._bodies[kernel]
        reads = self._reads.get(kernel, set())
        words = self._words_of_constants()
        loads = [
            f"{name} = load(derived, {row})" + (f"  # {words[name]}" if name in words else "")
            for name, row in rows.items()
            if name in reads
        ]
        if kernel in ("rhs", "factor", "observe"):
            records: list[Species | Input] = [*system.mechanism.species, *system.mechanism.inputs]
            words |= {item.symbol: f"{item.unit}: {item.meaning}" for item in records}
            for source, names in (("y", system.states), ("inputs", system.inputs)):
                loads += [
                    f"{name} = load({source}, {row})  # {words[name]}"
                    for row, name in enumerate(names)
                    if name in reads
                ]
        text = [f"@kernel\ndef {kernel}({arguments}):", doc, *loads, *body]
        return "\n    ".join(text)

    def _words_of_constants(self) -> dict[str, str]:
        """Unit and meaning of what depends on parameters alone and has a name of its own."""
        words = {
            name: f"{self.system.table[name].unit}: {self.system.table[name].meaning}"
            for name in self.system.parameters
        }
        words |= {item.symbol: f"{item.unit}: {item.meaning}" for item in self.system.quantities}
        return words | {line.symbol: line.comment for line in self.hoister.lines if line.comment}

    def _names(self, name: str, derived: int) -> str:
        system = self.system
        mechanism = system.mechanism
        structure = ",\n".join(
            f'    "{key}": "{value}"' for key, value in mechanism.structure.equations.as_mapping().items()
        )
        inputs = "".join(f'    ("{item.symbol}", {float(item.start)!r}),\n' for item in mechanism.inputs)
        constants = [
            f'NAME = "{name}"',
            f"STRUCTURE = {{\n{structure},\n}}",
            f"STATES = {_tuple(system.states)}",
            f"SCALES = {_numbers(scales(system))}",
            f"PARAMETERS = {_tuple(system.parameters)}",
            f"INPUTS = (\n{inputs})",
            f"OBSERVABLES = {_tuple([item.symbol for item in system.observables])}",
            f"MARGINS = {_tuple([item.symbol for item in system.limits])}",
            f"DOSES = {_tuple([item.name for item in mechanism.routes])}",
            f"CALIBRATED = {_tuple([item.symbol for item in system.calibrated])}",
            f"DERIVED = {derived}",
            f"FACTORS = {self.factors}",
            f"STIFF = {mechanism.structure.stiff}",
        ]
        return "\n".join(constants)


def scales(system: System) -> tuple[float, ...]:
    """Magnitude of each state, a power of ten: its start at the typical patient, or its declared scale."""
    values = system.typical_values()
    for item in system.quantities:
        if item.symbol in system.constant:
            values[item.symbol] = item.parsed.evaluate(values)
    result = []
    for start, scale in zip(system.starts, system.scales, strict=True):
        size = start.parsed.evaluate(values) or scale.parsed.evaluate(values)
        result.append(10.0 ** round(math.log10(size)))
    return tuple(result)


def _words(line: str) -> set[str]:
    code = line.split("  # ")[0]
    return {
        word
        for word in "".join(c if c.isalnum() or c == "_" else " " for c in code).split()
        if word[0].isalpha()
    }


def _tuple(names: Sequence[str]) -> str:
    rows = [names[k : k + 12] for k in range(0, len(names), 12)]
    return "(\n" + "".join("    " + " ".join(f'"{name}",' for name in row) + "\n" for row in rows) + ")"


def _numbers(numbers: Sequence[float]) -> str:
    return "(" + ", ".join(repr(number) for number in numbers) + ",)"
