"""Figures of a search: dose response, maps of the goal over pairs of axes, and how flat the best is."""

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from ..figure_style import INK, MUTED, RESPONSE_COLOURS, Canvas, dose_colours, new_figure, settings
from .goals import GOALS
from .grid import Schedule
from .search import ScheduleResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

AXES = {"amount": "amount", "every": "interval (d)", "start": "first dose (d)"}
SHOWN = 24  # schedules of the flatness figure
BLUE = RESPONSE_COLOURS["response"]
MAP = "YlGnBu"


def varied(result: ScheduleResult) -> tuple[str, ...]:
    """Axes on which schedules differ."""
    return tuple(name for name in AXES if len(_ticks(result, name)) > 1)


def dose_response(result: ScheduleResult, canvas: Canvas) -> "Figure":
    """Each goal against the amount, a line an interval, at the best day of beginning."""
    from matplotlib import rc_context

    goals = list(result.surfaces)
    columns = 1 if canvas.narrow else len(goals)
    rows = len(goals) if canvas.narrow else 1
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 290.0 * rows + 40.0, rows, columns)
        for number, (goal, axes) in enumerate(zip(goals, grid.ravel(), strict=True)):
            _dose_panel(axes, result, goal)
            if number == 0:
                axes.legend(loc="best", title="interval")
    return figure


def _dose_panel(axes: "Axes", result: ScheduleResult, goal: str) -> None:
    surface, best = result.surfaces[goal], result.best.schedule
    intervals = _ticks(result, "every")
    colours = dose_colours([1.0 / every for every in intervals])
    low, high = surface.between_draws if result.draws > 1 else _within(surface)
    for every, colour in zip(intervals, colours, strict=True):
        places = [k for k, item in enumerate(result.candidates) if _on_line(item.schedule, every, best.start)]
        places.sort(key=lambda k: result.candidates[k].schedule.amount)
        amounts = [result.candidates[k].schedule.amount for k in places]
        axes.fill_between(amounts, low[places], high[places], color=colour, alpha=0.15, linewidth=0.0)
        axes.plot(amounts, surface.value[places], "o-", color=colour, markersize=4, label=f"{every:g} d")
    _amount_axis(axes, result)
    item = GOALS[goal]
    axes.set_title(_wrapped(item.label))
    axes.set_ylabel(item.unit)


def _on_line(schedule: Schedule, every: float, start: float) -> bool:
    return schedule.every == every and schedule.start == start


def _within(surface: Any) -> tuple[Any, Any]:
    return surface.value - 1.96 * surface.value_error, surface.value + 1.96 * surface.value_error


