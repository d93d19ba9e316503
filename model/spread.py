"""Spreads of a population: what the table declares, and what the drawn patients have."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Declared:
    """Distribution of one parameter, and the factor on it in the second kind of patient of a mixture."""

    symbol: str
    distribution: str
    median: float
    spread: float
    column: int
    factor: float = 1.0


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """Median and spread of one parameter, declared and realised.

    The spread is the coefficient of variation of a log-normal or the standard deviation of the logit of a
    logit-normal, both from the standard deviation on the normal scale. ``redrawn`` is the share of patients
    whose first draw was implausible.
    """

    symbol: str
    distribution: str
    declared_median: float
    realised_median: float
    declared_spread: float
    realised_spread: float
    redrawn: float


def realised(
    declared: Sequence[Declared], parameters: Floats, component: NDArray[np.int8], attempts: NDArray[np.int64]
) -> tuple[SpreadRow, ...]:
    """Rows of every parameter that varies; spreads of fewer than two patients are NaN.

    Patients of the second kind are counted with their factor taken out.
    """
    redrawn = float(np.mean(attempts > 1)) if len(attempts) else 0.0
    rows = []
    for item in declared:
        values = parameters[:, item.column] / np.where(component == 1, item.factor, 1.0)
        logit = item.distribution == "logitnormal"
        normal = np.log(values / (1.0 - values)) if logit else np.log(values)
        deviation = float(np.std(normal, ddof=1)) if len(normal) > 1 else float("nan")
        spread = deviation if logit else float(np.sqrt(np.expm1(deviation**2)))
        median = float(np.median(values)) if len(values) else float("nan")
        rows.append(
            SpreadRow(item.symbol, item.distribution, item.median, median, item.spread, spread, redrawn)
        )
    return tuple(rows)
