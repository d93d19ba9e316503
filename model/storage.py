"""Result files that are whole or absent: HDF5 trees with checksums, put in place in one step.

A file is written beside its target, forced to the disk and renamed over it, so a crash, a full disk or a
power cut leaves the old file or none. It may grow block by block, so that it need never be in memory. Every
dataset carries a Fletcher-32 checksum, and the HDF5 1.10 layout has checksums on everything else, so a
flipped bit is found when the file is read.
"""

import io
import os
import secrets
import tempfile
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Self

import h5py
import numpy as np
from numpy.typing import NDArray

from .errors import StorageError
from .interruptions import held_back
from .retrieval import StoredFile
from .tree import Dataset, Group, Stored

LAYOUT = ("v110", "v110")  # oldest and newest format written: every HDF5 library since 2016 reads it
CHUNK_BYTES = 1 << 20


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
    return StorageError(f"cannot write {target}: {reason}; choose another place, or make room there")


def write(path: str | Path, tree: Group) -> None:
    """Write a tree as one HDF5 file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Target; an existing file is replaced only once the new one is safe on the disk.
    tree : Group
        What to write.

    Raises
    ------
    StorageError
        If the folder does not exist, cannot be written to, or the disk is full.
    """
    with GrowingFile(path) as file:
        file.describe("/", tree.attributes)
        for name, member in tree.members.items():
            file.add(name, member)
        file.commit()


def write_whole(path: str | Path, content: bytes) -> None:
    """Write any file whole or not at all: beside its target, forced to the disk, then renamed over it.

    Raises
    ------
    StorageError
        If the folder does not exist, cannot be written to, or the disk is full.
    """
    place = _Place(check_writable(path))
    try:
        place.sink.write(content)
        place.commit()
    finally:
        place.leave()


