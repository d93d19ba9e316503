"""Power and true error of a planned comparison: events for a log-rank test, exact tests of two shares.

References
----------
Schoenfeld DA. Biometrics 1983;39:499-503, doi 10.2307/2531021 (events and power).
Boschloo RD. Stat Neerl 1970;24:1-9, doi 10.1111/j.1467-9574.1970.tb00104.x.
Barnard GA. Biometrika 1947;34:123-138, doi 10.1093/biomet/34.1-2.123.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from .errors import Lag3igError, nearest

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
TestName = Literal["fisher", "boschloo", "barnard"]
TESTS: tuple[TestName, ...] = ("fisher", "boschloo", "barnard")

RATES = np.sin(np.linspace(0.0, 0.5 * np.pi, 1001)) ** 2  # a binomial is as wide everywhere on this scale
RATES_AT_ONCE = 50
TIE = 1e-9  # relative; tables whose statistics differ by rounding only are equally extreme
PEAKS = 5  # of the error over the rate that are searched beyond the grid


def schoenfeld_drift(events: ArrayLike, hazard_ratio: ArrayLike, *, treated: float = 0.5) -> Array:
    """Mean of the log-rank statistic at so many events, above 0 if the ratio is below 1.

    It is the drift that `group_sequential.Bounds` take.

    Parameters
    ----------
    events : array_like
        Events of both arms together.
    hazard_ratio : array_like
        Hazard of the treated arm over that of the control arm, constant over time and near 1.
    treated : float
        Share of the patients in the treated arm.
    """
    spread = _spread(treated)
    return np.asarray(-_log_ratio(hazard_ratio) * np.sqrt(spread * np.asarray(events, dtype=np.float64)))


def schoenfeld_events(drift: ArrayLike, hazard_ratio: ArrayLike, *, treated: float = 0.5) -> Array:
    """Events at which the log-rank statistic has a mean of ``drift``, or minus that if the ratio is above 1.

    Not rounded; infinite at a ratio of 1. For the drift of a design with interim looks ask
    `group_sequential.Bounds.drift`; for a single look see `drift_of_one_look`.

    Parameters
    ----------
    drift : array_like
        Mean asked for.
    hazard_ratio, treated
        As in `schoenfeld_drift`.

    Examples
    --------
    Two-sided 5 %, power 90 %, hazard ratio 0.57:

    >>> round(float(schoenfeld_events(drift_of_one_look(0.9), 0.57)), 1)
    133.0
    """
    with np.errstate(divide="ignore"):
        per_root_event = np.abs(_log_ratio(hazard_ratio)) * np.sqrt(_spread(treated))
        return np.asarray((np.asarray(drift, dtype=np.float64) / per_root_event) ** 2)


def drift_of_one_look(power: ArrayLike, *, alpha: float = 0.025) -> Array:
    """Mean of a standard normal statistic that exceeds its one-sided limit with chance ``power``."""
    return np.asarray(special.ndtri(np.asarray(power, dtype=np.float64)) - special.ndtri(alpha))


def schoenfeld_power(
    events: ArrayLike, hazard_ratio: ArrayLike, *, alpha: float = 0.025, treated: float = 0.5
) -> Array:
    """Chance that a one-sided log-rank test with so many events finds the treated arm better.

    Parameters
    ----------
    events, hazard_ratio, treated
        As in `schoenfeld_drift`.
    alpha : float
        One-sided error; half of a two-sided one.
    """
    return np.asarray(
        special.ndtr(schoenfeld_drift(events, hazard_ratio, treated=treated) + special.ndtri(alpha))
    )


@dataclass(frozen=True, slots=True)
class ExactTest:
    """Test of two shares as the set of tables that it rejects.

    Attributes
    ----------
    rejected : ndarray of bool, shape (treated + 1, control + 1)
        Whether so many responders of the treated arm and so many of the control arm reject.
    """

    rejected: Flags

    def power(self, treated_rate: ArrayLike, control_rate: ArrayLike) -> Array:
        """Chance of rejection, exactly, where patients respond at these rates; of their shape."""
        treated, control = (number - 1 for number in self.rejected.shape)
        of_treated, of_control = _binomial(treated, treated_rate), _binomial(control, control_rate)
        return np.asarray(((of_treated @ self.rejected.astype(np.float64)) * of_control).sum(axis=-1))

    def size(self, rate: ArrayLike) -> Array:
        """Chance of rejection where both arms respond at one rate: the true error there."""
        return self.power(rate, rate)

    @property
    def largest_size(self) -> tuple[float, float]:
        """Largest true error over all rates, and the rate at which it is reached."""
        sizes = self.size(RATES)
        inner = sizes[1:-1]
        peaks = 1 + np.flatnonzero((inner >= sizes[:-2]) & (inner >= sizes[2:]))
        best = (float(sizes.max()), float(RATES[sizes.argmax()]))
        for peak in peaks[np.argsort(-sizes[peaks], kind="stable")[:PEAKS]]:
            found = optimize.minimize_scalar(
                lambda rate: -float(self.size(rate)),
                bounds=(RATES[peak - 1], RATES[peak + 1]),
                method="bounded",
                options={"xatol": 1e-10},
            )
            best = max(best, (-float(found.fun), float(found.x)))
        return best


def exact_test(
    treated: int, control: int, *, test: TestName = "boschloo", alpha: float = 0.025, both_sides: bool = False
) -> ExactTest:
    """Test of whether more of the treated arm respond, whose error is at most ``alpha`` at every rate.

    Parameters
    ----------
    treated, control : int
        Patients of the arms.
    test : {"fisher", "boschloo", "barnard"}
        Fisher's is given the number of responders and rarely spends its error; Boschloo's orders tables by
        Fisher's one-sided P value, Barnard's by the pooled z, and both take the largest chance over the
        common rate.
    alpha : float
        Error.
    both_sides : bool
        Whether fewer responders reject as well. Fisher's then takes the tables that are no more probable,
        Boschloo's half of the error on each side, Barnard's the size of z.

    Raises
    ------
    Lag3igError
        If an arm has nobody, ``alpha`` is not inside (0, 1), or the test is unknown.

    Examples
    --------
    >>> [round(exact_test(10, 10, test=name).largest_size[0], 4) for name in ("fisher", "boschloo")]
    [0.0064, 0.0211]
    """
    p_values = exact_p_values(treated, control, test=test, both_sides=both_sides)
    if not 0.0 < alpha < 1.0:
        raise Lag3igError(f"exact test: alpha {alpha} is no error that can be asked for; give 0 to 1")
    found = ExactTest(p_values <= alpha)
    # A P value is the largest chance over a grid of rates: next to alpha it may be below it by that only.
    while found.rejected.any() and found.largest_size[0] > alpha * (1.0 + TIE):
        found = ExactTest(found.rejected & (p_values < (1.0 - TIE) * p_values[found.rejected].max()))
    return found


def exact_p_values(
    treated: int, control: int, *, test: TestName = "boschloo", both_sides: bool = False
) -> Array:
    """P values of every table, shape (treated + 1, control + 1); see `exact_test`.

    Those of Boschloo and Barnard are the largest over `RATES`, which is too small by less than one part in a
    thousand for arms of up to some hundred patients.
    """
    if test not in TESTS:
        raise Lag3igError(f"unknown exact test {test!r}; {nearest(str(test), TESTS)}")
    if treated < 1 or control < 1:
        raise Lag3igError(f"exact test: arms of {treated} and {control} patients; give at least one in each")
    if test == "barnard":
        z = _pooled_z(treated, control)
        return _unconditional(np.abs(z) if both_sides else z)
    more, fewer, either = _fisher(treated, control)
    if test == "fisher":
        return either if both_sides else more
    if not both_sides:
        return _unconditional(_surprise(more))
    sides = np.minimum(_unconditional(_surprise(more)), _unconditional(_surprise(fewer)))
    return np.minimum(2.0 * sides, 1.0)


def _surprise(p_values: Array) -> Array:
    """Minus the logarithm, which keeps small P values apart; those that are 0 by underflow are alike."""
    return -np.log(np.maximum(p_values, np.finfo(np.float64).tiny))


def _fisher(treated: int, control: int) -> tuple[Array, Array, Array]:
    """Fisher's P values for more responders, for fewer, and for either, each (treated + 1, control + 1)."""
    of_treated, of_control = np.arange(treated + 1), np.arange(control + 1)
    responders = of_treated[:, None] + of_control
    everybody = treated + control
    chance = np.zeros((treated + 1, everybody + 1))  # of so many in the treated arm, given all responders
    chance[of_treated[:, None], responders] = np.exp(
        (_log_ways(treated)[:, None] + _log_ways(control)) - _log_ways(everybody)[responders]
    )
    more = np.cumsum(chance[::-1], axis=0)[::-1]
    fewer = np.cumsum(chance, axis=0)
    here = chance[of_treated[:, None], responders]
    either = np.zeros_like(here)
    for count in of_treated:
        other = chance[count][responders]
        either += np.where(other <= here * (1.0 + TIE), other, 0.0)
    at = (of_treated[:, None], responders)
    return np.minimum(more[at], 1.0), np.minimum(fewer[at], 1.0), np.minimum(either, 1.0)


