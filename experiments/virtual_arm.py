"""One large virtual arm: patients simulated piece by piece, measured at the visits, and judged."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..model import Model, Patients, Regimen, Trajectories, simulate
from ..model.chance import draw_chance
from ..model.dosing import Administration
from .columns import LEVELS
from .design import ProtocolArm
from .drawn import Drawn
from .in_order import in_order, piece_size, thread_count
from .judging import judge, judged_times
from .protocol import Protocol
from .results import Arm, Curves
from .run_in import later
from .tables import TableBuilder

Array = NDArray[np.float64]
SHOWN = ("plasma", "activated_cd8", "em_cd8_percent", "sld")  # observables whose curves are kept
SAMPLE = 60  # patients whose own curves are kept
MOST_CURVES = 20_000  # patients that quantiles of curves are taken over; more would only cost memory
POINTS = 120  # points in time of a curve, at most about one a day
RTOL = 1e-6
RTOL_OF_ENDPOINTS = 1e-4  # enough where only endpoints are looked at, in half of the time
AFTER_DOSE = (0.125, 0.25, 0.5, 0.75, 1.5)  # d; further points after each dose, where the plasma curve bends


@dataclass(frozen=True, slots=True)
class VirtualArm:
    """What the simulation of an arm gives: its row in the result, its curves, and the injections in detail.

    ``taken`` (P, D) says which injections of the arm's leading drug each patient received, at ``times`` (D,).
    """

    arm: Arm
    curves: Curves
    taken: NDArray[np.bool_]
    times: Array


class _Piece(NamedTuple):
    """Some patients of an arm, judged."""

    table: dict[str, NDArray[Any]]
    taken: NDArray[np.bool_]
    curves: dict[str, Array] | None


def simulate_arm(
    arm: ProtocolArm,
    protocol: Protocol,
    *,
    model: Model,
    patients: Patients | Drawn,
    seed: int,
    threads: int | None,
    block: int,
    advance: Callable[[int], None],
    builder: TableBuilder | None = None,
    rtol: float = RTOL,
) -> VirtualArm:
    """Simulate and judge every patient under an arm's regimen.

    Parameters
    ----------
    arm, protocol
        What is given, and when it is looked at.
    patients
        The same patients for every arm.
    seed : int
        Of the errors and chances around the patients.
    threads : int, optional
        Pieces simulated at a time; as many as there are cores if None.
    block : int
        Patients of a piece at most; the result does not depend on it.
    advance : callable
        Told the number of patients done.
    builder
        Where the endpoints go as pieces are done; kept in memory if left out.
    rtol : float
        Relative tolerance of the curves.
    """
    given = arm.regimen()
    doses = given.administrations(protocol.visits.end)
    before = protocol.run_in
    start_day = 0.0 if before is None else before.length
    regimen = given if before is None else before.regimen() + later(arm.doses, start_day)
    early = 0 if before is None else len(before.regimen().administrations(start_day))
    times = np.array([item.time for item in doses], dtype=np.float64)
    shown = curve_times(protocol, times)
    needed = judged_times(protocol)
    with_curves = np.union1d(needed, shown)
    leading = np.array([item.drug == doses[0].drug for item in doses], dtype=bool)

    def work(numbered: tuple[int, Patients]) -> _Piece:
        start, some = numbered[0] * size, numbered[1]
        shows = start < MOST_CURVES  # beyond these nobody's curves are kept, only what visits see
        chance = draw_chance(seed, some.ids, protocol.visits, protocol.conduct)
        taken = chance.received(times, protocol.conduct.missed_injection)
        grid = with_curves if shows else needed
        run = simulate(
            regimen,
            model=model,
            patients=some,
            times=start_day + grid,
            taken=every_dose(regimen, np.pad(taken, ((0, 0), (early, 0)), constant_values=True)),
            rtol=rtol,
            threads=1,
        )
        run = replace(run, times=grid)  # the trial's own clock, which a run-in precedes
        table = judge(run, protocol, chance, second_dose=_second(times[leading]))
        table["injections"] = taken[:, leading].sum(axis=1).astype(np.int64)
        curves = _shown(run, shown, MOST_CURVES - start) if shows else None
        return _Piece(table, taken[:, leading], curves)

    builder = TableBuilder() if builder is None else builder
    kept: list[dict[str, Array]] = []
    received: list[NDArray[np.bool_]] = []
    workers = thread_count(threads)
    size = piece_size(len(patients), block, workers)
    for piece in in_order(work, enumerate(patients.pieces(size)), threads=workers):
        builder.add(piece.table)
        received.append(piece.taken)
        if piece.curves is not None:
            kept.append(piece.curves)
        advance(len(piece.taken))
    return VirtualArm(
        arm=_row(arm, doses[0] if doses else None, builder.finish()),
        curves=_curves(kept, shown, model, workers),
        taken=np.concatenate(received),
        times=times[leading],
    )


def _row(arm: ProtocolArm, lead: Administration | None, table: Mapping[str, NDArray[Any]]) -> Arm:
    """The arm's row in the result, with its first dose, if it has one."""
    return Arm(
        name=arm.name,
        label=arm.label or arm.name,
        dose=lead.amount if lead else 0.0,
        unit=(lead.unit or "") if lead else "",
        drug=lead.drug if lead else "none",
        group=arm.group or "",
        treated=arm.treated,
        evaluable=arm.evaluable,
        table=table,
    )


def curve_times(protocol: Protocol, doses: Array) -> Array:
    """Times at which curves are kept.

    Daily, or wider apart in a long trial; closer after each of the first doses; and when plasma is sampled.
    """
    end = protocol.visits.end
    step = max(1.0, np.ceil(end / POINTS))
    early = np.add.outer(np.unique(doses), AFTER_DOSE).ravel()[:POINTS]
    times = np.concatenate([np.arange(0.0, end, step), early[early < end], protocol.visits.plasma, [end]])
    return np.unique(times)


def every_dose(regimen: Regimen, taken: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The mask over all doses of the regimen: those after the end of the trial are not given."""
    every = np.zeros((taken.shape[0], len(regimen.administrations())), dtype=bool)
    every[:, : taken.shape[1]] = taken
    return every


def _second(times: Array) -> float:
    distinct = np.unique(times)
    return float(distinct[1]) if distinct.size > 1 else np.inf


def _shown(run: Trajectories, shown: Array, most: int) -> dict[str, Array]:
    """Curves of the solved among the first patients, times first: shape (T, P)."""
    rows = np.flatnonzero(run.solved[:most])
    columns = np.searchsorted(run.times, shown)
    return {name: run.curve(name)[rows].T[columns] for name in SHOWN}


def _curves(kept: list[dict[str, Array]], shown: Array, model: Model, threads: int) -> Curves:
    def summarise(name: str) -> tuple[Array, Array]:
        values = np.concatenate([part.pop(name) for part in kept], axis=1)
        sample = values[:, :SAMPLE].T.copy()
        if not values.size:
            return np.full((shown.size, len(LEVELS)), np.nan), sample
        values.sort(axis=1)  # vectorised, and faster than the partition by so many levels
        return np.ascontiguousarray(np.quantile(values, LEVELS, axis=1, overwrite_input=True).T), sample

    found = dict(zip(SHOWN, in_order(summarise, SHOWN, threads=threads), strict=True))
    return Curves(
        time=shown,
        quantiles={name: quantiles for name, (quantiles, _) in found.items()},
        sample={name: sample for name, (_, sample) in found.items()},
        units={name: model.unit(name) for name in SHOWN},
    )
