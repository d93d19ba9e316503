"""Both methods converge at their order, within a step too, and a mistyped coefficient is found."""

import dataclasses

import numpy as np
import pytest
from scipy.special import ellipj

from lag3ig.model.engine import tableaus
from lag3ig.model.engine.batch import METHODS, solve
from lag3ig.model.engine.problems import DUFFING
from lag3ig.model.errors import ModelError

from .tolerances import ORDER, ROUNDING

STEPS = 1.0 / np.array([8.0, 12.0, 18.0, 26.0, 38.0, 56.0, 80.0])  # a decade, and every day ends a step
END = 20.0
START = np.array([0.0, 1.0])


def exact(times: np.ndarray) -> np.ndarray:
    sn, cn, dn, _ = ellipj(times, 0.5)
    return np.stack([sn, cn * dn], axis=-1)


def slope(errors: list[float]) -> float:
    return float(np.polyfit(np.log(STEPS), np.log(errors), 1)[0])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("shift", [0.0, 0.357], ids=["at the end of steps", "within steps"])
def test_order(method: str, shift: float) -> None:
    """The methods are of order five; interpolants of order four err by the fifth power of the step, too."""
    times = np.arange(1.0, END) + shift
    errors = []
    for step in STEPS:
        solution = solve(DUFFING, np.zeros((1, 0)), times, start=START, method=method, fixed_step=step)
        assert solution.steps[0] == np.ceil(times[-1] / step - ROUNDING)
        errors.append(float(np.max(np.abs(solution.states[0] - exact(times)))))
    assert abs(slope(errors) - 5.0) < ORDER, errors


@pytest.mark.parametrize("method", METHODS)
def test_outputs_do_not_change_the_steps(method: str) -> None:
    few = solve(DUFFING, np.zeros((1, 0)), [END / 4.0, END], start=START, method=method)
    many = solve(DUFFING, np.zeros((1, 0)), np.linspace(0.0, END, 201), start=START, method=method)
    assert few.steps[0] == many.steps[0]
    np.testing.assert_array_equal(few.states[0, 1], many.states[0, -1])
    np.testing.assert_array_equal(few.states[0, 0], many.states[0, 50])


def test_number_of_rooted_trees() -> None:
    assert [len(tableaus.rooted_trees(nodes)) for nodes in range(1, 7)] == [1, 1, 2, 4, 9, 20]


def mistyped(rows: tuple[tuple[float, ...], ...], row: int) -> tuple[tuple[float, ...], ...]:
    changed = [list(values) for values in rows]
    changed[row][0] += 1e-8
    return tuple(tuple(values) for values in changed)


@pytest.mark.parametrize("field", ["a", "error", "dense"])
def test_mistyped_explicit_coefficient_is_refused(field: str) -> None:
    value = getattr(tableaus.TSIT5, field)
    wrong = (value[0] + 1e-8, *value[1:]) if field == "error" else mistyped(value, 3)
    with pytest.raises(ModelError, match="Tsit5 violate"):
        dataclasses.replace(tableaus.TSIT5, **{field: wrong})


@pytest.mark.parametrize("field", ["a", "c", "dense"])
def test_mistyped_rosenbrock_coefficient_is_refused(field: str) -> None:
    with pytest.raises(ModelError, match="Rodas5P violate"):
        dataclasses.replace(tableaus.RODAS5P, **{field: mistyped(getattr(tableaus.RODAS5P, field), 2)})


def test_method_must_be_stiffly_accurate() -> None:
    a = tableaus.RODAS5P.a
    with pytest.raises(ModelError):
        dataclasses.replace(tableaus.RODAS5P, a=(*a[:6], (*a[6][:-1], 1.5), a[7]))
