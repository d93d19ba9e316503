"""Work-precision figure: worst error against CPU time of a patient, one panel a case."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

MARKERS = "os^vDP*X<>ph"


def draw(result: Mapping[str, Any], path: Path) -> None:
    """Write the figure of a result; the suffix of the path is its format.

    Raises
    ------
    ValueError
        If nothing was timed.
    """
    import matplotlib

    matplotlib.use("Agg")
    matplotlib.rcParams |= {
        "svg.fonttype": "none",
        "svg.hashsalt": "lag3ig",
    }  # small, and the same every time
    from matplotlib import pyplot

    rows = [row for row in result["rows"] if row["microseconds"] is not None and row["worst_error"]]
    if not rows:
        raise ValueError("no row of the result was timed; there is nothing to draw")
    cases = list(dict.fromkeys(row["case"] for row in rows))
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    figure, axes = pyplot.subplots(
        1, len(cases), figsize=(4.6 * len(cases) + 2.0, 4.4), sharey=True, squeeze=False, layout="constrained"
    )
    colours = pyplot.get_cmap("tab20").colors
    for axis, case in zip(axes[0], cases, strict=True):
        for number, engine in enumerate(engines):
            points = sorted(
                (row["worst_error"], row["microseconds"])
                for row in rows
                if row["case"] == case and row["engine"] == engine
            )
            if points:
                own = engine.startswith("lag3ig")
                axis.loglog(
                    *zip(*points, strict=True),
                    marker=MARKERS[number % len(MARKERS)],
                    color=colours[number % len(colours)],
                    linewidth=2.2 if own else 1.1,
                    markersize=5,
                    label=engine,
                )
        axis.set_title(case)
        axis.set_xlabel("worst error, share of the largest value of the state")
        axis.invert_xaxis()
        axis.grid(alpha=0.3, which="major")
    axes[0][0].set_ylabel("CPU time of a patient, µs")
    handles = {
        label: handle
        for axis in axes[0]
        for handle, label in zip(*axis.get_legend_handles_labels(), strict=True)
    }
    figure.legend(handles.values(), handles.keys(), loc="outside right center", fontsize=8, frameon=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else None)
    pyplot.close(figure)
