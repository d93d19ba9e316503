"""Report of an analysis of sensitivity: what moves each endpoint, how sure that is, and what failed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ... import __version__
from ..report_figure import ReportFigure, figure_section
from ..report_page import Html, element, page, save_page, table
from ..schedule.goals import GOALS
from ..schedule.search import told
from .biomarkers import Estimate
from .figure_sensitivity import SHOWN, effects, settling, shares, splits
from .result import SensitivityResult
from .section import INFLAMED

HEAD = ("number", "usual", "range", "effect", "alone", "with others", "rank correlation")
CUT_HEAD = (
    "biomarker",
    "cut-off",
    "above",
    "endpoint",
    "prognostic",
    "predictive",
    "benefit below",
    "benefit above",
)
SETTLED = 0.05  # change of a total share from half of the blocks to all that counts as none


def write_sensitivity_report(result: SensitivityResult, path: str | Path) -> Path:
    """Write the report as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render(result))


def render(result: SensitivityResult) -> str:
    """The report as the text of an HTML page; the same analysis gives the same text."""
    body = [*_opening(result), element("h2", "Figures")]
    for count, figure in enumerate(figures(result), start=1):
        body.append(figure_section(figure, count))
    for name in result.endpoints:
        body.append(element("h2", f"Numbers behind: {told(name, result.plan.at)}"))
        body.append(table(HEAD, rows(result, name), label=f"Indices of {name}", numeric=(1, 2, 3, 4, 5, 6)))
    if result.cut_offs:
        body.append(element("h2", "Biomarkers"))
        body.append(
            table(CUT_HEAD, cut_rows(result), label="Cut-offs of biomarkers", numeric=(1, 2, 4, 5, 6, 7))
        )
    if result.left_out:
        body.append(element("h2", "Left out"))
        body.append(table(("number", "reason"), sorted(result.left_out.items()), label="Numbers left out"))
    return page(f"{result.protocol.title} (sensitivity)", body)


def figures(result: SensitivityResult) -> Iterator[ReportFigure]:
    """Figures of the report."""
    yield ReportFigure(
        "effects",
        "Effects of every number",
        f"The {min(SHOWN, len(result.factors))} strongest of {len(result.factors)} numbers. Bars: mean "
        "absolute change of the endpoint as the number goes through its whole range, wherever the others are "
        f"(Morris, {result.trajectories} trajectories), with 95 % over trajectories. Diamonds: spread of "
        "the changes; as large as the bar, the effect depends on the others or bends.",
        lambda canvas: effects(result, canvas),
    )
    yield ReportFigure(
        "shares",
        "Shares of the variance",
        f"The {len(result.chosen)} strongest numbers vary over their ranges, the others stay at their usual "
        f"values (Sobol, {result.blocks} blocks; 95 % over resampled blocks). Shares with others that "
        "add up to more than 1 mean interaction.",
        lambda canvas: shares(result, canvas),
    )
    yield ReportFigure(
        "settling",
        "Do the shares settle?",
        "Shares with others from the first quarter, half, and all of the blocks.",
        lambda canvas: settling(result, canvas),
    )
    if result.cut_offs:
        yield ReportFigure(
            "biomarkers",
            "Prognostic or predictive?",
            f"{result.twins:,} persons, each in both arms, split at cut-offs of a baseline biomarker "
            "(in brackets the share below). Prognostic: the endpoint above less below without the drug. "
            "Predictive: the benefit above less the benefit below. 95 % over resampled persons, each for "
            "itself.",
            lambda canvas: splits(result, canvas),
        )


