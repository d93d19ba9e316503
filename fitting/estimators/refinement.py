"""Exact posterior from an emulated one: sampled, weighted by exact values, refitted where that fails."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..objective import FAILED
from .bank import Bank, fill, joined
from .emulator import Emulator
from .ensemble import EnsembleDraws, sample
from .importance import TRUSTED, Weighted, correct
from .posterior import Summarised, judged

Array = NDArray[np.float64]

MOST_STARTS = 500  # best draws of the bank that walkers begin from
LEAST_SHARE = 0.3  # of the exact draws that must be effective: a short tail looks light where few draws weigh


@dataclass(frozen=True, slots=True)
class Round:
    """One emulator, and what the exact posterior said of draws of its posterior.

    Attributes
    ----------
    emulated, exact : ndarray, shape (R,)
        Log-posterior of every draw that was evaluated exactly; minus infinity where a patient failed.
    shape : float
        Of the tail of the weights.
    effective_size : float
        Of the weighted draws.
    sampling : str
        How sampling ended.
    sampled : bool
        Whether it converged.
    """

    emulated: Array
    exact: Array
    shape: float
    effective_size: float
    sampling: str
    sampled: bool

    @property
    def converged(self) -> bool:
        """Whether walkers agreed, and weights can be trusted and leave enough of the draws."""
        enough = self.effective_size >= LEAST_SHARE * self.exact.size
        return self.sampled and self.shape < TRUSTED and enough

    @property
    def differences(self) -> Array:
        """Emulated less exact log-posterior of the draws that are possible, about their median."""
        possible = np.isfinite(self.exact)
        away = self.emulated[possible] - self.exact[possible]
        return np.asarray(away - np.median(away)) if away.size else away


@dataclass(frozen=True, slots=True)
class Refined:
    """The exact posterior as weighted draws of the last emulator's.

    Attributes
    ----------
    weighted : Weighted
    emulator : Emulator
        The last.
    draws : EnsembleDraws
        Of its posterior.
    bank : Bank
        With all exact evaluations.
    rounds : tuple of Round
    """

    weighted: Weighted
    emulator: Emulator
    draws: EnsembleDraws
    bank: Bank
    rounds: tuple[Round, ...]

    @property
    def converged(self) -> bool:
        """Whether walkers agreed and weights can be trusted."""
        return self.rounds[-1].converged

    @property
    def reason(self) -> str:
        """What the last round came to, in words."""
        last = self.rounds[-1]
        tail = "is below" if last.shape < TRUSTED else "is not below"
        return (
            f"round {len(self.rounds)}: tail shape {last.shape:.2f} {tail} {TRUSTED}, "
            f"{last.effective_size:.0f} of {last.exact.size} exact draws effective; sampling: {last.sampling}"
        )


def refine(
    posterior: Summarised,
    bank: Bank,
    *,
    seed: int,
    path: str | Path | None = None,
    rounds: int = 4,
    exact_draws: int = 200,
    within: float | None = None,
    inputs: Mapping[str, ArrayLike] | None = None,
    emulator: Emulator | None = None,
    asked: float = 1000.0,
    most_evaluations: int = 400_000,
    after: Callable[[Round], None] | None = None,
) -> Refined:
    """Sample the emulated posterior and weight its draws by the exact one, until the weights can be trusted.

    Each round adds its exact evaluations to the bank, so that the next emulator knows where the last erred.

    Parameters
    ----------
    posterior : Summarised
    bank : Bank
        Filled for this posterior.
    seed : int
        Of sampling; round k samples with seed + k.
    path : str or Path, optional
        File that the bank is kept in, and rounds of an interrupted call are found in.
    rounds : int
        After which the weights are returned as they are; `Refined.converged` tells.
    exact_draws : int
        Exact evaluations of a round.
    within, inputs
        As of `Emulator`.
    emulator : Emulator, optional
        Of this bank, if there is one already.
    asked, most_evaluations
        As of `sample`.
    after : callable, optional
        Told of every round.

    Raises
    ------
    ParameterError
        If the bank has too few draws, or walkers find nowhere to begin.
    StorageError
        If the file cannot be gone on with.
    """
    done: list[Round] = []
    while True:
        if emulator is None or emulator.bank is not bank:
            emulator = Emulator(bank, posterior, within=within, inputs=inputs)
        best = emulator.rows[np.argsort(-emulator.exact, kind="stable")[:MOST_STARTS]]
        drawn = sample(
            emulator,
            seed=seed + len(done),
            start=bank.points[best],
            asked=asked,
            most_evaluations=most_evaluations,
        )
        points, emulated = drawn.pick(exact_draws)
        bank = fill(posterior, joined(bank, points), identity=bank.identity, path=path, known=bank)
        exact = _exact(posterior, bank, exact_draws)
        weighted = correct(points, emulated, exact)
        last = Round(emulated, exact, weighted.shape, weighted.effective_size, drawn.reason, drawn.converged)
        done.append(last)
        if after is not None:
            after(last)
        if last.converged or len(done) >= rounds:
            return Refined(weighted, emulator, drawn, bank, tuple(done))


def _exact(posterior: Summarised, bank: Bank, count: int) -> Array:
    """Log-posterior that the own summaries of the last draws of a bank give, shape (count,)."""
    rows = slice(len(bank) - count, len(bank))
    exact = judged(posterior, bank.apart(bank.summaries[rows]), bank.points[rows])
    return np.where(bank.solved[rows], exact, FAILED)
