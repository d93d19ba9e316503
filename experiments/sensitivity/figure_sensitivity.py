"""Figures of sensitivity: effects of all numbers, shares of the variance, and how they settle."""

from typing import TYPE_CHECKING

import numpy as np

from ..figure_style import MUTED, RESPONSE_COLOURS, Canvas, dose_colours, new_figure, settings
from ..schedule.goals import GOALS
from .result import SensitivityResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SHOWN = 15  # numbers of the screening
ALONE, WITH_OTHERS = RESPONSE_COLOURS["response"], RESPONSE_COLOURS["progression"]


def effects(result: SensitivityResult, canvas: Canvas) -> "Figure":
    """Mean absolute effect of the strongest numbers on each endpoint, with its interval."""
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, panels = _panels(result, canvas, 19.0 * min(SHOWN, len(result.factors)) + 90.0)
        for axes, (name, one) in zip(panels, result.endpoints.items(), strict=True):
            wide = one.screening
            order = np.argsort(-wide.strength, kind="stable")[:SHOWN]
            places = np.arange(order.size)
            axes.barh(places, wide.strength[order], color=ALONE, height=0.6, label="mean absolute effect")
            axes.errorbar(
                wide.strength[order], places, xerr=wide.error[order], fmt="none", ecolor=MUTED, elinewidth=1.2
            )
            axes.plot(wide.spread[order], places, "d", color=WITH_OTHERS, markersize=4, label="spread")
            _named(axes, [result.factors[k].symbol for k in order], name)
            axes.set_xlabel(GOALS[name].unit)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def shares(result: SensitivityResult, canvas: Canvas) -> "Figure":
    """First-order and total shares of the variance of each endpoint, with intervals."""
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, panels = _panels(result, canvas, 30.0 * len(result.chosen) + 90.0)
        for axes, (name, one) in zip(panels, result.endpoints.items(), strict=True):
            places = np.arange(len(result.chosen))
            for shift, colour, value, error, label in (
                (-0.17, ALONE, one.shares.first, one.shares.first_error, "alone"),
                (0.17, WITH_OTHERS, one.shares.total, one.shares.total_error, "with others"),
            ):
                axes.errorbar(
                    value, places + shift, xerr=error, fmt="o", color=colour, markersize=5, label=label
                )
            axes.axvline(0.0, color=MUTED, linewidth=0.8)
            _named(axes, [result.factors[k].symbol for k in result.chosen], name)
            axes.set_xlabel("share of the variance")
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def settling(result: SensitivityResult, canvas: Canvas) -> "Figure":
    """Total shares against the number of blocks that they were taken from."""
    from matplotlib import rc_context
    from matplotlib.ticker import NullLocator

    with rc_context(settings()):
        figure, panels = _panels(result, canvas, 260.0)
        colours = dose_colours(list(range(len(result.chosen), 0, -1)))
        for axes, (name, one) in zip(panels, result.endpoints.items(), strict=True):
            sizes = [size for size, _ in one.growth]
            for c, k in enumerate(result.chosen):
                values = [total[c] for _, total in one.growth]
                axes.plot(sizes, values, "o-", color=colours[c], markersize=4, label=result.factors[k].symbol)
            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            axes.set_xticks(sizes, [f"{size}" for size in sizes])
            axes.set_xlabel("blocks")
            axes.set_title(_title(name))
        panels[0].set_ylabel("total share")
        panels[-1].legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
    return figure


def splits(result: SensitivityResult, canvas: Canvas) -> "Figure":
    """What each cut-off of a biomarker tells without the drug, and of its benefit, with intervals."""
    from matplotlib import rc_context

    labels = list(dict.fromkeys((item.biomarker, item.quantile) for item in result.cut_offs))
    with rc_context(settings()):
        figure, panels = _panels(result, canvas, 30.0 * len(labels) + 100.0)
        for axes, name in zip(panels, result.endpoints, strict=True):
            here = [item for item in result.cut_offs if item.endpoint == name]
            places = np.array([labels.index((item.biomarker, item.quantile)) for item in here])
            for shift, colour, kind in ((-0.17, ALONE, "prognostic"), (0.17, WITH_OTHERS, "predictive")):
                found = [getattr(item, kind) for item in here]
                axes.hlines(
                    places + shift, [one.low for one in found], [one.high for one in found], color=colour
                )
                axes.plot(
                    [one.value for one in found], places + shift, "o", color=colour, markersize=5, label=kind
                )
            axes.axvline(0.0, color=MUTED, linewidth=0.8)
            _named(axes, [f"{name} ({100.0 * share:.0f} %)" for name, share in labels], name)
            axes.set_xlabel(GOALS[name].unit)
        if not canvas.narrow:  # the rows are the same in every panel
            for axes in panels[1:]:
                axes.tick_params(axis="y", labelleft=False)
        figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper right", ncols=2)
    return figure


def _panels(result: SensitivityResult, canvas: Canvas, height: float) -> tuple["Figure", list["Axes"]]:
    count = len(result.endpoints)
    columns = 1 if canvas.narrow else min(count, 3)
    rows = -(-count // columns)
    figure, grid = new_figure(canvas, height * rows, rows, columns)
    panels = list(grid.ravel())
    for axes in panels[count:]:
        axes.set_axis_off()
    return figure, panels[:count]


def _named(axes: "Axes", symbols: list[str], endpoint: str) -> None:
    axes.set_yticks(range(len(symbols)), symbols)
    axes.set_ylim(len(symbols) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.set_title(_title(endpoint))


def _title(endpoint: str) -> str:
    from textwrap import fill

    return fill(GOALS[endpoint].label, 30)
