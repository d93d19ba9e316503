"""Cut-offs of a baseline biomarker: what they tell of outcomes without the drug, and what of its benefit."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model import Model, Patients
from ...model.randomness import exponentials
from ..drawn import draw_some
from ..in_order import PIECE, in_order, piece_size
from ..protocol import Protocol
from ..schedule.goal_values import Values
from ..schedule.goals import GOALS
from .endpoints import arm_values
from .section import INFLAMED, Sensitivity

Array = NDArray[np.float64]
RESAMPLES = 400
NON_INFLAMED = 1  # component of the mixture


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its central 95 % over resampled persons."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CutOff:
    """One endpoint on the two sides of a cut-off, the same persons with and without the drug.

    Attributes
    ----------
    biomarker, endpoint : str
    quantile, value : float
        Share of persons that it leaves below, and the biomarker there in its unit.
    above : float
        Share of persons at or above it.
    prognostic : Estimate
        Endpoint above less below, without the drug.
    predictive : Estimate
        Benefit above less benefit below; 0 for a biomarker that says nothing of the drug.
    benefit_below, benefit_above : Estimate
        Endpoint with less without the drug.
    """

    biomarker: str
    endpoint: str
    quantile: float
    value: float
    above: float
    prognostic: Estimate
    predictive: Estimate
    benefit_below: Estimate
    benefit_above: Estimate


def measure_cut_offs(
    protocol: Protocol,
    plan: Sensitivity,
    model: Model,
    *,
    patients: int,
    seed: int,
    threads: int,
    advance: Callable[[int], None],
) -> tuple[tuple[CutOff, ...], int]:
    """Simulate persons in both arms and split them at each cut-off; also how many simulations failed.

    Biomarkers are as a trial measures them on day 0, with the error of the assay, if the model has one;
    whether a tumour is inflamed is known without error.
    """
    size = piece_size(patients, PIECE, threads)
    arms = [next(arm for arm in protocol.arms if arm.name == name) for name in (plan.arm, plan.against)]
    measured = [name for name in plan.biomarkers if name != INFLAMED]

    def work(start: int) -> tuple[Patients, list[Values]]:
        some = draw_some(model, start, start + size, of=patients, seed=seed, sampling=protocol.sampling)
        return some, [
            arm_values(arm, protocol, plan, model=model, patients=some, seed=seed, baseline=measured)
            for arm in arms
        ]

    components: list[NDArray[np.int8]] = []
    found: list[list[Values]] = [[], []]
    for some, sides in in_order(work, range(0, patients, size), threads=threads):
        components.append(some.component)
        for side, values in zip(found, sides, strict=True):
            side.append(values)
        advance(len(some))
    given, without = ({name: np.concatenate([p[name] for p in side]) for name in side[0]} for side in found)
    levels: dict[str, Array] = {name: without[f"baseline {name}"][:, 0] for name in measured}
    if INFLAMED in plan.biomarkers:
        levels[INFLAMED] = (np.concatenate(components) != NON_INFLAMED).astype(np.float64)
    until = protocol.visits.scans[-1] if plan.at is None else plan.at
    failed = int(given["status"].sum() + without["status"].sum())
    cuts = cut_offs_of(levels, given, without, plan.endpoints, plan.cut_offs, at=until, seed=seed)
    return cuts, failed


def cut_offs_of(
    levels: Mapping[str, Array],
    given: Values,
    without: Values,
    endpoints: Sequence[str],
    quantiles: Sequence[float],
    *,
    at: float,
    seed: int,
) -> tuple[CutOff, ...]:
    """Every biomarker at every quantile for every endpoint, where persons are on both sides of it.

    Parameters
    ----------
    levels
        Biomarker of each person, shape (P,) each.
    given, without
        What endpoints need of the same persons with and without the drug.
    """
    count = len(given["status"])
    solved = (given["status"][:, 0] == 0.0) & (without["status"][:, 0] == 0.0)
    weights = exponentials(seed, np.arange(count), "resampled persons of a biomarker", RESAMPLES).T
    counted = np.concatenate([np.ones((1, count)), weights]) * solved
    found = []
    for name, level in levels.items():
        known = solved & np.isfinite(level)
        for quantile in (0.5,) if name == INFLAMED else quantiles:
            cut = 1.0 if name == INFLAMED else float(np.quantile(level[known], quantile))
            above, below = known & (level >= cut), known & (level < cut)
            if not above.any() or not below.any():
                continue
            share = float(above.sum() / known.sum())
            for endpoint in endpoints:
                high, low = (
                    [
                        GOALS[endpoint].estimate(side[endpoint], counted * part, at)
                        for side in (given, without)
                    ]
                    for part in (above, below)
                )
                gains = [part[0] - part[1] for part in (high, low)]
                found.append(
                    CutOff(
                        biomarker=name,
                        endpoint=endpoint,
                        quantile=1.0 - share if name == INFLAMED else quantile,
                        value=cut,
                        above=share,
                        prognostic=_estimate(high[1] - low[1]),
                        predictive=_estimate(gains[0] - gains[1]),
                        benefit_below=_estimate(gains[1]),
                        benefit_above=_estimate(gains[0]),
                    )
                )
    return tuple(found)


def _estimate(values: Array) -> Estimate:
    low, high = np.nanquantile(values[1:], [0.025, 0.975])
    return Estimate(float(values[0]), float(low), float(high))
