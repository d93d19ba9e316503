"""A problem as the text of a TOML file, for one that a program made."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from .problem import Problem


def problem_text(problem: Problem) -> str:
    """A problem as TOML that `load_problem` reads back as the same one.

    >>> print(problem_text(Problem(name="a", title="A", cards=("nk105",), free=({"parameter": "kpac"},))))
    name = "a"
    title = "A"
    cards = ["nk105"]
    patients = 2000
    seed = 1
    <BLANKLINE>
    [[free]]
    parameter = "kpac"
    target = "median"
    <BLANKLINE>
    """
    content = {key: value for key, value in problem.model_dump(mode="json").items() if not _empty(value)}
    lists = [key for key, value in content.items() if isinstance(value, list) and isinstance(value[0], dict)]
    lines = [f"{key} = {_written(value)}" for key, value in content.items() if key not in lists]
    for key in lists:
        for entry in content[key]:
            lines += ["", f"[[{key}]]", *_pairs(entry)]
    return "\n".join(lines) + "\n"


def _empty(value: Any) -> bool:
    return value is None or value in ("", [], {})


def _pairs(table: Mapping[str, Any]) -> Iterator[str]:
    return (f"{_quoted(key)} = {_written(value)}" for key, value in table.items() if not _empty(value))


def _written(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(_pairs(value)) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_written(item) for item in value) + "]"
    return _quoted(value, bare=False) if isinstance(value, str) else json.dumps(value)


def _quoted(text: str, *, bare: bool = True) -> str:
    """A text in quotes, or a key without them where it needs none."""
    if bare and text.isascii() and text.replace("_", "").replace("-", "").isalnum():
        return text
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
