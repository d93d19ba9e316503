"""Local search from many starts: the most likely parameters, and how often they were found."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize

from ..objective import Evaluation
from .posterior import IMPOSSIBLE, Differentiable, prior_box, prior_points, prior_scale

Array = NDArray[np.float64]

SLOPE = 1e-2  # per prior deviation; where curvature is at least the prior's this is 5e-5 below the top
SAME_CHANGE = 1e-9  # relative change of the log-posterior that ends a search
MEMORY = 20  # steps that the curvature is learnt from: more than most fits have directions
WITHIN = 1.0 - 1e-6  # of every parameter's prior: no search leaves it
SAME_TOP = 0.1  # starts that end within so much log-posterior of the best have found the same top


@dataclass(frozen=True, slots=True)
class Start:
    """One local search.

    Attributes
    ----------
    number : int
        Which start; of the same seed it begins at the same point.
    origin, end : ndarray, shape (n,)
        Where it began and ended, on the free scale.
    log_posterior : float
        At the end; minus infinity if the posterior could not be evaluated at the beginning.
    evaluations : int
        Of posterior and gradient.
    slope : float
        Largest slope at the end per deviation of the prior, bounds aside.
    converged : bool
    reason : str
        Why it ended.
    """

    number: int
    origin: Array
    end: Array
    log_posterior: float
    evaluations: int
    slope: float
    converged: bool
    reason: str


@dataclass(frozen=True, slots=True)
class LocalSearch:
    """Local searches, the best first."""

    starts: tuple[Start, ...]

    @property
    def best(self) -> Start:
        """The search that ended highest."""
        return self.starts[0]

    @property
    def waterfall(self) -> Array:
        """Log-posterior of every search, falling; shape (starts,)."""
        return np.array([item.log_posterior for item in self.starts])

    @property
    def failed(self) -> int:
        """Searches that could not begin."""
        return int(np.isneginf(self.waterfall).sum())

    @property
    def agreeing(self) -> int:
        """Searches that reached the best top."""
        return int((self.waterfall >= self.best.log_posterior - SAME_TOP).sum()) if self.starts else 0


def search(
    posterior: Differentiable,
    *,
    starts: int = 20,
    seed: int = 1,
    most_evaluations: int = 200,
    done: Iterable[Start] = (),
    after: Callable[[Start], None] | None = None,
) -> LocalSearch:
    """Search from the centre of the prior and from points that fill it.

    Parameters
    ----------
    posterior : Differentiable
    starts : int
    seed : int
        Of the points.
    most_evaluations : int
        Of each search.
    done : iterable of Start
        Searches of an earlier, interrupted call of the same posterior and seed; not repeated.
    after : callable, optional
        Called with every search that ended, to keep it.

    Raises
    ------
    ParameterError
        If ``starts`` is below one.
    """
    points = starting_points(posterior, starts, seed=seed)
    ended = {item.number: item for item in done if item.number < starts}
    for number, point in enumerate(points):
        if number not in ended:
            ended[number] = climb(posterior, point, number=number, most_evaluations=most_evaluations)
            if after is not None:
                after(ended[number])
    return LocalSearch(tuple(sorted(ended.values(), key=lambda item: (-item.log_posterior, item.number))))


def starting_points(posterior: Differentiable, count: int, *, seed: int) -> Array:
    """The centre of the prior, then points that fill it; shape (count, n)."""
    centre = posterior.free_parameters.centre()[np.newaxis]
    return np.concatenate([centre, prior_points(posterior.free_parameters, count, seed=seed)])[:count]


class _Ascent:
    """The negative log-posterior in deviations of the prior, and the best point seen.

    A point that cannot be evaluated stands on a wall that rises from the best point, so that a line search
    turns back and no step is learnt from it.
    """

    def __init__(self, posterior: Differentiable, origin: Array) -> None:
        self.posterior, self.origin = posterior, origin
        self.scale = prior_scale(posterior.free_parameters)
        self.evaluations = 0
        self.place = np.zeros_like(origin)
        self.value, self.slope = IMPOSSIBLE, np.full(origin.shape, np.nan)
        self.reason = ""
        self.first: tuple[float, Array] | None = None  # handed on, so that it is not simulated twice

    def begin(self) -> bool:
        """Evaluate the origin; whether a search can begin there."""
        self.first = self(np.zeros_like(self.origin))
        return bool(np.isfinite(self.value))

    def point(self, place: Array) -> Array:
        return np.asarray(self.origin + self.scale * place)

    def __call__(self, place: Array) -> tuple[float, Array]:
        if self.first is not None and not place.any():
            return self.first
        self.evaluations += 1
        found, gradient = self.posterior.gradient(self.point(place))
        value, slope = found.log_posterior, self.scale * gradient
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            self.reason = self.reason or _why(found, slope)
            height = 1.0 + abs(self.value) if np.isfinite(self.value) else 1.0
            away = place - self.place
            return -self.value + height * (1.0 + 0.5 * float(away @ away)), height * away
        if value > self.value:
            self.place, self.value, self.slope = place.copy(), float(value), slope
        return -float(value), -slope


def _why(found: Evaluation, slope: Array) -> str:
    if found.reason:
        return found.reason
    what = "slope" if np.isfinite(found.log_posterior) else "log-posterior"
    bad = "" if what == "log-posterior" else f" along {int((~np.isfinite(slope)).sum())} directions"
    return f"the {what} is not a finite number{bad}"


def climb(
    posterior: Differentiable,
    start: ArrayLike,
    *,
    number: int = 0,
    most_evaluations: int = 200,
    box: tuple[Array, Array] | None = None,
) -> Start:
    """One local search by L-BFGS-B with the posterior's own gradient.

    Parameters
    ----------
    posterior : Differentiable
    start : array_like, shape (n,)
    number : int
        What the result is called.
    most_evaluations : int
    box : pair of ndarray, shape (n,), optional
        Ends that are not left; else the range that holds all but a millionth of each prior.

    References
    ----------
    1. Byrd, Lu, Nocedal, Zhu: A limited memory algorithm for bound constrained optimization. SIAM Journal on
       Scientific Computing 16 (1995) 1190, doi:10.1137/0916069
    """
    low, high = prior_box(posterior.free_parameters, WITHIN) if box is None else box
    origin = np.clip(np.asarray(start, dtype=np.float64), low, high)
    ascent = _Ascent(posterior, origin)
    if not ascent.begin():
        return Start(number, origin, origin, IMPOSSIBLE, 1, float("nan"), False, ascent.reason)
    bounds = np.column_stack([(low - origin) / ascent.scale, (high - origin) / ascent.scale])
    run = minimize(
        ascent,
        np.zeros_like(origin),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={
            "maxcor": MEMORY,
            "ftol": SAME_CHANGE,
            "gtol": SLOPE,
            "maxfun": most_evaluations,
            "maxiter": most_evaluations,
        },
    )
    inward = np.where(ascent.place <= bounds[:, 0], np.maximum(ascent.slope, 0.0), ascent.slope)
    inward = np.where(ascent.place >= bounds[:, 1], np.minimum(inward, 0.0), inward)
    steepest = float(np.abs(inward).max())
    return Start(
        number,
        origin,
        ascent.point(ascent.place),
        ascent.value,
        ascent.evaluations,
        steepest,
        bool(run.success) or steepest <= SLOPE,
        str(run.message).strip().lower(),
    )
