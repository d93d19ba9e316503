"""One way of solving a problem: what it needs, how it is set up, what it is asked."""

from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec

import numpy as np
from numpy.typing import NDArray

from .problem import Problem

Floats = NDArray[np.float64]

# States of the first so many patients at all outputs, shape (count, T, S), at a relative tolerance.
Solve = Callable[[float, int], Floats]

# Absolute tolerance as a share of the relative one: times the state's scale, as the engine's own, and where a
# solver takes one number for all states.
ABSOLUTE = 0.1
ONE_FOR_ALL = 1e-3


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A solver with its settings.

    Attributes
    ----------
    name
        As printed.
    package, module
        Distribution and module that must be installed; empty for what the product itself needs.
    prepare
        Set the problem up, compile what must be compiled, and give the solving function.
    tolerances
        Relative tolerances to try, loose to tight.
    patients
        How many patients each timing solves, if they do not take long.
    unit
        How many it solves at once: a timing takes a multiple of it.
    stiff
        Whether it is worth trying where rates reach thousands a day.
    """

    name: str
    prepare: Callable[[Problem], Solve]
    tolerances: tuple[float, ...]
    patients: int
    unit: int = 1
    package: str = ""
    module: str = ""
    stiff: bool = True

    @property
    def missing(self) -> str:
        """Why it cannot run here; empty if it can."""
        if self.module and find_spec(self.module) is None:
            return f"{self.package} is not installed"
        return ""

    @property
    def version(self) -> str:
        """Version of the package; empty if it has none."""
        try:
            return version(self.package) if self.package else ""
        except PackageNotFoundError:
            return "unknown"


def march(
    problem: Problem, patient: int, cross: Callable[[Floats, Floats, Floats], Floats], out: Floats
) -> None:
    """One patient through all segments.

    Parameters
    ----------
    cross
        From a state, a grid that starts there, and the inputs: the states on the grid, shape (G, S).
    out
        States at the outputs, shape (T, S), filled in.
    """
    y = problem.start[patient]
    for segment in problem.segments:
        path = cross(y + segment.added[patient], segment.grid, segment.inputs[patient])
        wanted = segment.outputs >= 0
        out[segment.outputs[wanted]] = path[wanted]
        y = path[-1]


def one_by_one(
    problem: Problem,
    solver: Callable[[int, float], Callable[[Floats, Floats, Floats], Floats]],
) -> Solve:
    """Solving function of a peer that takes one patient at a time.

    Parameters
    ----------
    solver
        From a patient and a relative tolerance: what carries a state across a grid, as in `march`.
    """

    def solve(tolerance: float, count: int) -> Floats:
        out = np.full((count, len(problem.times), len(problem.scales)), np.nan)
        for row in range(count):
            patient = row % problem.patients
            march(problem, patient, solver(patient, tolerance), out[row])
        return out

    return solve
