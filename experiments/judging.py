"""What the visits of a trial find in each patient of a block: endpoints from curves and chance."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model import Trajectories, endpoints, irecist, recist
from ..model.chance import DAYS_PER_MONTH, Chance
from ..model.death import death_times
from .protocol import Protocol
from .run_in import RunIn

Array = NDArray[np.float64]
Columns = dict[str, NDArray[Any]]
HAZARD_STEP = 7.0  # d; steps of the integral of the hazard of death, besides the scans
COUNTED = ("activated_cd8", "lymphocytes", "monocytes", "pbmc")  # kept at every visit with blood


def judged_times(protocol: Protocol) -> Array:
    """Times at which a trial looks at a patient, d: visits, and steps of the hazard of death."""
    visits = protocol.visits
    before = [] if protocol.run_in is None else [-protocol.run_in.length]
    times = [*before, 0.0, *visits.blood, *visits.plasma, *visits.scans, visits.end]
    return np.union1d(times, _hazard_times(protocol) if protocol.survival is not None else [])


def _hazard_times(protocol: Protocol) -> Array:
    end = protocol.visits.end
    return np.union1d(np.arange(0.0, end, HAZARD_STEP), [*protocol.visits.scans, end])


def judge(run: Trajectories, protocol: Protocol, chance: Chance, *, second_dose: float) -> Columns:
    """Endpoints of each patient of a block; the columns of a result's table but for the injections.

    Parameters
    ----------
    run
        Curves on a grid that has every visit.
    chance
        Errors and chances of the same patients.
    second_dose : float
        d; plasma samples count up to here.
    """
    selected = None if protocol.run_in is None else _selected(run, protocol.run_in, chance)
    if selected is not None:  # who is not taken into the trial leaves it before its first day
        chance = replace(chance, leaves=np.where(selected, chance.leaves, -1.0))
    died = _deaths(run, protocol, chance) if protocol.survival is not None else None
    leaves = chance.leaves if died is None else np.fmin(chance.leaves, died)
    scans = np.array([0.0, *protocol.visits.scans])
    hazard = lesion_hazard(run, scans[1:])
    solved = run.solved if selected is None else run.solved & selected
    table: Columns = {"status": run.status.astype(np.int8), "leaves": chance.leaves}
    table.update(
        judge_tumour(
            measured(run, "sld", scans, chance.sld, leaves),
            hazard,
            chance.lesion,
            lesions=_lesions(run),
            protocol=protocol,
            solved=solved,
            died=died if died is None else np.where(died <= chance.leaves, died, np.inf),
            new_lesions=chance.lesions(hazard) if protocol.response.immune else None,
        )
    )
    if died is not None:
        last = np.minimum(chance.leaves, protocol.visits.end)
        table["os_time"] = np.where(solved, np.fmin(died, last), np.nan)
        table["os_event"] = solved & (died <= last)
    if selected is not None:
        table["selected"] = selected.astype(np.float64)
    table.update(_judge_blood(run, protocol, chance, leaves, second_dose=second_dose))
    return table


def at(run: Trajectories, name: str, days: Array) -> Array:
    """True values at some of the output times, shape (P, visits)."""
    return run.curve(name)[:, np.searchsorted(run.times, days)]


def lesion_hazard(run: Trajectories, days: Array) -> Array:
    """Cumulative hazard of a new lesion since the first day of the trial, shape (P, visits)."""
    return at(run, "lesion_hazard", days) - at(run, "lesion_hazard", np.zeros(1))


def _selected(run: Trajectories, run_in: RunIn, chance: Chance) -> NDArray[np.bool_]:
    days = np.array([-run_in.length, 0.0])
    return run_in.selected(
        at(run, "sld", days),
        at(run, "lesion_hazard", days[1:])[:, 0],
        seed=chance.seed,
        ids=chance.ids,
        error=chance.sld[:, 0],
        cv=run.model.parameters["cv_sld"].value,
        lesions=_lesions(run),
    )


def measured(run: Trajectories, name: str, days: Array, noise: Array | None, leaves: Array) -> Array:
    """Values that the assay reports, shape (P, visits); NaN after a patient leaves."""
    values = at(run, name, days)
    if noise is not None:
        assay = run.model.observable(name).assay
        size = run.model.parameters[assay.size].value if assay.size else 0.0
        values = endpoints.measure(values, noise[:, : days.size], kind=assay.kind, size=size)
    return np.where(days[None, :] <= leaves[:, None], values, np.nan)


def _lesions(run: Trajectories) -> Array:
    return run.parameters[:, run.model.kernels.parameters.index("nles")]


def _deaths(run: Trajectories, protocol: Protocol, chance: Chance) -> Array:
    """When each patient dies under the assumed hazard, d, whether or not anybody still looks."""
    scans = np.array([0.0, *protocol.visits.scans])
    _, response = _responses(
        measured(run, "sld", scans, chance.sld, chance.leaves),
        lesion_hazard(run, scans[1:]),
        chance.lesion,
        lesions=_lesions(run),
        protocol=protocol,
    )
    table, times = run.model.parameters, _hazard_times(protocol)
    return death_times(
        at(run, "sld", times),
        times,
        progression=endpoints.progression_free(response, scans[1:]).upper,
        threshold=chance.death,
        rate=table["lambda0"].value / DAYS_PER_MONTH,
        exponent=table["bS"].value,
        ratio=table["rho"].value,
    )


def _responses(
    sums: Array, hazard: Array, threshold: Array, *, lesions: Array, protocol: Protocol
) -> tuple[Array, NDArray[np.int8]]:
    """Sums as written down, and the response at each scan after baseline."""
    version = protocol.response.recist
    recorded = recist.record(sums, lesions, version=version)
    return recorded, recist.assess(recorded, endpoints.lesion_present(hazard, threshold), version=version)


def judge_tumour(
    measured: Array,
    hazard: Array,
    threshold: Array,
    *,
    lesions: Array,
    protocol: Protocol,
    solved: NDArray[np.bool_],
    died: Array | None = None,
    new_lesions: NDArray[np.int64] | None = None,
) -> Columns:
    """Response, disease control and progression-free survival from measured scans.

    Parameters
    ----------
    measured : ndarray, shape (P, 1 + scans)
        mm; NaN where no scan was done.
    hazard, threshold : ndarray, shapes (P, scans) and (P,)
        Cumulative hazard of a new lesion, and where the patient's first one appears.
    lesions : ndarray, shape (P,)
        Target lesions.
    solved : ndarray of bool, shape (P,)
        Patients whose simulation ended well.
    died : ndarray, shape (P,), optional
        d; deaths that were seen, infinite for the others.
    new_lesions : ndarray of int, shape (P, scans), optional
        How many there are, for iRECIST; else it is not judged.
    """
    rules = protocol.response
    days = np.array(protocol.visits.scans)
    recorded, response = _responses(measured, hazard, threshold, lesions=lesions, protocol=protocol)
    survival = endpoints.progression_free(response, days, valid=solved)
    survival = survival if died is None else endpoints.until_death(survival, died)
    duration = endpoints.response_duration(response, days, survival)
    stable = endpoints.disease_control(response, days, at=rules.disease_control_at)
    confirmed: dict[str, Any] = {
        "confirmation": rules.confirmation,
        "confirmed_after": rules.confirmed_after,
        "stable_after": rules.stable_after,
    }
    best = recist.best_response(response, days, **confirmed)
    responded = np.where(best == recist.Response.NOT_EVALUABLE, np.nan, best <= recist.Response.PARTIAL)
    table: Columns = {
        "stable_3m": stable,
        "evaluable": np.isfinite(stable),
        "best_response": best,
        "responded": responded,
        "best_change": recist.best_change(recorded, response),
        "pfs_time": survival.time,
        "pfs_event": survival.event,
        "pfs_lower": survival.lower,
        "pfs_upper": survival.upper,
        "duration_time": np.where(responded == 1.0, duration.time, np.nan),
        "duration_event": duration.event & (responded == 1.0),
        "sld": recorded,
    }
    if new_lesions is not None:
        immune = irecist.assess_immune(recorded, new_lesions)
        free = irecist.immune_progression_free(immune, days, valid=solved)
        free = free if died is None else endpoints.until_death(free, died)
        table["immune_best_response"] = irecist.best_immune_response(immune, days, **confirmed)
        table["immune_pfs_time"], table["immune_pfs_event"] = free.time, free.event
    return table


def _judge_blood(
    run: Trajectories, protocol: Protocol, chance: Chance, leaves: Array, *, second_dose: float
) -> Columns:
    """Exposure, CD8 cells and counts, as far as patients still come."""
    visits, limits = protocol.visits, protocol.limits
    blood = np.array(visits.blood)
    plasma = np.array([day for day in visits.plasma if day <= second_dose])
    limit_symbol = run.model.observable("plasma").assay.limit
    limit = run.model.parameters[limit_symbol].value if limit_symbol else 0.0
    samples = measured(run, "plasma", plasma, chance.plasma, leaves)
    exposed = endpoints.exposure(samples, plasma, limit=limit)
    counts = {name: measured(run, name, blood, getattr(chance, name, None), leaves) for name in COUNTED}
    cd8 = endpoints.mean_ratio(counts["activated_cd8"])
    em = endpoints.last_change(measured(run, "em_cd8_percent", blood, chance.em_cd8_percent, leaves))
    return {
        "cmax": exposed.cmax,
        "auc": exposed.auc,
        "time_above_lloq": exposed.quantified,
        "exposed": endpoints.reaches(exposed.quantified, limits.exposed_for),
        "cd8_ratio": cd8,
        "cd8_sustained": endpoints.reaches(cd8, limits.sustained_ratio),
        "em_change": em,
        "em_rise": endpoints.reaches(em, limits.rise_points, strictly=True),
        **counts,
    }
