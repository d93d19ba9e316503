"""Cards left out of a posterior: what each constrains, and whether it contradicts the others.

Draws of the whole posterior are weighted by one over a card's likelihood; where such weights cannot be
trusted, the fit must be repeated without the card.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.stats import chi2

from ..model.errors import ParameterError
from .estimators.importance import TRUSTED, correct

Array = NDArray[np.float64]

SAME_VARIANCE = (
    1e-3  # of a direction, gained by a card: less is sampling, and no conflict is looked for there
)


@dataclass(frozen=True, slots=True)
class Influence:
    """What a card does to the posterior.

    Attributes
    ----------
    card : str
    names : tuple of str
        Of the parameters.
    shift : ndarray, shape (n,)
        Of the mean when the card is left out, in deviations of the whole posterior.
    widening : ndarray, shape (n,)
        Deviation without the card over that with it.
    shape : float
        Of the tail of the weights; 0 where the posterior was sampled without the card.
    conflict : float
        Probability of a shift as unlikely as this if the card and the others agreed, both posteriors taken
        as normal; NaN if the card narrows nothing, or too few draws had any weight.
    """

    card: str
    names: tuple[str, ...]
    shift: Array
    widening: Array
    shape: float
    conflict: float

    @property
    def trusted(self) -> bool:
        """Whether it may be believed without a fit that leaves the card out."""
        return self.shape < TRUSTED

    @property
    def constrains(self) -> tuple[str, ...]:
        """Parameters from the one that the card narrows most."""
        order = np.argsort(-self.widening, kind="stable")
        return tuple(self.names[place] for place in order)


def influences(
    names: Sequence[str],
    draws: ArrayLike,
    terms: Mapping[str, ArrayLike],
    *,
    weights: ArrayLike | None = None,
) -> tuple[Influence, ...]:
    """Influence of every card, by weighting draws of the whole posterior.

    Parameters
    ----------
    names : sequence of str
        Of the parameters.
    draws : array_like, shape (R, n)
        Of the posterior, on the free scale.
    terms : mapping of str to array_like, shape (R,)
        Log-likelihood of each observation at each draw, by card and id.
    weights : array_like, shape (R,), optional
        Of the draws under the whole posterior; the same for all if not given.

    Raises
    ------
    ParameterError
        If lengths differ, or a log-likelihood is not a finite number.
    """
    rows = np.asarray(draws, dtype=np.float64)
    own = np.full(len(rows), 1.0 / len(rows)) if weights is None else np.asarray(weights, dtype=np.float64)
    whole = _moments(rows, own)
    found = []
    for card in dict.fromkeys(name.partition(".")[0] for name in terms):
        chosen = [
            np.asarray(term, dtype=np.float64) for name, term in terms.items() if name.startswith(f"{card}.")
        ]
        if any(term.shape != (len(rows),) or not np.isfinite(term).all() for term in chosen):
            raise ParameterError(f"card {card!r} needs a finite log-likelihood at each of {len(rows)} draws")
        with np.errstate(divide="ignore"):
            left_out = correct(rows, np.sum(chosen, axis=0), np.log(own * len(rows)))
        if left_out.effective_size <= rows.shape[1] + 1:  # too few for a covariance
            unknown = np.full(rows.shape[1], np.nan)
            found.append(Influence(card, tuple(names), unknown, unknown, np.inf, np.nan))
            continue
        without = (left_out.mean, left_out.covariance)
        found.append(
            compare(
                card,
                names,
                whole,
                without,
                shape=left_out.shape,
                effective_size=left_out.effective_size,
            )
        )
    return tuple(found)


def influence_of_fit(
    card: str, names: Sequence[str], draws: ArrayLike, draws_without: ArrayLike
) -> Influence:
    """Influence of a card from draws of the posterior with it and of a fit without it, shape (R, n) each."""
    pair = [np.asarray(item, dtype=np.float64) for item in (draws, draws_without)]
    whole, without = (_moments(item, np.full(len(item), 1.0 / len(item))) for item in pair)
    return compare(card, names, whole, without, shape=0.0)


def compare(
    card: str,
    names: Sequence[str],
    whole: tuple[Array, Array],
    without: tuple[Array, Array],
    *,
    shape: float,
    effective_size: float = np.inf,
) -> Influence:
    """Influence of a card from mean and covariance of the posterior with it and without it.

    If card and others agree, the shift of the mean is normal with the covariance that the card took away.

    Parameters
    ----------
    whole, without : tuple of ndarray, shapes (n,) and (n, n)
    shape : float
        Of the tail of the weights that ``without`` was found with.
    effective_size : float
        Of the draws that the covariances are from: no conflict is looked for in directions in which the card
        took away no more than so many draws may differ by.

    References
    ----------
    1. Hausman: Specification tests in econometrics. Econometrica 46 (1978) 1251, doi:10.2307/1913827
    """
    deviation = np.sqrt(np.diag(whole[1]))
    moved = without[0] - whole[0]
    root = np.linalg.cholesky(without[1])
    inner = np.linalg.solve(root, np.linalg.solve(root, whole[1]).T)
    gained, axes = np.linalg.eigh(np.eye(moved.size) - 0.5 * (inner + inner.T))
    along = axes.T @ np.linalg.solve(root, moved)
    told = gained > max(SAME_VARIANCE, float(np.sqrt(moved.size / effective_size)))
    conflict = float(chi2.sf((along[told] ** 2 / gained[told]).sum(), told.sum())) if told.any() else np.nan
    widening = np.sqrt(np.diag(without[1])) / deviation
    return Influence(card, tuple(names), moved / deviation, widening, shape, conflict)


def _moments(rows: Array, weights: Array) -> tuple[Array, Array]:
    share = weights / weights.sum()
    mean = share @ rows
    away = rows - mean
    return np.asarray(mean), np.asarray((share[:, np.newaxis] * away).T @ away)


def predictive_probability(
    observed: ArrayLike, replicated: ArrayLike, weights: ArrayLike | None = None
) -> float:
    """Posterior predictive probability of data as unlikely as those observed.

    Parameters
    ----------
    observed : array_like, shape (R,)
        Log-likelihood of a card's data at each draw of a posterior, best one that did not see the card.
    replicated : array_like, shape (R,)
        The same of data drawn from the model at the same draw.
    weights : array_like, shape (R,), optional
        Of the draws.

    Returns
    -------
    float
        Between 0 and 1; near 0 the card contradicts what the posterior was told. Ties count half.
    """
    seen, drawn = np.asarray(observed, dtype=np.float64), np.asarray(replicated, dtype=np.float64)
    share = np.ones(seen.shape) if weights is None else np.asarray(weights, dtype=np.float64)
    return float(np.average((drawn < seen) + 0.5 * (drawn == seen), weights=share))
