"""Rodas5P beside Tsit5 on every shipped structure with every partner: is one default right for all?"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ...model.definition.structures import Structure
from ...model.dosing import Regimen, dose
from ...model.model import Model, load_model
from ..peers import engine
from ..precision import Curve, work_precision
from ..problem import pose
from ..references import reference
from .phase_one import REGIMEN, TIMES
from .plasma_paclitaxel import PACLITAXEL as PLASMA_PACLITAXEL

EQUAL_ERRORS = (1e-4, 1e-6)
TIMED: Mapping[str, int] = {"patients": 64, "unit": 16}  # the unit where a patient takes long
ARMS = (
    replace(engine.DEFAULT, tolerances=(1e-3, 1e-4, 1e-5, 1e-6, 1e-7, 1e-8), **TIMED),
    replace(engine.EXPLICIT, tolerances=(1e-4, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9), **TIMED),
)
PARTNERS: Mapping[str, Regimen] = {
    "none": Regimen(),
    "pembrolizumab": dose("pembrolizumab", "200 mg", every="21 d", count=8, infuse="30 min"),
    "paclitaxel": dose("paclitaxel", "80 mg/m**2", every="7 d", count=24),
    "vaccine": dose("vaccine", 1.0, every="28 d", count=6),
}
QUICK = ("default", "binding-explicit")


def models(quick: bool) -> Iterator[tuple[str, Model]]:
    """Every set of equations that is shipped, and the stiffest of them at its stiffest."""
    seen = set()
    for structure in (Structure(), *Structure().one_step_alternatives()):
        model = load_model(structure)
        if model.kernels.hash not in seen and (not quick or structure.name in QUICK):
            yield structure.name, model
        seen.add(model.kernels.hash)
    yield "binding-explicit, koff 1e3 /d", load_model({"binding": "explicit"}, {"koff": 1e3})


def run(quick: bool) -> list[dict[str, Any]]:
    """Microseconds of a patient by either method at equal worst errors, and Tsit5's over Rodas5P's.

    A method that does not reach an error at the tolerances tried has no time there.
    """
    return [
        _of(name, model, partner, 8 if quick else 32)
        for name, model in models(quick)
        for partner in PARTNERS
        if not quick or partner in ("none", "paclitaxel")
    ]


def _of(name: str, model: Model, partner: str, patients: int) -> dict[str, Any]:
    with_partner = PARTNERS[partner]
    if partner == "paclitaxel" and model.structure.paclitaxel == "two_compartment":
        partner, with_partner = "plasma paclitaxel", PLASMA_PACLITAXEL
    problem = pose(name, model=model, regimen=REGIMEN + with_partner, times=TIMES, patients=patients)
    rows = work_precision(problem, ARMS, reference(problem), own=engine.DEFAULT.name)
    result: dict[str, Any] = {"structure": name, "partner": partner, "states": len(model.kernels.states)}
    for error in EQUAL_ERRORS:
        ours, other = (Curve([row for row in rows if row.engine == arm.name]).at(error) for arm in ARMS)
        result |= {f"rodas5p_us_{error:.0e}": ours, f"tsit5_us_{error:.0e}": other}
        result[f"tsit5_over_rodas5p_{error:.0e}"] = other / ours if ours and other else None
    return result
