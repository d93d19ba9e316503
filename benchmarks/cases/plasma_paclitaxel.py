"""Weekly paclitaxel as one-hour infusions with kinetics in plasma, beside LAG-3Ig."""

from ...model.dosing import dose
from ...model.model import load_model
from ..problem import Problem, pose
from .phase_one import REGIMEN, TIMES

NAME = "plasma-paclitaxel"
PACLITAXEL = dose("paclitaxel", "80 mg/m**2", every="7 d", count=24, infuse="1 h")


def problem(patients: int) -> Problem:
    """Phase I regimen with paclitaxel = two_compartment and 24 weekly infusions."""
    model = load_model({"paclitaxel": "two_compartment"})
    return pose(NAME, model=model, regimen=REGIMEN + PACLITAXEL, times=TIMES, patients=patients)
