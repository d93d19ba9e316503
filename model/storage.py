"""Result files that are whole or absent: HDF5 trees with checksums, replaced in one step.

A file is built in memory, written beside its target, forced to the disk and renamed over it, so a crash, a
full disk or a power cut leaves the old file or none. Every dataset carries a Fletcher-32 checksum, and the
HDF5 1.10 layout has checksums on everything else, so a flipped bit is found when the file is read.

Files from strangers can be opened: links and data outside the file are refused, and so is a dataset that
claims more bytes than the file holds.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .errors import StorageError

LAYOUT = ("v110", "v110")  # oldest and newest format written: every HDF5 library since 2016 reads it
CHUNK_BYTES = 1 << 20
DEEPEST = 8
MOST_OBJECTS = 100_000


@dataclass(frozen=True, slots=True)
class Dataset:
    """An array, or a text, with its attributes."""

    values: NDArray[Any] | str
    attributes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Group:
    """Named datasets and groups with attributes of their own."""

    members: Mapping[str, "Group | Dataset"] = field(default_factory=dict)
    attributes: Mapping[str, Any] = field(default_factory=dict)

    def group(self, name: str) -> "Group":
        """The group of that name.

        Raises
        ------
        StorageError
            If there is none.
        """
        member = self.members.get(name)
        if not isinstance(member, Group):
            raise StorageError(
                f"the file has no group {name!r}: it is damaged, or written by another program"
            )
        return member

    def values(self, name: str) -> Any:
        """Array or text of the dataset of that name.

        Raises
        ------
        StorageError
            If there is none.
        """
        member = self.members.get(name)
        if not isinstance(member, Dataset):
            raise StorageError(
                f"the file has no dataset {name!r}: it is damaged, or written by another program"
            )
        return member.values


def check_writable(path: str | Path) -> Path:
    """The path, once a file can be written there; called before the work, so that hours of it are not lost.

    Raises
    ------
    StorageError
        If the folder does not exist or cannot be written to, or the path is a folder.
    """
    target = Path(path).expanduser()
    if target.is_dir():
        raise StorageError(
            f"cannot write {target}: it is a folder; name a file, such as {target / 'result.h5'}"
        )
    if not target.parent.is_dir():
        raise StorageError(
            f"cannot write {target}: the folder {target.parent} does not exist; create it first"
        )
    try:
        with tempfile.TemporaryFile(dir=target.parent):
            pass
    except OSError as error:
        raise _cannot_write(target, error) from error
    return target


def _cannot_write(target: Path, error: OSError) -> StorageError:
    reason = error.strerror or str(error)
    return StorageError(
        f"cannot write {target}: {reason}; choose another place with --out, or make room there"
    )


def write(path: str | Path, tree: Group) -> None:
    """Write a tree as one HDF5 file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Target; an existing file is replaced only once the new one is safe on the disk.
    tree : Group
        What to write. Texts become one-element arrays of fixed-length UTF-8, because HDF5 cannot checksum a
        scalar.

    Raises
    ------
    StorageError
        If the folder does not exist, cannot be written to, or the disk is full.
    """
    write_whole(path, _image(tree))


def write_whole(path: str | Path, content: bytes) -> None:
    """Write any file whole or not at all: beside its target, forced to the disk, then renamed over it.

    Raises
    ------
    StorageError
        If the folder does not exist, cannot be written to, or the disk is full.
    """
    target = check_writable(path)
    beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
    try:
        with open(beside, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, target)
        _sync_folder(target.parent)
    except OSError as error:
        raise _cannot_write(target, error) from error
    finally:
        beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there, and the rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _image(tree: Group) -> bytes:
    """The bytes of the HDF5 file; HDF5 itself never touches the disk, where a full one would crash it."""
    with h5py.File(
        "image", "w", driver="core", backing_store=False, block_size=1 << 24, libver=LAYOUT, track_order=False
    ) as file:
        _fill(file, tree)
        file.flush()
        return file.id.get_file_image()


def _fill(target: h5py.Group, tree: Group) -> None:
    for name, value in tree.attributes.items():
        target.attrs[name] = value
    for name, member in tree.members.items():
        if isinstance(member, Group):
            _fill(target.create_group(name), member)
            continue
        values = member.values
        if isinstance(values, str):
            encoded = values.encode()
            values = np.array([encoded], dtype=h5py.string_dtype("utf-8", max(1, len(encoded))))
        array = np.ascontiguousarray(values)
        checked = {"chunks": _chunk(array), "fletcher32": True} if array.size else {}
        dataset = target.create_dataset(name, data=array, track_times=False, **checked)
        for key, value in member.attributes.items():
            dataset.attrs[key] = value


def _chunk(array: NDArray[Any]) -> tuple[int, ...]:
    """Whole rows, about a megabyte of them."""
    row = max(1, array.nbytes // len(array))
    return (max(1, min(len(array), CHUNK_BYTES // row)), *array.shape[1:])


def read(path: str | Path, *, schema: str, versions: tuple[int, ...]) -> Group:
    """Read a whole file into memory, checksums verified.

    Parameters
    ----------
    path : str or Path
        The file.
    schema : str
        What the root attribute ``schema`` must say.
    versions : tuple of int
        Values of the root attribute ``schema_version`` that this program understands.

    Raises
    ------
    StorageError
        If the file is missing, is not HDF5, is damaged, reaches outside itself, or is of another schema or
        version.
    """
    source = Path(path).expanduser()
    if not source.is_file():
        raise StorageError(f"cannot read {source}: there is no such file")
    try:
        if not h5py.is_hdf5(source):
            raise StorageError(f"cannot read {source}: it is not an HDF5 file")
        with h5py.File(source, "r") as file:
            _check_schema(source, file.attrs, schema, versions)
            return _Reader(source, source.stat().st_size).group(file, "", 0)
    except StorageError:
        raise
    except MemoryError as error:
        raise StorageError(f"cannot read {source}: it does not fit into memory") from error
    except Exception as error:
        # h5py reports damage as OSError, RuntimeError, KeyError, ValueError or TypeError, by where it
        # strikes.
        raise StorageError(f"cannot read {source}: it is damaged ({error}); run the trial again") from error


def _check_schema(source: Path, attributes: Any, schema: str, versions: tuple[int, ...]) -> None:
    found = attributes.get("schema")
    if found != schema:
        raise StorageError(f"cannot read {source}: it is no {schema} file (its schema is {found!r})")
    version = attributes.get("schema_version")
    if version not in versions:
        known = ", ".join(str(number) for number in versions)
        raise StorageError(
            f"cannot read {source}: schema version {version} is not among those this version of lag3ig reads "
            f"({known}); read it with the version of lag3ig that wrote it (root attribute lag3ig_version)"
        )


@dataclass(slots=True)
class _Reader:
    """One pass over a file, refusing what reaches outside it or claims more than it holds."""

    source: Path
    size: int
    seen: set[int] = field(default_factory=set)

    def refuse(self, where: str, fault: str) -> StorageError:
        return StorageError(f"cannot read {self.source}: {where or '/'} {fault}")

    def group(self, group: h5py.Group, where: str, depth: int) -> Group:
        if depth > DEEPEST:
            raise self.refuse(where, "is nested too deeply")
        members: dict[str, Group | Dataset] = {}
        for name in group:
            inside = f"{where}/{name}"
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise self.refuse(inside, "is a link out of its place; links are not followed")
            self._once(group, name, inside)
            member = group[name]
            if isinstance(member, h5py.Group):
                members[name] = self.group(member, inside, depth + 1)
            elif isinstance(member, h5py.Dataset):
                members[name] = self.dataset(member, inside)
            else:
                raise self.refuse(inside, "is neither a group nor a dataset")
        return Group(members, dict(group.attrs))

    def _once(self, group: h5py.Group, name: str, where: str) -> None:
        address = h5py.h5o.get_info(group.id, name.encode()).addr
        if address in self.seen:
            raise self.refuse(where, "is a second name of the same object")
        self.seen.add(address)
        if len(self.seen) > MOST_OBJECTS:
            raise self.refuse(where, "is one object too many")

    def dataset(self, dataset: h5py.Dataset, where: str) -> Dataset:
        if dataset.external or dataset.is_virtual:
            raise self.refuse(where, "keeps its data in another file; such files are not opened")
        text = h5py.check_string_dtype(dataset.dtype) is not None
        if dataset.compression is not None or (dataset.dtype.hasobject and not text):
            raise self.refuse(where, "is of a kind that this program never writes")
        if dataset.nbytes > self.size or dataset.id.get_storage_size() < dataset.nbytes:
            raise self.refuse(where, f"claims {dataset.nbytes} bytes, more than the file holds")
        values = dataset[()]
        return Dataset(_text(values) if text else values, dict(dataset.attrs))


def _text(values: Any) -> str:
    raw = values if isinstance(values, bytes) else np.asarray(values).reshape(-1)[0]
    return raw.decode() if isinstance(raw, bytes) else str(raw)
