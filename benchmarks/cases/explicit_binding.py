"""Explicit receptor binding with a dissociation rate of 1,000 a day: the stiff one."""

from ...model.model import load_model
from ..problem import Problem, pose
from .phase_one import REGIMEN, TIMES

NAME = "explicit-binding"


def problem(patients: int) -> Problem:
    """Phase I regimen with binding = explicit and koff = 1e3 /d."""
    model = load_model({"binding": "explicit"}, {"koff": 1e3})
    return pose(NAME, model=model, regimen=REGIMEN, times=TIMES, patients=patients)
