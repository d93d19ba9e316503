"""Section of a fit's report on what constrains its parameters: directions, cards, empty slots."""

from collections.abc import Iterator

import numpy as np

from ..fitting.fit_result import FitResult
from ..fitting.free_parameters import FreeParameter, FreeParameters
from ..fitting.profiles import FALL, Profile
from . import figure_identifiability
from .figure_identifiability import Panel
from .fit_words import free_parameters_of, number, units_of
from .learnt_words import (
    CARD_HEAD,
    LESSON_HEAD,
    card_rows,
    direction_rows,
    lesson_rows,
    told_of,
    unfound,
)
from .report_figure import ReportFigure, short
from .report_page import Html, element, table

PRIOR_DEVIATIONS = np.linspace(-3.0, 3.0, 41)


def learnt_sections(result: FitResult) -> Iterator[Html]:
    """Directions, what each card does, and what filling slots would teach."""
    findings = result.findings
    for sentence in unfound(findings):
        yield element("p", sentence, class_="notice")
    if findings.directions:
        yield element("h2", "Stiff and sloppy directions")
        yield element(
            "p",
            "Combinations of parameters, in deviations of their priors, from the one that data tell most of "
            "at the most likely point. Information is in units of the prior's: 3 is three times as much as "
            "was assumed before, and below 1 the prior tells more than the data. It is how steep the "
            "likelihood is there. A median that could only be seen at a scan bounds parameters without being "
            "steep; profiles show such bounds.",
        )
        head = ("direction", "information", "parameters with a large part in it")
        yield table(head, direction_rows(findings), label="directions", numeric=(1,))
    if findings.influences:
        yield element("h2", "What each card does")
        yield element(
            "p",
            "How the posterior would change without a card, from the weights of the exact draws. Narrows: "
            "parameters that would be wider. Pulls: parameters that the card moves, in deviations of the "
            "posterior. If a card and the others agreed, one in twenty would be said to contradict them.",
        )
        yield element("ul", [element("li", sentence) for sentence in told_of(findings)])
        yield table(CARD_HEAD, card_rows(findings), label="what each card does", numeric=(4,))
    if findings.lessons:
        yield from _lessons(result)


def _lessons(result: FitResult) -> Iterator[Html]:
    yield element("h2", "What filling empty slots would teach")
    yield element(
        "p",
        "Expected, before anyone has read the numbers: each slot is filled with what the model predicts at "
        "the most likely point, for the real number of patients. Narrower is the part of a parameter's "
        "posterior deviation that would be taken away. What is not free in this fit cannot be narrowed; free "
        "it in the problem to see what a slot would tell of it.",
    )
    yield table(LESSON_HEAD, lesson_rows(result.findings, single=False), label="slots of one kind")
    each = lesson_rows(result.findings, single=True)
    if each:
        yield element("details", element("summary", "Each slot"), table(LESSON_HEAD, each, label="each slot"))


def learnt_figures(result: FitResult) -> Iterator[ReportFigure]:
    """Profiles of all parameters, and shares of cards."""
    findings, free = result.findings, free_parameters_of(result)
    if findings.profiles:
        units = units_of(result)
        panels = [_panel(item, free, units.get(item.name, "")) for item in findings.profiles]
        found = sum(item.identified for item in findings.profiles)
        yield ReportFigure(
            "profiles",
            "Profiles of the likelihood",
            "How far the log-likelihood falls when one parameter is held and all others follow it, on the "
            "emulated posterior; its own prior is taken out, the others keep theirs. The dashed line is that "
            "prior, on the same scale. The shade is the 95 % interval, where the profile is less than "
            f"{FALL:g} below its top. A flat profile does not identify its parameter: {found} of "
            f"{len(panels)} have both ends within 99 % of their priors. Effects are shown as factors.",
            lambda canvas: figure_identifiability.profiles(panels, threshold=FALL, canvas=canvas),
        )
    if findings.shares:
        names = list(findings.shares)
        cards = list(dict.fromkeys(card for row in findings.shares.values() for card in row))
        values = np.array([[findings.shares[name].get(card, 0.0) for card in cards] for name in names])
        yield ReportFigure(
            "shares",
            "Which card constrains which parameter",
            "How much of a parameter's variance would come back without the card, in percent of what it "
            "would then be, from the information at the most likely point; below half a percent nothing is "
            "written. An empty row is a parameter that no single card constrains: no data tell of it, or "
            "several cards say the same. A card whose medians could only be seen at a scan may bound a "
            "parameter without being steep at the top; its column is empty then, and the profile tells.",
            lambda canvas: figure_identifiability.shares(
                names, [short(card, 24) for card in cards], values, canvas=canvas
            ),
        )


def _panel(item: Profile, free: FreeParameters | None, unit: str) -> Panel:
    known = None if free is None else free.items[free.names.index(item.name)]
    effect = known is not None and known.target == "effect"
    grid, fall = _prior(known)
    values, interval = item.natural, np.array(item.interval)
    if effect:
        values, interval, grid = np.exp(values), np.exp(interval), np.exp(grid)
    seen = np.concatenate([values, grid])
    logarithmic = bool(min(seen.min(), *interval) > 0.0 and seen.max() > 2.0 * seen.min())
    return Panel(
        f"{item.name} ({unit})" if unit else item.name,
        _interval_words(item, interval),
        values,
        item.fall,
        grid,
        fall,
        (float(max(interval[0], values.min())), float(min(interval[1], values.max()))),
        item.identified,
        logarithmic,
    )


def _prior(known: FreeParameter | None) -> tuple[np.ndarray, np.ndarray]:
    """The prior on a grid of its natural scale, and how far its density (free scale) is below its top."""
    if known is None:
        return np.empty(0), np.empty(0)
    middle, ahead = known.prior.free(known.prior.quantile([0.5, 0.8413]))
    free = middle + (ahead - middle) * PRIOR_DEVIATIONS
    density = known.prior.log_density(free)
    return known.prior.natural(free), density.max() - density


def _interval_words(item: Profile, interval: np.ndarray) -> str:
    low, high = number(float(interval[0])), number(float(interval[1]))
    match item.closed:
        case (True, True):
            return f"{low} to {high}"
        case (True, False):
            return f"at least {low}"
        case (False, True):
            return f"at most {high}"
    return "not identified"
