"""Tables with a row a patient, kept in blocks of rows: in memory, or in a file and read when asked for."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import StorageError
from ..model.storage import GrowingFile
from ..model.tree import Dataset, Group, Stored

BLOCK = 2_500  # rows in a block of a file
Column = NDArray[Any]
Columns = Mapping[str, Column]


class Table(Mapping[str, Column]):
    """Columns of equal length by name.

    A column that is asked for is joined from its blocks; `pieces` and `counts` go through the blocks one by
    one, so that a table may be larger than the memory.

    Parameters
    ----------
    blocks
        Blocks of rows, one after the other, with the same columns.

    Raises
    ------
    StorageError
        If a block lacks a column or has one too many, or columns of a block differ in length.
    """

    def __init__(self, blocks: Sequence[Columns | Group]) -> None:
        self._blocks = [block if isinstance(block, Group) else _in_memory(block) for block in blocks]
        names = self._blocks[0].members if self._blocks else {}
        self._starts = [0]
        for number, block in enumerate(self._blocks):
            if block.members.keys() != names.keys():
                other = ", ".join(sorted(block.members.keys() ^ names.keys()))
                raise StorageError(f"block {number} of a table has other columns than the first ({other})")
            lengths = {_rows(block, name) for name in names}
            if len(lengths) != 1:
                raise StorageError(f"block {number} of a table has columns of different lengths")
            self._starts.append(self._starts[-1] + lengths.pop())
        self._counts: dict[str, tuple[int, int]] = {}

    def __getitem__(self, name: str) -> Column:
        if name not in self._names():
            raise KeyError(name)
        parts = [block.values(name) for block in self._blocks]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def _names(self) -> Mapping[str, Any]:
        return self._blocks[0].members if self._blocks else {}

    @property
    def rows(self) -> int:
        """Number of rows."""
        return self._starts[-1]

    def pieces(self, size: int, names: Sequence[str] | None = None) -> Iterator[dict[str, Column]]:
        """Some columns, or all, ``size`` rows at a time; each block is read once."""
        wanted = list(self if names is None else names)
        waiting: list[dict[str, Column]] = []
        held = 0
        for block in self._blocks:
            columns = {name: block.values(name) for name in wanted}
            rows = len(next(iter(columns.values())))
            waiting.append(columns)
            held += rows
            if held >= size:
                joined = _joined(waiting)
                whole = held - held % size
                for start in range(0, whole, size):
                    yield {name: values[start : start + size] for name, values in joined.items()}
                waiting = [{name: values[whole:] for name, values in joined.items()}]
                held -= whole
        if held:
            yield _joined(waiting)

    def counts(self, name: str) -> tuple[int, int]:
        """Of a column that is 1, 0 or NaN: how many rows are 1, and how many are not NaN."""
        if name not in self._counts:
            ones = judged = 0
            for block in self._blocks:
                values = np.asarray(block.values(name), dtype=np.float64)
                known = np.isfinite(values)
                ones += int(values[known].sum())
                judged += int(known.sum())
            self._counts[name] = ones, judged
        return self._counts[name]


def _in_memory(columns: Columns) -> Group:
    return Group({name: Dataset(np.asarray(values)) for name, values in columns.items()})


def _rows(block: Group, name: str) -> int:
    member = block.dataset(name)
    return member.rows if isinstance(member, Stored) else len(member.values)


def _joined(parts: Sequence[Columns]) -> dict[str, Column]:
    if len(parts) == 1:
        return dict(parts[0])
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


class TableBuilder:
    """A table as it grows: kept in memory, or written block by block to a file.

    Parameters
    ----------
    file
        Where it goes; None keeps it in memory.
    where : str
        Path of the table in the file.
    described
        Attributes of the datasets by name, such as unit and meaning.
    attributes
        Attributes of each block.
    block : int
        Rows of a block of the file, whatever pieces are added.
    """

    def __init__(
        self,
        file: GrowingFile | None = None,
        where: str = "",
        *,
        described: Mapping[str, Mapping[str, Any]] | None = None,
        attributes: Mapping[str, Any] | None = None,
        block: int = BLOCK,
    ) -> None:
        self._file, self._where, self._block = file, where, block
        self._described, self._attributes = described or {}, attributes or {}
        self._waiting: list[dict[str, Column]] = []
        self._held = 0
        self._blocks: list[Group] = []

    def add(self, columns: Columns) -> None:
        """Add rows."""
        self._waiting.append(dict(columns))
        self._held += len(next(iter(columns.values())))
        while self._file is not None and self._held >= self._block:
            self._write(self._block)

    def finish(self) -> Table:
        """The whole table; nothing can be added after it."""
        if self._file is None:
            return Table([_joined(self._waiting)] if self._waiting else [])
        if self._held:
            self._write(self._held)
        return Table(self._blocks)

    def _write(self, rows: int) -> None:
        assert self._file is not None
        joined = _joined(self._waiting)
        name = f"{self._where}/block-{len(self._blocks):05d}"
        members = {
            key: Dataset(values[:rows], self._described.get(key, {})) for key, values in joined.items()
        }
        block = self._file.add(name, Group(members, self._attributes))
        assert isinstance(block, Group)
        self._blocks.append(block)
        self._held -= rows
        self._waiting = [{key: values[rows:] for key, values in joined.items()}] if self._held else []
