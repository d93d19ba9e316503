"""What a trial reads in its patients: every sample at every visit of every dose, and counts of responses."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...model import Patients, Regimen, Trajectories, simulate
from ...model.chance import draw_chance
from ...model.randomness import normals
from ..in_order import PIECE, in_order, piece_size
from ..judging import at, judge_tumour, measured
from ..protocol import Protocol
from ..trial_models import TrialModels
from .section import RESPONSES, SAMPLES, Hypotheses

Array = NDArray[np.float64]
HALF_OF_LIMIT = 0.5  # times the limit of an assay: what a plasma sample below it counts as


class Reading(NamedTuple):
    """One thing that a trial reads: its arm (place), what, and the day (d; NaN for a count of responses)."""

    arm: int
    what: str
    day: float

    @property
    def is_count(self) -> bool:
        """Whether patients are counted, and not a sample averaged."""
        return self.what in RESPONSES

    def label(self, arms: Sequence[str]) -> str:
        """In words."""
        words = RESPONSES[self.what] if self.is_count else f"{SAMPLES[self.what]}, day {self.day:g}"
        return f"{words}, {arms[self.arm]}"


@dataclass(frozen=True, slots=True)
class Persons:
    """Readings of single persons.

    Attributes
    ----------
    values : ndarray, shape (P, C)
        Logarithm of a count over its baseline; change of a share from baseline, points; logarithm of a plasma
        level, ng/mL, half the limit where it is below; 1 or 0 for a response. NaN where nothing was read.
    draw : ndarray, shape (P,)
        Draw of the parameters that each person belongs to; person k belongs to draw k mod D.
    draws : int
    """

    values: Array
    draw: NDArray[np.int64]
    draws: int

    def of_draw(self, draw: int) -> Array:
        """Readings of the persons of one draw, shape (P / D, C)."""
        return self.values[self.draw == draw]


def readings_of(protocol: Protocol, plan: Hypotheses) -> tuple[Reading, ...]:
    """All that the trial reads, arm by arm: samples averaged first, counts of responses after them."""
    found = []
    for arm in range(len(protocol.arms)):
        for what in plan.samples:
            visits = protocol.visits.plasma if what == "plasma" else protocol.visits.blood
            found += [Reading(arm, what, day) for day in visits if day > 0.0]
        found += [Reading(arm, what, np.nan) for what in plan.responses]
    return tuple(found)


def read_persons(
    protocol: Protocol,
    plan: Hypotheses,
    models: TrialModels,
    patients: Patients,
    *,
    draws: int,
    seed: int,
    threads: int,
) -> Persons:
    """Simulate every arm with the same persons, and read them as the trial would.

    Parameters
    ----------
    protocol, plan
    models
        Of one structure.
    patients
        Persons of all draws.
    draws : int
    seed : int
        Of errors of assays, new lesions and drop-out.
    threads : int
    """
    size = piece_size(len(patients), PIECE, threads)

    def work(item: tuple[int, Patients]) -> Array:
        place, some = item
        return _read_arm(protocol, plan, protocol.arms[place].regimen(), models, some, seed=seed)

    arms = []
    for place in range(len(protocol.arms)):
        pieces = ((place, some) for some in patients.pieces(size))
        arms.append(np.concatenate(list(in_order(work, pieces, threads=threads))))
    return Persons(np.concatenate(arms, axis=1), np.asarray(patients.ids % draws), draws)


def _read_arm(
    protocol: Protocol, plan: Hypotheses, regimen: Regimen, models: TrialModels, some: Patients, *, seed: int
) -> Array:
    visits = protocol.visits
    chance = draw_chance(seed, some.ids, visits, protocol.conduct)
    given = regimen.administrations()
    times = np.array([item.time for item in given], dtype=np.float64)
    grid = np.unique(np.concatenate([[0.0], visits.blood, visits.plasma, visits.scans]))
    run = simulate(
        regimen,
        model=models.model,
        patients=some,
        times=grid,
        taken=chance.received(times, protocol.conduct.missed_injection),
        threads=1,
    )
    columns = []
    for what in plan.samples:
        noise = getattr(chance, what, None)
        if what == "plasma":
            days = np.array(visits.plasma)
            levels = measured(run, what, days, noise, chance.leaves)[:, days > 0.0]
            columns.append(np.log(np.fmax(levels, _half_limit(run)) + 0.0 * levels))
            continue
        values = measured(run, what, np.array(visits.blood), noise, chance.leaves)
        if noise is None:
            away = normals(seed, some.ids, f"error of {what}", len(visits.blood))
            values = values * np.exp(plan.count_error * away)
        if what == "em_cd8_percent":
            columns.append(values[:, 1:] - values[:, :1])
        else:
            columns.append(np.log(values[:, 1:] / values[:, :1]))
    if plan.responses:
        table = judge_tumour(
            measured(run, "sld", np.array([0.0, *visits.scans]), chance.sld, chance.leaves),
            at(run, "lesion_hazard", np.array(visits.scans)),
            chance.lesion,
            lesions=run.parameters[:, run.model.kernels.parameters.index("nles")],
            protocol=protocol.model_copy(
                update={"response": protocol.response.model_copy(update={"immune": False})}
            ),
            solved=run.solved,
        )
        columns += [np.where(run.solved, table[what], np.nan)[:, None] for what in plan.responses]
    return np.concatenate(columns, axis=1)


def _half_limit(run: Trajectories) -> float:
    """What a sample below the limit of the plasma assay counts as, ng/mL."""
    limit = run.model.observable("plasma").assay.limit
    return HALF_OF_LIMIT * (run.model.parameters[limit].value if limit else 1e-3)
