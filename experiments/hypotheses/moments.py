"""What trials of a structure find on average under each draw of its parameters, and how patients differ."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ...model.errors import ProtocolError
from ...model.randomness import normals, uniforms
from ..members import members
from .readings import Persons, Reading

Array = NDArray[np.float64]
RESOLUTION = 0.01  # standard deviation that a reading has at least: no assay is finer


@dataclass(frozen=True, slots=True)
class Moments:
    """Persons of one structure, told by draw.

    Attributes
    ----------
    means : ndarray, shape (D, C)
        Of a sample; of a count, the share of patients.
    noise : ndarray, shape (C, C)
        Covariance between patients, mean over the draws; 0 between arms, whose patients are others.
    persons : Persons
    """

    means: Array
    noise: Array
    persons: Persons


def moments_of(persons: Persons, readings: Sequence[Reading]) -> Moments:
    """Means and covariances of persons.

    Raises
    ------
    ProtocolError
        If a draw has fewer than three persons of whom a reading is known.
    """
    arm = np.array([item.arm for item in readings])
    count = persons.values.shape[1]
    means, noise = np.empty((persons.draws, count)), np.zeros((count, count))
    for draw in range(persons.draws):
        values = persons.of_draw(draw)
        known = np.isfinite(values)
        if known.sum(axis=0).min(initial=3) < 3:
            raise ProtocolError(
                f"draw {draw}: {readings[int(known.sum(axis=0).argmin())].what} is known of fewer than three "
                "persons; take more persons of each draw, or fewer draws"
            )
        means[draw] = np.nanmean(values, axis=0)
        centred = np.where(known, values - means[draw], 0.0)
        noise += centred.T @ centred / (len(values) - 1.0)
    noise = np.where(arm[:, None] == arm, noise / persons.draws, 0.0)
    return Moments(means, noise + RESOLUTION**2 * np.eye(count), persons)


@dataclass(frozen=True, slots=True)
class Replicates:
    """Trials of one structure before their size is told: the same chance for trials of every size.

    Attributes
    ----------
    draw : ndarray, shape (R,)
    means : ndarray, shape (R, C)
        What the draw of the trial has on average.
    errors : ndarray, shape (R, C)
        Error of a mean over one patient, Gaussian with the covariance of the draw's patients.
    uniforms : ndarray, shape (R, C)
        Behind the counts.
    """

    draw: NDArray[np.int64]
    means: Array
    errors: Array
    uniforms: Array

    def found(self, sizes: Array, counts: NDArray[np.bool_]) -> Array:
        """What trials with ``sizes`` (C,) patients find: means of samples, numbers of responses; (R, C)."""
        values = self.means + self.errors / np.sqrt(sizes)
        for place in np.flatnonzero(counts):
            share = np.clip(self.means[:, place], 0.0, 1.0)
            values[:, place] = stats.binom.ppf(self.uniforms[:, place], sizes[place], share)
        return values


def replicates_of(moments: Moments, readings: Sequence[Reading], *, count: int, seed: int) -> Replicates:
    """Draw replicate trials, replicate r under draw r mod D; their patients are others in every arm.

    The mean of n patients is the mean of the draw and Gaussian weights over its persons: exactly the
    covariance of these persons over n.
    """
    persons = moments.persons
    trials = np.arange(count)
    draw = trials % persons.draws
    arm = np.array([item.arm for item in readings])
    errors = np.empty((count, len(readings)))
    for number in range(min(persons.draws, count)):
        values = persons.of_draw(number)
        centred = np.nan_to_num(values - moments.means[number])
        mine = draw == number
        for place in np.unique(arm):
            weights = normals(seed, trials[mine], f"patients of arm {place}", len(values))
            here = arm == place
            errors[np.ix_(mine, here)] = weights @ centred[:, here] / np.sqrt(len(values) - 1.0)
    chances = uniforms(seed, trials, "counts of responses", len(readings))
    return Replicates(draw, moments.means[draw], errors, chances)


def trials_of_persons(
    moments: Moments, readings: Sequence[Reading], sizes: Sequence[int], *, count: int, seed: int
) -> Array | None:
    """What trials of single persons find, nobody twice in one; shape (R, C), or None if there are too few.

    Parameters
    ----------
    sizes : sequence of int, length A
        Patients of each arm.
    """
    persons, total = moments.persons, int(sum(sizes))
    trials = np.arange(count)
    if min(len(persons.of_draw(draw)) for draw in range(persons.draws)) < total:
        return None
    arm = np.array([item.arm for item in readings])
    is_count = np.array([item.is_count for item in readings])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    found = np.empty((count, len(readings)))
    for number in range(min(persons.draws, count)):
        values = persons.of_draw(number)
        mine = np.flatnonzero(trials % persons.draws == number)
        everyone, who = np.arange(len(values)), f"draw {number} of {persons.draws}"
        order = members(everyone, mine, total, seed=seed, purpose="persons of a trial", who=who)
        for place in range(len(sizes)):
            rows = order[:, starts[place] : starts[place + 1]]
            here = np.flatnonzero(arm == place)
            taken = values[:, here][rows]
            known = np.isfinite(taken)
            total_of = np.where(known, taken, 0.0).sum(axis=1)
            mean = total_of / np.maximum(known.sum(axis=1), 1)
            mean = np.where(known.any(axis=1), mean, moments.means[number, here])
            found[np.ix_(mine, here)] = np.where(is_count[here], total_of, mean)
    return found
