"""What constrains a fit's parameters and what more reading would teach, in words and rows of tables."""

import math
from collections.abc import Iterator
from dataclasses import replace

from ..fitting.findings import Findings
from ..fitting.fit_result import FitResult
from ..fitting.influence import Influence
from ..fitting.profiles import Profile
from ..fitting.slot_information import Lesson
from .fit_words import free_parameters_of, number

CONTRADICTION = 0.05  # probability below which a card is said to contradict the others
NARROWED = 1.05  # as wide without a card as with it: less is not told
MOVED = 0.2  # deviations of the posterior; less is not told
MOST_NAMED = 3

CARD_HEAD = ("card", "narrows", "pulls", "beside the other cards", "tail shape")
LESSON_HEAD = ("card", "slot", "what is asked for", "what filling it would teach")
PARTS = {
    "information": "stiff and sloppy directions, shares of cards, and what slots would teach",
    "profiles": "profiles",
    "influences": "what each card does",
}


def unfound(findings: Findings) -> list[str]:
    """Sentences on the parts that could not be found."""
    return [
        f"Could not be found: {PARTS.get(part, part)} ({reason})."
        for part, reason in findings.reasons.items()
    ]


def open_profiles(result: FitResult) -> list[str]:
    """What profiles say of parameters that data do not bound on both sides; of an effect, as a factor."""
    free = free_parameters_of(result)
    effects = () if free is None else [item.name for item in free.items if item.target == "effect"]
    return [
        (_as_factor(item) if item.name in effects else item).words
        for item in result.findings.profiles
        if not item.identified
    ]


def _as_factor(item: Profile) -> Profile:
    """The profile of an effect, whose natural scale is the logarithm of a factor."""
    low, high = item.interval
    return replace(item, interval=(math.exp(low), math.exp(high)))


def direction_rows(findings: Findings) -> list[tuple[str, str, str]]:
    """Each direction: how much data tell of it, against the prior; and parameters with a large part in it."""
    rows = []
    for item in findings.directions:
        kind, _, named = item.words.partition(": ")
        rows.append((kind.partition(" ")[0], number(item.information), named))
    return rows


def card_rows(findings: Findings) -> list[tuple[str, ...]]:
    """Each card: what it narrows and moves, whether it agrees with the others, and how far to trust it."""
    return [
        (item.card, *_influence_words(item), "–" if math.isinf(item.shape) else number(item.shape))
        for item in findings.influences
    ]


def _influence_words(item: Influence) -> tuple[str, str, str]:
    if not item.trusted:
        return "–", "–", "needs a fit without the card"
    wider = dict(zip(item.names, item.widening.tolist(), strict=True))
    narrowed = [f"{name} ({wider[name]:.2f} times as wide without)" for name in item.constrains]
    narrowed = [text for text, name in zip(narrowed, item.constrains, strict=True) if wider[name] >= NARROWED]
    moved = sorted(zip(item.names, item.shift.tolist(), strict=True), key=lambda pair: -abs(pair[1]))
    pulled = [f"{name} ({-shift:+.1f} SD)" for name, shift in moved if abs(shift) >= MOVED]
    return (
        "; ".join(narrowed[:MOST_NAMED]) or "nothing",
        "; ".join(pulled[:MOST_NAMED]) or "nothing",
        conflict_words(item),
    )


def conflict_words(item: Influence) -> str:
    """Whether a card contradicts the others."""
    if math.isnan(item.conflict):
        return "says too little to contradict them"
    agrees = "agrees with them" if item.conflict >= CONTRADICTION else "contradicts them"
    return f"{agrees} (p = {item.conflict:.2g})"


def lesson_rows(findings: Findings, *, single: bool) -> list[tuple[str, str, str, str]]:
    """What filling slots would teach: of each kind of slot, or of each ``single`` one of several."""
    return [
        (item.card, item.name.replace("_", " "), item.statement, item.words)
        for item in findings.lessons
        if single is _is_one_of_several(item, findings)
    ]


def _is_one_of_several(item: Lesson, findings: Findings) -> bool:
    return len(item.slots) == 1 and any(
        item.slots[0] in other.slots
        for other in findings.lessons
        if other.card == item.card and len(other.slots) > 1 and other.name != "all slots"
    )


def told_of(findings: Findings) -> Iterator[str]:
    """Sentences on what cards contradict, for the top of a report."""
    against = [item.card for item in findings.influences if item.trusted and item.conflict < CONTRADICTION]
    if against:
        yield f"Contradicted by the other cards, so that the fit is a compromise: {', '.join(against)}."
    alone = [item.card for item in findings.influences if not item.trusted]
    if alone:
        yield (
            "So much rests on these cards that weights cannot leave them out, and only a fit without each "
            f"tells what it does: {', '.join(alone)}."
        )
