"""Command `power`: how often a randomised comparison succeeds, and how sure one can be."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..cli_console import guarded, print_json, print_table, progress, writable
from ..cli_persons import fail_if_many_failed, opened, simulated
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from ..protocol import LoadedProtocol
    from ..results import TrialResult


@guarded
def power_command(
    protocol: Annotated[
        str,
        typer.Argument(help="A protocol with a section [design]: TOML file or name; or a result file, .h5."),
    ],
    out: Annotated[
        Path | None, typer.Option("--out", help="Report, .html. [default: results/NAME-power.html]")
    ] = None,
    result: Annotated[
        Path | None, typer.Option("--result", help="Keep the virtual persons in this .h5, to be asked again.")
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=2, help="Virtual persons, in both arms.")
    ] = 100_000,
    draws: Annotated[
        int | None, typer.Option("--draws", min=1, help="Draws of the fit. [default: 100]")
    ] = None,
    replicates: Annotated[int, typer.Option("--replicates", min=10, help="Replicate trials.")] = 10_000,
    target: Annotated[float, typer.Option("--target", min=0.01, max=0.99, help="Assurance asked for.")] = 0.8,
    parameters: Annotated[
        str, typer.Option("--parameters", help="literature, fitted, or the .h5 of a fit.")
    ] = "fitted",
    seed: Seed = 1,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Power, assurance and the patients needed, for a randomised comparison of two arms."""
    loaded, stored = opened(protocol)
    design = _design(loaded)
    page = writable(out if out is not None else Path("results") / f"{loaded.protocol.name}-power.html")
    kept = None if result is None else writable(result)
    with progress(shown=not json) as advance:
        if stored is None:
            stored = simulated(
                loaded,
                parameters,
                draws,
                usual=100,
                seed=seed,
                patients=patients,
                threads=threads,
                out=kept,
                progress=advance,
            )
        advance("replicate trials", 1, 1)
        found = _reported(stored, loaded, count=replicates, seed=seed, target=target)
        advance("writing the report", 1, 1)
        from .report_power import write_power_report

        write_power_report(found, stored, loaded.protocol, page)
    from .words_power import answer, as_mapping, cautions, rows

    if json:
        print_json(
            {"protocol": loaded.protocol.name, **as_mapping(found), "failed": stored.failures, "report": page}
        )
    else:
        print_table(("", ""), rows(found), title=f"{design.experimental} against {design.control}")
        typer.echo(answer(found))
        for sentence in (*cautions(found), *stored.cautions):
            typer.echo(sentence)
        typer.echo(f"report: {page}")
    fail_if_many_failed(stored)


def _design(loaded: "LoadedProtocol") -> Any:
    from ...model.errors import ProtocolError

    design = loaded.protocol.design
    if design is None:
        raise ProtocolError(
            f"protocol {loaded.protocol.name!r} says no randomised comparison; give it a section [design] "
            "with control, experimental, enrolment and follow_up"
        )
    return design


def _reported(stored: "TrialResult", loaded: "LoadedProtocol", **how: Any) -> Any:
    from .persons import persons_of
    from .power import report

    design = _design(loaded)
    size = {arm.name: arm.evaluable for arm in loaded.protocol.arms}
    return report(
        persons_of(stored, design), design, (size[design.control], size[design.experimental]), **how
    )
