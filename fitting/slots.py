"""Empty places of a card for what only a reader of the full paper has, and how they are filled."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import AfterValidator, Field, create_model

from ..model.documents import Fault, Section, read_document, refusal, report
from ..model.errors import Lag3igError
from ..model.trial_design import Count, Name, Text
from . import vocabulary as words
from .mean_observation import MeanObservation, read_spread

if TYPE_CHECKING:
    from .cards import CardArm, TrialCard


class MeanFilling(Section):
    """What a reader writes into a slot for a mean: centre, spread and number of patients.

    The slot says on which days and in which statistics it wants them; what is written here goes before that.
    """

    centre: words.Numbers
    spread_kind: words.SpreadKind | None = None
    spread: Any = None
    level: words.Level | None = None
    number: Count
    days: words.Occasions | None = None
    centre_kind: words.CentreKind | None = None
    where: Text | None = None
    note: Text | None = None
    digitising_error: words.NotNegative | None = None


class PatientsFilling(Section):
    """What a reader writes into a slot for patients: treated and evaluable of each of its arms, in order."""

    n: Annotated[tuple[Count, ...], Field(min_length=1)]
    evaluable: Annotated[tuple[Count, ...], Field(min_length=1)]


class _EmptyPlace(Section):
    """What every slot says of itself; it has no value, so nothing is fitted to it."""

    id: words.Identifier
    statement: Text

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms it is about."""
        raise NotImplementedError

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have."""
        return None

    @property
    def patients(self) -> int | None:
        """Patients that a publication counts; a slot has none yet."""
        return None

    def arms_named(self) -> Iterator[tuple[str, str]]:
        """Every arm that is named, with the key that names it."""
        yield from (("arm", name) for name in self.arms)

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up, with the key that has it."""
        yield from ()


class MeanSlot(_EmptyPlace):
    """Place for the centre and the spread of an observable over the patients of an arm."""

    kind: Literal["mean"]
    arm: Name
    observable: words.ObservableName
    window: words.Window | None = None
    days: words.Occasions
    centre_kind: words.CentreKind
    spread_kind: words.SpreadKind
    unit: Text

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms it is about."""
        return (self.arm,)

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up."""
        yield from (("days", day) for day in self.days)

    def filled(self, values: MeanFilling) -> MeanObservation:
        """The slot as an observation that is fitted.

        Raises
        ------
        Lag3igError
            If what was written contradicts itself, or does not fit the slot.
        """
        try:
            return self.observe(values)
        except ValueError as fault:
            raise Lag3igError(f"slot {self.id!r}: {fault}") from None

    def observe(self, values: MeanFilling) -> MeanObservation:
        """The same, as a validator: what is wrong is refused with its key."""
        kind = None if values.spread is None else values.spread_kind or self.spread_kind
        try:
            spread = None if kind is None else read_spread(values.spread, kind)
        except ValueError as fault:
            raise refusal([(("spread",), str(fault))]) from None
        level = values.level or (0.95 if kind == "CI" else None)
        centre = ", ".join(f"{value:g}" for value in values.centre)
        around = "" if kind is None else f" ({kind} {_written(values.spread)})"
        found = MeanObservation.model_construct(
            kind="mean",
            id=self.id,
            arm=self.arm,
            statement=self.statement,
            published=f"{centre} {self.unit}{around}, n = {values.number}",
            tag="read",
            role="fitted",
            where=values.where,
            note=values.note,
            digitising_error=values.digitising_error,
            observable=self.observable,
            window=self.window,
            days=values.days or self.days,
            centre_kind=values.centre_kind or self.centre_kind,
            centre=values.centre,
            spread_kind=kind,
            spread=spread,
            level=level,
            number=values.number,
            unit=self.unit,
        )
        faults = list(found.faults())
        if faults:
            raise refusal(faults)
        return found


def _written(spread: Any) -> str:
    if isinstance(spread, list | tuple):
        parts = [_written(item) for item in spread]
        return ", ".join(parts) if isinstance(spread[0], list | tuple) else " to ".join(parts)
    return f"{spread:g}"


