"""A bank of parameter draws with the summaries that each predicts, kept in a file and filled bit by bit."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.errors import Lag3igError, ParameterError, StorageError
from ...model.retrieval import read
from ...model.storage import check_writable, write
from ...model.tree import Dataset, Group, Stored
from ..objective import Objective
from ..predictions import failed_patients
from .posterior import Summarised

Array = NDArray[np.float64]
Counts = NDArray[np.int64]

SCHEMA = "lag3ig bank"
VERSION = 1
BLOCK = 25  # draws between two savings: under a minute of work lost
# Modules of fitting that turn a point into summaries: a bank is of their text, too.
SUMMARISING = ("course", "mean_summary", "moments", "predictions", "shares", "summaries", "tumour_outcomes")
NO_SUMMARY = -1  # instead of a number of failed patients: none could be drawn, or a statistic does not exist


@dataclass(frozen=True, slots=True)
class Bank:
    """Points of the free scale and what a population predicts there.

    Attributes
    ----------
    names : tuple of str
        Of the n free parameters.
    layout : tuple of (str, int)
        Every observation with the length of its summary; empty until one draw has succeeded.
    points : ndarray, shape (R, n)
    summaries : ndarray, shape (R, M)
        All summaries of a draw side by side; NaN where patients failed.
    failed : ndarray of int, shape (R,)
        Patients that failed, or `NO_SUMMARY`.
    identity : mapping of str to str
        Hash of everything that summaries depend on besides the points, by what it is.
    """

    names: tuple[str, ...]
    layout: tuple[tuple[str, int], ...]
    points: Array
    summaries: Array
    failed: Counts
    identity: Mapping[str, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.points)

    @property
    def solved(self) -> NDArray[np.bool_]:
        """Draws without a failed patient, shape (R,)."""
        return np.asarray(self.failed == 0)

    @property
    def places(self) -> dict[str, slice]:
        """Where the summary of an observation stands among all numbers."""
        ends = np.cumsum([0, *(length for _, length in self.layout)]).tolist()
        return {name: slice(*pair) for (name, _), pair in zip(self.layout, pairwise(ends), strict=True)}

    def apart(self, numbers: ArrayLike) -> dict[str, Array]:
        """Summaries by observation, from all numbers side by side; shape (M,) or (R, M)."""
        whole = np.asarray(numbers, dtype=np.float64)
        return {name: whole[..., place] for name, place in self.places.items()}

    def labels(self) -> list[str]:
        """Name of every one of the M numbers: the observation, and which of its numbers."""
        return [f"{name}[{place}]" for name, length in self.layout for place in range(length)]


def identity_of(objective: Objective) -> dict[str, str]:
    """Hashes of what an objective's summaries depend on besides the point, by what it is."""
    elsewhere = {"name", "title", "cards", "patients", "alternatives"}
    chosen = objective.problem.model_dump(mode="json", exclude=elsewhere)
    cards = {item.card.id: item.card.model_dump(mode="json", warnings=False) for item in objective.cards}
    centre = objective.free_parameters.centre()
    models = [objective.model(centre, item.context).hash for item in objective.cards]
    free = [repr(item) for item in objective.free_parameters.items]
    parts = {
        "problem": [chosen, free],
        "observations": [f"{item.card.id}.{one.id}" for item in objective.cards for one in item.observations],
        "cards": cards,
        "model": models,
        "patients": objective.patients,
        "tolerance": objective.rtol,
        "code": [version("lag3ig"), *_sources()],
    }
    return {
        part: hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()
        for part, what in parts.items()
    }


def _sources() -> list[str]:
    """Hashes of the modules that summaries come from."""
    folder = Path(__file__).parents[1]
    return [hashlib.sha256((folder / f"{name}.py").read_bytes()).hexdigest() for name in SUMMARISING]


def fill(
    posterior: Summarised,
    points: ArrayLike,
    *,
    identity: Mapping[str, str],
    path: str | Path | None = None,
    known: Bank | None = None,
    block: int = BLOCK,
    after: Callable[[int, int], None] | None = None,
) -> Bank:
    """Summaries at points; what a file or bank has of the same points is not computed again.

    Parameters
    ----------
    posterior : Summarised
    points : array_like, shape (R, n)
        On the free scale; the first ones may be in the bank already.
    identity : mapping of str to str
        Of the posterior, such as `identity_of`.
    path : str or Path, optional
        File that is gone on with if it exists, and saved after every ``block`` draws and on interruption.
    known : Bank, optional
        What is known already, if there is no file.
    block : int
    after : callable, optional
        Told after each draw how many are done and how many are wanted.

    Raises
    ------
    StorageError
        If the file is of another problem, of other points, damaged, or cannot be written.
    """
    wanted = np.ascontiguousarray(points, dtype=np.float64)
    bank = _begun(posterior, identity, path, known)
    _check_points(bank, wanted, path)
    bank = _first(bank, min(len(bank), len(wanted)))
    saved = len(bank)
    try:
        for row in range(len(bank), len(wanted)):
            bank = _with(bank, wanted[row], *evaluated(posterior, wanted[row]))
            if after is not None:
                after(len(bank), len(wanted))
            if path is not None and len(bank) - saved >= block:
                save(bank, path)
                saved = len(bank)
    finally:
        if path is not None and len(bank) > saved:
            save(bank, path)
    return bank


