"""JSON and CSV of an analysis, whole or not at all; the same content gives the same bytes."""

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..model.storage import write_whole


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write one JSON object.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False)
    write_whole(path, (text + "\n").encode())


def write_csv(head: Sequence[str], rows: Iterable[Mapping[str, Any]], path: Path) -> None:
    """Write rows under a head; None is an empty cell.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, head, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_whole(path, text.getvalue().encode())
