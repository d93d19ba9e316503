"""What data tell of parameters: information, stiff and sloppy directions, prior against posterior."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import ParameterError
from .estimators.posterior import Summarised, prior_scale, prior_variance
from .free_parameters import FreeParameters
from .predictions import failed_patients

Array = NDArray[np.float64]

STEP = 0.05  # of slopes of summaries, in deviations of the prior: beyond the noise of step control
CURVE_STEP = 1e-3  # of curvatures by summaries, relative to their size or 1
SLOPPY = 1.0  # a direction along which data tell less than the prior
SHOWN = 0.3  # least share of a direction that a parameter must have to be named


@dataclass(frozen=True, slots=True)
class Direction:
    """A combination of parameters that data tell as one.

    Attributes
    ----------
    information : float
        In units of the prior's: how many times as much as the prior data tell along it.
    loadings : mapping of str to float
        Parameters by their part in it, in deviations of the prior; the largest positive, squares sum to 1.
    """

    information: float
    loadings: Mapping[str, float]

    @property
    def sloppy(self) -> bool:
        """Whether the prior tells more than data along this direction."""
        return self.information < SLOPPY

    @property
    def words(self) -> str:
        """The direction in words: only parameters with a large part in it.

        >>> Direction(0.02, {"kkill": 0.8, "y0": -0.6, "h0": 0.01}).words
        'sloppy (0.02 of the prior): +0.80 kkill -0.60 y0'
        """
        ranked = sorted(self.loadings.items(), key=lambda item: -abs(item[1]))
        named = " ".join(f"{value:+.2f} {name}" for name, value in ranked if abs(value) >= SHOWN)
        return f"{'sloppy' if self.sloppy else 'stiff'} ({self.information:.3g} of the prior): {named}"


@dataclass(frozen=True, slots=True)
class Information:
    """Information of observations on parameters at a point.

    Attributes
    ----------
    names : tuple of str
        Of the n parameters.
    scale : ndarray, shape (n,)
        Deviations of the prior on the free scale.
    by_observation : mapping of str to ndarray, shape (n, n)
        On the free scale.
    """

    names: tuple[str, ...]
    scale: Array
    by_observation: Mapping[str, Array]

    @property
    def total(self) -> Array:
        """Information of all observations on the free scale, shape (n, n)."""
        return self.of("")

    def only(self, observations: Collection[str]) -> "Information":
        """Information of some of the observations, by card and id."""
        kept = {name: matrix for name, matrix in self.by_observation.items() if name in observations}
        return Information(self.names, self.scale, kept)

    def deviations(self, more: Array | float = 0.0) -> Array:
        """Deviations of a normal posterior with the prior and all this, and ``more``; shape (n,)."""
        precision = np.diag(self.scale**-2.0) + self.total + more
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(precision))))

    def of(self, start: str) -> Array:
        """Information of the observations whose names begin so: ``"card."`` for those of a card."""
        chosen = [matrix for name, matrix in self.by_observation.items() if name.startswith(start)]
        return np.asarray(sum(chosen, start=np.zeros((len(self.names), len(self.names)))))

    def directions(self) -> tuple[Direction, ...]:
        """Directions from the one that data tell most of to the one they tell least of."""
        values, vectors = np.linalg.eigh(self.total * np.outer(self.scale, self.scale))
        found = []
        for place in np.argsort(-values, kind="stable"):
            vector = vectors[:, place]
            vector = vector * np.sign(vector[np.argmax(np.abs(vector))])
            loadings = dict(zip(self.names, vector.tolist(), strict=True))
            found.append(Direction(max(float(values[place]), 0.0), loadings))
        return tuple(found)

    def cards(self) -> tuple[str, ...]:
        """Cards that the observations are of."""
        return tuple(dict.fromkeys(name.partition(".")[0] for name in self.by_observation))

    def shares(self) -> dict[str, dict[str, float]]:
        """How much each card narrows each parameter: the share of its variance that would come back without.

        By parameter and card; of the variance of a normal posterior with the prior and all cards.
        """
        prior = np.diag(self.scale**-2.0)
        whole = np.diag(np.linalg.inv(prior + self.total))
        found: dict[str, dict[str, float]] = {name: {} for name in self.names}
        for card in self.cards():
            without = np.diag(np.linalg.inv(prior + self.total - self.of(f"{card}.")))
            for place, name in enumerate(self.names):
                found[name][card] = float(max(1.0 - whole[place] / without[place], 0.0))
        return found


def information(posterior: Summarised, free: ArrayLike) -> Information:
    """Information of every observation at a point, from slopes of its summaries.

    The curvature of each observation's log-likelihood by its own summary, without the part that bends up, is
    carried to the parameters by the slopes. Near the likeliest point it is the expected information.

    Parameters
    ----------
    posterior : Summarised
    free : array_like, shape (n,)

    Raises
    ------
    ParameterError
        If patients fail at the point or beside it.
    """
    point = np.asarray(free, dtype=np.float64)
    scale = prior_scale(posterior.free_parameters)
    here = _summaries(posterior, point)
    slopes: dict[str, Array] = {name: np.empty((value.size, point.size)) for name, value in here.items()}
    for place, step in enumerate(STEP * scale):
        moved = np.zeros_like(point)
        moved[place] = step
        ahead, behind = _summaries(posterior, point + moved), _summaries(posterior, point - moved)
        for name, slope in slopes.items():
            slope[:, place] = (ahead[name] - behind[name]) / (2.0 * step)
    found = {name: slopes[name].T @ _curvature(posterior, here, name) @ slopes[name] for name in here}
    return Information(posterior.free_parameters.names, scale, found)


def _summaries(posterior: Summarised, point: Array) -> dict[str, Array]:
    predictions = posterior.predict(point)
    failed = failed_patients(predictions)
    if failed:
        raise ParameterError(f"{failed} patients fail beside the point that information is asked of")
    return {name: np.ravel(value) for name, value in posterior.summaries(predictions).items()}


def _curvature(posterior: Summarised, here: Mapping[str, Array], name: str) -> Array:
    """Negative second derivatives of an observation's log-likelihood by its summary, cut at 0."""
    middle = here[name]
    steps = CURVE_STEP * np.maximum(np.abs(middle), 1.0)
    rows, columns = np.tril_indices(middle.size)
    one, two = np.diag(steps)[rows], np.diag(steps)[columns]
    corners = np.concatenate([one + two, one - two, -one - two, two - one]) + middle
    ends = np.asarray(posterior.terms({**here, name: corners})[name]).reshape(4, -1)
    bend = (ends[0] - ends[1] + ends[2] - ends[3]) / (4.0 * steps[rows] * steps[columns])
    matrix = np.empty((middle.size, middle.size))
    matrix[rows, columns] = matrix[columns, rows] = -bend
    values, vectors = np.linalg.eigh(matrix)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


