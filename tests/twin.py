"""The phase I regimen on two virtual patients, both methods: prints every curve as JSON.

Run with and without NUMBA_DISABLE_JIT=1; without the compiler it shows which lines of the engine run.
"""

import json

from lag3ig.model import dose, draw, load_model, simulate


def main() -> None:
    found = {}
    regimen = dose("lag3ig", "30 mg", every="14 d", count=2)
    regimen += dose("pembrolizumab", "200 mg", start="1 d", infuse="0.5 h")
    patients = draw(load_model(), 2, seed=7)
    for method in ("rodas5p", "tsit5"):
        run = simulate(regimen, patients=patients, times=[0.0, 1.0, 14.0, 15.0], method=method, rtol=1e-4)
        found[method] = {
            "states": run.states.tolist(),
            "observables": run.observables.tolist(),
            "steps": run.steps.tolist(),
        }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
