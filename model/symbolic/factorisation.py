"""Source lines of a static sparse LU and of the solution by its factors."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from .elimination import Elimination, eliminate


@dataclass(slots=True)
class Factorisation:
    """Lines of both kernels, and the number of rows that the factors take.

    Attributes
    ----------
    factor
        Lines that eliminate pivot by pivot and store each factor as soon as it is final.
    solve
        Lines that substitute forward and back.
    rows
        Rows of the factors: reciprocal pivots, and what lies beside them.
    """

    factor: list[str] = field(default_factory=list)
    solve: list[str] = field(default_factory=list)
    rows: int = 0


def factorisation(names: Sequence[str], entries: Mapping[tuple[int, int], str]) -> Factorisation:
    """Lines for a matrix given by the text of its entries.

    Parameters
    ----------
    names
        Name of each row.
    entries
        Text of each entry that is not identically zero, the whole diagonal among them.
    """
    plan = eliminate(entries, len(names))
    result = Factorisation()
    result.factor = [f"a_{names[i]}_{names[j]} = {text}" for (i, j), text in sorted(entries.items())]
    place = _eliminate(plan, names, set(entries), result.factor)
    result.rows = len(place)
    result.solve = _substitute(plan, names, place)
    return result


def _eliminate(
    plan: Elimination, names: Sequence[str], present: set[tuple[int, int]], lines: list[str]
) -> dict[tuple[str, int, int], int]:
    """Append the elimination to the lines; returns the row in which each factor is kept."""
    below = {k: [row for row, pivot in plan.lower if pivot == k] for k in plan.order}
    right = {k: [column for pivot, column in plan.upper if pivot == k] for k in plan.order}
    place: dict[tuple[str, int, int], int] = {}

    def keep(kind: str, row: int, column: int, text: str) -> None:
        lines.append(f"store(lu, {len(place)}, {text})")
        place[kind, row, column] = len(place)

    inverted: set[int] = set()
    for number, k in enumerate(plan.order):
        pivot = names[k]
        if k not in inverted:
            group = _ready(plan.order[number:], below, right)
            lines.append(_inversion([names[index] for index in group]))
            inverted |= set(group)
        keep("pivot", k, k, f"pivot_{pivot}")
        for j in right[k]:
            keep("upper", k, j, f"a_{pivot}_{names[j]}")
        for i in below[k]:
            factor = f"l_{names[i]}_{pivot}"
            lines.append(f"{factor} = a_{names[i]}_{pivot} * pivot_{pivot}")
            keep("lower", i, k, factor)
            for j in right[k]:
                target = f"a_{names[i]}_{names[j]}"
                start = f"{target} - " if (i, j) in present else "-"
                lines.append(f"{target} = {start}{factor} * a_{pivot}_{names[j]}")
                present.add((i, j))
    return place


def _ready(
    order: Sequence[int], below: Mapping[int, list[int]], right: Mapping[int, list[int]]
) -> tuple[int, ...]:
    """Up to three next pivots none of which waits for the elimination of another."""
    for count in (3, 2):
        group = order[:count]
        if not any(k in below[earlier] and k in right[earlier] for earlier in group for k in group):
            return tuple(group)
    return (order[0],)


def _inversion(names: Sequence[str]) -> str:
    pivots = ", ".join(f"pivot_{name}" for name in names)
    diagonal = ", ".join(f"a_{name}_{name}" for name in names)
    return f"{pivots} = reciprocals({diagonal})" if len(names) > 1 else f"{pivots} = 1.0 / {diagonal}"


def _substitute(
    plan: Elimination, names: Sequence[str], place: Mapping[tuple[str, int, int], int]
) -> list[str]:
    lines = []
    for k in plan.order:
        terms = _terms("lower", k, "b", plan, names, place)
        lines.append(f"b_{names[k]} = load(b, {k}){terms}")
    for k in reversed(plan.order):
        terms = _terms("upper", k, "x", plan, names, place)
        value = f"(b_{names[k]}{terms})" if terms else f"b_{names[k]}"
        lines.append(f"x_{names[k]} = {value} * load(lu, {place['pivot', k, k]})")
        lines.append(f"store(b, {k}, x_{names[k]})")
    return lines


def _terms(
    kind: str,
    row: int,
    letter: str,
    plan: Elimination,
    names: Sequence[str],
    place: Mapping[tuple[str, int, int], int],
) -> str:
    return "".join(
        f" - load(lu, {place[kind, row, column]}) * {letter}_{names[column]}"
        for column in plan.order
        if (kind, row, column) in place
    )
