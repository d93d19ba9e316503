"""Power within each draw of a fit, assurance over the draws, and how many patients are enough."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .persons import Persons
from .section import TIMED, Design
from .trials import Trials, endless, replicate

Array = NDArray[np.float64]
CENTRAL = (0.05, 0.5, 0.95)
PARTS = 4  # of the persons of a draw, where they suffice, to tell the error of finite virtual patients
FEWEST = 5  # patients of an arm that are still called a trial


@dataclass(frozen=True, slots=True)
class Assurance:
    """Probability that a trial succeeds.

    Attributes
    ----------
    sizes : (int, int)
        Patients of the control and the experimental arm.
    power : ndarray, shape (D,)
        Of each draw: that probability, if the draw is the truth.
    assurance : float
        Its mean.
    draws_error, patients_error : float
        Monte-Carlo standard error of the assurance from finite draws, and from finite virtual patients (NaN
        where these are too few to tell); both with the chance of the replicates in it.
    replicates : int
    """

    sizes: tuple[int, int]
    power: Array
    assurance: float
    draws_error: float
    patients_error: float
    replicates: int


@dataclass(frozen=True, slots=True)
class Split:
    """Variance of the estimate over trials: of parameters, and of patients and chance."""

    parameters: float
    sampling: float

    @property
    def share(self) -> float:
        """Of the parameters in the whole."""
        total = self.parameters + self.sampling
        return self.parameters / total if total > 0.0 else 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that is said of a randomised comparison.

    Attributes
    ----------
    design : Design
    trials, null : Trials
        Replicates as planned, and with both arms on the control treatment.
    planned : Assurance
    curve : tuple of Assurance
        Over sizes of the trial.
    effects : ndarray, shape (D,)
        Of each draw in all its persons: logarithm of the hazard ratio, or difference.
    better : float
        Share of the draws in which the experimental arm is better: no trial can be surer than this.
    split : Split
    target : float
    enough : (int, int), optional
        Smallest sizes whose assurance reaches the target; None if none was found.
    """

    design: Design
    trials: Trials
    null: Trials
    planned: Assurance
    curve: tuple[Assurance, ...]
    effects: Array
    better: float
    split: Split
    target: float
    enough: tuple[int, int] | None

    @property
    def type_one(self) -> tuple[float, float]:
        """Share of successes where there is nothing to find, and its Monte-Carlo standard error."""
        share = float(self.null.success.mean())
        return share, float(np.sqrt(max(share * (1.0 - share), 0.0) / self.null.success.size))


def assurance(
    persons: Persons, design: Design, sizes: tuple[int, int], *, count: int, seed: int
) -> tuple[Assurance, Trials]:
    """Assurance of a trial of these sizes, and the replicates behind it."""
    parts = max(1, min(PARTS, persons.fewest // sum(sizes), count // persons.draws))
    trials = replicate(persons, design, sizes, count=count, seed=seed, parts=parts)
    power = _by(trials.draw, trials.success, persons.draws)
    error = float(power.std(ddof=1) / np.sqrt(power.size)) if power.size > 1 else _binomial(trials.success)
    part = (np.arange(count) // persons.draws) % parts
    of_parts = _by(part, trials.success, parts)
    return Assurance(
        sizes,
        power,
        float(power.mean()),
        error,
        float(of_parts.std(ddof=1) / np.sqrt(parts)) if parts > 1 else float("nan"),
        count,
    ), trials


def report(
    persons: Persons,
    design: Design,
    sizes: tuple[int, int],
    *,
    count: int,
    seed: int,
    grid: Sequence[int] = (20, 40, 60, 80, 113, 150, 200, 300, 400, 600),
    target: float = 0.8,
) -> Report:
    """Everything there is to say of a comparison, from one set of virtual persons.

    Parameters
    ----------
    persons, design
    sizes : (int, int)
        Planned patients of the control and the experimental arm.
    count : int
        Replicate trials as planned; each size of the curve has a quarter of them.
    seed : int
    grid : sequence of int
        Patients of the control arm along the curve; the other arm in proportion. Those for whom there are
        too few virtual persons are left out.
    target : float
        Assurance asked for.
    """
    planned, trials = assurance(persons, design, sizes, count=count, seed=seed)
    null = replicate(persons, design, sizes, count=count, seed=seed, null=True)
    ratio, most = sizes[1] / sizes[0], persons.fewest
    several = [_sized(n, ratio) for n in sorted({*grid, sizes[0]}) if sum(_sized(n, ratio)) <= most]
    fewer = max(count // 4, persons.draws)
    curve = tuple(assurance(persons, design, item, count=fewer, seed=seed)[0] for item in several)
    effects = whole_effects(persons, design, seed=seed)
    known = effects[~np.isnan(effects)]
    better = float(np.mean(known < 0.0 if _less_is_better(design) else known > 0.0)) if known.size else 0.0
    return Report(
        design,
        trials,
        null,
        planned,
        curve,
        effects,
        better,
        split_of(trials, persons.draws),
        target,
        _enough(persons, design, curve, target, ratio, count=fewer, seed=seed),
    )


def whole_effects(persons: Persons, design: Design, *, seed: int) -> Array:
    """Estimate of every draw when all its persons are in both arms, shape (D,): twins leave little chance."""
    return np.array([endless(persons, design, draw, seed=seed) for draw in range(persons.draws)])


def split_of(trials: Trials, draws: int) -> Split:
    """Variance of finite estimates into that of the draws' means and the mean of that within draws."""
    known = np.isfinite(trials.estimate)
    of, values = trials.draw[known], trials.estimate[known]
    number = np.bincount(of, minlength=draws)
    several = number > 1
    if several.sum() < 2:
        return Split(0.0, float(values.var(ddof=1)) if values.size > 1 else 0.0)
    mean = _by(of, values, draws)
    within = np.bincount(of, weights=(values - mean[of]) ** 2, minlength=draws)[several] / (
        number[several] - 1
    )
    between = float(mean[several].var(ddof=1)) - float(np.mean(within / number[several]))
    return Split(max(0.0, between), float(within.mean()))


def _enough(
    persons: Persons,
    design: Design,
    curve: Sequence[Assurance],
    target: float,
    ratio: float,
    *,
    count: int,
    seed: int,
) -> tuple[int, int] | None:
    """Smallest size that reaches the target, between two of the curve; found by halving."""
    reached = [place for place, item in enumerate(curve) if item.assurance >= target]
    if not reached:
        return None
    high = curve[reached[0]].sizes[0]
    low = curve[reached[0] - 1].sizes[0] if reached[0] else FEWEST
    while high - low > max(1, high // 50):
        middle = (low + high) // 2
        found, _ = assurance(persons, design, _sized(middle, ratio), count=count, seed=seed)
        low, high = (low, middle) if found.assurance >= target else (middle, high)
    return _sized(high, ratio)


def _sized(control: int, ratio: float) -> tuple[int, int]:
    return control, max(1, round(ratio * control))


def _less_is_better(design: Design) -> bool:
    timed = design.endpoint in TIMED and design.test != "restricted-mean"
    return timed or design.endpoint == "best_change"


def _by(group: NDArray[np.int64], values: NDArray, groups: int) -> Array:
    """Mean of the values of each group; NaN for one without any."""
    number = np.bincount(group, minlength=groups)
    total = np.bincount(group, weights=np.asarray(values, dtype=np.float64), minlength=groups)
    return np.divide(total, number, out=np.full(groups, np.nan), where=number > 0)


def _binomial(success: NDArray[np.bool_]) -> float:
    share = float(success.mean())
    return float(np.sqrt(share * (1.0 - share) / success.size))
