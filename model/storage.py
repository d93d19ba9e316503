"""Result files that are whole or absent: HDF5 trees with checksums, replaced in one step.

A file is built in memory, written beside its target, forced to the disk and renamed over it, so a crash, a
full disk or a power cut leaves the old file or none. Every dataset carries a Fletcher-32 checksum, and the
HDF5 1.10 layout has checksums on everything else, so a flipped bit is found when the file is read.
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
    _describe(target, tree.attributes)
    for name, member in tree.members.items():
        if isinstance(member, Group):
            _fill(target.create_group(name), member)
            continue
        values = member.values
        if isinstance(values, str):
            values = _fixed(values)[None]
        array = np.ascontiguousarray(values)
        checked = {"chunks": _chunk(array), "fletcher32": True} if array.size else {}
        dataset = target.create_dataset(name, data=array, track_times=False, **checked)
        _describe(dataset, member.attributes)


def _describe(target: Any, attributes: Mapping[str, Any]) -> None:
    """Attributes, texts at fixed length: HDF5 keeps texts of variable length in a heap without a checksum."""
    for name, value in attributes.items():
        target.attrs.create(name, _fixed(value) if isinstance(value, str) else value)


def _fixed(text: str) -> NDArray[Any]:
    encoded = text.encode()
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", max(1, len(encoded))))


def _chunk(array: NDArray[Any]) -> tuple[int, ...]:
    """Whole rows, about a megabyte of them."""
    row = max(1, array.nbytes // len(array))
    return (max(1, min(len(array), CHUNK_BYTES // row)), *array.shape[1:])
