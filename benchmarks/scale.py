"""A million solves streamed to a file: peak memory, time against their number, one thread against two.

Run as `make scale` or `python benchmarks/scale.py` (ten minutes on two idle cores; `--quick` stops at 1e5
solves). Every size runs in a process of its own, so that its peak memory is its own; kernels are compiled
and the libraries loaded before the clock starts. Exponents are slopes of logarithms by least squares, of
processor time and of time on the wall: other work on the machine adds less to the first. One thread beside
two is the median of pairs run in turns.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

PROTOCOL = "imp321-rcc-phase1"
ARMS = 5
SOLVES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
RATIO_SOLVES = 50_000
REPEATS = 5
RESULT = Path(__file__).with_name("results") / "scale.json"


def measure(solves: int, threads: int) -> dict[str, Any]:
    """One run of the trial in this process: its times in seconds, peak memory and file size in MiB."""
    from lag3ig.experiments.trial import run_trial

    options = {"replicates": 0, "history_patients": 0, "threads": threads}
    run_trial(PROTOCOL, patients=8 * threads, **options)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trial.h5"
        wall, processor, main = time.perf_counter(), time.process_time(), time.thread_time()
        result = run_trial(PROTOCOL, patients=solves // ARMS, out=path, **options)
        wall, processor = time.perf_counter() - wall, time.process_time() - processor
        main = time.thread_time() - main
        size = path.stat().st_size
    reasons: Counter[str] = Counter()
    for counts in result.summary["failures"].values():
        reasons.update(counts)
    return {
        "solves": solves,
        "threads": threads,
        "wall_s": wall,
        "cpu_s": processor,
        "main_thread_cpu_s": main,
        "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "idle_mib": idle / 1024,
        "file_mib": size / 2**20,
        "failed": result.failures,
        "reasons": dict(reasons),
        "retried": sum(result.summary["retried"].values()),
        "judged": sum(arm.share("stable_3m")[1] for arm in result.arms.values()),
    }


def in_new_process(solves: int, threads: int) -> dict[str, Any]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", str(solves), "--threads", str(threads)]
    found: dict[str, Any] = json.loads(
        subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    )
    return found


def exponent(rows: list[dict[str, Any]], key: str) -> float:
    """Slope of the logarithm of a time against that of the number of solves, by least squares."""
    import numpy as np

    solves, times = ([row[name] for row in rows] for name in ("solves", key))
    return float(np.polyfit(np.log(solves), np.log(times), 1)[0])


def failures(counted: dict[str, Any]) -> str:
    """How many failed, and why."""
    reasons = ", ".join(f"{reason}: {count}" for reason, count in counted["reasons"].items())
    return f"{counted['failed']} failed" + (f" ({reasons})" if reasons else "")


def show(row: dict[str, Any]) -> None:
    print(
        f"{row['solves']:>9,} solves, {row['threads']} threads: {row['wall_s']:7.1f} s wall, "
        f"{row['cpu_s']:7.1f} s CPU, {1e6 * row['cpu_s'] / row['solves']:4.0f} us CPU a solve, peak "
        f"{row['peak_mib']:.0f} MiB ({row['idle_mib']:.0f} before), file {row['file_mib']:.0f} MiB, "
        f"{failures(row)}, {row['retried']} tried again",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--quick", action="store_true", help="up to 1e5 solves only")
    parser.add_argument("--json", type=Path, default=RESULT, help="where the figures go")
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps(measure(chosen.one, chosen.threads)))
        return
    from lag3ig.model.engine.compilation import target

    load = os.getloadavg()[0]
    sizes = [solves for solves in SOLVES if solves <= 100_000 or not chosen.quick]
    rows = []
    for solves in sizes:
        rows.append(in_new_process(solves, chosen.threads))
        show(rows[-1])
    pairs: list[tuple[dict[str, Any], dict[str, Any]]] = []
    for turn in range(REPEATS):  # in turns, so that what else runs meets both
        order = (1, 2) if turn % 2 else (2, 1)
        taken = {threads: in_new_process(RATIO_SOLVES, threads) for threads in order}
        pairs.append((taken[1], taken[2]))
        for row in pairs[-1]:
            show(row)
    reasons: Counter[str] = Counter()
    for row in rows:
        reasons.update(row["reasons"])
    found = {
        "exponent_cpu": exponent(rows, "cpu_s"),
        "exponent_wall": exponent(rows, "wall_s"),
        "peak_mib": max(row["peak_mib"] for row in rows),
        "solves": sum(row["solves"] for row in rows),
        "failed": sum(row["failed"] for row in rows),
        "reasons": dict(reasons),
        "one_thread_over_two": statistics.median(one["wall_s"] / two["wall_s"] for one, two in pairs),
        "load_at_start": load,
        "target": target(),
        "cores": os.cpu_count(),
        "sizes": rows,
        "threads": [row for pair in pairs for row in pair],
    }
    chosen.json.parent.mkdir(exist_ok=True)
    chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    print(
        f"exponent from {sizes[0]:,} to {sizes[-1]:,} solves: CPU time {found['exponent_cpu']:.3f}, wall "
        f"{found['exponent_wall']:.3f}\n"
        f"two threads {found['one_thread_over_two']:.2f} times as fast as one (median of {REPEATS})\n"
        f"peak memory {found['peak_mib']:.0f} MiB\n"
        f"{failures(found)} of {found['solves']:,} solves\n"
        f"written to {chosen.json}"
    )


if __name__ == "__main__":
    main()
