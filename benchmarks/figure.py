"""Work-precision figure: error against CPU time, one panel a case, and one of problems with known answers."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .cases import explicit_binding, known_answers, phase_one, plasma_paclitaxel
from .peers import ALL, engine

MARKERS = "os^vDP*X<>ph"
COLUMNS = 2
OWN = "lag3ig"
# Wherever a result has them: the same solver has the same colour in every figure.
CASES = (phase_one.NAME, explicit_binding.NAME, plasma_paclitaxel.NAME)
ENGINES = tuple(arm.name for arm in (*engine.ARMS, *ALL))


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Write the figure of a result; the suffix of the path is its format.

    Raises
    ------
    ValueError
        If nothing was timed.
    """
    import matplotlib

    matplotlib.use("Agg")
    # Small, and the same every time.
    matplotlib.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "lag3ig"}
    from matplotlib import pyplot

    rows = [row for row in result["rows"] if row["microseconds"] is not None and row["worst_error"]]
    known = result["tables"].get(known_answers.NAME, [])
    if not rows and not known:
        raise ValueError("no row of the result was timed; there is nothing to draw")
    cases = _in_order(CASES, (row["case"] for row in rows))
    count = len(cases) + bool(known)
    columns = min(count, COLUMNS)
    lines = -(-count // columns)
    figure, axes = pyplot.subplots(
        lines, columns, figsize=(4.9 * columns + 2.6, 4.2 * lines), squeeze=False, layout="constrained"
    )
    panels = axes.flat
    engines = _in_order(ENGINES, (row["engine"] for row in rows))
    for axis, case in zip(panels, cases, strict=False):
        _case(axis, case, [row for row in rows if row["case"] == case], engines)
    if known:
        _known(panels[len(cases)], known)
    for axis in panels[count:]:
        axis.set_visible(False)
    handles = {
        label: handle
        for axis in panels[: len(cases)]
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(
        [handles[name] for name in engines],
        engines,
        loc="outside right upper",
        fontsize=9,
        frameon=False,
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None, dpi=110)
    pyplot.close(figure)


def _in_order(known: Sequence[str], found: Iterable[str]) -> list[str]:
    """What was found, once each: the known first, in their order."""
    names = dict.fromkeys(found)
    return [name for name in known if name in names] + [name for name in names if name not in known]


def _case(axis: Any, case: str, rows: Sequence[Mapping[str, Any]], engines: Sequence[str]) -> None:
    from matplotlib import pyplot

    colours = pyplot.get_cmap("tab20").colors
    for name in engines:
        number = ENGINES.index(name) if name in ENGINES else len(ENGINES)
        points = sorted((row["worst_error"], row["microseconds"]) for row in rows if row["engine"] == name)
        if points:
            axis.loglog(
                *zip(*points, strict=True),
                marker=MARKERS[number % len(MARKERS)],
                color=colours[number % len(colours)],
                linewidth=2.4 if name.startswith(OWN) else 1.1,
                markersize=5,
                label=name,
            )
    _finish(axis, case, "worst error, share of the largest value of the state", "CPU time of a patient, µs")


def _known(axis: Any, rows: Sequence[Mapping[str, Any]]) -> None:
    """Solvers by colour, problems by marker."""
    from matplotlib import pyplot

    colours = pyplot.get_cmap("Dark2").colors
    solvers = list(dict.fromkeys(row["solver"] for row in rows))
    problems = list(dict.fromkeys(row["problem"] for row in rows))
    for solver, colour in zip(solvers, colours, strict=False):
        for problem, marker in zip(problems, MARKERS, strict=False):
            mine = [row for row in rows if row["solver"] == solver and row["problem"] == problem]
            points = sorted((10.0 ** -row["correct_digits"], row["microseconds"]) for row in mine)
            if points:
                width = 2.4 if solver.startswith(OWN) else 1.1
                axis.loglog(
                    *zip(*points, strict=True), marker=marker, color=colour, linewidth=width, markersize=5
                )
    keys = [pyplot.Line2D([], [], color=colour) for _, colour in zip(solvers, colours, strict=False)]
    keys += [
        pyplot.Line2D([], [], color="0.4", marker=marker, linestyle="none")
        for _, marker in zip(problems, MARKERS, strict=False)
    ]
    names = [solver.partition(",")[0] for solver in solvers] + problems
    _finish(axis, "problems with known answers", "largest relative error of the end values", "CPU time, µs")
    low, high = axis.get_ylim()
    axis.set_ylim(low, high * (high / low) ** 0.3)  # room for the key above the lines
    axis.legend(keys, names, loc="upper left", ncols=3, fontsize=8, frameon=False)


def _finish(axis: Any, title: str, below: str, beside: str) -> None:
    axis.set_title(title)
    axis.set_xlabel(below)
    axis.set_ylabel(beside)
    axis.invert_xaxis()
    axis.grid(alpha=0.3, which="major")