def _begun(
    posterior: Summarised, identity: Mapping[str, str], path: str | Path | None, known: Bank | None
) -> Bank:
    if path is not None and check_writable(path).exists():
        bank = load(path)
    elif known is not None:
        bank = known
    else:
        names = posterior.free_parameters.names
        empty = np.empty((0, len(names)))
        return Bank(names, (), empty, np.empty((0, 0)), np.empty(0, dtype=np.int64), dict(identity))
    other = [part for part in identity if bank.identity.get(part) != identity[part]]
    if other or set(bank.identity) != set(identity):
        raise StorageError(
            f"cannot go on with {path or 'the bank'}: it was filled with other "
            f"{' and '.join(other) or 'parts'}; name another file, or go back to what it was filled with"
        )
    return bank


def _check_points(bank: Bank, wanted: Array, path: str | Path | None) -> None:
    shared = min(len(bank), len(wanted))
    differ = np.flatnonzero((bank.points[:shared] != wanted[:shared]).any(axis=1))
    if not differ.size:
        return
    if differ[0]:
        why = "another number of draws before the first round, rounds of another size, or another estimator"
        remedy = "ask for as many as it was begun with, or name another file"
    else:
        why, remedy = "another seed, centre or spread", "name another file"
    raise StorageError(
        f"cannot go on with {path or 'the bank'}: it has {len(bank)} draws, and from draw {differ[0]} on it "
        f"was filled at other points ({why}); {remedy}"
    )


def evaluated(posterior: Summarised, point: Array) -> tuple[dict[str, Array], int]:
    """Summaries at a point and how many patients failed; no summaries if any did."""
    try:
        predictions = posterior.predict(point)
        failed = failed_patients(predictions)
        if failed:
            return {}, failed
        found = {name: np.ravel(value) for name, value in posterior.summaries(predictions).items()}
    except (Lag3igError, np.linalg.LinAlgError):
        return {}, NO_SUMMARY
    finite = all(np.isfinite(value).all() for value in found.values())
    return (found, 0) if finite else ({}, NO_SUMMARY)


def _with(bank: Bank, point: Array, found: Mapping[str, Array], failed: int) -> Bank:
    layout, summaries = bank.layout, bank.summaries
    if found and not layout:
        layout = tuple((name, int(value.size)) for name, value in found.items())
        summaries = np.full((len(bank), sum(length for _, length in layout)), np.nan)
    width = summaries.shape[1]
    row = np.concatenate([found[name] for name, _ in layout]) if found else np.full(width, np.nan)
    return Bank(
        bank.names,
        layout,
        np.concatenate([bank.points, point[np.newaxis]]),
        np.concatenate([summaries, row[np.newaxis]]),
        np.append(bank.failed, np.int64(failed)),
        bank.identity,
    )


def _first(bank: Bank, count: int) -> Bank:
    return Bank(
        bank.names,
        bank.layout,
        bank.points[:count],
        bank.summaries[:count],
        bank.failed[:count],
        bank.identity,
    )


def save(bank: Bank, path: str | Path) -> None:
    """Write a bank as one HDF5 file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    attributes = {"schema": SCHEMA, "schema_version": VERSION}
    members: dict[str, Group | Dataset | Stored] = {
        "names": Dataset(json.dumps(bank.names)),
        "layout": Dataset(json.dumps(bank.layout)),
        "points": Dataset(bank.points),
        "summaries": Dataset(bank.summaries),
        "failed": Dataset(bank.failed),
        "identity": Group({}, dict(sorted(bank.identity.items()))),
    }
    write(path, Group(members, attributes))


def load(path: str | Path) -> Bank:
    """Read a bank.

    Raises
    ------
    StorageError
        If the file is missing, damaged or no bank.
    """
    tree = read(path, schema=SCHEMA, versions=(VERSION,))
    try:
        names = tuple(json.loads(str(tree.values("names"))))
        layout = tuple((name, int(length)) for name, length in json.loads(str(tree.values("layout"))))
        found = Bank(
            names,
            layout,
            tree.values("points"),
            tree.values("summaries"),
            tree.values("failed"),
            tree.group("identity").attributes,
        )
    except ValueError as fault:
        raise StorageError(f"cannot read {path}: it is damaged ({fault}); fill it again") from None
    width = sum(length for _, length in layout)
    shapes = ((len(found), len(names)), (len(found), width), (len(found),))
    if (found.points.shape, found.summaries.shape, found.failed.shape) != shapes:
        raise StorageError(f"cannot read {path}: its arrays do not belong together; fill it again")
    return found


def joined(bank: Bank, points: ArrayLike) -> Array:
    """The points of a bank and further ones, as `fill` wants them to go on with it.

    Raises
    ------
    ParameterError
        If the further points have another number of parameters.
    """
    more = np.atleast_2d(np.asarray(points, dtype=np.float64))
    if more.shape[1] != len(bank.names):
        raise ParameterError(
            f"points have {more.shape[1]} numbers; the bank has {len(bank.names)} parameters"
        )
    return np.concatenate([bank.points, more])
