"""How well a trial tells structures apart: what is chosen under each truth, and bits learnt of the structure.

Information is the mean, over trials simulated from every structure with equal chances, of the logarithm to
base 2 of the probability given to the true structure over that beforehand. With the exact likelihood that is
the mutual information of structure and findings; with any other it is less, so that what is printed errs
downwards.

References
----------
Barber D, Agakov F. The IM algorithm: a variational approach to information maximization. NIPS 2003.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .likelihood import Likelihood, likelihood_of, log_sum
from .moments import Moments, Replicates, replicates_of
from .readings import Reading

Array = NDArray[np.float64]
POWERS = tuple(2.0 ** (-0.5 * k) for k in range(9))  # of the likelihood, from 1 down to 1/16
DOUBT = 0.01  # of the probability is spread evenly: no likelihood is trusted further than that
SAME = 1e-12  # of a probability: structures this close are equally probable


@dataclass(frozen=True, slots=True)
class Verdict:
    """What trials of one design make of the structures, which are equally probable beforehand.

    Attributes
    ----------
    bits, error : float
        Information, and its Monte-Carlo error.
    chosen : ndarray, shape (H, H)
        Share of trials in which each structure is the most probable; rows: the truth. Ties count in parts.
    probability : ndarray, shape (H, R)
        Given to the truth, by the truth.
    mean : ndarray, shape (H, H)
        Mean probability of each structure; rows: the truth.
    power : float
        To which the likelihood is raised, so that its probabilities hold in trials it was not made from.
    """

    bits: float
    error: float
    chosen: Array
    probability: Array
    mean: Array
    power: float

    @property
    def right(self) -> float:
        """Share of trials, truths equally often, in which the true structure is chosen."""
        return float(np.mean(np.diag(self.chosen)))


class Bench:
    """Structures on which designs are tried.

    Parameters
    ----------
    readings : sequence of Reading, C of them
    known : sequence of Moments, H of them
        What the likelihood is made from; its draws are the same numbers under every structure.
    fresh : sequence of Moments, H of them
        Other draws and other persons, from which trials are simulated.
    trials : int
        Simulated from each structure.
    seed : int
    """

    def __init__(
        self,
        readings: Sequence[Reading],
        known: Sequence[Moments],
        fresh: Sequence[Moments],
        *,
        trials: int,
        seed: int,
    ) -> None:
        self.readings, self.known, self.fresh = tuple(readings), tuple(known), tuple(fresh)
        self.trials, self.seed = trials, seed
        self.is_count = np.array([item.is_count for item in readings])
        self._arm = np.array([item.arm for item in readings])
        self._found: dict[tuple[str, bytes], list[Array]] = {}  # of the size asked for last

    @cached_property
    def _tuning(self) -> list[Replicates]:
        """Trials of the draws that the likelihood is made from, each to be judged without its own."""
        return [replicates_of(pool, self.readings, count=self.trials, seed=self.seed) for pool in self.known]

    @cached_property
    def _checking(self) -> list[Replicates]:
        return [
            replicates_of(pool, self.readings, count=self.trials, seed=self.seed + 1) for pool in self.fresh
        ]

    def sizes(self, patients: Sequence[int]) -> Array:
        """Patients behind each reading, shape (C,), from those of each arm."""
        return np.asarray(patients, dtype=np.float64)[self._arm]

    def judge(
        self, chosen: NDArray[np.intp], patients: Sequence[int], found: Sequence[Array] | None = None
    ) -> Verdict:
        """What fresh trials make of the structures by the chosen readings.

        Parameters
        ----------
        chosen : ndarray of int
            Places of the readings used.
        patients : sequence of int
            Of each arm.
        found : sequence of ndarray of shape (R, C), H of them, optional
            Findings of trials of each structure; simulated from the fresh draws if left out. Trial r is of
            draw r mod D.
        """
        sizes = self.sizes(patients)
        likelihood = likelihood_of(self.known, chosen, self.is_count, sizes)
        power, _ = self._tuned(likelihood, sizes)
        if found is None:
            found = self._findings("checking", sizes)
        log = [likelihood.log_marginal(values) for values in found]
        return verdict(log, power=power, draws=self.fresh[0].persons.draws)

    def promise(self, chosen: NDArray[np.intp], patients: Sequence[int]) -> float:
        """Bits that the draws behind the likelihood promise, each judged without itself: to search by."""
        sizes = self.sizes(patients)
        return self._tuned(likelihood_of(self.known, chosen, self.is_count, sizes), sizes)[1]

    def _tuned(self, likelihood: Likelihood, sizes: Array) -> tuple[float, float]:
        log = [
            likelihood.log_marginal(values, trials.draw)
            for trials, values in zip(self._tuning, self._findings("tuning", sizes), strict=True)
        ]
        bits = [
            float(np.mean([_gain(rows, truth, power) for truth, rows in enumerate(log)])) for power in POWERS
        ]
        best = int(np.argmax(bits))
        return POWERS[best], bits[best]

    def _findings(self, of: str, sizes: Array) -> list[Array]:
        key = (of, sizes.tobytes())
        if key not in self._found:
            self._found = {known: kept for known, kept in self._found.items() if known[0] != of}
            trials = self._tuning if of == "tuning" else self._checking
            self._found[key] = [item.found(sizes, self.is_count) for item in trials]
        return self._found[key]


def verdict(log: Sequence[Array], *, power: float, draws: int) -> Verdict:
    """Summary of log-likelihoods, shape (R, H) under each truth; trial r is of draw r mod ``draws``."""
    structures = len(log)
    probabilities = np.stack([_probability(rows, power) for rows in log])
    best = probabilities >= probabilities.max(axis=2, keepdims=True) - SAME
    shared = best / best.sum(axis=2, keepdims=True)
    gains = np.stack([_gain(rows, truth, power) for truth, rows in enumerate(log)]).mean(axis=0)
    clusters = np.array([gains[draw::draws].mean() for draw in range(min(draws, len(gains)))])
    if clusters.size < 3:
        clusters = gains
    return Verdict(
        bits=float(gains.mean()),
        error=float(clusters.std(ddof=1) / np.sqrt(clusters.size)),
        chosen=shared.mean(axis=1),
        probability=np.stack([probabilities[truth, :, truth] for truth in range(structures)]),
        mean=probabilities.mean(axis=1),
        power=power,
    )


def _gain(log: Array, truth: int, power: float) -> Array:
    """Bits that each trial gives about the true structure, shape (R,)."""
    return np.asarray(np.log2(log.shape[1] * _probability(log, power)[:, truth]))


def _probability(log: Array, power: float) -> Array:
    """Of each structure after each trial, shape (R, H)."""
    tempered = power * log
    given = np.exp(tempered - log_sum(tempered)[:, None])
    return np.asarray((1.0 - DOUBT) * given + DOUBT / log.shape[1])
