"""Validate the estimator: synthetic data sets fitted with one bank, printed and kept: `make validate`.

Truths are drawn from the prior of the shipped fit and simulated exactly; their data sets have the real
numbers of patients. All are fitted with one bank, whose points are others. Fills the bank (an hour on two
cores) unless it is given a file that has one; a file that has a part of it is gone on with.
"""

import argparse
import json
import sys
import time
from pathlib import Path

import numpy as np

from lag3ig.fitting.estimators.bank import fill, identity_of
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.inputs import inputs_of
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import load_problem
from lag3ig.fitting.recovery import Recovery, emulation_errors, recover, truths_of

SEED = 20261123  # of truths, data and sampling; chosen before anything was run
BANK = 2_000
DATA_SETS = 200
EXACT = 50  # draws of posteriors whose log-likelihood is evaluated exactly
POOLED, EACH, RANKS, EMULATED = (0.87, 0.93), (0.83, 0.96), 0.01, 0.2  # asked


def main() -> int:
    """Run everything, print what was found beside what is asked, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bank", type=Path, default=Path("results/recovery.bank.h5"))
    parser.add_argument("--truths", type=Path, default=Path("results/recovery.truths.h5"))
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/recovery.json"))
    parser.add_argument("--data-sets", type=int, default=DATA_SETS)
    parser.add_argument("--threads", type=int)
    given = parser.parse_args()
    clock = {}
    problem, _ = load_problem("monotherapies")
    objective = Objective(problem, threads=given.threads)
    free = objective.free_parameters

    def timed(what, work):
        since = time.perf_counter()
        found = work()
        clock[what] = round(time.perf_counter() - since, 1)
        print(f"{what}: {clock[what]:.0f} s", flush=True)
        return found

    def filled(path, points):
        return fill(objective, points, identity=identity_of(objective), path=path)

    given.bank.parent.mkdir(parents=True, exist_ok=True)
    given.truths.parent.mkdir(parents=True, exist_ok=True)
    bank = timed("bank", lambda: filled(given.bank, prior_points(free, BANK, seed=problem.seed)))
    truths = timed("truths", lambda: filled(given.truths, truths_of(free, given.data_sets, seed=SEED)))
    emulator = timed("emulator", lambda: Emulator(bank, objective, inputs=inputs_of(objective)))
    trials = timed("fits", lambda: recover(objective, emulator, truths, seed=SEED, after=_say))
    errors = timed("exact draws", lambda: emulation_errors(trials, EXACT, seed=SEED))
    found = report(
        Recovery(free.names, np.array([trial.ranks for trial in trials])),
        [trial.adapted for trial in trials],
        errors,
        clock,
    )
    given.json.parent.mkdir(parents=True, exist_ok=True)
    given.json.write_text(json.dumps(found, indent=1) + "\n")
    print(json.dumps(found, indent=1))
    return 0 if all(found["met"].values()) else 1


def _say(place, trial):
    print(f"data set {place + 1}: {trial.adapted.reason}", flush=True)


def report(recovery, fits, errors, seconds):
    """What was found, as JSON has it."""
    away, each = np.abs(errors[np.isfinite(errors)]), recovery.each
    sizes = np.array([fit.weighted.effective_size for fit in fits])
    met = {
        "pooled": POOLED[0] <= recovery.pooled <= POOLED[1],
        "each": all(EACH[0] <= share <= EACH[1] for share in each.values()),
        "ranks": recovery.holm > RANKS,
        "emulated": bool(away.max() < EMULATED),
    }
    return {
        "schema": "lag3ig-recovery",
        "seed": SEED,
        "data_sets": len(recovery.ranks),
        "bank": BANK,
        "met": met,
        "pooled_coverage": round(recovery.pooled, 4),
        "coverage": {name: round(share, 3) for name, share in each.items()},
        "rank_probability_after_holm": round(recovery.holm, 4),
        "rank_probability": {name: round(value, 4) for name, value in recovery.uniform.items()},
        "emulated_less_exact": {
            "draws": int(away.size),
            "median": round(float(np.median(away)), 3),
            "ninth_decile": round(float(np.quantile(away, 0.9)), 3),
            "largest": round(float(away.max()), 3),
        },
        "not_converged": sum(not fit.converged for fit in fits),
        "effective_size": {"least": round(float(sizes.min())), "median": round(float(np.median(sizes)))},
        "seconds": seconds,
    }


if __name__ == "__main__":
    sys.exit(main())
