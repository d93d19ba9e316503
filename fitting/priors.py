"""Priors that are normal on a link scale, and the unbounded scale on which a fit moves.

Three scales: the *natural* one, on which a parameter is reported; the *link* scale (its logarithm, logit,
or itself), on which its prior is normal; and the *free* scale, the whole real line. Without bounds free and
link scale are the same. With bounds, a logistic curve between their links (or, where one is infinite, a
curve that bends to the other) keeps the parameter inside, and the prior is cut there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, log_expit, logit, ndtr, ndtri

from ..model.errors import ParameterError

Array = NDArray[np.float64]
LinkName = Literal["log", "logit", "tanh", "identity"]


@dataclass(frozen=True, slots=True)
class Link:
    """A scale, the way back, and the logarithm of the derivative of the way back; with its natural range."""

    to: Callable[[ArrayLike], Array]
    back: Callable[[ArrayLike], Array]
    log_slope: Callable[[ArrayLike], Array]
    range: tuple[float, float]


def _softplus_inverse(value: Array) -> Array:
    """Of log(1 + exp(x)); far out the two are the same."""
    return np.asarray(value + np.log(-np.expm1(-value)))


LINKS: dict[str, Link] = {
    "log": Link(np.log, np.exp, lambda w: np.asarray(w, dtype=np.float64), (0.0, np.inf)),
    "logit": Link(logit, expit, lambda w: log_expit(w) + log_expit(-np.asarray(w)), (0.0, 1.0)),
    "tanh": Link(
        np.arctanh,
        np.tanh,
        lambda w: np.log(4.0) + log_expit(2.0 * np.asarray(w)) + log_expit(-2.0 * np.asarray(w)),
        (-1.0, 1.0),
    ),
    "identity": Link(np.asarray, np.asarray, np.zeros_like, (-np.inf, np.inf)),
}


@dataclass(frozen=True, slots=True)
class Prior:
    """A parameter normal on a link scale about ``median``, with standard deviation ``deviation`` there.

    Attributes
    ----------
    median : float
        On the natural scale (of the prior without bounds).
    deviation : float
        Standard deviation on the link scale; for "log" about the coefficient of variation.
    link : {"log", "logit", "tanh", "identity"}
    bounds : (float, float), optional
        On the natural scale; the prior is cut there, and no fit leaves them.

    Raises
    ------
    ParameterError
        If the numbers contradict each other.
    """

    median: float
    deviation: float
    link: LinkName = "log"
    bounds: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        low, high = LINKS[self.link].range
        if not low < self.median < high:
            raise ParameterError(
                f"prior median {self.median!r} is not between {low:g} and {high:g}, as {self.link} needs"
            )
        if not (np.isfinite(self.deviation) and self.deviation > 0.0):
            raise ParameterError(f"prior deviation {self.deviation!r} is not a positive number")
        if self.bounds is not None:
            lower, upper = self.bounds
            if not low <= lower < self.median < upper <= high:
                raise ParameterError(
                    f"bounds {self.bounds} must enclose the prior median {self.median!r} and lie within "
                    f"{low:g} and {high:g}"
                )

    @property
    def _centre(self) -> float:
        return float(LINKS[self.link].to(self.median))

    @property
    def _ends(self) -> tuple[float, float]:
        """Bounds on the link scale."""
        if self.bounds is None:
            return -np.inf, np.inf
        with np.errstate(divide="ignore"):
            lower, upper = (float(LINKS[self.link].to(bound)) for bound in self.bounds)
        return lower, upper

    @property
    def _squeezed(self) -> bool:
        return bool(np.isfinite(self._ends).all())

    def _on_link(self, free: ArrayLike) -> Array:
        """Link scale from the free one."""
        value = np.asarray(free, dtype=np.float64)
        lower, upper = self._ends
        if self._squeezed:
            return np.asarray(lower + (upper - lower) * expit(value))
        if np.isfinite(lower):
            return np.asarray(lower + np.logaddexp(0.0, value))
        if np.isfinite(upper):
            return np.asarray(upper - np.logaddexp(0.0, -value))
        return value

    def natural(self, free: ArrayLike) -> Array:
        """Value on the natural scale."""
        return LINKS[self.link].back(self._on_link(free))

    def free(self, natural: ArrayLike) -> Array:
        """Value on the free scale."""
        value = LINKS[self.link].to(natural)
        lower, upper = self._ends
        if self._squeezed:
            return np.asarray(logit((value - lower) / (upper - lower)))
        if np.isfinite(lower):
            return np.asarray(_softplus_inverse(value - lower))
        if np.isfinite(upper):
            return np.asarray(-_softplus_inverse(upper - value))
        return np.asarray(value, dtype=np.float64)

    def _log_squeeze(self, free: Array) -> Array:
        """Logarithm of the derivative of the link scale by the free one."""
        lower, upper = self._ends
        if self._squeezed:
            return np.asarray(np.log(upper - lower) + log_expit(free) + log_expit(-free))
        if np.isfinite(lower):
            return np.asarray(log_expit(free))
        return np.asarray(log_expit(-free)) if np.isfinite(upper) else np.zeros_like(free)

    def _log_mass(self) -> float:
        """Logarithm of the probability that the normal leaves between the bounds."""
        lower, upper = ((end - self._centre) / self.deviation for end in self._ends)
        return float(np.log(ndtr(upper) - ndtr(lower)))

    def log_density(self, free: ArrayLike) -> Array:
        """Logarithm of the density on the free scale."""
        value = np.asarray(free, dtype=np.float64)
        away = (self._on_link(value) - self._centre) / self.deviation
        normal = -0.5 * away * away - np.log(self.deviation * np.sqrt(2.0 * np.pi))
        return np.asarray(normal - self._log_mass() + self._log_squeeze(value))

    def log_density_natural(self, natural: ArrayLike) -> Array:
        """Logarithm of the density on the natural scale: that on the free scale, and the Jacobian."""
        free = self.free(natural)
        slope = LINKS[self.link].log_slope(self._on_link(free)) + self._log_squeeze(free)
        return np.asarray(self.log_density(free) - slope)

    def quantile(self, level: ArrayLike) -> Array:
        """Value on the natural scale below which the prior has that probability."""
        lower, upper = (ndtr((end - self._centre) / self.deviation) for end in self._ends)
        away = ndtri(lower + np.asarray(level, dtype=np.float64) * (upper - lower))
        return LINKS[self.link].back(self._centre + self.deviation * away)
