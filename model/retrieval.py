"""Result files read back: verified, part by part or whole, and safe to open from strangers.

Links and data outside the file are refused, and so is a dataset that claims more bytes than the file holds.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from .errors import StorageError
from .tree import Dataset, Group, Stored

DEEPEST = 8
MOST_OBJECTS = 100_000


def read(path: str | Path, *, schema: str, versions: tuple[int, ...]) -> Group:
    """Read a whole file into memory, checksums verified; parameters and errors as of `open_stored`."""
    return _loaded(open_stored(path, schema=schema, versions=versions))


def _loaded(group: Group) -> Group:
    members: dict[str, Group | Dataset | Stored] = {
        name: _loaded(member) if isinstance(member, Group) else Dataset(member.values, member.attributes)
        for name, member in group.members.items()
    }
    return Group(members, group.attributes)


def open_stored(path: str | Path, *, schema: str, versions: tuple[int, ...]) -> Group:
    """Open a file whose datasets are read, and their checksums verified, as they are asked for.

    The file stays open as long as anything of it is in use.

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
    if source.is_dir():
        raise StorageError(f"cannot read {source}: it is a folder; name the file in it")
    if not source.is_file():
        raise StorageError(f"cannot read {source}: there is no such file")
    with _damage_named(source):
        if not h5py.is_hdf5(source):
            raise StorageError(f"cannot read {source}: it is not an HDF5 file")
        stored = StoredFile(source, h5py.File(source, "r"))
        _check_schema(source, stored.attributes("/"), schema, versions)
        return _Walk(stored, source.stat().st_size).group(stored.file, "", 0)


@contextmanager
def _damage_named(source: Path) -> Iterator[None]:
    """Whatever h5py raises becomes an error that names the file.

    It reports damage as OSError, RuntimeError, KeyError, ValueError or TypeError, by where it strikes.
    """
    try:
        yield
    except StorageError:
        raise
    except MemoryError as error:
        raise StorageError(f"cannot read {source}: it does not fit into memory") from error
    except Exception as error:
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


class StoredFile:
    """An open file, and what is in it by path.

    Parameters
    ----------
    name
        What messages call it.
    file
        The file as h5py has it.
    """

    def __init__(self, name: Path, file: h5py.File) -> None:
        self.name, self.file = name, file

    def values(self, where: str) -> NDArray[Any] | str:
        """The array or text at a path, its checksums verified.

        Raises
        ------
        StorageError
            If the file is damaged there.
        """
        with _damage_named(self.name):
            # h5py's own way of reading takes several times longer, and there are thousands of datasets.
            dataset = h5py.h5d.open(self.file.id, where.encode())
            values = np.empty(dataset.shape, dataset.dtype)
            dataset.read(h5py.h5s.ALL, h5py.h5s.ALL, values)
            text = h5py.check_string_dtype(dataset.dtype) is not None
            return _text(values) if text else values

    def attributes(self, where: str) -> Mapping[str, Any]:
        """Attributes; one of variable length is refused unread, since HDF5 can hang on a damaged heap."""
        with _damage_named(self.name):
            holder = self.file[where]
            found = {}
            for name in holder.attrs:
                if holder.attrs.get_id(name).dtype.hasobject:
                    fault = "is of variable length, which this program never writes"
                    raise refusal(self.name, f"{where}@{name}", fault)
                value = holder.attrs[name]
                found[name] = _text(value) if isinstance(value, bytes | str) else value
            return found


def refusal(source: Path, where: str, fault: str) -> StorageError:
    """The error for something in a file that is not accepted."""
    return StorageError(f"cannot read {source}: {where or '/'} {fault}")


@dataclass(slots=True)
class _Walk:
    """One pass over a file, refusing what reaches outside it or claims more than it holds."""

    stored: StoredFile
    size: int
    seen: set[int] = field(default_factory=set)

    def refuse(self, where: str, fault: str) -> StorageError:
        return refusal(self.stored.name, where, fault)

    def group(self, group: h5py.Group, where: str, depth: int) -> Group:
        if depth > DEEPEST:
            raise self.refuse(where, "is nested too deeply")
        members: dict[str, Group | Dataset | Stored] = {}
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
        return Group(members, self.stored.attributes(where or "/"))

    def _once(self, group: h5py.Group, name: str, where: str) -> None:
        address = h5py.h5o.get_info(group.id, name.encode()).addr
        if address in self.seen:
            raise self.refuse(where, "is a second name of the same object")
        self.seen.add(address)
        if len(self.seen) > MOST_OBJECTS:
            raise self.refuse(where, "is one object too many")

    def dataset(self, dataset: h5py.Dataset, where: str) -> Stored:
        if dataset.external or dataset.is_virtual:
            raise self.refuse(where, "keeps its data in another file; such files are not opened")
        if dataset.compression is not None or dataset.dtype.hasobject:
            raise self.refuse(where, "is of a kind that this program never writes")
        if dataset.nbytes > self.size or dataset.id.get_storage_size() < dataset.nbytes:
            raise self.refuse(where, f"claims {dataset.nbytes} bytes, more than the file holds")
        return Stored(self.stored, where, dataset.shape[0] if dataset.shape else 1)


def _text(values: Any) -> str:
    raw = values if isinstance(values, bytes) else np.asarray(values).reshape(-1)[0]
    return raw.decode() if isinstance(raw, bytes) else str(raw)
