"""Parts of a protocol that only a virtual trial has: arms, limits of endpoints, comparison, other splits."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..model.documents import Section
from ..model.dosing import Regimen
from ..model.endpoints import EXPOSED_FOR, RISE_POINTS, SUSTAINED_RATIO
from ..model.trial_design import Count, Days, Dose, Name, ResponseRules, Text


class ProtocolArm(Section):
    """One arm: how many patients were treated and could be evaluated, and what they receive."""

    name: Name
    group: Name | None = None
    label: Text | None = None
    treated: Count
    evaluable: Count
    doses: tuple[Dose, ...] = ()

    @model_validator(mode="after")
    def _counts(self) -> "ProtocolArm":
        if self.evaluable > self.treated:
            raise ValueError(f"evaluable = {self.evaluable} is more than treated = {self.treated}")
        return self

    @property
    def withdrawn(self) -> int:
        """Patients who leave and cannot be evaluated."""
        return self.treated - self.evaluable

    def regimen(self) -> Regimen:
        """All doses of the arm as one regimen; empty for an arm without drug."""
        return sum((item.regimen() for item in self.doses), Regimen())


class Limits(Section):
    """Limits of the biological endpoints."""

    sustained_ratio: Annotated[float, Field(gt=0.0)] = SUSTAINED_RATIO
    rise_points: float = RISE_POINTS
    exposed_for: Days = EXPOSED_FOR


class TrialResponse(ResponseRules):
    """Of a virtual trial: judged by iRECIST besides where ``immune``."""

    immune: bool = False


class Survival(Section):
    """Patients die under the assumed hazard of the model's table (lambda0, bS, rho); see `model.death`."""

    assumed: Literal[True]


class Comparison(Section):
    """Two groups of arms compared by Fisher's exact test in replicate trials."""

    low: Name
    high: Name
    p_value: Annotated[float, Field(gt=0.0, le=1.0)] = 0.05


class Split(Section):
    """Another way in which the patients may have been distributed over the arms."""

    name: Text
    treated: tuple[Count, ...]
    evaluable: tuple[Count, ...]
