"""Figures of a fit: searches, prior beside posterior, pairs, printed beside replicates, log-likelihood."""

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
MISS = RESPONSE_COLOURS["progression"]
FURTHEST = 3.0  # printed numbers further out, in half widths of the interval, stand at the edge
SHORTEST = 1e-4  # of a stroke that is a dot, of the value: one of no length is not drawn
ROW = 22.0  # CSS pixels of a row with a label


@dataclass(frozen=True, slots=True)
class Interval:
    """One parameter on the scale of a figure: quantiles (2.5, 25, 50, 75, 97.5 %) before and after."""

    label: str
    prior: tuple[float, ...]
    posterior: tuple[float, ...]
    identified: bool


@dataclass(frozen=True, slots=True)
class Printed:
    """A printed number on the scale on which replicate trials have their median at 0 and 95 % in -1 to 1."""

    card: str
    label: str
    place: float
    inside: bool
    fitted: bool
    words: str


@dataclass(frozen=True, slots=True)
class Axis:
    """Draws of one parameter, and its median before the fit."""

    label: str
    draws: Array
    before: float
    logarithmic: bool


def waterfall(starts: Array, *, canvas: Canvas = WIDE) -> "Figure":
    """Return where every search ended below the best, the best first; shape (starts,)."""
    from matplotlib import rc_context
    from matplotlib.ticker import MaxNLocator

    ended = starts[np.isfinite(starts)]
    below = ended - ended.max() if ended.size else ended
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 260.0, 1, 1)
        axes = grid[0, 0]
        axes.plot(np.arange(1, below.size + 1), below, color=BLUE, marker="o", markersize=6)
        axes.set_xlim(0.5, max(starts.size, 2) + 0.5)
        axes.set_ylim(min(-1.0, 1.15 * below.min(initial=0.0)), max(0.15, -0.06 * below.min(initial=0.0)))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.set_xlabel("search, best first")
        axes.set_ylabel("log-posterior below the best")
        axes.grid(visible=False, axis="x")
    return figure


def intervals(rows: Sequence[Interval], *, label: str, logarithmic: bool, canvas: Canvas = WIDE) -> "Figure":
    """Return prior above posterior for each parameter, a row each, on one axis."""
    from matplotlib import rc_context
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    with rc_context(settings()):
        figure, grid = new_figure(canvas, 90.0 + 1.5 * ROW * len(rows), 1, 1)
        axes = grid[0, 0]
        if logarithmic:
            axes.set_xscale("log")
        for y, row in enumerate(rows):
            _interval(axes, y - 0.15, row.prior, PALE, "|")
            _interval(axes, y + 0.17, row.posterior, BLUE if row.identified else MUTED, "o")
        axes.axvline(1.0 if logarithmic else 0.0, color=MUTED, linewidth=0.8)
        _rows(axes, [row.label for row in rows], canvas)
        axes.set_xlabel(label)
        if logarithmic:
            axes.xaxis.set_major_locator(
                LogLocator(subs=(1.0, 2.0, 5.0), numticks=7 if canvas.narrow else 12)
            )
            axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
            axes.xaxis.set_minor_formatter(NullFormatter())
        keys = [
            Line2D([], [], color=PALE, marker="|", linewidth=4),
            Line2D([], [], color=BLUE, marker="o", linewidth=4),
            Line2D([], [], color=MUTED, marker="o", linewidth=4),
        ]
        names = ["prior", "posterior, learnt from the data", "posterior, mostly prior"]
        figure.legend(keys, names, loc="outside upper left", ncols=1 if canvas.narrow else 3)
    return figure


def _interval(axes: "Axes", y: float, quantiles: Sequence[float], colour: str, marker: str) -> None:
    low, quarter, middle, third, high = quantiles
    axes.plot([low, high], [y, y], color=colour, linewidth=1.4, solid_capstyle="butt")
    axes.plot([quarter, third], [y, y], color=colour, linewidth=4.5, solid_capstyle="butt")
    axes.plot([middle], [y], color=colour, marker=marker, markersize=7, linestyle="none")


def _rows(axes: "Axes", labels: Sequence[str], canvas: Canvas) -> None:
    names = [fill(label, 20) if canvas.narrow else label for label in labels]
    axes.set_yticks(range(len(labels)), names)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.grid(visible=False, axis="y")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_color(GRID)


def pairs(axes_of: Sequence[Axis], weights: Array, *, canvas: Canvas = WIDE) -> "Figure":
    """Return every two parameters against each other, and each by itself on the diagonal.

    Parameters
    ----------
    axes_of : sequence of Axis
        Parameters, draws of shape (R,).
    weights : ndarray, shape (R,)
        Share of each draw: the area of its dot.
    canvas : Canvas
        Room for the figure.
    """
    from matplotlib import rc_context

    chosen = list(axes_of)[: 3 if canvas.narrow else 6]
    wrap = 12 if canvas.narrow else 18
    count = len(chosen)
    with rc_context(settings()):
        height = canvas.width * (0.95 if count > 2 else 0.6)
        figure, grid = new_figure(canvas, height, count, count, sharex="col")
        for row, up in enumerate(chosen):
            for column, along in enumerate(chosen):
                panel = grid[row, column]
                if column > row:
                    panel.set_axis_off()
                    continue
                if column == row:
                    _alone(panel, up, weights)
                else:
                    _dots(panel, along.draws, up.draws, weights)
                    panel.set_yscale("log" if up.logarithmic else "linear")
                    panel.axhline(up.before, color=PALE, linewidth=1.0)
                panel.axvline(along.before, color=PALE, linewidth=1.0)
                panel.set_xscale("log" if along.logarithmic else "linear")
                few_ticks(panel.xaxis, panel.get_xlim(), logarithmic=along.logarithmic)
                if column != row:
                    few_ticks(panel.yaxis, panel.get_ylim(), logarithmic=up.logarithmic)
                panel.tick_params(labelleft=column == 0 and row > 0, labelbottom=row == count - 1)
                if row == count - 1:
                    panel.set_xlabel(fill(along.label, wrap))
                if column == 0 and row > 0:
                    panel.set_ylabel(fill(up.label, wrap))
    return figure


