"""Figure of predictions: each outcome's median with its intervals, a row an arm, a panel a unit."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ..figure_style import GRID, INK, MUTED, RESPONSE_COLOURS, WIDE, Canvas, new_figure, settings
from .frozen import told

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE = RESPONSE_COLOURS["response"]
HEIGHT = 21.0  # CSS pixels of a row
PANELS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("patients, %", ("response_rate", "disease_control_rate", "progression_free")),
    ("months", ("median_pfs",)),
    ("hazard ratio", ("hazard_ratio",)),
    (
        "relative to baseline",
        ("lymphocytes", "pbmc", "monocytes", "activated_cd8"),
    ),
    (
        "relative to control",
        ("lymphocytes_to_control", "pbmc_to_control", "monocytes_to_control", "activated_cd8_to_control"),
    ),
)
SHORT = {
    "response_rate": "response",
    "disease_control_rate": "disease control",
    "progression_free": "progression-free",
    "median_pfs": "median PFS",
    "hazard_ratio": "hazard ratio",
    "lymphocytes": "T cells",
    "pbmc": "PBMC",
    "monocytes": "monocytes",
    "activated_cd8": "activated CD8",
}


def figure_of_trial(trial: Mapping[str, Any], *, canvas: Canvas = WIDE) -> "Figure":
    """One trial of a frozen document: thin lines 90 % of trials, thick ones 50 %, white the expected value.

    Parameters
    ----------
    trial : mapping
        An entry of ``trials`` in `frozen.document_of`.
    canvas : Canvas
    """
    from matplotlib import rc_context

    there = {row["outcome"] for row in trial["rows"]}
    panels = [
        (unit, [name for name in names if name in there])
        for unit, names in PANELS
        if any(name in there for name in names)
    ]
    arms = list(dict.fromkeys(row["arm"] for row in trial["rows"]))
    rows = [sum(len(_of(trial, name)) for name in names) for _, names in panels]
    with rc_context(settings()):
        heights = [max(2, count) for count in rows]
        figure, grid = new_figure(
            canvas,
            HEIGHT * sum(heights) + 52.0 * len(panels) + 24.0,
            len(panels),
            1,
            gridspec_kw={"height_ratios": heights},
        )
        for (unit, names), axes in zip(panels, grid.ravel(), strict=True):
            _panel(axes, trial, names, arms, unit)
    return figure


def _of(trial: Mapping[str, Any], outcome: str) -> list[Mapping[str, Any]]:
    return [row for row in trial["rows"] if row["outcome"] == outcome]


def _panel(
    axes: "Axes", trial: Mapping[str, Any], names: Sequence[str], arms: Sequence[str], unit: str
) -> None:
    lines = [row for name in names for row in _of(trial, name)]
    ends = [value for row in lines for value in row["trial"] if isinstance(value, float | int)]
    furthest = max(ends, default=1.0) * 1.04
    labels = []
    for place, row in enumerate(lines):
        low, lower, middle, upper, high = (
            furthest if isinstance(value, str) else value for value in row["trial"]
        )
        label = SHORT[row["outcome"].removesuffix("_to_control")]
        labels.append(f"{label}, {row['arm']}" if len(arms) > 1 else label)
        if middle is None:
            continue
        axes.plot([low, high], [place, place], color=BLUE, linewidth=1.2)
        axes.plot([lower, upper], [place, place], color=BLUE, linewidth=6.0, solid_capstyle="butt")
        axes.plot([middle], [place], "|", color=INK, markersize=11, markeredgewidth=1.6)
        expected = row["expected"][2]
        if isinstance(expected, float | int):
            axes.plot([expected], [place], "o", color="white", markeredgecolor=BLUE, markersize=5)
        axes.annotate(
            told(row["trial"][2], row["unit"]),
            (1.0, place),
            xycoords=("axes fraction", "data"),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            color=MUTED,
            annotation_clip=False,
        )
    axes.set_yticks(range(len(lines)), labels)
    axes.set_ylim(len(lines) - 0.4, -0.6)
    axes.grid(axis="y", visible=False)
    axes.tick_params(axis="y", length=0)
    axes.set_xlabel(unit)
    if "ratio" in unit or "relative" in unit:
        axes.axvline(1.0, color=GRID, linewidth=1.4, zorder=0)
    elif unit == "patients, %":
        axes.set_xlim(0.0, 100.0)
    else:
        axes.set_xlim(left=0.0)
