"""Shared words of trials and publications: doses, visits, rules of judgement, conduct.

A protocol says with them what is to be simulated, a card what was done.
"""

from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from .definition.mechanism import Mechanism
from .documents import Section
from .dose_line import find_route
from .dosing import Regimen, dose
from .errors import Lag3igError
from .recist import CONFIRMED_AFTER, STABLE_AFTER
from .units import quantity, split


def _days(value: Any) -> float:
    if not isinstance(value, str):
        raise ValueError("write a time with its unit, such as '42 d', '6 weeks' or '6 h'")
    try:
        days = quantity(value, "d")
    except Lag3igError as fault:
        raise ValueError(str(fault)) from None
    if days < 0.0:
        raise ValueError("a time must not be negative")
    return days


def _amount(text: str) -> str:
    try:
        number, unit = split(text, what="amount")
    except Lag3igError as fault:
        raise ValueError(str(fault)) from None
    if number < 0.0:
        raise ValueError("an amount must be a finite number and not negative")
    if not unit:
        raise ValueError(f"the amount has no unit; write '{text.strip()} mg'")
    return text


def _increasing(days: tuple[float, ...]) -> tuple[float, ...]:
    if any(later <= earlier for earlier, later in pairwise(days)):
        raise ValueError("times must increase")
    return days


Text = Annotated[str, Field(min_length=1, max_length=4_000)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9 ._+-]{0,59}$")]
Amount = Annotated[Text, AfterValidator(_amount)]
Days = Annotated[float, BeforeValidator(_days)]
Span = Annotated[float, BeforeValidator(_days), Field(gt=0.0)]
Schedule = Annotated[tuple[Days, ...], AfterValidator(_increasing)]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]
Count = Annotated[int, Field(ge=1, le=1_000_000)]


class Dose(Section):
    """One drug of an arm, in the field's words: 30 mg s.c. every 14 d, 6 times."""

    drug: Name
    amount: Amount
    route: Name | None = None
    start: Days = 0.0
    every: Span | None = None
    count: Count | None = None
    infuse: Span | None = None

    @model_validator(mode="after")
    def _understood(self) -> "Dose":
        try:
            self.regimen()
        except Lag3igError as fault:
            raise ValueError(str(fault)) from None
        return self

    def regimen(self) -> Regimen:
        """The dose as a regimen."""
        return dose(
            self.drug,
            self.amount,
            route=self.route,
            start=self.start,
            every=self.every,
            count=self.count,
            infuse=self.infuse,
        )

    def misfit(self, model: Mechanism) -> tuple[str, str] | None:
        """The key that a model cannot take, and why; None if it takes the dose."""
        (record,) = self.regimen().records
        try:
            route = model.routes[find_route(record, model)]
        except Lag3igError as fault:
            known = any(route.drug == self.drug for route in model.routes)
            return "route" if known else "drug", str(fault)
        if self.infuse is not None and route.infusion is None:
            return (
                "infuse",
                f"{route.name} takes no infusion; leave it out, or give the dose by another route",
            )
        try:
            quantity(self.amount, route.dose_unit, what=f"dose of {self.drug}")
        except Lag3igError as fault:
            return "amount", str(fault)
        return None


class Visits(Section):
    """When blood is drawn and scans are made; the baseline scan, on day 0 before the first dose, is implied.

    A sample on a day of dosing is drawn before the dose.
    """

    blood: Schedule
    plasma: Schedule = ()
    scans: Schedule
    end: Days

    @model_validator(mode="after")
    def _in_order(self) -> "Visits":
        if len(self.blood) < 2 or self.blood[0] != 0.0:
            raise ValueError("blood must start with the baseline sample on '0 d' and have a later one")
        if not self.scans or self.scans[0] == 0.0:
            raise ValueError(
                "scans need at least one time after baseline; the baseline scan, on day 0, is implied"
            )
        last = max(*self.blood, *self.plasma, *self.scans)
        if last > self.end:
            raise ValueError(f"a visit on day {last:g} lies after the end of the trial (day {self.end:g})")
        return self


class ResponseRules(Section):
    """How responses are judged."""

    recist: Literal["1.0", "1.1"] = "1.1"
    confirmation: bool = False
    confirmed_after: Days = CONFIRMED_AFTER
    stable_after: Days = STABLE_AFTER
    disease_control_at: Days


class Conduct(Section):
    """What does not go by the book: missed injections, drop-out, and when the withdrawn leave."""

    missed_injection: Fraction = 0.0
    dropout_per_month: Fraction = 0.0
