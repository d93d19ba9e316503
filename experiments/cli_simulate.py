"""Command `simulate`: one regimen, its curves as a table, CSV, JSON or figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_console import FAULT, MOST_FAILED, guarded, pairs, print_json, print_table, writable
from .cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from ..model.dosing import Regimen
    from ..model.model import Model
    from ..model.trajectories import Trajectories

SHOWN = ["plasma", "activated_cd8", "em_cd8_percent", "sld"]
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
PICTURES = (".png", ".svg", ".pdf")
MOST_POINTS = 100_000


@guarded
def simulate_command(
    dose: Annotated[
        list[str] | None,
        typer.Option(
            "--dose", help="A dose in words, such as '30 mg lag3ig sc every 14 d x 6'; may be repeated."
        ),
    ] = None,
    events: Annotated[
        Path | None, typer.Option("--events", help="Event table (CSV, NONMEM's columns) instead of --dose.")
    ] = None,
    days: Annotated[float, typer.Option("--days", min=0.01, max=36_500.0, help="Length.")] = 84.0,
    step: Annotated[float, typer.Option("--step", min=0.001, help="Days between points.")] = 0.25,
    patients: Annotated[
        int, typer.Option("--patients", min=0, help="Virtual patients; 0 is the typical patient.")
    ] = 0,
    observable: Annotated[
        list[str] | None, typer.Option("--observable", help="What to show; may be repeated.")
    ] = None,
    structure: Annotated[
        list[str] | None, typer.Option("--structure", help="choice=option; may be repeated.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option("--parameter", help="symbol=value, a unit may follow; may be repeated."),
    ] = None,
    seed: Seed = 1,
    threads: Threads = None,
    plot: Annotated[Path | None, typer.Option("--plot", help="Figure: .png, .svg or .pdf.")] = None,
    csv: Annotated[Path | None, typer.Option("--csv", help="Curves as CSV; '-' is standard output.")] = None,
    json: Json = False,
) -> None:
    """Simulate one regimen in the typical patient, or in a population."""
    import numpy as np

    from ..model.errors import SimulationError, StorageError

    if plot is not None and plot.suffix not in PICTURES:
        raise StorageError(f"--plot {plot}: the name must end in one of {', '.join(PICTURES)}")
    to_terminal = csv is not None and str(csv) == "-"
    if json and to_terminal:
        raise StorageError("--json and --csv - both write to standard output; name a file after --csv")
    targets = {
        "plot": writable(plot) if plot is not None else None,
        "csv": writable(csv) if csv is not None and not to_terminal else None,
    }
    if days / step > MOST_POINTS:
        raise SimulationError(
            f"--days {days:g} --step {step:g} are more than {MOST_POINTS:,} points; take a longer step"
        )
    regimen = _regimen(dose or [], events)
    names = list(dict.fromkeys(observable or SHOWN))
    model = _model(structure or [], parameter or [])
    for name in names:
        model.observable(name)

    from ..model.simulation import simulate

    times = np.unique(np.append(np.arange(0.0, days, step), days))
    run = simulate(
        regimen, times=times, model=model, patients=patients or None, seed=seed, threads=threads
    )  # fmt: skip
    if targets["csv"] is not None or to_terminal:
        _write_csv(run, names, targets["csv"])
    if targets["plot"] is not None:
        from .figure_simulation import write_picture

        write_picture(run, names, regimen, targets["plot"])
    if json:
        print_json(_content(run, names) | targets)
    elif not to_terminal:
        _print_curves(run, names)
        for what, path in targets.items():
            if path is not None:
                typer.echo(f"{what}: {path}")
    for outcome, count in run.outcomes.items():
        if outcome != "ok":
            typer.echo(f"{count:,} of {run.ids.size:,} patients: {outcome.replace('_', ' ')}", err=True)
    if (~run.solved).mean() > MOST_FAILED:
        raise typer.Exit(FAULT)


def _regimen(words: list[str], events: Path | None) -> "Regimen":
    from ..model.dosing import Regimen
    from ..model.errors import DosingError
    from .dose_words import regimen_from_words

    if words and events is not None:
        raise DosingError("both --dose and --events are given; keep one of them")
    if events is not None:
        return Regimen.from_csv(events)
    return sum((regimen_from_words(text) for text in words), Regimen())


def _model(structure: list[str], parameter: list[str]) -> "Model":
    from ..model.definition.parameters import load_parameters
    from ..model.model import load_model

    table = load_parameters()
    values = {}
    for symbol, text in pairs(parameter, "--parameter").items():
        values[symbol] = _value(text, table[symbol].unit, symbol)
    return load_model(pairs(structure, "--structure"), table.with_values(values))


def _value(text: str, unit: str, symbol: str) -> float:
    from ..model.units import convert, split

    number, given = split(text, what=f"--parameter {symbol}")
    return convert(number, given, unit, what=f"--parameter {symbol}") if given else number


def _columns(run: "Trajectories", names: list[str]) -> tuple[list[str], list[Any]]:
    """Heads and curves: the value in the typical patient, or quantiles over the population."""
    heads, curves = ["time (d)"], [run.times]
    for name in names:
        values = run.quantiles(name, LEVELS if run.ids.size > 1 else (0.5,))
        for place in range(values.shape[1]):
            level = f" {100 * LEVELS[place]:g} %" if run.ids.size > 1 else ""
            heads.append(f"{name}{level} ({run.unit(name)})")
            curves.append(values[:, place])
    return heads, curves


def _write_csv(run: "Trajectories", names: list[str], path: Path | None) -> None:
    import csv
    import io

    heads, curves = _columns(run, names)
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(heads)
    for row in zip(*curves, strict=True):
        writer.writerow([repr(float(value)) for value in row])
    if path is None:
        typer.echo(buffer.getvalue(), nl=False)
    else:
        from ..model.storage import write_whole

        write_whole(path, buffer.getvalue().encode("utf-8"))


def _content(run: "Trajectories", names: list[str]) -> dict[str, Any]:
    population = run.ids.size > 1
    levels = LEVELS if population else (0.5,)
    return {
        "patients": run.ids.size,
        "outcomes": run.outcomes,
        "model": run.model.name,
        "model_hash": run.model.hash,
        "time": run.times,
        "levels": levels if population else None,
        "curves": {
            name: {
                "unit": run.unit(name),
                "values": run.quantiles(name, levels) if population else run.quantiles(name, levels)[:, 0],
            }
            for name in names
        },
    }


def _print_curves(run: "Trajectories", names: list[str]) -> None:
    import numpy as np

    last = float(run.times[-1])
    wanted = np.linspace(0.0, last, 13)
    rows = sorted({int(np.argmin(np.abs(run.times - day))) for day in wanted})
    medians = [run.median(name) for name in names]
    cells = [[f"{run.times[row]:g}", *(f"{curve[row]:.4g}" for curve in medians)] for row in rows]
    head = ["day", *(f"{name} ({run.unit(name)})" for name in names)]
    who = f"median of {run.ids.size:,} virtual patients" if run.ids.size > 1 else "the typical patient"
    print_table(head, cells, title=f"{who}, model {run.model.name}", numeric=len(head))
