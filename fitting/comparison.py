"""Structures compared: how probable the same data make each, and where they differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax

from ..model.errors import ParameterError
from .fit_result import FitResult

DRAWN = 4_000  # pairs of errors that the intervals of probabilities are taken from
LEVEL = 0.9


@dataclass(frozen=True, slots=True)
class Compared:
    """One structure among those compared.

    Attributes
    ----------
    name, title : str
        Of the fit.
    log_evidence, error : float
        Logarithm of the marginal likelihood, and its standard error.
    probability : float
        Of the structure, all being as probable beforehand.
    interval : (float, float)
        90 % of the probability, from the errors of the marginal likelihoods.
    parameters : int
        That were free.
    trusted : bool
        Whether the fit may be trusted.
    gains : dict of str to float
        Log-likelihood of each card at the likeliest point, less that of the first fit.
    """

    name: str
    title: str
    log_evidence: float
    error: float
    probability: float
    interval: tuple[float, float]
    parameters: int
    trusted: bool
    gains: dict[str, float]


def compare(fits: Sequence[FitResult], *, seed: int = 1) -> tuple[Compared, ...]:
    """Fits of the same observations under different structures, in the order given.

    Parameters
    ----------
    fits : sequence of FitResult
    seed : int
        Of the errors drawn for intervals.

    Raises
    ------
    ParameterError
        If there are fewer than two, two have one name, or their observations differ.

    References
    ----------
    1. Kass, Raftery: Bayes factors. Journal of the American Statistical Association 90 (1995) 773,
       doi:10.1080/01621459.1995.10476572
    """
    if len(fits) < 2:
        raise ParameterError("a comparison needs two fits or more")
    first = fits[0]
    for other in fits[1:]:
        if set(other.terms) != set(first.terms):
            differ = sorted(set(other.terms) ^ set(first.terms))
            raise ParameterError(
                f"fits {first.problem_name!r} and {other.problem_name!r} are of different observations "
                f"({', '.join(differ[:5])}): only fits of the same can be compared"
            )
    names = [item.problem_name for item in fits]
    for name in names:
        if names.count(name) > 1:
            raise ParameterError(f"two fits are called {name!r}: name each structure once")
    for item in fits:
        for wanted in ("log_evidence", "log_evidence_error"):
            if not isinstance(item.diagnostics.get(wanted), float):
                raise ParameterError(f"fit {item.problem_name!r} says no {wanted}: fit it again")
    logs = np.array([float(item.diagnostics["log_evidence"]) for item in fits])
    errors = np.array([float(item.diagnostics["log_evidence_error"]) for item in fits])
    noise = np.random.default_rng(seed).normal(size=(DRAWN, len(fits)))
    likely, drawn = softmax(logs), softmax(logs + errors * noise, axis=1)
    ends = np.quantile(drawn, [0.5 - LEVEL / 2.0, 0.5 + LEVEL / 2.0], axis=0)
    own = _by_card(first)
    return tuple(
        Compared(
            name=item.problem_name,
            title=item.title,
            log_evidence=float(logs[place]),
            error=float(errors[place]),
            probability=float(likely[place]),
            interval=(float(ends[0, place]), float(ends[1, place])),
            parameters=len(item.names),
            trusted=item.trusted,
            gains={card: value - own[card] for card, value in _by_card(item).items()},
        )
        for place, item in enumerate(fits)
    )


def _by_card(fit: FitResult) -> dict[str, float]:
    found: dict[str, float] = {}
    for name, value in fit.terms.items():
        card = name.partition(".")[0]
        found[card] = found.get(card, 0.0) + float(value)
    return found
