"""Hazard ratio of two arms in many replicate trials, by Cox's partial likelihood."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from .engine.simd import exp, log
from .errors import Lag3igError, nearest
from .event_times import Array, EventTimes, in_blocks, pooled, total
from .risk_sets import risk_sets

Ties = Literal["efron", "breslow"]
TIES: tuple[Ties, ...] = ("efron", "breslow")

SMALL_STEP = 1e-8  # of the log ratio; Newton's next one would be its square, which is below rounding
MOST_STEPS = 100  # halving alone gets there in 60


@dataclass(frozen=True, slots=True)
class HazardRatio:
    """Hazard of the treated arm over that of the control arm; arrays of shape (R,).

    The estimate is infinite where the likelihood rises forever: -inf where the treated arm has no event (more
    exactly, where nobody treated has one while a control is followed too), +inf where only the treated have
    any. Its standard error is infinite there, Wald's P value 1 (the limit), and the other two are as
    trustworthy as ever. Where no event happens while both arms are followed the estimate and its standard
    error are NaN, and each P value is 1. `unusual` says how often that was so.

    Attributes
    ----------
    log_ratio, standard_error : ndarray
        Natural logarithm of the hazard ratio, and its standard error from the observed information.
    wald_p, score_p, likelihood_ratio_p : ndarray
        Two-sided P values of a ratio of 1.
    """

    log_ratio: Array
    standard_error: Array
    wald_p: Array
    score_p: Array
    likelihood_ratio_p: Array

    @property
    def ratio(self) -> Array:
        """Hazard ratio: 0 or infinite where the logarithm is infinite."""
        return np.asarray(exp(self.log_ratio))

    def interval(self, *, level: float = 0.95) -> tuple[Array, Array]:
        """Wald's interval of the ratio; 0 to infinity where the estimate is not finite."""
        half = special.ndtri(0.5 + 0.5 * level) * self.standard_error
        finite = np.isfinite(self.log_ratio)
        centre, half = np.where(finite, self.log_ratio, 0.0), np.where(finite, half, np.inf)
        return np.asarray(exp(centre - half)), np.asarray(exp(centre + half))

    @property
    def unusual(self) -> str:
        """One phrase on the replicates without a finite estimate; empty if there are none."""
        counts = {
            "ratio 0, as only controls have events": np.count_nonzero(np.isneginf(self.log_ratio)),
            "ratio infinite, as only treated have events": np.count_nonzero(np.isposinf(self.log_ratio)),
            "no event while both arms are followed": np.count_nonzero(np.isnan(self.log_ratio)),
        }
        found = [f"{count:,} ({reason})" for reason, count in counts.items() if count]
        return f"no finite hazard ratio in {', '.join(found)} of {self.log_ratio.size:,}" if found else ""


def hazard_ratio(control: EventTimes, treated: EventTimes, *, ties: Ties = "efron") -> HazardRatio:
    """Cox's hazard ratio of treated over control, within strata if the arms have them.

    Newton's method on the partial likelihood, which has one maximum; a step that leaves the bracket of the
    maximum halves it instead.

    Parameters
    ----------
    control, treated : EventTimes
        Two arms over the same R replicates, of shapes (R, n1) and (R, n2).
    ties : {"efron", "breslow"}
        How tied events share their risk set.

    Returns
    -------
    HazardRatio
        One value a replicate, with the same bits however many replicates there are.

    Raises
    ------
    Lag3igError
        If the arms differ in the number of replicates, only one has strata, or ``ties`` is unknown.

    References
    ----------
    Cox DR. J R Stat Soc B 1972;34:187-202, doi 10.1111/j.2517-6161.1972.tb00899.x.
    Efron B. J Am Stat Assoc 1977;72:557-565, doi 10.1080/01621459.1977.10480613 (ties).
    Breslow N. Biometrics 1974;30:89-99, doi 10.2307/2529620 (ties).

    Examples
    --------
    >>> from lag3ig.model.event_times import event_times
    >>> found = hazard_ratio(event_times([1, 2, 5], [1, 1, 0]), event_times([3, 4, 6], [0, 0, 0]))
    >>> found.unusual
    'no finite hazard ratio in 1 (ratio 0, as only controls have events) of 1'
    """
    if ties not in TIES:
        raise Lag3igError(f"unknown treatment of ties {ties!r}; {nearest(str(ties), TIES)}")
    both, arm = pooled(control, treated)

    def work(block: EventTimes, _: slice) -> Array:
        risk = risk_sets(block)
        of_treated, of_all = risk.at_risk(arm), risk.at_risk()
        of_control = of_all - of_treated
        if ties == "efron":
            deaths, dead_treated = risk.deaths(), risk.deaths(arm)
            gone = np.divide(risk.earlier_in_tie(), deaths, out=np.zeros_like(deaths), where=risk.event)
            of_treated = of_treated - gone * dead_treated
            of_control = of_control - gone * (deaths - dead_treated)
        observed = np.count_nonzero(risk.event & arm[risk.order], axis=1).astype(np.float64)
        return _maximum(
            np.where(risk.event, of_control, 1.0), np.where(risk.event, of_treated, 0.0), observed
        )

    log_ratio, standard_error, score, likelihood = np.ascontiguousarray(in_blocks(both, work).T)
    z = np.divide(log_ratio, standard_error, out=np.zeros_like(score), where=np.isfinite(log_ratio))
    return HazardRatio(
        log_ratio=log_ratio,
        standard_error=standard_error,
        wald_p=np.asarray(special.chdtrc(1.0, z**2)),
        score_p=np.asarray(special.chdtrc(1.0, score)),
        likelihood_ratio_p=np.asarray(special.chdtrc(1.0, likelihood)),
    )


