"""Command `structures`: fits of the same data under different structures, beside each other."""

from pathlib import Path
from typing import Annotated

import typer

from .cli_console import guarded, print_json, print_table
from .cli_trial import Json


@guarded
def structures_command(
    fits: Annotated[
        list[Path], typer.Argument(help="Files of `lag3ig fit`, two or more; gains are over the first.")
    ],
    json: Json = False,
) -> None:
    """Compare structures: how probable the same data make each, and which cards say so."""
    from dataclasses import asdict

    from ..fitting.comparison import compare
    from ..fitting.fit_file import read_fit

    found = compare([read_fit(path) for path in fits])
    if json:
        print_json({"structures": [asdict(item) for item in found]})
        return
    rows = [
        (
            item.title,
            f"{item.log_evidence:.1f} +- {item.error:.1f}",
            f"{100 * item.probability:.1f} % ({100 * item.interval[0]:.0f}-{100 * item.interval[1]:.0f})",
            str(item.parameters),
            "yes" if item.trusted else "NO",
        )
        for item in found
    ]
    columns = ("structure", "log evidence", "probability", "free", "trusted")
    print_table(columns, rows, title="Structures compared: equal chances beforehand")
    cards = sorted({card for item in found for card in item.gains})
    gains = [(card, *(f"{item.gains[card]:+.2f}" for item in found[1:])) for card in cards]
    names = [item.name for item in found[1:]]
    print_table(("card", *names), gains, title=f"Log-likelihood at the top, over {found[0].name}")
    typer.echo(
        "A probability is that of a structure among those compared, under priors that are largely assumed."
    )
