"""How every figure looks: ink, ordered dose colours, sizes, and SVG that is the same bytes each time."""

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.axis import Axis
    from matplotlib.figure import Figure

# Each colour has one role and one spelling, so that a page can exchange it for a CSS variable (light and
# dark).
INK = "#1b1f24"
MUTED = "#5a6571"
GRID = "#d8dde3"
PAPER = "#fffffe"
RESPONSE_COLOURS = {"response": "#0b6e99", "stable": "#7f9fb0", "progression": "#c98b2b"}
ZERO_DOSE = "#7a7f85"

_VARIABLES = {
    INK: "--ink",
    MUTED: "--muted",
    GRID: "--grid",
    PAPER: "--paper",
    RESPONSE_COLOURS["response"]: "--response",
    RESPONSE_COLOURS["stable"]: "--stable",
    RESPONSE_COLOURS["progression"]: "--progression",
    ZERO_DOSE: "--zero-dose",
}
_PIXELS_PER_INCH = 96.0
_FONT_PIXELS = 12.5


@dataclass(frozen=True, slots=True)
class Canvas:
    """Room for a figure: its width in CSS pixels and whether panels stack (a phone) or stand side by side."""

    width: float
    narrow: bool

    def columns(self, panels: int, *, narrow: int = 2) -> int:
        """Return how many panels stand in one row."""
        return min(panels, narrow) if self.narrow else panels

    def inches(self, height: float) -> tuple[float, float]:
        """Return the size matplotlib wants for a height in CSS pixels."""
        return self.width / _PIXELS_PER_INCH, height / _PIXELS_PER_INCH


WIDE = Canvas(width=960.0, narrow=False)
NARROW = Canvas(width=360.0, narrow=True)


def _sampled(colormap: str, first: float, last: float, count: int) -> tuple[str, ...]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    steps = [first + (last - first) * k / max(1, count - 1) for k in range(count)]
    return tuple(to_hex(colormaps[colormap](step)) for step in steps)


def dose_colours(doses: Sequence[float], *, dark: bool = False) -> tuple[str, ...]:
    """Return one colour an arm, ordered by dose and told apart by lightness alone.

    The ramp keeps a contrast of about 3:1 or more against the page; the highest dose stands out most. An arm
    without drug is grey. Arms of equal dose keep their order.

    Parameters
    ----------
    doses : sequence of float, length A
        Dose per injection, any common unit.
    dark : bool
        Colours for a dark page.
    """
    order = sorted((k for k in range(len(doses)) if doses[k] > 0.0), key=lambda k: (doses[k], k))
    ramp = _sampled("plasma", 0.44, 0.96, len(order)) if dark else _sampled("plasma", 0.66, 0.02, len(order))
    colours = ["#9aa0a6" if dark else ZERO_DOSE] * len(doses)
    for rank, arm in enumerate(order):
        colours[arm] = ramp[rank]
    return tuple(colours)


def settings() -> dict[str, Any]:
    """Return matplotlib settings for every figure; use with ``matplotlib.rc_context``."""
    points = _FONT_PIXELS * 72.0 / _PIXELS_PER_INCH
    return {
        "font.family": "DejaVu Sans",
        "font.size": points,
        "axes.titlesize": points,
        "axes.labelsize": points,
        "xtick.labelsize": points * 0.92,
        "ytick.labelsize": points * 0.92,
        "legend.fontsize": points * 0.92,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.titlecolor": INK,
        "axes.titlelocation": "left",
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "axes.facecolor": "none",
        "figure.facecolor": PAPER,
        "savefig.facecolor": PAPER,
        "axes.grid": True,
        "axes.axisbelow": True,
        "grid.color": GRID,
        "grid.linewidth": 0.6,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "lines.linewidth": 1.6,
        "legend.frameon": False,
        "text.parse_math": False,  # a dollar sign in an arm's name is a dollar sign
        "svg.fonttype": "none",
        "svg.hashsalt": "lag3ig",
        "figure.dpi": _PIXELS_PER_INCH,
        "figure.constrained_layout.use": True,
    }


