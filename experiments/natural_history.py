"""Natural history: how many tumours would not progress without drug, by formula and by simulation."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import nct, norm

from ..model import Model, draw, endpoints, simulate
from .chance import draw_chance
from .protocol import Protocol
from .virtual_arm import judge_tumour

GROWTH = 1.2  # progression of the sum of longest diameters
MEASURED_LESIONS = 12  # lesions whose doubling times the literature gives; see the source of parameter DT


@dataclass(frozen=True, slots=True)
class NaturalHistory:
    """Share without progression at the scan of disease control, without drug.

    Attributes
    ----------
    analytic : float
        By the doubling time alone: growth is exponential, so the sum grows by 20 % in 3 log2(1.2) doubling
        times.
    interval : (float, float)
        95 % interval of the analytic share that as many measured doubling times allow.
    simulated : float
        Through equations, scans and response rules, with measurement error and new lesions off.
    default : float
        The same with both on.
    growth : (float, float, float)
        Log growth of the simulated tumours up to that scan, relative to the exponential of their doubling
        times: 5 % quantile, median and 95 % quantile. Growing antigen raises priming, so it is below 1.
    patients, evaluated : int
        Patients simulated, and those of them that could be judged.
    """

    analytic: float
    interval: tuple[float, float]
    simulated: float
    default: float
    growth: tuple[float, float, float]
    patients: int
    evaluated: int

    def as_mapping(self) -> dict[str, object]:
        """For the summary of a result."""
        return {
            "analytic": self.analytic,
            "simulated": self.simulated if self.evaluated else None,
            "interval": list(self.interval),
            "patients": self.patients,
            "evaluated": self.evaluated,
            "default": self.default if self.evaluated else None,
            "growth": list(self.growth) if self.evaluated else None,
        }


def doubling_time_needed(day: float) -> float:
    """Doubling time of the volume in days above which the sum grows by less than 20 % until a day.

    >>> round(doubling_time_needed(84.0), 1)
    106.4
    """
    return float(day * np.log(2.0) / (3.0 * np.log(GROWTH)))


def analytic_share(model: Model, day: float) -> tuple[float, tuple[float, float]]:
    """Share of patients with a longer doubling time than needed, and what its sampling error allows.

    The interval is the exact one of a normal tail probability whose mean and standard deviation, here of the
    logarithm, were both estimated from the measured lesions: the non-central t distribution of the
    standardised limit.

    References
    ----------
    Hahn GJ, Meeker WQ. Statistical Intervals. Wiley 1991, section 4.5, doi 10.1002/9780470316771.
    """
    parameter = model.parameters["DT"]
    spread = float(np.sqrt(np.log1p(parameter.spread**2)))
    limit = (np.log(parameter.value) - np.log(doubling_time_needed(day))) / spread
    root = np.sqrt(MEASURED_LESIONS)
    degrees = MEASURED_LESIONS - 1

    def share(tail: float) -> float:
        observed = root * limit
        width = 4.0 + 2.0 * abs(observed)
        shift = brentq(lambda d: nct.cdf(observed, degrees, d) - tail, observed - width, observed + width)
        return float(norm.cdf(shift / root))

    return float(norm.cdf(limit)), (share(0.975), share(0.025))


def check_natural_history(
    protocol: Protocol,
    *,
    model: Model,
    patients: int,
    seed: int,
    threads: int | None,
    block: int,
    advance: Callable[[int], None],
) -> NaturalHistory:
    """Simulate patients without drug through the protocol's scans and rules.

    Parameters
    ----------
    patients : int
        How many; the first of them are the patients of the trial.
    block : int
        Patients simulated at a time.
    advance : callable
        Told the number of patients done.
    """
    scans = np.array([0.0, *protocol.visits.scans])
    lesions = model.kernels.parameters.index("nles")
    assay = model.observable("sld").assay
    size = model.parameters[assay.size].value if assay.size else 0.0
    doubling = model.kernels.parameters.index("DT")
    end = int(np.flatnonzero(scans == protocol.response.disease_control_at)[0])
    plain, default, growth = [np.empty(0)], [np.empty(0)], [np.empty(0)]
    latin = protocol.sampling == "latin"  # patient k of a Latin hypercube depends on how many there are
    for start in range(0, patients, block):
        ids = np.arange(start, min(start + block, patients))
        some = draw(model, patients if latin else None, ids=ids, seed=seed, sampling=protocol.sampling)
        run = simulate(model=model, patients=some, times=scans, threads=threads)
        chance = draw_chance(seed, some.ids, protocol.visits, protocol.conduct)
        sums, hazard = run.curve("sld"), run.curve("lesion_hazard")[:, 1:]
        exponential = np.log(2.0) * scans[end] / (3.0 * run.parameters[:, doubling])
        growth.append(np.log(sums[:, end] / sums[:, 0]) / exponential)
        for outcome, measured, threshold in (
            (plain, sums, np.full(len(ids), np.inf)),
            (default, endpoints.measure(sums, chance.sld, kind=assay.kind, size=size), chance.lesion),
        ):
            judged = judge_tumour(
                measured,
                hazard,
                threshold,
                lesions=run.parameters[:, lesions],
                protocol=protocol,
                solved=run.solved,
            )
            outcome.append(judged["stable_3m"])
        advance(len(ids))
    analytic, interval = analytic_share(model, protocol.response.disease_control_at)
    evaluated = int(np.isfinite(np.concatenate(plain)).sum())
    return NaturalHistory(
        analytic=analytic,
        interval=interval,
        simulated=_share(plain),
        default=_share(default),
        growth=_spread(growth),
        patients=patients,
        evaluated=evaluated,
    )


def _spread(values: list[NDArray[np.float64]]) -> tuple[float, float, float]:
    joined = np.concatenate(values)
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        return (float("nan"),) * 3
    low, middle, high = np.quantile(joined, (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)


def _share(outcomes: list[NDArray[np.float64]]) -> float:
    values = np.concatenate(outcomes)
    judged = values[np.isfinite(values)]
    return float(judged.mean()) if judged.size else float("nan")