@dataclass(frozen=True, slots=True)
class Movement:
    """How far data moved and narrowed one parameter, on the free scale.

    Attributes
    ----------
    name : str
    shift : float
        Of the mean, in deviations of the prior.
    contraction : float
        1 less the ratio of the posterior's variance to the prior's: 0 if nothing was learnt, negative if the
        posterior is wider.
    divergence : float
        Kullback-Leibler divergence of the posterior from the prior, nats; both taken as normal.
    """

    name: str
    shift: float
    contraction: float
    divergence: float


def movements(
    free_parameters: FreeParameters, draws: ArrayLike, weights: ArrayLike | None = None
) -> tuple[Movement, ...]:
    """How far data moved and narrowed every parameter.

    Parameters
    ----------
    free_parameters : FreeParameters
    draws : array_like, shape (R, n)
        Of the posterior, on the free scale.
    weights : array_like, shape (R,), optional
        Of the draws; the same for all if not given.
    """
    rows = np.asarray(draws, dtype=np.float64)
    share = np.ones(len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    mean = np.average(rows, axis=0, weights=share)
    variance = np.average((rows - mean) ** 2, axis=0, weights=share)
    prior = prior_variance(free_parameters)
    shift = (mean - free_parameters.centre()) / np.sqrt(prior)
    ratio = variance / prior
    with np.errstate(divide="ignore"):
        divergence = 0.5 * (ratio + shift**2 - 1.0 - np.log(ratio))
    return tuple(
        Movement(name, *(float(column[place]) for column in (shift, 1.0 - ratio, divergence)))
        for place, name in enumerate(free_parameters.names)
    )
