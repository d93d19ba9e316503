"""Command `fit`: a problem to its posterior, its file, its report and two tables."""

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .cli_console import guarded, pairs, print_json, print_table, progress, writable
from .cli_trial import Json, Threads

if TYPE_CHECKING:
    from ..fitting.cards import TrialCard
    from ..fitting.fit_result import FitResult
    from ..fitting.problem import Problem


@guarded
def fit_command(
    problem: Annotated[str, typer.Argument(help="A TOML file, or the name of a fit that ships.")],
    out: Annotated[
        Path | None,
        typer.Option("--out", help="Fit, .h5; the report lies beside it. [default: results/NAME-fit.h5]"),
    ] = None,
    patients: Annotated[
        int | None,
        typer.Option("--patients", min=10, help="Virtual patients of an arm. [default: the problem's]"),
    ] = None,
    bank: Annotated[int, typer.Option("--bank", min=1, help="Points of the prior simulated first.")] = 400,
    starts: Annotated[int, typer.Option("--starts", min=1, help="Local searches.")] = 20,
    exact_draws: Annotated[
        int, typer.Option("--exact-draws", min=1, help="Exact evaluations of posterior draws a round.")
    ] = 150,
    rounds: Annotated[int, typer.Option("--rounds", min=1, help="Rounds at most.")] = 4,
    bank_file: Annotated[
        Path | None,
        typer.Option(
            "--bank-file",
            help="Simulated points; an interrupted fit goes on with them. [default: OUT.bank.h5]",
        ),
    ] = None,
    alternative: Annotated[
        str | None, typer.Option("--alternative", help="Fit this one of the problem's other structures.")
    ] = None,
    fill: Annotated[
        list[str] | None,
        typer.Option("--fill", help="CARD=FILE: fill empty slots of a card; may be given for several cards."),
    ] = None,
    threads: Threads = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write the report too.")] = True,
    json: Json = False,
) -> None:
    """Fit what a problem leaves free to what its cards print: file, report, and what was learnt."""
    from ..fitting.problem import load_problem

    loaded, _ = load_problem(problem)
    if alternative is not None:
        loaded = loaded.alternative(alternative)
    target = out if out is not None else Path("results") / f"{loaded.name}-fit.h5"
    if target.suffix != ".h5" and not target.is_dir():
        from ..model.errors import StorageError

        raise StorageError(
            f"--out {target}: this is where the fit goes, a .h5 file; the report lies beside it"
        )
    cards, filled = _filled(loaded, fill or ())
    target = writable(target)
    points = writable(bank_file if bank_file is not None else target.with_suffix(".bank.h5"))
    page = writable(target.with_suffix(".html")) if report else None
    _not_the_same(target, points)

    from ..fitting.fit import Effort
    from ..fitting.fit import fit as run_fit
    from ..fitting.fit_file import write_fit

    effort = Effort(bank=bank, starts=starts, exact_draws=exact_draws, rounds=rounds)
    _say_what_is_known(points)
    with progress(shown=not json) as advance:
        try:
            result = run_fit(
                problem if alternative is None else loaded,
                cards=cards,
                patients=patients,
                effort=effort,
                bank_file=points,
                threads=threads,
                progress=advance,
            )
        except KeyboardInterrupt:
            if points.exists():
                typer.echo(f"{points} keeps what was simulated: the same command goes on with it", err=True)
            raise
        told = {"effort": asdict(effort), "filled": filled}
        result = replace(result, diagnostics={**result.diagnostics, **told})
        write_fit(result, target)
        if page is not None:
            from .report_fit import write_fit_report

            advance("writing the report", 1, 1)
            write_fit_report(result, page)
    written = {"fit": target, "report": page, "bank": points}
    if json:
        print_json(_summary(result) | written)
        return
    _print_fit(result)
    for what, path in written.items():
        if path is not None:
            typer.echo(f"{what}: {path}")


