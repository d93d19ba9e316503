"""Figure of one simulation: a panel an observable, with the doses marked."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.dosing import Regimen
from ..model.trajectories import Trajectories
from .figure_file import save_figure
from .figure_style import INK, MUTED, RESPONSE_COLOURS, Canvas, day_axis, new_figure, plain_log, settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOG_DECADES = 4.0  # a plasma level is shown this far below its peak


def curves(run: Trajectories, names: Sequence[str], regimen: Regimen) -> "Figure":
    """Return the median, or the typical patient, of each observable, with bands of a population.

    Parameters
    ----------
    run : Trajectories
        What was simulated.
    names : sequence of str
        Observables, one a panel.
    regimen : Regimen
        Its doses are marked below the curves.
    """
    from matplotlib import rc_context

    columns = 1 if len(names) == 1 else 2
    rows = -(-len(names) // columns)
    colour = RESPONSE_COLOURS["response"]
    last = float(run.times[-1])
    given = sorted({item.time for item in regimen.administrations(until=last)})
    labels = {item.symbol: item.name for item in run.model.observables}
    with rc_context(settings()):
        figure, grid = new_figure(Canvas(760.0, narrow=False), 40.0 + 230.0 * rows, rows, columns)
        panels = list(grid.ravel())
        for axes, name in zip(panels, names, strict=False):
            low, quarter, middle, third, high = run.quantiles(name, (0.05, 0.25, 0.5, 0.75, 0.95)).T
            if run.ids.size > 1:
                axes.fill_between(run.times, low, high, color=colour, alpha=0.18, linewidth=0)
                axes.fill_between(run.times, quarter, third, color=colour, alpha=0.32, linewidth=0)
            axes.plot(run.times, middle, color=colour)
            axes.set_title(labels.get(name, name))
            axes.set_ylabel(f"{name} ({run.unit(name)})")
            day_axis(axes, last)
            if name.startswith("plasma") and high.max() > 0.0:
                plain_log(axes, high.max() * 10.0**-LOG_DECADES, high.max() * 2.0)
            for day in given:
                axes.plot([day], [0.0], marker="^", color=INK, markersize=5, clip_on=False,
                          transform=axes.get_xaxis_transform(), linestyle="none")  # fmt: skip
        for axes in panels[len(names) :]:
            axes.set_axis_off()
        who = (
            f"{run.ids.size:,} virtual patients: median, 50 % and 90 %"
            if run.ids.size > 1
            else "typical patient"
        )
        assumed = sum(item.kind == "assumed" for item in run.model.parameters.parameters.values())
        figure.suptitle(f"Model {run.model.name}, {who}; triangles: doses", x=0.01, ha="left", color=INK)
        figure.supxlabel(
            f"{assumed} of {len(run.model.parameters)} parameters are assumed", fontsize="small", color=MUTED
        )
    return figure


def write_picture(run: Trajectories, names: Sequence[str], regimen: Regimen, path: Path) -> None:
    """Write the figure of a simulation; the ending of the name decides PNG, SVG or PDF.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    save_figure(curves(run, names, regimen), path)
