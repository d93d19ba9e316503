"""Interferon gamma, relative to its level without drug."""

from .records import Module, Process, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Production in proportion to activated CD8 cells, and loss."""
    return Module(
        name="interferon",
        meaning="interferon gamma",
        species=(Species("G", "1", "interferon gamma relative to baseline", start="1"),),
        processes=(
            Process("interferon_release", "kG*E/E0", "1/d", "activated CD8 cells release it", {"G": "1"}),
            Process("interferon_loss", "kG*G", "1/d", "it is cleared", {"G": "-1"}),
        ),
    )
