"""Individual times behind a printed Kaplan-Meier curve and its numbers at risk."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import Lag3igError

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

# How early patients are censored between two numbers at risk: powers of the even distance, mildest first.
POWERS = tuple(2.0 ** (sign * step / 4) for step in range(1, 9) for sign in (1, -1))


@dataclass(frozen=True, slots=True)
class _Curve:
    """Points of a curve that starts at day 0, and the printed numbers at risk; checked."""

    time: Array
    survival: Array
    risk_time: Array
    at_risk: Whole


@dataclass(frozen=True, slots=True)
class _Stretch:
    """What happens between two printed numbers at risk: events at each point, and times of censoring."""

    deaths: Whole
    censored: Array
    level: float  # of the rebuilt curve at its end

    @property
    def lost(self) -> int:
        """Patients who leave, by event or censoring."""
        return int(self.deaths.sum()) + self.censored.size


def reconstruct(
    curve_times: ArrayLike,
    curve_survival: ArrayLike,
    risk_times: ArrayLike,
    at_risk: ArrayLike,
    *,
    events: int | None = None,
) -> tuple[Array, NDArray[np.bool_]]:
    """Times of event or censoring that give back a printed Kaplan-Meier curve and its numbers at risk.

    Between two numbers at risk patients are censored at even distances, as many as make the curve end at the
    second number. After the last one they are censored at the mean rate of before, or as many as make the
    total number of events right if it is known. Those left at the end of the curve are censored there.

    Two things go beyond the published method. Printed numbers at risk are always met: where the curve falls
    further than they allow, which reading errors can make it do, events are left out (there the number at
    risk is lowered instead). And where the last stretch cannot make the total number of events right,
    patients are censored earlier or later than at even distances, in every stretch alike and as little as
    does it; a total that is still out of reach is met as closely as can be.

    Parameters
    ----------
    curve_times : array_like, shape (N,)
        Times read off the curve, increasing, in any unit; the last one is where the curve ends. The point
        (0, 1) is put before them unless it is there.
    curve_survival : array_like, shape (N,)
        Share free of the event just after each time, from 1 down to 0.
    risk_times : array_like, shape (M,)
        Times of the printed numbers at risk, from 0 on, increasing, in the same unit.
    at_risk : array_like of int, shape (M,)
        Patients followed just before each of them; the first is the size of the arm.
    events : int, optional
        Total number of events, if printed.

    Returns
    -------
    time : ndarray, shape (n,)
        Increasing; n is the first number at risk.
    event : ndarray of bool, shape (n,)
        Whether the event was seen.

    Raises
    ------
    Lag3igError
        If the curve rises or leaves [0, 1], times do not increase, numbers at risk grow or are not whole, or
        patients are at risk after the curve's end; the message names the row, counted from 1.

    References
    ----------
    Guyot P, Ades AE, Ouwens MJNM, Welton NJ. BMC Med Res Methodol 2012;12:9, doi 10.1186/1471-2288-12-9.

    Examples
    --------
    >>> time, event = reconstruct([2.0, 5.0, 8.0], [0.75, 0.5, 0.5], [0.0, 4.0], [4, 3])
    >>> time.tolist(), event.tolist()
    ([2.0, 5.0, 8.0, 8.0], [True, True, False, False])
    """
    curve = _checked(curve_times, curve_survival, risk_times, at_risk)
    patients = int(curve.at_risk[0])
    if events is not None and not 0 <= events <= patients:
        raise Lag3igError(f"reconstruction: {events} events among {patients} patients; give 0 to {patients}")
    stretches = _stretches(curve, events, 1.0)
    for power in POWERS:
        if events is None or _deaths(stretches) == events:
            break
        other = _stretches(curve, events, power)
        if abs(_deaths(other) - events) < abs(_deaths(stretches) - events):
            stretches = other

    deaths = np.concatenate([stretch.deaths for stretch in stretches])
    censored = np.concatenate([stretch.censored for stretch in stretches])
    left = patients - int(deaths.sum()) - censored.size
    time = np.concatenate([np.repeat(curve.time, deaths), censored, np.full(left, curve.time[-1])])
    event = np.arange(patients) < deaths.sum()
    order = np.lexsort((~event, time))
    return time[order], event[order]


def _stretches(curve: _Curve, events: int | None, power: float) -> list[_Stretch]:
    """Every stretch in turn, each from the level at which the one before ended."""
    found: list[_Stretch] = []
    level = 1.0
    for row in range(curve.risk_time.size - 1):
        lost = int(curve.at_risk[row] - curve.at_risk[row + 1])
        found.append(_stretch_of(curve, row, level, lost, power))
        level = found[-1].level
    return [*found, _last_stretch(curve, level, found, events, power)]


def _deaths(stretches: list[_Stretch]) -> int:
    return sum(int(stretch.deaths.sum()) for stretch in stretches)


def _follow(curve: _Curve, row: int, level: float, censored: int, most: int, power: float) -> _Stretch:
    """Walk along the curve from a number at risk on, with so many censored and at most ``most`` lost."""
    start = curve.risk_time[row]
    end = curve.risk_time[row + 1] if row + 1 < curve.risk_time.size else curve.time[-1]
    first, last = np.searchsorted(curve.time, [start, end])
    if row + 1 == curve.risk_time.size:
        last = curve.time.size
    times = start + (end - start) * (np.arange(1, censored + 1) / (censored + 1)) ** power
    gone = np.searchsorted(times, curve.time[first:last], side="left")  # censored before each point
    deaths = np.zeros(last - first, dtype=np.int64)
    dead = 0
    for place, share in enumerate(curve.survival[first:last]):
        followed = int(curve.at_risk[row]) - dead - int(gone[place])
        if level > 0.0 and followed > 0:
            fitting = int(np.floor(followed * (1.0 - share / level) + 0.5))
            deaths[place] = min(max(fitting, 0), followed, most - censored - dead)
            level *= 1.0 - deaths[place] / followed
            dead += int(deaths[place])
    return _Stretch(deaths, times, level)


def _stretch_of(curve: _Curve, row: int, level: float, lost: int, power: float) -> _Stretch:
    """Stretch between two numbers at risk, with the fewest censored that make it lose the number it must."""
    return _fewest_censored(
        lambda censored: _follow(curve, row, level, censored, lost, power),
        lost,
        lambda found: found.lost >= lost,
    )


def _last_stretch(
    curve: _Curve, level: float, before: list[_Stretch], events: int | None, power: float
) -> _Stretch:
    """Stretch from the last number at risk to the end of the curve."""
    row = curve.risk_time.size - 1
    followed, start = int(curve.at_risk[row]), float(curve.risk_time[row])

    def follow(censored: int) -> _Stretch:
        return _follow(curve, row, level, censored, followed, power)

    if events is not None:
        target = max(0, events - _deaths(before))
        return _fewest_censored(follow, followed, lambda found: found.deaths.sum() <= target)
    rate = sum(stretch.censored.size for stretch in before) / start if start > 0.0 else 0.0
    return follow(min(followed, round(rate * (float(curve.time[-1]) - start))))


def _fewest_censored(
    follow: Callable[[int], _Stretch], most: int, enough: Callable[[_Stretch], bool]
) -> _Stretch:
    """Stretch with the fewest censored that is enough, by halving; with ``most`` censored it always is."""
    low, high = -1, most
    while high - low > 1:
        middle = (low + high) // 2
        if enough(follow(middle)):
            high = middle
        else:
            low = middle
    return follow(high)


def _checked(times: ArrayLike, survival: ArrayLike, risk_times: ArrayLike, at_risk: ArrayLike) -> _Curve:
    when, share = _columns("curve", times, survival)
    risk_when, number = _columns("numbers at risk", risk_times, at_risk)
    _refuse("curve: survival", share, (share < 0.0) | (share > 1.0), "is not between 0 and 1")
    _refuse("curve: survival", share, _steps(share) > 0.0, "is above the one before: a curve cannot rise")
    _refuse("numbers at risk: number", number, number != np.floor(number), "is not a whole number")
    _refuse("numbers at risk: number", number, number < 0.0, "is negative")
    _refuse("numbers at risk: number", number, _steps(number) > 0.0, "is above the one before")
    if risk_when[0] != 0.0 or number[0] < 1.0:
        raise Lag3igError(
            f"reconstruction: numbers at risk, row 1: {number[0]:g} at time {risk_when[0]:g}; the first row "
            "must be time 0 with the number of patients of the arm"
        )
    if when[0] > 0.0:
        when, share = np.concatenate([[0.0], when]), np.concatenate([[1.0], share])
    after = risk_when > when[-1]
    _refuse(
        "numbers at risk: number", number, after & (number > 0.0), f"is after the curve's end, {when[-1]:g}"
    )
    # Nobody at risk after the end says nothing that the end does not.
    return _Curve(when, share, risk_when[~after], number[~after].astype(np.int64))


def _columns(what: str, times: ArrayLike, values: ArrayLike) -> tuple[Array, Array]:
    when, given = np.asarray(times, dtype=np.float64), np.asarray(values, dtype=np.float64)
    if when.ndim != 1 or when.shape != given.shape or not when.size:
        raise Lag3igError(
            f"reconstruction: {what}: times of shape {when.shape} and values of shape {given.shape}; give as "
            "many values as times, at least one"
        )
    _refuse(f"{what}: value", given, ~np.isfinite(given), "is not a number")
    _refuse(f"{what}: time", when, ~np.isfinite(when) | (when < 0.0), "is not a time from 0 on")
    _refuse(f"{what}: time", when, _steps(when, first=1.0) <= 0.0, "is not above the one before")
    return when, given


def _steps(values: Array, *, first: float = 0.0) -> Array:
    return np.concatenate([[first], np.diff(values)])


def _refuse(what: str, values: Array, wrong: NDArray[np.bool_], why: str) -> None:
    rows = np.flatnonzero(wrong)
    if rows.size:
        raise Lag3igError(f"reconstruction: {what} {values[rows[0]]:g} in row {rows[0] + 1} {why}")
