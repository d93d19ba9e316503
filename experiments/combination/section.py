"""What a protocol says of a combination: its arms, its endpoints, and the trials whose power is asked."""

from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ...model.documents import Section
from ...model.errors import nearest
from ...model.trial_design import Count, Name, Span

Endpoint = Literal["pfs", "responded", "growth"]
ENDPOINTS: tuple[Endpoint, ...] = ("pfs", "responded", "growth")


class Combination(Section):
    """Arms of a factorial trial, with the same persons in each.

    Attributes
    ----------
    none : str
        Arm without any of the parts.
    parts : tuple of str
        Two or three arms with one part each.
    together : str
        Arm with all parts.
    endpoints : tuple of {"pfs", "responded", "growth"}
        Share progression-free at day ``at``, share with a response, mean rate of growth of the volume.
    at : float, optional
        d; the day of disease control if left out. Growth is judged on the scans up to then.
    patients : tuple of int
        Patients in each arm of the trials whose power to reject each null is asked.
    alpha : float
        One-sided error of each test.
    correlation : float, optional
        Correlation of what the parts do to one person, for the test of independent drug action in a trial.
        Taken from the twins if left out.
    """

    none: Name
    parts: Annotated[tuple[Name, ...], Field(min_length=2, max_length=3)]
    together: Name
    endpoints: Annotated[tuple[Endpoint, ...], Field(min_length=1)] = ENDPOINTS
    at: Span | None = None
    patients: Annotated[tuple[Count, ...], Field(min_length=1)] = (25, 50, 100, 200)
    alpha: Annotated[float, Field(gt=0.0, le=0.5)] = 0.025
    correlation: Annotated[float, Field(ge=0.0, le=0.95)] | None = None

    @field_validator("patients")
    @classmethod
    def _enough(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if min(sizes) < 5 or list(sizes) != sorted(set(sizes)):
            raise ValueError("patients are increasing numbers, each at least 5: no test has its size below")
        return sizes

    @model_validator(mode="after")
    def _arms_differ(self) -> "Combination":
        for name in self.arms:
            if self.arms.count(name) > 1:
                raise ValueError(f"the combination names arm {name!r} twice")
        return self

    @property
    def arms(self) -> tuple[str, ...]:
        """None, the parts, together."""
        return (self.none, *self.parts, self.together)

    def misfit(self, arms: tuple[str, ...], scans: tuple[float, ...]) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does."""
        for name in self.arms:
            if name not in arms:
                return f"combination: no arm is called {name!r}; {nearest(name, arms)}"
        if self.at is not None and self.at not in scans:
            days = ", ".join(f"{day:g}" for day in scans)
            return f"combination.at is day {self.at:g}, but scans are on days {days}"
        if "growth" in self.endpoints and len(scans) < 2:
            return "combination: the rate of growth needs at least two scans after baseline"
        return ""