def _amount_axis(axes: "Axes", result: ScheduleResult) -> None:
    from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

    ticks = _ticks(result, "amount")
    if min(ticks) > 0.0:
        axes.set_xscale("log")
    elif len(ticks) > 1:
        axes.set_xscale("symlog", linthresh=ticks[1])
    kept = ticks if len(ticks) <= 5 else ticks[:: -(-len(ticks) // 5)]
    axes.xaxis.set_major_locator(FixedLocator(kept))
    axes.xaxis.set_minor_locator(NullLocator())
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.set_xlabel(f"amount ({result.search.unit})")


def maps(result: ScheduleResult, canvas: Canvas) -> "Figure":
    """The goal over each pair of axes, the third at the best schedule's; empty where a limit forbids."""
    from matplotlib import rc_context

    pairs = list(combinations(varied(result), 2))
    columns = 1 if canvas.narrow or len(pairs) == 1 else len(pairs)
    rows = -(-len(pairs) // columns)
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 320.0 * rows + 20.0, rows, columns)
        values = result.main.value[: result.grid_size]
        limits = float(np.nanmin(values)), float(np.nanmax(values))
        for pair, axes in zip(pairs, grid.ravel(), strict=True):
            _map_panel(axes, result, pair, limits)
    return figure


def _map_panel(
    axes: "Axes", result: ScheduleResult, pair: Sequence[str], limits: tuple[float, float]
) -> None:
    across, up = pair
    columns, rows = _ticks(result, across), _ticks(result, up)
    best = _nearest_of_grid(result)
    fixed = [name for name in AXES if name not in pair]
    values = np.full((len(rows), len(columns)), np.nan)
    for k, item in enumerate(result.candidates[: result.grid_size]):
        here = item.schedule
        if all(getattr(here, name) == getattr(best, name) for name in fixed):
            values[rows.index(getattr(here, up)), columns.index(getattr(here, across))] = result.main.value[k]
    axes.pcolormesh(  # as shapes: a page shows no picture from outside itself
        np.arange(len(columns)),
        np.arange(len(rows)),
        np.ma.masked_invalid(values),
        cmap=MAP,
        vmin=limits[0],
        vmax=limits[1],
        shading="nearest",
    )
    span = (limits[1] - limits[0]) or 1.0
    for row, column in np.ndindex(values.shape):
        value = values[row, column]
        text = "-" if np.isnan(value) else f"{value:.3g}"
        dark = np.isfinite(value) and (value - limits[0]) / span > 0.55
        axes.text(
            column, row, text, ha="center", va="center", color="white" if dark else "#101418", fontsize=8.5
        )
    axes.plot(
        columns.index(getattr(best, across)),
        rows.index(getattr(best, up)),
        "s",
        markersize=26,
        markerfacecolor="none",
        markeredgecolor=RESPONSE_COLOURS["progression"],
        markeredgewidth=2.0,
    )
    axes.set_xticks(range(len(columns)), [f"{value:g}" for value in columns])
    axes.set_yticks(range(len(rows)), [f"{value:g}" for value in rows])
    axes.grid(visible=False)
    axes.set_xlabel(_axis_label(result, across))
    axes.set_ylabel(_axis_label(result, up))


def flatness(result: ScheduleResult, canvas: Canvas) -> "Figure":
    """How far each schedule is behind the best: the best of them, with paired intervals."""
    from matplotlib import rc_context

    surface = result.main
    order = np.argsort(surface.behind, kind="stable")[:SHOWN]
    with rc_context(settings()):
        figure, grid = new_figure(canvas, 21.0 * len(order) + 80.0, 1, 1)
        axes = grid[0, 0]
        for place, k in enumerate(order):
            colour = BLUE if surface.flat[k] else MUTED
            axes.plot([surface.low[k], surface.high[k]], [place, place], color=colour, linewidth=1.6)
            axes.plot([surface.behind[k]], [place], "o", color=colour, markersize=5)
        axes.axvline(0.0, color=INK, linewidth=0.8)
        if result.search.delta > 0.0:
            axes.axvline(
                result.search.delta, color=RESPONSE_COLOURS["progression"], linewidth=1.2, linestyle="--"
            )
        names = [result.candidates[k].schedule.named(result.search.unit) for k in order]
        axes.set_yticks(range(len(order)), [_short(name, canvas) for name in names])
        axes.set_ylim(len(order) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.tick_params(axis="y", length=0)
        axes.set_xlabel(f"behind the best ({GOALS[result.search.goal].unit})")
    return figure


def _short(name: str, canvas: Canvas) -> str:
    return name.replace("every ", "/ ").replace(" from day", ", day") if canvas.narrow else name


def _ticks(result: ScheduleResult, axis: str) -> list[float]:
    """Values of an axis among simulated schedules of the grid, ascending."""
    return sorted({getattr(item.schedule, axis) for item in result.candidates[: result.grid_size]})


def _nearest_of_grid(result: ScheduleResult) -> Schedule:
    """The best schedule of the grid itself, which a refined one lies beside."""
    values = result.main.value[: result.grid_size]
    return result.candidates[int(np.nanargmax(values))].schedule


def _axis_label(result: ScheduleResult, axis: str) -> str:
    return f"amount ({result.search.unit})" if axis == "amount" else AXES[axis]


def _wrapped(text: str, most: int = 30) -> str:
    from textwrap import fill

    return fill(text, most)
