"""Natural history: how many tumours would not progress without drug, by formula and by simulation."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ..model import Model, endpoints, simulate
from ..model.chance import draw_chance
from .distribution_over_draws import DistributionOverDraws
from .drawn import draw_some
from .in_order import in_order, piece_size, thread_count
from .judging import judge_tumour
from .protocol import Protocol

Array = NDArray[np.float64]
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
        95 % interval of the analytic share: what as many measured doubling times allow, or under a fit what
        its draws do.
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
    limit = _limit(model, day)
    root = np.sqrt(MEASURED_LESIONS)
    degrees = MEASURED_LESIONS - 1

    def share(tail: float) -> float:
        observed = root * limit
        width = 4.0 + 2.0 * abs(observed)
        low, high = observed - width, observed + width
        while low < (middle := 0.5 * (low + high)) < high:  # the probability falls with the shift
            if special.nctdtr(degrees, middle, observed) > tail:
                low = middle
            else:
                high = middle
        return float(special.ndtr(middle / root))

    return float(special.ndtr(limit)), (share(0.975), share(0.025))


def _limit(model: Model, day: float) -> float:
    """Standard deviations of the logarithm that the doubling time needed lies below the median."""
    parameter = model.parameters["DT"]
    spread = float(np.sqrt(np.log1p(parameter.spread**2)))
    return float((np.log(parameter.value) - np.log(doubling_time_needed(day))) / spread)


def analytic_share_over_draws(models: Sequence[Model], day: float) -> tuple[float, tuple[float, float]]:
    """Mean over the models of a fit's draws of that share, and its central 95 %."""
    shares = special.ndtr([_limit(model, day) for model in models])
    low, high = np.quantile(shares, (0.025, 0.975))
    return float(shares.mean()), (float(low), float(high))


class _Judged(NamedTuple):
    """Disease control of some patients, without chance and with it, and their relative growth."""

    plain: Array
    default: Array
    growth: Array


@dataclass(slots=True)
class _Count:
    """Patients without progression, of those who could be judged."""

    stable: int = 0
    judged: int = 0

    def add(self, outcome: Array) -> None:
        known = outcome[np.isfinite(outcome)]
        self.stable += int(known.sum())
        self.judged += known.size

    @property
    def share(self) -> float:
        return self.stable / self.judged if self.judged else float("nan")


def check_natural_history(
    protocol: Protocol,
    *,
    model: Model,
    patients: int,
    seed: int,
    threads: int | None,
    block: int,
    advance: Callable[[int], None],
    distribution: DistributionOverDraws | None = None,
) -> NaturalHistory:
    """Simulate patients without drug through the protocol's scans and rules.

    Parameters
    ----------
    patients : int
        How many; the first of them are the patients of the trial.
    threads : int, optional
        Pieces simulated at a time; as many as there are cores if None.
    block : int
        Patients of a piece at most.
    advance : callable
        Told the number of patients done.
    distribution
        Of the patients under a fit; that of the model if left out.
    """
    scans = np.array([0.0, *protocol.visits.scans])
    lesions = model.kernels.parameters.index("nles")
    assay = model.observable("sld").assay
    size = model.parameters[assay.size].value if assay.size else 0.0
    doubling = model.kernels.parameters.index("DT")
    end = int(np.flatnonzero(scans == protocol.response.disease_control_at)[0])
    workers = thread_count(threads)
    piece = piece_size(patients, block, workers)

    def work(start: int) -> _Judged:
        some = draw_some(
            model,
            start,
            start + piece,
            of=patients,
            seed=seed,
            sampling=protocol.sampling,
            distribution=distribution,
        )
        run = simulate(model=model, patients=some, times=scans, threads=1)
        chance = draw_chance(seed, some.ids, protocol.visits, protocol.conduct)
        sums, hazard = run.curve("sld"), run.curve("lesion_hazard")[:, 1:]
        exponential = np.log(2.0) * scans[end] / (3.0 * run.parameters[:, doubling])
        noisy = endpoints.measure(sums, chance.sld, kind=assay.kind, size=size)

        def stable(measured: Array, threshold: Array) -> Array:
            number = run.parameters[:, lesions]
            judged = judge_tumour(
                measured, hazard, threshold, lesions=number, protocol=protocol, solved=run.solved
            )
            return judged["stable_3m"]

        return _Judged(
            plain=stable(sums, np.full(len(some), np.inf)),
            default=stable(noisy, chance.lesion),
            growth=np.log(sums[:, end] / sums[:, 0]) / exponential,
        )

    simulated, default = _Count(), _Count()
    growth = [np.empty(0)]
    for judged in in_order(work, range(0, patients, piece), threads=workers):
        simulated.add(judged.plain)
        default.add(judged.default)
        growth.append(judged.growth)
        advance(judged.plain.size)
    day = protocol.response.disease_control_at
    analytic, interval = (
        analytic_share(model, day)
        if distribution is None
        else analytic_share_over_draws(distribution.models, day)
    )
    return NaturalHistory(
        analytic=analytic,
        interval=interval,
        simulated=simulated.share,
        default=default.share,
        growth=_spread(growth),
        patients=patients,
        evaluated=simulated.judged,
    )


def _spread(values: list[Array]) -> tuple[float, float, float]:
    joined = np.concatenate(values)
    joined = joined[np.isfinite(joined)]
    if not joined.size:
        return (float("nan"),) * 3
    low, middle, high = np.quantile(joined, (0.05, 0.5, 0.95))
    return float(low), float(middle), float(high)
