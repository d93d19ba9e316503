"""Documents in TOML, read against a strict schema, with every fault named by file, line and key."""

import json
import re
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from .errors import Lag3igError, nearest

LARGEST = 1_000_000  # bytes; nobody writes a longer document by hand
MOST_FAULTS = 10  # faults shown in one message


class Section(BaseModel):
    """A table of a document: unknown keys are refused and types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Schema = TypeVar("Schema", bound=Section)


def read_document(path: str | Path, schema: type[Schema], *, error: type[Lag3igError]) -> tuple[Schema, str]:
    """A document checked against its schema, and its text.

    Parameters
    ----------
    path : str or Path
        A TOML file.
    schema : type of Section
        What it must hold.
    error : type of Lag3igError
        What to raise.

    Raises
    ------
    Lag3igError
        Of the kind asked for: the file is missing, too long, not TOML, or does not fit the schema. Every
        fault is named with its line and key, an unknown key with the nearest known one.
    """
    source = Path(path).expanduser()
    try:
        if source.stat().st_size > LARGEST:
            raise error(f"{source}: longer than {LARGEST} bytes; this is not such a document")
        text = source.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise error(f"{source}: there is no such file") from None
    except (OSError, UnicodeDecodeError) as fault:
        raise error(f"{source}: cannot be read as text ({fault})") from fault
    return parse_document(text, schema, error=error, name=str(source)), text


def parse_document(text: str, schema: type[Schema], *, error: type[Lag3igError], name: str) -> Schema:
    """A document's text checked against its schema; ``name`` stands for it in messages."""
    try:
        content = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as fault:
        raise error(f"{name}: not valid TOML: {fault}") from fault
    try:
        # By way of JSON: there a list may stand for a tuple without giving up strict types.
        return schema.model_validate_json(json.dumps(content, default=str))
    except ValidationError as fault:
        raise error(_report(fault, content, text, schema, name)) from None


def _report(fault: ValidationError, content: Any, text: str, schema: type[Section], name: str) -> str:
    faults = fault.errors()
    lines = [_message(item, text, schema, name) for item in faults[:MOST_FAULTS]]
    if len(faults) > MOST_FAULTS:
        lines.append(f"and {len(faults) - MOST_FAULTS} more faults")
    return "\n".join(lines)


def _message(item: Any, text: str, schema: type[Section], name: str) -> str:
    path = tuple(part for part in item["loc"] if not str(part).startswith("function-"))
    where = place_of(text, path, name=name)
    if item["type"] == "extra_forbidden":
        return f"{where}: unknown key; {nearest(str(path[-1]), _keys(schema, path[:-1]))}"
    if item["type"] == "missing":
        return f"{where}: missing; add it"
    reason = str(item["msg"]).removeprefix("Value error, ")
    given = item.get("input")
    shown = (
        f" (given: {given!r})" if isinstance(given, str | int | float) and repr(given) not in reason else ""
    )
    return f"{where}: {reason}{shown}"


def place_of(text: str, path: Sequence[int | str], *, name: str) -> str:
    """Where a key stands, as the message of an error opens: file, line, key.

    >>> place_of("[a]\\nb = 1", ("a", "b"), name="my.toml")
    'my.toml, line 2, a.b'
    """
    line = line_of(text, path)
    return f"{name}, line {line}, {_dotted(path)}" if line else f"{name}, {_dotted(path)}"


def _dotted(path: Sequence[int | str]) -> str:
    """Key path as people write it, lists counted from 1: ``arms[2].doses[1].amount``."""
    words = ""
    for part in path:
        words += f"[{part + 1}]" if isinstance(part, int) else f".{part}"
    return words.lstrip(".") or "document"


def _keys(schema: type[Section], path: Sequence[int | str]) -> list[str]:
    """Keys that a table at a path of the schema may hold."""
    annotation: Any = schema
    for part in path:
        if isinstance(part, str):
            fields = getattr(_section(annotation), "model_fields", {})
            annotation = fields[part].annotation if part in fields else None
    found = _section(annotation)
    return list(found.model_fields) if found is not None else []


def _section(annotation: Any) -> type[Section] | None:
    """The section inside an annotation such as ``tuple[Arm, ...]`` or ``Comparison | None``."""
    if isinstance(annotation, type) and issubclass(annotation, Section):
        return annotation
    for part in getattr(annotation, "__args__", ()):
        found = _section(part)
        if found is not None:
            return found
    return None


_HEADER = re.compile(r"^\s*(\[\[?)\s*([A-Za-z0-9_.\-\"' ]+?)\s*\]\]?\s*(#.*)?$")
_KEY = re.compile(r"^\s*([A-Za-z0-9_\-]+|\"[^\"]*\"|'[^']*')\s*=")


def line_of(text: str, path: Sequence[int | str]) -> int | None:
    """Line on which a key stands, or the table that should hold it; None if neither is found.

    >>> line_of("[a]\\nb = 1", ("a", "b"))
    2
    """
    places: dict[tuple[int | str, ...], int] = {}
    counts: dict[tuple[int | str, ...], int] = {}
    table: tuple[int | str, ...] = ()
    for number, line in enumerate(text.splitlines(), start=1):
        header, key = _HEADER.match(line), _KEY.match(line)
        if header:
            table = ()
            parts = [part.strip().strip("\"'") for part in header[2].split(".")]
            for depth, part in enumerate(parts):
                table = (*table, part)
                last = depth == len(parts) - 1
                if last and header[1] == "[[":
                    counts[table] = counts.get(table, -1) + 1
                if table in counts:
                    table = (*table, counts[table])
                places.setdefault(table, number)
        elif key:
            places.setdefault((*table, key[1].strip("\"'")), number)
    wanted = tuple(path)
    while wanted:
        if wanted in places:
            return places[wanted]
        wanted = wanted[:-1]
    return None
