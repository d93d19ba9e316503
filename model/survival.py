"""Time to an event under right censoring, and shares with exact intervals.

References
----------
Kaplan EL, Meier P. J Am Stat Assoc 1958;53:457-481, doi 10.1080/01621459.1958.10501452.
Clopper CJ, Pearson ES. Biometrika 1934;26:404-413, doi 10.1093/biomet/26.4.404.
Brookmeyer R, Crowley J. Biometrics 1982;38:29-41, doi 10.2307/2530286 (interval of the median).
"""

import warnings
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

Array = NDArray[np.float64]

HALF = 0.5 * (1.0 + 1e-12)  # a product of shares that is one half may come out a little above it


@dataclass(frozen=True, slots=True)
class Proportion:
    """Count out of a number, with the exact interval of its share (fractions, NaN if nobody was judged)."""

    count: int
    number: int
    lower: float
    upper: float

    @property
    def share(self) -> float:
        """Count over number."""
        return self.count / self.number if self.number else float("nan")

    def __str__(self) -> str:
        if not self.number:
            return "0 of 0"
        percent = f"{100 * self.share:.1f} % ({100 * self.lower:.1f}-{100 * self.upper:.1f})"
        return f"{self.count:,} of {self.number:,} = {percent}"


def proportion(count: int, number: int, *, level: float = 0.95) -> Proportion:
    """Count out of a number with its exact (Clopper-Pearson) interval.

    >>> print(proportion(7, 8))
    7 of 8 = 87.5 % (47.3-99.7)
    """
    if number == 0:
        return Proportion(0, 0, float("nan"), float("nan"))
    seen, unseen, tail = int(count), int(number) - int(count), 0.5 * (1.0 - level)
    lower = float(special.betaincinv(seen, unseen + 1, tail)) if seen else 0.0
    upper = float(special.betaincinv(seen + 1, unseen, 1.0 - tail)) if unseen else 1.0
    return Proportion(seen, int(number), lower, upper)


@dataclass(frozen=True, slots=True)
class Survival:
    """Kaplan-Meier curve: a step at every time seen, event or censoring.

    Attributes
    ----------
    time : ndarray, shape (n,)
        Distinct times, increasing.
    probability, lower, upper : ndarray, shape (n,)
        Share still free of the event just after each time, and its pointwise band (log-log transformed).
    observed : ndarray, shape (P,)
        Time of event or censoring of each patient that counts, sorted.
    events : int
        Number of events.
    missing : int
        Patients whose time is NaN and who therefore do not count.
    """

    time: Array
    probability: Array
    lower: Array
    upper: Array
    observed: Array
    events: int
    missing: int

    def at(self, times: ArrayLike) -> Array:
        """Share still free of the event just after the given times."""
        place = np.searchsorted(self.time, np.asarray(times, dtype=np.float64), side="right")
        return np.concatenate([[1.0], self.probability])[place]

    def at_risk(self, times: ArrayLike) -> NDArray[np.int64]:
        """Patients still followed just before the given times."""
        before = np.searchsorted(self.observed, np.asarray(times, dtype=np.float64), side="left")
        return np.asarray(self.observed.size - before, dtype=np.int64)

    @property
    def median(self) -> float:
        """First time at which half or fewer are free of the event; infinite if that is never so."""
        return _first_at_half(self.time, self.probability)

    @property
    def median_interval(self) -> tuple[float, float]:
        """Times at which the lower and the upper band reach one half."""
        return _first_at_half(self.time, self.lower), _first_at_half(self.time, self.upper)


def _first_at_half(time: Array, curve: Array) -> float:
    reached = np.flatnonzero(curve <= HALF)
    return float(time[reached[0]]) if reached.size else float("inf")


def kaplan_meier(time: ArrayLike, event: ArrayLike, *, level: float = 0.95) -> Survival:
    """Kaplan-Meier estimate of the share free of an event.

    At a tie an event comes before a censoring.

    Parameters
    ----------
    time : array_like, shape (P,)
        Time of the event or of censoring; NaN for a patient that cannot be judged (counted in ``missing``).
    event : array_like of bool, shape (P,)
        Whether the event was seen.
    level : float
        Level of the band.

    Returns
    -------
    Survival
        Empty arrays if nobody can be judged.
    """
    all_times = np.asarray(time, dtype=np.float64)
    judged = ~np.isnan(all_times)
    observed, seen = all_times[judged], np.asarray(event, dtype=bool)[judged]
    missing = int(all_times.size - observed.size)
    if observed.size == 0:
        nothing = np.empty(0)
        return Survival(nothing, nothing, nothing, nothing, nothing, 0, missing)
    from scipy import stats  # a second of processor time, which only a report with curves needs

    data = stats.CensoredData.right_censored(observed, ~seen)
    curve = stats.ecdf(data).sf
    # Before the first event and after the last of all the band has no width; SciPy says so by a warning and
    # NaN.
    with warnings.catch_warnings(), np.errstate(divide="ignore", invalid="ignore"):
        warnings.filterwarnings("ignore", "The confidence interval is undefined", RuntimeWarning)
        band = curve.confidence_interval(confidence_level=level, method="log-log")
    probability = np.asarray(curve.probabilities)
    return Survival(
        time=np.asarray(curve.quantiles, dtype=np.float64),
        probability=probability,
        lower=np.where(np.isnan(band.low.probabilities), probability, band.low.probabilities),
        upper=np.where(np.isnan(band.high.probabilities), probability, band.high.probabilities),
        observed=np.sort(observed),
        events=int(seen.sum()),
        missing=missing,
    )
