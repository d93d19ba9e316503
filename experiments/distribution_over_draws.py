"""Distribution of patients that are divided over the draws of a fit, each draw with a table of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ..model import Model
from ..model.correlation import correlate
from ..model.distribution import COMPONENT, ParameterDistribution
from ..model.engine.simd import exp
from ..model.errors import PopulationError
from ..model.randomness import normal_quantile
from ..model.sampling import points

Floats = NDArray[np.float64]


class DistributionOverDraws(ParameterDistribution):
    """Patient k comes from the table of draw k mod D, and has the same place in it as in any other.

    Parameters
    ----------
    middle : Model
        At the middle of the draws: what ``declared`` and ``typical`` tell of.
    models : sequence of Model, D of them
        One for each draw, of the same structure.

    Raises
    ------
    PopulationError
        If other parameters vary in one draw than in the next, or correlations do not hold together.
    """

    def __init__(self, middle: Model, models: Sequence[Model]) -> None:
        super().__init__(middle)
        self.models = tuple(models)
        self._each = [ParameterDistribution(model) for model in models]
        self._names = [item.symbol for item in self.marginals]
        for number, one in enumerate(self._each):
            if [item.symbol for item in one.marginals] != self._names:
                raise PopulationError(f"draw {number} of the fit lets other parameters vary than the rest")
        self._medians = np.array([[item.median for item in one.marginals] for one in self._each])
        self._deviations = np.array([[item.deviation for item in one.marginals] for one in self._each])
        self._typicals = np.array([one.typical for one in self._each])
        self._shares = np.array([one.mixture.share if one.mixture else 0.0 for one in self._each])
        self._factors = [one.factor for one in self._each]
        self._one_factor = all(np.array_equal(factor, self._factors[0]) for factor in self._factors)

    def draw_of(self, ids: NDArray[np.int64]) -> NDArray[np.int32]:
        """Number of the draw that each patient belongs to, shape (P,)."""
        return np.asarray(ids % len(self.models), dtype=np.int32)

    def draw(
        self, ids: NDArray[np.int64], *, seed: int, sampling: str, attempt: int, count: int | None
    ) -> tuple[Floats, NDArray[np.int8]]:
        """Parameters, shape (P, K), and component, shape (P,), of one attempt at each patient."""
        of = self.draw_of(ids)
        names = [*self._names, *([COMPONENT] if self.mixture else [])]
        uniform = points(sampling, names, ids, seed=seed, attempt=attempt, count=count)
        normal = self._correlated(normal_quantile(uniform[:, : len(self._names)]), of)
        drawn = self._typicals[of]
        for place, marginal in enumerate(self.marginals):
            median = self._medians[of, place]
            away = exp(self._deviations[of, place] * normal[:, place])
            odds = median / (1.0 - median) * away if marginal.logit else away
            drawn[:, marginal.column] = odds / (1.0 + odds) if marginal.logit else median * away
        component = np.zeros(len(ids), dtype=np.int8)
        if self.mixture:
            component[uniform[:, -1] < self._shares[of]] = 1
            for column, factor in self.mixed:
                drawn[component == 1, column] *= factor
        return drawn, component

    def _correlated(self, normal: Floats, of: NDArray[np.int32]) -> Floats:
        if self._one_factor:
            return correlate(self._factors[0], normal)
        found = np.empty_like(normal)
        for number in np.unique(of):
            found[of == number] = correlate(self._factors[number], normal[of == number])
        return found