def _dots(panel: "Axes", along: Array, up: Array, weights: Array) -> None:
    """A dot a draw, its area by the weight: all dots of a size are one path, or a page would be too long."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    size = np.clip(np.round(2.0 * np.sqrt(weights / weights.mean())), 1.0, 8.0)
    moved = along + SHORTEST * np.where(along == 0.0, 1.0, along)
    for width in np.unique(size):
        chosen = size == width
        starts = np.column_stack([along[chosen], up[chosen]])
        vertices = np.stack([starts, np.column_stack([moved[chosen], up[chosen]])], axis=1).reshape(-1, 2)
        path = Path(vertices, np.tile([Path.MOVETO, Path.LINETO], len(starts)))
        path.should_simplify = False  # or the short strokes would be joined
        stroke = {
            "snap": False,
            "linewidth": 1.3 * width,
            "capstyle": "round",
            "edgecolor": BLUE,
            "alpha": 0.45,
        }
        panel.add_patch(PathPatch(path, fill=False, **stroke))
    panel.autoscale_view()


def _alone(panel: "Axes", axis: Axis, weights: Array) -> None:
    """How often each value is met."""
    low, high = axis.draws.min(), axis.draws.max()
    bins = int(np.clip(np.sqrt(axis.draws.size), 5, 15)) + 1
    spaced = np.geomspace if axis.logarithmic else np.linspace
    panel.hist(axis.draws, bins=list(spaced(low, high, bins)), weights=weights, color=BLUE, alpha=0.6)
    panel.set_yticks([])
    panel.grid(visible=False)


def place_among(value: float, quantiles: Sequence[float]) -> float:
    """Where a number stands when the median is at 0 and the ends of the central 95 % at -1 and 1.

    >>> place_among(3.0, (1.0, 1.5, 2.0, 3.0, 4.0)), place_among(5.0, (2.0,) * 5)
    (0.5, 3.0)
    """
    low, middle, high = quantiles[0], quantiles[len(quantiles) // 2], quantiles[-1]
    if value == middle:
        return 0.0
    if not np.isfinite(middle):  # more than half of the replicates never come so far
        return -0.5 if value >= low else -FURTHEST
    end = high if value > middle else low
    width = abs(end - middle)
    away = FURTHEST if width == 0.0 else abs(value - middle) / width
    return float(np.copysign(min(away, FURTHEST), value - middle))


def printed_numbers(rows: Sequence[Printed], *, canvas: Canvas = WIDE) -> "Figure":
    """Return printed numbers among replicate trials, a row each: the band is their central 95 %."""
    from matplotlib import rc_context
    from matplotlib.lines import Line2D

    with rc_context(settings()):
        each = ROW * (1.8 if canvas.narrow else 1.0)
        figure, grid = new_figure(canvas, 110.0 + each * len(rows), 1, 1)
        axes = grid[0, 0]
        axes.axvspan(-1.0, 1.0, color=PALE, alpha=0.25, linewidth=0)
        axes.axvline(0.0, color=PALE, linewidth=1.2)
        for y, row in enumerate(rows):
            colour = INK if row.inside else MISS
            if y and row.card != rows[y - 1].card:
                axes.axhline(y - 0.5, color=GRID, linewidth=1.0)
            axes.plot(
                [row.place], [y], marker="s" if row.fitted else "o", markersize=7, linestyle="none",
                color=colour, markerfacecolor=colour if row.fitted else "none",
            )  # fmt: skip
            if not canvas.narrow:
                axes.annotate(
                    f"{row.words}\u00a0\u00a0", (1.02, y), xycoords=("axes fraction", "data"), va="center",
                    fontsize="small", color=colour,
                )  # fmt: skip
        _rows(axes, [row.label for row in rows], canvas)
        axes.set_xlim(-FURTHEST - 0.2, FURTHEST + 0.2)
        ticks = ["2.5 %", "", "97.5 %"] if canvas.narrow else ["2.5 %", "median", "97.5 %"]
        axes.set_xticks([-1.0, 0.0, 1.0], ticks)
        axes.set_xlabel("among replicate trials (quantile)")
        keys = [
            Line2D([], [], color=INK, marker="s", linestyle="none"),
            Line2D([], [], color=INK, marker="o", markerfacecolor="none", linestyle="none"),
            Line2D([], [], color=MISS, marker="s", linestyle="none"),
        ]
        names = ["fitted", "checked only", "outside the central 95 %"]
        figure.legend(keys, names, loc="outside upper left", ncols=1 if canvas.narrow else 3)
    return figure


def terms(values: Sequence[tuple[str, float]], *, canvas: Canvas = WIDE) -> "Figure":
    """Return the log-likelihood of each observation at the top, a bar each."""
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, grid = new_figure(canvas, 70.0 + ROW * (1.6 if canvas.narrow else 1.0) * len(values), 1, 1)
        axes = grid[0, 0]
        axes.barh(range(len(values)), [value for _, value in values], color=BLUE, height=0.6, linewidth=0)
        axes.axvline(0.0, color=MUTED, linewidth=0.8)
        _rows(axes, [name for name, _ in values], canvas)
        axes.set_xlim(left=min(-1.0, axes.get_xlim()[0]))
        axes.set_xlabel("log-likelihood at the top")
    return figure
