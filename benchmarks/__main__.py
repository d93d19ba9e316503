"""Command line: ``python -m lag3ig.benchmarks --json OUT [--quick]``."""

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .arm import Arm
from .cases import (
    doses,
    explicit_binding,
    floor,
    known_answers,
    likelihood,
    phase_one,
    plasma_paclitaxel,
    population_size,
    sensitivities,
    start_up,
    states,
    structures,
    threads,
)
from .machine import describe
from .peers import ALL, engine
from .precision import ratios_at, work_precision
from .references import reference
from .report import print_case, print_ratios, print_table

SCHEMA = "lag3ig-benchmarks"
SCHEMA_VERSION = 2
EQUAL_ERRORS = (1e-3, 1e-4, 1e-5, 1e-6)
# Patients whose error is proved: (full, quick). The reference of the stiff case is dear.
COMPARED: dict[str, tuple[Callable[[int], Any], int, int]] = {
    phase_one.NAME: (phase_one.problem, 64, 8),
    explicit_binding.NAME: (explicit_binding.problem, 16, 8),
    plasma_paclitaxel.NAME: (plasma_paclitaxel.problem, 64, 8),
}
MEASURED: dict[str, Callable[[bool], list[dict[str, Any]]]] = {
    "floor": floor.run,
    "start-up": start_up.run,
    "threads": threads.run,
    "doses": doses.run,
    "states": states.run,
    "structures": structures.run,
    "patients": population_size.run,
    "sensitivities": sensitivities.run,
    known_answers.NAME: known_answers.run,
    likelihood.NAME: likelihood.run,
}
STIFF = (explicit_binding.NAME,)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked, print it, and write the JSON and, if asked, its figure."""
    parser = argparse.ArgumentParser(prog="python -m lag3ig.benchmarks", description=__doc__)
    parser.add_argument(
        "--json", type=Path, required=True, metavar="OUT", help="file of rows; other cases in it are kept"
    )
    parser.add_argument("--quick", action="store_true", help="fewer patients, cases and tolerances")
    parser.add_argument("--figure", type=Path, metavar="SVG", help="draw the work-precision figure too")
    every = [*COMPARED, *MEASURED]
    parser.add_argument("--case", action="append", choices=every, help="only this case; may be repeated")
    parser.add_argument(
        "--engine", action="append", metavar="TEXT", help="only peers with this in their name"
    )
    options = parser.parse_args(arguments)
    chosen = options.case or ([phase_one.NAME, *MEASURED] if options.quick else every)
    result = _begin(options.json, options.quick, chosen)
    peers = [
        arm
        for arm in ALL
        if not options.engine or any(word.lower() in arm.name.lower() for word in options.engine)
    ]
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        if name in COMPARED:
            _compare(name, peers, options.quick, result)
        else:
            result["tables"][name] = MEASURED[name](options.quick)
            print_table(name, result["tables"][name])
        _write(options.json, result)
    if options.figure:
        from .figure import draw

        draw(result, options.figure)
    return 0


def _begin(path: Path, quick: bool, chosen: Sequence[str]) -> dict[str, Any]:
    """Result with what the file has of cases not chosen, if the same engine was measured on this machine."""
    machine = describe()
    result: dict[str, Any] = {"schema": SCHEMA, "schema_version": SCHEMA_VERSION, "quick": quick}
    result |= {"machine": machine, "rows": [], "ratios": [], "tables": {}}
    if not path.exists():
        return result
    earlier = json.loads(path.read_text())
    if any(earlier.get(key) != result[key] for key in ("schema", "schema_version", "quick")):
        return result
    if any(earlier["machine"].get(key) != machine[key] for key in machine if key != "load"):
        return result
    for part in ("rows", "ratios"):
        result[part] = [row for row in earlier[part] if row["case"] not in chosen]
    result["tables"] = {name: rows for name, rows in earlier["tables"].items() if name not in chosen}
    return result


def _compare(name: str, peers: Sequence[Arm], quick: bool, result: dict[str, Any]) -> None:
    build, full, few = COMPARED[name]
    problem = build(few if quick else full)
    truth = reference(problem)
    arms = [arm for arm in (*engine.ARMS, *peers) if arm.stiff or name not in STIFF]
    own = engine.DEFAULT.name
    rows = work_precision(problem, arms, truth, own=own)
    result["rows"] += [row.as_json() for row in rows]
    ratios = [
        {"case": name, "worst_error": error, "ratios": found}
        for error in EQUAL_ERRORS
        if (found := ratios_at(rows, error, own=own))
    ]
    result["ratios"] += ratios
    print_case(name, rows)
    print_ratios(ratios)


def _write(path: Path, result: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(result, indent=1, allow_nan=False) + "\n")


if __name__ == "__main__":
    sys.exit(main())
