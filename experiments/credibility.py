"""Page on credibility: what the model may be used for, what stands behind it, and what would change it.

    python -m lag3ig.experiments.credibility             # writes docs/credibility.md
    python -m lag3ig.experiments.credibility --check     # fails if the page is stale
    python -m lag3ig.experiments.credibility --measure   # moves every assumed number again first

The order follows ICH M15 and ASME V&V 40: question, context of use, influence, consequence, then evidence.
"""

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..model.definition.parameters import Parameter, ParameterTable, load_parameters
from .assumptions import FACTOR, Moved, move_assumptions

PAGE = Path(__file__).parents[1] / "docs" / "credibility.md"
MEASURED = PAGE.with_suffix(".json")
TEMPLATE = PAGE.parent / "templates" / PAGE.name
PROTOCOL, PATIENTS, SEED = "imp321-rcc-phase1", 500, 1
SHOWN = 8  # assumed numbers named for each figure
LEAST = 1.0  # point of percent; a smaller change is not named


def page(measured: Mapping[str, Any]) -> str:
    """The page, from its template, what was measured of the assumed numbers, and the table of parameters."""
    table = load_parameters()
    text = TEMPLATE.read_text(encoding="utf-8")
    parts = {"assumptions": _assumptions(measured, table), "parameters": _parameters(table)}
    for name, lines in parts.items():
        text = text.replace(f"<!-- {name} -->", "\n".join(lines))
    return text


def _assumptions(measured: Mapping[str, Any], table: ParameterTable) -> Iterator[str]:
    yield (
        f"Every assumed number of the model was divided and multiplied by {FACTOR:g} (of a share: its odds), "
        f"one at a time, in the phase I trial: {measured['patients']} virtual patients a dose, the same "
        "persons every time. Changes are in points of percent."
    )
    found = [Moved(**item) for item in measured["moved"]]
    for figure, value in measured["figures"].items():
        if not figure.endswith("difference"):
            continue
        yield f"\n### {figure.removesuffix(', difference')}: above less below 6 mg, {value:.0f} points\n"
        ranked = sorted(found, key=lambda item: -item.most(figure))
        named = [item for item in ranked[:SHOWN] if item.most(figure) >= LEAST]
        yield "| assumed | value | halved | doubled | meaning |\n|---|---|---|---|---|"
        for item in named:
            number = table[item.symbol]
            yield (
                f"| `{item.symbol}` | {_with_unit(number)} | {_change(item.low, figure)} | "
                f"{_change(item.high, figure)} | {number.meaning} |"
            )
        silent = sum(item.most(figure) < LEAST for item in found)
        yield f"\n{silent} of {len(found)} assumed numbers move it by less than {LEAST:g} point."
    refused = [
        f"`{item.symbol}` {word}: {side}"
        for item in found
        for word, side in (("halved", item.low), ("doubled", item.high))
        if isinstance(side, str)
    ]
    if refused:
        yield "\nCould not be simulated:\n"
        yield from (f"- {sentence}" for sentence in refused)


def _with_unit(number: Parameter) -> str:
    return f"{number.value:g}" if number.unit == "1" else f"{number.value:g} {number.unit}"


def _change(side: Mapping[str, float] | str, figure: str) -> str:
    return "not possible" if isinstance(side, str) else f"{side[figure]:+.1f}"


def _parameters(table: ParameterTable) -> Iterator[str]:
    counts = Counter(item.kind for item in table.parameters.values())
    listed = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    yield f"{len(table.parameters)} numbers: {listed}.\n"
    yield "| symbol | value | unit | varies over patients | kind | source | meaning |"
    yield "|---|---|---|---|---|---|---|"
    for item in table.parameters.values():
        spread = "" if item.distribution == "none" else f"{item.distribution}, {item.spread:g}"
        cells = (
            f"`{item.symbol}`",
            f"{item.value:g}",
            item.unit,
            spread,
            item.kind,
            item.source,
            item.meaning,
        )
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def measure() -> dict[str, Any]:
    """Move every assumed number and keep what became of the figures, rounded to a tenth of a point."""

    def say(done: int, wanted: int) -> None:
        print(f"\r{done} of {wanted}", end="", file=sys.stderr, flush=True)

    usual, found = move_assumptions(PROTOCOL, patients=PATIENTS, seed=SEED, progress=say)
    return {
        "command": "python -m lag3ig.experiments.credibility --measure",
        "protocol": PROTOCOL,
        "patients": PATIENTS,
        "seed": SEED,
        "figures": _rounded(usual),
        "moved": [
            {name: side if isinstance(side, str) else _rounded(side) for name, side in asdict(item).items()}
            for item in found
        ],
    }


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 1) for name, value in figures.items()}


def main() -> int:
    """Write the page, or say that it is stale."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; 1 if the page is stale")
    parser.add_argument("--measure", action="store_true", help="move the assumed numbers again")
    given = parser.parse_args()
    if given.measure:
        MEASURED.write_text(json.dumps(measure(), indent=1) + "\n", encoding="utf-8")
    text = page(json.loads(MEASURED.read_text(encoding="utf-8")))
    if given.check:
        stale = not PAGE.exists() or PAGE.read_text(encoding="utf-8") != text
        if stale:
            print(f"{PAGE} is stale: python -m lag3ig.experiments.credibility", file=sys.stderr)
        return int(stale)
    PAGE.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
