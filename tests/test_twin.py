"""The shipped model on numpy, without the compiler, gives the bits of the compiled lanes."""

import os
import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("twin.py")


def test_same_bits_with_and_without_the_compiler() -> None:
    hashes = [
        subprocess.run(
            [sys.executable, str(SCRIPT)],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ("0", "1")
    ]
    assert len(hashes[0]) == 65
    assert hashes[0] == hashes[1]
