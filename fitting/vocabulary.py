"""Words that trial cards may use: endpoints, statistics, origins and roles, and how each is written."""

from collections.abc import Callable, Mapping
from functools import cache
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator

from ..model.definition.mechanism import mechanism
from ..model.definition.parameters import ParameterTable, load_parameters
from ..model.definition.records import Observable
from ..model.definition.structures import Structure
from ..model.endpoints import EXPOSED_FOR, RISE_POINTS, SUSTAINED_RATIO
from ..model.errors import Lag3igError, nearest
from ..model.trial_design import Schedule
from ..model.units import quantity, split

ENDPOINTS: Mapping[str, str] = {
    "no_progression": "no progression on any scan up to `day`, which is one of the scans",
    "objective_response": "best response complete or partial",
    "disease_control_for": "best response complete or partial, or no progression for at least `limit`",
    "best_change_at_most": "best change of the sum of longest diameters at most `limit` percent",
    "cd8_sustained": f"mean of activated CD8 cells on treatment at least {SUSTAINED_RATIO} times baseline",
    "em_rise": f"effector-memory share of CD8 cells, last visit over {RISE_POINTS} points above baseline",
    "exposed": f"plasma quantifiable for at least {EXPOSED_FOR} d after the first injection",
    "progression_free": "time to the first scan that shows progression",
    "injection_given": "an injection that was due was given: injections are counted, not patients",
}
ON_SCANS = (
    "no_progression",
    "objective_response",
    "disease_control_for",
    "best_change_at_most",
    "progression_free",
)
VISITS: Mapping[str, str] = {  # the schedule of an arm without which nobody can judge an endpoint
    "cd8_sustained": "blood",
    "em_rise": "blood",
    "exposed": "plasma",
    **dict.fromkeys(ON_SCANS, "scans"),
}
LIMITED: Mapping[str, str] = {"disease_control_for": "d", "best_change_at_most": "percent"}
TIMED = ("progression_free",)
COUNTED = tuple(name for name in ENDPOINTS if name not in TIMED)
SHOWN = ("objective_response", "cd8_sustained", "em_rise", "exposed")
CATEGORIES = ("complete", "partial", "stable", "progression", "not_evaluable")  # from best to worst
INTERVALS = ("CI", "IQR", "range")

Indication = Literal["kidney", "breast", "melanoma", "pancreas", "none"]
Tag = Literal["read", "read in a secondary source", "derived", "assumed", "remembered"]
Role = Literal["fitted", "prior", "check only", "design"]
ROLES: tuple[Role, ...] = ("fitted", "prior", "check only", "design")
CentreKind = Literal["mean", "geometric mean", "median"]
SpreadKind = Literal["SD", "SE", "CV percent", "CI", "IQR", "range"]
Window = Literal["on_treatment", "maximum", "half_life"]
Identifier = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
Level = Annotated[float, Field(gt=0.0, lt=1.0)]
Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Whole = Annotated[int, Field(ge=0, le=1_000_000)]


@cache
def observables() -> dict[str, Observable]:
    """What the model says can be measured, by name."""
    return {item.symbol: item for item in mechanism(Structure()).observables}


@cache
def parameters() -> ParameterTable:
    """The shipped parameters, whose symbols and units a prior must use."""
    return load_parameters()


def in_unit(given: Any, unit: str) -> float:
    """A written quantity in a unit; what is wrong with it is said as a validator says it."""
    if not isinstance(given, str):
        raise ValueError(f"write it with its unit, such as '10 {unit}'")
    try:
        return quantity(given, unit)
    except Lag3igError as fault:
        raise ValueError(str(fault)) from None


def read_limit(given: Any, endpoint: str | None) -> float:
    """Limit of an endpoint: days, or percent as written in '-60 %'."""
    unit = LIMITED.get(endpoint or "", "d")
    if unit == "percent" and isinstance(given, str):
        try:
            number, written = split(given)
        except Lag3igError as fault:
            raise ValueError(str(fault)) from None
        if written in ("%", "percent"):
            return number
    if unit == "percent":
        raise ValueError("write a change with its unit, such as '-60 %'")
    days = in_unit(given, unit)
    if days < 0.0:
        raise ValueError("a time must not be negative")
    return days


def merged(key: str) -> tuple[str, ...]:
    """Plain categories of best response that a key holds, from best to worst; empty if there is no such key.

    >>> merged("stable_or_worse")
    ('stable', 'progression', 'not_evaluable')
    """
    first, _, last = key.partition("_or_")
    if first not in CATEGORIES:
        return ()
    at = CATEGORIES.index(first)
    if not last:
        return (first,)
    if last == "worse":
        return CATEGORIES[at:]
    if last == "better":
        return CATEGORIES[: at + 1]
    following = CATEGORIES[at + 1 : at + 2]
    return (first, *following) if following == (last,) else ()


def no_category(key: str) -> str:
    """Why a key is no category of best response, and what is the nearest."""
    pairs = [f"{one}_or_{other}" for one, other in pairwise(CATEGORIES)]
    ends = [f"{name}_or_{end}" for name in CATEGORIES[1:-1] for end in ("better", "worse")]
    return f"no category of best response; {nearest(key, [*CATEGORIES, *pairs, *ends])}"


def _one_of(names: Callable[[], Any], what: str) -> AfterValidator:
    def check(name: str) -> str:
        known = names()
        if name not in known:
            raise ValueError(f"no {what} is called {name!r}; {nearest(name, known)}")
        return name

    return AfterValidator(check)


def _arm_names(given: Any) -> str | tuple[str, ...]:
    if isinstance(given, str) and given:
        return given
    names = tuple(given) if isinstance(given, list | tuple) else ()
    if not names or not all(isinstance(name, str) and name for name in names):
        raise ValueError("write the id of an arm, or a list of ids")
    if len(set(names)) < len(names):
        raise ValueError("an arm is named twice")
    return names


def _listed(given: Any) -> Any:
    """One value stands for a list of one."""
    return tuple(given) if isinstance(given, list | tuple) else (given,)


CountedEndpoint = Annotated[str, _one_of(lambda: COUNTED, "endpoint that can be counted")]
TimedEndpoint = Annotated[str, _one_of(lambda: TIMED, "time to an event")]
ShownEndpoint = Annotated[str, _one_of(lambda: SHOWN, "endpoint that every patient can show")]
ObservableName = Annotated[str, _one_of(observables, "observable")]
ParameterName = Annotated[str, _one_of(lambda: list(parameters()), "parameter")]
ArmNames = Annotated[str | tuple[str, ...], PlainValidator(_arm_names)]
Occasions = Annotated[Schedule, BeforeValidator(_listed), Field(min_length=1)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_listed), Field(min_length=1)]
