"""What parts alone predict of all together: four nulls, each a formula.

With 0 for no drug, 1..m for the parts, p a share with the good outcome (response, or progression-free at a
day) and q = 1 - p:

``highest``      p = max_i p_i; of growth rates g = min_i g_i.
``bliss``        response: p = 1 - prod_i (1 - p_i). Progression-free: S = prod_i S_i / S_0^(m - 1), so that
                 what each part takes from the cumulative hazard H = -log S adds up.
``independent``  each person has the best of the parts: p = 1 - P(no part has the good outcome), with normal
                 scores of the parts that have one correlation rho >= 0 between any two. With rho = 0 a
                 response is as under Bliss; a progression-free share is not, as S_0 does not enter.
``additive``     growth rates of the volume: g = sum_i g_i - (m - 1) g_0.

References
----------
Bliss CI. Ann Appl Biol 1939;26:585-615, doi 10.1111/j.1744-7348.1939.tb06990.x (``bliss``).
Palmer AC, Sorger PK. Cell 2017;171:1678-1691, doi 10.1016/j.cell.2017.11.009 (``independent``).
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

Array = NDArray[np.float64]
Null = Literal["highest", "bliss", "independent", "additive"]
NULLS: dict[str, tuple[Null, ...]] = {
    "pfs": ("highest", "bliss", "independent"),
    "responded": ("highest", "bliss", "independent"),
    "growth": ("highest", "additive"),
}
LABELS: dict[str, str] = {
    "highest": "highest single agent",
    "bliss": "Bliss",
    "independent": "independent drug action",
    "additive": "additive in growth rate",
}
HIGHEST_CORRELATION = 0.95  # the quadrature below has an error under 1e-4 up to here
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(96)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


def expected(
    null: Null, endpoint: str, none: ArrayLike, parts: ArrayLike, *, correlation: ArrayLike = 0.0
) -> Array:
    """What a null predicts of all parts together.

    Parameters
    ----------
    null, endpoint : str
        A pair of `NULLS`.
    none : array_like, shape (R,)
        Share, or growth rate (1/d), without drug.
    parts : array_like, shape (m, R)
        The same of each part.
    correlation : array_like, shape () or (R,)
        Of ``independent``.

    Returns
    -------
    ndarray, shape (R,)

    Examples
    --------
    >>> shares = [expected(null, "responded", [0.0], [[0.3], [0.2]])[0] for null in NULLS["responded"]]
    >>> [round(float(share), 3) for share in shares]
    [0.3, 0.44, 0.44]
    """
    zero, alone = np.asarray(none, dtype=np.float64), np.asarray(parts, dtype=np.float64)
    more = len(alone) - 1
    if null == "highest":
        return np.asarray(alone.min(axis=0) if endpoint == "growth" else alone.max(axis=0))
    if null == "additive":
        return np.asarray(alone.sum(axis=0) - more * zero)
    if null == "independent":
        return best_of(alone, correlation)
    if endpoint == "responded":
        return np.asarray(1.0 - np.prod(1.0 - alone, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.minimum(1.0, np.prod(alone, axis=0) / zero**more))


def best_of(parts: ArrayLike, correlation: ArrayLike = 0.0) -> Array:
    """Share of persons in whom at least one part has the good outcome.

    Parameters
    ----------
    parts : array_like, shape (m, R)
        Shares of each part.
    correlation : array_like, shape () or (R,)
        Of the normal scores of any two parts, 0 to 0.95.

    Returns
    -------
    ndarray, shape (R,)

    Examples
    --------
    >>> round(float(best_of([[0.5], [0.5]], 0.5)[0]), 6)  # 1 - (1/4 + asin(1/2) / (2 pi))
    0.666667
    """
    return 1.0 - _none_of(np.asarray(parts, dtype=np.float64), correlation, skip=None)


def best_of_slopes(parts: ArrayLike, correlation: ArrayLike = 0.0) -> Array:
    """Derivatives of `best_of` by each share, shape (m, R)."""
    alone = np.asarray(parts, dtype=np.float64)
    return np.stack([_none_of(alone, correlation, skip=k) for k in range(len(alone))])


def _none_of(parts: Array, correlation: ArrayLike, *, skip: int | None) -> Array:
    """Probability that no part does it; with ``skip``, that no other does, given that one is at its limit.

    The scores of the parts are sqrt(rho) u + sqrt(1 - rho) e_i with u common to all.
    """
    rho = np.clip(np.broadcast_to(np.asarray(correlation, dtype=np.float64), parts.shape[1:]), 0.0, 1.0)
    rho = np.minimum(rho, HIGHEST_CORRELATION)
    limits = ndtri(1.0 - np.clip(parts, 1e-12, 1.0 - 1e-12))
    if skip is None:
        centre, spread, rest = np.zeros_like(rho), np.ones_like(rho), np.sqrt(1.0 - rho)
    else:  # u given that score ``skip`` is at its limit
        centre, spread, rest = (
            np.sqrt(rho) * limits[skip],
            np.sqrt(1.0 - rho),
            np.sqrt(1.0 - rho),
        )
    load = np.sqrt(rho)
    total = np.zeros_like(rho)
    for node, weight in zip(_NODES, _WEIGHTS, strict=True):
        product = np.full_like(rho, weight)
        for k in range(len(parts)):
            if k != skip:
                product = product * ndtr((limits[k] - load * (centre + spread * node)) / rest)
        total += product
    return np.asarray(total)


def joint_correlation(parts: ArrayLike, best: ArrayLike) -> Array:
    """Correlation at which `best_of` the parts is what was seen in twins, 0 to 0.95.

    Below 0 it is 0: parts that help different persons more often than chance would have it.

    Parameters
    ----------
    parts : array_like, shape (m, R)
        Shares of each part.
    best : array_like, shape (R,)
        Share of the persons in whom at least one part has the good outcome.
    """
    alone, seen = np.asarray(parts, dtype=np.float64), np.asarray(best, dtype=np.float64)
    low, high = np.zeros_like(seen), np.full_like(seen, HIGHEST_CORRELATION)
    for _ in range(30):  # the share falls with the correlation
        middle = 0.5 * (low + high)
        above = best_of(alone, middle) > seen
        low, high = np.where(above, middle, low), np.where(above, high, middle)
    return np.asarray(np.where(seen >= best_of(alone, 0.0), 0.0, 0.5 * (low + high)))
