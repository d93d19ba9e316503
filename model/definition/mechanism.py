"""Whole mechanism of a structure: every process file, joined and named."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ..errors import ModelError
from . import (
    antigen_presentation,
    cd8_t_cells,
    dendritic_cells,
    interferon,
    paclitaxel,
    pembrolizumab,
    pharmacokinetics,
    readouts,
    tumour,
    vaccine,
)
from .records import (
    Calibrated,
    Conserved,
    Input,
    Limit,
    Module,
    Observable,
    Process,
    Quantity,
    Route,
    Species,
)
from .structures import Structure

_FILES = (
    pharmacokinetics,
    antigen_presentation,
    dendritic_cells,
    cd8_t_cells,
    interferon,
    tumour,
    pembrolizumab,
    paclitaxel,
    vaccine,
    readouts,
)


@dataclass(frozen=True, slots=True)
class Mechanism:
    """Modules of one structure, and their records in declared order."""

    structure: Structure
    modules: tuple[Module, ...]

    def __post_init__(self) -> None:
        symbols = [
            item.symbol
            for kind in (self.species, self.inputs, self.quantities, self.processes)
            for item in kind
        ]
        for names, what in (
            (symbols, "symbol"),
            ([item.symbol for item in self.observables], "observable"),
            ([item.symbol for item in self.limits], "limit"),
            ([item.name for item in self.routes], "route"),
            ([str(item.number) for item in self.routes], "compartment number of a route"),
        ):
            twice = [name for name, times in Counter(names).items() if times > 1]
            if twice:
                raise ModelError(f"structure {self.structure.name}: {what} {twice[0]!r} is declared twice")

    @property
    def species(self) -> tuple[Species, ...]:
        """States, in order."""
        return tuple(item for module in self.modules for item in module.species)

    @property
    def inputs(self) -> tuple[Input, ...]:
        """Inputs, in order."""
        return tuple(item for module in self.modules for item in module.inputs)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Quantities, as declared."""
        return tuple(item for module in self.modules for item in module.quantities)

    @property
    def processes(self) -> tuple[Process, ...]:
        """Processes, as declared."""
        return tuple(item for module in self.modules for item in module.processes)

    @property
    def observables(self) -> tuple[Observable, ...]:
        """Observables, in order."""
        return tuple(item for module in self.modules for item in module.observables)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Routes of administration, in order."""
        return tuple(item for module in self.modules for item in module.routes)

    @property
    def limits(self) -> tuple[Limit, ...]:
        """Plausibility rules, in order."""
        return tuple(item for module in self.modules for item in module.limits)

    @property
    def conserved(self) -> tuple[Conserved, ...]:
        """Conserved totals."""
        return tuple(item for module in self.modules for item in module.conserved)

    @property
    def calibrated(self) -> tuple[Calibrated, ...]:
        """Parameters computed at the typical patient."""
        return tuple(item for module in self.modules for item in module.calibrated)


@lru_cache(maxsize=64)
def _shipped(structure: Structure) -> tuple[Module, ...]:
    return tuple(file.module(structure) for file in _FILES)


def mechanism(structure: Structure, extra: Sequence[Module] = ()) -> Mechanism:
    """Mechanism of a structure, with a user's own modules appended.

    Raises
    ------
    ModelError
        If a symbol is declared twice.

    Examples
    --------
    >>> [item.symbol for item in mechanism(Structure()).species[:3]]
    ['Asc', 'Aly', 'Ac']
    """
    return Mechanism(structure, (*_shipped(structure.equations), *extra))
