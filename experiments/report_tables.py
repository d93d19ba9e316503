"""Tables of a report: published beside model, splits, failures, population, structure, parameters."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from ..model.definition.structures import CHOICES
from .failures import MOST_SHOWN, by_chance
from .report_page import Html, element, join, table
from .results import TrialResult


def beside_table(result: TrialResult) -> Html:
    """Published beside model, each row with what it means."""
    rows = [
        (join(row["row"], element("small", row["note"])), row["published"], _model(row))
        for row in result.table
    ]
    return table(("what", "published", "model"), rows, label="published beside model", kind="stacked")


def _model(row: Mapping[str, Any]) -> Html:
    """What the model gives; a sampling interval that the text does not name yet stands below it."""
    if row["interval"] is None or "(" in row["model"]:
        return join(row["model"])
    low, high = row["interval"]
    return join(row["model"], element("small", f"{100.0 * low:.1f} to {100.0 * high:.1f} %"))


def _split_arms(numbers: Any) -> str:
    return ",\u00a0".join(str(number) for number in numbers)


def splits_table(result: TrialResult) -> Html:
    """Key figures when the patients are distributed over the arms in another way."""
    rows = []
    for row in result.summary["splits"]:
        cells = [
            str(row["split"]),
            _split_arms(row["treated"]),
            _split_arms(row["evaluable"]),
            f"{row['stable_low']:.2f}",
            f"{row['stable_high']:.2f}",
            _percent(row.get("low_as_published")),
            _percent(row.get("high_at_least_published")),
            _percent(row["p_at_most"]),
            f"{row['injections']:.1f}",
        ]
        rows.append(cells)
    head = (
        "split", "treated", "evaluable", "stable, low", "stable, high", "low as published",
        "high at least as published", "P reached", "injections",
    )  # fmt: skip
    return table(head, rows, label="other splits of the patients", numeric=range(3, 9))


def failures_table(result: TrialResult) -> Html:
    """How every simulated patient ended, by arm; patients tried again have a column if there are any."""
    failures: Mapping[str, Mapping[str, int]] = result.summary["failures"]
    retried = result.retried
    again = any(retried.values())
    rows = []
    for name, arm in result.arms.items():
        status = np.asarray(arm.table["status"])
        failed = failures.get(name, {})
        words = "; ".join(f"{count:,}: {meaning}" for meaning, count in failed.items()) or "none"
        counts = [status.size, int((status >= 0).sum()), *([retried.get(name, 0)] if again else [])]
        rows.append((arm.label, *(f"{count:,}" for count in counts), words))
    second = ["of these at a second attempt"] if again else []
    head = ("arm", "simulated", "solved", *second, "failed, by reason")
    return table(head, rows, label="failures", numeric=range(1, len(head) - 1))


def failed_table(result: TrialResult) -> Html:
    """Parameters in which the failed patients of each arm differ most from the others there."""
    rows = []
    for name, found in result.failed_against_rest.items():
        arm, failed = result.arms[name], int(found["patients"])
        for row in found["parameters"][:MOST_SHOWN]:
            cells = [
                arm.label,
                f"{failed:,}",
                str(row["symbol"]),
                _figure(row["failed"]),
                _figure(row["rest"]),
                "–" if row["difference"] is None else f"{row['difference']:+.2f}",
                f"{by_chance(failed, arm.patients - failed):.2f}" if failed < arm.patients else "–",
            ]
            rows.append(cells)
    head = ("arm", "failed", "parameter", "median, failed", "others", "difference", "by chance")
    return table(head, rows, label="failed patients beside the others", numeric=(1, 3, 4, 5, 6))


def population_table(result: TrialResult) -> Html:
    """Declared against realised medians and spreads of the virtual patients."""
    rows = [
        (
            str(row["symbol"]),
            str(row["distribution"]),
            _figure(row["declared_median"]),
            _figure(row["realised_median"]),
            _figure(row["declared_spread"]),
            _figure(row["realised_spread"]),
            _percent(row["redrawn"]),
        )
        for row in result.summary["declared_realised"]
    ]
    head = (
        "parameter", "distribution", "median, declared", "realised", "spread, declared", "realised", "redrawn"
    )  # fmt: skip
    return table(head, rows, label="declared against realised spread", numeric=range(2, 7))


def structure_table(result: TrialResult) -> Html:
    """Structural choices of the model that was run, and what else could have been chosen."""
    rows = []
    for name, option in result.structure.items():
        choice = CHOICES.get(name)
        if choice is None:
            rows.append((name, option, "", ""))
            continue
        others = [f"{other}: {words}" for other, words in choice.options.items() if other != option]
        rows.append((choice.meaning, f"{option}: {choice.options.get(option, '?')}", "; ".join(others), name))
    return table(
        ("choice", "this run", "could also be", "name"), rows, label="structural choices", kind="stacked"
    )


def parameters_table(result: TrialResult) -> Html:
    """Every number of the model with its unit, spread, kind and source."""
    rows = [
        (
            str(item["symbol"]),
            _figure(item["value"]),
            str(item["unit"]),
            _figure(item["spread"]) if item["distribution"] != "none" else "",
            str(item["kind"]),
            str(item["meaning"]),
            str(item["source"]),
        )
        for item in result.parameters
    ]
    return table(
        ("symbol", "value", "unit", "spread", "kind", "meaning", "source"),
        rows,
        label="parameters",
        numeric=(1, 3),
    )


def _figure(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}" if abs(value) < 1e4 else f"{value:,.0f}"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{100.0 * share:.1f} %"
