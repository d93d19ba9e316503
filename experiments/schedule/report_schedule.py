"""Report of a search for a schedule: the best, what is as good, and what was assumed."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ... import __version__
from ..report_figure import ReportFigure, figure_section
from ..report_page import Html, element, page, save_page, table
from .figure_schedule import dose_response, flatness, maps, varied
from .goals import GOALS
from .search import ScheduleResult, told
from .surface import RESAMPLES, WITHIN, flat_ranges

HEAD = ("schedule", "visits", "value", "behind the best", "95 %", "as good", "best in")
MOST_ROWS = 40  # of the report's table; the CSV has all


def write_schedule_report(result: ScheduleResult, path: str | Path) -> Path:
    """Write the report of a search as one HTML file, whole or not at all.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    return save_page(path, render(result))


def render(result: ScheduleResult) -> str:
    """The report as the text of an HTML page; the same search gives the same text."""
    body = [*_opening(result), element("h2", "Figures")]
    for count, figure in enumerate(figures(result), start=1):
        body.append(figure_section(figure, count))
    body += _tables(result)
    return page(f"{result.protocol.title} (schedules)", body)


def figures(result: ScheduleResult) -> Iterator[ReportFigure]:
    """Figures of the report."""
    unit, best = result.search.unit, result.best.schedule
    goal = told(result.search.goal, result.search.at)
    band = (
        f"central 90 % over {result.draws} draws of the fit, each judged by its own persons"
        if result.draws > 1
        else "95 % by the number of persons"
    )
    since = f", first dose on day {best.start:g}" if "start" in varied(result) else ""
    yield ReportFigure(
        "dose-response",
        "Dose response",
        f"The same {result.patients:,} persons at every point{since}; bands: {band}. Differences "
        "between points are known better than the bands say, since the persons are the same.",
        lambda canvas: dose_response(result, canvas),
    )
    if len(varied(result)) > 1:
        yield ReportFigure(
            "maps",
            "The goal over pairs of axes",
            f"Value: {goal}. The axis not shown is at the best schedule of the grid (framed). Darker is "
            "larger; a dash: a limit forbids it. The first dose counts from that of the "
            "other drugs; below zero the others wait.",
            lambda canvas: maps(result, canvas),
        )
    flat = int(result.main.flat.sum())
    yield ReportFigure(
        "flatness",
        "How flat the best is",
        f"Difference from the best ({best.named(unit)}) in the same persons, with 95 % over {RESAMPLES} "
        f"resamples of persons. Blue: the {flat} schedules that are as good. Dashed: the difference "
        "said not to matter.",
        lambda canvas: flatness(result, canvas),
    )


def sentences(result: ScheduleResult) -> list[str]:
    """What was found, in sentences."""
    main, unit, search = result.main, result.search.unit, result.search
    measure = GOALS[search.goal].unit
    ranges = flat_ranges(result.candidates, main.flat)
    words = ", ".join(
        f"{name} {_range(*ranges[key])}{mark}"
        for key, name, mark in (
            ("amount", "amount", f" {unit}"),
            ("every", "interval", " d"),
            ("start", "first dose on day", ""),
            ("total", "in all", f" {unit}"),
            ("visits", "visits", ""),
        )
        if key != "start" or "start" in varied(result)
    )
    found = [
        f"Best: {result.best.schedule.named(unit)}, {_figure(main.value[main.best])} {measure}.",
        f"{int(main.flat.sum())} of {len(result.candidates)} schedules are as good (behind by at "
        f"most {search.delta:g} {measure} or {WITHIN:g} paired standard errors): {words}.",
    ]
    least = result.candidates[result.least]
    if result.least != main.best:
        found.append(
            f"With the least drug among them: {least.schedule.named(unit)}, "
            f"{least.schedule.total:.4g} {unit} in all, {least.visits} visits, "
            f"behind by {_figure(main.behind[result.least])} (95 % {_figure(main.low[result.least])} to "
            f"{_figure(main.high[result.least])}) {measure}."
        )
    if result.draws > 1:
        found.append(
            f"The best is the best in {100 * main.drawn_best[main.best]:.0f} % of {result.draws} draws of "
            f"the fit; choosing it loses {_figure(main.regret[main.best])} {measure} on average "
            f"to choosing with the parameters known. Each draw is judged by "
            f"{result.patients // result.draws} persons, whose scatter makes the first "
            "number too small and the second too large."
        )
    if result.refused:
        found.append(f"{len(result.refused)} schedules of the grid exceed a limit and were not simulated.")
    if _at_the_edge(result):
        found.append(
            "The best lies at the largest amount or the shortest interval that was allowed: the limits, not "
            "the model, end the search there."
        )
    if result.failed:
        found.append(
            f"{result.failed:,} of {result.solves:,} simulations failed; those persons count nowhere."
        )
    found.append(
        "Toxicity is not in the model: it knows no dose that is too much, only one that gains no more."
    )
    return found


def table_rows(result: ScheduleResult, most: int) -> list[tuple[str, ...]]:
    """The best schedules, one a row, columns as in `HEAD`."""
    main = result.main
    shares = main.drawn_best if result.draws > 1 else main.resampled_best
    kind = "draws" if result.draws > 1 else "resamples"
    return [
        (
            result.candidates[k].schedule.named(result.search.unit),
            str(result.candidates[k].visits),
            _figure(main.value[k]),
            _figure(main.behind[k]),
            f"{_figure(main.low[k])} to {_figure(main.high[k])}",
            "yes" if main.flat[k] else "no",
            f"{100 * shares[k]:.0f} % of {kind}",
        )
        for k in np.argsort(main.behind, kind="stable")[:most]
    ]


def _opening(result: ScheduleResult) -> Iterator[Html]:
    yield element("h1", result.protocol.title)
    yield element(
        "p",
        f"{len(result.candidates)} schedules of {result.search.drug}, {result.patients:,} virtual persons, "
        f"the same under each, seed {result.seed}; parameters: {result.parameters}"
        f"{f', {result.draws} draws' if result.draws > 1 else ''}. Made with lag3ig {__version__}.",
        class_="meta",
    )
    if result.protocol.question:
        yield element("p", result.protocol.question, class_="question")
    yield element("p", f"Goal: {told(result.search.goal, result.search.at)}.")
    yield element("ul", [element("li", sentence) for sentence in sentences(result)])
    yield element(
        "p",
        "The best was chosen by the same persons that its value is told of, so its value is a little too "
        "good; trust the set of schedules that are as good more than the best itself.",
        class_="notice",
    )


def _tables(result: ScheduleResult) -> Iterator[Html]:
    yield element("h2", "Schedules")
    yield table(HEAD, table_rows(result, MOST_ROWS), label="Schedules, best first", numeric=(1, 2, 3, 4))
    if result.refused:
        yield element("h2", "Shut out by a limit")
        rows = [(item.schedule.named(result.search.unit), item.refused) for item in result.refused]
        yield table(("schedule", "limit"), rows[:MOST_ROWS], label="Schedules beyond a limit")


def _at_the_edge(result: ScheduleResult) -> bool:
    best, grid = result.best.schedule, [item.schedule for item in result.candidates[: result.grid_size]]
    amounts, intervals = {item.amount for item in grid}, {item.every for item in grid}
    return (len(amounts) > 1 and best.amount >= max(amounts)) or (
        len(intervals) > 1 and best.every == min(intervals)
    )


def _range(low: float, high: float) -> str:
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"


def _figure(value: float) -> str:
    return "-" if not np.isfinite(value) else f"{value + 0.0:.3g}" if abs(value) < 100 else f"{value:.1f}"
