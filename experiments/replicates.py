"""Replicate trials of the protocol's size, drawn from the large virtual arms."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import fisher_exact

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


def resized(pools: Sequence[Pool], treated: Sequence[int], evaluable: Sequence[int]) -> list[Pool]:
    """The same pools with other numbers of patients."""
    return [
        replace(pool, evaluable=able, withdrawn=all_of_them - able)
        for pool, all_of_them, able in zip(pools, treated, evaluable, strict=True)
    ]


def fisher_tables(low: int, high: int) -> tuple[Array, Array]:
    """P values of every outcome of a comparison, one-sided and two-sided, each of shape (low + 1, high + 1).

    Row i, column j: i of ``low`` patients against j of ``high``; the one-sided alternative is more of the
    high group.

    >>> one_sided, two_sided = fisher_tables(11, 8)
    >>> round(float(one_sided[3, 7]), 4), round(float(two_sided[3, 7]), 4)
    (0.0149, 0.0198)
    """
    tables = np.empty((2, low + 1, high + 1))
    for i in range(low + 1):
        for j in range(high + 1):
            counts = [[j, high - j], [i, low - i]]
            tables[0, i, j] = fisher_exact(counts, alternative="greater").pvalue
            tables[1, i, j] = fisher_exact(counts, alternative="two-sided").pvalue
    return tables[0], tables[1]


def replicate_trials(pools: Sequence[Pool], *, count: int, seed: int, end: float) -> dict[str, NDArray[Any]]:
    """Outcomes of trials that differ only in who happened to be in them.

    Every trial has exactly the evaluable patients of the protocol, drawn without anybody twice, also over
    arms. Withdrawn patients leave at a time uniform over the trial and add their injections only.

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

    Returns
    -------
    dict of ndarray, shape (R,)
        Columns of `columns.REPLICATE_COLUMNS`.

    Raises
    ------
    ProtocolError
        If an arm has fewer evaluable virtual patients than the whole trial has patients.
    """
    trials = np.arange(count, dtype=np.int64)
    size = sum(pool.evaluable + pool.withdrawn for pool in pools)
    picks = uniforms(seed, trials, "members of a replicate", size)
    leaves = uniforms(seed, trials, "withdrawal in a replicate", size) * end
    members = np.full((count, size), -1, dtype=np.int64)
    stable = {
        "low": np.zeros(count, np.int64),
        "high": np.zeros(count, np.int64),
        "": np.zeros(count, np.int64),
    }
    injections = np.zeros(count, dtype=np.int64)
    slot = 0
    for pool in pools:
        judged = np.isfinite(pool.stable)
        if judged.sum() < size:
            raise ProtocolError(
                f"arm {pool.name!r}: {int(judged.sum())} evaluable virtual patients are too few "
                f"for trials of {size}; simulate more patients"
            )
        for place in range(pool.evaluable + pool.withdrawn):
            withdrawn = place >= pool.evaluable
            allowed = np.arange(judged.size) if withdrawn else np.flatnonzero(judged)
            who = draw_unused(allowed, members[:, :slot], picks[:, slot], judged.size)
            members[:, slot] = who
            if withdrawn:
                stays = pool.times[None, :] <= leaves[:, slot, None]
                injections += (pool.taken[who] & stays).sum(axis=1)
            else:
                stable[pool.side] += pool.stable[who].astype(np.int64)
                injections += pool.taken[who].sum(axis=1)
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


def draw_unused(allowed: Whole, used: Whole, pick: Array, patients: int) -> Whole:
    """One allowed patient for each trial, each of those not yet used in it equally likely.

    Parameters
    ----------
    allowed : ndarray, shape (n,)
        Rows of patients that may be drawn, increasing.
    used : ndarray, shape (R, k)
        Rows already used in each trial.
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
    taken = np.sort(place[used], axis=1)
    free = allowed.size - (taken < allowed.size).sum(axis=1)
    position = np.minimum((pick * free).astype(np.int64), free - 1)
    for column in taken.T:  # in increasing order, each one used before it moves the position on by one
        position = position + (column <= position)
    return allowed[position]
