"""Recovery: synthetic data sets with known truths, all fitted with one bank, and how often each is found.

If truths come from the prior and a fit is right, the share of its posterior below the truth is uniform, and
its 90 % intervals hold the truth nine times out of ten.

References
----------
1. Cook, Gelman, Rubin: Validation of software for Bayesian models using posterior quantiles. Journal of
   Computational and Graphical Statistics 15 (2006) 675, doi:10.1198/106186006X136976
2. Talts, Betancourt, Simpson, Vehtari, Gelman: Validating Bayesian inference algorithms with simulation-based
   calibration. arXiv:1804.06788
3. Holm: A simple sequentially rejective multiple test procedure. Scandinavian Journal of Statistics 6 (1979)
   65
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import kstest

from ..model.errors import ParameterError
from .estimators.adaptive import Adapted, adapt, curvature_at
from .estimators.bank import Bank
from .estimators.emulator import Emulator
from .estimators.local import climb
from .free_parameters import FreeParameters
from .objective import Objective
from .synthetic import synthetic_cards

Array = NDArray[np.float64]

LEVEL = 0.9  # of the intervals
POOL = 20_000  # draws of the prior that are emulated once for all data sets
DRAWS = 600  # of a round of sampling


@dataclass(frozen=True, slots=True)
class Trial:
    """One synthetic data set and its fit.

    Attributes
    ----------
    posterior : Objective
        Of its cards.
    emulator : Emulator
        The common surfaces, judged by it.
    adapted : Adapted
        Draws of its posterior.
    ranks : ndarray, shape (n,)
        Share of the posterior below the truth.
    """

    posterior: Objective
    emulator: Emulator
    adapted: Adapted
    ranks: Array


@dataclass(frozen=True, slots=True)
class Recovery:
    """Ranks of the truths of D data sets, shape (D, n)."""

    names: tuple[str, ...]
    ranks: Array

    @property
    def covered(self) -> NDArray[np.bool_]:
        """Whether the central interval holds the truth, shape (D, n)."""
        return np.asarray(np.abs(self.ranks - 0.5) <= 0.5 * LEVEL)

    @property
    def pooled(self) -> float:
        """Share of all intervals that hold their truth."""
        return float(self.covered.mean())

    @property
    def each(self) -> dict[str, float]:
        """The same of every parameter."""
        return dict(zip(self.names, self.covered.mean(axis=0).tolist(), strict=True))

    @property
    def uniform(self) -> dict[str, float]:
        """Probability of ranks as far from uniform, by Kolmogorov and Smirnov, of every parameter."""
        found = [float(kstest(self.ranks[:, place], "uniform").pvalue) for place in range(len(self.names))]
        return dict(zip(self.names, found, strict=True))

    @property
    def holm(self) -> float:
        """Smallest probability after Holm's correction: of one joint test over all parameters."""
        return min(1.0, len(self.names) * min(self.uniform.values()))


def truths_of(free_parameters: FreeParameters, count: int, *, seed: int) -> Array:
    """Independent points of the prior, shape (count, n), free scale."""
    return free_parameters.draw(np.random.default_rng(seed).random((count, len(free_parameters))))


def recover(
    objective: Objective,
    emulator: Emulator,
    truths: Bank,
    *,
    seed: int,
    asked: float = 400.0,
    numbers: Sequence[int] | None = None,
    after: Callable[[int, Trial], None] | None = None,
) -> list[Trial]:
    """Draw a data set at each truth and fit it with the surfaces of one emulator.

    Parameters
    ----------
    objective : Objective
        Of the printed cards.
    emulator : Emulator
        Through a bank of the same objective.
    truths : Bank
        Simulated truths; none may have failed patients.
    seed : int
        Of data and sampling; data set k does not depend on how many there are.
    asked : float
        Effective draws of every posterior.
    numbers : sequence of int, optional
        Data sets wanted, by the place of their truth; else all.
    after : callable, optional
        Told of every data set, with its number.

    Raises
    ------
    ParameterError
        If a truth has failed patients, or was simulated for the bank, too.
    """
    _check(emulator.bank, truths)
    pool = truths_of(objective.free_parameters, POOL, seed=seed + 1)
    of_pool = emulator.summaries(pool)
    found = []
    for place in range(len(truths)) if numbers is None else numbers:
        words = np.random.SeedSequence([seed, place])
        summaries = truths.apart(truths.summaries[place])
        cards = synthetic_cards(objective, summaries, rng=np.random.default_rng(words))
        posterior = objective.remade(cards)
        here = emulator.judging(posterior)
        known = (pool, here.judged(pool, of_pool))
        adapted = _sampled(here, known, seed=int(words.generate_state(1)[0]), asked=asked)
        below = adapted.weighted.draws < truths.points[place]
        ranks = np.asarray(adapted.weighted.weights @ below)
        found.append(Trial(posterior, here, adapted, ranks))
        if after is not None:
            after(place, found[-1])
    return found


def _sampled(emulator: Emulator, known: tuple[Array, Array], *, seed: int, asked: float) -> Adapted:
    """Draws of a posterior, learnt from those of the prior; where these tell too little, from its top."""
    found = adapt(emulator, seed=seed, known=known, asked=asked, draws=DRAWS)
    if found.converged:
        return found
    best = emulator.bank.points[emulator.rows[int(np.argmax(emulator.exact))]]
    top = climb(emulator, best).end
    about = (top, curvature_at(emulator, top))
    return adapt(emulator, seed=seed, known=known, about=about, asked=asked, draws=DRAWS)


def _check(bank: Bank, truths: Bank) -> None:
    failed = np.flatnonzero(~truths.solved)
    if failed.size:
        raise ParameterError(f"truth {failed[0]} has failed patients: nothing can be drawn at it")
    known = {point.tobytes() for point in bank.points}
    for place, point in enumerate(truths.points):
        if point.tobytes() in known:
            raise ParameterError(f"truth {place} is a point of the bank: give the truths another seed")


def emulation_errors(trials: Sequence[Trial], count: int, *, seed: int) -> Array:
    """Emulated less exact log-likelihood of draws of posteriors, one a data set in turn, shape (count,).

    A draw that has failed patients is NaN.
    """
    found = np.full(count, np.nan)
    for place in range(count):
        trial = trials[place * len(trials) // count]
        point = trial.adapted.weighted.resampled(count, seed=seed)[place]
        exact = trial.posterior(point)
        if not exact.failed:
            found[place] = trial.emulator(point).log_likelihood - exact.log_likelihood
    return found
