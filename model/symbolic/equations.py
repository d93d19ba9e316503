"""EQUATIONS.md: the model's own appendix, written from the same records as the kernels."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from ..definition.mechanism import Mechanism
from ..definition.parameters import KINDS, Parameter, ParameterTable
from ..definition.records import Assay, Module
from ..definition.structures import CHOICES
from .printer import Printer
from .system import System

_DISTRIBUTIONS = {"none": "", "lognormal": "log-normal, CV", "logitnormal": "logit-normal, SD of logit"}


def appendix(system: System, alternatives: Sequence[System]) -> str:
    """Text of EQUATIONS.md: the default model in full, and what each alternative changes."""
    mechanism, table = system.mechanism, system.table
    kinds = Counter(item.kind for item in table.parameters.values())
    counted = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS)
    parts = [
        "# Equations of the model\n\n"
        "Written by `python -m lag3ig.model.symbolic.emit` from `model/definition/`: edit that, not this. "
        "The tests fail if the two differ.\n\n"
        f"The default model has {len(system.states)} states, {len(system.rates)} processes and "
        f"{len(system.parameters)} parameters. Of the {len(table)} numbers of the whole table {counted}. "
        "Time is in days. `log` is the natural logarithm; a power of a base below zero is zero.\n",
        _section(
            "Species", _table(("symbol", "unit", "start before any drug", "meaning"), _species(mechanism))
        ),
        _section("Inputs and routes", _inputs(mechanism) + "\n" + _routes(mechanism)),
        _section("Processes and quantities, one file of `model/definition/` each", _modules(mechanism)),
        _section("Balances", _balances(system)),
        _section("What can be read off a patient", _observables(mechanism)),
        _section("Plausibility, calibration, conservation", _rules(mechanism)),
        _section("Structures", _structures(mechanism, [item.mechanism for item in alternatives], table)),
        _section("Parameters", _parameters(table)),
    ]
    return "\n".join(parts)


def _section(title: str, text: str) -> str:
    return f"## {title}\n\n{text.rstrip()}\n"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    lines += ["| " + " | ".join(cell.replace("|", "/") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _species(mechanism: Mechanism) -> list[tuple[str, ...]]:
    return [(f"`{item.symbol}`", item.unit, f"`{item.start}`", item.meaning) for item in mechanism.species]


def _inputs(mechanism: Mechanism) -> str:
    rows = [(f"`{item.symbol}`", item.unit, f"{item.start:g}", item.meaning) for item in mechanism.inputs]
    return _table(("input", "unit", "start", "meaning"), rows)


def _routes(mechanism: Mechanism) -> str:
    rows = [
        (
            item.name,
            str(item.number),
            item.dose_unit,
            f"`{item.state}`",
            f"`{item.scale}`",
            f"`{item.bioavailability}`",
            f"`{item.lag}`",
            f"`{item.infusion}`" if item.infusion else "bolus only",
        )
        for item in mechanism.routes
    ]
    head = (
        "route",
        "CMT",
        "dose unit",
        "state",
        "amount per dose unit",
        "bioavailability",
        "lag, d",
        "infusion",
    )
    return _table(head, rows)


def _modules(mechanism: Mechanism) -> str:
    return "\n".join(_module(module) for module in mechanism.modules if module.quantities or module.processes)


def _module(module: Module) -> str:
    text = f"### {module.name}\n\n{module.meaning[0].upper()}{module.meaning[1:]}.\n"
    if module.quantities:
        rows = [
            (f"`{item.symbol} = {item.expression}`", item.unit, item.meaning) for item in module.quantities
        ]
        text += "\n" + _table(("quantity", "unit", "meaning"), rows)
    if module.processes:
        flows = [
            (f"`{item.symbol} = {item.rate}`", item.unit, _effects(item.effects), item.meaning)
            for item in module.processes
        ]
        text += "\n" + _table(("process", "unit", "adds to", "meaning"), flows)
    return text


def _effects(effects: Mapping[str, str]) -> str:
    return ", ".join(f"`{state}`: `{coefficient}`" for state, coefficient in effects.items())


def _balances(system: System) -> str:
    printer = Printer(system.symbols)
    lines = [f"d{state}/dt = {printer(system.balance(state))}" for state in system.states]
    return "```\n" + "\n".join(lines) + "\n```\n"


def _observables(mechanism: Mechanism) -> str:
    rows = [
        (f"`{item.symbol}`", f"`{item.expression}`", item.unit, item.name, _assay(item.assay))
        for item in mechanism.observables
    ]
    return _table(("observable", "expression", "unit", "name", "assay"), rows)


def _assay(assay: Assay) -> str:
    if assay.kind == "none":
        return ""
    limit = f", lower limit `{assay.limit}`" if assay.limit else ""
    return f"{assay.kind} `{assay.size}`{limit}"


def _rules(mechanism: Mechanism) -> str:
    lines = ["A patient is plausible if none of these is negative:\n"]
    lines += [f"- `{item.expression}` ({item.meaning})" for item in mechanism.limits]
    lines += ["\nComputed once, at the typical patient:\n"]
    lines += [f"- `{item.symbol} = {item.expression}` ({item.meaning})" for item in mechanism.calibrated]
    lines += ["\nConserved, except for the named sources:\n"]
    lines += [
        f"- {item.meaning}: `{item.total}`; sources {', '.join(f'`{source}`' for source in item.sources)}"
        for item in mechanism.conserved
    ]
    return "\n".join(lines) + "\n"


def _structures(default: Mechanism, alternatives: Sequence[Mechanism], table: ParameterTable) -> str:
    rows = [
        (f"`{name}`", choice.meaning, ", ".join(f"`{key}` ({text})" for key, text in choice.options.items()))
        for name, choice in CHOICES.items()
    ]
    text = "The first option is the default.\n\n" + _table(("choice", "what it decides", "options"), rows)
    for alternative in alternatives:
        text += f"\n### {alternative.structure.name}\n\n" + _difference(default, alternative)
    if table.alternatives:
        lines = [
            f"- `{item.symbol}` is {item.value:g} with {item.choice}-{item.option} ({item.source})"
            for item in table.alternatives
        ]
        text += "\nValues that belong to a structure:\n\n" + "\n".join(lines) + "\n"
    if table.mixture:
        factors = ", ".join(f"`{symbol}` x {factor:g}" for symbol, factor in table.mixture.factors.items())
        text += (
            f"\nWith microenvironment-mixture {table.mixture.share:.0%} of patients are non-inflamed: "
            f"{factors} ({table.mixture.source}).\n"
        )
    return text


def _difference(default: Mechanism, other: Mechanism) -> str:
    before, after = _statements(default), _statements(other)
    gone = [f"- without `{line}`" for line in before if line not in after]
    new = [f"- with `{line}`" for line in after if line not in before]
    if not gone and not new:
        return "The same equations; only the population differs.\n"
    return "\n".join(gone + new) + "\n"


def _statements(mechanism: Mechanism) -> list[str]:
    lines = [f"{item.symbol} = {item.expression}" for item in mechanism.quantities]
    for item in mechanism.processes:
        effects = ", ".join(f"{state}: {coefficient}" for state, coefficient in item.effects.items())
        lines.append(f"{item.symbol} = {item.rate} -> {effects}")
    lines += [f"{item.symbol}(0) = {item.start}" for item in mechanism.species]
    lines += [f"observable {item.symbol} = {item.expression}" for item in mechanism.observables]
    return lines


def _parameters(table: ParameterTable) -> str:
    rows = [
        (f"`{symbol}`", item.meaning, f"{item.value:.10g}", item.unit, _spread(item), item.kind, item.source)
        for symbol, item in table.parameters.items()
    ]
    constants = [
        f"`{symbol}` = {item.value:g} {item.unit} ({item.meaning})"
        for symbol, item in table.constants.items()
    ]
    head = ("symbol", "meaning", "value", "unit", "between patients", "kind", "source")
    return _table(head, rows) + "\nConversions: " + "; ".join(constants) + ".\n"


def _spread(item: Parameter) -> str:
    if item.distribution == "none":
        return ""
    return f"{_DISTRIBUTIONS[item.distribution]} {item.spread:g} ({item.spread_kind})"
