"""Replicate trials of the protocol's size, drawn from the large virtual arms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from math import comb
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.errors import ProtocolError
from ..model.randomness import uniforms

Array = NDArray[np.float64]
Whole = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Pool:
    """One large arm to draw from, and how many patients of it a trial has.

    Attributes
    ----------
    stable : ndarray, shape (P,)
        Disease control: 1, 0 or NaN; the same patient has the same row in every pool.
    taken : ndarray of bool, shape (P, D)
        Injections each patient would receive if they stayed.
    times : ndarray, shape (D,)
        d; of those injections.
    evaluable, withdrawn : int
        Patients of a trial that can be evaluated, and that leave before they can be.
    side : {"low", "high", ""}
        Group in the comparison.
    """

    name: str
    stable: Array
    taken: NDArray[np.bool_]
    times: Array
    evaluable: int
    withdrawn: int
    side: str
    otherwise: str = ""  # what helps beside more patients, if they are too few

    def of_draw(self, draw: int, draws: int) -> "Pool":
        """The patients of one draw of a fit."""
        if draws == 1:
            return self
        words = f", or take fewer draws of the fit (this is draw {draw} of {draws})"
        mine = slice(draw, None, draws)
        return replace(self, stable=self.stable[mine], taken=self.taken[mine], otherwise=words)


def resized(pools: Sequence[Pool], treated: Sequence[int], evaluable: Sequence[int]) -> list[Pool]:
    """The same pools with other numbers of patients."""
    return [
        replace(pool, evaluable=able, withdrawn=all_of_them - able)
        for pool, all_of_them, able in zip(pools, treated, evaluable, strict=True)
    ]


@cache
def fisher_tables(low: int, high: int) -> tuple[Array, Array]:
    """P values of every outcome of a comparison, one-sided and two-sided, each of shape (low + 1, high + 1).

    Row i, column j: i of ``low`` patients against j of ``high``; the one-sided alternative is more of the
    high group. Counts are whole numbers, so each P value is rounded once and ties are ties.

    >>> one_sided, two_sided = fisher_tables(11, 8)
    >>> round(float(one_sided[3, 7]), 4), round(float(two_sided[3, 7]), 4)
    (0.0149, 0.0198)
    """
    tables = np.empty((2, low + 1, high + 1))
    for i in range(low + 1):
        for j in range(high + 1):
            # How many choices of the i + j patients have k of the high group, for each k that is possible.
            possible = range(max(0, i + j - low), min(high, i + j) + 1)
            ways = {k: comb(high, k) * comb(low, i + j - k) for k in possible}
            total = comb(low + high, i + j)
            tables[0, i, j] = sum(number for k, number in ways.items() if k >= j) / total
            tables[1, i, j] = sum(number for number in ways.values() if number <= ways[j]) / total
    tables.flags.writeable = False
    return tables[0], tables[1]


def replicate_trials(
    pools: Sequence[Pool], *, count: int, seed: int, end: float, draws: int = 1
) -> dict[str, NDArray[Any]]:
    """Outcomes of trials that differ in who happened to be in them, and under a fit in its draw.

    Every trial has exactly the evaluable patients of the protocol, drawn without anybody twice, also over
    arms, and all of one draw: trial r has patients of draw r mod D. Withdrawn patients leave at a time
    uniform over the trial and add their injections only.

    Parameters
    ----------
    pools
        Large arms over the same patients.
    count : int
        Number of trials, R.
    seed : int
        Trial r is a function of the seed and r.
    end : float
        d; length of the trial.
    draws : int
        Draws of a fit, D: patient k belongs to draw k mod D.

    Returns
    -------
    dict of ndarray, shape (R,)
        Columns of `columns.REPLICATE_COLUMNS`.

    Raises
    ------
    ProtocolError
        If an arm, or a draw's part of it, has fewer evaluable virtual patients than the whole trial has
        patients.
    """
    size = sum(pool.evaluable + pool.withdrawn for pool in pools)
    picks, withdrawals = _chances(seed, count, size)
    found: dict[str, NDArray[Any]] = {}
    for draw in range(draws):
        trials = slice(draw, None, draws)
        part = _trials(
            [pool.of_draw(draw, draws) for pool in pools], picks[trials], end * withdrawals[trials]
        )
        for name, values in part.items():
            found.setdefault(name, np.empty(count, dtype=values.dtype))[trials] = values
    return found


def _trials(pools: Sequence[Pool], picks: Array, leaves: Array) -> dict[str, NDArray[Any]]:
    """Trials from uniforms that pick their patients, and times at which withdrawn ones leave; (R, size)."""
    count, size = picks.shape
    members = np.empty((size, count), dtype=np.int64)  # of each trial, those drawn so far in increasing order
    stable = {
        "low": np.zeros(count, np.int64),
        "high": np.zeros(count, np.int64),
        "": np.zeros(count, np.int64),
    }
    injections = np.zeros(count, dtype=np.int64)
    slot = 0
    for pool in pools:
        judged = np.isfinite(pool.stable)
        received = pool.taken.sum(axis=1)
        if judged.sum() < size:
            raise ProtocolError(
                f"arm {pool.name!r}: {int(judged.sum())} evaluable virtual patients are too few "
                f"for trials of {size}; simulate more patients{pool.otherwise}"
            )
        for place in range(pool.evaluable + pool.withdrawn):
            withdrawn = place >= pool.evaluable
            allowed = np.arange(judged.size) if withdrawn else np.flatnonzero(judged)
            who = draw_unused(allowed, members[:slot], picks[:, slot], judged.size)
            _insert(who, members[:slot], members[slot])
            if withdrawn:
                stays = pool.times[None, :] <= leaves[:, slot, None]
                injections += (pool.taken[who] & stays).sum(axis=1)
            else:
                stable[pool.side] += pool.stable[who].astype(np.int64)
                injections += received[who]
            slot += 1
    low = sum(pool.evaluable for pool in pools if pool.side == "low")
    high = sum(pool.evaluable for pool in pools if pool.side == "high")
    one_sided, two_sided = fisher_tables(low, high)
    return {
        "stable_low": stable["low"],
        "stable_high": stable["high"],
        "evaluable_low": np.full(count, low),
        "evaluable_high": np.full(count, high),
        "p_one_sided": one_sided[stable["low"], stable["high"]],
        "p_two_sided": two_sided[stable["low"], stable["high"]],
        "injections": injections,
    }


@lru_cache(maxsize=1)
def _chances(seed: int, count: int, size: int) -> tuple[Array, Array]:
    """Uniforms of every place in every trial; the same however the patients are split over the arms."""
    trials = np.arange(count, dtype=np.int64)
    return (
        uniforms(seed, trials, "members of a replicate", size),
        uniforms(seed, trials, "withdrawal in a replicate", size),
    )


def draw_unused(allowed: Whole, used: Whole, pick: Array, patients: int) -> Whole:
    """One allowed patient for each trial, each of those not yet used in it equally likely.

    Parameters
    ----------
    allowed : ndarray, shape (n,)
        Rows of patients that may be drawn, increasing.
    used : ndarray, shape (k, R)
        Rows already used in each trial, in increasing order.
    pick : ndarray, shape (R,)
        Uniforms in (0, 1).
    patients : int
        Number of patients in all.

    Returns
    -------
    ndarray, shape (R,)
    """
    place = np.full(patients, allowed.size, dtype=np.int64)  # position among the allowed; past the end if not
    place[allowed] = np.arange(allowed.size)
    taken = place[used]
    free = allowed.size - (taken < allowed.size).sum(axis=0)
    position = np.minimum((pick * free).astype(np.int64), free - 1)
    for row in taken:  # in increasing order, each allowed one used before it moves the position on by one
        position += row <= position
    return allowed[position]


def _insert(new: Whole, used: Whole, last: Whole) -> None:
    """Insert a row of each trial among its used ones, shape (k, R), the largest of them becoming the last."""
    for row in used:
        larger = np.maximum(row, new)
        np.minimum(row, new, out=row)
        new = larger
    last[:] = new
