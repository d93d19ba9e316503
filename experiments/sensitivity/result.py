"""What an analysis of sensitivity found: of each endpoint, and of the numbers and points behind it."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..protocol import Protocol
from .biomarkers import CutOff
from .factors import Factor
from .indices import Screening, VarianceShares
from .section import Sensitivity

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EndpointSensitivity:
    """What moves one endpoint; K numbers screened, C of them chosen.

    Attributes
    ----------
    usual, usual_error : float
        With every number at its usual value, and the standard error by the number of persons.
    screening, screening_noise
        Effects of all, and the standard deviation of their strength over resampled persons, shape (K,).
    shares, total_noise
        Shares of the chosen, and the standard deviation of total shares over resampled persons, shape (C,).
    ranks, ranks_low, ranks_high : ndarray, shape (C,)
        Partial rank correlations with 95 %.
    growth : tuple of (int, ndarray)
        Total shares from the first quarter, half, and all of the blocks.
    low, high, noise : float
        Central 90 % of the endpoint over the chosen numbers' ranges, and the mean standard error of a point
        by the number of persons.
    """

    usual: float
    usual_error: float
    screening: Screening
    screening_noise: Array
    shares: VarianceShares
    total_noise: Array
    ranks: Array
    ranks_low: Array
    ranks_high: Array
    growth: tuple[tuple[int, Array], ...]
    low: float
    high: float
    noise: float


@dataclass(frozen=True, slots=True)
class SensitivityResult:
    """What an analysis found.

    Attributes
    ----------
    factors : tuple of Factor
        All K that were screened; ``chosen`` are the places of the C that were shared out, strongest first.
    left_out : mapping of str to str
        Assumed numbers that could not be moved, and why.
    points, failed_points, solves, persons_failed : int
    seconds : float
    twins, cut_offs
        Persons in both arms with every number at its usual value, and what biomarkers tell of them.
    """

    protocol: Protocol
    plan: Sensitivity
    factors: tuple[Factor, ...]
    chosen: tuple[int, ...]
    left_out: Mapping[str, str]
    endpoints: Mapping[str, EndpointSensitivity]
    parameters: str
    patients: int
    trajectories: int
    blocks: int
    seed: int
    points: int
    failed_points: int
    solves: int
    persons_failed: int
    seconds: float
    twins: int = 0
    cut_offs: tuple[CutOff, ...] = ()