def new_figure(
    canvas: Canvas, height: float, rows: int, columns: int, **options: Any
) -> tuple["Figure", Any]:
    """Return a figure without a window system and its (rows, columns) array of axes."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=canvas.inches(height))
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **options)


def panel_row(canvas: Canvas, count: int, *, height: float) -> tuple["Figure", list["Axes"]]:
    """Return a figure of `count` panels with shared axes: side by side, or two a row where it is narrow.

    `height` is that of a single row, CSS pixels.
    """
    columns = canvas.columns(count) if count <= 6 or canvas.narrow else 5
    rows = -(-count // columns)
    each = height if rows == 1 else 0.78 * height
    figure, grid = new_figure(canvas, each * rows, rows, columns, sharex=True, sharey=True)
    panels = list(grid.ravel())
    for axes in panels[count:]:
        axes.set_axis_off()
    for axes in panels[max(0, count - columns) : count]:
        axes.tick_params(labelbottom=True)
    return figure, panels[:count]


def day_axis(axes: "Axes", last: float, *, every: float = 14.0, label: str = "time (d)") -> None:
    """Mark a time axis in days at the rhythm of the injections, thinned until labels have room."""
    from matplotlib.ticker import MultipleLocator

    while last / every > 7:
        every *= 2.0
    axes.xaxis.set_major_locator(MultipleLocator(every))
    axes.set_xlim(0.0, last)
    axes.set_xlabel(label)


def plain_log(axes: "Axes", low: float, high: float, *, minor: bool = True) -> None:
    """Make the y axis logarithmic between two values, its ticks plain numbers."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

    axes.set_yscale("log")
    axes.set_ylim(low, high)
    steps = (1.0, 3.0) if high / low < 1e3 else (1.0,)
    axes.yaxis.set_major_locator(LogLocator(base=10.0, subs=steps, numticks=20))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    if not minor:
        axes.yaxis.set_minor_locator(NullLocator())


def few_ticks(axis: "Axis", limits: tuple[float, float], *, logarithmic: bool) -> None:
    """Two or three plain numbers an axis: panels are small."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter, NullLocator

    if logarithmic and limits[1] / limits[0] > 8.0:
        axis.set_major_locator(LogLocator(subs=(1.0, 3.0) if limits[1] / limits[0] < 90.0 else (1.0,)))
    else:
        axis.set_major_locator(MaxNLocator(3, steps=[1, 2, 5, 10]))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_locator(NullLocator())
    axis.set_minor_formatter(NullFormatter())


def spread_labels(positions: Sequence[float], gap: float) -> list[float]:
    """Return positions moved apart until neighbours are at least `gap` away, keeping order and centre.

    >>> spread_labels([0.0, 0.0, 5.0], 1.0)
    [-0.5, 0.5, 5.0]
    """
    order = sorted(range(len(positions)), key=lambda k: (positions[k], k))
    blocks: list[list[float]] = []  # [centre, members]
    for index in order:
        blocks.append([positions[index], 1.0])
        while len(blocks) > 1:
            (low, n_low), (high, n_high) = blocks[-2], blocks[-1]
            if high - low >= 0.5 * gap * (n_low + n_high):
                break
            blocks[-2:] = [[(low * n_low + high * n_high) / (n_low + n_high), n_low + n_high]]
    spaced = [centre + gap * (k - 0.5 * (n - 1.0)) for centre, n in blocks for k in range(int(n))]
    placed = [0.0] * len(positions)
    for rank, index in enumerate(order):
        placed[index] = spaced[rank]
    return placed


def inline_svg(figure: "Figure", *, name: str, title: str, doses: Sequence[float] = ()) -> str:
    """Return the figure as SVG to stand inside a page: scalable, labelled, in the page's colours.

    Identifiers are prefixed with `name` so that many figures live in one page; nothing in it names an
    address; the same figure gives the same text.
    """
    from html import escape

    from matplotlib import rc_context
    from matplotlib.backends.backend_svg import FigureCanvasSVG

    buffer = io.StringIO()
    with rc_context(settings()):
        # Layout and drawing once each: the usual way of saving goes through both twice.
        layout = figure.get_layout_engine()
        if layout is not None:
            layout.execute(figure)
            figure.set_layout_engine("none")
        figure.patch.set_visible(False)
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r' xmlns(:\w+)?="[^"]*"', "", text)
    text = text.replace("xlink:href", "href")
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{name}-\1)", text)
    text = re.sub(r'href="#([^"]+)"', rf'href="#{name}-\1"', text)
    text = re.sub(r"font: ([^;\"]*?)(\d+(?:\.\d+)?px)[^;\"]*", r"font: \1\2 var(--figure-font)", text)
    variables = dict(_VARIABLES)
    variables.update({colour: f"--arm-{arm}" for arm, colour in enumerate(dose_colours(doses))})
    for colour, variable in variables.items():
        text = text.replace(colour, f"var({variable})")
    width = figure.get_figwidth() * _PIXELS_PER_INCH
    text = re.sub(
        r'<svg width="[^"]*" height="[^"]*"', f'<svg style="max-width: {width:.0f}px"', text, count=1
    )
    return text.replace("<svg", f'<svg role="img" aria-label="{escape(title)}"', 1).strip()
