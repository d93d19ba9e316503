"""What a protocol says of a randomised comparison: arms, enrolment, cut-off, the test, interim looks."""

from collections.abc import Mapping
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from ...model.documents import Section
from ...model.errors import nearest
from ...model.trial_design import Count, Days, Name, Span

TIMED = ("pfs", "os", "immune_pfs")
COUNTED = ("responded", "stable_3m")
MEASURED = ("best_change", "cd8_ratio", "em_change")
ENDPOINTS = (*TIMED, *COUNTED, *MEASURED)
TESTS: dict[str, tuple[str, ...]] = {
    "log-rank": TIMED,
    "cox": TIMED,
    "restricted-mean": TIMED,
    "fisher": COUNTED,
    "boschloo": COUNTED,
    "welch": MEASURED,
}
Endpoint = Literal[
    "pfs", "os", "immune_pfs", "responded", "stable_3m", "best_change", "cd8_ratio", "em_change"
]
TestName = Literal["log-rank", "cox", "restricted-mean", "fisher", "boschloo", "welch"]
Share = Annotated[float, Field(gt=0.0, le=1.0)]
Error = Annotated[float, Field(gt=0.0, le=0.5)]


class Design(Section):
    """A randomised comparison of two arms of a protocol; their ``evaluable`` patients are randomised.

    Attributes
    ----------
    control, experimental : str
        Arms.
    endpoint, test : str
        Primary endpoint and its test, one-sided for a better experimental arm.
    alpha : float
        One-sided error.
    enrolment : float
        d; patients enter at times uniform over it.
    follow_up : float
        d; the data are cut off so long after the end of enrolment.
    events : int, optional
        Cut off when so many events of the endpoint have been seen, if that comes earlier.
    looks : tuple of float
        Shares of the events at which the data are looked at; the last is 1. Only the log-rank test.
    spending : {"obrien-fleming", "pocock"}
        Of the error over the looks.
    futility : float, optional
        Error of the second kind spent on stopping for futility, not binding.
    horizon : float, optional
        d; of a restricted mean.
    strata : bool
        Compare within strata of the baseline sum of diameters, below and above its median.
    """

    control: Name
    experimental: Name
    endpoint: Endpoint = "pfs"
    test: TestName = "log-rank"
    alpha: Error = 0.025
    enrolment: Span
    follow_up: Days
    events: Count | None = None
    looks: tuple[Share, ...] = (1.0,)
    spending: Literal["obrien-fleming", "pocock"] = "obrien-fleming"
    futility: Error | None = None
    horizon: Span | None = None
    strata: bool = False

    @field_validator("looks")
    @classmethod
    def _looks_increase(cls, looks: tuple[float, ...]) -> tuple[float, ...]:
        if not looks or looks[-1] != 1.0 or any(later <= earlier for earlier, later in pairwise(looks)):
            raise ValueError("looks are increasing shares of the events, and the last is 1.0")
        return looks

    @model_validator(mode="after")
    def _hangs_together(self) -> "Design":
        if self.endpoint not in TESTS[self.test]:
            fitting = [name for name, endpoints in TESTS.items() if self.endpoint in endpoints]
            raise ValueError(f"test {self.test!r} is not for {self.endpoint!r}; take {' or '.join(fitting)}")
        if len(self.looks) > 1 and self.test != "log-rank":
            raise ValueError(f"looks need the log-rank test, not {self.test!r}")
        if len(self.looks) > 1 and self.events is None:
            raise ValueError("looks are shares of the events: say how many events the last one has")
        if self.futility is not None and len(self.looks) == 1:
            raise ValueError("futility needs a look before the last one")
        if (self.test == "restricted-mean") != (self.horizon is not None):
            raise ValueError("horizon goes with the test 'restricted-mean', and only with it")
        if self.horizon is not None and self.horizon > self.follow_up:
            raise ValueError(
                f"horizon is day {self.horizon:g}, but the last patients are followed for "
                f"{self.follow_up:g} d only"
            )
        if self.events is not None and self.endpoint not in TIMED:
            raise ValueError(f"events are of a time to an event, not of {self.endpoint!r}")
        if self.strata and self.test not in ("log-rank", "cox"):
            raise ValueError(f"strata need the log-rank test or Cox's, not {self.test!r}")
        return self

    def misfit(self, arms: Mapping[str, int], *, deaths: bool, immune: bool) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does.

        Parameters
        ----------
        arms : mapping of str to int
            Evaluable patients of each arm.
        deaths, immune : bool
            Whether the protocol has deaths, and responses by iRECIST.
        """
        for key in ("control", "experimental"):
            name = getattr(self, key)
            if name not in arms:
                return f"design.{key} = {name!r}: no arm is called so; {nearest(name, arms)}"
        if self.control == self.experimental:
            return "design compares an arm with itself"
        patients = arms[self.control] + arms[self.experimental]
        if self.events is not None and self.events > patients:
            return f"design.events = {self.events}, but the two arms have {patients} patients"
        if self.endpoint == "os" and not deaths:
            return "design.endpoint = 'os' needs a section [survival], whose hazard is assumed"
        if self.endpoint == "immune_pfs" and not immune:
            return "design.endpoint = 'immune_pfs' needs response.immune = true"
        return ""
