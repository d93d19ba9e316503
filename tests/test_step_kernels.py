"""The kernels that follow the states write derivatives of what the states' kernels write."""

import numpy as np
import pytest

from lag3ig.model.definition.structures import Structure
from lag3ig.model.engine.sensitivity_kernels import seeded, sensitivity_kernels
from lag3ig.model.symbolic import emit

from .batch import Batch
from .tolerances import DIFFERENCES

SHIPPED = emit.shipped()
PARAMETERS = 12  # of about a hundred; others in every structure
DIAGONAL = 20.0


class Moved:
    """The model's own kernels where parameter, states, inputs and right side have moved a little."""

    def __init__(self, batch: Batch, y: np.ndarray, right: np.ndarray, row: int) -> None:
        self.batch, self.row = batch, row
        value = batch.parameters[row]
        self.unit = np.where(value == 0.0, 1.0, np.abs(value))
        draw = batch.generator.standard_normal
        self.whole = {"y": y, "inputs": batch.inputs, "right": right}
        self.slopes = {name: values * draw(values.shape) / self.unit for name, values in self.whole.items()}

    def at(self, move: float) -> tuple[np.ndarray, np.ndarray]:
        """Slope at the moved states, and solution."""
        batch = self.batch
        y, inputs, right = (
            self.whole[name] + move * self.unit * slope for name, slope in self.slopes.items()
        )
        parameters = batch.parameters.copy()
        parameters[self.row] += move * self.unit
        derived = batch.run("derive", batch.kernels.derived_rows, parameters)
        diagonal = np.full((1, batch.patients), DIAGONAL)
        factors = batch.run("factor", batch.kernels.factor_rows, y, inputs, derived, diagonal)
        batch.kernels.solve(factors, right)
        return batch.run("rhs", len(y), y, inputs, derived), right

    def differences(self) -> tuple[np.ndarray, np.ndarray]:
        """Derivatives of both."""
        above, below = ([self.at(sign * move) for move in (2e-3, 1e-3)] for sign in (1.0, -1.0))
        rough, fine = (
            [(up - down) / (2.0 * move * self.unit) for up, down in zip(*pair, strict=True)]
            for *pair, move in zip(above, below, (2e-3, 1e-3), strict=True)
        )
        slope, solution = ((4.0 * b - a) / 3.0 for a, b in zip(rough, fine, strict=True))
        return slope, solution


@pytest.mark.parametrize("structure", SHIPPED, ids=[structure.name for structure in SHIPPED])
def test_directions_of_every_structure(structure: Structure) -> None:
    batch = Batch(structure, patients=4)
    kernels = batch.kernels
    first = SHIPPED.index(structure)
    chosen = tuple(range(first % 8, len(kernels.parameters), 8))[:PARAMETERS]
    whole = sensitivity_kernels(kernels, chosen)
    along = whole.directions
    assert along is not None
    y, right = batch.away(), batch.generator.standard_normal(batch.start.shape)
    derived, factors = (np.zeros((rows, 4)) for rows in (whole.derived_rows, whole.factor_rows))
    slope, solution = np.zeros_like(y), right.copy()
    whole.derive(seeded(batch.parameters.T, chosen).T, derived)
    whole.factor(y, batch.inputs, derived, np.full((1, 4), DIAGONAL), factors)
    whole.rhs(y, batch.inputs, derived, slope)
    whole.solve(factors, solution)
    for block, row in enumerate(chosen, start=1):
        moved = Moved(batch, y, right, row)
        d_y, d_inputs, d_right = moved.slopes.values()
        own = derived[along.derived_first + block * along.derived_rows :]
        d_slope, d_solution, d_stage = np.zeros_like(y), d_right.copy(), d_right.copy()
        along.rhs(d_y, d_inputs, derived, own, d_slope)
        along.solve(factors, d_y, d_inputs, own, d_solution)
        along.stage(factors, derived, d_y, d_y, d_inputs, own, d_stage)
        d_both = d_right + d_slope
        along.solve(factors, d_y, d_inputs, own, d_both)
        pairs = ((d_slope, d_solution, d_stage), (*moved.differences(), d_both))
        for found, wanted in zip(*pairs, strict=True):
            size = np.abs(wanted).max(axis=0)
            np.testing.assert_allclose(found / size, wanted / size, atol=DIFFERENCES, err_msg=str(row))
