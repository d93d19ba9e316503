"""Figures of hypotheses: what each structure predicts, what is chosen, bits by size and day."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..figure_style import INK, MUTED, PAPER, RESPONSE_COLOURS, ZERO_DOSE, Canvas, new_figure, settings
from .discrimination import Discrimination
from .information import Verdict
from .section import SAMPLES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLOURS = (
    RESPONSE_COLOURS["response"],
    RESPONSE_COLOURS["progression"],
    ZERO_DOSE,
    RESPONSE_COLOURS["stable"],
    INK,
)
MARKERS = ("o", "s", "^", "D", "v")
LINES = ("-", "--", ":", "-.", (0, (1, 1)))
UNITS = {"em_cd8_percent": "change, percentage points", "plasma": "ng/mL"}
MOST_PANELS = 6


def prediction_figure(found: Discrimination, canvas: Canvas, *, what: str) -> "Figure":
    """One sample under every structure: medians and 90 % intervals over draws, a panel a dose.

    Parameters
    ----------
    found
    canvas
    what : str
        One of the samples.
    """
    from matplotlib import rc_context

    arms = found.arms[-MOST_PANELS:]
    first = len(found.arms) - len(arms)
    with rc_context(settings()):
        columns = canvas.columns(len(arms))
        rows = -(-len(arms) // columns)
        figure, grid = new_figure(canvas, 210.0 * rows + 30.0, rows, columns, sharex=True, sharey=True)
        panels = list(grid.ravel())
        for place, axes in enumerate(panels[: len(arms)]):
            _predicted(axes, found, first + place, what)
            axes.set_title(arms[place])
            axes.set_xlabel("day")
            axes.tick_params(labelbottom=True)
        for axes in panels[len(arms) :]:
            axes.set_axis_off()
        grid[0, 0].set_ylabel(UNITS.get(what, "over baseline"))
        handles, names = panels[0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside upper left", ncols=len(names))
    return figure


def _predicted(axes: "Axes", found: Discrimination, arm: int, what: str) -> None:
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    places = [k for k, item in enumerate(found.readings) if item.arm == arm and item.what == what]
    days = np.array([found.readings[place].day for place in places])
    positions = np.arange(days.size, dtype=np.float64)
    for number, name in enumerate(found.structures):
        values = found.predicted[number, places]
        values = values if what == "em_cd8_percent" else np.exp(values)
        shift = positions + 0.16 * (number - 0.5 * (len(found.structures) - 1))
        style = number % len(COLOURS)
        axes.vlines(shift, values[:, 0], values[:, 2], color=COLOURS[style], linewidth=1.3)
        axes.plot(
            shift,
            values[:, 1],
            linestyle="none",
            marker=MARKERS[style],
            markersize=4,
            color=COLOURS[style],
            label=name,
        )
    axes.set_xticks(positions, [f"{day:.2g}" for day in days])
    if what != "em_cd8_percent":
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(base=10.0, subs=(1.0, 2.0, 5.0)))
        axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        axes.yaxis.set_minor_formatter(NullFormatter())


def confusion_figure(found: Discrimination, canvas: Canvas) -> "Figure":
    """Share of trials in which each structure is chosen, rows the truth: a panel a size of the trial."""
    from matplotlib import rc_context

    sizes = list(found.by_size)
    shown = sizes if len(sizes) <= 3 else [sizes[0], sizes[len(sizes) // 2], sizes[-1]]
    with rc_context(settings()):
        columns = canvas.columns(len(shown), narrow=1)
        rows = -(-len(shown) // columns)
        side = 40.0 * len(found.structures) + 90.0
        figure, grid = new_figure(canvas, side * rows, rows, columns)
        for size, axes in zip(shown, grid.ravel(), strict=True):
            _confusion(axes, found.by_size[size], found.structures)
            axes.set_title(f"{size} patients a dose")
        grid[0, 0].set_ylabel("truth")
    return figure


def _confusion(axes: "Axes", verdict: Verdict, names: Sequence[str]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("chosen", [PAPER, COLOURS[0]])
    axes.pcolormesh(verdict.chosen, cmap=shades, vmin=0.0, vmax=1.0, edgecolors=MUTED, linewidth=0.5)
    for row, shares in enumerate(verdict.chosen):
        for column, share in enumerate(shares):
            ink = PAPER if share > 0.6 else INK
            axes.text(column + 0.5, row + 0.5, f"{100 * share:.0f} %", ha="center", va="center", color=ink)
    middles = np.arange(len(names)) + 0.5
    axes.set_xticks(middles, names)
    axes.set_yticks(middles, names)
    axes.invert_yaxis()
    axes.grid(visible=False)
    axes.set_xlabel("chosen")


def information_figure(found: Discrimination, canvas: Canvas) -> "Figure":
    """Bits learnt of the structure: by patients an arm, and by the day of one blood sample at all doses."""
    from matplotlib import rc_context
    from matplotlib.ticker import NullLocator

    most = float(np.log2(len(found.structures)))
    with rc_context(settings()):
        stacked = canvas.narrow
        figure, grid = new_figure(
            canvas, 610.0 if stacked else 300.0, 2 if stacked else 1, 1 if stacked else 2
        )
        left, right = grid.ravel()
        sizes = list(found.by_size)
        verdicts = list(found.by_size.values())
        errors = [1.96 * item.error for item in verdicts]
        left.errorbar(sizes, [item.bits for item in verdicts], errors, marker="o", color=COLOURS[0])
        left.set_xscale("log")
        left.set_xticks(sizes, [str(size) for size in sizes])
        left.xaxis.set_minor_locator(NullLocator())
        left.set_xlabel("patients a dose, everything read")
        left.set_ylabel("bits about the structure")
        samples = [what for what in found.plan.samples if what != "plasma"]
        days = sorted({item.day for item in found.readings if item.what in samples})
        judged = {item.candidate.name: item.verdict for item in found.of_kind("sample and day")}
        for number, what in enumerate(samples):
            values = [judged[f"{SAMPLES[what]}, day {day:.3g}"] for day in days]
            style = number % len(COLOURS)
            right.errorbar(
                np.arange(len(days)),
                [item.bits for item in values],
                [1.96 * item.error for item in values],
                marker=MARKERS[style],
                linestyle=LINES[style],
                color=COLOURS[style],
                label=SAMPLES[what],
            )
        right.set_xticks(np.arange(len(days)), [f"{day:g}" for day in days])
        right.set_xlabel("day of the one blood sample, all doses")
        columns = 1 if canvas.narrow else len(samples)
        right.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=columns, borderaxespad=0.2)
        for axes in (left, right):
            axes.axhline(most, color=MUTED, linewidth=0.8, linestyle=":")
            axes.set_ylim(0.0, 1.08 * most)
    return figure
