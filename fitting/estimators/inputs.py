"""What moves each observation: the few sums of free parameters that its emulator needs to know."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ParameterError
from ..objective import Objective
from .posterior import prior_points, prior_scale

Array = NDArray[np.float64]

PROBES = 3  # points of the prior from which every sum is moved by a deviation
PROBED = 32  # patients of an arm
SHOWS = 1e-4  # of a number's own size: what step control alone changes is less


def inputs_of(objective: Objective) -> dict[str, Array]:
    """Sums of free parameters that move each observation, shape (q, n), by card and id.

    Each of `FreeParameters.coordinates` is moved in a small population, everything else being the same.

    Raises
    ------
    ParameterError
        If patients fail at all points that are tried.
    """
    small = Objective(
        objective.problem,
        cards=[item.card for item in objective.cards],
        patients=PROBED,
        rtol=objective.rtol,
        threads=objective.threads,
        checks=objective.checks,
    )
    free, scale = small.free_parameters, prior_scale(small.free_parameters)
    moved: dict[str, set[int]] = {}
    compared = 0
    for point in prior_points(free, PROBES, seed=small.problem.seed):
        here = _summaries(small, point)
        for place in range(len(free)):
            there = _summaries(small, point + scale * np.eye(len(free))[place])
            if here is None or there is None:
                continue
            compared += 1
            for name, value in here.items():
                if (np.abs(there[name] - value) > SHOWS * np.abs(value)).any():
                    moved.setdefault(name, set()).add(place)
    if not compared:
        raise ParameterError("patients fail wherever the prior was probed: nothing can be emulated")
    found: dict[str, Array] = {}
    for item in small.cards:
        sums = free.coordinates(item.context)
        for one in item.observations:
            name = f"{item.card.id}.{one.id}"
            kept = [row for row in sums if moved.get(name, set()).intersection(np.flatnonzero(row))]
            found[name] = np.array(kept).reshape(-1, len(free))
    return found


def _summaries(objective: Objective, point: Array) -> Mapping[str, Array] | None:
    predictions = objective.predict(point)
    failed = any(arm.course.failed for arms in predictions.values() for arm in arms.values())
    return None if failed else objective.summaries(predictions)
