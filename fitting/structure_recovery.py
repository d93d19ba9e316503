"""Structures found again: data drawn under one structure, judged under each, the more probable one chosen.

Every structure has one bank of simulations with everything that any data set may print. Data at ten times the
patients are ten such trials side by side, so that one bank serves every size.

References
----------
1. Kass, Raftery: Bayes factors. Journal of the American Statistical Association 90 (1995) 773,
   doi:10.1080/01621459.1995.10476572
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import ParameterError
from ..model.survival import Proportion, proportion
from .cards import TrialCard
from .estimators.adaptive import adapt, curvature_at
from .estimators.bank import Bank
from .estimators.emulator import BEYOND, Emulator, slope
from .estimators.local import climb
from .free_parameters import FreeParameters
from .objective import FAILED, Evaluation, Objective
from .recovery import truths_of
from .synthetic import synthetic_cards

Array = NDArray[np.float64]

POOL = 1_000  # draws of each prior that are emulated once for all data sets
CLIMBED = 30  # evaluations with gradient that look for a top
DRAWS, ROUNDS = 200, 4  # of sampling one posterior for its evidence
ASKED = 100.0  # effective draws: an error of a tenth of the logarithm of an evidence


class Together:
    """Posterior of several data sets of one problem, emulated by the same surfaces.

    Parameters
    ----------
    emulator : Emulator
    posteriors : sequence of Objective
        Of the data sets; each has its own cards.
    """

    def __init__(self, emulator: Emulator, posteriors: Sequence[Objective]) -> None:
        self.emulator, self.posteriors = emulator, tuple(posteriors)

    @property
    def free_parameters(self) -> FreeParameters:
        """What moves, with its prior."""
        return self.emulator.free_parameters

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior at a point, shape (n,)."""
        point = np.asarray(free, dtype=np.float64)[np.newaxis]
        log_prior = float(self.free_parameters.log_prior(point[0]))
        value = float(self.many(point)[0])
        reason = BEYOND if value == FAILED else ""
        return Evaluation(value - log_prior if value > FAILED else FAILED, log_prior, reason=reason)

    def many(self, points: ArrayLike) -> Array:
        """Log-posterior at points of shape (R, n), shape (R,)."""
        rows = np.asarray(points, dtype=np.float64)
        return self.judged(rows, self.emulator.summaries(rows))

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        """The posterior at a point and its gradient on the free scale, by central differences."""
        return self(free), slope(self.many, np.asarray(free, dtype=np.float64), self.emulator.scale)

    def judged(self, points: Array, summaries: Array) -> Array:
        """The same from summaries that were emulated before, shape (R, M)."""
        inside = self.emulator.reached(points)
        parts = self.emulator.bank.apart(summaries)
        total = np.asarray(self.free_parameters.log_prior(points), dtype=np.float64)
        for posterior in self.posteriors:
            total = total + np.sum(list(posterior.terms(parts).values()), axis=0)
        return np.where(inside & np.isfinite(total), total, FAILED)


@dataclass(frozen=True, slots=True)
class Candidate:
    """One structure among those compared: its surfaces, and what its prior says of them.

    Attributes
    ----------
    name : str
    objective : Objective
        With all that any data set may print.
    emulator : Emulator
    pool, of_pool : ndarray, shapes (POOL, n) and (POOL, M)
        Draws of the prior and their emulated summaries.
    """

    name: str
    objective: Objective
    emulator: Emulator
    pool: Array
    of_pool: Array

    @classmethod
    def of(cls, name: str, objective: Objective, emulator: Emulator, *, seed: int) -> "Candidate":
        """With a pool drawn from its prior."""
        pool = truths_of(objective.free_parameters, POOL, seed=seed)
        return cls(name, objective, emulator, pool, emulator.summaries(pool))

    def log_evidence(self, data: Sequence[Sequence[TrialCard]], *, seed: int) -> tuple[float, bool]:
        """Logarithm of how probable data sets are together, and whether sampling converged.

        By importance sampling about the top; by Laplace's approximation there if that cannot begin.

        Parameters
        ----------
        data : sequence of card sequences
            One or more data sets, independent given the parameters.
        seed : int
        """
        together = Together(self.emulator, [_judging(self.objective, cards) for cards in data])
        known = together.judged(self.pool, self.of_pool)
        top = climb(together, self.pool[int(np.argmax(known))], most_evaluations=CLIMBED)
        about = top.end, curvature_at(together, top.end)
        try:
            found = adapt(
                together,
                seed=seed,
                known=(self.pool, known),
                about=about,
                asked=ASKED,
                draws=DRAWS,
                most_rounds=ROUNDS,
            )
        except ParameterError:  # draws of the prior are too far away for any to weigh
            log_volume = 0.5 * np.linalg.slogdet(2.0 * np.pi * about[1])[1]
            return top.log_posterior + float(log_volume), False
        return found.log_evidence, found.converged


