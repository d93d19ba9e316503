"""Command `model`: what the model says: structures, parameters, equations."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_console import guarded, pairs, print_json, print_table
from .cli_trial import Json

if TYPE_CHECKING:
    from ..model.definition.mechanism import Mechanism
    from ..model.definition.parameters import ParameterTable
    from ..model.definition.structures import Structure


@guarded
def model_command(
    equations: Annotated[bool, typer.Option("--equations", help="Print every rate and balance.")] = False,
    parameters: Annotated[
        bool, typer.Option("--parameters", help="Print every number with unit, kind, source.")
    ] = False,
    structures: Annotated[bool, typer.Option("--structures", help="Print every structural choice.")] = False,
    structure: Annotated[
        list[str] | None, typer.Option("--structure", help="choice=option; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Print what the model consists of; without options, a summary."""
    from ..model.definition.mechanism import mechanism
    from ..model.definition.parameters import load_parameters
    from ..model.definition.structures import Structure

    chosen = Structure.from_mapping(pairs(structure or [], "--structure"))
    whole, table = mechanism(chosen), load_parameters().for_structure(chosen)
    if json:
        print_json(_content(chosen, whole, table))
        return
    if not (equations or parameters or structures):
        _print_summary(chosen, whole, table)
    if structures:
        _print_structures(chosen)
    if parameters:
        _print_parameters(table)
    if equations:
        _print_equations(whole)


def balance(whole: "Mechanism", species: str) -> str:
    """Return the right-hand side of a species: every process that touches it, times what it adds."""
    terms = ""
    for process in whole.processes:
        effect = process.effects.get(species)
        if effect is None:
            continue
        sign, size = ("-", effect[1:].strip()) if effect.strip().startswith("-") else ("+", effect)
        factor = "" if size.strip() in ("1", "1.0") else f"({size})*"
        terms += f" {sign} {factor}{process.symbol}"
    return terms.removeprefix(" +").strip() or "0"


def _print_summary(chosen: "Structure", whole: "Mechanism", table: "ParameterTable") -> None:
    kinds = [item.kind for item in table.parameters.values()]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    typer.echo(f"Model {chosen.name}: {len(whole.species)} states, {len(whole.processes)} processes.")
    typer.echo(f"{len(kinds)} parameters: {counted}. No plasma level of this drug was available.\n")
    rows = [(item.symbol, item.unit, item.meaning) for item in whole.species]
    print_table(("state", "unit", "meaning"), rows)
    rows = [(item.symbol, item.unit, item.name) for item in whole.observables]
    print_table(("observable", "unit", "meaning"), rows)
    routes = [(item.name, str(item.number), item.dose_unit) for item in whole.routes]
    print_table(("route", "CMT", "dose unit"), routes)
    typer.echo("More: --equations, --parameters, --structures, --structure choice=option, --json.")


def _print_structures(chosen: "Structure") -> None:
    from ..model.definition.structures import CHOICES

    picked = chosen.as_mapping()
    rows = []
    for name, choice in CHOICES.items():
        for place, (option, meaning) in enumerate(choice.options.items()):
            mark = "*" if picked[name] == option else ""
            rows.append(
                (name if place == 0 else "", mark + option, meaning, choice.meaning if place == 0 else "")
            )
    print_table(("choice", "option (* chosen)", "meaning of the option", "what is chosen"), rows)


def _print_parameters(table: "ParameterTable") -> None:
    rows = [
        (
            item.symbol,
            f"{item.value:.4g}",
            item.unit,
            f"{item.spread:g}" if item.distribution != "none" else "",
            item.kind,
            item.meaning,
            item.source,
        )
        for item in table.parameters.values()
    ]
    print_table(("symbol", "value", "unit", "spread", "kind", "meaning", "source"), rows)


def _print_equations(whole: "Mechanism") -> None:
    for module in whole.modules:
        if not (module.quantities or module.processes):
            continue
        typer.echo(f"# {module.name}: {module.meaning}")
        for quantity in module.quantities:
            typer.echo(f"{quantity.symbol} = {quantity.expression}    # {quantity.unit}: {quantity.meaning}")
        for process in module.processes:
            typer.echo(f"{process.symbol} = {process.rate}    # {process.unit}: {process.meaning}")
        typer.echo("")
    typer.echo("# balances (a power of a base below zero is zero)")
    for item in whole.species:
        typer.echo(f"d{item.symbol}/dt = {balance(whole, item.symbol)}    # {item.unit}: {item.meaning}")


def _content(chosen: "Structure", whole: "Mechanism", table: "ParameterTable") -> dict[str, Any]:
    wanted = ("symbol", "value", "unit", "distribution", "spread", "kind", "source", "meaning", "role")
    return {
        "name": chosen.name,
        "structure": chosen.as_mapping(),
        "states": [
            {
                "symbol": item.symbol,
                "unit": item.unit,
                "meaning": item.meaning,
                "start": item.start,
                "balance": balance(whole, item.symbol),
            }
            for item in whole.species
        ],
        "quantities": [
            {"symbol": q.symbol, "expression": q.expression, "unit": q.unit, "meaning": q.meaning}
            for q in whole.quantities
        ],
        "processes": [
            {
                "symbol": p.symbol,
                "rate": p.rate,
                "unit": p.unit,
                "meaning": p.meaning,
                "effects": dict(p.effects),
            }
            for p in whole.processes
        ],
        "observables": [
            {"symbol": o.symbol, "expression": o.expression, "unit": o.unit, "name": o.name}
            for o in whole.observables
        ],
        "routes": [{"name": r.name, "cmt": r.number, "dose_unit": r.dose_unit} for r in whole.routes],
        "parameters": [{name: getattr(item, name) for name in wanted} for item in table.parameters.values()],
    }
