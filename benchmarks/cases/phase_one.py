"""Phase I trial model: 30 mg x 6 every two weeks, 24 weeks, 60 outputs."""

import numpy as np

from ...model.dosing import dose
from ...model.model import load_model
from ..problem import Problem, pose

NAME = "phase-1"
TIMES = np.round(np.linspace(0.0, 168.0, 61)[1:], 9)  # an output at a dose is at it, not just before
REGIMEN = dose("lag3ig", "30 mg", every="14 d", count=6)


def problem(patients: int) -> Problem:
    """The default structure."""
    return pose(NAME, model=load_model(), regimen=REGIMEN, times=TIMES, patients=patients)
