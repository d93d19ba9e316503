"""Model of one structure: kernels, parameters, and what its states, routes and observables are."""

import hashlib
import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .definition.mechanism import Mechanism, mechanism
from .definition.parameters import ParameterTable, load_parameters
from .definition.records import Observable, Route
from .definition.structures import Structure
from .engine.contract import Kernels, load_kernels
from .errors import ModelError, nearest

_GENERATED = f"{__package__}.generated"


@dataclass(frozen=True)
class Model:
    """Everything that a simulation needs to know of a model.

    Attributes
    ----------
    structure
        Structural choices.
    kernels
        Equations as the engine sees them.
    parameters
        Table of parameters, with the values that belong to the structure.
    mechanism
        Records of the definition: species, processes, observables, routes.
    """

    structure: Structure
    kernels: Kernels
    parameters: ParameterTable
    mechanism: Mechanism

    @property
    def name(self) -> str:
        """Name of the structure."""
        return self.structure.name

    @property
    def observables(self) -> tuple[Observable, ...]:
        """Observables with unit and assay, in the order of the engine's rows."""
        return self.mechanism.observables

    @property
    def routes(self) -> tuple[Route, ...]:
        """Routes of administration, in the order of the engine's rows."""
        return self.mechanism.routes

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs that the model knows, each once."""
        return tuple(dict.fromkeys(route.drug for route in self.routes))

    def observable(self, symbol: str) -> Observable:
        """Record of one observable.

        Raises
        ------
        ModelError
            If there is none of that symbol; the message names the nearest.
        """
        known = {item.symbol: item for item in self.observables}
        if symbol not in known:
            raise ModelError(f"no observable {symbol!r}: {nearest(symbol, known)}")
        return known[symbol]

    def unit(self, symbol: str) -> str:
        """Unit of an observable, a state or a parameter.

        Raises
        ------
        ModelError
            If there is none of that symbol.
        """
        units = {symbol: item.unit for symbol, item in self.parameters.parameters.items()}
        units |= {item.symbol: item.unit for item in self.mechanism.species}
        units |= {item.symbol: item.unit for item in self.observables}
        if symbol not in units:
            raise ModelError(f"no observable, state or parameter {symbol!r}: {nearest(symbol, units)}")
        return units[symbol]

    def typical(self) -> NDArray[np.float64]:
        """Parameters of the typical patient, shape (K,), with those computed that are calibrated at him.

        A calibrated parameter that the caller has given a value keeps it.
        """
        return self._typical.copy()

    @cached_property
    def _typical(self) -> NDArray[np.float64]:
        kernels = self.kernels
        values = np.array([self.parameters[symbol].value for symbol in kernels.parameters])
        derived = np.zeros((kernels.derived_rows, 1))
        out = np.zeros((len(kernels.calibrated), 1))
        kernels.derive(values[:, np.newaxis], derived)
        kernels.calibrate(derived, out)
        for symbol, value in zip(kernels.calibrated, out[:, 0], strict=True):
            if symbol not in self.parameters.overridden:
                values[kernels.parameters.index(symbol)] = value
        return values

    @cached_property
    def hash(self) -> str:
        """Identity of equations and numbers: what a result must agree on to be the same model's."""
        numbers = [
            (symbol, item.value, item.distribution, item.spread, item.bounds)
            for symbol, item in sorted(self.parameters.parameters.items())
        ]
        table = (numbers, self.parameters.correlations, self.parameters.mixture, self.structure.as_mapping())
        return hashlib.sha256(f"{self.kernels.hash} {table!r}".encode()).hexdigest()


def load_model(
    structure: Structure | Mapping[str, str] | None = None,
    parameters: ParameterTable | Mapping[str, float] | None = None,
) -> Model:
    """Model of a structure: as shipped, or built on first use if it combines several alternatives.

    Parameters
    ----------
    structure
        Structural choices, the default ones if None.
    parameters
        A table, or values that replace those of the literature set.

    Raises
    ------
    ModelError, ParameterError
        If a choice, option or parameter does not exist, or a value is out of bounds.

    Examples
    --------
    >>> load_model({"binding": "explicit"}).name
    'binding-explicit'
    """
    chosen = structure if isinstance(structure, Structure) else Structure.from_mapping(structure or {})
    table = (
        parameters
        if isinstance(parameters, ParameterTable)
        else load_parameters(overrides=dict(parameters or {}))
    )
    if not chosen.is_shipped:
        from .build import (
            build,
        )  # the symbolic layer costs a second of import, and shipped models never need it

        return build(chosen, parameters=table)
    kernels = load_kernels(importlib.import_module(f"{_GENERATED}.{chosen.module_name}"))
    return Model(chosen, kernels, table.for_structure(chosen), mechanism(chosen))
