"""Assembly of a mechanism into equations: dy/dt, and everything else that a kernel computes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sympy

from ..definition.mechanism import Mechanism
from ..definition.parameters import ParameterTable
from ..errors import ModelError
from .grammar import Expression, exact, parse


@dataclass(frozen=True, slots=True)
class Named:
    """Expression with the symbol that stands for it in the equations."""

    symbol: str
    parsed: Expression
    expression: Any
    unit: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Effect:
    """Term of a balance: a process's rate times its coefficient there."""

    process: str
    state: str
    parsed: Expression
    coefficient: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """Equations of one mechanism as expressions over an explicit table of symbols.

    Attributes
    ----------
    symbols
        Symbol of every name, parameters first; their order is that of printed factors and terms.
    parameters, states, inputs
        Names in the order of the kernels' rows; parameters are those that the equations use.
    quantities
        In an order in which each needs only earlier ones.
    constant
        Names that depend on parameters alone.
    """

    mechanism: Mechanism
    table: ParameterTable
    symbols: Mapping[str, Any]
    parameters: tuple[str, ...]
    states: tuple[str, ...]
    inputs: tuple[str, ...]
    quantities: tuple[Named, ...]
    rates: tuple[Named, ...]
    effects: tuple[Effect, ...]
    starts: tuple[Named, ...]
    scales: tuple[Named, ...]
    observables: tuple[Named, ...]
    limits: tuple[Named, ...]
    doses: tuple[Named, ...]
    calibrated: tuple[Named, ...]
    constant: frozenset[str]

    def balance(self, state: str) -> Any:
        """dy/dt of a state, in terms of rates and coefficients."""
        return sympy.Add(*(item.coefficient * self.symbols[item.process] for item in self.effects_on(state)))

    def effects_on(self, state: str) -> tuple[Effect, ...]:
        """Terms of a state's balance."""
        return tuple(item for item in self.effects if item.state == state)

    def typical_values(self) -> dict[str, float]:
        """Every parameter and constant at its typical value."""
        values = {symbol: item.value for symbol, item in self.table.parameters.items()}
        return values | {symbol: item.value for symbol, item in self.table.constants.items()}

    def is_constant(self, expression: Any) -> bool:
        """Whether an expression depends on parameters alone."""
        return all(symbol.name in self.constant for symbol in expression.free_symbols)


def assemble(mechanism: Mechanism, table: ParameterTable) -> System:
    """Parse every expression of a mechanism and join the processes into balances.

    Raises
    ------
    ModelError
        If an expression is no arithmetic, uses an undeclared name, or quantities need each other in a circle;
        if a parameter has the symbol of something else; if a species has no process or a symbol no use.
    """
    declared = [
        item.symbol
        for kind in (mechanism.species, mechanism.inputs, mechanism.quantities, mechanism.processes)
        for item in kind
    ]
    for symbol in declared:
        if symbol in table.parameters or symbol in table.constants:
            raise ModelError(
                f"{symbol!r} is declared by the mechanism and is also in the table of parameters"
            )
    rate_names = {item.symbol for item in mechanism.processes}
    model_parameters = table.of_role("model")
    names = {*model_parameters, *table.constants, *declared} - rate_names
    symbols = {name: sympy.Symbol(name, real=True) for name in (*model_parameters, *declared)}
    values = symbols | {name: exact(item.value) for name, item in table.constants.items()}

    def read(symbol: str, text: str, unit: str, meaning: str, where: str) -> Named:
        parsed = parse(text, where, names)
        return Named(symbol, parsed, parsed.to_sympy(values), unit, meaning)

    quantities = _sorted(
        [
            read(q.symbol, q.expression, q.unit, q.meaning, f"quantity {q.symbol}")
            for q in mechanism.quantities
        ]
    )
    rates = [read(p.symbol, p.rate, p.unit, p.meaning, f"process {p.symbol}") for p in mechanism.processes]
    effects = []
    states = tuple(item.symbol for item in mechanism.species)
    for process in mechanism.processes:
        for state, text in process.effects.items():
            where = f"process {process.symbol}, effect on {state}"
            if state not in states:
                raise ModelError(f"{where}: there is no such species; declared: {', '.join(states)}")
            parsed = parse(text, where, names)
            effects.append(Effect(process.symbol, state, parsed, parsed.to_sympy(values)))
    system = System(
        mechanism=mechanism,
        table=table,
        symbols=symbols,
        parameters=(),
        states=states,
        inputs=tuple(item.symbol for item in mechanism.inputs),
        quantities=quantities,
        rates=tuple(rates),
        effects=tuple(effects),
        starts=tuple(
            read(s.symbol, s.start, s.unit, s.meaning, f"start of {s.symbol}") for s in mechanism.species
        ),
        scales=tuple(
            read(s.symbol, s.scale, s.unit, s.meaning, f"scale of {s.symbol}") for s in mechanism.species
        ),
        observables=tuple(
            read(o.symbol, o.expression, o.unit, o.name, f"observable {o.symbol}")
            for o in mechanism.observables
        ),
        limits=tuple(
            read(item.symbol, item.expression, item.unit, item.meaning, f"limit {item.symbol}")
            for item in mechanism.limits
        ),
        doses=tuple(_doses(mechanism, read)),
        calibrated=tuple(
            read(c.symbol, c.expression, table[c.symbol].unit, c.meaning, f"calibrated {c.symbol}")
            for c in mechanism.calibrated
        ),
        constant=_constant(quantities, model_parameters),
    )
    return _checked_uses(system)


