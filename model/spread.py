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

    @property
    def logit(self) -> bool:
        """Whether its logit is normal, and not its logarithm."""
        return self.distribution == "logitnormal"

    def on_normal_scale(self, values: Floats) -> Floats:
        """Values on the scale on which they were drawn from a normal distribution."""
        return np.asarray(np.log(values / (1.0 - values)) if self.logit else np.log(values))


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
    redrawn = redrawn_share(attempts)
    return tuple(spread_row(item, parameters[:, item.column], component, redrawn) for item in declared)


def redrawn_share(attempts: NDArray[np.int64]) -> float:
    """Share of patients whose first draw was implausible."""
    return float(np.mean(attempts > 1)) if len(attempts) else 0.0


def spread_row(item: Declared, values: Floats, component: NDArray[np.int8], redrawn: float) -> SpreadRow:
    """Row of one parameter from its values in all patients, shape (P,)."""
    values = values / np.where(component == 1, item.factor, 1.0)
    normal = item.on_normal_scale(values)
    deviation = float(np.std(normal, ddof=1)) if len(normal) > 1 else float("nan")
    spread = deviation if item.logit else float(np.sqrt(np.expm1(deviation**2)))
    median = float(np.median(values)) if len(values) else float("nan")
    return SpreadRow(item.symbol, item.distribution, item.median, median, item.spread, spread, redrawn)
