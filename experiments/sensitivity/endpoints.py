"""Endpoints at points of parameter space: the same persons and chances, other typical values."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol as Interface

import numpy as np
from numpy.typing import NDArray

from ...model import Model, Patients, draw
from ...model.errors import ParameterError, PopulationError
from ...model.randomness import exponentials
from ..design import ProtocolArm
from ..in_order import in_order
from ..protocol import Protocol
from ..schedule.goal_values import Values, goal_values
from ..schedule.goals import GOALS
from ..virtual_arm import RTOL_OF_ENDPOINTS
from .factors import Factor
from .section import Sensitivity

Array = NDArray[np.float64]
Advance = Callable[[int], None]
RESAMPLES = 20  # of persons: their noise in an index known to 16 %
MOST_FAILED = 0.05  # share of persons at a point beyond which the point itself has failed


@dataclass(frozen=True, slots=True)
class Evaluated:
    """Endpoints at M points.

    Attributes
    ----------
    values : ndarray, shape (E, 1 + W, M)
        With every person counting the same, then with W resamples of persons; NaN where the point failed.
    persons_failed : int
        Simulations that did not end well.
    solves : int
    """

    values: Array
    persons_failed: int
    solves: int


class Evaluator(Interface):
    """Whoever can say what endpoints are at a point: the model, or a function in a test."""

    def values(self, factors: Sequence[Factor], points: Array, advance: Advance) -> Evaluated:
        """Endpoints at points of the unit cube of some factors, shape (M, K); others at their usual value."""
        ...


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Endpoints of a protocol's arm, or of its difference from another, in the model."""

    protocol: Protocol
    plan: Sensitivity
    model: Model
    patients: int
    seed: int
    threads: int

    def values(self, factors: Sequence[Factor], points: Array, advance: Advance) -> Evaluated:
        """As `Evaluator` says; points on several threads, the same bits whatever their number."""
        ends = np.column_stack([item.at(points[:, k]) for k, item in enumerate(factors)])
        found, failed = [], 0
        names = [item.symbol for item in factors]
        tasks = ({name: float(value) for name, value in zip(names, row, strict=True)} for row in ends)
        for values, lost in in_order(self.at, tasks, threads=self.threads):
            found.append(values)
            failed += lost
            advance(1)
        solves = len(found) * self.patients * len(self._arms())
        return Evaluated(np.stack(found, axis=-1), failed, solves)

    def at(self, values: dict[str, float]) -> tuple[Array, int]:
        """Endpoints with other typical values, shape (E, 1 + W), and how many simulations failed."""
        nothing = np.full((len(self.plan.endpoints), 1 + RESAMPLES), np.nan)
        try:
            model = replace(self.model, parameters=self.model.parameters.with_values(values))
            persons = draw(model, self.patients, seed=self.seed, sampling=self.protocol.sampling)
        except (ParameterError, PopulationError):
            return nothing, 0  # a point at which nobody is plausible
        arms = [
            arm_values(arm, self.protocol, self.plan, model=model, patients=persons, seed=self.seed)
            for arm in self._arms()
        ]
        lost = np.any([arm["status"][:, 0] > 0.0 for arm in arms], axis=0)
        failed = int(sum(arm["status"].sum() for arm in arms))
        if lost.mean() > MOST_FAILED:
            return nothing, failed
        weights = exponentials(self.seed, persons.ids, "resampled persons of a sensitivity", RESAMPLES).T
        counted = np.concatenate([np.ones((1, len(persons))), weights]) * ~lost
        until = self.protocol.visits.scans[-1] if self.plan.at is None else self.plan.at
        sides = [
            np.array([GOALS[goal].estimate(arm[goal], counted, until) for goal in self.plan.endpoints])
            for arm in arms
        ]
        return (sides[0] if len(sides) == 1 else sides[0] - sides[1]), failed

    def _arms(self) -> list[ProtocolArm]:
        by_name = {arm.name: arm for arm in self.protocol.arms}
        return [by_name[name] for name in (self.plan.arm, self.plan.against) if name is not None]


def arm_values(
    arm: ProtocolArm,
    protocol: Protocol,
    plan: Sensitivity,
    *,
    model: Model,
    patients: Patients,
    seed: int,
    baseline: Sequence[str] = (),
) -> Values:
    """What the endpoints need of each person of an arm, and some counts before the first dose."""
    regimen = arm.regimen()
    doses = regimen.administrations(protocol.visits.end)
    return goal_values(
        regimen,
        protocol,
        model=model,
        patients=patients,
        seed=seed,
        drug=doses[0].drug if doses else "none",
        goals=plan.endpoints,
        rtol=RTOL_OF_ENDPOINTS,
        baseline=baseline,
    )
