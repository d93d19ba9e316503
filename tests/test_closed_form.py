"""The shipped model where its answer is known: kinetics in closed form, conservation, other units."""

from functools import cache

import numpy as np
import pint
import pytest

from lag3ig.model import Patients, dose, draw, load_model, simulate
from lag3ig.model.engine.batch import observe, solve
from lag3ig.model.engine.events import Events, Kind

from .tolerances import ASKED_WORST, ROUNDING

RTOL = 1e-8
TIMES = np.array([0.0, 0.1, 0.5, 1.0, 2.0, 4.0, 7.0, 14.0])
MODEL = load_model()
SYMBOLS = MODEL.kernels.parameters


@pytest.fixture(scope="module")
def patients() -> Patients:
    return draw(MODEL, 12, seed=17)


def column(patients: Patients, symbol: str) -> np.ndarray:
    return patients.parameters[:, [SYMBOLS.index(symbol)]]


def close(found: np.ndarray, exact: np.ndarray) -> bool:
    """Within the tolerance asked for, relative to the largest value over time."""
    return bool(
        np.all(np.abs(found - exact) <= ASKED_WORST * RTOL * np.abs(exact).max(axis=1, keepdims=True))
    )


def test_injection_passes_depot_node_and_plasma(patients: Patients) -> None:
    """Bateman's chain of three: A_i(t) is a sum of exponentials of the rates up to compartment i."""
    ka, kly = column(patients, "ka"), column(patients, "kly")
    weight = column(patients, "WT") / column(patients, "WTref")
    clearance = column(patients, "CLF") * weight ** column(patients, "xCL")
    volume = column(patients, "VF") * weight ** column(patients, "xV")
    k = clearance / volume
    amount = 30 * 1000 / column(patients, "MW")
    fast, middle, slow = (np.exp(-rate * TIMES) for rate in (ka, kly, k))
    run = simulate(dose("lag3ig", "30 mg"), patients=patients, times=TIMES, rtol=RTOL)
    assert close(run.curve("Asc"), amount * fast)
    assert close(run.curve("Aly"), amount * ka / (kly - ka) * (fast - middle))
    plasma = (
        amount
        * ka
        * kly
        * (fast / ((kly - ka) * (k - ka)) + middle / ((ka - kly) * (k - kly)) + slow / ((ka - k) * (kly - k)))
    )
    assert close(run.curve("Ac"), plasma)
    left = run.curve("Asc") + run.curve("Aly") + run.curve("Ac") + run.curve("eliminated")
    assert close(left, np.broadcast_to(amount, left.shape))


def two_compartments(patients: Patients, times: np.ndarray, hours: float) -> np.ndarray:
    """Central amount of pembrolizumab after 200 mg, at once or over some hours, by eigenvalues."""
    weight = column(patients, "WT") / column(patients, "WTref")
    flow, space = weight ** column(patients, "xCLp"), weight ** column(patients, "xVp")
    central, peripheral = column(patients, "V1p") * space, column(patients, "V2p") * space
    k10 = column(patients, "CLp") * flow / central
    k12, k21 = column(patients, "Qp") * flow / central, column(patients, "Qp") * flow / peripheral
    total = k10 + k12 + k21
    root = np.sqrt(total**2 - 4 * k10 * k21)
    amount = np.zeros((len(patients), times.size))
    for rate, other in (((total + root) / 2, (total - root) / 2), ((total - root) / 2, (total + root) / 2)):
        share = (k21 - rate) / (other - rate)
        if hours:
            end = hours / 24
            inside = np.minimum(times, end)
            amount += (
                200 / end * share / rate * (1 - np.exp(-rate * inside)) * np.exp(-rate * (times - inside))
            )
        else:
            amount += 200 * share * np.exp(-rate * times)
    return amount


@pytest.mark.parametrize("hours", [0.0, 0.5])
def test_pembrolizumab_has_two_compartments(patients: Patients, hours: float) -> None:
    regimen = dose("pembrolizumab", "200 mg", infuse=f"{hours} h" if hours else None)
    run = simulate(regimen, patients=patients, times=TIMES, rtol=RTOL)
    assert close(run.curve("Pc"), two_compartments(patients, TIMES, hours))


def test_twice_the_dose_is_twice_the_level(patients: Patients) -> None:
    once, twice = (
        simulate(dose("lag3ig", amount), patients=patients, times=TIMES, rtol=RTOL).curve("plasma")
        for amount in ("3 mg", "6 mg")
    )
    assert close(twice, 2 * once)


# Units a half, a quarter or a thousandth as large: powers of two, so that only roundings can differ.
UNITS = {
    "time": ({"d": 0.5}, 2.0),
    "blood cells": ({"cell": 2.0**-10}, 1.0),
    "tumour cells": ({"Mcell": 2.0**-6}, 1.0),
    "amount of LAG-3Ig": ({"nM": 0.25, "nmol": 0.25}, 1.0),
}


@cache
def registry() -> pint.UnitRegistry:
    found = pint.UnitRegistry()
    # A level is a unit of its own here: volumes keep theirs when amounts change.
    own = {"cell": "cells", "Mcell": "tumour_cells", "nM": "level", "nmol": "drug", "dose_unit": "doses"}
    for unit, dimension in {**own, "vaccine_unit": "vaccine"}.items():
        found.define(f"{unit} = [{dimension}]")
    return found


def exponent(unit: str, name: str) -> int:
    """Power of a base unit in the unit of a parameter, such as -1 of d in 1/d/(Mcell/mL)."""
    powers = dict(registry().parse_units(unit)._units) if unit != "1" else {}
    return int(powers.get({"d": "day"}.get(name, name), 0))


@pytest.mark.parametrize("which", UNITS)
def test_other_units_change_no_tumour(patients: Patients, which: str) -> None:
    """Every parameter in other units, steps of the same lengths: the same SLD to rounding."""
    smaller, clock = UNITS[which]
    values = patients.parameters.copy()
    for k, symbol in enumerate(SYMBOLS):
        for name, factor in smaller.items():
            values[:, k] /= factor ** exponent(MODEL.parameters[symbol].unit, name)
    amount = 30 * 1000 / column(patients, "MW")[0, 0] / smaller.get("nmol", 1.0)
    sizes = []
    for parameters, given, stretch in (
        (patients.parameters, 30 * 1000 / column(patients, "MW")[0, 0], 1.0),
        (values, amount, clock),
    ):
        events = Events.same_for_all(len(patients), [(0.0, Kind.ADD_STATE, 0, given)])
        solution = solve(MODEL.kernels, parameters, stretch * TIMES, events, fixed_step=stretch * 2.0**-5)
        assert np.all(solution.status == 0)
        sld = observe(MODEL.kernels, solution.states, parameters)[
            :, :, MODEL.kernels.observables.index("sld")
        ]
        sizes.append(sld)
    np.testing.assert_allclose(sizes[1], sizes[0], rtol=1e2 * ROUNDING)
    assert not np.array_equal(values, patients.parameters)
