"""Report of hypotheses: what a trial would tell of the structures, and which trial best."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from ..report_figure import ReportFigure, figure_section
from ..report_page import Html, element, page, save_page, table
from .discrimination import Discrimination
from .figure_hypotheses import confusion_figure, information_figure, prediction_figure
from .information import Verdict
from .section import SAMPLES

LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)
KINDS = {
    "whole": "whole trial",
    "named": "design of the protocol",
    "best set": "best readings, one after the other",
    "dose": "one dose, everything read",
    "sample": "one kind of sample, all days and doses",
    "day": "one day, all blood samples and doses",
    "sample and day": "one sample on one day, all doses",
}


def write_report(found: Discrimination, path: Path) -> None:
    """Write the page.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    save_page(path, render(found))


def render(found: Discrimination) -> str:
    """The page as text."""
    protocol = found.protocol.protocol
    return page(protocol.title, _body(found))


def summary_sentence(found: Discrimination) -> str:
    """What the trial of the protocol's size would tell, in one sentence."""
    whole = found.of_kind("whole")[0]
    patients = whole.candidate.patients
    each = f"{patients[0]}" if len(set(patients)) == 1 else ", ".join(map(str, patients))
    verdict = whole.verdict
    most = np.log2(len(found.structures))
    return (
        f"With {each} patients a dose and everything read, the right one of {len(found.structures)} "
        f"structures is chosen in {100 * verdict.right:.0f} % of trials; at least {verdict.bits:.2f} of "
        f"{most:.2f} bits are learnt (Monte-Carlo error {verdict.error:.2f})."
    )


def bits_of(verdict: Verdict) -> str:
    """Information to two places, without a sign before zero.

    >>> bits_of(Verdict(-0.001, 0.0, np.eye(2), np.ones((2, 1)), np.eye(2), 1.0))
    '0.00'
    """
    return f"{round(verdict.bits, 2) + 0.0:.2f}"


def cautions(found: Discrimination) -> list[str]:
    """What to know before the figures are used."""
    parts = []
    free = [name for name in found.structures if name not in found.fits]
    if free:
        parts.append(
            f"Assumed: every assumed number of {', '.join(free)} lies within a factor of "
            f"{found.plan.factor:g} of its value with probability 95 %, independently of the others, and "
            "alike in all structures."
        )
    parts += [
        f"Draws of {name}: the fit {fit}; those that judge are drawn again from the same posterior."
        for name, fit in found.fits.items()
    ]
    if found.fits and free:
        parts.append("Structures with a fit differ from the others also in what their parameters may be.")
    parts.append(
        "Information is a lower bound: the likelihood takes means of samples as Gaussian, smooths over "
        "draws, and is tempered; more readings can therefore print less than fewer of them."
    )
    parts.append(
        "Probabilities are among the structures named, equal beforehand. Errors of assays are assumed"
        f"; counts without one in the model have {100 * found.plan.count_error:.0f} % (assumed)."
    )
    return parts


def _body(found: Discrimination) -> Iterator[Html]:
    protocol = found.protocol.protocol
    yield element("h1", protocol.title)
    if protocol.question:
        yield element("p", protocol.question, class_="question")
    yield element("p", summary_sentence(found), class_="notice")
    yield element("ul", [element("li", text) for text in cautions(found)])
    yield element("h2", "What a trial would tell")
    for number, figure in enumerate(_figures(found), start=1):
        yield figure_section(figure, number)
    yield element("h2", "Errors of the choice")
    yield element(
        "p",
        f"{found.trials} trials from each structure, of parameters and persons that the likelihood never "
        "saw. Columns in percent at the right: quantiles over trials of the probability given to the truth.",
    )
    yield _choices(found)
    yield element("h2", "Candidate trials")
    yield element(
        "p",
        "Number of patients as in the protocol unless the design names another. Best readings are searched "
        "for by what the likelihood's own draws promise, and judged on fresh ones.",
    )
    yield _candidates(found)
    yield element("h2", "How it was done")
    yield element(
        "p",
        f"{found.draws} draws of the parameters, {found.persons_each} persons of each, the same in every arm "
        f"and structure, seed {found.seed}; as many fresh ones to judge.",
    )
    yield element("pre", f"lag3ig discriminate {protocol.name} --seed {found.seed}" + _sizes(found))
    yield element("details", element("summary", "The protocol"), element("pre", found.protocol.text))


def _sizes(found: Discrimination) -> str:
    fits = "".join(f" --parameters {name}={fit}" for name, fit in found.fits.items())
    return f" --draws {found.draws} --patients {found.persons_each} --trials {found.trials}{fits}"


def _figures(found: Discrimination) -> list[ReportFigure]:
    figures = [
        ReportFigure(
            "information",
            "Bits learnt of the structure",
            f"Dotted: certainty, {np.log2(len(found.structures)):.2f} bits. Bars: 95 % Monte-Carlo "
            "intervals. Right: one blood sample on one day, at every dose, patients as in the protocol.",
            partial(information_figure, found),
        ),
        ReportFigure(
            "confusion",
            "Which structure is chosen",
            "Rows: the structure that trials were simulated from; everything read.",
            partial(confusion_figure, found),
        ),
    ]
    for what in found.plan.samples:
        figures.append(
            ReportFigure(
                what,
                f"Predicted: {SAMPLES[what]}",
                "Mean over patients; medians and central 90 % over the draws of the parameters."
                + (" Samples below the limit count as half of it." if what == "plasma" else ""),
                partial(prediction_figure, found, what=what),
            )
        )
    return figures


def _choices(found: Discrimination) -> Html:
    trials: list[tuple[str, Verdict]] = [(f"{size}", item) for size, item in found.by_size.items()]
    if found.persons is not None:
        trials.append(("as in the protocol, single persons", found.persons))
    rows = []
    for words, verdict in trials:
        for place, name in enumerate(found.structures):
            quantiles = np.quantile(verdict.probability[place], LEVELS)
            chosen = [f"{100 * share:.0f} %" for share in verdict.chosen[place]]
            rows.append((words, name, *chosen, *(f"{value:.2f}" for value in quantiles)))
    head = ("patients a dose", "truth", *(f"chosen: {name}" for name in found.structures))
    levels = tuple(f"{100 * level:g} %" for level in LEVELS)
    numeric = tuple(range(2, len(head) + len(levels)))
    return table((*head, *levels), rows, label="errors of the choice", numeric=numeric)


def _candidates(found: Discrimination) -> Html:
    rows = [
        (
            item.candidate.name,
            kind,
            f"{max(item.candidate.patients)}",
            bits_of(item.verdict),
            f"{item.verdict.error:.2f}",
            f"{100 * item.verdict.right:.0f} %",
        )
        for key, kind in KINDS.items()
        for item in found.of_kind(key)
    ]
    head = ("reads", "kind", "patients a dose", "bits", "error", "chosen rightly")
    return table(head, rows, label="candidate trials", numeric=(2, 3, 4, 5))
