"""Four worlds, each made under one null: how often a trial rejects each null in each of them.

    python -m lag3ig.experiments.combination.worlds [--json FILE]

A person's tumour grows as V' = g V, with kill that adds up and does not saturate, so that growth rates are
additive where kills are; g is normal over persons, and who grows slower than a limit responds. The mean of g
under both parts is what the world's null says, for responses or for rates. Every arm has its own persons;
rates are measured from scans with 5 % error.
"""

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from .null_tests import against_null, mean_estimate, share_estimate
from .nulls import LABELS, Null, best_of
from .outcomes import growth_rates

Array = NDArray[np.float64]
WORLDS: tuple[Null, ...] = ("highest", "bliss", "independent", "additive")
SHARES = {"none": 0.05, "A": 0.40, "B": 0.15}  # who respond; A is clearly the better part
SPREAD, LIMIT = 0.012, -0.004  # 1/d; of g over persons, and the rate below which a person responds
CORRELATION = 0.5  # of the parts in one person, where action is independent
SCANS = np.array([0.0, 56.0, 112.0, 168.0])  # d
ERROR = 0.05  # of a measured sum of diameters, on the logarithm
ENDPOINT: Mapping[Null, str] = {
    "highest": "responded",
    "bliss": "responded",
    "independent": "responded",
    "additive": "growth",
}


def rate_of(share: float) -> float:
    """Mean growth rate (1/d) of an arm in which this share responds."""
    return float(LIMIT - SPREAD * ndtri(share))


def together_in(world: Null) -> float:
    """Mean growth rate (1/d) under both parts, as a null has it."""
    first, second = SHARES["A"], SHARES["B"]
    if world == "highest":
        return rate_of(max(first, second))
    if world == "bliss":
        return rate_of(1.0 - (1.0 - first) * (1.0 - second))
    if world == "independent":
        return rate_of(float(best_of([[first], [second]], CORRELATION)[0]))
    return rate_of(first) + rate_of(second) - rate_of(SHARES["none"])


def rejections(
    world: Null, *, patients: int, trials: int, seed: int, alpha: float = 0.025
) -> dict[Null, float]:
    """Share of trials in one world that find the combination better than each null.

    Parameters
    ----------
    world : str
        Whose null the data are made under.
    patients, trials : int
        In each arm; number of trials.
    seed : int
    alpha : float
        One-sided error of each test.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(WORLDS.index(world),)))
    means = [rate_of(SHARES["none"]), rate_of(SHARES["A"]), rate_of(SHARES["B"]), together_in(world)]
    arms = [_arm(mean, patients, trials, rng) for mean in means]
    found = {}
    for null in WORLDS:
        estimates = [
            share_estimate(responded) if ENDPOINT[null] == "responded" else mean_estimate(rates)
            for responded, rates in arms
        ]
        p = against_null(null, ENDPOINT[null], estimates, correlation=CORRELATION)
        found[null] = float(np.mean(p.better < alpha))
    return found


def _arm(mean: float, patients: int, trials: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Responses and measured growth rates of one arm, shape (R, n)."""
    rates = rng.normal(mean, SPREAD, (trials, patients))
    noise = ERROR * rng.normal(size=(trials * patients, SCANS.size))
    sums = 80.0 * np.exp(rates.reshape(-1, 1) * SCANS / 3.0 + noise)
    measured = growth_rates(sums, SCANS, until=SCANS[-1]).reshape(trials, patients)
    return (rates < LIMIT).astype(np.float64), measured


def share_in(world: Null) -> float:
    """Share that responds to both parts in a world."""
    return float(ndtr((LIMIT - together_in(world)) / SPREAD))


def main() -> int:
    """Print the table of four worlds by four nulls."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", type=Path, help="keep the table here")
    parser.add_argument("--patients", type=int, default=200)
    parser.add_argument("--trials", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    table = {
        world: rejections(world, patients=given.patients, trials=given.trials, seed=given.seed)
        for world in WORLDS
    }
    head = "".join(f"{LABELS[null]:>26}" for null in WORLDS)
    print(f"{'world made under':<26}{head}")
    for world, row in table.items():
        print(f"{LABELS[world]:<26}" + "".join(f"{100.0 * row[null]:>24.2f} %" for null in WORLDS))
    if given.json is not None:
        content = {
            "command": "python -m lag3ig.experiments.combination.worlds",
            "patients": given.patients,
            "trials": given.trials,
            "seed": given.seed,
            "alpha": 0.025,
            "response_together": {world: round(share_in(world), 4) for world in WORLDS},
            "found_better": table,
        }
        given.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
