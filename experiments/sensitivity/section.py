"""What a protocol says of the sensitivity of its endpoints: arms, endpoints, and the numbers that vary."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ...model.documents import Section
from ...model.errors import nearest
from ...model.trial_design import Days, Name
from ..schedule.goals import GOALS

INFLAMED = "inflamed"
Biomarker = Literal["activated_cd8", "monocytes", "inflamed"]


class Sensitivity(Section):
    """Endpoints of an arm, and the typical values that are varied under them.

    Attributes
    ----------
    arm : str
        Arm whose endpoints are told.
    against : str, optional
        Arm that the same persons are put in as well; what is told then is the difference, ``arm`` less
        ``against``.
    endpoints : tuple of str
        See `lag3ig.experiments.schedule.goals.GOALS`.
    at : float, optional
        d; the scan at which, or up to which, an endpoint is told that has a time.
    factor : float
        Each number goes from its value divided to its value multiplied by this; of a share, its odds do.
    parameters : tuple of str, optional
        Numbers that vary; all assumed ones of the model if left out.
    ranges : mapping of str to pair, optional
        Lowest and highest value of a number, as numbers in its unit or texts with one, instead of the factor.
    biomarkers : tuple of {"activated_cd8", "monocytes", "inflamed"}
        Baseline biomarkers that persons are split by; needs ``against``, the arm without the drug.
    cut_offs : tuple of float
        Shares of persons that a cut-off leaves below.
    """

    arm: Name
    against: Name | None = None
    endpoints: Annotated[tuple[str, ...], Field(min_length=1)]
    at: Days | None = None
    factor: Annotated[float, Field(gt=1.0, le=100.0)] = 2.0
    parameters: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    ranges: Mapping[str, tuple[float | str, float | str]] = Field(default_factory=dict)
    biomarkers: tuple[Biomarker, ...] = ()
    cut_offs: Annotated[tuple[Annotated[float, Field(gt=0.0, lt=1.0)], ...], Field(min_length=1)] = (
        0.25,
        0.5,
        0.75,
    )

    @model_validator(mode="after")
    def _hangs_together(self) -> "Sensitivity":
        for name in self.endpoints:
            if name not in GOALS:
                raise ValueError(f"endpoint {name!r} is not known; {nearest(name, GOALS)}")
            if GOALS[name].timed and self.at is None:
                raise ValueError(f"endpoint {name!r} needs a scan to be told at; add at = '168 d'")
        for what, names in (
            ("endpoints", self.endpoints),
            ("parameters", self.parameters or ()),
            ("biomarkers", self.biomarkers),
        ):
            if len(set(names)) < len(names):
                raise ValueError(f"{what} names one twice")
        if self.against == self.arm:
            raise ValueError(f"against is the arm itself, {self.arm!r}; leave it out, or name another")
        if self.biomarkers and self.against is None:
            raise ValueError("biomarkers need against = the arm without the drug: benefit is a difference")
        return self

    def misfit(
        self, arms: tuple[str, ...], scans: tuple[float, ...], blood: tuple[float, ...], *, run_in: bool
    ) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does."""
        for key in ("arm", "against"):
            name = getattr(self, key)
            if name is not None and name not in arms:
                return f"sensitivity.{key} = {name!r}: no arm is called so; {nearest(name, arms)}"
        if self.at is not None and self.at not in scans:
            return f"sensitivity.at: nobody is scanned on day {self.at:g}"
        if set(self.biomarkers) - {INFLAMED} and 0.0 not in blood:
            return "sensitivity.biomarkers: no blood is taken on day 0; add '0 d' to visits.blood"
        if run_in:
            return "sensitivity: who is taken after a run-in changes with the numbers; leave [run_in] out"
        return ""
