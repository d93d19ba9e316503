"""A million solves streamed to a file: peak memory, time against their number, one thread against two.

Run as `make scale` or `python benchmarks/scale.py` (a quarter of an hour on two cores; `--quick` stops at 1e5
solves). Every size runs in a process of its own, so that its peak memory is its own; kernels are compiled and
the libraries loaded before the clock starts. The exponent is taken from processor time, to which other work
on the machine adds less than to the time on the wall.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

PROTOCOL = "imp321-rcc-phase1"
ARMS = 5
SOLVES = (10_000, 30_000, 100_000, 300_000, 1_000_000)
RATIO_SOLVES = 50_000
REPEATS = 3
RESULT = Path(__file__).with_name("results") / "scale.json"


def measure(solves: int, threads: int) -> dict[str, float]:
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
        "retried": sum(result.summary["retried"].values()),
        "judged": sum(arm.share("stable_3m")[1] for arm in result.arms.values()),
    }


def in_new_process(solves: int, threads: int) -> dict[str, float]:
    """The same in a process of its own."""
    command = [sys.executable, __file__, "--one", str(solves), "--threads", str(threads)]
    return json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def exponent(rows: list[dict[str, float]], key: str) -> float:
    """Slope of the logarithm of a time against that of the number of solves, by least squares."""
    import numpy as np

    solves, times = ([row[name] for row in rows] for name in ("solves", key))
    return float(np.polyfit(np.log(solves), np.log(times), 1)[0])


def show(row: dict[str, float]) -> None:
    print(
        f"{row['solves']:>9,} solves, {row['threads']} threads: {row['wall_s']:7.1f} s wall, "
        f"{row['cpu_s']:7.1f} s CPU, {1e6 * row['cpu_s'] / row['solves']:4.0f} us CPU a solve, peak "
        f"{row['peak_mib']:.0f} MiB ({row['idle_mib']:.0f} before), file {row['file_mib']:.0f} MiB, "
        f"failed {row['failed']}, retried {row['retried']}",
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
    pairs = []
    for _ in range(REPEATS):  # one thread and two in turn, so that what else runs meets both
        for threads in (1, 2):
            pairs.append(in_new_process(RATIO_SOLVES, threads))
            show(pairs[-1])
    walls = {threads: min(row["wall_s"] for row in pairs if row["threads"] == threads) for threads in (1, 2)}
    found = {
        "exponent_cpu": exponent(rows, "cpu_s"),
        "exponent_wall": exponent(rows, "wall_s"),
        "peak_mib": max(row["peak_mib"] for row in rows),
        "one_thread_over_two": walls[1] / walls[2],
        "load_at_start": load,
        "target": target(),
        "cores": os.cpu_count(),
        "sizes": rows,
        "threads": pairs,
    }
    chosen.json.parent.mkdir(exist_ok=True)
    chosen.json.write_text(json.dumps(found, indent=1) + "\n")
    print(
        f"exponent of CPU time against solves {found['exponent_cpu']:.3f} (wall "
        f"{found['exponent_wall']:.3f}); peak memory {found['peak_mib']:.0f} MiB; two threads "
        f"{found['one_thread_over_two']:.2f} times as fast as one; written to {chosen.json}"
    )


if __name__ == "__main__":
    main()