def sentences(result: SensitivityResult) -> list[str]:
    """What was found, in sentences."""
    found = []
    for name, one in result.endpoints.items():
        unit = GOALS[name].unit
        order = np.argsort(-one.shares.total, kind="stable")
        named = ", ".join(
            f"{result.factors[result.chosen[c]].symbol} {one.shares.total[c]:.2f} "
            f"(± {one.shares.total_error[c]:.2f})"
            for c in order[:3]
        )
        found.append(
            f"{told(name, result.plan.at)}: {_figure(one.usual)} ± {_figure(1.96 * one.usual_error)}, "
            f"central 90 % over the ranges {_figure(one.low)} to {_figure(one.high)} {unit}; shares of its "
            f"variance with others: {named}."
        )
        moved = _unsettled(one.growth)
        if moved > SETTLED:
            found.append(
                f"The shares of {name} are not settled: one still moved by {moved:.2f} from half of the "
                "blocks to all; take more blocks."
            )
    if result.failed_points:
        found.append(
            f"{result.failed_points} of {result.points:,} points could not be solved (nobody plausible "
            "there, or too many simulations failed); each took its trajectory or block with it."
        )
    if result.persons_failed:
        found.append(f"{result.persons_failed:,} of {result.solves:,} simulations failed.")
    if result.cut_offs:
        telling = [
            item for item in result.cut_offs if item.predictive.low > 0.0 or item.predictive.high < 0.0
        ]
        found.append(
            f"Biomarkers: {len(telling)} of {len(result.cut_offs)} splits tell more or less benefit apart "
            "(95 % each for itself, so one in twenty would by chance)."
        )
    found.append(
        "Ranges are a choice, not knowledge: a number that matters little in a narrow range may matter in a "
        "wider one. Typical values vary; spreads between patients do not."
    )
    return found


def rows(result: SensitivityResult, endpoint: str) -> list[tuple[str, ...]]:
    """Numbers by their effect on an endpoint, columns as in `HEAD`."""
    one = result.endpoints[endpoint]
    found = []
    for k in np.argsort(-one.screening.strength, kind="stable")[:SHOWN]:
        factor = result.factors[k]
        unit = "" if factor.unit == "1" else f" {factor.unit}"
        cells = ["-"] * 3
        if k in result.chosen:
            c = result.chosen.index(int(k))
            cells = [
                f"{one.shares.first[c]:.2f} ± {one.shares.first_error[c]:.2f}",
                f"{one.shares.total[c]:.2f} ± {one.shares.total_error[c]:.2f}",
                f"{one.ranks[c]:+.2f} ({one.ranks_low[c]:+.2f} to {one.ranks_high[c]:+.2f})",
            ]
        effect = f"{_figure(one.screening.strength[k])} ± {_figure(one.screening.error[k])}"
        span = f"{factor.low:.3g} to {factor.high:.3g}"
        found.append((factor.symbol, f"{factor.usual:.4g}{unit}", span, effect, *cells))
    return found


def cut_rows(result: SensitivityResult) -> list[tuple[str, ...]]:
    """A row for each cut-off and endpoint, columns as in `CUT_HEAD`."""
    return [
        (
            item.biomarker,
            "-" if item.biomarker == INFLAMED else f"{item.value:.3g}",
            f"{100.0 * item.above:.0f} %",
            item.endpoint,
            _interval(item.prognostic),
            _interval(item.predictive),
            _interval(item.benefit_below),
            _interval(item.benefit_above),
        )
        for item in result.cut_offs
    ]


def _interval(item: Estimate) -> str:
    return f"{_figure(item.value)} ({_figure(item.low)} to {_figure(item.high)})"


def _opening(result: SensitivityResult) -> Iterator[Html]:
    yield element("h1", result.protocol.title)
    yield element(
        "p",
        f"{len(result.factors)} numbers, {result.points:,} points, {result.patients} persons at each (the "
        f"same everywhere), seed {result.seed}; parameters: {result.parameters}. "
        f"Made with lag3ig {__version__}.",
        class_="meta",
    )
    if result.protocol.question:
        yield element("p", result.protocol.question, class_="question")
    what = "" if result.plan.against is None else f", less {result.plan.against} in the same persons"
    yield element("p", f"Endpoints of {result.plan.arm}{what}.")
    yield element("ul", [element("li", sentence) for sentence in sentences(result)])


def _unsettled(growth: tuple[tuple[int, np.ndarray], ...]) -> float:
    if len(growth) < 2:
        return np.inf
    return float(np.max(np.abs(growth[-1][1] - growth[-2][1])))


def _figure(value: float) -> str:
    return f"{value + 0.0:.3g}" if abs(value) < 100 else f"{value:.1f}"
