"""Documents in TOML, read against a strict schema, with every fault named by file, line and key."""

import json
import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic_core import PydanticCustomError

from .errors import Lag3igError, nearest

LARGEST = 1_000_000  # bytes; nobody writes a longer document by hand
MOST_FAULTS = 10  # faults shown in one message


class Section(BaseModel):
    """A table of a document: unknown keys are refused and types are not guessed."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


Schema = TypeVar("Schema", bound=Section)
KeyPath = tuple[int | str, ...]
Fault = tuple[KeyPath, str]  # the key that is wrong, below the section that says so, and why
_PLACES = "places"


def refusal(faults: Sequence[Fault]) -> PydanticCustomError:
    """What a section's validator raises when keys that are right by themselves do not fit together."""
    reasons = "; ".join(reason for _, reason in faults)
    return PydanticCustomError(_PLACES, "{reasons}", {"reasons": reasons, "faults": tuple(faults)})


def faults_of(fault: ValidationError, schema: type[Section]) -> Iterator[Fault]:
    """Every fault that validation against a schema found, the key's path as the document has it."""
    items = fault.errors()
    for item in items:
        path, holder = _walk(schema, item["loc"])
        if item["type"] == "too_short" and any(_inside(other["loc"], item["loc"]) for other in items):
            continue  # what was refused in a list is not counted as missing from it too
        if item["type"] == _PLACES:
            yield from ((path + tuple(below), reason) for below, reason in item["ctx"]["faults"])
        elif item["type"].startswith("union_tag"):
            key, tag = str(item["ctx"]["discriminator"]).strip("'"), item["ctx"].get("tag")
            allowed = _members(holder) if holder is not None else {}
            yield (
                (*path, key),
                "missing; add it" if tag is None else f"{tag!r} is not known; {nearest(tag, allowed)}",
            )
        elif item["type"] == "extra_forbidden":
            keys = getattr(holder, "model_fields", ())
            yield path, f"unknown key; {nearest(str(path[-1]), keys)}"
        elif item["type"] == "missing":
            yield path, "missing; add it"
        else:
            yield path, _reason(item)


def _inside(location: Sequence[int | str], other: Sequence[int | str]) -> bool:
    return len(location) > len(other) and tuple(location[: len(other)]) == tuple(other)


def _reason(item: Any) -> str:
    reason = str(item["msg"]).removeprefix("Value error, ")
    given = item.get("input")
    shown = isinstance(given, str | int | float) and repr(given) not in reason
    return f"{reason} (given: {given!r})" if shown else reason


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
        raise error(report(faults_of(fault, schema), text, name=name)) from None


def report(faults: Iterable[Fault], text: str, *, name: str) -> str:
    """A message of one line a fault, each with file, line and key."""
    lines = [f"{place_of(text, path, name=name)}: {reason}" for path, reason in faults]
    if len(lines) > MOST_FAULTS:
        lines[MOST_FAULTS:] = [f"and {len(lines) - MOST_FAULTS} more faults"]
    return "\n".join(lines)


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


def _walk(schema: Any, location: Sequence[int | str]) -> tuple[KeyPath, Any]:
    """Path of a fault as the document has it, and what should hold its last key: a section, or a union.

    The location that validation reports also has the tag of each union's member, and names of functions.
    """
    path: list[int | str] = []
    annotation, holder = schema, schema
    for part in location:
        if str(part).startswith("function-"):
            continue
        members = _members(annotation) if isinstance(part, str) else {}
        if part in members:
            annotation = holder = members[str(part)]
            continue
        path.append(part)
        if isinstance(part, str):
            holder = _section(annotation)
            fields = getattr(holder, "model_fields", {})
            annotation = fields[part].annotation if part in fields else None
    return tuple(path), annotation if path and isinstance(path[-1], int) else holder


def _members(annotation: Any) -> dict[str, type[Section]]:
    """Sections of the union told apart by a tag that is inside an annotation, by their tags."""
    for extra in getattr(annotation, "__metadata__", ()):
        key = getattr(extra, "discriminator", None)
        if isinstance(key, str):
            sections = annotation.__origin__.__args__
            return {tag: section for section in sections for tag in _tags(section, key)}
    for part in getattr(annotation, "__args__", ()):
        found = _members(part)
        if found:
            return found
    return {}


def _tags(section: Any, key: str) -> tuple[str, ...]:
    return tuple(getattr(section.model_fields[key].annotation, "__args__", ()))


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
