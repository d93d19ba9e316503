"""Other processors: without AVX-512 the shipped kernels are packed too, and results agree to rounding."""

import json
import os
import platform
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from .tolerances import SAME_STEPS

SCRIPT = Path(__file__).with_name("target.py")
AVX2 = {"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": "+avx,+avx2,+fma,+bmi,+bmi2"}
# Moves of single doubles only: loads and stores of one lane, and constants.
HARMLESS = {"vmovsd", "vbroadcastsd", "vmovlpd", "vmovhpd"}

pytestmark = pytest.mark.skipif(platform.machine() != "x86_64", reason="reads x86 assembly")


@cache
def compiled_for(target: str) -> dict[str, Any]:
    environment = os.environ | (AVX2 if target == "avx2" else {})
    run = subprocess.run(
        [sys.executable, str(SCRIPT)], env=environment, capture_output=True, text=True, check=True
    )
    found: dict[str, Any] = json.loads(run.stdout)
    return found


@pytest.mark.parametrize("target", ["this machine", "avx2"])
def test_kernels_of_the_shipped_model_are_packed(target: str) -> None:
    for name, used in compiled_for(target)["kernels"].items():
        packed = {word for word in used["instructions"] if word.endswith("pd")}
        single = {word for word in used["instructions"] if word.endswith("sd")}
        assert "vmulpd" in packed, name
        assert any(word.startswith(("vfmadd", "vfnmadd")) for word in packed), name
        assert single <= HARMLESS, name


def test_avx2_uses_its_registers_and_no_wider_ones() -> None:
    for used in compiled_for("avx2")["kernels"].values():
        assert "y" in used["registers"]
        assert "z" not in used["registers"]


def test_trajectories_agree_between_targets() -> None:
    here, there = compiled_for("this machine"), compiled_for("avx2")
    assert here["steps"] == there["steps"]
    values, others = np.array(here["states"]), np.array(there["states"])
    largest = np.abs(values).max(axis=1, keepdims=True)
    assert np.all(np.abs(values - others) <= SAME_STEPS * largest)
