"""Virtual patients of a trial: drawn a piece at a time, kept in a table, and taken from it for every arm."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Model, Patients, draw
from ..model.distribution import ParameterDistribution
from .distribution_over_draws import DistributionOverDraws
from .in_order import in_order, piece_size
from .tables import BLOCK, Table, TableBuilder

HELD = 1 << 24  # bytes of parameters held at a time


@dataclass(frozen=True, slots=True)
class Drawn:
    """Patients of a trial.

    Attributes
    ----------
    table : Table
        Columns id, attempts, component and parameters, shape (P, K); under a fit also draw.
    first : Patients
        The first one: what all were drawn with is what he was drawn with.
    """

    table: Table
    first: Patients

    def __len__(self) -> int:
        return self.table.rows

    def pieces(self, size: int) -> Iterator[Patients]:
        """The patients, ``size`` at a time."""
        for piece in self.table.pieces(size):
            yield Patients(
                piece["id"],
                piece["parameters"],
                piece["attempts"],
                piece["component"],
                self.first.seed,
                self.first.sampling,
                self.first.count,
                self.first.declared,
            )

    def columns(self, places: Sequence[int]) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Parameters one after the other with their place among the K, each of shape (P,).

        As many are read in one pass through the table as fit into `HELD` bytes.
        """
        at_once = max(1, HELD // (8 * max(1, len(self))))
        for first in range(0, len(places), at_once):
            wanted = list(places[first : first + at_once])
            pieces = self.table.pieces(BLOCK, ["parameters"])
            values = np.concatenate(
                [np.asarray(piece["parameters"])[:, wanted].T for piece in pieces], axis=1
            )
            yield from zip(wanted, values, strict=True)


def draw_some(
    model: Model,
    start: int,
    stop: int,
    *,
    of: int,
    seed: int,
    sampling: str,
    distribution: ParameterDistribution | None = None,
) -> Patients:
    """Patients ``start`` to ``stop - 1`` of a population of ``of``."""
    count = of if sampling == "latin" else None  # a Latin hypercube depends on how many there are
    ids = np.arange(start, min(stop, of))
    return draw(model, count, ids=ids, seed=seed, sampling=sampling, distribution=distribution)


def draw_into(
    builder: TableBuilder,
    model: Model,
    count: int,
    *,
    seed: int,
    sampling: str,
    block: int,
    threads: int,
    distribution: DistributionOverDraws | None = None,
) -> Drawn:
    """Draw patients 0 to count - 1 into a table, at most ``block`` at a time; that does not change them.

    With a distribution over draws of a fit, the table has a column more: the draw of each patient.

    Raises
    ------
    PopulationError
        As `lag3ig.model.draw` does.
    """
    size = piece_size(count, block, threads)

    def work(start: int) -> Patients:
        return draw_some(
            model, start, start + size, of=count, seed=seed, sampling=sampling, distribution=distribution
        )

    first = None
    for some in in_order(work, range(0, count, size), threads=threads):
        first = some.take([0]) if first is None else first
        columns: dict[str, NDArray[Any]] = {
            "id": some.ids,
            "attempts": some.attempts,
            "component": some.component,
            "parameters": some.parameters,
        }
        if distribution is not None:
            columns["draw"] = distribution.draw_of(some.ids)
        builder.add(columns)
    assert first is not None
    return Drawn(builder.finish(), first)
