"""Command `compare`: whether a combination is more than its parts, and which trial would tell."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..cli_console import guarded, print_json, print_table, progress, writable
from ..cli_persons import fail_if_many_failed, opened, simulated
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from ..protocol import LoadedProtocol


@guarded
def compare_command(
    protocol: Annotated[
        str,
        typer.Argument(
            help="A protocol with a section [combination]: TOML file or name; or a result file, .h5."
        ),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Report, .html. [default: results/NAME-combination.html]")
    ] = None,
    result: Annotated[
        Path | None, typer.Option("--result", help="Keep the virtual persons in this .h5, to be asked again.")
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=2, help="Virtual persons, each in every arm.")
    ] = 50_000,
    draws: Annotated[
        int | None, typer.Option("--draws", min=1, help="Draws of the fit. [default: 50]")
    ] = None,
    replicates: Annotated[int, typer.Option("--replicates", min=10, help="Trials of each size.")] = 2_000,
    parameters: Annotated[
        str, typer.Option("--parameters", help="literature, fitted, or the .h5 of a fit.")
    ] = "fitted",
    seed: Seed = 1,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Compare a combination with its parts: four nulls, virtual twins, and the power of trials."""
    loaded, stored = opened(protocol)
    plan = _plan(loaded)
    at = plan.at or loaded.protocol.response.disease_control_at
    page = writable(out if out is not None else Path("results") / f"{loaded.protocol.name}-combination.html")
    kept = None if result is None else writable(result)
    with progress(shown=not json) as advance:
        if stored is None:
            stored = simulated(
                loaded,
                parameters,
                draws,
                usual=50,
                seed=seed,
                patients=patients,
                threads=threads,
                out=kept,
                progress=advance,
            )
        advance("replicate trials", 1, 1)
        from .comparison import compare
        from .outcomes import twins_of
        from .report_combination import write_combination_report

        found = compare(twins_of(stored, plan, at=at), replicates=replicates, seed=seed)
        write_combination_report(found, stored, loaded.protocol, at, page)
    from .words_combination import HEAD, answer, as_mapping, rows

    if json:
        name = loaded.protocol.name
        print_json({"protocol": name, **as_mapping(found, at), "failed": stored.failures, "report": page})
    else:
        print_table(HEAD, rows(found, at), title=loaded.protocol.title)
        for sentence in (*answer(found, plan, at), *stored.cautions):
            typer.echo(sentence)
        typer.echo(f"report: {page}")
    fail_if_many_failed(stored)


def _plan(loaded: "LoadedProtocol") -> Any:
    from ...model.errors import ProtocolError

    if loaded.protocol.combination is None:
        raise ProtocolError(
            f"protocol {loaded.protocol.name!r} says no combination; give it a section [combination] "
            "with none, parts and together"
        )
    return loaded.protocol.combination
