"""Command `discriminate`: how well trials of a protocol tell its structures apart, and which does so best."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..cli_console import guarded, pairs, print_json, print_table, progress, writable
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from .discrimination import Discrimination
    from .information import Verdict


@guarded
def discriminate_command(
    protocol: Annotated[
        str, typer.Argument(help="A TOML file with the section hypotheses, or a protocol that ships.")
    ] = "blood-or-node",
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Report, .html; a .csv of candidates lies beside it. [default: results/]"),
    ] = None,
    patients: Annotated[int, typer.Option("--patients", min=10, help="Virtual persons of each draw.")] = 40,
    draws: Annotated[int, typer.Option("--draws", min=2, help="Draws of the parameters.")] = 100,
    trials: Annotated[int, typer.Option("--trials", min=2, help="Trials of each structure.")] = 600,
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            help="STRUCTURE=FIT, the .h5 of a fit of that structure; in others assumed numbers are moved.",
        ),
    ] = None,
    seed: Seed = 1,
    threads: Threads = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Tell structures apart: what each predicts, errors of the choice, bits learnt, the best samples."""
    from ..protocol import load_protocol
    from .discrimination import discriminate

    loaded = load_protocol(protocol)
    target = out if out is not None else Path("results") / f"{loaded.protocol.name}-hypotheses.html"
    if target.suffix != ".html":
        from ...model.errors import StorageError

        raise StorageError(f"--out {target}: the report is an .html file; a .csv lies beside it")
    if report:
        writable(target)
    with progress(shown=not json) as advance:
        found = discriminate(
            loaded,
            fits=pairs(parameters or [], "--parameters"),
            draws=draws,
            persons=patients,
            trials=trials,
            seed=seed,
            threads=threads,
            progress=advance,
        )
    written: dict[str, Path] = {}
    if report:
        from ...model.storage import write_whole
        from .report_hypotheses import write_report

        write_report(found, target)
        write_whole(target.with_suffix(".csv"), as_csv(found).encode())
        written = {"report": target, "table": target.with_suffix(".csv")}
    if json:
        print_json(summary(found) | written)
        return
    _print(found)
    for what, place in written.items():
        typer.echo(f"{what}: {place}")


def summary(found: "Discrimination") -> dict[str, Any]:
    """What was found, for JSON."""
    return {
        "protocol": found.protocol.protocol.name,
        "structures": list(found.structures),
        "draws": found.draws,
        "patients": found.persons_each,
        "trials": found.trials,
        "seed": found.seed,
        "fits": dict(found.fits),
        "by_size": {size: _verdict(item) for size, item in found.by_size.items()},
        "single_persons": None if found.persons is None else _verdict(found.persons),
        "candidates": [
            {
                "kind": item.candidate.kind,
                "name": item.candidate.name,
                "readings": [found.readings[place].label(found.arms) for place in item.candidate.readings],
                "patients": list(item.candidate.patients),
                **_verdict(item.verdict),
            }
            for item in found.judged
        ],
        "predicted": [
            {
                "structure": name,
                "reading": reading.label(found.arms),
                "interval": found.predicted[number, place].tolist(),
            }
            for number, name in enumerate(found.structures)
            for place, reading in enumerate(found.readings)
        ],
    }


def _verdict(item: "Verdict") -> dict[str, Any]:
    return {
        "bits": item.bits,
        "error": item.error,
        "right": item.right,
        "chosen": item.chosen.tolist(),
        "mean_probability": item.mean.tolist(),
        "power": item.power,
    }


def as_csv(found: "Discrimination") -> str:
    """Candidates as comma-separated values, a row each."""
    import csv
    import io

    text = io.StringIO()
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(("kind", "name", "readings", "patients_per_arm", "bits", "error", "chosen_rightly"))
    for item in found.judged:
        given, verdict = item.candidate, item.verdict
        numbers = (verdict.bits, verdict.error, verdict.right)
        rows.writerow(
            (given.kind, given.name, len(given.readings), max(given.patients), *(f"{x:.6g}" for x in numbers))
        )
    return text.getvalue()


def _print(found: "Discrimination") -> None:
    from .report_hypotheses import bits_of, cautions, summary_sentence

    rows = [
        (str(size), name, *(f"{100 * share:.0f} %" for share in item.chosen[place]), f"{item.bits:.2f}")
        for size, item in found.by_size.items()
        for place, name in enumerate(found.structures)
    ]
    head = ("patients a dose", "truth", *(f"chosen: {name}" for name in found.structures), "bits")
    title = f"Structures chosen: {found.protocol.protocol.title}"
    print_table(head, rows, title=title, numeric=len(found.structures) + 1)
    best = [
        (
            item.candidate.kind,
            item.candidate.name,
            f"{bits_of(item.verdict)} +- {item.verdict.error:.2f}",
            f"{100 * item.verdict.right:.0f} %",
        )
        for item in found.judged
        if item.candidate.kind != "sample and day"  # dozens: in the report and the table
    ]
    print_table(("kind", "reads", "bits", "chosen rightly"), best, title="Candidate trials", numeric=2)
    typer.echo(summary_sentence(found))
    for sentence in cautions(found):
        typer.echo(sentence)
