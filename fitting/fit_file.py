"""File of a fit: where each part of it stands, written whole or not at all and read back checked."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import StorageError
from ..model.retrieval import read
from ..model.storage import write
from ..model.tree import Dataset, Group, Stored
from .findings_tree import findings_of, findings_tree
from .fit_result import LEVELS, Check, FitResult, Learnt

Array = NDArray[np.float64]

SCHEMA = "lag3ig-fit"
SCHEMA_VERSION = 2
TEXTS = ("problem_name", "title", "created", "lag3ig_version", "structure")
WORDS = ("card", "observation", "label", "name", "unit", "published", "role")


def write_fit(result: FitResult, path: str | Path) -> None:
    """Write a fit as one HDF5 file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    attributes: dict[str, Any] = {name: getattr(result, name) for name in TEXTS}
    attributes |= {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "seed": np.uint64(result.seed),
        "patients": result.patients,
    }
    free = "free scale: unbounded, the parameter's link scale where it has no bounds"
    members: dict[str, Group | Dataset | Stored] = {
        "problem": _text(result.problem_text, "the problem as it was written, TOML"),
        "names": _text(_json(result.names), "free parameters, JSON"),
        "starts": _numbers(result.starts, "1", "log-posterior at the end of every search, falling"),
        "top": _numbers(result.top, free, "most likely point"),
        "draws": _numbers(result.draws, free, "draws of the posterior, a parameter a column"),
        "weights": _numbers(result.weights, "1", "share of each draw"),
        "terms": _text(_json(result.terms), "log-likelihood of each observation at the top, JSON"),
        "parameters": _learnt_tree(result.learnt),
        "checks": _checks_tree(result.checks),
        "unseen": _text(_json(result.unseen), "observations without an observable in the model, JSON"),
        "symmetries": _text(
            _json(result.symmetries), "exponents of parameters that no fitted observation tells apart, JSON"
        ),
        "findings": findings_tree(result.findings),
        "diagnostics": _text(_json(result.diagnostics), "how the fit went, JSON"),
    }
    write(path, Group(members, attributes))


def read_fit(path: str | Path) -> FitResult:
    """Read a fit, its checksums verified.

    Raises
    ------
    StorageError
        If the file is missing, damaged, no fit, of an unknown schema version, or its parts do not belong
        together.
    """
    tree = read(path, schema=SCHEMA, versions=(SCHEMA_VERSION,))
    try:
        return _from_tree(tree)
    except StorageError as fault:
        raise StorageError(f"cannot read {path}: {fault}") from None
    except (KeyError, ValueError, TypeError, AttributeError, RecursionError) as fault:
        raise StorageError(f"cannot read {path}: it is incomplete or damaged ({fault}); fit again") from None


def _json(content: Any) -> str:
    """Text of nested lists and mappings, numbers of NumPy as plain ones."""
    return json.dumps(content, default=lambda value: value.tolist())


def _text(text: str, meaning: str) -> Dataset:
    return Dataset(text, {"meaning": meaning})


def _numbers(values: Any, unit: str, meaning: str) -> Dataset:
    return Dataset(np.asarray(values, dtype=np.float64), {"unit": unit, "meaning": meaning})


def _quantiles(rows: Sequence[Sequence[float]], unit: str, meaning: str) -> Dataset:
    values = np.array(rows, dtype=np.float64).reshape(len(rows), len(LEVELS))
    return Dataset(values, {"unit": unit, "meaning": meaning, "levels": np.array(LEVELS)})


def _learnt_tree(learnt: Sequence[Learnt]) -> Group:
    natural = "of each parameter"
    return Group(
        {
            "prior": _quantiles([item.prior for item in learnt], natural, "quantiles before"),
            "posterior": _quantiles([item.posterior for item in learnt], natural, "quantiles after"),
            "contraction": _numbers(
                [item.contraction for item in learnt],
                "1",
                "share of the prior's variance that data took away, free scale",
            ),
            "top": _numbers([item.top for item in learnt], natural, "value at the most likely point"),
        },
        {"meaning": "what was learnt of each parameter, in the order of names"},
    )


def _checks_tree(checks: Sequence[Check]) -> Group:
    words = [[getattr(item, name) for name in WORDS] for item in checks]
    natural = "of each number: see words"
    return Group(
        {
            "words": _text(_json(words), f"a row a number: {', '.join(WORDS)}; JSON"),
            "printed": _numbers([item.printed for item in checks], natural, "as the publication has it"),
            "quantiles": _quantiles([item.quantiles for item in checks], natural, "of replicate trials"),
        },
        {"meaning": "printed numbers beside replicate trials of the real size"},
    )


def _from_tree(tree: Group) -> FitResult:
    attributes = tree.attributes
    names = _texts(json.loads(tree.values("names")))
    draws = _array(tree, "draws", (None, len(names)))
    return FitResult(
        problem_text=str(tree.values("problem")),
        **{name: str(attributes[name]) for name in TEXTS},
        seed=int(attributes["seed"]),
        patients=int(attributes["patients"]),
        names=names,
        starts=_array(tree, "starts", (None,)),
        top=_array(tree, "top", (len(names),)),
        terms={str(name): float(value) for name, value in json.loads(tree.values("terms")).items()},
        draws=draws,
        weights=_array(tree, "weights", (len(draws),)),
        learnt=_learnt(tree.group("parameters"), names),
        checks=_checks(tree.group("checks")),
        unseen=tuple(_pair(row) for row in json.loads(tree.values("unseen"))),
        symmetries=tuple(
            {str(name): int(power) for name, power in group.items()}
            for group in json.loads(tree.values("symmetries"))
        ),
        diagnostics=dict(json.loads(tree.values("diagnostics"))),
        findings=findings_of(tree.group("findings"), names),
    )


def _learnt(group: Group, names: tuple[str, ...]) -> tuple[Learnt, ...]:
    many = (len(names), len(LEVELS))
    prior, posterior = _array(group, "prior", many), _array(group, "posterior", many)
    contraction, top = _array(group, "contraction", many[:1]), _array(group, "top", many[:1])
    return tuple(
        Learnt(
            name,
            tuple(prior[place].tolist()),
            tuple(posterior[place].tolist()),
            float(contraction[place]),
            float(top[place]),
        )
        for place, name in enumerate(names)
    )


def _checks(group: Group) -> tuple[Check, ...]:
    rows = [_texts(row) for row in json.loads(group.values("words"))]
    if any(len(row) != len(WORDS) for row in rows):
        raise StorageError(f"the words of a check are not {len(WORDS)}; fit again")
    printed = _array(group, "printed", (len(rows),))
    quantiles = _array(group, "quantiles", (len(rows), len(LEVELS)))
    return tuple(
        Check(
            **dict(zip(WORDS, row, strict=True)),
            printed=float(printed[place]),
            quantiles=tuple(quantiles[place].tolist()),
        )
        for place, row in enumerate(rows)
    )


def _array(group: Group, name: str, shape: tuple[int | None, ...]) -> Array:
    values = np.asarray(group.values(name), dtype=np.float64)
    wanted = tuple(have if want is None else want for want, have in zip(shape, values.shape, strict=False))
    if values.ndim != len(shape) or values.shape != wanted:
        raise StorageError(f"{name} has the shape {values.shape}, which does not fit the rest; fit again")
    return values


def _texts(row: Any) -> tuple[str, ...]:
    if not isinstance(row, list) or not all(isinstance(item, str) for item in row):
        raise StorageError(f"{row!r:.80} should be a list of texts; fit again")
    return tuple(row)


def _pair(row: Any) -> tuple[str, str]:
    label, statement = _texts(row)
    return label, statement
