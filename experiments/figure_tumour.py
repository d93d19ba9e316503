"""Figures of the tumour: spider and waterfall of the sum of longest diameters, progression-free survival."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from ..model.survival import Survival
from .figure_style import (
    INK,
    MUTED,
    RESPONSE_COLOURS,
    WIDE,
    Canvas,
    day_axis,
    dose_colours,
    new_figure,
    panel_row,
    settings,
    spread_labels,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]

GROUPS = {"CR": "response", "PR": "response", "SD": "stable", "PD": "progression"}
GROUP_LABELS = {"response": "response", "stable": "stable disease", "progression": "progression"}


@dataclass(frozen=True, slots=True)
class Scans:
    """Measured scans of some patients of one arm.

    Attributes
    ----------
    label : str
        Name of the arm.
    dose : float
        Dose per injection.
    days : ndarray, shape (scans,)
        Days of the scans, baseline first.
    change : ndarray, shape (n, scans)
        Measured change of the sum of longest diameters from baseline, percent; NaN where not scanned.
    best_change : ndarray, shape (n,)
        Smallest change after baseline, percent.
    response : tuple of str, length n
        Best overall response: CR, PR, SD, PD or NE.
    """

    label: str
    dose: float
    days: Array
    change: Array
    best_change: Array
    response: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ArmSurvival:
    """Progression-free survival of one arm, named and coloured by its dose."""

    label: str
    dose: float
    curve: Survival


def _response_legend(figure: "Figure") -> None:
    from matplotlib.lines import Line2D

    handles = [Line2D([], [], color=RESPONSE_COLOURS[name], linewidth=4) for name in GROUP_LABELS]
    figure.legend(handles, list(GROUP_LABELS.values()), loc="outside upper right", ncols=3, handlelength=1.2)


def spider(arms: Sequence[Scans], *, canvas: Canvas = WIDE) -> "Figure":
    """Return measured change of tumour size by patient, scan to scan, coloured by best response."""
    from matplotlib import rc_context
    from matplotlib.collections import LineCollection

    with rc_context(settings()):
        figure, panels = panel_row(canvas, len(arms), height=250.0)
        colours = dose_colours([arm.dose for arm in arms])
        for axes, arm, colour in zip(panels, arms, colours, strict=True):
            groups = [GROUPS.get(response) for response in arm.response]
            lines = LineCollection(
                [np.column_stack([arm.days, change]) for change in arm.change],
                colors=[MUTED if group is None else RESPONSE_COLOURS[group] for group in groups],
                linewidths=0.9,
                alpha=0.75,
            )
            axes.add_collection(lines, autolim=False)
            for threshold in (20.0, -30.0):
                axes.axhline(threshold, color=INK, linestyle=(0, (2, 2)), linewidth=0.9)
            axes.set_title(arm.label, color=colour, fontweight="bold")
            day_axis(axes, float(arm.days[-1]), every=42.0, label="")
        every = np.concatenate([arm.change.ravel() for arm in arms])
        top = float(np.nanpercentile(every, 99.5))
        panels[0].set_ylim(min(-40.0, float(np.nanmin(every)) - 5.0), max(60.0, 20.0 * np.ceil(top / 20.0)))
        _response_legend(figure)
        figure.supxlabel("time (d)", fontsize="medium", color=INK)
        figure.supylabel("change of SLD from baseline (%)", fontsize="medium", color=INK)
    return figure


def waterfall(arms: Sequence[Scans], *, canvas: Canvas = WIDE) -> "Figure":
    """Return the best measured change of tumour size by patient, sorted, coloured by best response."""
    from matplotlib import rc_context
    from matplotlib.collections import PolyCollection

    with rc_context(settings()):
        figure, panels = panel_row(canvas, len(arms), height=240.0)
        colours = dose_colours([arm.dose for arm in arms])
        for axes, arm, colour in zip(panels, arms, colours, strict=True):
            order = np.argsort(-np.nan_to_num(arm.best_change, nan=np.inf), kind="stable")
            groups = [GROUPS.get(arm.response[k]) for k in order]
            bars = PolyCollection(
                [
                    [(k + 0.54, 0.0), (k + 0.54, best), (k + 1.46, best), (k + 1.46, 0.0)]
                    for k, best in enumerate(arm.best_change[order])
                ],
                facecolors=[MUTED if group is None else RESPONSE_COLOURS[group] for group in groups],
                linewidths=0,
            )
            axes.add_collection(bars, autolim=False)
            for threshold in (20.0, -30.0):
                axes.axhline(threshold, color=INK, linestyle=(0, (2, 2)), linewidth=0.9)
            axes.axhline(0.0, color=MUTED, linewidth=0.8)
            axes.set_title(arm.label, color=colour, fontweight="bold")
            axes.set_xlim(0.0, order.size + 1.0)
            axes.grid(visible=False, axis="x")
        every = np.concatenate([arm.best_change for arm in arms])
        panels[0].set_ylim(
            min(-40.0, float(np.nanmin(every)) - 5.0), max(60.0, float(np.nanpercentile(every, 99.0)))
        )
        _response_legend(figure)
        figure.supxlabel("patient, sorted", fontsize="medium", color=INK)
        figure.supylabel("best change of SLD (%)", fontsize="medium", color=INK)
    return figure


def survival(arms: Sequence[ArmSurvival], *, canvas: Canvas = WIDE, every: float = 14.0) -> "Figure":
    """Return Kaplan-Meier curves of progression-free survival with the numbers at risk below."""
    from matplotlib import rc_context

    last = float(max(arm.curve.observed[-1] for arm in arms))
    with rc_context(settings()):
        figure, grid = new_figure(
            canvas,
            300.0 + 21.0 * len(arms),
            2,
            1,
            sharex=True,
            height_ratios=(250.0, 21.0 * len(arms) + 12.0),
        )
        curve, table = grid[0, 0], grid[1, 0]
        colours = dose_colours([arm.dose for arm in arms])
        ends = spread_labels([100.0 * float(arm.curve.at(last)) for arm in arms], 7.5)
        for arm, colour, end in zip(arms, colours, ends, strict=True):
            time = np.concatenate([[0.0], arm.curve.time, [1.04 * last]])
            curve.step(time, 100.0 * arm.curve.at(time), where="post", color=colour, linewidth=1.8)
            curve.annotate(
                arm.label, (1.04 * last, end), xytext=(6, 0), textcoords="offset points", color=colour,
                fontweight="bold", va="center", fontsize="small", annotation_clip=False,
            )  # fmt: skip
        curve.set_ylim(0.0, 103.0)
        curve.set_ylabel("free of progression (%)")
        day_axis(curve, last, every=28.0 if canvas.narrow else every)
        # Room for the last step, and for the first count beside its arm's name.
        curve.set_xlim(-(0.13 if canvas.narrow else 0.04) * last, 1.04 * last)
        curve.tick_params(labelbottom=True)
        days = [day for day in curve.get_xticks() if 0.0 <= day <= last + 1e-9]
        table.set_ylim(len(arms) - 0.4, -0.9)
        table.set_yticks(range(len(arms)), [arm.label for arm in arms], fontweight="bold")
        for row, (arm, colour) in enumerate(zip(arms, colours, strict=True)):
            table.get_yticklabels()[row].set_color(colour)
            for day, count in zip(days, arm.curve.at_risk(days), strict=True):
                table.text(day, row, f"{count:,}", ha="center", va="center", fontsize="small")
        table.set_title("at risk", fontsize="small", pad=2.0)
        table.grid(visible=False)
        for side in ("left", "bottom"):
            table.spines[side].set_visible(False)
        table.tick_params(length=0, labelbottom=False)
    return figure