def _doses(mechanism: Mechanism, read: Any) -> Iterable[Named]:
    species = {item.symbol: item for item in mechanism.species}
    inputs = {item.symbol for item in mechanism.inputs}
    for route in mechanism.routes:
        for state in (route.state, *route.compartments):
            if state not in species:
                raise ModelError(f"route {route.name}: there is no species {state!r}")
        if route.infusion is not None and route.infusion not in inputs:
            raise ModelError(f"route {route.name}: there is no input {route.infusion!r}")
        state_unit = species[route.state].unit
        unit = (
            f"{state_unit}/({route.dose_unit})"
            if "/" in route.dose_unit
            else f"{state_unit}/{route.dose_unit}"
        )
        prefix = route.name.replace(".", "_")
        yield read(
            f"{prefix}_scale", route.scale, unit, "state's unit per dose unit", f"route {route.name}, scale"
        )
        where = f"route {route.name}, bioavailability"
        yield read(f"{prefix}_bioavailability", route.bioavailability, "1", "bioavailability", where)
        yield read(f"{prefix}_lag", route.lag, "d", "lag", f"route {route.name}, lag")


def _sorted(quantities: list[Named]) -> tuple[Named, ...]:
    """Quantities in an order in which each needs only earlier ones, close to the declared one."""
    known = {item.symbol: item for item in quantities}
    done: dict[str, Named] = {}

    def visit(item: Named, path: tuple[str, ...]) -> None:
        if item.symbol in done:
            return
        if item.symbol in path:
            circle = " -> ".join((*path[path.index(item.symbol) :], item.symbol))
            raise ModelError(f"quantities need each other in a circle: {circle}")
        for name in item.parsed.names():
            if name in known:
                visit(known[name], (*path, item.symbol))
        done[item.symbol] = item

    for item in quantities:
        visit(item, ())
    return tuple(done.values())


def _constant(quantities: Iterable[Named], parameters: Iterable[str]) -> frozenset[str]:
    constant = set(parameters)
    for item in quantities:
        if all(symbol.name in constant for symbol in item.expression.free_symbols):
            constant.add(item.symbol)
    return frozenset(constant)


def _checked_uses(system: System) -> System:
    """System whose parameters are those in use, after checking that all else that is declared is in use."""
    for kind in (system.starts, system.scales, system.limits, system.doses, system.calibrated):
        for item in kind:
            for symbol in sorted(item.expression.free_symbols, key=str):
                if symbol.name not in system.constant:
                    raise ModelError(
                        f"{item.parsed.where}: {symbol.name!r} is not known before the patient is simulated; "
                        "use parameters and quantities of parameters only"
                    )
    ends = (
        *system.rates,
        *system.starts,
        *system.observables,
        *system.limits,
        *system.doses,
        *system.calibrated,
    )
    used = {symbol.name for item in ends for symbol in item.expression.free_symbols}
    used |= {symbol.name for item in system.effects for symbol in item.coefficient.free_symbols}
    for item in reversed(system.quantities):
        if item.symbol in used:
            used |= {symbol.name for symbol in item.expression.free_symbols}
    for item in system.quantities:
        if item.symbol not in used:
            raise ModelError(
                f"quantity {item.symbol!r} ({item.meaning}) is declared but never used: remove it"
            )
    for name in system.inputs:
        if name not in used:
            raise ModelError(f"input {name!r} is declared but never used: remove it")
    changed = {item.state for item in system.effects}
    for name in system.states:
        if name not in changed:
            raise ModelError(f"species {name!r} has no process: nothing would ever change it")
    return replace(system, parameters=tuple(name for name in system.table.of_role("model") if name in used))
