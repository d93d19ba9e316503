"""Who of a large virtual trial takes part in replicate trials: by draw, nobody twice in a trial."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from ..model.errors import ProtocolError
from ..model.randomness import uniforms
from .results import TrialResult

Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


def taking_part(result: TrialResult, arms: Iterable[str]) -> Flags:
    """Persons who could be solved in every arm named, and whom a run-in, if there is one, selected; (P,)."""
    able = np.ones(result.patients.ids.size, dtype=bool)
    for name in arms:
        table = result.arms[name].table
        able &= np.asarray(table["status"]) >= 0
        if "selected" in table:
            able &= np.asarray(table["selected"]) == 1
    return able


def draws_of(result: TrialResult) -> int:
    """Draws of a fit that the persons are divided over; 1 with the literature's parameters."""
    return 1 if result.sets is None else int(np.max(result.patients.draw)) + 1


def by_draw(able: Flags, draw: NDArray[np.integer], draws: int) -> tuple[Rows, ...]:
    """Rows of the persons of each draw who can take part."""
    return tuple(np.flatnonzero(able & (draw == number)) for number in range(draws))


def members(everyone: Rows, trials: Rows, size: int, *, seed: int, purpose: str, who: str) -> Rows:
    """Persons of trials, nobody twice in a trial and in random order, shape (R, size).

    Parameters
    ----------
    everyone : ndarray of int
        Rows of those who can take part.
    trials : ndarray of int, shape (R,)
        Numbers of the trials: one number has the same persons, whatever else is asked.
    size : int
        Patients of all arms together.
    seed : int
    purpose : str
        Of the draw: trials of another purpose have other persons.
    who : str
        What ``everyone`` are, for the message.

    Raises
    ------
    ProtocolError
        If there are not so many.
    """
    if everyone.size < size:
        raise ProtocolError(
            f"{who} has {everyone.size} virtual patients who can take part, too few for a trial of {size}: "
            "take more patients, or fewer draws of the fit"
        )
    keys = uniforms(seed, trials, purpose, everyone.size)
    chosen = np.argpartition(keys, size - 1, axis=1)[:, :size]
    order = np.argsort(np.take_along_axis(keys, chosen, axis=1), axis=1)
    return np.asarray(everyone[np.take_along_axis(chosen, order, axis=1)])
