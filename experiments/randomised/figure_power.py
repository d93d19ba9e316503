"""Figures of a randomised comparison: assurance by size, effects of draws and of trials, power of draws."""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..figure_style import GRID, INK, MUTED, RESPONSE_COLOURS, WIDE, Canvas, new_figure, settings
from .power import Report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = NDArray[np.float64]
BLUE, PALE, AMBER = (RESPONSE_COLOURS[name] for name in ("response", "stable", "progression"))
HEIGHT = 330.0


def assurance_by_size(found: Report, *, canvas: Canvas = WIDE) -> "Figure":
    """Assurance against patients, with its Monte-Carlo error; the planned size, the target, and the "
    "ceiling."""
    from matplotlib import rc_context

    sizes = np.array([sum(item.sizes) for item in found.curve])
    middle = np.array([item.assurance for item in found.curve])
    error = 1.96 * np.array([item.draws_error for item in found.curve])
    with rc_context(settings()):
        figure, grid = new_figure(canvas, HEIGHT, 1, 1)
        axes = grid[0, 0]
        spread = np.clip([100 * (middle - error), 100 * (middle + error)], 0.0, 100.0)
        axes.fill_between(sizes, *spread, color=BLUE, alpha=0.18, linewidth=0)
        axes.plot(sizes, 100 * middle, color=BLUE, marker="o", markersize=4)
        axes.axhline(100 * found.target, color=MUTED, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.axhline(100 * found.better, color=AMBER, linewidth=1.2)
        axes.annotate(
            "draws in which it is better: no trial is surer",
            (sizes[-1], 100 * found.better),
            xytext=(0, -12),
            textcoords="offset points",
            ha="right",
            color=AMBER,
        )
        planned = sum(found.planned.sizes)
        axes.plot([planned], [100 * found.planned.assurance], "D", color=INK, markersize=6)
        axes.annotate(
            f"planned: {100 * found.planned.assurance:.0f} %",
            (planned, 100 * found.planned.assurance),
            xytext=(8, -14),
            textcoords="offset points",
        )
        axes.set_xlim(left=0.0)
        axes.set_ylim(0.0, 103.0)
        axes.set_xlabel("patients of both arms")
        axes.set_ylabel("assurance, %")
    return figure


def effects_of_trials(found: Report, *, canvas: Canvas = WIDE) -> "Figure":
    """What trials would estimate, and what the draws of the fit say it is."""
    from matplotlib import rc_context

    ratio = is_ratio(found)
    trials = found.trials.estimate[np.isfinite(found.trials.estimate)]
    draws = found.effects[np.isfinite(found.effects)]
    low, high = np.quantile(np.concatenate([trials, draws]), (0.002, 0.998))
    edges = np.linspace(low, high, 46)
    with rc_context(settings()):
        figure, grid = new_figure(canvas, HEIGHT, 1, 1)
        axes = grid[0, 0]
        axes.hist(trials, edges, density=True, color=PALE, alpha=0.75, label="replicate trials")
        axes.hist(
            draws,
            edges[::2],
            density=True,
            histtype="step",
            color=BLUE,
            linewidth=1.8,
            label="draws of the fit, endless patients",
        )
        axes.axvline(0.0, color=INK, linewidth=1.0)
        if ratio:
            ticks = [
                tick
                for tick in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.5, 2.0)
                if np.exp(low) <= tick <= np.exp(high)
            ]
            axes.set_xticks(np.log(ticks), [f"{tick:g}" for tick in ticks])
        axes.set_xlabel("hazard ratio" if ratio else "difference")
        axes.set_yticks([])
        axes.grid(axis="y", visible=False)
        axes.legend(loc="upper left")
    return figure


def power_of_draws(found: Report, *, canvas: Canvas = WIDE) -> "Figure":
    """Draws by their power: assurance is a mean over trials that nearly always and that seldom succeed."""
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, grid = new_figure(canvas, 0.8 * HEIGHT, 1, 1)
        axes = grid[0, 0]
        values = np.sort(found.planned.power)[::-1]
        axes.bar(np.arange(1, values.size + 1), 100 * values, width=1.0, color=BLUE, linewidth=0)
        axes.axhline(100 * found.planned.assurance, color=INK, linewidth=1.2)
        axes.annotate(
            f"assurance {100 * found.planned.assurance:.0f} %",
            (values.size, 100 * found.planned.assurance),
            xytext=(0, 4),
            textcoords="offset points",
            ha="right",
        )
        axes.set_xlim(0.5, values.size + 0.5)
        axes.set_ylim(0.0, 103.0)
        axes.set_xlabel("draws of the fit, the most favourable first")
        axes.set_ylabel("power, %")
        axes.grid(axis="x", visible=False)
        axes.spines["bottom"].set_color(GRID)
    return figure


def is_ratio(found: Report) -> bool:
    """Whether the estimate is the logarithm of a hazard ratio."""
    return found.design.test in ("log-rank", "cox")
