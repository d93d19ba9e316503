"""Interim looks at a trial: bounds for efficacy and futility, and the chances of crossing them.

At look k the statistic is normal with mean ``drift * sqrt(t_k)`` and variance 1, ``t_k`` being the share of
the information of the whole trial, and its increments on the scale of the score are independent. That holds
for the log-rank test, Cox's score and differences of means alike. Positive means better.

References
----------
Jennison C, Turnbull BW. Group Sequential Methods with Applications to Clinical Trials. Chapman & Hall/CRC
    2000 (tables 2.1 to 2.4, constants and inflation factors).
Lan KKG, DeMets DL. Biometrika 1983;70:659-663, doi 10.1093/biomet/70.3.659 (spending).
Hwang IK, Shih WJ, De Cani JS. Stat Med 1990;9:1439-1445, doi 10.1002/sim.4780091207 (their family).
Pampallona S, Tsiatis AA, Kim K. Drug Inf J 2001;35:1113-1121, doi 10.1177/009286150103500408 (futility).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize, special

from .errors import Lag3igError, nearest
from .sequential_walk import FAR, SequentialWalk

Array = NDArray[np.float64]
Spending = Literal["obrien-fleming", "pocock"] | float
Family = Literal["obrien-fleming", "pocock"]
NAMED: tuple[Family, ...] = ("obrien-fleming", "pocock")

TIGHT = 1e-12  # of a bound, where its root is searched


@dataclass(frozen=True, slots=True)
class Crossing:
    """Chances of the looks at which a trial ends; arrays of shape (K,).

    Attributes
    ----------
    efficacy, futility : ndarray
        Chance that the upper, or the lower, bound is the first that is crossed, and at this look.
    information : ndarray
        Share of the information at the looks.
    """

    efficacy: Array
    futility: Array
    information: Array

    @property
    def success(self) -> float:
        """Chance of crossing the upper bound at any look: power, or one-sided error if there is no drift."""
        return float(self.efficacy.sum())

    @property
    def expected_information(self) -> float:
        """Mean share of the information at which the trial ends, at the last look at the latest."""
        ended = self.efficacy + self.futility
        return float(ended[:-1] @ self.information[:-1] + (1.0 - ended[:-1].sum()) * self.information[-1])


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds of the statistic at the looks; arrays of shape (K,).

    Attributes
    ----------
    information : ndarray
        Share of the information at the looks; the last is 1.
    efficacy : ndarray
        At or above: stop for efficacy.
    futility : ndarray
        Below: stop for futility (or, two-sided, for harm); -inf where there is no such bound.
    """

    information: Array
    efficacy: Array
    futility: Array

    def crossing(self, drift: float = 0.0, *, heeded: bool = True) -> Crossing:
        """Chances of crossing each bound.

        Parameters
        ----------
        drift : float
            Mean of the statistic at the last look: effect times square root of the information, 0 for none.
        heeded : bool
            Whether trials stop at the lower bound; if not, it is as if there were none.
        """
        lower = self.futility if heeded else np.full_like(self.futility, -np.inf)
        walk = SequentialWalk(self.information, drift)
        above, below = np.zeros_like(lower), np.zeros_like(lower)
        for look, (low, high) in enumerate(zip(lower, self.efficacy, strict=True)):
            above[look], below[look] = walk.above(high), walk.below(low)
            walk.go_on(low, high)
        return Crossing(above, below, self.information)

    def drift(self, power: float, *, heeded: bool = True) -> float:
        """Drift at which the chance of success is ``power``.

        The information that a trial with these looks needs is the square of this drift over the squared
        effect; over that of a trial with one look, the square of the drift over that of one look is the
        inflation factor of the tables.
        """
        _share("power", power)

        def excess(drift: float) -> float:
            return self.crossing(drift, heeded=heeded).success - power

        largest = max(self.efficacy[-1] + special.ndtri(power), 0.0) + FAR
        return float(optimize.brentq(excess, -FAR, largest, xtol=TIGHT))


