"""One thread and two: wall time, CPU time and the same bits."""

import os
import statistics
import time
from typing import Any

import numpy as np

from ...model.engine.batch import solve
from ..timing import ROUNDS
from . import phase_one


def run(quick: bool) -> list[dict[str, Any]]:
    """Speed-up in wall time; only on an otherwise idle machine does it say what the engine can do."""
    problem = phase_one.problem(64).tiled(2_048 if quick else 8_192)
    kernels = problem.model.kernels
    counts = (1, 2)
    states, wall, cpu = {}, {count: [] for count in counts}, {count: [] for count in counts}
    for turn in range(ROUNDS):
        for count in counts if turn % 2 else reversed(counts):
            begun = time.perf_counter(), time.process_time()
            solution = solve(kernels, problem.parameters, problem.times, problem.events, threads=count)
            wall[count].append(time.perf_counter() - begun[0])
            cpu[count].append(time.process_time() - begun[1])
            states[count] = solution.states
    single = statistics.median(wall[1])
    return [
        {
            "threads": count,
            "cores": len(os.sched_getaffinity(0)),
            "load": round(os.getloadavg()[0], 1),
            "speed_up": single / statistics.median(wall[count]),
            "cpu_microseconds": 1e6 * statistics.median(cpu[count]) / problem.patients,
            "same_bits": bool(np.array_equal(states[count], states[1])),
        }
        for count in counts
    ]
