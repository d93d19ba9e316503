"""Small pharmacokinetic model with known answers, written by hand in the engine's words.

Depot, central and peripheral compartment of one drug ("drug": routes po and iv), a second drug in one
compartment ("other": iv), and a bystander that grows by itself and that no dose may touch.
"""

from dataclasses import dataclass, field

import numpy as np

from lag3ig.model.definition.records import Route
from lag3ig.model.engine.contract import Kernels, load_kernels
from lag3ig.model.engine.simd import kernel, load, store

NAME = "pk"
STATES = ("depot", "central", "peripheral", "other", "bystander")
PARAMETERS = ("ka", "CL", "V", "Q", "V2", "F", "lag", "Vmax", "Km", "kother", "growth")
TYPICAL = (1.2, 4.0, 20.0, 0.0, 10.0, 1.0, 0.0, 0.0, 1.0, 0.3, 0.05)
INPUTS = (("depot_infusion", 0.0), ("central_infusion", 0.0), ("ka_occasion", 1.0), ("antibody", 0.0))
OBSERVABLES = ("level",)
MARGINS = ("fast_absorption",)
DOSES = ("drug.po", "drug.iv", "other.iv")
CALIBRATED = ()
DERIVED = 11
FACTORS = 8
HASH = "pk"

# Rows of derived: ka, k10, k12, k21, F, lag, Vmax, Km, kother, growth, V.


@kernel
def derive(parameters, derived):
    volume = load(parameters, 2)
    store(derived, 0, load(parameters, 0))
    store(derived, 1, load(parameters, 1) / volume)
    store(derived, 2, load(parameters, 3) / volume)
    store(derived, 3, load(parameters, 3) / load(parameters, 4))
    store(derived, 4, load(parameters, 5))
    store(derived, 5, load(parameters, 6))
    store(derived, 6, load(parameters, 7))
    store(derived, 7, load(parameters, 8))
    store(derived, 8, load(parameters, 9))
    store(derived, 9, load(parameters, 10))
    store(derived, 10, volume)


@kernel
def start(derived, y):
    zero = load(derived, 0) * 0.0
    store(y, 0, zero)
    store(y, 1, zero)
    store(y, 2, zero)
    store(y, 3, zero)
    store(y, 4, zero + 1.0)


@kernel
def rhs(y, inputs, derived, dy):
    absorbed = load(derived, 0) * load(inputs, 2) * load(y, 0)
    central = load(y, 1)
    lost = load(derived, 1) * (1.0 + load(inputs, 3)) * central
    saturable = load(derived, 6) * central / (load(derived, 7) + central)
    out = load(derived, 2) * central
    back = load(derived, 3) * load(y, 2)
    store(dy, 0, load(inputs, 0) - absorbed)
    store(dy, 1, load(inputs, 1) + absorbed - lost - saturable - out + back)
    store(dy, 2, out - back)
    store(dy, 3, -load(derived, 8) * load(y, 3))
    store(dy, 4, load(derived, 9) * load(y, 4))


@kernel
def factor(y, inputs, derived, diagonal, lu):
    d = load(diagonal, 0)
    absorption = load(derived, 0) * load(inputs, 2)
    half = load(derived, 7) + load(y, 1)
    saturable = load(derived, 6) * load(derived, 7) / (half * half)
    peripheral = d + load(derived, 3)
    central = d + load(derived, 1) * (1.0 + load(inputs, 3)) + saturable + load(derived, 2)
    store(lu, 0, d + absorption)
    store(lu, 1, absorption)
    store(lu, 2, load(derived, 3) / peripheral)
    store(lu, 3, central - load(derived, 2) * load(derived, 3) / peripheral)
    store(lu, 4, d + load(derived, 8))
    store(lu, 5, d - load(derived, 9))
    store(lu, 6, load(derived, 2))
    store(lu, 7, peripheral)


@kernel
def solve(lu, b):
    depot = load(b, 0) / load(lu, 0)
    central = (load(b, 1) + load(lu, 1) * depot + load(lu, 2) * load(b, 2)) / load(lu, 3)
    store(b, 0, depot)
    store(b, 1, central)
    store(b, 2, (load(b, 2) + load(lu, 6) * central) / load(lu, 7))
    store(b, 3, load(b, 3) / load(lu, 4))
    store(b, 4, load(b, 4) / load(lu, 5))


@kernel
def observe(y, inputs, derived, out):
    store(out, 0, load(y, 1) / load(derived, 10))


@kernel
def margins(derived, out):
    store(out, 0, load(derived, 0) - load(derived, 1))


@kernel
def doses(derived, out):
    one = load(derived, 0) * 0.0 + 1.0
    store(out, 0, one)
    store(out, 1, load(derived, 4))
    store(out, 2, load(derived, 5))
    store(out, 3, one)
    store(out, 4, load(derived, 4))
    store(out, 5, load(derived, 5))
    store(out, 6, one)
    store(out, 7, one)
    store(out, 8, one - 1.0)


@kernel
def calibrate(derived, out):
    store(out, 0, load(derived, 0))


ROUTES = (
    Route(
        name="drug.po",
        drug="drug",
        state="depot",
        dose_unit="mg",
        number=1,
        compartments=("depot", "central", "peripheral"),
        infusion="depot_infusion",
    ),
    Route(
        name="drug.iv",
        drug="drug",
        state="central",
        dose_unit="mg",
        number=2,
        compartments=("depot", "central", "peripheral"),
        infusion="central_infusion",
    ),
    Route(name="other.iv", drug="other", state="other", dose_unit="mg", number=4, compartments=("other",)),
)


@dataclass(frozen=True)
class PkModel:
    """What dosing needs of a model."""

    kernels: Kernels = field(default_factory=lambda: load_kernels(globals()))
    routes: tuple[Route, ...] = ROUTES


MODEL = PkModel()


def patient(**values: float) -> np.ndarray:
    """Parameters of one patient, shape (1, K), with some of their own."""
    row = dict(zip(PARAMETERS, TYPICAL, strict=True)) | values
    return np.array([[row[name] for name in PARAMETERS]])
