"""File of a trial result: where each part of it stands, written as it grows and read back."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..model.errors import StorageError
from ..model.retrieval import open_stored
from ..model.storage import GrowingFile
from ..model.tree import Dataset, Group, Stored
from .columns import COLUMNS, LEVELS, REPLICATE_COLUMNS
from .results import Arm, Curves, Population, TrialResult
from .sets_in_file import sets_from_tree, sets_to_tree
from .tables import BLOCK, Table, TableBuilder

SCHEMA = "lag3ig-trial"
SCHEMA_VERSION = 1


def population_builder(
    file: GrowingFile | None, names: tuple[str, ...], *, block: int = BLOCK
) -> TableBuilder:
    """Where the virtual patients go; ``names`` are those of their parameters."""
    return TableBuilder(
        file,
        "patients",
        described={"draw": {"unit": "1", "meaning": "draw of the fit that the patient belongs to"}},
        attributes={"parameters": json.dumps(names)},
        block=block,
    )


def arm_builder(file: GrowingFile | None, name: str, *, block: int = BLOCK) -> TableBuilder:
    """Where the endpoints of an arm's patients go."""
    described = {key: {"unit": unit, "meaning": meaning} for key, (unit, meaning) in COLUMNS.items()}
    return TableBuilder(file, f"arms/{name}", described=described, block=block)


def write_rest(file: GrowingFile, result: TrialResult) -> None:
    """Write everything of a result but the tables of its patients."""
    for place, arm in enumerate(result.arms.values()):
        file.describe(f"arms/{arm.name}", _arm_attributes(arm, place))
    for name, curves in result.curves.items():
        file.add(f"curves/{name}", _curves_to_tree(curves))
    file.describe("replicates", {})
    for name, values in result.replicates.items():
        file.add(f"replicates/{name}", Dataset(values, {"unit": "1", "meaning": REPLICATE_COLUMNS[name]}))
    file.add("protocol", Dataset(result.protocol_text))
    file.add("parameters", Dataset(json.dumps(result.parameters)))
    file.add("summary", Dataset(json.dumps(result.summary)))
    if result.sets is not None:
        file.add("fit", sets_to_tree(result.sets))
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
        "patients": result.patients.table.rows,
        "replicates": max((len(values) for values in result.replicates.values()), default=0),
        "scan_days": np.asarray(result.scan_days, dtype=np.float64),
    }
    file.describe("/", attributes)


def save(result: TrialResult, path: str | Path, *, block: int = BLOCK) -> None:
    """Write a result, whole or not at all; its tables are copied a block at a time.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    with GrowingFile(path) as file:
        _copy(result.patients.table, population_builder(file, result.patients.names, block=block), block)
        for arm in result.arms.values():
            _copy(arm.table, arm_builder(file, arm.name, block=block), block)
        write_rest(file, result)
        file.commit()


def _copy(table: Mapping[str, Any], builder: TableBuilder, block: int) -> None:
    assert isinstance(table, Table)
    for piece in table.pieces(block):
        builder.add(piece)
    builder.finish()


def _arm_attributes(arm: Arm, place: int) -> Mapping[str, Any]:
    return {
        "dose": arm.dose,
        "unit": arm.unit,
        "drug": arm.drug,
        "treated": arm.treated,
        "evaluable": arm.evaluable,
        "group": arm.group,
        "label": arm.label,
        "position": place,
    }


def _curves_to_tree(curves: Curves) -> Group:
    members: dict[str, Group | Dataset | Stored] = {"time": Dataset(curves.time, {"unit": "d"})}
    for name, values in curves.quantiles.items():
        members[f"{name}_quantiles"] = Dataset(values, {"unit": curves.units[name], "levels": LEVELS})
        members[f"{name}_sample"] = Dataset(curves.sample[name], {"unit": curves.units[name]})
    return Group(members)


def load(path: str | Path) -> TrialResult:
    """Read a result file; the tables of its patients stay in the file until they are asked for.

    Raises
    ------
    StorageError
        If the file is missing, damaged, of an unknown schema version, or reaches outside itself.
    """
    tree = open_stored(path, schema=SCHEMA, versions=(SCHEMA_VERSION,))
    try:
        return _from_tree(tree)
    except StorageError as error:
        raise StorageError(f"cannot read {path}: {error}") from error
    except (KeyError, ValueError, TypeError) as error:
        raise StorageError(f"cannot read {path}: it is incomplete ({error}); run the trial again") from error


def _table(group: Group, rows: int) -> Table:
    if not group.members:
        raise StorageError("a table has no blocks")
    table = Table([group.group(name) for name in sorted(group.members)])
    if table.rows != rows:
        raise StorageError(f"a table has {table.rows} rows instead of {rows}; a block is missing")
    return table


def _from_tree(tree: Group) -> TrialResult:
    attributes = tree.attributes
    count = int(attributes["patients"])
    drawn = tree.group("patients")
    first = drawn.group(min(drawn.members, default=""))
    population = _table(drawn, count)
    for name in ("id", "attempts", "component", "parameters"):
        first.dataset(name)
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
        patients=Population(population, tuple(json.loads(first.attributes["parameters"]))),
        arms={name: _arm_from_tree(name, arms_group.group(name), count) for name in in_order},
        curves={name: _curves_from_tree(curves_group.group(name)) for name in in_order},
        replicates={name: tree.group("replicates").values(name) for name in tree.group("replicates").members},
        summary=json.loads(tree.values("summary")),
        sets=sets_from_tree(tree.group("fit")) if "fit" in tree.members else None,
    )


def _arm_from_tree(name: str, group: Group, rows: int) -> Arm:
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
        table=_table(group, rows),
    )


def _curves_from_tree(group: Group) -> Curves:
    suffix = "_quantiles"
    names = [name.removesuffix(suffix) for name in group.members if name.endswith(suffix)]
    return Curves(
        time=group.values("time"),
        quantiles={name: group.values(name + suffix) for name in names},
        sample={name: group.values(f"{name}_sample") for name in names},
        units={name: str(group.dataset(name + suffix).attributes["unit"]) for name in names},
    )
