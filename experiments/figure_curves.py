"""Figures of what is measured over time: plasma concentration by dose, and bands of a readout by arm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from .figure_style import (
    INK,
    MUTED,
    WIDE,
    Canvas,
    day_axis,
    dose_colours,
    new_figure,
    panel_row,
    plain_log,
    settings,
    spread_labels,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Band:
    """A readout of one arm over time, summarised over its virtual patients.

    Attributes
    ----------
    label : str
        Name of the arm.
    dose : float
        Dose per injection; sets the colour.
    time : ndarray, shape (T,)
        Days.
    quantiles : ndarray, shape (T, Q)
        Values at `levels`.
    levels : tuple of float, length Q
        Increasing; holds 0.5, and the ends of the 50 % and 90 % bands where they are to be drawn.
    """

    label: str
    dose: float
    time: Array
    quantiles: Array
    levels: tuple[float, ...]

    def at(self, level: float) -> Array:
        """Return the curve of one quantile, shape (T,)."""
        index = int(np.argmin(np.abs(np.asarray(self.levels) - level)))
        if abs(self.levels[index] - level) > 1e-9:
            raise ValueError(f"quantile {level} was not stored; stored: {self.levels}")
        return np.asarray(self.quantiles[:, index], dtype=np.float64)


def _draw_band(axes: "Axes", band: Band, colour: str) -> None:
    axes.fill_between(band.time, band.at(0.05), band.at(0.95), color=colour, alpha=0.18, linewidth=0)
    axes.fill_between(band.time, band.at(0.25), band.at(0.75), color=colour, alpha=0.32, linewidth=0)
    axes.plot(band.time, band.at(0.5), color=colour, linewidth=1.8)


def _concentration_panel(axes: "Axes", bands: Sequence[Band], until: float, *, banded: bool) -> None:
    """Draw the dosed arms up to a day (where the next injection begins), each named at its peak."""
    floor, top = axes.get_ylim()
    heights = [float(np.log10(np.nanmax(band.at(0.5)))) for band in bands]
    places = spread_labels(heights, 0.06 * np.log10(top / floor))
    for band, colour, place in zip(bands, dose_colours([band.dose for band in bands]), places, strict=True):
        shown = band.time <= until
        if until <= band.time[-1] and band.at(0.5)[shown][-1] > band.at(0.5)[shown][-2]:
            shown &= band.time < until  # the next injection shows at once
        time = band.time[shown]
        # Values under the axis are drawn just under it, so that a line leaves the picture instead of jumping.
        low, median, high = (np.maximum(band.at(level)[shown], 0.5 * floor) for level in (0.05, 0.5, 0.95))
        if banded:
            axes.fill_between(time, low, high, color=colour, alpha=0.16, linewidth=0)
        axes.plot(time, median, color=colour)
        axes.annotate(
            band.label, (1.0, 10.0**place), xycoords=("axes fraction", "data"), xytext=(4, 0),
            textcoords="offset points", color=colour, fontweight="bold", fontsize="small", va="center",
            annotation_clip=False,
        )  # fmt: skip


def concentration(
    bands: Sequence[Band], *, limit: float | None, canvas: Canvas = WIDE, interval: float = 14.0
) -> "Figure":
    """Return plasma concentration by dose on a log axis: the first dosing interval, and the whole treatment.

    Arms without drug have no level and are left out.

    Parameters
    ----------
    bands : sequence of Band
        Plasma LAG-3Ig, ng/mL, one an arm.
    limit : float or None
        Lower limit of quantification of the assay, ng/mL.
    canvas : Canvas
        Room for the figure.
    interval : float
        Days between injections.
    """
    from matplotlib import rc_context

    dosed = [band for band in bands if band.dose > 0.0 and np.nanmax(band.at(0.5)) > 0.0]
    peak = max((float(np.nanmax(band.at(0.95))) for band in dosed), default=limit or 1.0)
    smallest = min((float(np.nanmax(band.at(0.5))) for band in dosed), default=limit or 1.0)
    last = float(max(band.time[-1] for band in bands))
    with rc_context(settings()):
        if canvas.narrow:
            figure, grid = new_figure(canvas, 560.0, 2, 1, sharey=True)
        else:
            figure, grid = new_figure(canvas, 370.0, 1, 2, sharey=True, width_ratios=(0.42, 0.58))
        first, whole = grid.ravel()
        plain_log(
            first,
            10.0 ** np.floor(np.log10(min(smallest, limit or smallest) / 2.0)),
            10.0 ** np.ceil(np.log10(peak * 1.2)),
        )
        _concentration_panel(first, dosed, interval, banded=True)
        _concentration_panel(whole, dosed, np.inf, banded=False)
        for axes in (first, whole) if limit is not None else ():
            axes.axhline(limit, color=INK, linestyle=(0, (4, 3)), linewidth=1.1)
        if limit is not None:
            first.annotate(
                f"assay limit {limit:g} ng/mL", (interval, limit), xytext=(-2, 3),
                textcoords="offset points", color=INK, fontsize="small", ha="right",
            )  # fmt: skip
        first.set_title("first injection: median, 90 % band")
        whole.set_title("whole treatment: median")
        first.set_ylabel("plasma LAG-3Ig (ng/mL)")
        if canvas.narrow:
            whole.set_ylabel("plasma LAG-3Ig (ng/mL)")
        day_axis(first, min(interval, last), every=2.0)
        day_axis(whole, last, every=interval)
    return figure


def readout(
    bands: Sequence[Band],
    *,
    label: str,
    canvas: Canvas = WIDE,
    every: float = 14.0,
    height: float = 250.0,
    log: bool = False,
) -> "Figure":
    """Return one panel an arm of a readout over time: median, 50 % and 90 % band, first median.

    Parameters
    ----------
    bands : sequence of Band
        One an arm, in the same unit.
    label : str
        Axis label with its unit.
    canvas : Canvas
        Room for the figure.
    every : float
        Days between ticks.
    height : float
        CSS pixels of one row of panels.
    log : bool
        Logarithmic axis, for counts that vary by factors.
    """
    from matplotlib import rc_context

    with rc_context(settings()):
        figure, panels = panel_row(canvas, len(bands), height=height)
        for axes, band, colour in zip(
            panels, bands, dose_colours([band.dose for band in bands]), strict=True
        ):
            axes.axhline(float(band.at(0.5)[0]), color=MUTED, linestyle=(0, (2, 2)), linewidth=1.0)
            _draw_band(axes, band, colour)
            axes.set_title(band.label, color=colour, fontweight="bold")
            day_axis(axes, float(band.time[-1]), every=every if len(bands) == 1 else 2.0 * every, label="")
        top = max(float(np.nanmax(band.at(0.95))) for band in bands)
        low = min(float(np.nanmin(band.at(0.05))) for band in bands)
        if log:
            plain_log(panels[0], low / 1.15, top * 1.15, minor=False)
        else:
            panels[0].set_ylim(max(0.0, low - 0.1 * (top - low)), top + 0.05 * (top - low))
        figure.supxlabel("time (d)", fontsize="medium", color=INK)
        figure.supylabel(label, fontsize="medium", color=INK)
    return figure
