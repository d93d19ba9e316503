"""Random patients of one structure, and the kernels on them through their numpy twins."""

import numpy as np

from lag3ig.model.definition.structures import Structure
from lag3ig.model.model import Model, load_model

PATIENTS = 40


class Batch:
    """Random patients of one structure, and the kernels on them through their numpy twins."""

    def __init__(self, of: Structure | Model, *, patients: int = PATIENTS, spread: float = 0.25) -> None:
        self.model = of if isinstance(of, Model) else load_model(of)
        self.kernels = self.model.kernels
        self.generator = np.random.default_rng(20090101)
        typical = self.model.typical()
        noise = np.exp(spread * self.generator.standard_normal((len(typical), patients)))
        self.parameters = typical[:, np.newaxis] * noise
        for row, symbol in enumerate(self.kernels.parameters):
            bounds = self.model.parameters[symbol].bounds
            if bounds:
                self.parameters[row] = np.clip(self.parameters[row], bounds[0], min(bounds[1], 1e9))
            if self.model.parameters[symbol].distribution == "logitnormal":
                self.parameters[row] = self.generator.uniform(0.1, 0.9, patients)
        self.patients = patients
        self.derived = self.run("derive", self.kernels.derived_rows, self.parameters)
        self.start = self.run("start", len(self.kernels.states), self.derived)
        self.inputs = np.array([[value] * patients for _, value in self.kernels.inputs])

    def run(self, kernel: str, rows: int, *arguments: np.ndarray) -> np.ndarray:
        out = np.full((rows, arguments[-1].shape[1]), np.nan)
        getattr(self.kernels, kernel)(*arguments, out)
        return out

    def rates(self, y: np.ndarray) -> np.ndarray:
        return self.run("rhs", len(y), y, self.inputs, self.derived)

    def observed(self, y: np.ndarray) -> dict[str, np.ndarray]:
        rows = self.run("observe", len(self.kernels.observables), y, self.inputs, self.derived)
        return dict(zip(self.kernels.observables, rows, strict=True))

    def row(self, state: str) -> int:
        return self.kernels.states.index(state)

    def value(self, symbol: str) -> np.ndarray:
        return self.parameters[self.kernels.parameters.index(symbol)]

    def away(self) -> np.ndarray:
        """States far from the start, none of them zero, and every input switched on."""
        factor = np.exp(0.5 * self.generator.standard_normal(self.start.shape))
        raised = np.where(self.start == 0.0, self.generator.uniform(0.1, 2.0, self.start.shape), 0.0)
        self.inputs = self.generator.uniform(0.2, 2.0, self.inputs.shape)
        return self.start * factor + raised
