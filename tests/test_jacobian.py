"""The generated LU solves what an independent, dense Jacobian says, for every structure and form."""

import numpy as np
import pytest
import sympy

from lag3ig.model.build import build
from lag3ig.model.definition.mechanism import mechanism
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.definition.records import Module, Process, Species
from lag3ig.model.definition.structures import Structure
from lag3ig.model.errors import ModelError
from lag3ig.model.symbolic import emit
from lag3ig.model.symbolic.elimination import eliminate
from lag3ig.model.symbolic.kernels import KernelWriter
from lag3ig.model.symbolic.system import assemble

from .batch import Batch
from .tolerances import ROUNDING

SHIPPED = emit.shipped()
IDS = [structure.name for structure in SHIPPED]
every_structure = pytest.mark.parametrize("structure", SHIPPED, ids=IDS)


@every_structure
def test_factors_solve_the_system_of_an_independent_jacobian(structure: Structure) -> None:
    """J by differentiating each balance with all names put in, dense, against chain rule and sparse LU."""
    assert_solves_like_a_dense_matrix(Batch(structure, patients=6))


def assert_solves_like_a_dense_matrix(batch: Batch) -> None:
    y = batch.away()
    matrix = np.moveaxis(dense_jacobian(batch, y), -1, 0)
    for shift in (0.5, 50.0):
        diagonal = np.full((1, batch.patients), shift)
        factors = batch.run("factor", batch.kernels.factor_rows, y, batch.inputs, batch.derived, diagonal)
        right = batch.generator.standard_normal(y.shape)
        solution = right.copy()
        batch.kernels.solve(factors, solution)
        whole = shift * np.eye(len(y)) - matrix
        residual = np.einsum("pij,jp->ip", whole, solution) - right
        size = np.einsum("pij,jp->ip", np.abs(whole), np.abs(solution)) + np.abs(right)
        assert np.max(np.abs(residual) / size.max(axis=0)) <= ROUNDING


def dense_jacobian(batch: Batch, y: np.ndarray) -> np.ndarray:
    system = assemble(batch.model.mechanism, batch.model.parameters)
    values = {system.symbols[item.symbol]: item.expression for item in (*system.quantities, *system.rates)}
    known = {
        system.symbols[name]: row
        for names, rows in (
            (system.states, y),
            (system.parameters, batch.parameters),
            (system.inputs, batch.inputs),
        )
        for name, row in zip(names, rows, strict=True)
    }
    places, entries = [], []
    for i, state in enumerate(system.states):
        balance = system.balance(state)
        while any(symbol in values for symbol in balance.free_symbols):
            balance = balance.xreplace(values)
        for j, other in enumerate(system.states):
            entry = sympy.diff(balance, system.symbols[other])
            if entry != 0:
                places.append((i, j))
                entries.append(entry)
    result = np.zeros((len(y), len(y), batch.patients))
    for place, values_there in zip(
        places, sympy.lambdify(list(known), entries, "numpy")(*known.values()), strict=True
    ):
        result[place] = values_there
    return result


@pytest.mark.parametrize(
    "rate",
    [
        "kly*Zt*exp(-Zt/KD)",
        "kly*KD*log(1+Zt/KD)",
        "kly*KD*sqrt(Zt/KD)*exp(-sqrt(C/KD))",
        "kly*KD*((C+KD)/KD)**(-1/2)*(Zt/KD)**3/(1+(Zt*C/KD**2)**hS)**2",
        "kly*Zt*2**(-C/KD)*(1+Zt/(KD+C)+(C/(KD+Zt))**nPD)",
        "kly*Zt*(C/KD)**(1/3)/(C/(C+Zt))**(2/3)",
    ],
)
def test_derivatives_of_every_form_a_user_may_write(tmp_path, monkeypatch, rate: str) -> None:
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path))
    extra = Module(
        name="forms",
        meaning="a trial",
        species=(Species("Zt", "nM", "a trial"),),
        processes=(Process("form", rate, "nM/d", "a trial", {"Zt": "-1"}),),
    )
    assert_solves_like_a_dense_matrix(Batch(build(extra=(extra,)), patients=6))


@pytest.mark.parametrize(
    ("rate", "said"),
    [
        ("kly*minimum(Zt,C)", "form: minimum and maximum of states have no derivative"),
        ("kly*Zt*(C/KD)**(Zt/KD)", "a state-dependent exponent of a state-dependent base is not supported"),
    ],
)
def test_form_without_a_derivative_is_refused(rate: str, said: str) -> None:
    extra = Module(
        name="forms",
        meaning="a trial",
        species=(Species("Zt", "nM", "a trial"),),
        processes=(Process("form", rate, "nM/d", "a trial", {"Zt": "-1"}),),
    )
    with pytest.raises(ModelError, match=said):
        KernelWriter(assemble(mechanism(Structure(), (extra,)), load_parameters())).text("forms")


def test_elimination_fills_no_more_than_it_must() -> None:
    """An arrow matrix needs no fill if the centre goes last, and the order is found."""
    arrow = {(k, k) for k in range(6)} | {(0, k) for k in range(6)} | {(k, 0) for k in range(6)}
    plan = eliminate(arrow, 6)
    assert plan.order[-2:] == (0, 5) or plan.order[-1] == 0
    assert len(plan.lower) == len(plan.upper) == 5
