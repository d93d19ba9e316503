"""Compiled code is found again by the name of its module, or not kept where that name leads nowhere."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

KERNEL = """
from lag3ig.model.engine.simd import kernel, load, store

@kernel
def twice(y, out):
    store(out, 0, load(y, 0) + load(y, 0))
"""
PROGRAM = """
import importlib.util, sys
spec = importlib.util.spec_from_file_location("a_model_of_my_own", sys.argv[1])
module = importlib.util.module_from_spec(spec)
if sys.argv[2] == "registered":
    sys.modules[spec.name] = module
spec.loader.exec_module(module)
print(module.twice.compiled.cache_hits)
"""


@pytest.mark.parametrize(("how", "hits"), [("registered", ["0", "1"]), ("by path alone", ["0", "0"])])
def test_a_kernel_loaded_from_a_path_serves_every_process(tmp_path: Path, how: str, hits: list[str]) -> None:
    """numba's cache imports a kernel's module by name; one nobody registered must not be looked for."""
    path = tmp_path / "mine.py"
    path.write_text(KERNEL)
    seen = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM, str(path), how],
            env={**os.environ, "LAG3IG_CACHE": str(tmp_path / "cache")},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for _ in range(2)
    ]
    assert seen == hits
