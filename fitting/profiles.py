"""Profile likelihoods: how far data let one parameter go when all others may follow it.

The parameter's own prior is taken out and the others keep theirs, which alone hold down what no data tell. A
parameter is identified if the profile falls far enough on both sides within 99 % of its prior. Where an
emulator has no draws nothing is known, and no end of an interval is found there.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import ParameterError, nearest
from .estimators.emulator import BEYOND
from .estimators.local import WITHIN, climb
from .estimators.posterior import IMPOSSIBLE, Differentiable, prior_box, prior_scale
from .free_parameters import FreeParameters
from .objective import Evaluation

Array = NDArray[np.float64]

FALL = (
    3.84 / 2.0
)  # of the log-likelihood at the ends of a 95 % interval: chi-squared of one degree of freedom
PRIOR_SHARE = 0.99  # of the prior that is searched
FIRST_STEP = 0.25  # deviations of the prior
MOST_LEAP = 4.0  # times as far as the last step
CLOSE = 0.02  # of the root of twice the fall, where the end of an interval is taken as found
MOST_POINTS = 10  # each side


@dataclass(frozen=True, slots=True)
class Profile:
    """Profile of one parameter.

    Attributes
    ----------
    name : str
    place : int
        In the vector of free parameters.
    free : ndarray, shape (G,)
        Values of the parameter on the free scale, rising.
    natural : ndarray, shape (G,)
        The same on the natural scale.
    fall : ndarray, shape (G,)
        How far the profile is below its top; infinite where nothing could be evaluated.
    points : ndarray, shape (G, n)
        What all parameters are there.
    interval : (float, float)
        95 % interval on the natural scale; an end that was not found is that of the prior's 99 %.
    closed : (bool, bool)
        Whether each end of the interval was found within 99 % of the prior.
    """

    name: str
    place: int
    free: Array
    natural: Array
    fall: Array
    points: Array
    interval: tuple[float, float]
    closed: tuple[bool, bool]

    @property
    def identified(self) -> bool:
        """Whether data bound the parameter on both sides."""
        return all(self.closed)

    @property
    def words(self) -> str:
        """What the profile says."""
        low, high = self.interval
        match self.closed:
            case (True, True):
                return f"{self.name} is between {low:.3g} and {high:.3g}"
            case (True, False):
                return f"{self.name} is not identified from above: at least {low:.3g}"
            case (False, True):
                return f"{self.name} is not identified from below: at most {high:.3g}"
        return f"{self.name} is not identified"


class Slice:
    """A posterior with one parameter held and its prior taken out, as a posterior of the others."""

    def __init__(self, posterior: Differentiable, place: int, value: float) -> None:
        whole = posterior.free_parameters
        self.posterior, self.place, self.value = posterior, place, value
        self.others = [other for other in range(len(whole)) if other != place]
        self.free_parameters: FreeParameters = whole.subset(self.others)
        self._own = float(whole.items[place].prior.log_density(value))

    def whole(self, free: ArrayLike) -> Array:
        """All parameters, from the others."""
        return np.insert(np.asarray(free, dtype=np.float64), self.place, self.value)

    def _without(self, found: Evaluation) -> Evaluation:
        return Evaluation(
            found.log_likelihood, found.log_prior - self._own, found.terms, found.failed, found.reason
        )

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior at a point of the other parameters, shape (n - 1,)."""
        return self._without(self.posterior(self.whole(free)))

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        """The same and its gradient, shape (n - 1,)."""
        found, slope = self.posterior.gradient(self.whole(free))
        return self._without(found), slope[self.others]


class _Freed:
    """A posterior with the prior of one parameter taken out, which still moves."""

    def __init__(self, posterior: Differentiable, place: int) -> None:
        self.posterior, self.place = posterior, place
        self.free_parameters = posterior.free_parameters
        self._prior = posterior.free_parameters.items[place].prior
        self._step = 1e-4 * float(prior_scale(self.free_parameters)[place])

    def __call__(self, free: ArrayLike) -> Evaluation:
        return self._without(self.posterior(free), free)

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        found, slope = self.posterior.gradient(free)
        here, slope = float(np.asarray(free)[self.place]), slope.copy()
        ahead, behind = (self._prior.log_density(here + sign * self._step) for sign in (1.0, -1.0))
        slope[self.place] -= float(ahead - behind) / (2.0 * self._step)
        return self._without(found, free), slope

    def _without(self, found: Evaluation, free: ArrayLike) -> Evaluation:
        own = float(self._prior.log_density(np.asarray(free)[self.place]))
        return Evaluation(
            found.log_likelihood, found.log_prior - own, found.terms, found.failed, found.reason
        )


def profiles(
    posterior: Differentiable,
    best: ArrayLike,
    *,
    names: Sequence[str] | None = None,
    most_evaluations: int = 60,
) -> tuple[Profile, ...]:
    """Profiles of parameters from the likeliest point outwards.

    Parameters
    ----------
    posterior : Differentiable
    best : array_like, shape (n,)
        The likeliest point, where searches begin.
    names : sequence of str, optional
        Of the parameters; all if not given.
    most_evaluations : int
        Of the search for the other parameters at each value of one.

    Raises
    ------
    ParameterError
        If a name is not free, or nothing can be evaluated at the likeliest point.
    """
    known = posterior.free_parameters.names
    for name in names or ():
        if name not in known:
            raise ParameterError(f"no parameter {name!r} is free; {nearest(name, known)}")
    start = np.asarray(best, dtype=np.float64)
    return tuple(
        _profile(posterior, start, known.index(name), most_evaluations)
        for name in (known if names is None else names)
    )


