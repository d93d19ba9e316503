"""Correlations between parameters, on the scale on which they are normal."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from .definition.parameters import Correlation
from .errors import PopulationError, nearest

Floats = NDArray[np.float64]

_LEAST_PIVOT = 1e-10


def correlation_factor(symbols: Sequence[str], correlations: Sequence[Correlation]) -> Floats:
    """Lower triangle whose product with its transpose is the correlation matrix, shape (N, N).

    Parameters
    ----------
    symbols
        The N parameters that vary.
    correlations
        Declared pairs; all others are uncorrelated.

    Raises
    ------
    PopulationError
        If a pair names a parameter that does not vary, stands there twice, or makes the matrix impossible
        (not positive definite); the message names the first pair, in the order of the table, that does.
    """
    matrix = np.eye(len(symbols))
    for item in correlations:
        one, other = item.symbols
        pair = f"correlation of {one} and {other}"
        for symbol in item.symbols:
            if symbol not in symbols:
                raise PopulationError(
                    f"{pair}: {symbol} does not vary between patients; {nearest(symbol, symbols)} "
                    "Give it a distribution and a spread, or leave the correlation out"
                )
        row, column = symbols.index(one), symbols.index(other)
        if row == column or matrix[row, column]:
            raise PopulationError(f"{pair}: stands there twice or pairs a parameter with itself; keep one")
        matrix[row, column] = matrix[column, row] = item.value
    factor, fault = _cholesky(matrix)
    if fault is not None:
        known = set(symbols[:fault])
        culprits = [
            item for item in correlations if symbols[fault] in item.symbols and known & set(item.symbols)
        ]
        worst = culprits[-1]
        raise PopulationError(
            f"correlation of {' and '.join(worst.symbols)}: {worst.value:g} is impossible beside the "
            "others (the matrix is not positive definite); bring one of them nearer to 0"
        )
    return factor


def _cholesky(matrix: Floats) -> tuple[Floats, int | None]:
    """Cholesky factor by scalar arithmetic, the same bits everywhere, and the row at which there is none."""
    size = len(matrix)
    factor = np.zeros((size, size))
    for row in range(size):
        for column in range(row + 1):
            rest = float(matrix[row, column])
            for before in range(column):
                rest -= float(factor[row, before]) * float(factor[column, before])
            if column < row:
                factor[row, column] = rest / float(factor[column, column])
            elif rest <= _LEAST_PIVOT:
                return factor, row
            else:
                factor[row, row] = math.sqrt(rest)
    return factor, None


def correlate(factor: Floats, normals: Floats) -> Floats:
    """Correlated normals of independent ones, shape (P, N), term by term in a fixed order."""
    out = np.zeros_like(normals)
    for row in range(factor.shape[0]):
        for column in np.flatnonzero(factor[row]):
            out[:, row] += factor[row, column] * normals[:, column]
    return out
