"""Result of a trial: what was asked, how each patient ended, and what trials of its size would show."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import StorageError
from ..model.retrieval import read
from ..model.storage import Dataset, Group, write
from .columns import COLUMNS, LEVELS, REPLICATE_COLUMNS

SCHEMA = "lag3ig-trial"
SCHEMA_VERSION = 1
BLOCK = 2_500  # patients in a block of a table


@dataclass(frozen=True, slots=True)
class Arm:
    """One large virtual arm: its place in the protocol and one row a patient.

    ``table`` has the columns of `COLUMNS`, each of shape (P,), and ``sld`` of shape (P, scans).
    """

    name: str
    label: str
    dose: float
    unit: str
    drug: str
    group: str
    treated: int
    evaluable: int
    table: Mapping[str, NDArray[Any]]

    def share(self, column: str) -> tuple[float, int]:
        """Share of a column that is 1, 0 or NaN, and the number of patients in whom it could be judged."""
        values = np.asarray(self.table[column], dtype=np.float64)
        judged = np.isfinite(values)
        count = int(judged.sum())
        return (float(values[judged].mean()) if count else float("nan")), count


@dataclass(frozen=True, slots=True)
class Curves:
    """True values over time in one arm.

    Attributes
    ----------
    time : ndarray, shape (T,)
        Days.
    quantiles : mapping of observable to ndarray, shape (T, 7)
        At `LEVELS`, over the patients that were solved.
    sample : mapping of observable to ndarray, shape (n, T)
        The first few patients.
    units : mapping of observable to str
    """

    time: NDArray[np.float64]
    quantiles: Mapping[str, NDArray[np.float64]]
    sample: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Population:
    """The virtual patients, the same in every arm: ids, redraws, mixture component, parameters (P, K)."""

    ids: NDArray[np.int64]
    attempts: NDArray[np.int64]
    component: NDArray[np.int8]
    parameters: NDArray[np.float64]
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """Everything a trial gave, and everything needed to run it again.

    Attributes
    ----------
    protocol_text : str
        The protocol as it was written.
    protocol_name : str
    lag3ig_version, created, model_hash : str
    seed : int
    structure, versions, target : mapping
        Structural choices; versions of Python and the libraries; the processor compiled for.
    parameters : sequence of mapping
        Symbol, value, unit, distribution, spread, kind, source, meaning.
    scan_days : tuple of float
        Days of the scans, baseline (day 0) first: the columns of ``sld``.
    patients : Population
    arms : mapping of name to Arm
    curves : mapping of arm name to Curves
    replicates : mapping of column to ndarray, shape (R,)
        Columns of `REPLICATE_COLUMNS`; empty if the protocol compares no groups.
    summary : mapping
        Keys table, natural_history, failures, splits, declared_realised, assumed_parameters,
        total_parameters.
    """

    protocol_text: str
    protocol_name: str
    lag3ig_version: str
    created: str
    seed: int
    model_hash: str
    structure: Mapping[str, str]
    versions: Mapping[str, str]
    target: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    scan_days: tuple[float, ...]
    patients: Population
    arms: Mapping[str, Arm]
    curves: Mapping[str, Curves]
    replicates: Mapping[str, NDArray[Any]]
    summary: Mapping[str, Any]

    @property
    def table(self) -> list[dict[str, Any]]:
        """Published beside model, one mapping a row."""
        return list(self.summary["table"])

    @property
    def failures(self) -> int:
        """Patients that could not be solved, over all arms."""
        return sum(sum(counts.values()) for counts in self.summary["failures"].values())

    def save(self, path: str | Path, *, block: int = BLOCK) -> None:
        """Write the result file, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written there.
        """
        write(path, _to_tree(self, block))


def _to_tree(result: TrialResult, block: int) -> Group:
    patients = result.patients
    count = patients.ids.size
    blocks = {f"block-{start // block:05d}": slice(start, start + block) for start in range(0, count, block)}
    attributes = {
        "schema": SCHEMA,
        "schema_version": SCHEMA_VERSION,
        "lag3ig_version": result.lag3ig_version,
        "created": result.created,
        "seed": np.uint64(result.seed),
        "model_hash": result.model_hash,
        "structure": json.dumps(dict(result.structure)),
        "versions": json.dumps(dict(result.versions)),
        "target": json.dumps(dict(result.target)),
        "protocol_name": result.protocol_name,
        "patients": count,
        "replicates": max((len(values) for values in result.replicates.values()), default=0),
        "scan_days": np.asarray(result.scan_days, dtype=np.float64),
    }
    names = {"parameters": json.dumps(patients.names)}
    columns: dict[str, NDArray[Any]] = {
        "id": patients.ids,
        "attempts": patients.attempts,
        "component": patients.component,
        "parameters": patients.parameters,
    }
    drawn = {
        name: Group({key: Dataset(values[rows]) for key, values in columns.items()}, names)
        for name, rows in blocks.items()
    }
    replicates = {
        name: Dataset(values, {"unit": "1", "meaning": REPLICATE_COLUMNS[name]})
        for name, values in result.replicates.items()
    }
    return Group(
        {
            "protocol": Dataset(result.protocol_text),
            "parameters": Dataset(json.dumps(result.parameters)),
            "patients": Group(drawn),
            "arms": Group(
                {arm.name: _arm_to_tree(arm, place, blocks) for place, arm in enumerate(result.arms.values())}
            ),
            "curves": Group({name: _curves_to_tree(curves) for name, curves in result.curves.items()}),
            "replicates": Group(replicates),
            "summary": Dataset(json.dumps(result.summary)),
        },
        attributes,
    )


def _arm_to_tree(arm: Arm, place: int, blocks: Mapping[str, slice]) -> Group:
    attributes = {
        "dose": arm.dose,
        "unit": arm.unit,
        "drug": arm.drug,
        "treated": arm.treated,
        "evaluable": arm.evaluable,
        "group": arm.group,
        "label": arm.label,
        "position": place,
    }
    described = {name: {"unit": COLUMNS[name][0], "meaning": COLUMNS[name][1]} for name in arm.table}
    return Group(
        {
            name: Group({key: Dataset(values[rows], described[key]) for key, values in arm.table.items()})
            for name, rows in blocks.items()
        },
        attributes,
    )


def _curves_to_tree(curves: Curves) -> Group:
    members: dict[str, Group | Dataset] = {"time": Dataset(curves.time, {"unit": "d"})}
    for name, values in curves.quantiles.items():
        members[f"{name}_quantiles"] = Dataset(values, {"unit": curves.units[name], "levels": LEVELS})
        members[f"{name}_sample"] = Dataset(curves.sample[name], {"unit": curves.units[name]})
    return Group(members)


def read_result(path: str | Path) -> TrialResult:
    """Read a result file.

    Raises
    ------
    StorageError
        If the file is missing, damaged, of an unknown schema version, or reaches outside itself.
    """
    tree = read(path, schema=SCHEMA, versions=(SCHEMA_VERSION,))
    try:
        return _from_tree(tree)
    except StorageError as error:
        raise StorageError(f"cannot read {path}: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise StorageError(f"cannot read {path}: it is incomplete ({error}); run the trial again") from error


def _blocks(group: Group) -> dict[str, NDArray[Any]]:
    """Columns of a table joined over its blocks."""
    parts = [group.group(name) for name in sorted(group.members)]
    if not parts:
        raise StorageError("a table has no blocks")
    return {name: np.concatenate([part.values(name) for part in parts]) for name in parts[0].members}


def _from_tree(tree: Group) -> TrialResult:
    attributes = tree.attributes
    drawn = tree.group("patients")
    columns = _blocks(drawn)
    first = drawn.group(min(drawn.members))
    arms_group, curves_group = tree.group("arms"), tree.group("curves")
    in_order = sorted(
        arms_group.members, key=lambda name: arms_group.group(name).attributes.get("position", 0)
    )
    return TrialResult(
        protocol_text=tree.values("protocol"),
        protocol_name=str(attributes["protocol_name"]),
        lag3ig_version=str(attributes["lag3ig_version"]),
        created=str(attributes["created"]),
        seed=int(attributes["seed"]),
        model_hash=str(attributes["model_hash"]),
        structure=json.loads(attributes["structure"]),
        versions=json.loads(attributes["versions"]),
        target=json.loads(attributes["target"]),
        parameters=tuple(json.loads(tree.values("parameters"))),
        scan_days=tuple(float(day) for day in attributes.get("scan_days", (0.0, 42.0, 84.0))),
        patients=Population(
            columns["id"],
            columns["attempts"],
            columns["component"],
            columns["parameters"],
            tuple(json.loads(first.attributes["parameters"])),
        ),
        arms={name: _arm_from_tree(name, arms_group.group(name)) for name in in_order},
        curves={name: _curves_from_tree(curves_group.group(name)) for name in in_order},
        replicates={name: tree.group("replicates").values(name) for name in tree.group("replicates").members},
        summary=json.loads(tree.values("summary")),
    )


def _arm_from_tree(name: str, group: Group) -> Arm:
    attributes = group.attributes
    return Arm(
        name=name,
        label=str(attributes["label"]),
        dose=float(attributes["dose"]),
        unit=str(attributes.get("unit", "mg")),
        drug=str(attributes["drug"]),
        group=str(attributes["group"]),
        treated=int(attributes["treated"]),
        evaluable=int(attributes["evaluable"]),
        table=_blocks(group),
    )


def _curves_from_tree(group: Group) -> Curves:
    suffix = "_quantiles"
    names = [name.removesuffix(suffix) for name in group.members if name.endswith(suffix)]
    return Curves(
        time=group.values("time"),
        quantiles={name: group.values(name + suffix) for name in names},
        sample={name: group.values(f"{name}_sample") for name in names},
        units={name: str(group.members[name + suffix].attributes["unit"]) for name in names},
    )
