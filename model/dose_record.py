"""One line of a regimen, in the meaning of a NONMEM event record."""

import math
import re
from dataclasses import dataclass

from .errors import DosingError

OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
EVENTS = {
    OBSERVATION: "observation",
    DOSE: "dose",
    OTHER: "other",
    RESET: "reset",
    RESET_AND_DOSE: "reset and dose",
}
MOST_DOSES = 100_000  # of one line; a table that asks for more is a slip of the pen
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*(\.[A-Za-z0-9_]+)*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class DoseRecord:
    """Line of a regimen: times in days, amounts in ``unit`` or, without one, in the route's dose unit.

    ``rate`` is an infusion whose rate is fixed, so that bioavailability changes how long it lasts;
    ``duration`` one whose duration is fixed, so that bioavailability changes its rate. Names of NONMEM's
    columns in parentheses.

    Parameters
    ----------
    time
        Nominal time in days (TIME).
    event
        0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose (EVID).
    drug, route, compartment
        What is given and where it enters: a route's name, or a compartment's number (CMT); neither means the
        drug's first route.
    amount, unit
        Amount (AMT) and its unit.
    rate, duration
        Of an infusion (RATE, or modelled R; TINF, or modelled D).
    interval, additional
        Days between doses (II) and doses after the first (ADDL).
    steady_state
        0, 1 or 2 (SS).
    lag, bioavailability
        Of this line, instead of the model's (days; factor).

    Raises
    ------
    DosingError
        If the fields contradict each other.
    """

    time: float
    event: int = DOSE
    drug: str = ""
    route: str | None = None
    compartment: int | None = None
    amount: float = 0.0
    unit: str | None = None
    rate: float | None = None
    duration: float | None = None
    interval: float = 0.0
    additional: int = 0
    steady_state: int = 0
    lag: float | None = None
    bioavailability: float | None = None

    def __post_init__(self) -> None:
        self._check_numbers()
        if self.event in (DOSE, RESET_AND_DOSE):
            self._check_dose()
            self._check_infusion()
            self._check_repetition()
        else:
            self._check_empty()

    @property
    def gives_dose(self) -> bool:
        """Whether the line gives a dose."""
        return self.event in (DOSE, RESET_AND_DOSE)

    @property
    def resets(self) -> bool:
        """Whether the line first resets the system."""
        return self.event in (RESET, RESET_AND_DOSE)

    @property
    def is_constant_infusion(self) -> bool:
        """Whether the line is an infusion that has run for ever and ends here (AMT 0, RATE, SS, II 0)."""
        return self.steady_state > 0 and self.amount == 0.0 and self.interval == 0.0

    @property
    def times(self) -> tuple[float, ...]:
        """Nominal time of each dose of the line, in days."""
        if not self.gives_dose or self.is_constant_infusion:
            return ()
        return tuple(self.time + dose * self.interval for dose in range(self.additional + 1))

    def _check_numbers(self) -> None:
        if self.event not in EVENTS:
            raise DosingError(
                f"EVID = {self.event!r} does not exist; allowed: "
                + ", ".join(f"{number} {name}" for number, name in EVENTS.items())
            )
        if not math.isfinite(self.time):
            raise DosingError(f"TIME = {self.time!r} is no time; give a finite number of days")
        limits = (
            ("AMT", self.amount),
            ("RATE", self.rate),
            ("duration", self.duration),
            ("II", self.interval),
            ("ADDL", self.additional),
            ("LAG", self.lag),
            ("F", self.bioavailability),
        )
        for name, value in limits:
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if value is not None and not (number and math.isfinite(value) and value >= 0.0):
                raise DosingError(f"{name} = {value!r} must be a finite number and not negative")
        if self.steady_state not in (0, 1, 2):
            raise DosingError(
                f"SS = {self.steady_state!r} is not supported; allowed: 0 no steady state, 1 one that "
                "replaces what was there, 2 one on top of it"
            )
        if self.additional != int(self.additional) or self.additional >= MOST_DOSES:
            raise DosingError(f"ADDL = {self.additional!r} must be a whole number below {MOST_DOSES}")

    def _check_dose(self) -> None:
        if not _NAME.match(self.drug):
            raise DosingError(
                f"the dose names no drug (DRUG = {self.drug!r}); give letters and digits such as 'lag3ig'"
            )
        if self.route is not None and not _NAME.match(self.route):
            raise DosingError(f"route {self.route!r} is no name; give one such as 'lag3ig.sc'")
        if self.route is not None and self.compartment is not None:
            raise DosingError(
                f"both route {self.route!r} and CMT = {self.compartment} are given; keep one of them"
            )

    def _check_infusion(self) -> None:
        if self.rate is not None and self.duration is not None:
            raise DosingError("both a rate and a duration of infusion are given; keep one of them")
        if self.rate == 0.0 or self.duration == 0.0:
            raise DosingError("an infusion needs a rate and a duration above 0; leave them out for a bolus")
        if self.amount == 0.0 and self.rate is not None and not self.steady_state:
            raise DosingError(
                "AMT = 0 with RATE > 0 is an infusion without end; give AMT, or SS = 1 and II = 0 for one "
                "at steady state"
            )
        if self.is_constant_infusion:
            if self.rate is None:
                raise DosingError(
                    "SS with AMT = 0 is an infusion at steady state and needs RATE > 0, or give AMT and II"
                )
            if self.additional:
                raise DosingError(
                    "ADDL cannot repeat an infusion that has run for ever (AMT = 0 with SS); set ADDL = 0"
                )

    def _check_repetition(self) -> None:
        if self.additional and not self.interval:
            raise DosingError(
                f"ADDL = {self.additional} without II: give II > 0, the time between doses, or ADDL = 0"
            )
        if self.steady_state and not self.interval and self.amount:
            raise DosingError(f"SS = {self.steady_state} without II: give II > 0, the time between doses")
        if self.steady_state and self.amount == 0.0 and self.interval:
            raise DosingError(
                f"SS = {self.steady_state} with AMT = 0 and II > 0: give AMT for repeated doses, or "
                "II = 0 and RATE for an infusion at steady state"
            )

    def _check_empty(self) -> None:
        given = {
            "AMT": self.amount,
            "RATE": self.rate,
            "a duration of infusion": self.duration,
            "II": self.interval,
            "ADDL": self.additional,
            "SS": self.steady_state,
            "LAG": self.lag,
            "F": self.bioavailability,
        }
        for name, value in given.items():
            if value:
                raise DosingError(
                    f"EVID = {self.event} ({EVENTS[self.event]}) gives no dose, but {name} = {value!r}; "
                    "set it to 0, or EVID to 1 (dose) or 4 (reset and dose)"
                )
