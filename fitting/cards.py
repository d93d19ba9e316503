"""Trial cards: one publication each, its arms as they were treated and what it printed about them."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from ..model.definition.mechanism import mechanism
from ..model.definition.structures import Structure
from ..model.documents import Fault, Section, read_document, refusal
from ..model.dosing import Regimen
from ..model.errors import Lag3igError, nearest
from ..model.trial_design import Conduct, Count, Dose, Name, ResponseRules, Schedule, Span, Text
from . import vocabulary as words
from .mean_observation import MeanObservation
from .observations import Observation
from .slots import MeanSlot, Slot

DATA = Path(__file__).with_name("data")
ENDPOINTS = words.ENDPOINTS


class Source(Section):
    """Where a card comes from, and what of it could be read."""

    citation: Text
    doi: Text | None = None
    pmid: Text | None = None
    registry: Text | None = None
    read: Text

    def __str__(self) -> str:
        return self.citation if self.doi is None else f"{self.citation}, doi {self.doi}"


class CardArm(Section):
    """One arm: how many were treated and could be evaluated, what they received, when they were looked at.

    The scan at baseline is implied; ``assumed`` on the card says what of this is not from the publication.
    """

    id: Name
    label: Text | None = None
    group: Name | None = None
    n: Count
    evaluable: Count | None = None
    doses: tuple[Dose, ...] = ()
    scans: Schedule = ()
    blood: Schedule = ()
    plasma: Schedule = ()
    end: Span | None = None
    response: ResponseRules | None = None
    conduct: Conduct = Conduct()

    @field_validator("doses")
    @classmethod
    def _taken_by_the_model(cls, doses: tuple[Dose, ...]) -> tuple[Dose, ...]:
        misfits = ((place, item.misfit(mechanism(Structure()))) for place, item in enumerate(doses))
        found: list[Fault] = [((place, fault[0]), fault[1]) for place, fault in misfits if fault is not None]
        if found:
            raise refusal(found)
        return doses

    @model_validator(mode="after")
    def _holds_together(self) -> "CardArm":
        found = list(self._faults())
        if found:
            raise refusal(found)
        return self

    def _faults(self) -> Iterator[Fault]:
        if self.evaluable is not None and self.evaluable > self.n:
            yield ("evaluable",), f"evaluable = {self.evaluable} is more than n = {self.n}"
        for key in ("scans", "blood", "plasma"):
            days = getattr(self, key)
            if days and self.end is not None and days[-1] > self.end:
                yield (key,), f"day {days[-1]:g} is after the arm's end (day {self.end:g})"
        if self.scans and self.scans[0] == 0.0:
            yield ("scans",), "the scan at baseline, on day 0, is implied; leave it out"
        if self.blood and (self.blood[0] != 0.0 or len(self.blood) < 2):
            yield ("blood",), "blood starts with the sample at baseline, '0 d', and has a later one"
        if (self.response is None) is not (not self.scans):
            missing = "response" if self.response is None else "scans"
            yield (missing,), "missing: scans need rules of response, and these need scans; add it"
        elif self.response is not None and self.response.disease_control_at not in self.scans:
            yield (
                ("response", "disease_control_at"),
                f"day {self.response.disease_control_at:g} is no scan; scans are {_days(self.scans)}",
            )

    @property
    def visits(self) -> frozenset[float]:
        """Every day (d) on which the patients are looked at, the baseline among them."""
        return frozenset({0.0, *self.scans, *self.blood, *self.plasma})

    def regimen(self) -> Regimen:
        """All doses of the arm as one regimen; empty for an arm without drug."""
        return sum((item.regimen() for item in self.doses), Regimen())


class TrialCard(Section):
    """What one publication printed, and of whom."""

    id: words.Identifier
    title: Text
    source: Source
    indication: words.Indication
    assumed: tuple[Text, ...] = ()
    arms: tuple[CardArm, ...] = ()
    observations: Annotated[tuple[Observation, ...], Field(min_length=1)]
    slots: tuple[Slot, ...] = ()

    @model_validator(mode="after")
    def _holds_together(self) -> "TrialCard":
        found = list(self.faults())
        if found:
            raise refusal(found)
        return self

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other across the card, with what would be right."""
        yield from _twins("arms", [arm.id for arm in self.arms])
        yield from _twins("observations", [item.id for item in self.observations])
        yield from _twins("slots", [item.id for item in self.slots])
        for part, items in (("observations", self.observations), ("slots", self.slots)):
            for place, item in enumerate(items):
                unknown = list(self._unknown_arms(item))
                inside = unknown or self._misplaced(item)
                yield from (((part, place, key), reason) for key, reason in inside)

    def _unknown_arms(self, item: Observation | Slot) -> Iterator[tuple[str, str]]:
        names = [arm.id for arm in self.arms]
        for key, name in item.arms_named():
            if name not in names:
                known = nearest(name, names) if names else "the card has no arms; add one"
                yield key, f"no arm has the id {name!r}; {known}"

    def _misplaced(self, item: Observation | Slot) -> Iterator[tuple[str, str]]:
        """What the arms of an observation cannot have shown."""
        arms = [self.arm(name) for name in item.arms]
        for key, day in item.times_named():
            for arm in arms:
                if arm.end is not None and day > arm.end:
                    yield key, f"day {day:g} is after the end of arm {arm.id!r} (day {arm.end:g})"
        for arm in arms:
            days: tuple[float, ...] = getattr(arm, item.visits) if item.visits else ()
            if item.visits and not days:
                yield (
                    "arm",
                    f"arm {arm.id!r} has no {item.visits}, by which this is judged; add them to the arm",
                )
            elif getattr(item, "endpoint", "") == "no_progression" and getattr(item, "day", None) not in days:
                yield "day", f"no scan of arm {arm.id!r} is on that day; scans are {_days(days)}"
            elif isinstance(item, MeanObservation | MeanSlot):
                missed = [day for day in item.days if day not in arm.visits]
                if missed:
                    yield (
                        "days",
                        f"nobody is looked at {_days(missed)}; visits are {_days(sorted(arm.visits))}",
                    )
        treated = sum(arm.n for arm in arms)
        if arms and item.patients is not None and item.patients > treated:
            names = ", ".join(arm.id for arm in arms)
            yield "number", f"{item.patients} patients of the {treated} treated in {names}"

    def observation(self, name: str) -> Observation:
        """The observation of that id.

        Raises
        ------
        Lag3igError
            If the card has none; the message names the nearest.
        """
        for item in self.observations:
            if item.id == name:
                return item
        known = nearest(name, [item.id for item in self.observations])
        raise Lag3igError(f"card {self.id!r} has no observation {name!r}; {known}")

    def arm(self, name: str) -> CardArm:
        """The arm of that id.

        Raises
        ------
        Lag3igError
            If the card has none; the message names the nearest.
        """
        for arm in self.arms:
            if arm.id == name:
                return arm
        raise Lag3igError(
            f"card {self.id!r} has no arm {name!r}; {nearest(name, [arm.id for arm in self.arms])}"
        )

    def of_role(self, role: words.Role) -> tuple[Observation, ...]:
        """Observations of a role, in order."""
        return tuple(item for item in self.observations if item.role == role)

    def __contains__(self, name: object) -> bool:
        return any(item.id == name for item in self.observations)


def _twins(part: str, names: list[str]) -> Iterator[Fault]:
    for place, name in enumerate(names):
        if name in names[:place]:
            yield (part, place, "id"), f"two {part} have the id {name!r}"


def _days(days: Sequence[float]) -> str:
    return "on days " + ", ".join(f"{day:g}" for day in days)


def cards() -> list[str]:
    """Ids of the cards that ship with the package.

    >>> cards()[:2]
    ['brignone2007', 'brignone2009']
    """
    return sorted(path.stem for path in DATA.glob("*.toml"))


def load_card(name: str | Path) -> TrialCard:
    """A card by the id of one that ships with the package, or by the path of a TOML file.

    Raises
    ------
    Lag3igError
        If there is no such card or file, or it does not fit the schema; the message names line and key.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if str(name) not in cards():
            raise Lag3igError(f"no trial card is called {str(name)!r}; {nearest(str(name), cards())}")
        path = DATA / f"{name}.toml"
    card, _ = read_document(path, TrialCard, error=Lag3igError)
    return card