class GrowingFile:
    """An HDF5 file that grows beside its target and takes its place once it is committed.

    To be used in a ``with`` block: what is not committed at its end leaves no trace.

    Parameters
    ----------
    path : str or Path
        Target; an existing file is replaced only by `commit`.

    Raises
    ------
    StorageError
        If the folder does not exist or cannot be written to; from every method also if the disk is full.
    """

    def __init__(self, path: str | Path) -> None:
        self._place = _Place(check_writable(path))
        self._file = h5py.File(self._place.sink, "w", libver=LAYOUT, track_order=False)
        self._stored = StoredFile(self._place.target, self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._place.leave()
        with held_back():
            self._file.close()

    def add(self, where: str, member: Group | Dataset | Stored) -> Group | Stored:
        """Write a dataset, or a group with all that is in it, at a path that nothing has yet.

        Texts become one-element arrays of fixed-length UTF-8, because HDF5 cannot checksum a scalar.

        Returns
        -------
        Group or Stored
            What was added, to be read again from the file: also from its place, once it is committed.
        """
        with held_back():
            added = self._fill(where, member)
        self._place.sink.check()
        return added

    def _fill(self, where: str, member: Group | Dataset | Stored) -> Group | Stored:
        if isinstance(member, Group):
            _describe(self._file.require_group(where).id, member.attributes)
            inside = {name: self._fill(f"{where}/{name}", below) for name, below in member.members.items()}
            return Group(inside, member.attributes)
        values = member.values
        if isinstance(values, str):
            values = _fixed(values)[None]
        array = np.ascontiguousarray(values)
        _describe(_dataset(self._file, where, array), member.attributes)
        return Stored(self._stored, where, len(array))

    def describe(self, where: str, attributes: Mapping[str, Any]) -> None:
        """Give a group attributes; it is made if it does not exist."""
        with held_back():
            _describe(self._file.require_group(where).id, attributes)
        self._place.sink.check()

    def commit(self) -> None:
        """Force the file to the disk and put it in its place; what `add` gave is read from there."""
        with held_back():
            self._file.close()
        self._place.commit()
        self._stored.file = h5py.File(self._place.target, "r")


class _Sink(io.RawIOBase):
    """File that a full disk does not break: HDF5 would crash, so it never hears of a failed write.

    After the first failure everything is thrown away, and `check` tells.
    """

    def __init__(self, target: Path, file: io.FileIO) -> None:
        super().__init__()
        self.target, self.file = target, file
        self.fault: OSError | None = None

    def write(self, content: Any) -> int:
        left = memoryview(content).cast("B")
        size = len(left)
        try:
            while left and self.fault is None:
                left = left[self.file.write(left) :]
        except OSError as error:
            self.fault = error
        return size

    def readinto(self, buffer: Any) -> int:
        return self.file.readinto(buffer) or 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self.file.seek(offset, whence)

    def tell(self) -> int:
        return self.file.tell()

    def truncate(self, size: int | None = None) -> int:
        try:
            return self.file.truncate(size) if self.fault is None else 0
        except OSError as error:
            self.fault = error
            return 0

    def flush(self) -> None:
        """Nothing waits here: the file is not buffered."""

    def check(self) -> None:
        if self.fault is not None:
            raise _cannot_write(self.target, self.fault) from self.fault


class _Place:
    """A file beside its target that takes the target's place when it is whole."""

    def __init__(self, target: Path) -> None:
        self.target = target
        self.beside = target.with_name(f".{target.name}.{secrets.token_hex(8)}.tmp")
        try:
            self.file = io.FileIO(self.beside, "x+")
        except OSError as error:
            raise _cannot_write(target, error) from error
        self.sink = _Sink(target, self.file)

    def commit(self) -> None:
        self.sink.check()
        try:
            os.fsync(self.file.fileno())
            self.file.close()
            os.replace(self.beside, self.target)
            _sync_folder(self.target.parent)
        except OSError as error:
            raise _cannot_write(self.target, error) from error

    def leave(self) -> None:
        """Take away what was not put in place."""
        if not self.file.closed:
            self.sink.fault = self.sink.fault or OSError("given up")
        self.beside.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    if os.name == "nt":  # a folder cannot be opened there, and the rename is journalled
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# h5py's own way of making a dataset or an attribute takes several times longer, and there are thousands.
def _dataset(file: h5py.File, where: str, array: NDArray[Any]) -> h5py.h5d.DatasetID:
    layout = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    layout.set_obj_track_times(False)
    if array.size:
        layout.set_chunk(_chunk(array))
        layout.set_fletcher32()
    kind = h5py.h5t.py_create(array.dtype, logical=True)
    space = h5py.h5s.create_simple(array.shape)
    dataset = h5py.h5d.create(file.id, where.encode(), kind, space, layout, _LINKS)
    if array.size:
        dataset.write(h5py.h5s.ALL, h5py.h5s.ALL, array)
    return dataset


def _describe(target: Any, attributes: Mapping[str, Any]) -> None:
    """Attributes, texts at fixed length: HDF5 keeps texts of variable length in a heap without a checksum."""
    for name, value in attributes.items():
        if isinstance(value, str):
            array, kind = _fixed(value), _kind_of(value)
        else:
            array = np.asarray(value)
            kind = h5py.h5t.py_create(array.dtype, logical=True)
        space = h5py.h5s.create_simple(array.shape) if array.ndim else _SCALAR
        h5py.h5a.create(target, name.encode(), kind, space).write(array, kind)


def _links() -> h5py.h5p.PropLCID:
    """Groups on the way to a dataset are made with it; names are UTF-8."""
    links = h5py.h5p.create(h5py.h5p.LINK_CREATE)
    links.set_create_intermediate_group(True)
    links.set_char_encoding(h5py.h5t.CSET_UTF8)
    return links


_LINKS = _links()


_SCALAR = h5py.h5s.create(h5py.h5s.SCALAR)


@lru_cache(maxsize=256)
def _kind_of(text: str) -> h5py.h5t.TypeStringID:
    return h5py.h5t.py_create(_fixed(text).dtype, logical=True)


@lru_cache(maxsize=256)
def _fixed(text: str) -> NDArray[Any]:
    encoded = text.encode()
    return np.array(encoded, dtype=h5py.string_dtype("utf-8", max(1, len(encoded))))


def _chunk(array: NDArray[Any]) -> tuple[int, ...]:
    """Whole rows, about a megabyte of them."""
    row = max(1, array.nbytes // len(array))
    return (max(1, min(len(array), CHUNK_BYTES // row)), *array.shape[1:])
