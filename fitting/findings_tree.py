"""Findings of a fit as a group of its file, and back."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import StorageError
from ..model.tree import Dataset, Group
from .findings import Findings
from .identifiability import Direction
from .influence import Influence
from .profiles import Profile
from .slot_information import Lesson

Array = NDArray[np.float64]

MEANINGS = {
    "directions": "combinations of parameters at the top, the one that data tell most of first, JSON",
    "shares": "share of each parameter's variance that would come back without each card, JSON",
    "influences": "what leaving each card out would change, in the order of names, JSON",
    "lessons": "what filling empty slots would teach, JSON",
    "reasons": "why a part could not be found, JSON",
}


def findings_tree(findings: Findings) -> Group:
    """The group that holds findings."""
    contents: dict[str, Any] = {
        "directions": [asdict(item) for item in findings.directions],
        "shares": findings.shares,
        "influences": [asdict(item) for item in findings.influences],
        "lessons": [asdict(item) for item in findings.lessons],
        "reasons": findings.reasons,
    }
    members: dict[str, Group | Dataset] = {
        name: Dataset(json.dumps(content, default=lambda value: value.tolist()), {"meaning": MEANINGS[name]})
        for name, content in contents.items()
    }
    profiles = {f"{number:03d}": _profile_tree(item) for number, item in enumerate(findings.profiles)}
    members["profiles"] = Group(profiles, {"meaning": "profile of the likelihood along each parameter"})
    return Group(members, {"meaning": "what constrains the parameters, and what more reading would teach"})


def _profile_tree(item: Profile) -> Group:
    def numbers(values: Array, unit: str, meaning: str) -> Dataset:
        return Dataset(values, {"unit": unit, "meaning": meaning})

    return Group(
        {
            "free": numbers(item.free, "free scale", "values of the parameter, rising"),
            "natural": numbers(item.natural, "of the parameter", "the same values"),
            "fall": numbers(item.fall, "1", "log-likelihood below its top"),
            "points": numbers(item.points, "free scale", "all parameters, a value a row"),
            "interval": numbers(np.array(item.interval), "of the parameter", "95 % interval"),
        },
        {
            "name": item.name,
            "place": item.place,
            "closed_below": int(item.closed[0]),
            "closed_above": int(item.closed[1]),
        },
    )


def findings_of(group: Group, names: Sequence[str]) -> Findings:
    """Findings from their group.

    Raises
    ------
    StorageError
        If its parts do not belong together.
    """
    found = {name: json.loads(group.values(name)) for name in MEANINGS}
    profiles = group.group("profiles")
    return Findings(
        tuple(Direction(**item) for item in found["directions"]),
        found["shares"],
        tuple(_profile(profiles.group(key), len(names)) for key in sorted(profiles.members)),
        tuple(_influence(item, len(names)) for item in found["influences"]),
        tuple(Lesson(**{**item, "slots": tuple(item["slots"])}) for item in found["lessons"]),
        found["reasons"],
    )


def _influence(item: dict[str, Any], count: int) -> Influence:
    arrays = {key: np.array(item[key], dtype=np.float64) for key in ("shift", "widening")}
    if any(values.shape != (count,) for values in arrays.values()):
        raise StorageError(f"the influence of card {item['card']!r} is not on {count} parameters; fit again")
    return Influence(**{**item, **arrays, "names": tuple(item["names"])})


def _profile(group: Group, count: int) -> Profile:
    free, natural, fall, points, interval = (
        np.asarray(group.values(key), dtype=np.float64)
        for key in ("free", "natural", "fall", "points", "interval")
    )
    shapes = (natural.shape, fall.shape, points.shape, interval.shape)
    if shapes != ((free.size,), (free.size,), (free.size, count), (2,)):
        raise StorageError("the arrays of a profile do not belong together; fit again")
    return Profile(
        str(group.attributes["name"]),
        int(group.attributes["place"]),
        free,
        natural,
        fall,
        points,
        (float(interval[0]), float(interval[1])),
        (bool(group.attributes["closed_below"]), bool(group.attributes["closed_above"])),
    )
