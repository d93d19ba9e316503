"""Assurance of a randomised trial at the size that users ask for: time, peak memory, Monte-Carlo errors.

10,000 replicate trials of 2 x 113 patients over 200 draws of the shipped fit, 2,000 fresh virtual persons of
each draw in both arms: 800,000 solves of the trial.
"""

import argparse
import json
import resource
import sys
import time
from pathlib import Path

from lag3ig.experiments.protocol import load_protocol
from lag3ig.experiments.randomised.persons import persons_of
from lag3ig.experiments.randomised.power import assurance, report
from lag3ig.experiments.trial import run_trial
from lag3ig.experiments.virtual_arm import RTOL_OF_ENDPOINTS

from .machine import describe

PROTOCOL, SIZES = "paclitaxel-lag3ig-phase2", (113, 113)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--json", type=Path, help="where the figures go")
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--persons", type=int, default=2_000, help="of each draw")
    parser.add_argument("--replicates", type=int, default=10_000)
    given = parser.parse_args()
    design = load_protocol(PROTOCOL).protocol.design
    since = time.perf_counter()
    result = run_trial(
        PROTOCOL,
        patients=given.draws * given.persons,
        replicates=0,
        history_patients=0,
        parameters="fitted",
        draws=given.draws,
        rtol=RTOL_OF_ENDPOINTS,
    )
    simulated = time.perf_counter()
    persons = persons_of(result, design)
    found, _ = assurance(persons, design, SIZES, count=given.replicates, seed=1)
    replicated = time.perf_counter()
    whole = report(persons, design, SIZES, count=given.replicates, seed=1)
    ended = time.perf_counter()
    content = {
        "schema": "lag3ig-assurance",
        "command": f"python -m lag3ig.benchmarks.assurance --draws {given.draws} --persons {given.persons}",
        "machine": describe(),
        "solves": 2 * given.draws * given.persons,
        "failed": result.failures,
        "replicates": given.replicates,
        "patients": list(SIZES),
        "seconds": {
            "simulating": round(simulated - since, 1),
            "replicate trials as planned": round(replicated - simulated, 1),
            "everything in the report": round(ended - replicated, 1),
        },
        "peak_memory_MiB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "assurance": round(found.assurance, 4),
        "error_from_draws": round(found.draws_error, 4),
        "error_from_patients": round(found.patients_error, 4),
        "type_one_error": [round(value, 4) for value in whole.type_one],
        "enough": whole.enough,
    }
    text = json.dumps(content, indent=1)
    print(text)
    if given.json is not None:
        given.json.write_text(text + "\n")


if __name__ == "__main__":
    sys.exit(main())
