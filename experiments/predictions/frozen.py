"""Predictions that nobody can change afterwards: a document with its date and the hash of all it says."""

import hashlib
import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ... import __version__
from ...model.errors import StorageError
from ...model.storage import check_writable, write_whole
from ..protocol import load_protocol, shipped_protocols
from .prediction import LEVELS, Predicted, Prediction
from .vocabulary import OUTCOMES

SCHEMA = "lag3ig-predictions"
VERSION = 1
DIGITS = 4  # significant; the Monte-Carlo error is larger
NOT_REACHED = "not reached"  # a median that lies beyond the follow-up of the trial


def document_of(predictions: Sequence[Prediction], *, date: str | None = None) -> dict[str, Any]:
    """Everything that was predicted, as JSON has it, sealed by the hash of the rest.

    Parameters
    ----------
    predictions : sequence of Prediction
    date : str, optional
        Today's, if left out.
    """
    found = {
        "schema": SCHEMA,
        "version": VERSION,
        "date": date or datetime.now(UTC).date().isoformat(),
        "lag3ig_version": __version__,
        "levels": list(LEVELS),
        "trials": [_trial(item) for item in predictions],
    }
    return {**found, "sha256": seal(found)}


def seal(document: Mapping[str, Any]) -> str:
    """Hash (SHA-256) of a document without its own hash, written with sorted keys and no spaces."""
    rest = {key: value for key, value in document.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def freeze(predictions: Sequence[Prediction], path: str | Path) -> dict[str, Any]:
    """Write predictions once; what is frozen is never written over.

    Raises
    ------
    StorageError
        If there is a file already, or it cannot be written.
    """
    target = Path(path)
    if target.exists():
        raise StorageError(f"{target} is frozen already: predictions are not written over; name another file")
    document = document_of(predictions)
    write_whole(check_writable(target), (json.dumps(document, indent=1) + "\n").encode())
    return document


def read_frozen(path: str | Path) -> dict[str, Any]:
    """Predictions from a file, once its hash has been found right.

    Raises
    ------
    StorageError
        If there is no such file, it is no such document, or it is not what it was when it was frozen.
    """
    try:
        document = json.loads(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as fault:
        raise StorageError(f"{path} cannot be read as predictions: {fault}") from None
    if not isinstance(document, dict) or document.get("schema") != SCHEMA:
        raise StorageError(f"{path} holds no predictions of lag3ig")
    if document.get("version") != VERSION:
        raise StorageError(f"{path} has version {document.get('version')}; this lag3ig reads {VERSION}")
    if seal(document) != document.get("sha256"):
        raise StorageError(f"{path} is not what it was when it was frozen: its hash differs")
    return document


def changed_protocols(document: Mapping[str, Any]) -> list[str]:
    """Names of the predicted trials whose shipped protocol is another now than the one that was frozen."""
    return [
        trial["protocol"]
        for trial in document["trials"]
        if trial["protocol"] not in shipped_protocols()
        or _hash(load_protocol(trial["protocol"]).text) != trial["protocol_sha256"]
    ]


def differences(document: Mapping[str, Any], again: Sequence[Prediction]) -> list[str]:
    """Where predictions made again differ from the frozen ones, in words; empty if they are the same."""
    frozen = {trial["protocol"]: trial for trial in document["trials"]}
    found = []
    for item in again:
        before, now = frozen[item.protocol.protocol.name], _trial(item)
        if before["rows"] == now["rows"]:
            continue
        for one, other in zip(before["rows"], now["rows"], strict=False):
            if one != other:
                found.append(f"{now['protocol']}, {one['arm']}, {one['outcome']}: {one} before, {other} now")
    return found


def _trial(item: Prediction) -> dict[str, Any]:
    protocol = item.protocol.protocol
    return {
        "protocol": protocol.name,
        "title": protocol.title,
        "protocol_sha256": _hash(item.protocol.text),
        "fit": item.fit,
        "fit_sha256": item.fit_hash,
        "seed": item.seed,
        "patients": item.patients,
        "draws": item.draws,
        "replicates": item.replicates,
        "failed": item.failed,
        "withheld": dict(item.withheld),
        "cautions": list(item.cautions),
        "rows": [_row(row) for row in item.rows],
    }


def _row(row: Predicted) -> dict[str, Any]:
    return {
        "arm": row.arm,
        "outcome": row.outcome,
        "label": OUTCOMES[row.outcome].label,
        "unit": OUTCOMES[row.outcome].unit,
        "patients": row.patients,
        "trial": [_number(value) for value in row.trial],
        "expected": [_number(value) for value in row.expected],
    }


def _number(value: float) -> float | str | None:
    if math.isnan(value):
        return None
    return NOT_REACHED if math.isinf(value) else float(f"{value:.{DIGITS}g}")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def as_markdown(document: Mapping[str, Any]) -> str:
    """The table of everything predicted, in Markdown."""
    lines = [
        "# Predictions, frozen",
        "",
        f"Made on {document['date']} with lag3ig {document['lag3ig_version']}, before their outcomes were "
        "looked at. SHA-256 of all that is said:",
        "",
        f"`{document['sha256']}`",
        "",
        "*Trial*: what a trial of this size will find, that is parameters, patients and chance together. "
        "*Expected*: what it would find with endless patients, that is parameters alone.",
    ]
    for trial in document["trials"]:
        lines += ["", f"## {trial['title']}", "", _under(trial), ""]
        lines += [f"- {sentence}" for sentence in trial["cautions"]]
        for outcome, reason in trial["withheld"].items():
            lines.append(f"- Not predicted: {OUTCOMES[outcome].label}. {reason}")
        lines += [
            "",
            "| arm | n | outcome | median | trial 50 % | trial 90 % | expected 90 % |",
            "|---|---|---|---|---|---|---|",
        ]
        lines += [_line(row) for row in trial["rows"]]
    return "\n".join(lines) + "\n"


def _under(trial: Mapping[str, Any]) -> str:
    return (
        f"`{trial['protocol']}`: {trial['patients']:,} virtual patients an arm over {trial['draws']} draws "
        f"of the fit {trial['fit']}, {trial['replicates']:,} replicate trials, seed {trial['seed']}; "
        f"{trial['failed']} simulations failed."
    )


def _line(row: Mapping[str, Any]) -> str:
    low, lower, middle, upper, high = row["trial"]
    least, *_, most = row["expected"]
    unit = f", {row['unit']}" if row["unit"] else ""
    cells = (
        row["arm"],
        str(row["patients"]),
        f"{row['label']}{unit}",
        told(middle, row["unit"]),
        f"{told(lower, row['unit'])} to {told(upper, row['unit'])}",
        f"{told(low, row['unit'])} to {told(high, row['unit'])}",
        f"{told(least, row['unit'])} to {told(most, row['unit'])}",
    )
    return f"| {' | '.join(cells)} |"


def told(value: float | str | None, unit: str) -> str:
    """A number as tables have it.

    >>> told(38.41, "%"), told(0.8512, ""), told("not reached", "months"), told(None, "%")
    ('38', '0.85', 'not reached', '-')
    """
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.0f}" if unit == "%" else f"{value:.1f}" if unit == "months" else f"{value:.2f}"