def _pooled_z(treated: int, control: int) -> Array:
    """Difference of the shares over its standard error under one common share; 0 where that is 0."""
    of_treated, of_control = np.arange(treated + 1.0)[:, None], np.arange(control + 1.0)
    pooled = (of_treated + of_control) / (treated + control)
    error = np.sqrt(pooled * (1.0 - pooled) * (1.0 / treated + 1.0 / control))
    difference = of_treated / treated - of_control / control
    return np.divide(difference, error, out=np.zeros_like(difference), where=error > 0.0)


def _unconditional(extremeness: Array) -> Array:
    """Largest chance, over one common rate, of a table at least as extreme, shape of the tables."""
    treated, control = (number - 1 for number in extremeness.shape)
    order = np.argsort(-extremeness, axis=None, kind="stable")
    sorted_values = extremeness.ravel()[order]
    drops = np.diff(sorted_values) < -TIE * np.maximum(np.abs(sorted_values[:-1]), 1.0)
    last_of_tie = np.append(drops, True)
    largest = np.zeros(order.size)
    for start in range(0, RATES.size, RATES_AT_ONCE):
        rates = RATES[start : start + RATES_AT_ONCE]
        joint = _binomial(treated, rates)[:, :, None] * _binomial(control, rates)[:, None, :]
        reached = np.cumsum(joint.reshape(rates.size, -1)[:, order], axis=1)
        largest = np.maximum(largest, reached.max(axis=0))
    group = np.cumsum(last_of_tie) - last_of_tie  # 0, 1, ... for tables in order
    found = np.empty(order.size)
    found[order] = largest[last_of_tie][group]
    return np.minimum(found, 1.0).reshape(extremeness.shape)


def _binomial(patients: int, rate: ArrayLike) -> Array:
    """Chances of 0 to all responders, a last axis more than ``rate``."""
    count, each = np.arange(patients + 1), np.asarray(rate, dtype=np.float64)[..., None]
    logarithm = special.xlogy(count, each) + special.xlog1py(patients - count, -each)
    return np.asarray(np.exp(_log_ways(patients) + logarithm))


def _log_ways(patients: int) -> Array:
    """Logarithm of the number of ways to choose 0 to all of the patients."""
    count = np.arange(patients + 1)
    return np.asarray(
        special.gammaln(patients + 1) - special.gammaln(count + 1) - special.gammaln(patients - count + 1)
    )


def _log_ratio(hazard_ratio: ArrayLike) -> Array:
    given = np.asarray(hazard_ratio, dtype=np.float64)
    if not np.all((given > 0.0) & np.isfinite(given)):
        raise Lag3igError("power: a hazard ratio must be a number above 0")
    return np.log(given)


def _spread(treated: float) -> float:
    if not 0.0 < treated < 1.0:
        raise Lag3igError(f"power: {treated} of the patients in the treated arm; give a share inside 0 to 1")
    return treated * (1.0 - treated)
