"""Uncertainty of parameters in a trial's figures: how shares differ over the draws of a fit."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from .results import Arm

Array = NDArray[np.float64]

CENTRAL = (0.05, 0.95)  # of the draws: a 90 % interval


@dataclass(frozen=True, slots=True)
class OverDraws:
    """A share under every draw of a fit.

    Attributes
    ----------
    shares : ndarray, shape (D,)
        As the patients of each draw have it.
    noise : float
        Variance that the shares have only because each draw has so few patients, on average.
    """

    shares: Array
    noise: float

    @property
    def mean(self) -> float:
        """Over the draws."""
        return float(self.shares.mean())

    @property
    def variance(self) -> float:
        """What parameters alone make of it: the variance over the draws less that of finite patients."""
        return max(0.0, float(self.shares.var(ddof=1)) - self.noise) if self.shares.size > 1 else 0.0

    @property
    def standard_error(self) -> float:
        """Monte-Carlo error of the mean, from the finite numbers of draws and of their patients."""
        return float(self.shares.std(ddof=1) / np.sqrt(self.shares.size)) if self.shares.size > 1 else np.nan

    @property
    def beyond_noise(self) -> bool:
        """Whether the draws differ by more than their finite patients explain (one-sided, 5 %)."""
        degrees = self.shares.size - 1
        if degrees < 1 or self.noise <= 0.0:
            return self.variance > 0.0
        return degrees * float(self.shares.var(ddof=1)) / self.noise > float(special.chdtri(degrees, 0.05))

    @property
    def without_noise(self) -> Array:
        """The shares drawn together about their mean until they vary as parameters alone make them.

        References
        ----------
        Louis TA. Journal of the American Statistical Association 1984;79:393-8,
        doi 10.1080/01621459.1984.10478062.
        """
        seen = float(self.shares.var(ddof=1)) if self.shares.size > 1 else 0.0
        return self.mean + (self.shares - self.mean) * (np.sqrt(self.variance / seen) if seen > 0.0 else 0.0)

    @property
    def interval(self) -> tuple[float, float]:
        """Central 90 % over the draws, without the noise."""
        low, high = np.quantile(self.without_noise, CENTRAL)
        return float(low), float(high)

    def as_mapping(self) -> dict[str, Any]:
        """For a summary that JSON can hold."""
        error = self.standard_error
        return {
            "draws": int(self.shares.size),
            "interval": list(self.interval),
            "beyond_noise": self.beyond_noise,
            "standard_error": error if np.isfinite(error) else None,
        }


def over_draws(arms: Sequence[Arm], column: str, draws: int) -> OverDraws | None:
    """Share of a column over arms, weighted by their evaluable patients, under every draw.

    The patients of a draw are the same in every arm, so their errors are added before they are squared.
    Draws without a patient who could be judged are left out; None if fewer than two are left.
    """
    weights = np.array([arm.evaluable for arm in arms], dtype=np.float64)
    if draws < 2 or not weights.sum() or arms[0].patients < 2 * draws:
        return None
    weights /= weights.sum()
    of = np.arange(arms[0].patients) % draws
    shares, error = np.zeros(draws), np.zeros(of.size)
    for arm, weight in zip(arms, weights, strict=True):
        values = np.asarray(arm.table[column], dtype=np.float64)
        known = np.isfinite(values)
        judged = np.bincount(of[known], minlength=draws)
        with np.errstate(invalid="ignore", divide="ignore"):
            here = np.bincount(of[known], weights=values[known], minlength=draws) / judged
            error[known] += weight * (values - here[of])[known] / judged[of[known]]
        shares += weight * here
    seen = np.isfinite(shares)
    if seen.sum() < 2:
        return None
    patients = np.bincount(of, minlength=draws)
    squares = np.bincount(of, weights=error * error, minlength=draws)
    with np.errstate(invalid="ignore", divide="ignore"):
        noise = squares * patients / (patients - 1.0)
    return OverDraws(shares[seen], float(np.mean(noise[seen])))


@dataclass(frozen=True, slots=True)
class StableVariance:
    """Variance of the number of stable patients in a trial, in its two parts.

    Attributes
    ----------
    group, side : str
    patients : int
        Evaluable ones of the group.
    mean : float
        Stable patients.
    parameters : float
        Variance of the number expected under a draw.
    sampling : float
        Mean over the draws of the variance under a draw: who takes part, and the chance around each.
    """

    group: str
    side: str
    patients: int
    mean: float
    parameters: float
    sampling: float

    @property
    def total(self) -> float:
        """The law of total variance."""
        return self.parameters + self.sampling

    def as_mapping(self) -> dict[str, Any]:
        """For a summary that JSON can hold."""
        return {**asdict(self), "total": self.total}


def stable_variance(arms: Sequence[Arm], *, side: str, group: str, draws: int) -> StableVariance | None:
    """Parts of the variance of the number of stable patients in a group of arms; None without draws."""
    together = over_draws(arms, "stable_3m", draws)
    if together is None:
        return None
    size = sum(arm.evaluable for arm in arms)
    sampling = 0.0
    for arm in arms:
        alone = over_draws([arm], "stable_3m", draws) if arm.evaluable else None
        if alone is not None:  # p (1 - p) is too small by the noise of p, which the mean of p - p^2 adds back
            sampling += arm.evaluable * float(np.mean(alone.shares * (1.0 - alone.shares)) + alone.noise)
    return StableVariance(group, side, size, size * together.mean, size**2 * together.variance, sampling)


def counts_under_draws(arms: Sequence[Arm], draws: int) -> Array | None:
    """Probability of each number of stable patients of some arms under every draw, shape (D, patients + 1).

    Patients of an arm are stable with the share of the draw, less what is only noise of its few patients.
    """
    if draws < 2:
        return None
    table = np.ones((draws, 1))
    for arm in arms:
        found = over_draws([arm], "stable_3m", draws) if arm.evaluable else None
        if arm.evaluable and (found is None or found.shares.size < draws):
            return None
        for _ in range(arm.evaluable):
            assert found is not None
            share = found.without_noise[:, None]
            longer = np.pad(table, ((0, 0), (0, 1))) * (1.0 - share)
            longer[:, 1:] += table * share
            table = longer
    return table


def clustered(happened: NDArray[np.bool_], draws: int) -> tuple[float, float]:
    """Interval (95 %) of how often something happens in replicate trials that share draws and their patients.

    By the scatter of the frequencies of the draws, of which each is an independent piece.
    """
    frequencies = np.array([happened[draw::draws].mean() for draw in range(draws)])
    half = 1.96 * float(frequencies.std(ddof=1)) / np.sqrt(draws)
    middle = float(happened.mean())
    return max(0.0, middle - half), min(1.0, middle + half)


def variances_of(
    groups: Mapping[str, Sequence[Arm]], sides: Mapping[str, str], draws: int
) -> list[dict[str, Any]]:
    """Parts of the variance of both sides of a comparison; ``sides`` gives the group of each."""
    found = [
        stable_variance(groups[group], side=side, group=group, draws=draws) for side, group in sides.items()
    ]
    return [item.as_mapping() for item in found if item is not None]
