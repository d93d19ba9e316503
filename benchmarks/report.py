"""Results as plain text tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from .precision import Row


def print_case(name: str, rows: Sequence[Row]) -> None:
    """Error, time and ratio of every solver and tolerance."""
    print(f"\n{name}: ratio = CPU time of a patient over the engine's at the same worst error")
    table = [
        {
            "solver": row.engine,
            "tolerance": row.tolerance,
            "worst error": row.worst_error,
            "median error": row.median_error,
            "us/patient": row.microseconds,
            "ratio": row.ratio,
            "note": row.note,
        }
        for row in rows
    ]
    _print(table)


def print_ratios(ratios: Sequence[Mapping[str, Any]]) -> None:
    """Ratios at equal worst errors, between the tolerances measured."""
    if not ratios:
        return
    print("\nratio at an equal worst error of")
    engines = list(dict.fromkeys(engine for item in ratios for engine in item["ratios"]))
    _print(
        [
            {"solver": engine} | {f"{item['worst_error']:.0e}": item["ratios"].get(engine) for item in ratios}
            for engine in engines
        ]
    )


def print_table(name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows of a case of the engine alone."""
    print(f"\n{name}")
    _print(rows)


def _print(rows: Sequence[Mapping[str, Any]]) -> None:
    columns = list(dict.fromkeys(key for row in rows for key in row))
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    widths = [max(len(line[k]) for line in [columns, *cells]) for k in range(len(columns))]
    for line in [columns, *cells]:
        print(
            "  " + "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip(),
            flush=True,
        )


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, float):
        return f"{value:.1e}" if 0.0 < abs(value) < 1e-2 else f"{value:.4g}"
    return str(value)
