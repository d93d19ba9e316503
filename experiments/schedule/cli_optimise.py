"""Command `optimise`: amounts, intervals and starting days of a drug, the best, and what is as good."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..cli_console import FAULT, MOST_FAILED, guarded, print_json, print_table, progress, writable
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from .search import ScheduleResult


@guarded
def optimise_command(
    protocol: Annotated[
        str,
        typer.Argument(help="A protocol with a section [schedule]: TOML file, or shipped name."),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Result, .json; .csv and report beside it. [default: results/NAME.json]"),
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=2, help="Virtual persons, the same under every schedule.")
    ] = 2_000,
    parameters: Annotated[
        str, typer.Option("--parameters", help="literature, fitted, or the .h5 of a fit.")
    ] = "literature",
    draws: Annotated[
        int | None,
        typer.Option("--draws", min=1, help="Draws of a fit. [default: as the patients suffice]"),
    ] = None,
    refine: Annotated[
        int, typer.Option("--refine", min=0, help="Finer amounts tried around the best of the grid.")
    ] = 8,
    top: Annotated[int, typer.Option("--top", min=1, help="Schedules in the printed table.")] = 10,
    seed: Seed = 1,
    threads: Threads = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Find the best schedule of a drug under limits, and the schedules that are as good."""
    from ...model.errors import ProtocolError, StorageError
    from ..protocol import load_protocol
    from .search import optimise, searched

    loaded = load_protocol(protocol)
    searched(loaded.protocol)
    if parameters == "literature" and draws is not None:
        raise ProtocolError("--draws needs a fit: add --parameters fitted, or the .h5 of a fit")
    target = out if out is not None else Path("results") / f"{loaded.protocol.name}.json"
    if target.suffix != ".json":
        raise StorageError(f"--out {target}: the result is a .json file; .csv and report lie beside it")
    places = {"result": writable(target), "table": writable(target.with_suffix(".csv"))}
    if report:
        places["report"] = writable(target.with_suffix(".html"))
    with progress(shown=not json) as advance:
        found = optimise(
            loaded,
            parameters=parameters,
            draws=draws,
            patients=patients,
            seed=seed,
            threads=threads,
            refine=refine,
            progress=advance,
        )
    _write(found, places)
    if json:
        from .schedule_file import document_of

        print_json(document_of(found) | {"places": places})
    else:
        _print(found, top)
        for what, place in places.items():
            typer.echo(f"{what}: {place}")
    if found.failed > MOST_FAILED * found.solves:
        raise typer.Exit(FAULT)


def _write(result: "ScheduleResult", places: dict[str, Path]) -> None:
    from ..plain_files import write_csv, write_json
    from .report_schedule import write_schedule_report
    from .schedule_file import HEAD, document_of, rows_of

    write_json(document_of(result), places["result"])
    write_csv(HEAD, rows_of(result), places["table"])
    if "report" in places:
        write_schedule_report(result, places["report"])


def _print(result: "ScheduleResult", top: int) -> None:
    from .report_schedule import HEAD, sentences, table_rows
    from .search import told

    goal = told(result.search.goal, result.search.at)
    print_table(HEAD, table_rows(result, top), title=f"{result.protocol.title}: {goal}")
    for sentence in sentences(result):
        typer.echo(sentence)
    each = 1e3 * result.seconds / result.solves
    typer.echo(f"{result.solves:,} simulations in {result.seconds:.0f} s, {each:.2f} ms each.")