class PatientsSlot(_EmptyPlace):
    """Place for how many patients each of several arms had."""

    kind: Literal["patients"]
    arm: words.ArmNames

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms it is about."""
        return (self.arm,) if isinstance(self.arm, str) else self.arm


Slot = Annotated[MeanSlot | PatientsSlot, Field(discriminator="kind")]


def fill_slots(card: "TrialCard", path: str | Path) -> "TrialCard":
    """The card with slots filled from a TOML file: one table a slot, the others stay empty.

    A mean becomes an observation that is fitted; patients take the place of those the card assumed.

    Raises
    ------
    Lag3igError
        If the file names a slot that the card has not, or what it writes does not fit; the message names
        file, line and key.
    """
    fields: dict[str, Any] = {slot.id: (_filling(slot, card) | None, None) for slot in card.slots}
    schema = create_model("Fillings", __base__=Section, **fields)
    found, text = read_document(path, schema, error=Lag3igError)
    values = {slot.id: getattr(found, slot.id) for slot in card.slots}
    sizes: dict[str, tuple[int, int]] = {}
    added: list[MeanObservation] = []
    for value in values.values():
        if isinstance(value, MeanObservation):
            added.append(value)
        elif value is not None:
            sizes.update(value)
    filled = card.model_copy(
        update={
            "arms": tuple(_resized(arm, sizes) for arm in card.arms),
            "observations": (*card.observations, *added),
            "slots": tuple(slot for slot in card.slots if values[slot.id] is None),
        }
    )
    faults = [_in_file(fault, filled) for fault in filled.faults()]
    if faults:
        raise Lag3igError(report(faults, text, name=str(path)))
    return filled


def _filling(slot: Slot, card: "TrialCard") -> Any:
    """Type of what fills a slot: checked, it turns into the slot's own observation or sizes."""
    if isinstance(slot, MeanSlot):
        return Annotated[MeanFilling, AfterValidator(slot.observe)]

    def size(values: PatientsFilling) -> dict[str, tuple[int, int]]:
        faults = list(_faults_of_sizes(values, [card.arm(name) for name in slot.arms]))
        if faults:
            raise refusal(faults)
        return dict(zip(slot.arms, zip(values.n, values.evaluable, strict=True), strict=True))

    return Annotated[PatientsFilling, AfterValidator(size)]


def _faults_of_sizes(values: PatientsFilling, arms: Sequence["CardArm"]) -> Iterator[Fault]:
    """The sums that a publication printed stay: all treated patients, and those evaluable of each group."""
    for key in ("n", "evaluable"):
        given = getattr(values, key)
        if len(given) != len(arms):
            yield (key,), f"{len(given)} numbers for {len(arms)} arms; give one for each"
            return
    if any(able > treated for able, treated in zip(values.evaluable, values.n, strict=True)):
        yield ("evaluable",), "an arm has more evaluable patients than treated ones"
    treated = sum(arm.n for arm in arms)
    if sum(values.n) != treated:
        yield ("n",), f"{sum(values.n)} patients in all, but the card has {treated}"
    for group in dict.fromkeys(arm.group for arm in arms):
        members = [place for place, arm in enumerate(arms) if arm.group == group]
        here = sum(values.evaluable[place] for place in members)
        there = sum(arms[place].evaluable or arms[place].n for place in members)
        if here != there:
            yield ("evaluable",), f"{here} evaluable patients {group or 'in all'}, but the card has {there}"


def _resized(arm: "CardArm", sizes: Mapping[str, tuple[int, int]]) -> "CardArm":
    if arm.id not in sizes:
        return arm
    treated, evaluable = sizes[arm.id]
    return arm.model_copy(update={"n": treated, "evaluable": evaluable})


def _in_file(fault: Fault, card: "TrialCard") -> Fault:
    """The fault of a filled card at its place in the file: under the name of the slot that it came from."""
    (part, place, *below), reason = fault
    if part == "observations" and isinstance(place, int):
        return (card.observations[place].id, *below), reason
    return fault
