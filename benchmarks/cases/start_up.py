"""CPU time until the first patient is simulated, with an empty cache and with a full one."""

import os
import resource
import subprocess
import sys
import tempfile
from typing import Any

ACTIONS = {
    "import": "import lag3ig.model",
    "simulate 100 patients": (
        "from lag3ig.model import dose, simulate; "
        "simulate(dose('lag3ig', '30 mg', every='14 d', count=6), patients=100, times=range(0, 169, 7))"
    ),
    "lag3ig run, 100 patients": (
        "import sys; from lag3ig.experiments.cli import main; "
        "sys.argv = 'lag3ig run imp321-rcc-phase1 --patients 100 --no-report --out trial.h5'.split(); main()"
    ),
}


def run(quick: bool) -> list[dict[str, Any]]:
    """CPU seconds of a fresh process: cold once, warm as the least of three; a cache for each action."""
    rows = []
    for action, code in ACTIONS.items():
        with tempfile.TemporaryDirectory() as cache:
            cold = _child(code, cache)
            warm = min(_child(code, cache) for _ in range(3))
        rows.append({"action": action, "cold_seconds": cold, "warm_seconds": warm})
    return rows


def _child(code: str, cache: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-c", code]
    environment = os.environ | {"LAG3IG_CACHE": cache}
    subprocess.run(command, check=True, env=environment, cwd=cache, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
