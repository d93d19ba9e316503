"""Log-rank test of two arms in many replicate trials."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from .event_times import Array, EventTimes, in_blocks, pooled, total
from .risk_sets import risk_sets


@dataclass(frozen=True, slots=True)
class LogRank:
    """Events of the treated arm beside those expected if the arms were alike; arrays of shape (R,).

    Where no event happens while both arms are followed there is nothing to compare: the variance is 0, z is
    0 and each P value is the one of z = 0.

    Attributes
    ----------
    observed, expected : ndarray
        Events of the treated arm, seen and expected.
    variance : ndarray
        Of their difference.
    z : ndarray
        Difference over its standard deviation: positive if the treated arm has more events than expected.
    """

    observed: Array
    expected: Array
    variance: Array
    z: Array

    @property
    def statistic(self) -> Array:
        """Square of z: chi-squared with one degree of freedom."""
        return self.z**2

    @property
    def p(self) -> Array:
        """Two-sided P value."""
        return np.asarray(special.chdtrc(1.0, self.statistic))

    @property
    def p_fewer_events(self) -> Array:
        """One-sided P value for fewer events in the treated arm."""
        return np.asarray(special.ndtr(self.z))

    @property
    def p_more_events(self) -> Array:
        """One-sided P value for more events in the treated arm."""
        return np.asarray(special.ndtr(-self.z))


def log_rank(control: EventTimes, treated: EventTimes) -> LogRank:
    """Log-rank test, within strata if the arms have them.

    Parameters
    ----------
    control, treated : EventTimes
        Two arms over the same R replicates, of shapes (R, n1) and (R, n2).

    Returns
    -------
    LogRank
        One value a replicate, with the same bits however many replicates there are.

    Raises
    ------
    Lag3igError
        If the arms differ in the number of replicates, or only one has strata.

    References
    ----------
    Mantel N. Cancer Chemother Rep 1966;50:163-170 (the statistic and its hypergeometric variance).
    Peto R, Peto J. J R Stat Soc A 1972;135:185-207, doi 10.2307/2344317.

    Examples
    --------
    >>> from lag3ig.model.event_times import event_times
    >>> test = log_rank(event_times([1, 2, 3], [1, 1, 1]), event_times([4, 5, 6], [1, 1, 0]))
    >>> round(float(test.z[0]), 3), round(float(test.p[0]), 3)
    (-2.248, 0.025)
    """
    both, arm = pooled(control, treated)

    def work(block: EventTimes, _: slice) -> Array:
        risk = risk_sets(block)
        deaths = np.where(risk.first, risk.deaths(), 0.0)
        at_risk, of_treated = risk.at_risk(), risk.at_risk(arm)
        share = np.divide(of_treated, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0.0)
        # Tied events are drawn without anybody twice, which is what the last factor says.
        drawn = np.divide(at_risk - deaths, at_risk - 1.0, out=np.zeros_like(at_risk), where=at_risk > 1.0)
        observed = np.count_nonzero(risk.event & arm[risk.order], axis=1)
        spread = deaths * share * (1.0 - share) * drawn
        return np.stack([observed, total(deaths * share), total(spread)], axis=1)

    observed, expected, variance = np.ascontiguousarray(in_blocks(both, work).T)
    difference = observed - expected
    z = np.divide(difference, np.sqrt(variance), out=np.zeros_like(variance), where=variance > 0.0)
    return LogRank(observed, expected, variance, z)
