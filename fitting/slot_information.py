"""What filling the empty slots of cards would teach: expected information of what has not been read yet.

A slot is filled with what the model itself predicts, for the real number of patients. How steep the
likelihood of such numbers is tells how far they would narrow each parameter, whatever they turn out to be.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import takewhile

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.errors import Lag3igError
from .cards import TrialCard
from .identifiability import Information
from .mean_observation import MeanObservation
from .mean_summary import MeanSummary, is_logarithmic, summarise_mean
from .objective import Objective
from .predictions import Prediction
from .slots import MeanFilling, MeanSlot, Slot

Array = NDArray[np.float64]

WORTH_TELLING = 0.01  # of a deviation: what narrows no parameter by more teaches nothing
NAMED = 3  # parameters that words name
MEASURED_IN = 0.5  # share of patients in whom a sample must be quantifiable at some visit
FEWEST_OF_HALF_LIFE = 3  # such visits that a half-life can be read from
COMPUTED_FROM = {"auc": "plasma"}  # what is computed from samples of something else
NO_NUMBER = "replaces an assumption about the arms; no number that the model predicts"
BELOW_LIMIT = "most samples would be below the limit of quantification, so that no number can be expected"


@dataclass(frozen=True, slots=True)
class Lesson:
    """What filling slots would teach.

    Attributes
    ----------
    card : str
    name : str
        Of the slot, or of several that ask for the same at other doses.
    slots : tuple of str
    statement : str
        What is asked for.
    narrowing : mapping of str to float
        Share of each parameter's posterior deviation that would be taken away, by its name; all left as they
        are if nothing can be expected.
    reason : str
        Why nothing can be expected.
    """

    card: str
    name: str
    slots: tuple[str, ...]
    statement: str
    narrowing: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    @property
    def ranked(self) -> tuple[tuple[str, float], ...]:
        """Parameters that it would narrow by more than a hundredth, the most narrowed first."""
        told = [(name, share) for name, share in self.narrowing.items() if share >= WORTH_TELLING]
        return tuple(sorted(told, key=lambda pair: -pair[1]))

    @property
    def words(self) -> str:
        """What it would teach.

        >>> Lesson("a", "cmax", ("cmax",), "", {"CLF": 0.31, "DT": 0.001}).words
        'CLF narrower by 31 %'
        >>> Lesson("a", "cmax", ("cmax",), "", {"DT": 0.001}).words
        'would teach nothing about what is free'
        """
        if self.reason:
            return self.reason
        if not self.ranked:
            return "would teach nothing about what is free"
        told = ", ".join(f"{name} narrower by {100.0 * share:.0f} %" for name, share in self.ranked[:NAMED])
        more = len(self.ranked) - NAMED
        return f"{told}; {more} more by less" if more > 0 else told


@dataclass(frozen=True, slots=True)
class WouldBe:
    """A fit's objective with every empty slot filled by the model.

    Attributes
    ----------
    objective : Objective
    cards : tuple of TrialCard
        As they are, with their slots empty.
    filled : tuple of str
        Card and id of each observation that came from a slot.
    unfilled : mapping of str to str
        Why a slot has none, by card and id.
    """

    objective: Objective
    cards: tuple[TrialCard, ...]
    filled: tuple[str, ...]
    unfilled: Mapping[str, str]


def would_be(objective: Objective, free: ArrayLike) -> WouldBe:
    """An objective whose cards have their empty slots filled with what is predicted at a point, shape (n,).

    Raises
    ------
    Lag3igError
        If the patients cannot be drawn there.
    """
    cards = tuple(item.card for item in objective.cards)
    asked = {card.id: {slot.id: _blank(slot, card) for slot in _of_means(card)} for card in cards}
    probing = objective.remade([_filled(card, asked[card.id].values()) for card in cards])
    predictions = probing.predict(free)
    found: dict[str, dict[str, MeanObservation]] = {}
    reasons: dict[str, str] = {}
    for card in cards:
        found[card.id] = {}
        for slot in card.slots:
            name = f"{card.id}.{slot.id}"
            if not isinstance(slot, MeanSlot):
                reasons[name] = NO_NUMBER
                continue
            try:
                found[card.id][slot.id] = _expected(slot, asked[card.id][slot.id], predictions[card.id])
            except (Lag3igError, np.linalg.LinAlgError, FloatingPointError) as fault:
                reasons[name] = str(fault)
    whole = objective.remade([_filled(card, found[card.id].values()) for card in cards])
    filled = tuple(f"{card}.{slot}" for card, slots in found.items() for slot in slots)
    return WouldBe(whole, cards, filled, reasons)


def lessons(would: WouldBe, known: Information) -> tuple[Lesson, ...]:
    """What each kind of empty slot, each single one, and all together would teach.

    Parameters
    ----------
    would : WouldBe
    known : Information
        At the same point, of the observations of ``would``: fitted ones and those of slots.
    """
    fitted = known.only(set(known.by_observation) - set(would.filled))
    before = fitted.deviations()

    def taught(lesson: Lesson) -> Lesson:
        names = [f"{lesson.card}.{slot}" for slot in lesson.slots]
        told = [name for name in names if name in would.filled]
        if not told:
            reasons = dict.fromkeys(would.unfilled[name] for name in names)
            return replace(lesson, reason="; ".join(reasons))
        left = fitted.deviations(known.only(told).total)
        narrowing = np.maximum(1.0 - left / before, 0.0)
        return replace(lesson, narrowing=dict(zip(known.names, narrowing.tolist(), strict=True)))

    return tuple(taught(lesson) for card in would.cards for lesson in _asked(card))


def _asked(card: TrialCard) -> Iterator[Lesson]:
    """All slots of a card, those that ask for the same, and each by itself."""
    if len(card.slots) > 1:
        yield Lesson(card.id, "all slots", tuple(slot.id for slot in card.slots), "all of the following")
    for kind in dict.fromkeys(map(_kind, card.slots)):
        same = [slot for slot in card.slots if _kind(slot) == kind]
        if len(same) > 1:
            names = tuple(slot.id for slot in same)
            statement = f"{same[0].statement}, and the same of {len(same) - 1} other arms"
            yield Lesson(card.id, _stem(names), names, statement)
        for slot in same:
            yield Lesson(card.id, slot.id, (slot.id,), slot.statement)


def _stem(names: Sequence[str]) -> str:
    """The words that names begin with in common.

    >>> _stem(("cmax_0_25", "cmax_30"))
    'cmax'
    """
    words = zip(*(name.split("_") for name in names), strict=False)
    return "_".join(same[0] for same in takewhile(lambda part: len(set(part)) == 1, words)) or names[0]


def _kind(slot: Slot) -> object:
    """What a slot has in common with those that ask for the same of other arms."""
    return (slot.observable, slot.window) if isinstance(slot, MeanSlot) else slot.id


def _of_means(card: TrialCard) -> list[MeanSlot]:
    return [slot for slot in card.slots if isinstance(slot, MeanSlot)]


def _filled(card: TrialCard, added: Iterable[MeanObservation]) -> TrialCard:
    more = tuple(added)
    left = tuple(slot for slot in card.slots if slot.id not in {item.id for item in more})
    return card.model_copy(update={"observations": (*card.observations, *more), "slots": left})


def _blank(slot: MeanSlot, card: TrialCard) -> MeanObservation:
    """The observation that a slot asks for, with ones for numbers."""
    count = 1 if slot.window is not None else len(slot.days)
    plain = slot.centre_kind == "mean"
    filling = MeanFilling.model_construct(
        centre=(1.0,) * count,
        spread=[1.0] * count,
        spread_kind="SD" if plain else "CV percent",
        number=card.arm(slot.arm).n,
        level=None,
        days=None,
        centre_kind=None if plain else "geometric mean",
        where=None,
        note=None,
        digitising_error=None,
    )
    return slot.filled(filling)


def _expected(slot: MeanSlot, blank: MeanObservation, arms: Mapping[str, Prediction]) -> MeanObservation:
    """What a publication would have printed, if the model were right."""
    if not _measurable(slot, arms[slot.arm]):
        raise Lag3igError(BELOW_LIMIT)
    found = MeanSummary.of(summarise_mean(blank, arms), len(blank.centre))
    if is_logarithmic(blank):
        centre, spread = np.exp(found.mean), 100.0 * np.sqrt(np.expm1(found.deviation**2))
    else:
        centre, spread = found.mean, found.deviation
    if not (np.isfinite(centre).all() and np.isfinite(spread).all()):
        raise Lag3igError("the model predicts no finite number")
    return blank.model_copy(
        update={
            "centre": tuple(centre.tolist()),
            "spread": tuple(spread.tolist()),
            "published": "as the model predicts",
            "tag": "assumed",
        }
    )


def _measurable(slot: MeanSlot, arm: Prediction) -> bool:
    """Whether enough patients have quantifiable samples for a number to be printed."""
    name = COMPUTED_FROM.get(slot.observable, slot.observable)
    if name not in arm.course.curves:
        return True
    days = arm.cohort.plasma if name == "plasma" else np.array(slot.days)
    measured = arm.quantified(name, days).mean(axis=0) >= MEASURED_IN
    return int(measured.sum()) >= (FEWEST_OF_HALF_LIFE if slot.window == "half_life" else 1)
