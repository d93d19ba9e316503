"""Where a result was measured: processor, versions."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ..model.engine.compilation import engine_hash, target

PACKAGES = (
    "numpy",
    "scipy",
    "numba",
    "llvmlite",
    "heyoka",
    "numbalsoda",
    "libroadrunner",
    "antimony",
    "scikit-sundae",
    "diffrax",
    "jax",
    "amici",
)


def describe() -> dict[str, Any]:
    """Processor, cores, compile target and the versions of all that is installed."""
    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "system": platform.system(),
        "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
        "target": target(),
        "engine": engine_hash()[:16],
        "versions": {name: found for name in PACKAGES if (found := _version(name))},
    }


def _processor() -> str:
    source = Path("/proc/cpuinfo")
    if source.exists():
        for line in source.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
