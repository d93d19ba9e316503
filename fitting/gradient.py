"""Slopes of a card's log-likelihood: sensitivities through the solver, differences through what is cheap.

How a patient's parameters follow those of the fit, and how statistics follow the curves, are smooth functions
of numbers at hand. They are differenced along the curves' own slopes, which no tolerance of a solver blurs.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ..model import Model, Patients
from ..model.distribution import ParameterDistribution
from .cards import TrialCard
from .cohort_likelihood import log_likelihood
from .predictions import Prediction
from .printed import Printed
from .summaries import summarise

Array = NDArray[np.float64]


def change_of_patients(
    patients: Patients, symbols: Sequence[str], here: Model, ahead: Model, behind: Model, *, step: float
) -> Array:
    """Derivative of each patient's parameters along a direction of the fit, shape (P, p).

    Parameters
    ----------
    patients : Patients
        Drawn from ``here``.
    symbols : sequence of str
        The p parameters.
    here, ahead, behind : Model
        At the point, and a step along the direction and against it.
    step : float
    """
    columns = [here.kernels.parameters.index(symbol) for symbol in symbols]
    drawn = ParameterDistribution(here)
    ends = [
        drawn.carried(patients.parameters, patients.component, ParameterDistribution(there), columns)
        for there in (ahead, behind)
    ]
    return (ends[0] - ends[1]) / (2.0 * step)


def slope_along(
    card: TrialCard,
    observations: Sequence[Printed],
    arms: Mapping[str, Prediction],
    symbols: Sequence[str],
    change: Array,
    *,
    step: float,
) -> float:
    """Derivative of the log-likelihood of a card's observations along a direction.

    Parameters
    ----------
    arms : mapping of arm id to Prediction
        With courses that have slopes.
    symbols : sequence of str
        Of the columns of ``change``; a course may have slopes of some of them, where the others do nothing.
    change : ndarray, shape (P, p)
        Derivative of each patient's parameters along the direction.
    step : float
        Of the difference.
    """
    ends = []
    for sign in (1.0, -1.0):
        moved = {}
        for name, arm in arms.items():
            columns = [list(symbols).index(symbol) for symbol in arm.course.symbols]
            course = arm.course.moved(change[:, columns], sign * step)
            moved[name] = Prediction(arm.cohort, course, arm.model)
        ends.append(sum(log_likelihood(one, summarise(one, moved), card) for one in observations))
    return float(ends[0] - ends[1]) / (2.0 * step)
