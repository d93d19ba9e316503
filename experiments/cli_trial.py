"""Commands `run` and `report`: a protocol to its result, table and report; a result to its report again."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_console import FAULT, MOST_FAILED, guarded, print_json, print_table, progress, writable

if TYPE_CHECKING:
    from .results import TrialResult

Seed = Annotated[int, typer.Option("--seed", min=0, max=2**64 - 1, help="The same seed gives the same bits.")]
Threads = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads; all cores if left out. Changes no bit.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs, and nothing else.")]


@guarded
def run_command(
    protocol: Annotated[str, typer.Argument(help="A TOML file, or the name of a protocol that ships.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Result file, .h5; the report lies beside it. [default: results/NAME.h5]"),
    ] = None,
    patients: Annotated[
        int, typer.Option("--patients", min=1, help="Virtual patients in each arm.")
    ] = 10_000,
    replicates: Annotated[int, typer.Option("--replicates", min=0, help="Replicate trials.")] = 5_000,
    history_patients: Annotated[
        int | None,
        typer.Option(
            "--history-patients",
            min=0,
            help="Patients of the check without drug. [default: 10 x --patients, at most 100000]",
        ),
    ] = None,
    seed: Seed = 1,
    threads: Threads = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Run a virtual trial: result file, report, and the table of published beside model."""
    from .protocol import load_protocol

    loaded = load_protocol(protocol)
    target = out if out is not None else Path("results") / f"{loaded.protocol.name}.h5"
    if target.suffix != ".h5" and not target.is_dir():
        from ..model.errors import StorageError

        raise StorageError(
            f"--out {target}: this is where the result goes, a .h5 file; the report lies beside it"
        )
    target = writable(target)
    page = target.with_suffix(".html")
    if report:
        page = writable(page)

    from .trial import run_trial

    with progress(shown=not json) as advance:
        result = run_trial(
            loaded,
            seed=seed,
            patients=patients,
            replicates=replicates,
            threads=threads,
            out=target,
            progress=advance,
            history_patients=history_patients,
        )
        if report:
            advance("writing the report", 1, 1)
            _write_report(result, page)
    written = {"result": target, "report": page if report else None}
    if json:
        print_json(_summary(result) | written)
    else:
        _print_trial(result)
        for what, path in written.items():
            if path is not None:
                typer.echo(f"{what}: {path}")
    failed = {name: float((arm.table["status"] < 0).mean()) for name, arm in result.arms.items()}
    if max(failed.values()) > MOST_FAILED:
        raise typer.Exit(FAULT)


@guarded
def report_command(
    result: Annotated[Path, typer.Argument(help="Result file of `lag3ig run`, .h5.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Report, .html. [default: beside the result]")
    ] = None,
    figures: Annotated[
        Path | None, typer.Option("--figures", help="Folder to write each figure into as SVG.")
    ] = None,
    json: Json = False,
) -> None:
    """Write the report of a result file again."""
    from .results import read_result

    found = read_result(result)
    target = writable(out if out is not None else result.with_suffix(".html"))
    if target.resolve() == result.resolve():
        from ..model.errors import StorageError

        raise StorageError(f"--out {target}: this is the result itself; name an .html file")
    if figures is not None:
        from .report import write_figures

        writable(figures / "figure.svg")
        for path in write_figures(found, figures):
            typer.echo(f"figure: {path}", err=json)
    _write_report(found, target)
    if json:
        print_json(_summary(found) | {"result": result, "report": target})
    else:
        typer.echo(f"report: {target}")


def _write_report(result: "TrialResult", path: Path) -> None:
    from .report import write_report

    write_report(result, path)


def _summary(result: "TrialResult") -> dict[str, Any]:
    return {
        "protocol": result.protocol_name,
        "seed": result.seed,
        "patients": result.patients.ids.size,
        "model_hash": result.model_hash,
        "failed": result.failures,
        **result.summary,
    }


def _print_trial(result: "TrialResult") -> None:
    from .failures import failure_sentences

    rows = [(row["row"], row["published"], row["model"]) for row in result.table]
    print_table(("", "published", "model"), rows, title=f"Published beside model: {result.protocol_name}")
    history = result.summary["natural_history"]
    if history["evaluated"]:
        low, high = history["interval"]
        typer.echo(
            f"Without drug {history['simulated']:.4f} stable (formula {history['analytic']:.4f}, default "
            f"{history['default']:.4f}); 12 measured doubling times allow {low:.2f}-{high:.2f}."
        )
    for arm, reasons in result.summary["failures"].items():
        for reason, count in reasons.items():
            typer.echo(f"Failed in {arm}: {count:,} patients, {reason}.")
    for sentence in failure_sentences(result):
        typer.echo(sentence)
    typer.echo(result.caution)
