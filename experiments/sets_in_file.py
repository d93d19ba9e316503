"""What a trial took from a fit, in its result file: enough to run the trial again without the fit."""

import json
from typing import Any

import numpy as np

from ..fitting.parameter_sets import ParameterSets
from ..model.errors import StorageError
from ..model.tree import Dataset, Group

TEXTS = ("asked", "name", "title", "created", "lag3ig_version", "hash", "reason", "indication")
LISTS = ("cards", "names", "new")
NUMBERS = {
    "points": "draws of the posterior, a free parameter a column, free scale",
    "centre": "posterior medians, free scale",
    "new_factors": "logarithm of the factor by which each draw's trial differs, a column for each of new",
}


def sets_to_tree(sets: ParameterSets) -> Group:
    """The group of a result file that holds them."""
    attributes = {name: getattr(sets, name) for name in TEXTS}
    attributes |= {name: json.dumps(getattr(sets, name)) for name in LISTS}
    arrays = {name: Dataset(getattr(sets, name), {"meaning": text}) for name, text in NUMBERS.items()}
    problem = Dataset(sets.problem_text, {"meaning": "the problem that was fitted, TOML"})
    return Group({"problem": problem, **arrays}, {**attributes, "trusted": bool(sets.trusted)})


def sets_from_tree(group: Group) -> ParameterSets:
    """Read them back.

    Raises
    ------
    StorageError
        If its parts do not belong together.
    """
    attributes = group.attributes
    lists: dict[str, Any] = {
        name: tuple(str(item) for item in json.loads(attributes[name])) for name in LISTS
    }
    texts: dict[str, Any] = {name: str(attributes[name]) for name in TEXTS}
    points, centre, factors = (np.asarray(group.values(name), dtype=np.float64) for name in NUMBERS)
    draws, free = len(points), len(lists["names"])
    shapes = [values.shape for values in (points, centre, factors)]
    if not draws or shapes != [(draws, free), (free,), (draws, len(lists["new"]))]:
        raise StorageError("the draws of its fit do not belong together; run the trial again")
    return ParameterSets(
        **texts,
        **lists,
        problem_text=str(group.values("problem")),
        trusted=bool(attributes["trusted"]),
        points=points,
        centre=centre,
        new_factors=factors,
    )
