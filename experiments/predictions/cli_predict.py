"""Command `predict`: what trials will find, before anybody looks; frozen on request."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..cli_console import FAULT, guarded, print_json, print_table, progress, writable
from ..cli_trial import Json, Seed, Threads

if TYPE_CHECKING:
    from .prediction import Prediction, Progress


@guarded
def predict_command(
    protocols: Annotated[
        list[str] | None,
        typer.Argument(
            help="TOML files, or protocols that ship; those with a section [predictions] if left out."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Freeze: a .json with date and hash; table and figures lie beside it."),
    ] = None,
    again: Annotated[
        Path | None, typer.Option("--again", help="A frozen .json: check its hash, predict again, compare.")
    ] = None,
    patients: Annotated[int, typer.Option("--patients", min=1, help="Virtual patients in an arm.")] = 50_000,
    draws: Annotated[int, typer.Option("--draws", min=1, help="Draws of the fit.")] = 100,
    replicates: Annotated[int, typer.Option("--replicates", min=1, help="Replicate trials.")] = 5_000,
    parameters: Annotated[
        str, typer.Option("--parameters", help="fitted, or the .h5 of a fit: a prediction needs its draws.")
    ] = "fitted",
    seed: Seed = 1,
    threads: Threads = None,
    json: Json = False,
) -> None:
    """Predict trials from the fit of drugs given alone: medians and intervals of what they will find."""
    from ..protocol import load_protocol, shipped_protocols

    if again is not None:
        _compare(again, given=bool(protocols) or out is not None, threads=threads, parameters=parameters)
        return
    if out is not None:
        _ready(out)
    names = protocols or [
        name for name in shipped_protocols() if load_protocol(name).protocol.predictions is not None
    ]
    size: dict[str, Any] = {"patients": patients, "draws": draws, "replicates": replicates, "seed": seed}
    found = _predicted(names, parameters=parameters, threads=threads, shown=not json, **size)

    from .frozen import document_of

    document = document_of(found)
    if out is not None:
        document = _freeze(found, out)
    if json:
        print_json(document)
        return
    for trial in document["trials"]:
        _print(trial)
    if out is not None:
        typer.echo(f"frozen: {out}\nsha256: {document['sha256']}")


def _predicted(names: list[str], *, shown: bool, **size: Any) -> list["Prediction"]:
    from .prediction import predict

    with progress(shown=shown) as advance:

        def told(name: str) -> "Progress":
            return lambda what, done, wanted: advance(f"{name}: {what}", done, wanted)

        return [predict(name, progress=told(name), **size) for name in names]


def _ready(out: Path) -> None:
    from ...model.errors import StorageError

    if out.suffix != ".json":
        raise StorageError(f"--out {out}: frozen predictions are a .json file")
    if out.exists():
        raise StorageError(
            f"--out {out} is frozen already: predictions are not written over; name another file"
        )
    writable(out)


def _freeze(found: list["Prediction"], out: Path) -> dict[str, Any]:
    """The document, with its table and figures beside it."""
    from ...model.storage import write_whole
    from ..figure_file import save_figure
    from .figure_predictions import figure_of_trial
    from .frozen import as_markdown, freeze

    document = freeze(found, out)
    write_whole(out.with_suffix(".md"), as_markdown(document).encode())
    for trial in document["trials"]:
        save_figure(figure_of_trial(trial), out.with_name(f"{out.stem}-{trial['protocol']}.svg"))
    return document


def _compare(path: Path, *, given: bool, threads: int | None, parameters: str) -> None:
    """Say whether a frozen document is whole, and whether predicting again gives the same."""
    from ...model.errors import ParameterError
    from .frozen import changed_protocols, differences, read_frozen

    if given:
        raise ParameterError("--again takes its trials and sizes from the frozen file: give it alone")
    document = read_frozen(path)
    typer.echo(f"{path}: frozen on {document['date']}, hash {document['sha256']} is right.")
    changed = changed_protocols(document)
    for name in changed:
        typer.echo(f"{name}: the protocol is another now than the one that was predicted.")
    found: list[str] = []
    for trial in document["trials"]:
        if trial["protocol"] in changed:
            continue
        size = {key: trial[key] for key in ("patients", "draws", "replicates", "seed")}
        again = _predicted([trial["protocol"]], shown=True, parameters=parameters, threads=threads, **size)
        found += differences(document, again)
    for sentence in found:
        typer.echo(sentence)
    if found or changed:
        raise typer.Exit(FAULT)
    typer.echo("Predicted again: every number is the same.")


def _print(trial: dict[str, Any]) -> None:
    from .frozen import told

    rows = []
    for row in trial["rows"]:
        low, lower, middle, upper, high = (told(value, row["unit"]) for value in row["trial"])
        label = f"{row['label']}, {row['unit']}" if row["unit"] else row["label"]
        rows.append((row["arm"], label, middle, f"{lower} to {upper}", f"{low} to {high}"))
    print_table(("arm", "outcome", "median", "50 % of trials", "90 % of trials"), rows, title=trial["title"])
    from .vocabulary import OUTCOMES

    for outcome, reason in trial["withheld"].items():
        typer.echo(f"Not predicted: {OUTCOMES[outcome].label}. {reason}")
    for sentence in trial["cautions"]:
        typer.echo(sentence)
