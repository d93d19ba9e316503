"""What a fit found: its tops, its posterior, what it learnt of each parameter, and its checks."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .findings import Findings

Array = NDArray[np.float64]

LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)  # of the quantiles that tables show
VISIT_WINDOW = 7.0 / (365.25 / 12.0)  # months that a scan may be off its day, and a median with it; assumed
IDENTIFIED_FROM = 0.5  # of the prior's variance that data must take away before a parameter counts as learnt


@dataclass(frozen=True, slots=True)
class Learnt:
    """One parameter before and after.

    Attributes
    ----------
    name : str
    prior, posterior : tuple of float
        Quantiles at `LEVELS`, on the natural scale.
    contraction : float
        One less the posterior's variance over the prior's, on the free scale.
    top : float
        At the most likely point.
    """

    name: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    contraction: float
    top: float

    @property
    def identified(self) -> bool:
        """Whether data told more of the parameter than its prior did."""
        return self.contraction >= IDENTIFIED_FROM

    @property
    def verdict(self) -> str:
        """In words."""
        if self.identified:
            return "learnt from the data"
        return "moved, still mostly prior" if self.contraction >= 0.1 else "not identified"


@dataclass(frozen=True, slots=True)
class Check:
    """A printed number beside replicate trials of the real size.

    Attributes
    ----------
    card, observation, label, name, unit, published : str
        ``name`` says which number of the observation, ``published`` how it was printed.
    role : str
        ``fitted`` or ``check only``; a card left out of the fit is a check.
    printed : float
    quantiles : tuple of float
        Of the replicates, at `LEVELS`.
    """

    card: str
    observation: str
    label: str
    name: str
    unit: str
    published: str
    role: str
    printed: float
    quantiles: tuple[float, ...]

    @property
    def inside(self) -> bool:
        """Whether the printed number lies in the central 95 % of the replicates, or on its right side."""
        if "at most" in self.unit:
            return self.quantiles[0] <= self.printed
        if "at least" in self.unit:
            return self.quantiles[-1] >= self.printed
        near = VISIT_WINDOW if self.unit == "months" else 0.0
        return self.quantiles[0] - near <= self.printed <= self.quantiles[-1] + near


@dataclass(frozen=True, slots=True)
class FitResult:
    """A fit.

    Attributes
    ----------
    problem_text, problem_name, title, created, lag3ig_version, structure
        What was fitted, when, and under which choices (JSON).
    seed, patients : int
        Virtual patients of an arm, and the seed of all that is drawn.
    names : tuple of str
        Free parameters.
    starts : ndarray, shape (starts,)
        Log-posterior (emulated) of every local search, falling: the waterfall.
    top : ndarray, shape (n,)
        The most likely point of the exact posterior, free scale.
    terms : mapping of str to float
        Log-likelihood of each observation there.
    draws, weights : ndarray, shapes (R, n) and (R,)
        Posterior on the free scale, and the share of each draw.
    learnt : tuple of Learnt
    checks : tuple of Check
    unseen : tuple of (str, str)
        Observations without an observable in the model: label and what they say.
    symmetries : tuple of mapping
        Groups of parameters that no fitted observation can tell apart.
    diagnostics : mapping
        Numbers and sentences on how the fit went: tail shape, effective sizes, R-hat, errors of the
        emulator, Monte-Carlo error, evidence, seconds of each step.
    findings : Findings
        What constrains each parameter, and what more reading would teach.
    """

    problem_text: str
    problem_name: str
    title: str
    created: str
    lag3ig_version: str
    structure: str
    seed: int
    patients: int
    names: tuple[str, ...]
    starts: Array
    top: Array
    terms: dict[str, float]
    draws: Array
    weights: Array
    learnt: tuple[Learnt, ...]
    checks: tuple[Check, ...]
    unseen: tuple[tuple[str, str], ...] = ()
    symmetries: tuple[dict[str, int], ...] = ()
    diagnostics: dict[str, Any] = field(default_factory=dict)
    findings: Findings = field(default_factory=Findings)

    @property
    def trusted(self) -> bool:
        """Whether sampling converged and the weights of its draws can be trusted."""
        return bool(self.diagnostics.get("converged", False))
