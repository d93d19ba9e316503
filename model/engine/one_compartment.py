"""One compartment with a depot: a small model with every kernel, whose answers are closed forms."""

from .contract import load_kernels
from .simd import kernel, load, store

# A' = -ka A, C' = (ka A + R + supply) / V - (CL / V) C. R, an infusion, is an input; without drug C stands at
# supply / CL.
NAME = "one compartment"
HASH = NAME
STATES = ("A", "C")
PARAMETERS = ("ka", "CL", "V", "supply", "F", "lag")
INPUTS = (("R", 0.0),)
OBSERVABLES = ("concentration", "elimination")
MARGINS = ("absorption is faster",)
DOSES = ("depot",)
CALIBRATED = ()
DERIVED = 6
FACTORS = 3


@kernel
def derive(parameters, derived):
    """Absorption, elimination, one over volume, supply as concentration per day; bioavailability and lag."""
    volume = load(parameters, 2)
    store(derived, 0, load(parameters, 0))
    store(derived, 1, load(parameters, 1) / volume)
    store(derived, 2, 1.0 / volume)
    store(derived, 3, load(parameters, 3) / volume)
    store(derived, 4, load(parameters, 4))
    store(derived, 5, load(parameters, 5))


@kernel
def start(derived, y):
    """Steady state without drug."""
    store(y, 0, 0.0)
    store(y, 1, load(derived, 3) / load(derived, 1))


@kernel
def rhs(y, inputs, derived, dy):
    """Rates of depot and compartment."""
    absorbed = load(derived, 0) * load(y, 0)
    supplied = (absorbed + load(inputs, 0)) * load(derived, 2) + load(derived, 3)
    store(dy, 0, -absorbed)
    store(dy, 1, supplied - load(derived, 1) * load(y, 1))


@kernel
def factor(y, inputs, derived, diagonal, lu):
    """A triangular matrix is its own factor."""
    store(lu, 0, 1.0 / (load(diagonal, 0) + load(derived, 0)))
    store(lu, 1, load(derived, 0) * load(derived, 2))
    store(lu, 2, 1.0 / (load(diagonal, 0) + load(derived, 1)))


@kernel
def solve(lu, b):
    """Depot first."""
    depot = load(b, 0) * load(lu, 0)
    store(b, 0, depot)
    store(b, 1, (load(b, 1) + load(lu, 1) * depot) * load(lu, 2))


@kernel
def observe(y, inputs, derived, out):
    """Concentration, and the rate of elimination."""
    store(out, 0, load(y, 1))
    store(out, 1, load(derived, 1) * load(y, 1))


@kernel
def margins(derived, out):
    """Absorption is faster than elimination."""
    store(out, 0, load(derived, 0) - load(derived, 1))


@kernel
def doses(derived, out):
    """Scale, bioavailability and lag of a depot dose."""
    store(out, 0, 1.0)
    store(out, 1, load(derived, 4))
    store(out, 2, load(derived, 5))


@kernel
def calibrate(derived, out):
    """Nothing is calibrated."""


ONE_COMPARTMENT = load_kernels(globals())
