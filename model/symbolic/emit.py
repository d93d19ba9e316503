"""Writes generated/ from the definition, or with --check says whether it is current."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ..definition.mechanism import mechanism
from ..definition.parameters import ParameterTable, load_parameters
from ..definition.records import Observable
from ..definition.structures import Structure
from ..errors import Lag3igError, ModelError
from .checks import check
from .equations import appendix
from .kernels import KernelWriter
from .system import System, assemble

GENERATED = Path(__file__).parents[1] / "generated"
_APPENDIX = "EQUATIONS.md"
_COMMAND = "python -m lag3ig.model.symbolic.emit"


def shipped() -> tuple[Structure, ...]:
    """Structures whose equations ship with the product: the default and each one-step alternative to it."""
    default = Structure()
    return tuple(dict.fromkeys(item.equations for item in (default, *default.one_step_alternatives())))


def texts(table: ParameterTable | None = None) -> dict[str, str]:
    """Every file of generated/ by name, checked and written anew.

    Raises
    ------
    ModelError
        If a system does not hold together, or a parameter of the table is used by none of them.
    """
    parameters = load_parameters() if table is None else table
    systems = [assemble(mechanism(item), parameters.for_structure(item)) for item in shipped()]
    _check_used(parameters, systems)
    for system in systems:
        check(system)
    files = {
        f"{system.mechanism.structure.module_name}.py": KernelWriter(system).text(
            system.mechanism.structure.name
        )
        for system in systems
    }
    return files | {_APPENDIX: appendix(systems[0], systems[1:])}


def _check_used(table: ParameterTable, systems: Sequence[System]) -> None:
    used = {name for system in systems for name in system.parameters}
    assays = {
        item for system in systems for record in system.mechanism.observables for item in _assay(record)
    }
    for symbol in table.of_role("model"):
        if symbol not in used:
            raise ModelError(f"parameter {symbol!r} is in the table but in no equation: use it or remove it")
    for symbol in table.of_role("assay"):
        if symbol not in assays:
            raise ModelError(f"parameter {symbol!r} has the role assay but no observable names it")
    for symbol in sorted(assays):
        if symbol not in table or table[symbol].role != "assay":
            raise ModelError(
                f"an observable's assay names {symbol!r}, which is no parameter of the role assay"
            )


def _assay(record: Observable) -> list[str]:
    return [symbol for symbol in (record.assay.size, record.assay.limit) if symbol is not None]


def stale(wanted: Mapping[str, str], folder: Path = GENERATED) -> list[str]:
    """Names of files that are missing, differ from what is wanted, or belong to nothing."""
    present = {path.name for path in folder.iterdir() if path.suffix in (".py", ".md")} - {"__init__.py"}
    differing = [
        name
        for name, text in wanted.items()
        if name not in present or (folder / name).read_text(encoding="utf-8") != text
    ]
    return sorted({*differing, *(present - set(wanted))})


def write(wanted: Mapping[str, str], folder: Path = GENERATED) -> list[str]:
    """Bring the folder up to date; returns the names of the files that changed."""
    changed = stale(wanted, folder)
    for name in changed:
        if name in wanted:
            (folder / name).write_text(wanted[name], encoding="utf-8", newline="\n")
        else:
            (folder / name).unlink()
    return changed


def main(arguments: Sequence[str] | None = None) -> int:
    """Command line: 0 if generated/ is (now) current, 1 if --check finds it is not or the model is wrong."""
    parser = argparse.ArgumentParser(prog=_COMMAND, description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, only say whether all is current")
    asked = parser.parse_args(arguments)
    try:
        wanted = texts()
        names = stale(wanted) if asked.check else write(wanted)
    except Lag3igError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    if asked.check and names:
        print(f"not current: {', '.join(names)}; run: {_COMMAND}", file=sys.stderr)
        return 1
    print("generated/ is current" if not names else f"written: {', '.join(names)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
