"""What a fit makes of its posterior: what constrains each parameter, and what more reading would teach."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import Lag3igError, ParameterError
from .estimators.bank import Bank
from .estimators.emulator import Emulator
from .estimators.importance import Weighted
from .identifiability import Direction, Information, information
from .influence import Influence, influences
from .objective import Objective
from .profiles import Profile, profiles
from .slot_information import Lesson, lessons, would_be

Array = NDArray[np.float64]

EVALUATIONS = 40  # of the emulated posterior at each value of a profile


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found of parameters, cards and empty slots.

    Attributes
    ----------
    directions : tuple of Direction
        Combinations of parameters at the top, from the one that data tell most of.
    shares : mapping of str to mapping of str to float
        Of each parameter's variance, what would come back without each card.
    profiles : tuple of Profile
        Of every free parameter, on the emulated posterior.
    influences : tuple of Influence
        Of every card, from the weights of exact draws without it.
    lessons : tuple of Lesson
        What filling empty slots would teach.
    reasons : mapping of str to str
        Why a part could not be found, by the part's name.
    """

    directions: tuple[Direction, ...] = ()
    shares: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    profiles: tuple[Profile, ...] = ()
    influences: tuple[Influence, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    reasons: Mapping[str, str] = field(default_factory=dict)


def find(
    objective: Objective, *, emulator: Emulator, bank: Bank, weighted: Weighted, top: ArrayLike
) -> Findings:
    """What a fit found; a part that cannot be had is left out and its reason kept.

    Parameters
    ----------
    objective : Objective
    emulator : Emulator
        Of its posterior.
    bank : Bank
        Whose last draws are the weighted ones.
    weighted : Weighted
        Draws of the exact posterior.
    top : array_like, shape (n,)
        The likeliest point.
    """
    reasons: dict[str, str] = {}
    known: Information | None = None
    taught: tuple[Lesson, ...] = ()
    found: tuple[Profile, ...] = ()
    try:
        would = would_be(objective, top)
        whole = information(would.objective, top)
        known = whole.only(set(whole.by_observation) - set(would.filled))
        taught = lessons(would, whole)
    except (Lag3igError, np.linalg.LinAlgError) as fault:
        reasons["information"] = str(fault)
    influence: tuple[Influence, ...] = ()
    try:
        influence = influences_of(objective, bank, weighted)
    except (Lag3igError, np.linalg.LinAlgError) as fault:
        reasons["influences"] = str(fault)
    try:
        found = profiles(emulator, top, most_evaluations=EVALUATIONS)
    except Lag3igError as fault:
        reasons["profiles"] = str(fault)
    return Findings(
        () if known is None else known.directions(),
        {} if known is None else known.shares(),
        found,
        influence,
        taught,
        reasons,
    )


def influences_of(objective: Objective, bank: Bank, weighted: Weighted) -> tuple[Influence, ...]:
    """Influence of every card, from what the summaries of the last draws of a bank say of it.

    Draws in which patients fail have no weight and are passed over.

    Raises
    ------
    ParameterError
        If too few draws have any weight.
    """
    rows = slice(len(bank) - len(weighted.draws), len(bank))
    possible = bank.solved[rows] & (weighted.weights > 0.0)
    if possible.sum() <= len(bank.names) + 1:
        raise ParameterError(
            f"{possible.sum()} exact draws have any weight; {len(bank.names)} parameters need more of them"
        )
    terms = objective.terms(bank.apart(bank.summaries[rows][possible]))
    return influences(bank.names, weighted.draws[possible], terms, weights=weighted.weights[possible])