def _judging(objective: Objective, cards: Sequence[TrialCard]) -> Objective:
    """The objective with other numbers, and perhaps fewer, of what it has: nothing is simulated with it."""
    printed = {card.id: {one.id: one for one in card.observations} for card in cards}
    other = copy(objective)
    other.cards = tuple(
        replace(
            item,
            observations=tuple(
                printed[item.card.id][one.id] for one in item.observations if one.id in printed[item.card.id]
            ),
        )
        for item in objective.cards
    )
    return other


@dataclass(frozen=True, slots=True)
class Chosen:
    """What became of one data set.

    Attributes
    ----------
    truth : str
    log_evidences : mapping of str to float
        Of every structure.
    converged : bool
        Whether sampling did under all of them.
    """

    truth: str
    log_evidences: Mapping[str, float]
    converged: bool

    def right(self, other: str) -> bool:
        """Whether the truth is the more probable one beside another structure."""
        return self.log_evidences[self.truth] > self.log_evidences[other]

    def probability(self, names: Iterable[str]) -> float:
        """Of the truth among some structures that are equally probable beforehand."""
        logs = np.array([self.log_evidences[name] for name in names])
        weights = np.exp(logs - logs.max())
        return float(np.exp(self.log_evidences[self.truth] - logs.max()) / weights.sum())


def restricted(cards: Sequence[TrialCard], kept: Callable[[str], bool]) -> list[TrialCard]:
    """Cards with only the observations whose card and id are kept."""
    return [
        card.model_copy(
            update={"observations": tuple(one for one in card.observations if kept(f"{card.id}.{one.id}"))}
        )
        for card in cards
    ]


def data_sets(
    objective: Objective, truths: Bank, place: int, *, copies: int, seed: int
) -> list[list[TrialCard]]:
    """Independent data sets drawn at one truth: trials of the real size, side by side."""
    summaries = truths.apart(truths.summaries[place])
    sequence = np.random.SeedSequence(seed, spawn_key=(place,))
    return [
        synthetic_cards(objective, summaries, rng=np.random.default_rng(words))
        for words in sequence.spawn(copies)
    ]


def choose(
    candidates: Mapping[str, Candidate],
    truth: str,
    truths: Bank,
    place: int,
    *,
    kept: Callable[[str], bool],
    copies: int,
    seed: int,
) -> Chosen:
    """Draw data at a truth of one structure, and ask every structure how probable they are.

    Parameters
    ----------
    candidates : mapping of str to Candidate
    truth : str
        Structure that the truths are of.
    truths : Bank
        Simulated truths.
    place : int
        Which of them.
    kept : callable
        Whether an observation is printed, by its card and id.
    copies : int
        Trials of the real size, side by side.
    seed : int

    Raises
    ------
    ParameterError
        If the truth has failed patients.
    """
    if truths.failed[place]:
        raise ParameterError(f"truth {place} of {truth} has failed patients: nothing can be drawn at it")
    drawn = data_sets(candidates[truth].objective, truths, place, copies=copies, seed=seed)
    data = [restricted(cards, kept) for cards in drawn]
    found = {name: one.log_evidence(data, seed=seed + place) for name, one in candidates.items()}
    return Chosen(
        truth,
        {name: value for name, (value, _) in found.items()},
        all(converged for _, converged in found.values()),
    )


def rate(chosen: Iterable[Chosen], one: str, other: str) -> Proportion:
    """How often the right one of two structures was chosen, over truths of both, with its exact interval."""
    pair = {one: other, other: one}
    outcomes = [item.right(pair[item.truth]) for item in chosen if item.truth in pair]
    return proportion(sum(outcomes), len(outcomes))
