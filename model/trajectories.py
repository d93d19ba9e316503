"""Simulated curves of a batch of patients, and how each of them ended."""

from dataclasses import dataclass

import numpy as np

from .engine.status import Status
from .errors import SimulationError, nearest
from .model import Model


@dataclass(frozen=True, slots=True)
class Trajectories:
    """States and observables of P patients at T times.

    Attributes
    ----------
    model : Model
        The model that was solved.
    ids : ndarray, shape (P,)
        Patient numbers; patient k is the same person in every simulation with the same seed.
    parameters : ndarray, shape (P, K)
        Parameter values in the order of ``model.kernels.parameters``.
    times : ndarray, shape (T,)
        Output times, days. An output at the time of a dose is taken after it.
    states : ndarray, shape (P, T, S)
        States in the order of ``model.kernels.states``; NaN where a patient failed.
    observables : ndarray, shape (P, T, O)
        Observables in the order of ``model.kernels.observables``; NaN where a patient failed.
    status : ndarray of int8, shape (P,)
        0 or 1 if the patient was solved, negative if not; see `Status`.
    steps : ndarray, shape (P,)
        Accepted steps.
    """

    model: Model
    ids: np.ndarray
    parameters: np.ndarray
    times: np.ndarray
    states: np.ndarray
    observables: np.ndarray
    status: np.ndarray
    steps: np.ndarray

    def curve(self, name: str) -> np.ndarray:
        """Values of one observable or state, shape (P, T), in its own unit (see `unit`).

        Raises
        ------
        SimulationError
            If the model has neither an observable nor a state of that name.
        """
        kernels = self.model.kernels
        if name in kernels.observables:
            return self.observables[:, :, kernels.observables.index(name)]
        if name in kernels.states:
            return self.states[:, :, kernels.states.index(name)]
        known = (*kernels.observables, *kernels.states)
        raise SimulationError(f"no observable or state is called {name!r}; {nearest(name, known)}")

    def unit(self, name: str) -> str:
        """Unit of an observable or state, as declared in the model's definition."""
        self.curve(name)
        return self.model.unit(name)

    def quantiles(self, name: str, levels: tuple[float, ...] = (0.05, 0.5, 0.95)) -> np.ndarray:
        """Quantiles over the patients that were solved, shape (T, len(levels)); NaN if none was."""
        values = self.curve(name)[self.solved]
        if values.shape[0] == 0:
            return np.full((self.times.size, len(levels)), np.nan)
        return np.quantile(values, levels, axis=0).T

    def median(self, name: str) -> np.ndarray:
        """Median over the patients that were solved, shape (T,)."""
        return self.quantiles(name, (0.5,))[:, 0]

    @property
    def solved(self) -> np.ndarray:
        """Patients whose integration reached the last time, shape (P,) of bool."""
        return self.status >= 0

    @property
    def outcomes(self) -> dict[str, int]:
        """Number of patients by status; the counts sum to P."""
        codes, counts = np.unique(self.status, return_counts=True)
        return {Status(int(code)).name.lower(): int(count) for code, count in zip(codes, counts, strict=True)}
