"""Derivatives by a complex step: exact to rounding, for formulas written in numpy."""

import numpy as np

STEP = 1e-30  # of the complex-step derivative, which is exact to rounding


def complex_step(function, values: dict[str, float], symbols: tuple[str, ...]) -> np.ndarray:
    """Derivatives of an analytic function, one symbol a column."""
    columns = []
    for symbol in symbols:
        moved = {name: value + 0j for name, value in values.items()}
        moved[symbol] += STEP * 1j
        columns.append(np.imag(function(**moved)) / STEP)
    return np.stack(columns, axis=-1)
