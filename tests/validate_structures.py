"""Structure recovery at full size, run by `make validate`: what data like those of the fit can tell apart.

For each structure a bank of simulations and some truths of its prior. Data drawn at every truth are judged by
every structure: at the real number of patients, at ten times that, and both with plasma levels and means of
effector-memory CD8 cells printed besides. What was simulated is kept in a folder and gone on with.
"""

import argparse
import itertools
import json
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np

from lag3ig.fitting.estimators.bank import fill, identity_of, load
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.inputs import inputs_of
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import load_problem
from lag3ig.fitting.recovery import truths_of
from lag3ig.fitting.slot_information import would_be
from lag3ig.fitting.structure_recovery import Candidate, choose, rate

SEED = 20261124  # chosen before anything was run
ADDED = ("cmax", "auc", "em_cd8_percent")
SETTINGS = {
    "real": (1, False),
    "ten times the patients": (10, False),
    "with plasma and effector memory": (1, True),
    "ten times, with plasma and effector memory": (10, True),
}
ASKED_PAIR, ASKED = ("default", "node"), 0.9


def objectives(patients, threads=None):
    """One for each structure, all with the same cards: what is printed, and what may be printed besides."""
    problem, _ = load_problem("monotherapies")
    plain = Objective(problem, patients=patients, threads=threads)
    filled = would_be(plain, plain.free_parameters.centre())
    cards = [item.card for item in filled.objective.cards]
    kept = {name for name in filled.filled if name.partition(".")[2].startswith(ADDED)}
    cards = [
        card.model_copy(
            update={
                "observations": tuple(
                    one
                    for one in card.observations
                    if f"{card.id}.{one.id}" not in filled.filled or f"{card.id}.{one.id}" in kept
                )
            }
        )
        for card in cards
    ]
    problems = {"default": problem} | {
        one.name: problem.alternative(one.name) for one in problem.alternatives
    }
    found = {
        name: Objective(one, cards=cards, patients=patients, threads=threads)
        for name, one in problems.items()
    }
    return found, kept


def main() -> int:
    """Run everything, print what was found, and keep it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=Path("results/structures"))
    parser.add_argument("--json", type=Path, default=Path("benchmarks/results/structures.json"))
    parser.add_argument("--patients", type=int, default=1_000)
    parser.add_argument("--bank", type=int, default=200)
    parser.add_argument("--truths", type=int, default=10)
    parser.add_argument("--only", nargs="*", help="structures, if not all")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    since = time.perf_counter()
    found, _ = objectives(given.patients)
    names = given.only or list(found)
    for name in names:
        objective = found[name]
        free = objective.free_parameters
        points = {
            "bank": prior_points(free, given.bank, seed=objective.problem.seed),
            "truths": truths_of(free, given.truths, seed=SEED),
        }
        for what, wanted in points.items():
            path = given.folder / f"{name}.{what}.h5"
            fill(objective, wanted, identity=identity_of(objective), path=path)
            print(f"{name}: {what} of {len(wanted)}, {time.perf_counter() - since:.0f} s", flush=True)
    simulated = time.perf_counter() - since
    tasks = [(given, names, truth, setting) for setting in SETTINGS for truth in names]
    with ProcessPoolExecutor(2) as pool:
        parts = list(pool.map(_chosen, tasks))
    chosen = {
        setting: [
            item for (_, _, _, one), part in zip(tasks, parts, strict=True) if one == setting for item in part
        ]
        for setting in SETTINGS
    }
    content = _report(chosen, names, given, simulated, time.perf_counter() - since - simulated)
    text = json.dumps(content, indent=1)
    print(text)
    given.json.write_text(text + "\n")
    return 0 if content["met"] else 1


def _candidates(given, names):
    found, kept = objectives(given.patients, threads=1)
    made = {}
    for name in names:
        objective = found[name]
        bank = load(given.folder / f"{name}.bank.h5")
        emulator = Emulator(bank, objective, inputs=inputs_of(objective))
        made[name] = Candidate.of(name, objective, emulator, seed=SEED + 1)
    return made, kept


def _chosen(task):
    """Every data set of one structure in one setting."""
    given, names, truth, setting = task
    copies, added = SETTINGS[setting]
    candidates, extra = _candidates(given, names)
    truths = load(given.folder / f"{truth}.truths.h5")
    return [
        choose(
            candidates,
            truth,
            truths,
            place,
            kept=lambda name: added or name not in extra,
            copies=copies,
            seed=SEED,
        )
        for place in np.flatnonzero(truths.solved)
    ]


def _report(chosen, names, given, simulated, judged):
    pairs = {}
    for setting, items in chosen.items():
        pairs[setting] = {}
        for one, other in itertools.combinations(names, 2):
            share = rate(items, one, other)
            of_truth = [item.probability((one, other)) for item in items if item.truth in (one, other)]
            pairs[setting][f"{one} or {other}"] = {
                "right": share.count,
                "of": share.number,
                "interval": [round(share.lower, 3), round(share.upper, 3)],
                "near_chance": share.lower <= 0.5,
                "median_probability_of_the_truth": round(float(np.median(of_truth)), 3),
            }
    asked = pairs["ten times, with plasma and effector memory"].get(" or ".join(ASKED_PAIR))
    return {
        "schema": "lag3ig-structures",
        "command": " ".join(
            ["python tests/validate_structures.py", f"--bank {given.bank} --truths {given.truths}"]
            + ([f"--only {' '.join(given.only)}"] if given.only else [])
        ),
        "seed": SEED,
        "patients": given.patients,
        "bank": given.bank,
        "truths_of_each": given.truths,
        "met": asked is not None and asked["right"] / asked["of"] > ASKED,
        "not_converged": {
            setting: sum(not item.converged for item in items) for setting, items in chosen.items()
        },
        "pairs": pairs,
        "seconds": {"simulating": round(simulated), "judging": round(judged)},
    }


if __name__ == "__main__":
    sys.exit(main())