def spent(spending: Spending, total: float, information: ArrayLike) -> Array:
    """Error spent up to each share of the information.

    Parameters
    ----------
    spending : {"obrien-fleming", "pocock"} or float
        Lan and DeMets' function of either type; a number is gamma of Hwang, Shih and De Cani's family: 1 is
        near Pocock's type, -4 near O'Brien and Fleming's, 0 spends in proportion.
    total : float
        Error spent at the end, on one side.
    information : array_like
        Shares from 0 to 1.

    Examples
    --------
    >>> spent("obrien-fleming", 0.025, [0.5, 1.0]).round(5).tolist()
    [0.00153, 0.025]
    """
    share = np.asarray(information, dtype=np.float64)
    if isinstance(spending, str):
        if spending not in NAMED:
            raise Lag3igError(f"unknown spending {spending!r}; {nearest(spending, NAMED)}, or give a number")
        if spending == "pocock":
            return np.asarray(total * np.log1p((np.e - 1.0) * share))
        with np.errstate(divide="ignore"):  # nothing is spent at the start
            return np.asarray(2.0 * special.ndtr(special.ndtri(0.5 * total) / np.sqrt(share)))
    if spending == 0.0:
        return total * share
    return np.asarray(total * np.expm1(-spending * share) / np.expm1(-spending))


def spending_bounds(
    information: ArrayLike,
    *,
    alpha: float = 0.025,
    spending: Spending = "obrien-fleming",
    beta: float | None = None,
    futility: Spending = "obrien-fleming",
    both_sides: bool = False,
) -> Bounds:
    """Bounds that spend the error along a function of the information, whatever the number of looks.

    Futility is not binding: the bounds for efficacy are those of a trial without it, so that going on past it
    does not raise the error above ``alpha``. Its own bounds spend ``beta`` under the drift at which the two
    meet at the last look; `Bounds.drift` of 1 - ``beta`` is that drift.

    Parameters
    ----------
    information : array_like, shape (K,)
        Shares of the information at the looks, increasing, the last 1.
    alpha : float
        One-sided error; with ``both_sides`` that of each side.
    spending, futility : {"obrien-fleming", "pocock"} or float
        How ``alpha``, and ``beta``, are spent; see `spent`.
    beta : float, optional
        Error of the second kind to spend on futility; without it there is no futility.
    both_sides : bool
        Whether the lower bound mirrors the upper, for a two-sided test; not together with ``beta``.

    Raises
    ------
    Lag3igError
        If the information does not increase to 1, an error is not inside (0, 0.5], a spending is unknown, or
        ``beta`` is given for a two-sided test.

    Examples
    --------
    >>> spending_bounds([0.2, 0.4, 0.6, 0.8, 1.0]).efficacy.round(3).tolist()
    [4.877, 3.357, 2.68, 2.29, 2.031]
    """
    shares = _shares(information)
    _share("alpha", alpha, largest=0.5)
    if beta is not None:
        _share("beta", beta, largest=0.5)
        if both_sides:
            raise Lag3igError(
                "futility of a two-sided test is not defined here; leave out beta or both_sides"
            )
    upper = _upper(shares, np.diff(spent(spending, alpha, shares), prepend=0.0), mirrored=both_sides)
    if beta is None:
        return Bounds(shares, upper, -upper if both_sides else np.full_like(upper, -np.inf))
    to_spend = np.diff(spent(futility, beta, shares), prepend=0.0)
    alone = -special.ndtri(alpha) - special.ndtri(beta)  # of a trial with one look, which needs the least
    drift = optimize.brentq(
        lambda at: _lower(shares, upper, to_spend, at)[1], alone - 1.0, alone + FAR, xtol=TIGHT
    )
    return Bounds(shares, upper, _lower(shares, upper, to_spend, drift)[0])


