"""Cost of a patient against the number of patients: a straight line has the exponent 1."""

import time
from typing import Any

import numpy as np

from ...model.engine.batch import solve
from ..timing import interleaved
from . import phase_one

CHUNK = 10_000  # patients in memory at a time: 60 outputs of 25 states are 12 kB each


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds a patient, one thread, at the default tolerance, and the fitted exponent."""
    sizes = (100, 1_000, 10_000) if quick else (100, 1_000, 10_000, 100_000, 1_000_000)
    base = phase_one.problem(100 if quick else CHUNK)
    rows = []

    def go(size: int) -> None:
        for first in range(0, size, CHUNK):
            part = base.tiled(min(CHUNK, size - first))
            solve(base.model.kernels, part.parameters, part.times, part.events, threads=1)

    go(8)
    small = [size for size in sizes if size <= CHUNK]
    timings = interleaved([lambda size=size: go(size) for size in small])
    costs = {size: timing.median for size, timing in zip(small, timings, strict=True)}
    for size in sizes[len(small) :]:
        begun = time.process_time()
        go(size)
        costs[size] = time.process_time() - begun  # long enough to be its own mean
    for size, seconds in costs.items():
        rows.append({"patients": size, "microseconds": 1e6 * seconds / size})
    large = [size for size in sizes if size >= 1_000]
    slope = np.polyfit(np.log(large), np.log([costs[size] for size in large]), 1)[0]
    return [*rows, {"exponent": float(slope), "from": large[0], "to": large[-1]}]
