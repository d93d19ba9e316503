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
}


def run(quick: bool) -> list[dict[str, Any]]:
    """CPU seconds of a fresh process: cold once, warm as the least of three."""
    rows = []
    with tempfile.TemporaryDirectory() as cache:
        for action, code in ACTIONS.items():
            cold = _child(code, cache)
            warm = min(_child(code, cache) for _ in range(3))
            rows.append({"action": action, "cold_seconds": cold, "warm_seconds": warm})
    return rows


def _child(code: str, cache: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [sys.executable, "-c", code], check=True, env=os.environ | {"LAG3IG_CACHE": cache}, cwd=cache
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
