"""Chance around a patient, the same in every arm: assay errors, new lesions, missed injections, drop-out.

Each draw is a function of seed, patient and purpose alone, so a patient's errors do not depend on the arm, on
the block the patient is simulated in, or on how many patients there are.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .randomness import exponentials, normals, uniforms
from .trial_design import Conduct, Visits

Array = NDArray[np.float64]
DAYS_PER_MONTH = 365.25 / 12.0
MOST_LESIONS = 5  # new ones that are counted; what tells one progression from a further one is the second


@dataclass(frozen=True, slots=True)
class Chance:
    """Draws of P patients.

    Attributes
    ----------
    sld, activated_cd8, em_cd8_percent, plasma : ndarray, shape (P, visits)
        Standard normals of the assay errors; for ``sld`` the baseline scan comes first.
    lesion : ndarray, shape (P,)
        Cumulative hazard at which the first new lesion appears.
    death : ndarray, shape (P,)
        Cumulative hazard at which the patient dies.
    leaves : ndarray, shape (P,)
        d; when the patient drops out, infinite if never.
    """

    seed: int
    ids: NDArray[np.int64]
    sld: Array
    activated_cd8: Array
    em_cd8_percent: Array
    plasma: Array
    lesion: Array
    death: Array
    leaves: Array

    def lesions(self, hazard: Array) -> NDArray[np.int64]:
        """Number of new lesions at each cumulative hazard: a Poisson process, counted up to `MOST_LESIONS`.

        Parameters
        ----------
        hazard : ndarray, shape (P, V)
        """
        further = exponentials(self.seed, self.ids, "further new lesions", MOST_LESIONS - 1)
        thresholds = np.cumsum(np.concatenate([self.lesion[:, None], further], axis=1), axis=1)
        return np.asarray((hazard[:, :, None] >= thresholds[:, None, :]).sum(axis=2), dtype=np.int64)

    def received(self, times: Array, missed: float) -> NDArray[np.bool_]:
        """Which doses each patient receives, shape (P, D).

        The first is always received: it is what makes a patient a treated one. Later ones are missed with the
        given chance, and after drop-out.

        Parameters
        ----------
        times : ndarray, shape (D,)
            d; nominal times of the doses.
        missed : float
            Chance of missing a dose after the first.
        """
        if not times.size:
            return np.ones((self.ids.size, 0), dtype=bool)
        taken = uniforms(self.seed, self.ids, "missed injections", times.size) >= missed
        taken[:, times == times.min()] = True
        return taken & (times[None, :] <= self.leaves[:, None])


def draw_chance(seed: int, ids: NDArray[np.int64], visits: Visits, conduct: Conduct) -> Chance:
    """Draws of the given patients for a protocol's visits and conduct."""
    blood = len(visits.blood)
    return Chance(
        seed=seed,
        ids=ids,
        sld=normals(seed, ids, "error of sld", 1 + len(visits.scans)),
        activated_cd8=normals(seed, ids, "error of activated_cd8", blood),
        em_cd8_percent=normals(seed, ids, "error of em_cd8_percent", blood),
        plasma=normals(seed, ids, "error of plasma", max(1, len(visits.plasma))),
        lesion=exponentials(seed, ids, "new lesion", 1)[:, 0],
        death=exponentials(seed, ids, "death", 1)[:, 0],
        leaves=_dropout(seed, ids, conduct.dropout_per_month),
    )


def _dropout(seed: int, ids: NDArray[np.int64], per_month: float) -> Array:
    """Times of drop-out under a constant hazard that loses this share of patients in a month, shape (P,)."""
    if per_month == 0.0:
        return np.full(ids.size, np.inf)
    waits = exponentials(seed, ids, "drop-out", 1)[:, 0]
    hazard = -math.log(1.0 - per_month) if per_month < 1.0 else math.inf
    return waits / hazard * DAYS_PER_MONTH
