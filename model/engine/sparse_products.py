"""Products of what few parameters touch, by a table of rows."""

from typing import Any

from numba.extending import register_jitable

from .lane_memory import address_of, load, load_lane, store


@register_jitable
def add_products(out: Any, factors: Any, rows: Any, label: int, firsts: Any, table: Any) -> None:
    """Add products of ``factors`` and ``rows`` to rows of ``out``.

    Parameters
    ----------
    label
        Row of ``rows`` that holds the number of the parameter it belongs to.
    firsts
        Where the entries of each parameter begin, and the last ones end.
    table
        Three integers an entry: the row of ``out``, that of ``factors`` and that of ``rows``.
    """
    parameter = int(load_lane(rows, label, 0))
    begin, places = address_of(firsts), address_of(table)
    for entry in range(begin[parameter], begin[parameter + 1]):
        target = places[3 * entry]
        product = load(factors, places[3 * entry + 1]) * load(rows, places[3 * entry + 2])
        store(out, target, load(out, target) + product)
