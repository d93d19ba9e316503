"""A cohort of virtual patients on the way through its trial: true curves at its visits, and their slopes."""

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model import Model, Patients, simulate, simulate_sensitivities
from ..model.randomness import normals, uniforms
from ..model.recist import STABLE_AFTER, Version
from .cards import CardArm

Array = NDArray[np.float64]

ON_SCANS = ("sld", "lesion_hazard")
SLOPE_RTOL_SHARE = 0.1  # slopes change faster than curves, so that their solution is held tighter


@dataclass(frozen=True, slots=True)
class Course:
    """True curves of P patients at the T times of their trial.

    Attributes
    ----------
    times : ndarray, shape (T,)
        d; baseline and every visit.
    curves : mapping of observable to ndarray, shape (P, T)
    lesions : ndarray, shape (P,)
        Target lesions.
    failed : int
        Patients whose simulation failed, in every way it was tried; their curves are NaN.
    slopes : mapping of observable to ndarray, shape (P, T, p)
        Derivatives with respect to the parameters of the patients in ``symbols``; empty if not asked for.
    symbols : tuple of str
    """

    times: Array
    curves: Mapping[str, Array]
    lesions: Array
    failed: int
    slopes: Mapping[str, Array]
    symbols: tuple[str, ...] = ()

    def at(self, name: str, days: ArrayLike) -> Array:
        """Curves at some of the times, shape (P, len(days))."""
        return self.curves[name][:, np.searchsorted(self.times, np.asarray(days, dtype=np.float64))]

    def moved(self, change: Array, step: float) -> "Course":
        """The course after the patients' parameters moved, to first order.

        Parameters
        ----------
        change : ndarray, shape (P, p)
            Change of each patient's parameters in ``symbols`` per unit of step.
        step : float
        """
        curves = {
            name: curve + step * np.einsum("ptk,pk->pt", self.slopes[name], change)
            for name, curve in self.curves.items()
        }
        return replace(self, curves=curves)

    def of(self, rows: NDArray[np.int64]) -> "Course":
        """The course of some of the patients."""
        return replace(
            self,
            curves={name: curve[rows] for name, curve in self.curves.items()},
            lesions=self.lesions[rows],
            slopes={name: slope[rows] for name, slope in self.slopes.items()},
        )


class Cohort:
    """An arm of a card with virtual patients in it, and the chance around each that no parameter changes.

    Parameters
    ----------
    arm : CardArm
    observables : sequence of str
        What is looked at, besides scans.
    patients : int
        P; patients 0 to P - 1 of the seed, the same persons in every arm and for any parameters.
    seed : int
    """

    def __init__(self, arm: CardArm, *, observables: Sequence[str], patients: int, seed: int) -> None:
        self.arm = arm
        self.seed = seed
        self.ids = np.arange(patients, dtype=np.int64)
        self.regimen = arm.regimen()
        rules = arm.response  # none where there are no scans
        self.version: Version = "1.1" if rules is None else rules.recist
        self.confirmation = rules is not None and rules.confirmation
        self.stable_after = STABLE_AFTER if rules is None else rules.stable_after
        self.scans = np.array(arm.scans, dtype=np.float64)
        self.blood = np.array(arm.blood, dtype=np.float64)
        self.plasma = np.array(arm.plasma, dtype=np.float64)
        self.observables = tuple(dict.fromkeys((*ON_SCANS, *observables)))
        self.times = np.unique(np.concatenate([[0.0], self.scans, self.blood, self.plasma]))
        self.scan_errors = normals(seed, self.ids, "error of sld", 1 + self.scans.size)
        self.cd8_errors = normals(seed, self.ids, "error of activated_cd8", max(1, self.blood.size))
        self.taken = self._taken()

    def _taken(self) -> NDArray[np.bool_]:
        given = self.regimen.administrations()
        if not given:
            return np.ones((self.ids.size, 0), dtype=bool)
        times = np.array([item.time for item in given])
        missed = self.arm.conduct.missed_injection
        taken = uniforms(self.seed, self.ids, "missed injections", times.size) >= missed
        taken[:, times == times.min()] = True
        return taken

    def of(self, rows: NDArray[np.int64]) -> "Cohort":
        """The cohort with some of its patients, by row."""
        some = copy(self)
        some.ids, some.taken = self.ids[rows], self.taken[rows]
        some.scan_errors, some.cd8_errors = self.scan_errors[rows], self.cd8_errors[rows]
        return some

    def follow(
        self,
        model: Model,
        patients: Patients,
        *,
        rtol: float,
        symbols: Sequence[str] = (),
        threads: int | None,
    ) -> Course:
        """Simulate the patients.

        Parameters
        ----------
        model : Model
        patients : Patients
            Those of ``ids``.
        rtol : float
            Relative tolerance of the curves.
        symbols : sequence of str
            Parameters with respect to which slopes are wanted.
        threads : int, optional
        """
        slopes: dict[str, Array] = {}
        if symbols:
            run = simulate_sensitivities(
                self.regimen,
                symbols=list(symbols),
                times=self.times,
                model=model,
                patients=patients,
                taken=self.taken,
                rtol=SLOPE_RTOL_SHARE * rtol,
                threads=threads,
            )
            trajectories = run.trajectories
            place = {name: column for column, name in enumerate(model.kernels.observables)}
            slopes = {name: run.observables[:, :, place[name]] for name in self.observables}
        else:
            trajectories = simulate(
                self.regimen,
                times=self.times,
                model=model,
                patients=patients,
                taken=self.taken,
                rtol=rtol,
                threads=threads,
            )
        return Course(
            times=self.times,
            curves={name: trajectories.curve(name) for name in self.observables},
            lesions=patients.parameters[:, model.kernels.parameters.index("nles")],
            failed=int((~trajectories.solved).sum()),
            slopes=slopes,
            symbols=tuple(symbols),
        )
