"""Search by covariance matrix adaptation: needs no slopes, and climbs where local searches get stuck."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model.errors import ParameterError
from .local import WITHIN
from .posterior import IMPOSSIBLE, Posterior, log_posteriors, prior_box, prior_scale

Array = NDArray[np.float64]

FIRST_SPREAD = 0.5  # of the first generation, in deviations of the prior
SAME_VALUE = 1e-3  # of log-posterior: generations that differ less have converged
MORE_POINTS = 2  # times as many in the generations of each restart


@dataclass(frozen=True, slots=True)
class Run:
    """One run until it converged, stalled or ran out of evaluations.

    Attributes
    ----------
    end : ndarray, shape (n,)
        Best point, on the free scale.
    log_posterior : float
        There; minus infinity if no point was possible.
    points : int
        Of a generation.
    evaluations : int
    failed : int
        Points that were impossible.
    reason : str
        Why it ended.
    """

    end: Array
    log_posterior: float
    points: int
    evaluations: int
    failed: int
    reason: str


@dataclass(frozen=True, slots=True)
class Evolution:
    """Runs in their order; each has larger generations than the one before."""

    runs: tuple[Run, ...]

    @property
    def best(self) -> Run:
        """The run that ended highest."""
        return max(self.runs, key=lambda run: run.log_posterior)

    @property
    def evaluations(self) -> int:
        """Of all runs."""
        return sum(run.evaluations for run in self.runs)


class Generations:
    """Generations of points by ask and tell; impossible points rank behind all others.

    Parameters
    ----------
    posterior : Posterior
        Only its prior is used, for scale and bounds.
    start : array_like, shape (n,)
    seed : int
    points : int, optional
        Of a generation; else as many as the library thinks right.
    most_evaluations : int
    """

    def __init__(
        self,
        posterior: Posterior,
        start: ArrayLike,
        *,
        seed: int,
        points: int | None = None,
        most_evaluations: int = 10_000,
    ) -> None:
        import cma  # a second that other estimators need not pay

        generator = np.random.default_rng(seed)
        free_parameters = posterior.free_parameters
        self.scale = prior_scale(free_parameters)
        low, high = prior_box(free_parameters, WITHIN)
        self.origin = np.clip(np.asarray(start, dtype=np.float64), low, high)
        options: dict[str, Any] = {
            "seed": np.nan,  # any other would seed numpy's global generator
            "randn": lambda *shape: generator.standard_normal(shape),
            "verbose": -9,
            "verb_log": 0,
            "maxfevals": most_evaluations,
            "tolfun": SAME_VALUE,
            "bounds": [((end - self.origin) / self.scale).tolist() for end in (low, high)],
        }
        if points is not None:
            options["popsize"] = points
        self._strategy = cma.CMAEvolutionStrategy(np.zeros(self.origin.size), FIRST_SPREAD, options)
        self._asked: list[Array] = []
        self.best, self.value = self.origin, IMPOSSIBLE
        self.evaluations = self.failed = 0

    @property
    def size(self) -> int:
        """Points of a generation."""
        return int(self._strategy.popsize)

    def ask(self) -> Array:
        """The next generation on the free scale, shape (points, n)."""
        self._asked = self._strategy.ask()
        return np.asarray(self.origin + self.scale * np.array(self._asked))

    def tell(self, values: ArrayLike) -> None:
        """Log-posterior of the points last asked for, shape (points,).

        Raises
        ------
        ParameterError
            If there are not as many values as points.
        """
        found = np.asarray(values, dtype=np.float64)
        if found.shape != (len(self._asked),):
            raise ParameterError(f"{found.size} values were told of {len(self._asked)} points")
        possible = np.isfinite(found)
        self.evaluations += found.size
        self.failed += int((~possible).sum())
        behind = 1.0 - (found[possible].min() if possible.any() else 0.0)
        self._strategy.tell(self._asked, np.where(possible, -found, behind).tolist())
        top = int(np.argmax(np.where(possible, found, IMPOSSIBLE)))
        if possible[top] and found[top] > self.value:
            self.best = self.origin + self.scale * np.asarray(self._asked[top])
            self.value = float(found[top])

    def stopped(self) -> str:
        """Why no further generation is needed; empty as long as one is."""
        return ", ".join(sorted(self._strategy.stop()))


def evolve(
    posterior: Posterior,
    *,
    seed: int,
    start: ArrayLike | None = None,
    restarts: int = 2,
    most_evaluations: int = 10_000,
    after: Callable[[Run], None] | None = None,
) -> Evolution:
    """Search from a point, then again with generations twice as large, while evaluations last.

    Parameters
    ----------
    posterior : Posterior
    seed : int
        Run k is seeded with seed + k.
    start : array_like, shape (n,), optional
        The centre of the prior if not given.
    restarts : int
        After the first run.
    most_evaluations : int
        Of all runs; the last generation may go over it.
    after : callable, optional
        Told of every run.

    References
    ----------
    1. Hansen: The CMA evolution strategy: a tutorial. arXiv:1604.00772
    2. Auger, Hansen: A restart CMA evolution strategy with increasing population size. IEEE Congress on
       Evolutionary Computation 2005, 1769, doi:10.1109/CEC.2005.1554902
    """
    origin = posterior.free_parameters.centre() if start is None else start
    runs: list[Run] = []
    points: int | None = None
    left = most_evaluations
    while left > 0 and len(runs) <= restarts:
        seeded = seed + len(runs)
        generations = Generations(posterior, origin, seed=seeded, points=points, most_evaluations=left)
        while not generations.stopped():
            generations.tell(log_posteriors(posterior, generations.ask()))
        runs.append(
            Run(
                generations.best,
                generations.value,
                generations.size,
                generations.evaluations,
                generations.failed,
                generations.stopped(),
            )
        )
        if after is not None:
            after(runs[-1])
        left -= generations.evaluations
        points = MORE_POINTS * generations.size
    return Evolution(tuple(runs))
