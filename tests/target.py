"""Kernels and a trajectory of the shipped model on the compile target that the environment names, as JSON.

Run with NUMBA_CPU_NAME and NUMBA_CPU_FEATURES to compile for another processor than this one.
"""

import json
import re

from lag3ig.model import dose, draw, load_model, simulate
from lag3ig.model.engine import compilation

KERNELS = ("derive", "rhs", "factor", "solve")


def main() -> None:
    compilation.private_folder = lambda: None  # what comes from a cache has no assembly to look at
    model = load_model()
    used = {}
    for name in KERNELS:
        text = getattr(model.kernels, name).compiled._library.get_asm_str()
        used[name] = {
            "instructions": sorted(set(re.findall(r"^\s+(v?\w+)", text, re.MULTILINE))),
            "registers": sorted(set(re.findall(r"%([xyz])mm", text))),
        }
    patients = draw(model, 16, seed=7)
    regimen = dose("lag3ig", "30 mg", every="14 d", count=2)
    run = simulate(regimen, model=model, patients=patients, times=[1.0, 14.0, 15.0, 28.0])
    print(json.dumps({"kernels": used, "states": run.states.tolist(), "steps": run.steps.tolist()}))


if __name__ == "__main__":
    main()
