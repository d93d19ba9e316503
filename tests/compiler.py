"""A script run twice, with the compiler and on numpy alone."""

import os
import subprocess
import sys


def with_and_without_compiler(*arguments: str) -> tuple[str, str]:
    """What Python prints when run with these arguments, compiled and with NUMBA_DISABLE_JIT=1."""
    compiled, uncompiled = (
        subprocess.run(
            [sys.executable, *arguments],
            env={**os.environ, "NUMBA_DISABLE_JIT": disabled},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for disabled in ("0", "1")
    )
    return compiled, uncompiled
