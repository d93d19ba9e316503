"""The shipped model on numpy, without the compiler, takes the steps of the compiled lanes."""

import json
from pathlib import Path

import numpy as np

from .compiler import with_and_without_compiler
from .tolerances import SAME_STEPS

SCRIPT = Path(__file__).with_name("twin.py")


def test_agrees_with_and_without_the_compiler() -> None:
    compiled, twin = map(json.loads, with_and_without_compiler(str(SCRIPT)))
    assert set(compiled) == {"rodas5p", "tsit5"}
    for method, expected in compiled.items():
        found = twin[method]
        assert found["steps"] == expected["steps"]
        for curves in ("states", "observables"):
            values, others = np.array(expected[curves]), np.array(found[curves])
            largest = np.abs(values).max(axis=1, keepdims=True)
            assert np.all(np.abs(values - others) <= SAME_STEPS * largest), method
