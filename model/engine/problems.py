"""Problems with known answers, for tests, benchmarks and readers who want to see how kernels are written.

DUFFING has a closed form, as has ``one_compartment``; RICCATI ends in finite time; VDPOL and OREGO have
published end values, as have the networks of ``reaction_networks``.

References
----------
F. Mazzia and C. Magherini, Test Set for Initial Value Problem Solvers, release 2.4 (2008): VDPOL and OREGO.
NIST Digital Library of Mathematical Functions, equation 22.13.13: the problem of Duffing.
"""

from dataclasses import dataclass

import numpy as np

from .contract import Kernel, Kernels, load_kernels
from .simd import kernel, load, store

Numbers = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class KnownProblem:
    """An initial-value problem with its published end values.

    Attributes
    ----------
    absolute
        Absolute tolerance for a relative tolerance of one: small beside every state that matters.
    """

    kernels: Kernels
    start: Numbers
    end_time: float
    end: Numbers
    absolute: float

    def correct_digits(self, state: np.ndarray) -> float:
        """Digits that every end value has right: minus the logarithm of the largest relative error."""
        published = np.array(self.end)
        return float(-np.log10(np.max(np.abs(np.asarray(state) - published) / np.abs(published))))


@kernel
def derive_nothing(parameters, derived):
    """Equations without parameters."""


@kernel
def nothing(derived, out):
    """No rows."""


@kernel
def observe_nothing(y, inputs, derived, out):
    """No observables."""


def bare_kernels(name: str, states: int, factors: int, rhs: Kernel, factor: Kernel, solve: Kernel) -> Kernels:
    """Record of a problem that has equations, and neither parameters nor observables."""
    return load_kernels(
        {
            "NAME": name,
            "STATES": tuple(f"y{number + 1}" for number in range(states)),
            "PARAMETERS": (),
            "INPUTS": (),
            "OBSERVABLES": (),
            "MARGINS": (),
            "DOSES": (),
            "CALIBRATED": (),
            "DERIVED": 0,
            "FACTORS": factors,
            "STIFF": True,
            "HASH": name,
            "derive": derive_nothing,
            "start": nothing,
            "rhs": rhs,
            "factor": factor,
            "solve": solve,
            "observe": observe_nothing,
            "margins": nothing,
            "doses": nothing,
            "calibrate": nothing,
        }
    )


# Two by two, in place: rows 0 and 3 of the factors are one over the pivots.
@kernel
def solve_two(lu, b):
    """Forward and back through a two by two factor."""
    first = load(b, 0)
    second = (load(b, 1) - load(lu, 2) * first) * load(lu, 3)
    store(b, 0, (first - load(lu, 1) * second) * load(lu, 0))
    store(b, 1, second)


# Duffing: y'' = -(1 + m) y + 2 m y**3 with m = 1/2; from (0, 1) the solution is Jacobi's sn(t | m).
@kernel
def duffing_rhs(y, inputs, derived, dy):
    """Rates of place and speed."""
    y1 = load(y, 0)
    store(dy, 0, load(y, 1))
    store(dy, 1, y1 * (y1 * y1 - 1.5))


@kernel
def duffing_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    y1 = load(y, 0)
    d = load(diagonal, 0)
    pivot = 1.0 / d
    below = (1.5 - 3.0 * y1 * y1) * pivot
    store(lu, 0, pivot)
    store(lu, 1, -1.0)
    store(lu, 2, below)
    store(lu, 3, 1.0 / (d + below))


DUFFING = bare_kernels("Duffing", 2, 4, duffing_rhs, duffing_factor, solve_two)


# Riccati: y' = y**2 from 1 reaches infinity at t = 1.
@kernel
def riccati_rhs(y, inputs, derived, dy):
    """Rate."""
    store(dy, 0, load(y, 0) * load(y, 0))


@kernel
def riccati_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    store(lu, 0, 1.0 / (load(diagonal, 0) - 2.0 * load(y, 0)))


@kernel
def riccati_solve(lu, b):
    """One equation."""
    store(b, 0, load(b, 0) * load(lu, 0))


RICCATI = bare_kernels("Riccati", 1, 1, riccati_rhs, riccati_factor, riccati_solve)


@kernel
def vdpol_rhs(y, inputs, derived, dy):
    """Van der Pol's oscillator with a stiffness of one million."""
    y1 = load(y, 0)
    y2 = load(y, 1)
    store(dy, 0, y2)
    store(dy, 1, ((1.0 - y1 * y1) * y2 - y1) * 1e6)


@kernel
def vdpol_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    y1 = load(y, 0)
    y2 = load(y, 1)
    d = load(diagonal, 0)
    pivot = 1.0 / d
    below = (2.0 * y1 * y2 + 1.0) * 1e6 * pivot
    store(lu, 0, pivot)
    store(lu, 1, -1.0)
    store(lu, 2, below)
    store(lu, 3, 1.0 / (d - (1.0 - y1 * y1) * 1e6 + below))


VDPOL = KnownProblem(
    kernels=bare_kernels("VDPOL", 2, 4, vdpol_rhs, vdpol_factor, solve_two),
    start=(2.0, 0.0),
    end_time=2.0,
    end=(0.1706167732170483e1, -0.8928097010247975),
    absolute=1.0,
)


@kernel
def orego_rhs(y, inputs, derived, dy):
    """Belousov and Zhabotinskii's reaction, as the Oregonator."""
    y1 = load(y, 0)
    y2 = load(y, 1)
    y3 = load(y, 2)
    store(dy, 0, 77.27 * (y2 + y1 * (1.0 - 8.375e-6 * y1 - y2)))
    store(dy, 1, (y3 - (1.0 + y1) * y2) / 77.27)
    store(dy, 2, 0.161 * (y1 - y3))


@kernel
def orego_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J: pivots inverted in rows 0, 2, 5; the last column is eliminated by hand."""
    y1 = load(y, 0)
    y2 = load(y, 1)
    d = load(diagonal, 0)
    first = 1.0 / (d - 77.27 * (1.0 - 2.0 * 8.375e-6 * y1 - y2))
    upper = -77.27 * (1.0 - y1)
    left = y2 / 77.27 * first
    second = 1.0 / (d + (1.0 + y1) / 77.27 - left * upper)
    lowest = -0.161 * first
    bottom = -lowest * upper * second
    store(lu, 0, first)
    store(lu, 1, upper)
    store(lu, 2, second)
    store(lu, 3, left)
    store(lu, 4, lowest)
    store(lu, 5, 1.0 / (d + 0.161 + bottom / 77.27))
    store(lu, 6, bottom)


@kernel
def orego_solve(lu, b):
    """Forward and back."""
    b1 = load(b, 0)
    b2 = load(b, 1) - load(lu, 3) * b1
    x3 = (load(b, 2) - load(lu, 4) * b1 - load(lu, 6) * b2) * load(lu, 5)
    x2 = (b2 + x3 / 77.27) * load(lu, 2)
    store(b, 0, (b1 - load(lu, 1) * x2) * load(lu, 0))
    store(b, 1, x2)
    store(b, 2, x3)


OREGO = KnownProblem(
    kernels=bare_kernels("OREGO", 3, 7, orego_rhs, orego_factor, orego_solve),
    start=(1.0, 2.0, 3.0),
    end_time=360.0,
    end=(0.1000814870318523e1, 0.1228178521549917e4, 0.1320554942846706e3),
    absolute=1.0,
)
