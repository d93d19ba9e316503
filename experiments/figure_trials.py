"""Figures of the trial as a whole: stable disease by dose, replicate trials, natural history."""

from collections.abc import Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .figure_style import (
    GRID,
    INK,
    MUTED,
    RESPONSE_COLOURS,
    WIDE,
    Canvas,
    dose_colours,
    new_figure,
    settings,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = RESPONSE_COLOURS["response"]  # everything that replicate or check simulations give
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Share:
    """A share with its interval, both as fractions."""

    label: str
    value: float
    low: float
    high: float
    dose: float = 0.0
    published: bool = False


@dataclass(frozen=True, slots=True)
class DoseGroup:
    """Arms that the publication reports together, and how replicate trials of its size came out.

    Attributes
    ----------
    label : str
        Name of the group.
    arms : tuple of int
        Indices of its arms.
    published : Share or None
        The published share with its exact interval.
    model : Share
        Median of the replicate trials with the central 95 % of them.
    """

    label: str
    arms: tuple[int, ...]
    published: Share | None
    model: Share


def _interval(axes: "Axes", x: float, share: Share, colour: str, marker: str) -> None:
    axes.plot([x, x], [100 * share.low, 100 * share.high], color=colour, linewidth=2.0, solid_capstyle="butt")
    axes.plot([x], [100 * share.value], marker=marker, color=colour, markersize=7, linestyle="none")


def stable_by_dose(arms: Sequence[Share], groups: Sequence[DoseGroup], *, canvas: Canvas = WIDE) -> "Figure":
    """Return stable disease at three months by dose beside the published groups.

    Parameters
    ----------
    arms : sequence of Share
        Expected share of each virtual arm with its exact interval, in the order of the axis.
    groups : sequence of DoseGroup
        Published groups; each spans its arms.
    canvas : Canvas
        Room for the figure.
    """
    from matplotlib import rc_context
    from matplotlib.lines import Line2D

    with rc_context(settings()):
        figure, grid = new_figure(canvas, 380.0, 1, 1)
        axes = grid[0, 0]
        for group in groups:
            left, right = min(group.arms) - 0.42, max(group.arms) + 0.42
            middle = 0.5 * (left + right)
            offset = 0.09 if len(group.arms) % 2 == 0 else 0.3
            _interval(axes, middle + offset, group.model, BLUE, "D")
            if group.published is not None:
                share = group.published
                axes.plot(
                    [left, right], [100 * share.value] * 2, color=INK, linewidth=1.0, linestyle=(0, (1, 2))
                )
                _interval(axes, middle - offset, share, INK, "s")
                axes.annotate(
                    share.label,
                    (middle - offset, 100 * share.high),
                    xytext=(0, 3),
                    textcoords="offset points",
                    color=INK,
                    fontsize="small",
                    ha="center",
                )
        for x, (arm, colour) in enumerate(zip(arms, dose_colours([a.dose for a in arms]), strict=True)):
            axes.errorbar(
                [x], [100 * arm.value], yerr=[[100 * (arm.value - arm.low)], [100 * (arm.high - arm.value)]],
                color=colour, marker="o", markersize=9, linestyle="none", zorder=4,
            )  # fmt: skip
            axes.annotate(
                f"{100 * arm.value:.0f} %", (x, 100 * arm.high), xytext=(0, 7), textcoords="offset points",
                color=colour, fontweight="bold", fontsize="small", zorder=5, ha="center",
            )  # fmt: skip
        axes.set_xticks(range(len(arms)), [arm.label for arm in arms])
        axes.set_xlim(-0.55, len(arms) - 0.45)
        axes.set_ylim(0.0, 112.0)
        axes.set_yticks(range(0, 101, 20))
        axes.set_xlabel("dose per injection")
        axes.set_ylabel("stable at 3 months (% of evaluable)")
        axes.grid(visible=False, axis="x")
        keys = [
            Line2D([], [], color=MUTED, marker="o", linestyle="none", markersize=8),
            Line2D([], [], color=BLUE, marker="D", linewidth=2),
            Line2D([], [], color=INK, marker="s", linewidth=2),
        ]
        names = ["model, virtual arm", "model, trials of this size (95 %)", "published (exact 95 %)"]
        shown = 3 if any(group.published for group in groups) else 2
        figure.legend(keys[:shown], names[:shown], loc="outside upper left", ncols=1 if canvas.narrow else 3)
    return figure


def _boundary(axes: "Axes", inside: npt.NDArray[np.bool_], colour: str) -> None:
    """Draw the edge of a set of cells, one unit square a cell."""
    rows, columns = inside.shape
    for row in range(rows):
        for column in range(columns):
            if not inside[row, column]:
                continue
            if column + 1 < columns and not inside[row, column + 1]:
                axes.plot([column + 0.5] * 2, [row - 0.5, row + 0.5], color=colour, linewidth=1.6)
            if row > 0 and not inside[row - 1, column]:
                axes.plot([column - 0.5, column + 0.5], [row - 0.5] * 2, color=colour, linewidth=1.6)


def replicates(
    low: Counts,
    high: Counts,
    *,
    n_low: int,
    n_high: int,
    published: tuple[int, int] | None,
    labels: tuple[str, str],
    significant: npt.NDArray[np.bool_],
    p_value: float,
    canvas: Canvas = WIDE,
) -> "Figure":
    """Return how often replicate trials gave each pair of counts, with the published pair marked.

    Parameters
    ----------
    low, high : ndarray, shape (R,)
        Patients stable at three months in the two groups of every replicate trial.
    n_low, n_high : int
        Evaluable patients of the groups.
    published : (int, int) or None
        The published pair of counts.
    labels : (str, str)
        Names of the groups.
    significant : ndarray of bool, shape (n_low + 1, n_high + 1)
        Pairs with a one-sided P at or below `p_value`; a staircase marks their edge.
    p_value : float
        Limit of the published test.
    canvas : Canvas
        Room for the figure.
    """
    from matplotlib import rc_context
    from matplotlib.lines import Line2D
    from matplotlib.patches import Rectangle
    from matplotlib.ticker import MaxNLocator

    table = np.zeros((n_high + 1, n_low + 1))
    np.add.at(table, (high, low), 100.0 / low.size)
    with rc_context(settings()):
        width = canvas.width if canvas.narrow else 720.0
        room = Canvas(width=width, narrow=canvas.narrow)
        figure, grid = new_figure(
            room, 400.0 if canvas.narrow else 500.0, 2, 2, width_ratios=(5, 1), height_ratios=(1, 4)
        )
        above, corner, cells, beside = grid.ravel()
        corner.set_axis_off()
        most = 14 if canvas.narrow else 24  # more numbers than this in a row would touch
        brightest = float(table.max())
        for j, i in np.argwhere(table > 0.0):
            weight = 0.75 * table[j, i] / brightest
            cells.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, color=BLUE, alpha=weight, linewidth=0))
            if table[j, i] >= 0.95 and max(n_low, n_high) <= most:
                cells.text(i, j, f"{table[j, i]:.0f}", ha="center", va="center", fontsize="small")
        _boundary(cells, significant.T, MUTED)
        if published is not None:
            i, j = published
            cells.add_patch(Rectangle((i - 0.5, j - 0.5), 1, 1, fill=False, edgecolor=INK, linewidth=2.6))
        cells.set_xlim(-0.5, n_low + 0.5)
        cells.set_ylim(-0.5, n_high + 0.5)
        cells.xaxis.set_major_locator(MaxNLocator(most, integer=True))
        cells.yaxis.set_major_locator(MaxNLocator(most, integer=True))
        cells.set_xlabel(f"stable of {n_low}, {labels[0]}")
        cells.set_ylabel(f"stable of {n_high}, {labels[1]}")
        cells.grid(visible=False)
        above.bar(range(n_low + 1), table.sum(axis=0), color=BLUE, alpha=0.6, width=0.9, linewidth=0)
        beside.barh(range(n_high + 1), table.sum(axis=1), color=BLUE, alpha=0.6, height=0.9, linewidth=0)
        if published is not None:
            for bar in (above.patches[published[0]], beside.patches[published[1]]):
                bar.set(edgecolor=INK, linewidth=2.0, alpha=None, facecolor=(BLUE, 0.6))
        above.set_xlim(-0.5, n_low + 0.5)
        beside.set_ylim(-0.5, n_high + 0.5)
        above.tick_params(labelbottom=False)
        beside.tick_params(labelleft=False)
        above.set_ylabel("trials (%)")
        beside.set_xlabel("trials (%)")
        above.grid(visible=False, axis="x")
        beside.grid(visible=False, axis="y")
        keys = [Line2D([], [], color=MUTED, linewidth=1.6)]
        names = [f"edge of one-sided P ≤ {p_value:g}"]
        if published is not None:
            keys.insert(0, Line2D([], [], color=INK, marker="s", markerfacecolor="none", linestyle="none"))
            names.insert(0, f"published: {published[0]} of {n_low}, {published[1]} of {n_high}")
        figure.legend(keys, names, loc="outside upper left", ncols=1 if canvas.narrow else 2)
    return figure


