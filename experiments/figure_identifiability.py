"""Figures of what constrains parameters: profiles of the likelihood, and shares of cards."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .figure_style import GRID, INK, MUTED, RESPONSE_COLOURS, WIDE, Canvas, few_ticks, new_figure, settings

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = NDArray[np.float64]

BLUE = RESPONSE_COLOURS["response"]
PALE = RESPONSE_COLOURS["stable"]
DEEPEST = 4.0  # log-likelihood below the top that panels show
BETWEEN = 61  # values that a curve is drawn through
LEAST_SHARE = 0.005  # smaller ones are not written


@dataclass(frozen=True, slots=True)
class Panel:
    """Profile of one parameter.

    Attributes
    ----------
    label, words : str
        Name, and the interval in words.
    values, fall : ndarray, shape (G,)
        Where the profile was found, and how far it is below its top there.
    prior_values, prior_fall : ndarray, shape (B,)
        The same of the prior; empty if it is not known.
    interval : (float, float)
        95 % interval; an end that was not found is the last value looked at.
    identified, logarithmic : bool
    """

    label: str
    words: str
    values: Array
    fall: Array
    prior_values: Array
    prior_fall: Array
    interval: tuple[float, float]
    identified: bool
    logarithmic: bool


def profiles(panels: Sequence[Panel], *, threshold: float, canvas: Canvas = WIDE) -> "Figure":
    """Return a panel for each parameter: profile, prior and 95 % interval on one scale."""
    from matplotlib import rc_context
    from matplotlib.lines import Line2D

    columns = min(len(panels), 2 if canvas.narrow else 5)
    rows = -(-len(panels) // columns)
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 60.0 + 150.0 * rows, rows, columns, sharey=True)
        for axes in grid.ravel()[len(panels) :]:
            axes.set_axis_off()
        for place, (axes, panel) in enumerate(zip(grid.ravel(), panels, strict=False)):
            _panel(axes, panel, threshold, 17 if canvas.narrow else 22)
            if place + columns >= len(panels):
                axes.set_xlabel("value")
        figure.supylabel("log-likelihood below the top", fontsize="medium")
        keys = [
            Line2D([], [], color=BLUE, marker="."),
            Line2D([], [], color=MUTED, marker="."),
            Line2D([], [], color=PALE, linestyle="--"),
        ]
        names = ["profile, both ends found", "profile, an end not found", "prior"]
        figure.legend(keys, names, loc="outside upper left", ncols=1 if canvas.narrow else 3)
    return figure


def _panel(axes: "Axes", panel: Panel, threshold: float, wrap: int) -> None:
    colour = BLUE if panel.identified else MUTED
    if panel.logarithmic:
        axes.set_xscale("log")
    axes.axvspan(*panel.interval, color=colour, alpha=0.12, linewidth=0)
    axes.axhline(threshold, color=GRID, linewidth=1.0)
    axes.plot(panel.prior_values, panel.prior_fall, color=PALE, linewidth=1.2, linestyle="--")
    axes.plot(*curve(panel), color=colour, linewidth=1.4)
    axes.plot(panel.values, panel.fall, color=colour, marker=".", markersize=4, linestyle="none")
    axes.set_ylim(DEEPEST, -0.2)
    seen = np.concatenate([panel.values, panel.prior_values[panel.prior_fall <= DEEPEST]])
    axes.set_xlim(float(seen.min()), float(seen.max()))
    few_ticks(axes.xaxis, axes.get_xlim(), logarithmic=panel.logarithmic)
    axes.set_yticks([0.0, threshold, DEEPEST], ["0", f"{threshold:g}", f"{DEEPEST:g}"])
    axes.grid(visible=False)
    axes.set_title(f"{fill(panel.label, wrap)}\n{fill(panel.words, wrap)}", fontsize="small")


def curve(panel: Panel) -> tuple[Array, Array]:
    """A curve through a profile: the root of the fall, straight between its points, so a parabola is one."""
    known = np.isfinite(panel.fall)
    values, fall = panel.values[known], panel.fall[known]
    along = np.log(values) if panel.logarithmic else values
    roots = np.copysign(np.sqrt(fall), along - along[int(np.argmin(fall))])
    dense = np.linspace(along[0], along[-1], BETWEEN)
    between = np.interp(dense, along, roots) ** 2
    return (np.exp(dense) if panel.logarithmic else dense), between


def shares(rows: Sequence[str], columns: Sequence[str], values: Array, *, canvas: Canvas = WIDE) -> "Figure":
    """Return how much each of C cards narrows each of n parameters, darker the more.

    Parameters
    ----------
    rows, columns : sequence of str
        Parameters and cards.
    values : ndarray, shape (n, C)
        Shares between 0 and 1.
    canvas : Canvas
        Room for the figure.
    """
    from matplotlib import rc_context
    from matplotlib.patches import Rectangle

    wrap = 18 if canvas.narrow else 40
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 150.0 + (32.0 if canvas.narrow else 26.0) * len(rows), 1, 1)
        axes = grid[0, 0]
        for (row, column), share in np.ndenumerate(values):
            if share >= LEAST_SHARE:
                spot = (column - 0.48, row - 0.46)
                axes.add_patch(Rectangle(spot, 0.96, 0.92, facecolor=BLUE, alpha=share, linewidth=0))
                axes.annotate(
                    f"{100.0 * share:.0f}", (column, row), ha="center", va="center", fontsize="small",
                    color=INK,
                )  # fmt: skip
        axes.set_xlim(-0.5, len(columns) - 0.5)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_yticks(range(len(rows)), [fill(name, wrap) for name in rows])
        axes.set_xticks(range(len(columns)), columns, rotation=90 if canvas.narrow else 30)
        axes.set_xlabel("share of variance (%)")
        axes.tick_params(length=0, labeltop=True, labelbottom=False)
        for label in axes.get_xticklabels():
            label.set_horizontalalignment("center" if canvas.narrow else "left")
        axes.grid(visible=False)
        axes.spines[["left", "bottom"]].set_color(GRID)
    return figure
