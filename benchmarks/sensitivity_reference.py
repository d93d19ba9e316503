"""Sensitivities another way: differences between tight solutions of patients moved a little.

Nothing of the engine's differentiation is used, only curves, which have references of their own.
"""

from dataclasses import dataclass, replace

import numpy as np

from ..model.dosing import dose
from ..model.model import Model
from ..model.population import Patients, draw
from ..model.sensitivities import Sensitivities
from ..model.simulation import simulate

# What the equations, the start and the doses depend on; Fsc and tlag reach the curves through doses alone.
SYMBOLS = tuple("ka kly VF CLF Fsc tlag hS N50 aM kkill Tsat DT kex kpro EM0 qE n1 aN y0 SLD0".split())
REGIMEN = dose("lag3ig", "30 mg", every="14 d", count=6)
TIMES = np.linspace(0.0, 168.0, 61)[1:] + 0.1  # never at the time of a dose, where a lag makes a jump
LAG = 0.2  # days, so that it can be moved both ways
TIGHT = 1e-12
MOVES = (2e-3, 1e-3)
NONE = 1e-6  # relative change per relative change of a parameter below which there is none to compare with


def population(model: Model, count: int) -> Patients:
    """Patients of the literature set, with a lag."""
    patients = draw(model, count, seed=20090101)
    patients.parameters[:, model.kernels.parameters.index("tlag")] = LAG
    return patients


@dataclass(frozen=True)
class Differences:
    """Relative change of states and observables per relative change of each parameter, (P, T, S + O, p)."""

    slopes: np.ndarray
    size: np.ndarray  # largest absolute value over time, (P, S + O)

    def errors(self, found: np.ndarray) -> np.ndarray:
        """Largest errors over time relative to the largest slope, (P, S + O, p); NaN where that is none."""
        top = np.abs(self.slopes).max(axis=1)
        top[top <= NONE * self.size[:, :, None]] = np.nan
        return np.abs(found - self.slopes).max(axis=1) / top

    def unseen(self, found: np.ndarray) -> float:
        """Largest slope found where there is none, relative to the curve."""
        none = np.isnan(self.errors(found)) & (self.size > 0.0)[:, :, None]
        size = np.where(self.size > 0.0, self.size, 1.0)
        return float(np.max(np.abs(found).max(axis=1) / size[:, :, None], where=none, initial=0.0))


def differences(model: Model, patients: Patients) -> Differences:
    """Fourth-order central differences."""
    columns = []
    for symbol in SYMBOLS:
        row = model.kernels.parameters.index(symbol)
        rough, fine = (
            (curves(model, patients, row, move) - curves(model, patients, row, -move)) / (2.0 * move)
            for move in MOVES
        )
        columns.append((4.0 * fine - rough) / 3.0)
    return Differences(np.stack(columns, axis=-1), np.abs(curves(model, patients, 0, 0.0)).max(axis=1))


def curves(model: Model, patients: Patients, row: int, move: float) -> np.ndarray:
    """States and observables, (P, T, S + O), with one parameter moved by a share of itself."""
    parameters = patients.parameters.copy()
    parameters[:, row] *= 1.0 + move
    moved = replace(patients, parameters=parameters)
    run = simulate(REGIMEN, times=TIMES, model=model, patients=moved, rtol=TIGHT)
    return np.concatenate([run.states, run.observables], axis=2)


def relative(run: Sensitivities) -> np.ndarray:
    """Slopes of states and observables per relative change of each parameter, (P, T, S + O, p)."""
    patients = run.trajectories
    rows = [patients.model.kernels.parameters.index(symbol) for symbol in run.symbols]
    slopes = np.concatenate([run.states, run.observables], axis=2)
    return slopes * patients.parameters[:, None, None, rows]
