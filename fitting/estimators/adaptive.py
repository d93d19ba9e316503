"""Weighted draws of a posterior by importance sampling whose proposal learns from every round.

The first draws are of the prior; all others come from Student's t-distributions about what is known of the
posterior so far. Each draw is weighted by the mixture of prior and all proposals used, so that a poor first
proposal does no harm and the prior's draws bound every weight.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import logsumexp
from scipy.stats import multivariate_t

from ...model.errors import ParameterError
from .importance import Weighted, correct
from .posterior import Posterior, log_posteriors, prior_scale

Array = NDArray[np.float64]

FREEDOM = 8.0  # degrees of freedom of a proposal: tails longer than those of a posterior near to normal
LEARNT_FROM = (
    6.0  # effective draws a parameter that a proposal is learnt from; weights are flattened until so
)
STEP = 0.1  # of second differences, in deviations of the prior
LEAST_CURVATURE = 0.5  # of the log-posterior, in units of the prior's own: where it bends the other way


@dataclass(frozen=True, slots=True)
class Adapted:
    """Weighted draws of a posterior, and how they were come by.

    Attributes
    ----------
    weighted : Weighted
        Draws of all rounds; ``log_mean`` is the log-evidence where prior and likelihood are normalised.
    rounds, evaluations : int
    converged : bool
        Whether weights can be trusted, and as many draws are effective as were asked.
    reason : str
        Why sampling ended.
    """

    weighted: Weighted
    rounds: int
    evaluations: int
    converged: bool
    reason: str

    @property
    def log_evidence(self) -> float:
        """Logarithm of the marginal likelihood."""
        return self.weighted.log_mean


def adapt(
    posterior: Posterior,
    *,
    seed: int,
    known: tuple[ArrayLike, ArrayLike] | None = None,
    about: tuple[ArrayLike, ArrayLike] | None = None,
    asked: float = 1000.0,
    draws: int = 2000,
    most_rounds: int = 10,
) -> Adapted:
    """Sample, weight, and learn the proposal until the weights can be trusted.

    Parameters
    ----------
    posterior : Posterior
        Evaluated at all draws of a round at once where it has ``many``.
    seed : int
    known : pair of array_like, shapes (R, n) and (R,), optional
        Independent draws of the prior with their log-posteriors; else ``draws`` are made.
    about : pair of array_like, shapes (n,) and (n, n), optional
        Centre and covariance of the first proposal, on the free scale; else it is learnt from the prior's
        draws.
    asked : float
        Effective size.
    draws : int
        Of a round.
    most_rounds : int
        After which sampling ends and says so.

    Raises
    ------
    ParameterError
        If a covariance is not positive definite, or no draw of the prior is possible.

    References
    ----------
    1. Cornuet, Marin, Mira, Robert: Adaptive multiple importance sampling. Scandinavian Journal of Statistics
       39 (2012) 798, doi:10.1111/j.1467-9469.2011.00756.x
    2. Hesterberg: Weighted average importance sampling and defensive mixture distributions. Technometrics 37
       (1995) 185, doi:10.1080/00401706.1995.10484303
    """
    rng = np.random.default_rng(seed)
    if known is None:
        points = posterior.free_parameters.draw(rng.random((draws, len(posterior.free_parameters))))
        values = log_posteriors(posterior, points)
    else:
        points, values = (np.asarray(part, dtype=np.float64) for part in known)
    of_prior = len(points)
    proposals: list[_Proposal] = []
    weighted = correct(points, posterior.free_parameters.log_prior(points), values)
    while not (done := _enough(weighted, asked)) and len(proposals) < most_rounds:
        first = about is not None and not proposals
        proposals.append(_proposal(*about) if first and about is not None else _learnt(weighted))
        fresh = _drawn(proposals[-1], draws, rng)
        points = np.concatenate([points, fresh])
        values = np.concatenate([values, log_posteriors(posterior, fresh)])
        density = _density(posterior, points, proposals, of_prior / len(points))
        weighted = correct(points, density, values)
    said = (
        f"tail shape {weighted.shape:.2f}, effective size {weighted.effective_size:.0f} of {asked:.0f} asked"
    )
    reason = said if done else f"{most_rounds} rounds exhausted: {said}"
    return Adapted(weighted, len(proposals), len(points), done, reason)


def _enough(weighted: Weighted, asked: float) -> bool:
    return bool(weighted.trusted and weighted.effective_size >= asked)


def curvature_at(posterior: Posterior, point: ArrayLike) -> Array:
    """Covariance that the curvature of a log-posterior at its top implies, shape (n, n).

    The inverse of minus its second derivatives, by differences; a direction in which it bends too little, or
    the other way, is given a fixed width in deviations of the prior.

    Parameters
    ----------
    posterior : Posterior
    point : array_like, shape (n,)
        On the free scale.
    """
    middle, scale = np.asarray(point, dtype=np.float64), prior_scale(posterior.free_parameters)
    count = middle.size
    rows, columns = np.triu_indices(count)
    one, other = STEP * np.eye(count)[rows], STEP * np.eye(count)[columns]
    ends = np.concatenate([one + other, one - other, other - one, -one - other])
    found = log_posteriors(posterior, middle + scale * ends).reshape(4, -1)
    with np.errstate(invalid="ignore"):
        bend = (found[1] + found[2] - found[0] - found[3]) / (4.0 * STEP**2)
    information = np.zeros((count, count))
    information[rows, columns] = information[columns, rows] = np.where(np.isfinite(bend), bend, 0.0)
    sizes, directions = np.linalg.eigh(information)
    inverse = (directions / np.maximum(sizes, LEAST_CURVATURE)) @ directions.T
    return np.asarray(scale[:, np.newaxis] * inverse * scale)


@dataclass(frozen=True, slots=True)
class _Proposal:
    centre: Array
    covariance: Array
    factor: Array


def _proposal(centre: ArrayLike, covariance: ArrayLike) -> _Proposal:
    middle, spread = np.asarray(centre, dtype=np.float64), np.asarray(covariance, dtype=np.float64)
    try:
        return _Proposal(middle, spread, np.asarray(np.linalg.cholesky(spread), dtype=np.float64))
    except np.linalg.LinAlgError:
        raise ParameterError("a proposal needs a covariance that is positive definite") from None


def _drawn(proposal: _Proposal, count: int, rng: np.random.Generator) -> Array:
    """Draws of a proposal, shape (count, n)."""
    normal = rng.normal(size=(count, proposal.centre.size)) @ proposal.factor.T
    stretch = np.sqrt(FREEDOM / rng.chisquare(FREEDOM, count))
    return np.asarray(proposal.centre + stretch[:, np.newaxis] * normal)


def _density(posterior: Posterior, points: Array, proposals: list[_Proposal], share: float) -> Array:
    """Logarithm of the density of the mixture of all proposals and a share of the prior, shape (R,)."""
    of_each = [
        np.atleast_1d(multivariate_t.logpdf(points, one.centre, one.covariance, FREEDOM)) for one in proposals
    ]
    learnt = logsumexp(of_each, axis=0) - np.log(len(proposals))
    prior = posterior.free_parameters.log_prior(points)
    return np.asarray(np.logaddexp(np.log1p(-share) + learnt, np.log(share) + prior))


def _learnt(weighted: Weighted) -> _Proposal:
    """The next proposal: mean and covariance of all draws, weights flattened where few of them weigh."""
    draws, dimensions = weighted.draws, weighted.draws.shape[1]
    with np.errstate(divide="ignore"):
        logarithms = np.log(weighted.weights)
    possible = np.isfinite(logarithms)
    wanted = LEARNT_FROM * dimensions
    if possible.sum() <= wanted:
        raise ParameterError(
            f"sampling cannot begin: {possible.sum()} of {len(draws)} draws are possible, too few to learn "
            f"where {dimensions} parameters lie; give more draws of the prior"
        )

    def flattened(power: float) -> Array:
        scaled = power * logarithms[possible]
        return np.asarray(np.exp(scaled - logsumexp(scaled)))

    def surplus(power: float) -> float:
        return float(1.0 / (flattened(power) ** 2).sum() - wanted)

    power = 1.0 if surplus(1.0) >= 0.0 else float(brentq(surplus, 0.0, 1.0, xtol=1e-3))
    weights, kept = flattened(power), draws[possible]
    centre = weights @ kept
    away = kept - centre
    return _proposal(centre, (weights[:, np.newaxis] * away).T @ away)
