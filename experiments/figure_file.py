"""Figures as files: PNG, SVG or PDF, whole or not at all, the same bytes each time."""

import io
from pathlib import Path
from typing import TYPE_CHECKING

from ..model.storage import write_whole
from .figure_style import settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FONTS = "'DejaVu Sans', Verdana, 'Segoe UI', Helvetica, Arial, sans-serif"


def save_figure(figure: "Figure", path: Path) -> None:
    """Write a figure; the ending of the name decides PNG, SVG or PDF.

    Raises
    ------
    StorageError
        If it cannot be written there.
    """
    from matplotlib import rc_context

    kind = path.suffix[1:]
    metadata = {"svg": {"Date": None}, "pdf": {"CreationDate": None}, "png": {"Software": None}}[kind]
    buffer = io.BytesIO()
    with rc_context(settings()):
        figure.savefig(buffer, format=kind, dpi=192, metadata=metadata)
    content = buffer.getvalue()
    if kind == "svg":  # an SVG names its font: name others for where that one is missing
        content = content.replace(b"'DejaVu Sans'", FONTS.encode())
    write_whole(path, content)