@dataclass(frozen=True, slots=True)
class _Point:
    value: float
    others: Array
    height: float
    known: bool = True  # false beyond the draws of an emulator


def _profile(posterior: Differentiable, best: Array, place: int, most: int) -> Profile:
    free_parameters = posterior.free_parameters
    low, high = (float(end[place]) for end in prior_box(free_parameters, PRIOR_SHARE))
    box = prior_box(free_parameters, WITHIN)
    box[0][place], box[1][place] = low, high
    top = climb(_Freed(posterior, place), best, box=box, most_evaluations=most)
    if not np.isfinite(top.log_posterior):
        raise ParameterError(f"the likeliest point cannot be evaluated: {top.reason}")
    begin = _Point(float(top.end[place]), np.delete(top.end, place), top.log_posterior)
    step = FIRST_STEP * float(prior_scale(free_parameters)[place])
    below = _side(posterior, place, begin, (-step, low), most)
    above = _side(posterior, place, begin, (step, high), most)
    points = [*reversed(below), begin, *above]
    heights = np.array([item.height for item in points])
    values = np.array([item.value for item in points])
    fall = heights.max() - heights
    peak = int(np.argmax(heights))
    ends, closed = zip(
        _end(values[peak::-1], fall[peak::-1], low), _end(values[peak:], fall[peak:], high), strict=True
    )
    natural = free_parameters.items[place].prior.natural
    return Profile(
        free_parameters.names[place],
        place,
        values,
        natural(values),
        fall,
        np.stack([np.insert(item.others, place, item.value) for item in points]),
        (float(natural(ends[0])), float(natural(ends[1]))),
        (bool(closed[0]), bool(closed[1])),
    )


def _side(
    posterior: Differentiable, place: int, begin: _Point, way: tuple[float, float], most: int
) -> list[_Point]:
    """Points from the top outwards until the profile has fallen far enough, or the end of the prior.

    The root of twice the fall is a straight line where the profile is a parabola, so that it tells where to
    look next. A search begins where that of the nearest point ended.
    """
    step, limit = way
    goal = np.sqrt(2.0 * FALL)
    found: list[_Point] = []
    inner, outer = begin, None
    value = begin.value + step
    for _ in range(MOST_POINTS):
        value = max(value, limit) if step < 0.0 else min(value, limit)
        if abs(value - begin.value) < 1e-9 * abs(step):
            break
        near = inner if outer is None or abs(inner.value - value) < abs(outer.value - value) else outer
        point = _best_at(posterior, place, value, near, most)
        if point.known:
            found.append(point)
        root = _root(begin.height - point.height)
        if point.known and (abs(root - goal) < CLOSE * goal or (root < goal and value == limit)):
            break
        if root < goal:
            inner = point
        else:
            outer = point
        value = _next(begin, inner, outer, goal, step)
    return sorted(found, key=lambda item: abs(item.value - begin.value))


def _next(begin: _Point, inner: _Point, outer: _Point | None, goal: float, step: float) -> float:
    """Value at which the root of twice the fall should reach its goal, by a straight line."""
    near, reached = inner.value, _root(begin.height - inner.height)
    if outer is not None:
        far = _root(begin.height - outer.height)
        share = (goal - reached) / (far - reached) if np.isfinite(far) else 0.5
        return near + float(np.clip(share, 0.05, 0.95)) * (outer.value - near)
    travelled = near - begin.value
    ahead = min(goal / reached, MOST_LEAP) if reached > 0.0 else MOST_LEAP
    return begin.value + (travelled * max(ahead, 1.0 + CLOSE) if travelled else step * MOST_LEAP)


def _root(fall: float) -> float:
    return float(np.sqrt(2.0 * max(fall, 0.0)))


def _best_at(posterior: Differentiable, place: int, value: float, near: _Point, most: int) -> _Point:
    held = Slice(posterior, place, value)
    if not held.others:
        alone = held(np.empty(0))
        height = alone.log_posterior if np.isfinite(alone.log_posterior) else IMPOSSIBLE
        return _Point(value, np.empty(0), height, alone.reason != BEYOND)
    top = climb(held, near.others, most_evaluations=most)
    if np.isfinite(top.log_posterior):
        return _Point(value, top.end, top.log_posterior)
    alone = held(near.others)  # at the very edge of an emulator it is the slope that is missing
    return _Point(
        value, top.end, IMPOSSIBLE, not (np.isfinite(alone.log_posterior) or alone.reason == BEYOND)
    )


def _end(values: Array, fall: Array, limit: float) -> tuple[float, bool]:
    """Where the profile has fallen far enough, going outwards, and whether it has."""
    roots, goal = np.sqrt(2.0 * fall), np.sqrt(2.0 * FALL)
    far = np.flatnonzero(roots >= (1.0 - CLOSE) * goal)
    if not far.size:
        return limit, False
    outer = int(far[0])
    if not np.isfinite(roots[outer]) or roots[outer] <= goal:
        return float(values[outer]), True
    return float(np.interp(goal, roots[outer - 1 : outer + 1], values[outer - 1 : outer + 1])), True
