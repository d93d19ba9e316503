"""Every printed number beside replicate trials drawn over the posterior."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from .fit_result import LEVELS, Check
from .objective import Objective
from .predictive import replicates, statistic

Array = NDArray[np.float64]

REPLICATES = 40  # of each observation, at each point


def checks_of(objective: Objective, points: Array, *, seed: int) -> tuple[Check, ...]:
    """Every printed number that the model has something for, fitted or not, beside replicates.

    Parameters
    ----------
    objective : Objective
    points : ndarray, shape (R, n)
        Equally likely points of the posterior.
    seed : int
        Of the replicates.
    """
    rng = np.random.default_rng(seed)
    whole = objective.remade(checks=True)
    drawn: dict[str, list[Array]] = {}
    for point in points:
        predictions = whole.predict(point)
        for item in whole.cards:
            for one in item.observations:
                made = replicates(one, predictions[item.card.id], item.card, count=REPLICATES, rng=rng)
                drawn.setdefault(f"{item.card.id}.{one.id}", []).append(made)
    fitted = {f"{item.card.id}.{one.id}" for item in objective.cards for one in item.observations}
    checks = []
    for item in whole.cards:
        for one in item.observations:
            key = f"{item.card.id}.{one.id}"
            values, what = np.concatenate(drawn[key]), statistic(one)
            for place, (name, printed) in enumerate(zip(what.names, what.printed, strict=True)):
                equal = np.full(len(values), 1.0 / len(values))
                checks.append(
                    Check(
                        item.card.id,
                        one.id,
                        one.label or "",
                        name,
                        what.unit,
                        one.published,
                        "fitted" if key in fitted else "check only",
                        float(printed),
                        weighted_quantiles(values[:, place], equal, LEVELS),
                    )
                )
    return tuple(checks)


def weighted_quantiles(values: Array, weights: Array, levels: Iterable[float]) -> tuple[float, ...]:
    """Quantiles of weighted values: the smallest with at least that share of weight at or below it."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weights[order])
    places = np.searchsorted(share, np.asarray(list(levels)) * share[-1])
    return tuple(float(item) for item in values[order][np.minimum(places, len(values) - 1)])
