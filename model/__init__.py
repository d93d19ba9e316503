"""What is made of biology and numbers: the mechanism, its solver, patients, dosing and endpoints.

Shapes are named by one alphabet: P patients, T times, S states, K parameters, U inputs, O observables,
D doses, A arms, C rows of a cohort card. Patients come first; arrays are C-contiguous doubles. Time is in
days.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .build import build as build
    from .definition.structures import Structure as Structure
    from .dose_rules import DelayWhile as DelayWhile
    from .dose_rules import StopAtProgression as StopAtProgression
    from .dosing import Regimen as Regimen
    from .dosing import dose as dose
    from .dosing import reset as reset
    from .model import Model as Model
    from .model import load_model as load_model
    from .population import Patients as Patients
    from .population import draw as draw
    from .sensitivities import Sensitivities as Sensitivities
    from .sensitivities import simulate_sensitivities as simulate_sensitivities
    from .simulation import simulate as simulate
    from .trajectories import Trajectories as Trajectories

_HOMES = {
    "DelayWhile": "dose_rules",
    "Model": "model",
    "Patients": "population",
    "Regimen": "dosing",
    "Sensitivities": "sensitivities",
    "StopAtProgression": "dose_rules",
    "Structure": "definition.structures",
    "Trajectories": "trajectories",
    "build": "build",
    "dose": "dosing",
    "draw": "population",
    "load_model": "model",
    "reset": "dosing",
    "simulate": "simulation",
    "simulate_sensitivities": "sensitivities",
}

__all__ = [
    "DelayWhile",
    "Model",
    "Patients",
    "Regimen",
    "Sensitivities",
    "StopAtProgression",
    "Structure",
    "Trajectories",
    "build",
    "dose",
    "draw",
    "load_model",
    "reset",
    "simulate",
    "simulate_sensitivities",
]


def __getattr__(name: str) -> Any:
    # Imported on first use: a program that only reads a result should not wait for numba.
    if name in _HOMES:
        value = getattr(import_module(f".{_HOMES[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
