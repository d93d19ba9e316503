"""Indices of sensitivity from values at points: elementary effects, shares of the variance, ranks.

A point that could not be solved takes its whole trajectory or block with it: the designs lose their meaning
with a hole in them.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.errors import PopulationError

Array = NDArray[np.float64]
LEVELS = 4  # of Morris's grid
RESAMPLES = 200  # of trajectories or blocks
Z95 = 1.959963984540054
LEAST = 4  # whole trajectories or blocks without which nothing is said


@dataclass(frozen=True, slots=True)
class Screening:
    """Elementary effects of K numbers over their whole range.

    Attributes
    ----------
    strength : ndarray, shape (K,)
        Mean of absolute effects (mu*).
    error : ndarray, shape (K,)
        Half of the 95 % interval of it over resampled trajectories.
    effect, spread : ndarray, shape (K,)
        Mean (mu) and standard deviation (sigma) of effects; a large spread means curvature or interaction.
    kept, lost : int
        Trajectories with every point solved, and others.
    """

    strength: Array
    error: Array
    effect: Array
    spread: Array
    kept: int
    lost: int


@dataclass(frozen=True, slots=True)
class VarianceShares:
    """Shares of an endpoint's variance that K numbers cause.

    Attributes
    ----------
    first, total : ndarray, shape (K,)
        Alone, and with everything it takes part in.
    first_error, total_error : ndarray, shape (K,)
        Halves of the 95 % intervals over resampled blocks.
    kept, lost : int
        Blocks with every point solved, and others.
    """

    first: Array
    first_error: Array
    total: Array
    total_error: Array
    kept: int
    lost: int


def screening_points(count: int, trajectories: int, *, seed: int) -> Array:
    """Points of Morris's design in the unit cube, shape (trajectories * (count + 1), count).

    References
    ----------
    Morris MD. Technometrics 1991;33:161-74.
    """
    from SALib.sample import morris

    return np.asarray(morris.sample(_unit(count), trajectories, num_levels=LEVELS, seed=_seed(seed)))


def screen(points: Array, values: ArrayLike, *, seed: int) -> Screening:
    """Elementary effects from values at `screening_points`; NaN where a point failed.

    Raises
    ------
    PopulationError
        If fewer than `LEAST` trajectories are whole.

    References
    ----------
    Campolongo F, Cariboni J, Saltelli A. Environ Model Softw 2007;22:1509-18 (mu*).
    """
    from SALib.analyze import morris

    count = points.shape[1]
    blocks, whole = _whole(values, count + 1, "trajectories")
    found = morris.analyze(
        _unit(count),
        points.reshape(-1, count + 1, count)[whole].reshape(-1, count),
        blocks[whole].ravel(),
        num_levels=LEVELS,
        num_resamples=RESAMPLES,
        seed=_seed(seed),
    )
    return Screening(
        strength=np.asarray(found["mu_star"], dtype=np.float64),
        error=np.asarray(found["mu_star_conf"], dtype=np.float64),
        effect=np.asarray(found["mu"], dtype=np.float64),
        spread=np.asarray(found["sigma"], dtype=np.float64),
        kept=int(whole.sum()),
        lost=int((~whole).sum()),
    )


def variance_points(count: int, blocks: int, *, seed: int) -> Array:
    """Points of Saltelli's design in the unit cube, shape (blocks * (count + 2), count).

    Row 0 and the last row of each block are independent of each other: together they are a plain sample.

    Parameters
    ----------
    blocks : int
        A power of 2, so that the sequence of Sobol is balanced.
    """
    from SALib.sample import sobol

    return np.asarray(sobol.sample(_unit(count), blocks, calc_second_order=False, seed=_seed(seed)))


def variance_shares(count: int, values: ArrayLike, *, seed: int) -> VarianceShares:
    """Shares of the variance from values at `variance_points`; NaN where a point failed.

    Shares of an endpoint that does not move are 0.

    Raises
    ------
    PopulationError
        If fewer than `LEAST` blocks are whole.

    References
    ----------
    Saltelli A, et al. Comput Phys Commun 2010;181:259-70.
    """
    from SALib.analyze import sobol

    blocks, whole = _whole(values, count + 2, "blocks")
    kept = {"kept": int(whole.sum()), "lost": int((~whole).sum())}
    solved = blocks[whole].ravel()
    if np.ptp(solved) == 0.0:
        nothing = np.zeros(count)
        return VarianceShares(nothing, nothing, nothing, nothing, **kept)
    found = sobol.analyze(
        _unit(count), solved, calc_second_order=False, num_resamples=RESAMPLES, seed=_seed(seed)
    )
    return VarianceShares(found["S1"], found["S1_conf"], found["ST"], found["ST_conf"], **kept)


def plain_sample(points: Array, values: ArrayLike) -> tuple[Array, Array]:
    """The independent points among `variance_points` that were solved, and their values."""
    count = points.shape[1]
    blocks = np.asarray(values, dtype=np.float64).reshape(-1, count + 2)[:, [0, -1]].ravel()
    sample = points.reshape(-1, count + 2, count)[:, [0, -1]].reshape(-1, count)
    solved = np.isfinite(blocks)
    return sample[solved], blocks[solved]


def partial_rank_correlations(points: Array, values: Array) -> tuple[Array, Array, Array]:
    """Correlation of ranks of each number and the endpoint, both freed of the other numbers.

    Returns
    -------
    found, low, high : ndarray, shape (K,)
        With 95 % by Fisher's transform; 0 throughout if the endpoint does not move.

    Raises
    ------
    PopulationError
        If there are too few points for so many numbers.

    References
    ----------
    Marino S, Hogue IB, Ray CJ, Kirschner DE. J Theor Biol 2008;254:178-96.
    """
    from scipy.stats import rankdata

    size, count = points.shape
    freedom = size - 3 - (count - 1)
    if freedom < 1:
        raise PopulationError(f"{size} points are too few for rank correlations of {count} numbers")
    if np.ptp(values) == 0.0:
        nothing = np.zeros(count)
        return nothing, nothing, nothing
    ranks, of_values = rankdata(points, axis=0), rankdata(values)
    found = np.array([_freed(ranks, of_values, k) for k in range(count)])
    middle = np.arctanh(np.clip(found, -1.0 + 1e-15, 1.0 - 1e-15))
    away = Z95 / np.sqrt(freedom)
    return found, np.tanh(middle - away), np.tanh(middle + away)


def _freed(ranks: Array, of_values: Array, k: int) -> float:
    """Correlation of what the other numbers leave of number k and of the endpoint; 0 if nothing is left."""
    others = np.column_stack([np.ones(len(ranks)), np.delete(ranks, k, axis=1)])
    pair = np.column_stack([ranks[:, k], of_values])
    left = pair - others @ np.linalg.lstsq(others, pair, rcond=None)[0]
    length = np.sqrt((left**2).sum(axis=0))
    if (length < 1e-9 * np.sqrt((pair**2).sum(axis=0))).any():
        return 0.0
    return float(left[:, 0] @ left[:, 1] / length.prod())


def _whole(values: ArrayLike, size: int, what: str) -> tuple[Array, NDArray[np.bool_]]:
    blocks = np.asarray(values, dtype=np.float64).reshape(-1, size)
    whole: NDArray[np.bool_] = np.all(np.isfinite(blocks), axis=1)
    if whole.sum() < LEAST:
        raise PopulationError(
            f"only {whole.sum()} of {whole.size} {what} have every point solved; {LEAST} are needed: vary "
            "the numbers less (factor), fewer of them (parameters), or take more"
        )
    return blocks, whole


def _unit(count: int) -> dict[str, Any]:
    return {"num_vars": count, "names": [f"x{k}" for k in range(count)], "bounds": [[0.0, 1.0]] * count}


def _seed(seed: int) -> int:
    """A seed that the library takes: it reads 0 as none."""
    return seed % (2**32 - 1) + 1