def shares(rows: Sequence[Share], *, label: str, canvas: Canvas = WIDE) -> "Figure":
    """Return shares with their intervals, one a row, published ones in their own colour."""
    from matplotlib import rc_context

    with rc_context(settings()):
        height = (50.0 + 46.0 * len(rows)) if canvas.narrow else (60.0 + 32.0 * len(rows))
        figure, grid = new_figure(canvas, height, 1, 1)
        axes = grid[0, 0]
        for y, row in enumerate(rows):
            colour = INK if row.published else BLUE
            axes.plot([100 * row.low, 100 * row.high], [y, y], color=colour, linewidth=2.0)
            axes.plot(
                [100 * row.value], [y], marker="s" if row.published else "o", color=colour, markersize=7
            )
            axes.annotate(
                f"{100 * row.value:.1f}", (100 * row.value, y), xytext=(0, 6), textcoords="offset points",
                ha="center", color=colour, fontsize="small",
            )  # fmt: skip
        names = [fill(row.label, 19) if canvas.narrow else row.label for row in rows]
        axes.set_yticks(range(len(rows)), names)
        axes.set_ylim(len(rows) - 0.5, -0.7)
        axes.set_xlim(0.0, 100.0)
        axes.set_xlabel(label)
        axes.grid(visible=False, axis="y")
        axes.tick_params(axis="y", length=0)
        axes.spines["left"].set_color(GRID)
    return figure
