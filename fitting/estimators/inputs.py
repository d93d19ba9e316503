"""What moves each observation: the few sums of free parameters that its emulator needs to know."""

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ParameterError
from ..objective import Objective
from .bank import evaluated
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
    small = objective.remade(patients=PROBED)
    free, scale = small.free_parameters, prior_scale(small.free_parameters)
    moved: dict[str, set[int]] = {}
    compared = 0
    for point in prior_points(free, PROBES, seed=small.problem.seed):
        here, _ = evaluated(small, point)
        for place, step in enumerate(np.diag(scale)):
            there, _ = evaluated(small, point + step) if here else ({}, 0)
            compared += bool(there)
            for name, value in here.items() if there else ():
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
