"""A figure of the report: a title, a caption that says what is assumed, and how to draw it."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .figure_style import NARROW, WIDE, Canvas, inline_svg
from .protocol import Protocol
from .report_page import Html, element
from .results import TrialResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True, slots=True)
class ReportFigure:
    """A figure of the report: a short name, a title, a caption, and how to draw it in the room given."""

    name: str
    title: str
    caption: str
    draw: Callable[[Canvas], "Figure"]


def figure_section(figure: ReportFigure, number: int, doses: Sequence[float] = ()) -> Html:
    """A numbered figure with its caption, drawn once for a wide page and once for a phone.

    ``doses`` of the arms, if their colours are those of doses.
    """
    drawn = [
        element(
            "div",
            Html(
                inline_svg(figure.draw(canvas), name=f"{figure.name}-{kind}", title=figure.title, doses=doses)
            ),
            class_=kind,
        )
        for kind, canvas in (("wide", WIDE), ("narrow", NARROW))
    ]
    heading = element("h3", f"{number}. {figure.title}")
    return element("section", heading, element("figure", drawn, element("figcaption", figure.caption)))


def kinds_sentence(result: TrialResult, symbols: Sequence[str]) -> str:
    """Sentences that tell which of the numbers behind a figure are assumed, and which are not."""
    known = {item["symbol"]: item for item in result.parameters}
    found = [known[symbol] for symbol in symbols if symbol in known]

    def named(items: Sequence[Mapping[str, Any]]) -> str:
        return "; ".join(
            f"{re.split('[(;:,]', item['meaning'])[0].strip()} ({item['symbol']})" for item in items
        )

    moved = set() if result.sets is None else {row["symbol"] for row in result.summary["fit"]["moved"]}
    fitted = [item for item in found if item["symbol"] in moved]
    assumed = [item for item in found if item["kind"] == "assumed" and item["symbol"] not in moved]
    others = [item for item in found if item["kind"] != "assumed" and item["symbol"] not in moved]
    parts = [f"From the fit: {named(fitted)}."] if fitted else []
    parts += [f"Assumed: {named(assumed)}."] if assumed else []
    parts += [f"From the literature: {named(others)}."] if others else []
    return " ".join(parts)


def tuned_sentence(result: TrialResult, protocol: Protocol, what: str) -> str:
    """Whether parameters were tuned to what was published, which ``what`` calls by name."""
    if result.sets is None:
        return f"No parameter was tuned to {what}."
    if protocol.published in result.sets.cards:
        return f"The fit used {what} among its data."
    return f"The fit did not use {what}."


def patients_phrase(result: TrialResult) -> str:
    """How many virtual patients stand behind a figure."""
    return f"{result.patients.ids.size:,} virtual patients, the same in every arm"


def short(label: str, most: int = 18) -> str:
    """Return a label that fits beside a curve, cut where it is too long.

    >>> short("30 mg"), short("thirty milligrams weekly")
    ('30 mg', 'thirty milligrams…')
    """
    return label if len(label) <= most else label[: most - 1].rstrip() + "…"
