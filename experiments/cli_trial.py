"""Commands `run` and `report`: a protocol to its result, table and report; a result to its report again."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_console import guarded, print_json, print_table, progress, writable
from .cli_persons import fail_if_many_failed

if TYPE_CHECKING:
    from .protocol import Protocol
    from .results import TrialResult
    from .trial_models import TrialModels

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
    parameters: Annotated[
        list[str] | None,
        typer.Option(
            "--parameters",
            help="literature, fitted, or the .h5 of a fit; given twice, a run each and one table. "
            "[default: literature]",
        ),
    ] = None,
    draws: Annotated[
        int | None,
        typer.Option(
            "--draws", min=1, help="Draws of a fit. [default: as the patients suffice, at most 200]"
        ),
    ] = None,
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
    asked = parameters or ["literature"]
    targets = _targets(target, asked, named=out is not None and len(asked) == 1)
    pages = {one: writable(path.with_suffix(".html")) for one, path in targets.items() if report}
    size: dict[str, Any] = {"patients": patients, "replicates": replicates, "seed": seed, "threads": threads}
    models = _models(loaded.protocol, asked, patients=patients, replicates=replicates, draws=draws, seed=seed)

    from .trial import run_trial

    results = {}
    with progress(shown=not json) as advance:
        for one, path in targets.items():
            results[one] = run_trial(
                loaded,
                **size,
                out=path,
                progress=advance,
                history_patients=history_patients,
                parameters=models[one],
            )
            if report:
                advance("writing the report", 1, 1)
                _write_report(results[one], pages[one])
    written = {one: {"result": targets[one], "report": pages.get(one)} for one in asked}
    if json:
        found = {one: _summary(result) | written[one] for one, result in results.items()}
        print_json(found[asked[0]] if len(asked) == 1 else found)
    else:
        _print_trials(results)
        for paths in written.values():
            for what, place in paths.items():
                if place is not None:
                    typer.echo(f"{what}: {place}")
    fail_if_many_failed(*results.values())


def _targets(target: Path, asked: Sequence[str], *, named: bool) -> dict[str, Path]:
    """Where the result of each set of parameters goes: NAME.h5, NAME-fitted.h5, or as the user named one.

    Raises
    ------
    StorageError
        If two would go to one place, or a place cannot be written.
    """
    from ..model.errors import StorageError

    found: dict[str, Path] = {}
    for one in asked:
        plain = named or one == "literature" or target.is_dir()
        path = target if plain else target.with_name(f"{target.stem}-{Path(one).stem}.h5")
        if path in found.values():
            raise StorageError(f"--parameters {one}: another run goes to {path}; give each set once")
        found[one] = writable(path)
    return found


def _models(protocol: "Protocol", asked: Sequence[str], **size: Any) -> dict[str, "TrialModels"]:
    """Models of every set of parameters, before the first run begins: what is wrong is found at once."""
    from .trial_models import LITERATURE, trial_models

    fits = [one for one in asked if one != LITERATURE]
    if not fits and size["draws"] is not None:
        from ..model.errors import ProtocolError

        raise ProtocolError("--draws needs a fit: add --parameters fitted, or the .h5 of a fit")
    return {
        one: trial_models(protocol, one, **size | ({} if one in fits else {"draws": None})) for one in asked
    }


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
        "parameters": "literature" if result.sets is None else result.sets.asked,
        "failed": result.failures,
        **result.summary,
    }


def _print_trials(results: Mapping[str, "TrialResult"]) -> None:
    """The table with a column for each set of parameters, then what must be said of each."""
    cells: dict[str, dict[str, str]] = {}
    published: dict[str, str] = {}
    for one, result in results.items():
        for row in result.table:
            published.setdefault(row["row"], row["published"])
            cells.setdefault(row["row"], {})[one] = row["model"]
    head = ["model"] if list(results) == ["literature"] else [Path(one).stem for one in results]
    rows = [
        (name, published[name], *(found.get(one, "-") for one in results)) for name, found in cells.items()
    ]
    name = next(iter(results.values())).protocol_name
    print_table(("", "published", *head), rows, title=f"Published beside model: {name}")
    for one, result in results.items():
        if len(results) > 1:
            typer.echo(f"\nWith the parameters {one}:")
        _print_rest(result)


def _print_rest(result: "TrialResult") -> None:
    from .failures import failure_sentences

    history = result.summary["natural_history"]
    if history["evaluated"]:
        low, high = history["interval"]
        allow = "12 measured doubling times allow" if result.sets is None else "95 % of the draws lie in"
        typer.echo(
            f"Without drug {history['simulated']:.4f} stable (formula {history['analytic']:.4f}, default "
            f"{history['default']:.4f}); {allow} {low:.2f}-{high:.2f}."
        )
    if result.sets is not None:
        _print_fit(result)
    for arm, reasons in result.summary["failures"].items():
        for reason, count in reasons.items():
            typer.echo(f"Failed in {arm}: {count:,} patients, {reason}.")
    for sentence in failure_sentences(result):
        typer.echo(sentence)
    typer.echo(result.caution)
    for sentence in result.cautions:
        typer.echo(sentence)


def _print_fit(result: "TrialResult") -> None:
    """Which fit, over how many draws, and how much of the scatter of trials is that of parameters."""
    sets, shown = result.sets, result.summary["fit"]
    assert sets is not None
    typer.echo(
        f"Fit {sets.name} of {sets.created}, {len(sets.cards)} publications; {shown['draws']} draws, each "
        f"with at least {shown['patients']} patients in an arm."
    )
    for row in shown["variances"]:
        if row["total"]:
            typer.echo(
                f"Stable {row['group']}: {row['mean']:.1f} of {row['patients']}; of the variance "
                f"{row['total']:.2f} between trials {100.0 * row['parameters'] / row['total']:.0f} % is of "
                "parameters, the rest of patients and chance."
            )
