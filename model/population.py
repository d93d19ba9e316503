"""Virtual patients: parameters drawn from the table's distributions, the same person in every arm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .distribution import ParameterDistribution
from .dose_events import Switch
from .dosing import Regimen
from .engine.batch import evaluate
from .engine.simd import exp, log, sqrt
from .errors import PopulationError
from .model import Model
from .randomness import normals, uniforms
from .sampling import SAMPLINGS
from .spread import Declared, SpreadRow, realised

Floats = NDArray[np.float64]

MOST_DRAWS = 200
DRUG = "lag3ig"  # whose injections vary from one to the next


@dataclass(frozen=True, slots=True)
class Patients:
    """Drawn patients.

    Attributes
    ----------
    ids : shape (P,)
        Patient numbers.
    parameters : shape (P, K)
        In the order of ``model.kernels.parameters``; calibrated ones are the same for all.
    attempts : shape (P,)
        How many draws each patient took: 1 if the first was plausible.
    component : shape (P,)
        0, or 1 for the second kind of patient of a mixture (non-inflamed).
    seed, sampling
        What they were drawn with; ``"typical"`` for the typical patient, who varies in nothing.
    count
        Number of patients of the whole population, on which a Latin hypercube depends.
    declared
        What the table says of each parameter that varies.
    """

    ids: NDArray[np.int64]
    parameters: Floats
    attempts: NDArray[np.int64]
    component: NDArray[np.int8]
    seed: int
    sampling: str
    count: int | None = None
    declared: tuple[Declared, ...] = field(default=(), repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def varies(self) -> bool:
        """Whether these are drawn patients and not the typical one."""
        return self.sampling in SAMPLINGS

    @property
    def depends_on(self) -> str:
        """What a patient of this sampling is a function of, in words."""
        return SAMPLINGS.get(self.sampling, "the typical patient")

    def take(self, rows: ArrayLike) -> "Patients":
        """Some of the patients, by row or by truth per row."""
        chosen = np.asarray(rows)
        return Patients(
            self.ids[chosen],
            self.parameters[chosen],
            self.attempts[chosen],
            self.component[chosen],
            self.seed,
            self.sampling,
            self.count,
            self.declared,
        )

    def pieces(self, size: int) -> Iterator["Patients"]:
        """The patients, ``size`` at a time."""
        for start in range(0, len(self), size):
            yield self.take(np.arange(start, min(start + size, len(self))))

    def declared_against_realised(self) -> tuple[SpreadRow, ...]:
        """Median and spread of each parameter as the table declares them and as these patients have them.

        Implausible draws are redrawn, so the two differ by more than chance where many were; ``redrawn`` is
        their share.
        """
        return realised(self.declared, self.parameters, self.component, self.attempts)


def draw(
    model: Model,
    count: int | None = None,
    *,
    ids: ArrayLike | None = None,
    seed: int,
    sampling: str = "independent",
    most_draws: int = MOST_DRAWS,
    distribution: ParameterDistribution | None = None,
) -> Patients:
    """Patients of a model, each plausible by the model's own rules.

    A draw that breaks a rule is thrown away whole, and the patient is drawn again from their own stream.

    Parameters
    ----------
    count
        How many patients: numbers 0 to count - 1.
    ids : shape (P,), optional
        Which patients, instead of all of them; a Latin hypercube needs ``count`` as well.
    seed
        Seed of the population, 0 to 2**64 - 1.
    sampling
        ``"independent"``, ``"sobol"`` or ``"latin"``.
    most_draws
        Draws of one patient after which the population is refused.
    distribution
        What patients are drawn from, if not from the model's own table: it may differ between them.

    Raises
    ------
    PopulationError
        If the arguments contradict each other, correlations do not hold together, or a patient stays
        implausible.

    Examples
    --------
    >>> from lag3ig.model import load_model
    >>> patients = draw(load_model(), 3, seed=1)
    >>> bool((draw(load_model(), ids=[2], seed=1).parameters[0] == patients.parameters[2]).all())
    True
    """
    numbers = _numbers(count, ids, sampling)
    distribution = ParameterDistribution(model) if distribution is None else distribution
    parameters = np.empty((len(numbers), len(model.kernels.parameters)))
    component = np.zeros(len(numbers), dtype=np.int8)
    attempts = np.zeros(len(numbers), dtype=np.int64)
    pending = np.arange(len(numbers))
    for attempt in range(max(1, most_draws)):
        parameters[pending], component[pending] = distribution.draw(
            numbers[pending], seed=seed, sampling=sampling, attempt=attempt, count=count
        )
        attempts[pending] += 1
        margins = evaluate(model.kernels, "margins", parameters[pending])
        plausible = margins >= 0.0
        pending = pending[~plausible.all(axis=1)]
        if not pending.size:
            return Patients(
                numbers, parameters, attempts, component, seed, sampling, count, distribution.declared
            )
    broken = (~plausible).sum(axis=0)
    worst = int(np.argmax(broken))
    raise PopulationError(
        f"{pending.size} of {len(numbers)} patients are still implausible after {most_draws} draws; the "
        f"last broke {model.kernels.margin_names[worst]!r} most often ({broken[worst]} times). Bring the "
        "medians of the parameters back inside that limit, or narrow their spreads"
    )


def typical(model: Model) -> Patients:
    """The typical patient alone, as patient 0: every parameter at its median, no variation between doses."""
    one = np.zeros(1, dtype=np.int64)
    return Patients(one, model.typical()[np.newaxis], one, np.zeros(1, dtype=np.int8), 0, "typical")


def _numbers(count: int | None, ids: ArrayLike | None, sampling: str) -> NDArray[np.int64]:
    if count is not None and (
        isinstance(count, bool) or not isinstance(count, int | np.integer) or count < 1
    ):
        raise PopulationError(f"count = {count!r} must be a whole number from 1 on")
    if ids is None:
        if count is None:
            raise PopulationError("how many patients? pass count, or ids")
        return np.arange(count, dtype=np.int64)
    if count is not None and sampling != "latin":
        raise PopulationError("both count and ids are given; only a Latin hypercube needs both, so keep one")
    numbers = np.atleast_1d(np.asarray(ids))
    if numbers.ndim != 1 or numbers.dtype.kind not in "iu" or not numbers.size or numbers.min() < 0:
        raise PopulationError(f"ids must be patient numbers from 0 on; got {ids!r}")
    return numbers.astype(np.int64)


class OccasionVariation(NamedTuple):
    """What varies in patients from dose to dose, as ``Regimen.compile`` takes it; empty where nothing does.

    Attributes
    ----------
    amount_factor : shape (P, D) or None
        Factor on the bioavailable amount of each dose.
    dose_inputs : mapping of input to shape (P, D)
        Value that an input takes with each dose; NaN where the dose is of another drug.
    switches
        Inputs that change once.
    """

    amount_factor: Floats | None = None
    dose_inputs: Mapping[str, Floats] = MappingProxyType({})
    switches: tuple[Switch, ...] = ()


def occasion_variation(model: Model, patients: Patients, regimen: Regimen) -> OccasionVariation:
    """Variation of these patients from dose to dose of a regimen, as the model's structure has it.

    With ``occasions = absorption`` each injection of LAG-3Ig has its own absorption rate and bioavailability,
    log-normal about the patient's: the n-th injection of a patient is the same under every regimen. With
    ``antibodies = incidence`` a share of patients switches to a faster clearance some days after the first
    injection. The typical patient has neither.
    """
    given = regimen.administrations()
    doses = [column for column, item in enumerate(given) if item.drug == DRUG]
    if not patients.varies or not doses:
        return OccasionVariation()
    result = OccasionVariation()
    if model.structure.occasions == "absorption":
        shape = (len(patients), len(given))
        factor, rate = np.ones(shape), np.full(shape, np.nan)
        factor[:, doses] = _factors(model, patients, "cv_F_occasion", len(doses))
        rate[:, doses] = _factors(model, patients, "cv_ka_occasion", len(doses))
        result = result._replace(amount_factor=factor, dose_inputs={"ka_occasion": rate})
    if model.structure.antibodies == "incidence":
        share, onset = model.parameters["pADA"].value, model.parameters["tADA"].value
        formed = uniforms(patients.seed, patients.ids, "antibodies", 1)[:, 0] < share
        time = np.where(formed, given[doses[0]].time + onset, np.inf)
        result = result._replace(switches=(Switch("antibody", time),))
    return result


def _factors(model: Model, patients: Patients, symbol: str, doses: int) -> Floats:
    """Log-normal factors of median 1 with the coefficient of variation of the table, shape (P, doses)."""
    variation = model.parameters[symbol].value
    deviation = float(sqrt(log(1.0 + variation * variation)))
    return np.asarray(exp(deviation * normals(patients.seed, patients.ids, symbol, doses)))
