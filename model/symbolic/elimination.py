"""Static sparse LU: the order of elimination and the operations, decided when the kernels are written."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Elimination:
    """Order of pivots and the places that are filled.

    ``lower`` and ``upper`` list the places left of and right of the diagonal after elimination, in the order
    of the pivots.
    """

    order: tuple[int, ...]
    lower: tuple[tuple[int, int], ...]
    upper: tuple[tuple[int, int], ...]


def eliminate(places: Iterable[tuple[int, int]], size: int) -> Elimination:
    """Elimination of a sparse matrix on its diagonal, by least degree and without pivoting.

    The degree of a pivot is Markowitz's: the number of places that its step touches; ties go to the lowest
    index, so the order is the same everywhere. Going without pivoting is safe for the matrices meant here,
    1/(gamma h) - J, whose diagonal dominates at the step sizes that accuracy allows.

    References
    ----------
    H. M. Markowitz, Management Science 3 (1957) 255-269.
    """
    filled = set(places)
    left = set(range(size))
    order: list[int] = []
    lower: list[tuple[int, int]] = []
    upper: list[tuple[int, int]] = []
    while left:
        pivot = min(left, key=lambda k: (_degree(filled, left, k), k))
        left.remove(pivot)
        rows = sorted(row for row in left if (row, pivot) in filled)
        columns = sorted(column for column in left if (pivot, column) in filled)
        lower += [(row, pivot) for row in rows]
        upper += [(pivot, column) for column in columns]
        filled |= {(row, column) for row in rows for column in columns}
        order.append(pivot)
    return Elimination(tuple(order), tuple(lower), tuple(upper))


def _degree(filled: set[tuple[int, int]], left: set[int], pivot: int) -> int:
    rows = sum((row, pivot) in filled for row in left if row != pivot)
    columns = sum((pivot, column) in filled for column in left if column != pivot)
    return rows * columns