def _filled(problem: "Problem", given: Sequence[str]) -> tuple[list["TrialCard"], dict[str, str]]:
    """Cards of a problem, slots filled as asked; and the text of every filling by the card's id.

    Raises
    ------
    ParameterError
        If the fit has no such card.
    """
    from ..fitting.cards import load_card
    from ..fitting.slots import fill_slots
    from ..model.errors import ParameterError, nearest

    cards = {card.id: card for card in map(load_card, problem.cards)}
    texts: dict[str, str] = {}
    for name, file in pairs(given, "--fill").items():
        if name not in cards:
            raise ParameterError(
                f"--fill {name}={file}: the fit has no card {name!r}; {nearest(name, cards)}"
            )
        cards[name] = fill_slots(cards[name], file)
        texts[name] = Path(file).expanduser().read_text(encoding="utf-8")
    return list(cards.values()), texts


def _not_the_same(target: Path, points: Path) -> None:
    from ..model.errors import StorageError

    if points.resolve() == target.resolve():
        raise StorageError(f"--bank-file {points}: the fit itself goes there; name another file")


def _say_what_is_known(points: Path) -> None:
    if points.exists():
        from ..fitting.estimators.bank import load

        typer.echo(f"going on with {len(load(points)):,} simulated points in {points}", err=True)


def _summary(result: "FitResult") -> dict[str, Any]:
    from .fit_words import seconds_of

    return {
        "fit": result.problem_name,
        "seed": result.seed,
        "patients": result.patients,
        "trusted": result.trusted,
        "seconds": seconds_of(result),
        "parameters": [asdict(item) | {"verdict": item.verdict} for item in result.learnt],
        "checks": [asdict(item) | {"inside": item.inside} for item in result.checks],
        "findings": asdict(result.findings),
        "diagnostics": {name: value for name, value in result.diagnostics.items() if name != "filled"},
    }


def _print_fit(result: "FitResult") -> None:
    from .fit_words import (
        inside_words,
        name_of,
        number,
        range_of,
        seconds_of,
        spread,
        trust_sentence,
        units_of,
    )

    units = units_of(result)
    print_table(
        ("parameter", "unit", "prior (95 %)", "posterior (95 %)", "verdict"),
        [
            (item.name, units.get(item.name, ""), spread(item.prior), spread(item.posterior), item.verdict)
            for item in result.learnt
        ],
        title=f"What was learnt: {result.title}",
    )
    print_table(
        ("what was printed", "unit", "role", "printed", "replicates, 95 %", ""),
        [
            (
                name_of(item),
                item.unit if item.unit != "1" else "",
                item.role,
                number(item.printed),
                range_of(item.quantiles),
                inside_words(item),
            )
            for item in result.checks
        ],
        title="Printed beside replicate trials of the real size",
    )
    _print_findings(result)
    typer.echo(trust_sentence(result))
    typer.echo(
        f"{seconds_of(result):.0f} s, {result.patients:,} virtual patients an arm, seed {result.seed}."
    )


def _print_findings(result: "FitResult") -> None:
    from .learnt_words import (
        CARD_HEAD,
        LESSON_HEAD,
        card_rows,
        direction_rows,
        lesson_rows,
        open_profiles,
        unfound,
    )

    found = result.findings
    for sentence in unfound(found):
        typer.echo(sentence)
    if found.directions:
        head = ("direction", "information over the prior's", "parameters with a large part in it")
        print_table(head, direction_rows(found), title="Stiff and sloppy directions at the top")
    if found.influences:
        print_table(CARD_HEAD, card_rows(found), title="What each card does to the posterior")
    if found.lessons:
        rows = lesson_rows(found, single=False)
        print_table(LESSON_HEAD, rows, title="What filling empty slots would teach")
    unbounded = open_profiles(result)
    if unbounded:
        typer.echo(f"Not bounded on both sides by data alone: {'; '.join(unbounded)}.")
