"""Part of a report on the fit of a trial: which fit, how far to trust it, what it leaves open."""

from collections.abc import Iterator
from typing import Any

from .fit_words import number
from .report_page import Html, element, table
from .results import TrialResult


def fit_notice(result: TrialResult) -> Iterator[Html]:
    """Which fit a trial was run with, and its cautions; nothing with the literature's parameters."""
    sets = result.sets
    if sets is None:
        return
    shown = result.summary["fit"]
    told = "can be trusted" if sets.trusted else "cannot be trusted yet"
    yield element(
        "p",
        f"Parameters: the fit {sets.name}, {sets.title} (made with lag3ig {sets.lag3ig_version}, "
        f"{sets.created}), of {len(sets.cards)} publications: {', '.join(sets.cards)}. Its posterior {told}. "
        f"Patients and replicate trials are divided over {shown['draws']} draws of it, "
        f"{shown['distinct']} of them different, each with at least {shown['patients']} patients in an arm"
        f"{f', for the indication {sets.indication}' if sets.indication else ''}.",
        class_="meta",
    )
    for sentence in result.cautions:
        yield element("p", sentence, class_="notice")


def uncertainty_section(result: TrialResult) -> Iterator[Html]:
    """What the fit leaves open, and what of the trial's scatter that is; nothing without a fit."""
    if result.sets is None:
        return
    shown = result.summary["fit"]
    yield element("h2", "What the parameters leave open")
    yield element(
        "p",
        "Every figure above is a mean over the draws of the fit. “90 % over draws” is where the central 90 % "
        "of the draws lie: uncertainty of parameters, which more virtual patients do not lower. Each draw "
        "has few patients, so its own share is noisy; that noise was estimated and taken out, by drawing the "
        "shares together about their mean, and where the draws differ by no more than that noise the table "
        "says so. "
        "For probabilities of outcomes of a trial, the interval is of the probability that each draw gives.",
    )
    if shown["variances"]:
        yield element(
            "p",
            "Variance of the number of stable patients in a trial (law of total variance): that of the "
            "number which a draw expects, and the mean variance around it, from who takes part and the "
            "chance around each.",
        )
        yield _variances(shown["variances"])
    yield element(
        "details",
        element("summary", f"The {len(shown['moved'])} numbers that the fit moves"),
        element(
            "p",
            "Medians and spreads over patients, one value for each draw. What the fit moves for other drugs "
            "or indications stands here too if it reaches this trial's table.",
        ),
        _moved(shown["moved"]),
    )


def _variances(rows: list[dict[str, Any]]) -> Html:
    def share(row: dict[str, Any], part: str) -> str:
        percent = f" ({100.0 * row[part] / row['total']:.0f} %)" if row["total"] else ""
        return f"{row[part]:.2f}{percent}"

    cells = [
        (
            str(row["group"]),
            f"{row['mean']:.2f} of {row['patients']}",
            share(row, "parameters"),
            share(row, "sampling"),
            f"{row['total']:.2f}",
        )
        for row in rows
    ]
    head = ("group", "stable, mean", "variance from parameters", "from patients and chance", "together")
    return table(head, cells, label="parts of the variance", numeric=range(1, 5))


def _moved(rows: list[dict[str, Any]]) -> Html:
    cells = [
        (
            str(row["symbol"]),
            str(row["of"]),
            str(row["unit"]) if row["unit"] != "1" else "",
            number(row["literature"]),
            number(row["middle"]),
            " to ".join(number(end) for end in row["interval"]),
        )
        for row in rows
    ]
    head = ("parameter", "what of it", "unit", "literature", "median of the draws", "90 % of the draws")
    return table(head, cells, label="numbers that the fit moves", numeric=(3, 4, 5))
