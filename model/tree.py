"""Trees of named arrays and texts: what a result file holds, in memory or still in the file."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from numpy.typing import NDArray

from .errors import StorageError


@dataclass(frozen=True, slots=True)
class Dataset:
    """An array, or a text, with its attributes."""

    values: NDArray[Any] | str
    attributes: Mapping[str, Any] = field(default_factory=dict)


class Source(Protocol):
    """A file that datasets are read from."""

    def values(self, where: str) -> NDArray[Any] | str:
        """The array or text at a path."""

    def attributes(self, where: str) -> Mapping[str, Any]:
        """The attributes at a path."""


@dataclass(frozen=True, slots=True)
class Stored:
    """A dataset still in its file, read each time it is asked for; the first axis has ``rows`` entries."""

    source: Source
    where: str
    rows: int

    @property
    def values(self) -> NDArray[Any] | str:
        """The whole array or text, its checksums verified."""
        return self.source.values(self.where)

    @property
    def attributes(self) -> Mapping[str, Any]:
        """Attributes of the dataset."""
        return self.source.attributes(self.where)


@dataclass(frozen=True, slots=True)
class Group:
    """Named datasets and groups with attributes of their own."""

    members: Mapping[str, "Group | Dataset | Stored"] = field(default_factory=dict)
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

    def dataset(self, name: str) -> "Dataset | Stored":
        """The dataset of that name.

        Raises
        ------
        StorageError
            If there is none.
        """
        member = self.members.get(name)
        if member is None or isinstance(member, Group):
            raise StorageError(
                f"the file has no dataset {name!r}: it is damaged, or written by another program"
            )
        return member

    def values(self, name: str) -> Any:
        """Array or text of the dataset of that name.

        Raises
        ------
        StorageError
            If there is none, or the file is damaged there.
        """
        return self.dataset(name).values
