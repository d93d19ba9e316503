"""Report of a randomised comparison: the answer, its figures, what it rests on."""

from pathlib import Path

from ..protocol import Protocol
from ..report_figure import ReportFigure, figure_section
from ..report_page import element, page, save_page, table
from ..results import TrialResult
from . import figure_power
from .power import Report
from .words_power import ENDPOINTS, answer, cautions, enough, percent, rows


def write_power_report(found: Report, result: TrialResult, protocol: Protocol, path: str | Path) -> Path:
    """Write the report as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render_power(found, result, protocol))


def render_power(found: Report, result: TrialResult, protocol: Protocol) -> str:
    """The report as the text of an HTML page that loads nothing and runs nothing."""
    fit = "the literature's parameters" if result.sets is None else f"the fit {result.sets.name}"
    body = [
        element("h1", protocol.title),
        element("p", protocol.question or "", class_="question"),
        element(
            "p",
            f"{found.planned.replicates:,} replicate trials, drawn from {result.patients.ids.size:,} "
            "virtual persons "
            f"who were in both arms, over {found.planned.power.size} draws of {fit}; seed {result.seed}. "
            "Made with "
            f"lag3ig {result.lag3ig_version}, {result.created}.",
            class_="meta",
        ),
        element("p", answer(found), class_="question"),
        element("p", enough(found)),
        element("p", result.caution, class_="notice"),
        *(element("p", sentence, class_="notice") for sentence in (*cautions(found), *result.cautions)),
        element("h2", "Key figures"),
        table(("", ""), rows(found), label="Key figures", kind="stacked"),
        element("h2", "Figures"),
    ]
    body += [figure_section(figure, number) for number, figure in enumerate(figures(found), start=1)]
    return page(f"{protocol.title} (power)", body)


def figures(found: Report) -> list[ReportFigure]:
    """Figures in the order of the report."""
    endpoint = ENDPOINTS[found.design.endpoint]
    return [
        ReportFigure(
            "assurance",
            "How many patients are enough",
            f"Assurance of success on {endpoint} against the size of the trial; band: 95 % Monte-Carlo "
            "error, mostly of "
            f"finite draws. Dashed: the {percent(found.target)} asked for. Assurance rises towards the "
            "share of "
            "draws in which there is an effect, and not towards 100 %.",
            lambda canvas: figure_power.assurance_by_size(found, canvas=canvas),
        ),
        ReportFigure(
            "effects",
            "What trials would find, and what there is to be found",
            "Filled: estimates of replicate trials. Line: the effect in each draw of the fit, without the "
            "chance of "
            f"finite patients. {percent(found.split.share)} of the variance between trials is of "
            "parameters, the "
            "rest of patients and chance.",
            lambda canvas: figure_power.effects_of_trials(found, canvas=canvas),
        ),
        ReportFigure(
            "power",
            "Power of each draw",
            "Each bar is a draw of the fit and its height the share of its trials that succeed. Power "
            "computed for one "
            "assumed effect is one of these bars; assurance is their mean.",
            lambda canvas: figure_power.power_of_draws(found, canvas=canvas),
        ),
    ]
