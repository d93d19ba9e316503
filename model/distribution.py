"""Distributions that parameters are drawn from, joint over all that vary."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .correlation import correlate, correlation_factor
from .definition.parameters import Parameter
from .engine.simd import exp, log, sqrt
from .errors import PopulationError
from .model import Model
from .randomness import normal_quantile
from .sampling import points
from .spread import Declared

Floats = NDArray[np.float64]

COMPONENT = "component of the mixture"


class ParameterDistribution:
    """Parameters that vary between the patients of a model, on the scale on which they are normal.

    Raises
    ------
    PopulationError
        If correlations do not hold together, or the structure is a mixture and the table has none.
    """

    def __init__(self, model: Model) -> None:
        table = model.parameters
        columns = {symbol: column for column, symbol in enumerate(model.kernels.parameters)}
        varying = [item for symbol, item in table.parameters.items() if symbol in columns and _varies(item)]
        self.typical = model.typical()
        self.marginals = tuple(_Marginal.of(item, columns[item.symbol]) for item in varying)
        self.factor = correlation_factor([item.symbol for item in varying], table.correlations)
        self.mixture = table.mixture if model.structure.microenvironment == "mixture" else None
        if model.structure.microenvironment == "mixture" and self.mixture is None:
            raise PopulationError("microenvironment = mixture needs a [mixture] in the table of parameters")
        factors = {} if self.mixture is None else dict(self.mixture.factors)
        self.mixed = tuple((columns[symbol], value) for symbol, value in factors.items() if symbol in columns)
        self.declared = tuple(
            Declared(
                item.symbol,
                item.distribution,
                item.value,
                item.spread,
                columns[item.symbol],
                factors.get(item.symbol, 1.0),
            )
            for item in varying
        )

    def draw(
        self, ids: NDArray[np.int64], *, seed: int, sampling: str, attempt: int, count: int | None
    ) -> tuple[Floats, NDArray[np.int8]]:
        """Parameters, shape (P, K), and component, shape (P,), of one attempt at each patient."""
        names = [marginal.symbol for marginal in self.marginals]
        varying = len(names)
        if self.mixture:
            names.append(COMPONENT)
        uniform = points(sampling, names, ids, seed=seed, attempt=attempt, count=count)
        normal = correlate(self.factor, normal_quantile(uniform[:, :varying]))
        drawn = np.tile(self.typical, (len(ids), 1))
        for place, marginal in enumerate(self.marginals):
            drawn[:, marginal.column] = marginal.value(normal[:, place])
        component = np.zeros(len(ids), dtype=np.int8)
        if self.mixture:
            component[uniform[:, varying] < self.mixture.share] = 1
            for column, factor in self.mixed:
                drawn[component == 1, column] *= factor
        return drawn, component

    def carried(
        self,
        parameters: Floats,
        component: NDArray[np.int8],
        other: "ParameterDistribution",
        columns: Sequence[int],
    ) -> Floats:
        """Parameters of drawn patients as they would have been drawn from another table, shape (P, columns).

        Each patient keeps the place it has in every distribution. Correlations and the share of a mixture
        must be the same in both tables.
        """
        factors = dict(self.mixed)
        varying = {
            mine.column: (mine, its) for mine, its in zip(self.marginals, other.marginals, strict=True)
        }
        carried = np.empty((len(parameters), len(columns)))
        for place, column in enumerate(columns):
            factor = np.where(component == 1, factors.get(column, 1.0), 1.0)
            if column in varying:
                mine, its = varying[column]
                carried[:, place] = its.value(mine.normal(parameters[:, column] / factor)) * factor
            else:
                carried[:, place] = other.typical[column] * factor
        return carried


@dataclass(frozen=True, slots=True)
class _Marginal:
    """Distribution of one parameter: the median, and the standard deviation on the normal scale."""

    symbol: str
    column: int
    median: float
    deviation: float
    logit: bool

    @classmethod
    def of(cls, item: Parameter, column: int) -> "_Marginal":
        logit = item.distribution == "logitnormal"
        deviation = item.spread if logit else float(sqrt(log(1.0 + item.spread * item.spread)))
        return cls(item.symbol, column, item.value, deviation, logit)

    def value(self, normal: Floats) -> Floats:
        """Value of the parameter for each standard normal."""
        away = exp(self.deviation * normal)
        if not self.logit:
            return np.asarray(self.median * away)
        odds = self.median / (1.0 - self.median) * away
        return np.asarray(odds / (1.0 + odds))

    def normal(self, value: Floats) -> Floats:
        """Standard normal of each value."""
        away = log(value / self.median)
        if self.logit:
            away = log(value / (1.0 - value)) - log(self.median / (1.0 - self.median))
        return np.asarray(away / self.deviation)


def _varies(parameter: Parameter) -> bool:
    return parameter.distribution != "none" and parameter.spread > 0.0
