"""Report of a combination: what it is beside each null, who responds to what, which trial would tell."""

from pathlib import Path

from ..protocol import Protocol
from ..report_figure import ReportFigure, figure_section
from ..report_page import element, page, save_page, table
from ..results import TrialResult
from . import figure_combination
from .comparison import Compared
from .section import Combination
from .words_combination import HEAD, answer, endpoint_words, rows

NULLS_SAID = (
    "Highest single agent: together no better than the better part.",
    "Bliss: what each part leaves is left by all, (1 - p) = (1 - p_A) (1 - p_B); for progression, "
    "cumulative hazards "
    "add up.",
    "Independent drug action: each person has the better of the parts, whose effects are correlated over "
    "persons.",
    "Additive: growth rates of the tumour's volume add up, g = g_A + g_B - g_0.",
)


def write_combination_report(
    found: Compared, result: TrialResult, protocol: Protocol, at: float, path: str | Path
) -> Path:
    """Write the report as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render_combination(found, result, protocol, at))


def render_combination(found: Compared, result: TrialResult, protocol: Protocol, at: float) -> str:
    """The report as the text of an HTML page that loads nothing and runs nothing."""
    plan = protocol.combination
    assert plan is not None
    fit = "the literature's parameters" if result.sets is None else f"the fit {result.sets.name}"
    correlations = ", ".join(
        f"{endpoint_words(name, at)} {value:.2f}"
        for name, value in found.correlation.items()
        if name != "growth"
    )
    body = [
        element("h1", protocol.title),
        element("p", protocol.question or "", class_="question"),
        element(
            "p",
            f"{found.persons:,} virtual persons, each in every arm, over {found.draws} draws of {fit}; "
            f"{found.replicates:,} replicate trials of each size, with other persons in each arm; seed "
            f"{result.seed}. "
            f"Made with lag3ig {result.lag3ig_version}, {result.created}.",
            class_="meta",
        ),
        *(element("p", sentence, class_="question") for sentence in answer(found, plan, at)),
        element("p", result.caution, class_="notice"),
        *(element("p", sentence, class_="notice") for sentence in result.cautions),
        element("h2", "Beside each null"),
        table(HEAD, rows(found, at), label="Beside each null", kind="stacked"),
        element("ul", [element("li", sentence) for sentence in NULLS_SAID]),
        element("p", f"Correlation of the parts in one person, for independent action: {correlations}."),
        element("h2", "Figures"),
    ]
    body += [figure_section(figure, count) for count, figure in enumerate(figures(found, plan, at), start=1)]
    return page(f"{protocol.title} (combination)", body)


def figures(found: Compared, plan: Combination, at: float) -> list[ReportFigure]:
    """Figures in the order of the report."""
    made = [
        ReportFigure(
            "nulls",
            "The combination beside what its parts predict",
            "Circles: arms; diamond: all parts together; squares: what each null predicts of the parts. "
            "Lines: 90 % of "
            "the draws of the fit.",
            lambda canvas: figure_combination.beside_nulls(found, plan, at, canvas=canvas),
        ),
        ReportFigure(
            "power",
            "Which trial would tell",
            "Share of replicate trials that find the combination better than each null, one-sided "
            f"{plan.alpha:g}. "
            "Where a null is true this is the error of the test.",
            lambda canvas: figure_combination.power_by_size(found, plan, at, canvas=canvas),
        ),
    ]
    if found.crossed:
        made.append(
            ReportFigure(
                "twins",
                "Who responds to what",
                "The same persons in every arm: what no trial can see. Synergy in single persons is the "
                "second bar.",
                lambda canvas: figure_combination.twins_figure(found, canvas=canvas),
            )
        )
    return made
