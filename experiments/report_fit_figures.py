"""Figures of a fit's report, with captions that say what to see in them."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..fitting.fit_result import FitResult, Learnt
from ..fitting.free_parameters import FreeParameters
from . import figure_fit
from .figure_fit import Axis, Interval, Printed, place_among
from .fit_words import free_parameters_of, name_of, number, range_of, units_of
from .report_figure import ReportFigure, short
from .report_fit_learnt import learnt_figures

Array = NDArray[np.float64]

MOST_PAIRS = 6
MOST_DOTS = 200  # draws that pairs show; more would not be told apart, and the page would grow
SHORT_UNITS = ("patients", "months")  # that fit beside a figure; the table has all


def fit_figures(result: FitResult) -> list[ReportFigure]:
    """All figures of a fit, in the order of the report."""
    free = free_parameters_of(result)
    figures = [_checks(result)] if result.checks else []
    figures += [*_learnt(result, free), *learnt_figures(result)]
    if len(result.draws) and len(result.names) > 1:
        figures.append(_pairs(result, free))
    figures.append(_waterfall(result))
    if result.terms:
        figures.append(_terms(result))
    return figures


def _checks(result: FitResult) -> ReportFigure:
    rows = []
    for item in result.checks:
        unit = f" {item.unit}" if item.unit in SHORT_UNITS else ""
        words = f"{number(item.printed)}; {range_of(item.quantiles)}{unit}"
        place = place_among(item.printed, item.quantiles)
        label = short(name_of(item), 44)
        rows.append(Printed(item.card, label, place, item.inside, item.role == "fitted", words))
    out = sum(not row.inside for row in rows)
    return ReportFigure(
        "checks",
        "What was printed among replicate trials of the same size",
        f"Each mark is a printed number; the band holds the central 95 % of replicate trials with as many "
        f"patients as the publication, drawn over the posterior. {out} of {len(rows)} marks lie outside and "
        "have their own colour. A filled square was fitted; an open circle was only checked, so it is a "
        "prediction. Where replicates take few values, as counts of a small trial do, the band is wide and a "
        "mark inside it says little. Marks three half widths away or more stand at the edge. At the right of "
        "a wide page: the printed number; the central 95 % of replicates. A statement 'at most' is missed "
        "only on one side.",
        lambda canvas: figure_fit.printed_numbers(rows, canvas=canvas),
    )


def _learnt(result: FitResult, free: FreeParameters | None) -> Iterator[ReportFigure]:
    factors = [item for item in result.learnt if _is_factor(item, free)]
    others = [item for item in result.learnt if item not in factors]
    learnt = sum(item.identified for item in result.learnt)
    if factors:
        rows = [_relative(item) for item in factors]
        yield ReportFigure(
            "learnt",
            "Prior beside posterior",
            "Each parameter relative to its prior median: thin line 95 %, thick line 50 %, mark the median; "
            "above the prior, below the posterior. A posterior that is as wide as its prior was not "
            f"identified: the data did not speak of it. {learnt} of {len(result.learnt)} parameters lost at "
            "least half of their prior variance and have the colour of what was learnt. The effect of a "
            "trial or an indication is the factor on its median.",
            lambda canvas: figure_fit.intervals(
                rows, label="times the prior median", logarithmic=True, canvas=canvas
            ),
        )
    if others:
        plain = [Interval(item.name, item.prior, item.posterior, item.identified) for item in others]
        yield ReportFigure(
            "learnt-plain",
            "Prior beside posterior of what may have either sign",
            "As above, but on the parameter's own scale: a correlation over patients, from -1 to 1. "
            "A posterior about zero as wide as its prior says that nothing was learnt.",
            lambda canvas: figure_fit.intervals(plain, label="value", logarithmic=False, canvas=canvas),
        )


def _is_effect(name: str, free: FreeParameters | None) -> bool:
    return free is not None and free.items[free.names.index(name)].target == "effect"


def _is_factor(item: Learnt, free: FreeParameters | None) -> bool:
    """Whether a parameter can be shown as a multiple of its prior median."""
    return _is_effect(item.name, free) or min(*item.prior, *item.posterior) > 0.0


def _relative(item: Learnt) -> Interval:
    """Multiples of the prior median; an effect is the logarithm of a factor already."""
    middle = item.prior[len(item.prior) // 2]

    def times(quantiles: tuple[float, ...]) -> tuple[float, ...]:
        if min(*item.prior, *item.posterior) > 0.0:
            return tuple(value / middle for value in quantiles)
        return tuple(float(np.exp(value)) for value in quantiles)

    return Interval(item.name, times(item.prior), times(item.posterior), item.identified)


def _pairs(result: FitResult, free: FreeParameters | None) -> ReportFigure:
    best = sorted(result.learnt, key=lambda item: -item.contraction)[:MOST_PAIRS]
    natural = result.draws if free is None else free.natural(result.draws)
    units = units_of(result)
    some = np.unique(np.linspace(0, len(natural) - 1, MOST_DOTS).astype(int))
    axes = [_axis(item, natural[some, result.names.index(item.name)], units, free) for item in best]
    known = bool(np.isfinite(result.weights).all())
    weights = result.weights[some] if known else np.full(some.size, 1.0 / some.size)
    scale = "" if free is not None else " on the scale of the fit"
    return ReportFigure(
        "pairs",
        "Pairs of what was learnt best",
        f"The {len(axes)} parameters with the largest share of variance taken away{scale}, three of them on "
        "a narrow page. A dot is a draw of the posterior, its area the draw's weight; the diagonal shows "
        "each parameter alone; pale lines mark the prior medians. A slanted cloud means that data fix a "
        "combination of two parameters better than either, a cloud away from the pale lines that they moved "
        "it.",
        lambda canvas: figure_fit.pairs(axes, weights, canvas=canvas),
    )


def _axis(item: Learnt, draws: Array, units: dict[str, str], free: FreeParameters | None) -> Axis:
    middle = len(item.prior) // 2
    unit = f" ({units[item.name]})" if units.get(item.name) else ""
    label = short(item.name, 22) + unit
    if free is None:
        return Axis(label, draws, float(np.median(draws)), False)
    if _is_effect(item.name, free):
        return Axis(label, np.exp(draws), float(np.exp(item.prior[middle])), True)
    return Axis(label, draws, item.prior[middle], bool(draws.min() > 0.0 and min(item.prior) > 0.0))


def _waterfall(result: FitResult) -> ReportFigure:
    ended = result.starts[np.isfinite(result.starts)]
    lost = len(result.starts) - len(ended)
    agreeing = result.diagnostics.get("starts_agreeing", "?")
    failed = f" {lost} could not begin and are left out." if lost else ""
    return ReportFigure(
        "waterfall",
        "Where searches ended",
        f"Log-posterior, emulated, at the end of each of {len(result.starts)} local searches from points of "
        f"the prior, the best first.{failed} A flat beginning means that many searches found the same top "
        f"({agreeing} of them); a step down is another, lower top.",
        lambda canvas: figure_fit.waterfall(result.starts, canvas=canvas),
    )


def _terms(result: FitResult) -> ReportFigure:
    values = [(short(name.replace(".", ": ", 1), 44), value) for name, value in result.terms.items()]
    return ReportFigure(
        "terms",
        "What each observation costs at the top",
        "Log-likelihood of each fitted observation at the most likely point. A long bar to the left is an "
        "observation that the model finds unlikely, or one of many numbers; a short bar one it agrees with, "
        "or that says little. Densities of continuous quantities may be above one, so a bar may point to the "
        "right.",
        lambda canvas: figure_fit.terms(values, canvas=canvas),
    )