def constant_bounds(
    information: ArrayLike,
    *,
    alpha: float = 0.025,
    family: Family = "obrien-fleming",
    both_sides: bool = True,
) -> Bounds:
    """The classical bounds: one constant c at every look (Pocock), or c / sqrt(t) (O'Brien and Fleming).

    Parameters
    ----------
    information : array_like, shape (K,)
        Shares of the information at the looks, increasing, the last 1.
    alpha : float
        One-sided error; with ``both_sides`` that of each side.
    family : {"obrien-fleming", "pocock"}
        Shape of the bounds.
    both_sides : bool
        Whether the lower bound mirrors the upper.

    Raises
    ------
    Lag3igError
        If the information does not increase to 1, ``alpha`` is not inside (0, 0.5], or the family is unknown.

    Examples
    --------
    >>> round(float(constant_bounds([0.2, 0.4, 0.6, 0.8, 1.0]).efficacy[-1]), 3)
    2.04
    """
    shares = _shares(information)
    _share("alpha", alpha, largest=0.5)
    if family not in NAMED:
        raise Lag3igError(f"unknown family of bounds {family!r}; {nearest(str(family), NAMED)}")
    shape = np.ones_like(shares) if family == "pocock" else 1.0 / np.sqrt(shares)

    def bounds(constant: float) -> Bounds:
        upper = constant * shape
        return Bounds(shares, upper, -upper if both_sides else np.full_like(upper, -np.inf))

    # Between a test at the last look alone and one that pays for every look as if it were the only one.
    least, most = -special.ndtri(alpha), -special.ndtri(alpha / shares.size)
    constant = optimize.brentq(
        lambda at: bounds(at).crossing().success - alpha, least - 1.0, most + 1.0, xtol=TIGHT
    )
    return bounds(constant)


def _upper(shares: Array, to_spend: Array, *, mirrored: bool) -> Array:
    """Upper bounds that spend so much at each look without drift, shape (K,); inf where nothing is spent."""
    walk, bounds = SequentialWalk(shares, 0.0), np.full_like(shares, np.inf)
    for look, error in enumerate(to_spend):
        bounds[look] = _bound(walk.above, error, falls=True)
        walk.go_on(-bounds[look] if mirrored else -np.inf, bounds[look])
    return bounds


def _lower(shares: Array, upper: Array, to_spend: Array, drift: float) -> tuple[Array, float]:
    """Lower bounds that spend so much at each look but the last, where they meet the upper, shape (K,).

    Also the chance of ending below them at the last look less what was to be spent there, which is 0 at the
    drift that the bounds are made for, and below 0 under a larger one.
    """
    walk, bounds = SequentialWalk(shares, drift), upper.copy()
    for look, error in enumerate(to_spend[:-1]):
        if walk.below(upper[look]) <= error:
            return bounds, -1.0
        bounds[look] = _bound(walk.below, error, falls=False)
        walk.go_on(bounds[look], upper[look])
    return bounds, walk.below(upper[-1]) - to_spend[-1]


def _bound(chance: Callable[[float], float], error: float, *, falls: bool) -> float:
    """Where a chance that falls, or rises, with the bound is ``error``; infinite if that is too far out."""
    sign, far = (1.0 if falls else -1.0), 4.0 * FAR
    least = np.finfo(np.float64).tiny
    if max(chance(sign * far), least) >= error:
        return sign * np.inf

    def excess(at: float) -> float:  # by logarithms, as chances this small differ by orders of magnitude
        return float(np.log(max(chance(sign * at), least) / error))

    return sign * float(optimize.brentq(excess, -far, far, xtol=TIGHT))


def _shares(information: ArrayLike) -> Array:
    """Shares of the information at the looks, checked, shape (K,)."""
    given = np.atleast_1d(np.asarray(information, dtype=np.float64))
    if (
        given.ndim != 1
        or given.size == 0
        or not np.all(np.diff(given, prepend=0.0) > 0.0)
        or given[-1] != 1.0
    ):
        raise Lag3igError(
            f"interim looks: information {given.tolist()}; give the shares of the information at the looks, "
            "above 0 and increasing, the last 1"
        )
    return given


def _share(name: str, value: float, *, largest: float = 1.0) -> None:
    inside = 0.0 < value < 1.0 and value <= largest
    if not inside:
        raise Lag3igError(
            f"interim looks: {name} {value} is no chance that can be asked for; give 0 to {largest:g}"
        )
