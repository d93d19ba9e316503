"""Command `sensitivity`: which assumed numbers move the endpoints of a trial."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..cli_console import FAULT, MOST_FAILED, guarded, print_json, print_table, progress, writable
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from .result import SensitivityResult


@guarded
def sensitivity_command(
    protocol: Annotated[
        str, typer.Argument(help="A protocol with a section [sensitivity]: TOML file, or shipped name.")
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Result, .json; .csv and report beside it. [default: results/NAME.json]"),
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=2, help="Virtual persons at a point, the same at every point.")
    ] = 256,
    trajectories: Annotated[
        int, typer.Option("--trajectories", min=4, help="Of the screening of every number.")
    ] = 10,
    blocks: Annotated[
        int, typer.Option("--blocks", min=4, help="Of the shares of the variance; a power of 2.")
    ] = 128,
    most: Annotated[
        int, typer.Option("--most", min=1, help="Numbers whose shares are told: the strongest.")
    ] = 8,
    twins: Annotated[
        int, typer.Option("--twins", min=20, help="Persons that biomarkers are judged by, each in both arms.")
    ] = 4_000,
    parameters: Annotated[
        str, typer.Option("--parameters", help="literature, fitted, or the .h5 of a fit.")
    ] = "literature",
    seed: Seed = 1,
    threads: Threads = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Tell which assumed numbers move the endpoints of a trial: effects, shares of the variance, ranks."""
    from ...model.errors import StorageError
    from ..plain_files import write_csv, write_json
    from ..protocol import load_protocol
    from .analysis import analyse, planned
    from .sensitivity_file import HEAD, document_of, rows_of

    loaded = load_protocol(protocol)
    planned(loaded.protocol)
    target = out if out is not None else Path("results") / f"{loaded.protocol.name}.json"
    if target.suffix != ".json":
        raise StorageError(f"--out {target}: the result is a .json file; .csv and report lie beside it")
    places = {"result": writable(target), "table": writable(target.with_suffix(".csv"))}
    if report:
        places["report"] = writable(target.with_suffix(".html"))
    with progress(shown=not json) as advance:
        found = analyse(
            loaded,
            parameters=parameters,
            patients=patients,
            trajectories=trajectories,
            blocks=blocks,
            most=most,
            twins=twins,
            seed=seed,
            threads=threads,
            progress=advance,
        )
    write_json(document_of(found), places["result"])
    write_csv(HEAD, rows_of(found), places["table"])
    if report:
        from .report_sensitivity import write_sensitivity_report

        write_sensitivity_report(found, places["report"])
    if json:
        print_json(document_of(found) | {"places": places})
    else:
        _print(found)
        for what, place in places.items():
            typer.echo(f"{what}: {place}")
    if found.failed_points > MOST_FAILED * found.points:
        raise typer.Exit(FAULT)


def _print(result: "SensitivityResult") -> None:
    from ..schedule.search import told
    from .report_sensitivity import CUT_HEAD, HEAD, cut_rows, rows, sentences

    for name in result.endpoints:
        print_table(HEAD, rows(result, name), title=told(name, result.plan.at))
    if result.cut_offs:
        print_table(CUT_HEAD, cut_rows(result), title="Biomarkers")
    for sentence in sentences(result):
        typer.echo(sentence)
    typer.echo(f"{result.solves:,} simulations at {result.points:,} points in {result.seconds:.0f} s.")