def _maximum(control: Array, treated: Array, observed: Array) -> Array:
    """Estimate, standard error, score statistic and likelihood-ratio statistic, shape (R, 4).

    Parameters
    ----------
    control, treated : ndarray, shape (R, n)
        Patients of each arm at risk at each event; 1 and 0 at a place without one, which adds nothing.
    observed : ndarray, shape (R,)
        Events of the treated arm.
    """
    possible = total((treated > 0.0).astype(np.float64))  # events that a treated patient could have had
    certain = total((control == 0.0).astype(np.float64))  # and those that nobody else could have had
    undefined = possible == certain
    falls, rises = (observed == certain) & ~undefined, (observed == possible) & ~undefined
    estimate = np.where(undefined, np.nan, np.where(falls, -np.inf, np.where(rises, np.inf, 0.0)))
    score_at_null, information_at_null = _derivatives(control, treated, observed, np.ones_like(observed))
    informative = information_at_null > 0.0
    score = np.divide(score_at_null**2, information_at_null, out=np.zeros_like(observed), where=informative)

    moving = np.flatnonzero(estimate == 0.0)
    estimate[moving] = _newton(control[moving], treated[moving], observed[moving])
    finite = np.isfinite(estimate)
    at = np.where(finite, estimate, 0.0)
    ratio = np.asarray(exp(at))
    information = _derivatives(control, treated, observed, ratio)[1]
    standard_error = np.where(undefined, np.nan, np.inf)
    np.divide(1.0, np.sqrt(information), out=standard_error, where=finite)

    # An event that only one arm could have had is as likely at every ratio. Of the others the likelihood at
    # the estimate is set beside that at 1; at an infinite estimate it is the limit.
    shared = (treated > 0.0) & (control > 0.0)
    weighed = treated * ratio[:, None] + control
    weighed = np.where(rises[:, None], treated, np.where(falls[:, None], control, weighed))
    terms = np.zeros_like(weighed)
    terms[shared] = log(weighed[shared] / (control[shared] + treated[shared]))
    gain = np.where(undefined, 0.0, 2.0 * ((observed - certain) * at - total(terms)))
    return np.stack([estimate, standard_error, score, np.maximum(gain, 0.0)], axis=1)


def _newton(control: Array, treated: Array, observed: Array) -> Array:
    """Log ratios at which the score is 0, for replicates that have one, shape (R,)."""
    # Beyond this each of n events adds less than 1 / n to the score, which therefore has its last sign.
    reach = 3.0 * np.log(max(2, control.shape[1])) + 2.0
    lower, upper = np.full(observed.shape, -reach), np.full(observed.shape, reach)
    estimate = np.zeros_like(observed)
    active = np.arange(observed.size)
    for _ in range(MOST_STEPS):
        if not active.size:
            break
        here = estimate[active]
        score, information = _derivatives(
            control[active], treated[active], observed[active], np.asarray(exp(here))
        )
        lower[active] = np.where(score > 0.0, here, lower[active])
        upper[active] = np.where(score < 0.0, here, upper[active])
        low, high = lower[active], upper[active]
        step = np.divide(score, information, out=np.full_like(score, np.inf), where=information > 0.0)
        there = here + step
        there = np.where((low < there) & (there < high), there, 0.5 * (low + high))
        there = np.where(score == 0.0, here, there)
        estimate[active] = there
        active = active[np.abs(there - here) > SMALL_STEP]
    return estimate


def _derivatives(control: Array, treated: Array, observed: Array, ratio: Array) -> tuple[Array, Array]:
    """Score and information of the log ratio, each of shape (R,)."""
    weighed = treated * ratio[:, None]
    both = control + weighed
    chance = weighed / both
    return observed - total(chance), total(chance * (control / both))
