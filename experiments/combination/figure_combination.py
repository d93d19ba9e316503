"""Figures of a combination: observed beside each null, power to reject them, what twins respond to."""

from typing import TYPE_CHECKING

import numpy as np

from ...model.chance import DAYS_PER_MONTH
from ..figure_style import INK, MUTED, RESPONSE_COLOURS, WIDE, Canvas, new_figure, settings
from .comparison import Compared
from .nulls import LABELS
from .section import Combination
from .words_combination import endpoint_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, PALE, AMBER = (RESPONSE_COLOURS[name] for name in ("response", "stable", "progression"))
NULL_COLOURS = {"highest": PALE, "bliss": AMBER, "independent": MUTED, "additive": AMBER}


def beside_nulls(found: Compared, plan: Combination, at: float, *, canvas: Canvas = WIDE) -> "Figure":
    """Arms and nulls of each endpoint: medians and 90 % over the draws."""
    from matplotlib import rc_context

    lines = [
        len(plan.arms) + sum(row.endpoint == endpoint for row in found.rows) for endpoint in plan.endpoints
    ]
    with rc_context(settings()):
        figure, grid = new_figure(
            canvas, 24.0 * sum(lines) + 62.0 * len(lines), len(lines), 1, gridspec_kw={"height_ratios": lines}
        )
        for endpoint, axes in zip(plan.endpoints, grid.ravel(), strict=True):
            scale = 100.0 * (DAYS_PER_MONTH if endpoint == "growth" else 1.0)
            shown = [(name, found.shares[endpoint][name], BLUE, "o") for name in plan.arms]
            shown[-1] = (*shown[-1][:2], INK, "D")
            shown += [
                (f"null: {LABELS[row.null]}", row.expected, AMBER, "s")
                for row in found.rows
                if row.endpoint == endpoint
            ]
            for place, (_, values, colour, marker) in enumerate(shown):
                low, middle, high = scale * values
                axes.plot([low, high], [place, place], color=colour, linewidth=2.0)
                axes.plot([middle], [place], marker, color=colour, markersize=7)
            axes.axvline(scale * found.shares[endpoint][plan.together][1], color=INK, linewidth=0.8, zorder=0)
            axes.set_yticks(range(len(shown)), [name for name, *_ in shown])
            axes.set_ylim(len(shown) - 0.4, -0.6)
            axes.grid(axis="y", visible=False)
            unit = "% a month" if endpoint == "growth" else "%"
            axes.set_xlabel(f"{endpoint_words(endpoint, at)}, {unit}")
    return figure


def power_by_size(found: Compared, plan: Combination, at: float, *, canvas: Canvas = WIDE) -> "Figure":
    """Share of trials that find the combination better than each null, against patients an arm."""
    from matplotlib import rc_context

    columns = canvas.columns(len(plan.endpoints), narrow=1)
    rows = -(-len(plan.endpoints) // columns)
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 270.0 * rows, rows, columns, sharey=True)
        for endpoint, axes in zip(plan.endpoints, grid.ravel(), strict=True):
            for row in found.rows:
                if row.endpoint != endpoint:
                    continue
                sizes = np.array(list(row.power))
                better = 100.0 * np.array([power[0] for power in row.power.values()])
                axes.plot(
                    sizes,
                    better,
                    marker="o",
                    markersize=4,
                    color=NULL_COLOURS[row.null],
                    linestyle="-" if row.null != "independent" else (0, (4, 2)),
                    label=LABELS[row.null],
                )
            axes.set_ylim(0.0, 103.0)
            axes.set_xlim(left=0.0)
            axes.set_title(endpoint_words(endpoint, at))
            axes.set_xlabel("patients in each arm")
            axes.legend(loc="best")
        grid[0, 0].set_ylabel("found better, % of trials")
    return figure


def twins_figure(found: Compared, *, canvas: Canvas = WIDE) -> "Figure":
    """What persons respond to, were they in every arm."""
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, grid = new_figure(canvas, 34.0 * len(found.crossed) + 60.0, 1, 1)
        axes = grid[0, 0]
        shares = 100.0 * np.array(list(found.crossed.values()))
        axes.barh(np.arange(shares.size), shares, color=BLUE, height=0.62)
        for place, share in enumerate(shares):
            axes.annotate(
                f"{share:.1f} %", (share, place), xytext=(5, 0), textcoords="offset points", va="center"
            )
        axes.set_yticks(range(shares.size), [f"respond {name}" for name in found.crossed])
        axes.set_ylim(shares.size - 0.4, -0.6)
        axes.set_xlim(0.0, 1.12 * max(shares.max(), 1.0))
        axes.grid(axis="y", visible=False)
        axes.set_xlabel("persons, %")
    return figure
