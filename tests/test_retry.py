"""The retry ladder: who is tried again, how, and that nobody else notices."""

import dataclasses

import numpy as np
import pytest

from lag3ig.model import DelayWhile, dose, draw, load_model, simulate
from lag3ig.model.engine import batch, retry
from lag3ig.model.engine.batch import METHODS, Solution, solve
from lag3ig.model.engine.contract import kernel
from lag3ig.model.engine.events import Events, Kind
from lag3ig.model.engine.problems import RICCATI
from lag3ig.model.engine.retry import LADDER, solve_or_retry
from lag3ig.model.engine.simd import load, select, store
from lag3ig.model.engine.status import Status

NAN = float("nan")
NOTHING = np.zeros((5, 0))
STARTS = np.array([[0.5], [0.8], [4.0], [0.1], [NAN]])  # the third reaches infinity at t = 0.25
FIELDS = ("states", "status", "steps", "rejected", "evaluations", "end_time", "final_state", "final_inputs")


@kernel
def no_matrix_above_one(y, inputs, derived, diagonal, lu):
    y1 = load(y, 0)
    store(lu, 0, select(y1 < 1.0, 1.0 / (load(diagonal, 0) - 2.0 * y1), NAN))


@kernel
def no_matrix(y, inputs, derived, diagonal, lu):
    store(lu, 0, load(y, 0) * NAN)


NO_MATRIX = dataclasses.replace(RICCATI, factor=no_matrix)
NO_MATRIX_ABOVE_ONE = dataclasses.replace(RICCATI, factor=no_matrix_above_one)


def same_bits(left: Solution, right: Solution, rows: list[int]) -> None:
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name)[rows], err_msg=name)


def test_another_method_solves_what_one_cannot() -> None:
    found = solve_or_retry(NO_MATRIX, NOTHING[:2], [0.5], start=STARTS[:2])
    other = solve(NO_MATRIX, NOTHING[:2], [0.5], start=STARTS[:2], method="tsit5")
    np.testing.assert_array_equal(found.status, Status.OK_AFTER_RETRY)
    np.testing.assert_array_equal(found.states, other.states)
    np.testing.assert_array_equal(found.final_state, other.final_state)
    np.testing.assert_array_equal(found.end_time, 0.5)
    assert found.ok.all()


def test_the_work_of_all_attempts_is_counted() -> None:
    given = {"start": STARTS[:1]}
    first = solve(NO_MATRIX, NOTHING[:1], [0.5], **given)
    other = solve(NO_MATRIX, NOTHING[:1], [0.5], method="tsit5", **given)
    found = solve_or_retry(NO_MATRIX, NOTHING[:1], [0.5], **given)
    assert first.status[0] == Status.LINEAR_FAILURE
    for name in ("steps", "rejected", "evaluations"):
        assert getattr(found, name)[0] == getattr(first, name)[0] + getattr(other, name)[0]


@pytest.mark.parametrize("method", METHODS)
def test_who_cannot_be_solved_keeps_the_first_reason_and_nobody_else_notices(method: str) -> None:
    options = {"start": STARTS, "method": method, "max_steps": 2_000}
    plain = solve(RICCATI, NOTHING, [0.5, 0.9], **options)
    found = solve_or_retry(RICCATI, NOTHING, [0.5, 0.9], **options)
    np.testing.assert_array_equal(found.status, plain.status)
    assert found.status[2] < 0
    assert found.status[4] == Status.INVALID_INPUT
    assert found.evaluations[4] == 0  # no method mends an input that is no number
    assert np.isnan(found.states[[2, 4]]).all()
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(found, name)[[0, 1, 3]], getattr(plain, name)[[0, 1, 3]])
    assert sum(found.count_by_status().values()) == len(STARTS)


@pytest.mark.parametrize("threads", [1, 2])
def test_same_bits_in_any_company(threads: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of these patients some stay below 1, some rise above it, and some reach infinity."""
    count, times = 40, np.array([0.5, 0.9])
    starts = np.random.default_rng(3).uniform(0.1, 1.5, (count, 1))
    events = Events.same_for_all(count, [(0.1, Kind.ADD_STATE, 0, 0.05), (0.2, Kind.ADD_STATE, 0, 0.05)])
    parameters = np.zeros((count, 0))

    def run(rows: np.ndarray, threads: int) -> Solution:
        return solve_or_retry(
            NO_MATRIX_ABOVE_ONE,
            parameters[rows],
            times,
            events.take(rows),
            start=starts[rows],
            threads=threads,
        )

    everyone = np.arange(count)
    together = run(everyone, 1)
    assert set(together.status) >= {Status.OK, Status.OK_AFTER_RETRY}
    assert min(together.status) < 0
    order = np.random.default_rng(5).permutation(count)
    monkeypatch.setattr(batch, "_PATIENTS_PER_TASK", 9)
    mixed = run(order, threads)
    for name in FIELDS:
        np.testing.assert_array_equal(getattr(mixed, name), getattr(together, name)[order], err_msg=name)
    for row in range(0, count, 7):
        same_bits(run(everyone[[row]], threads), together, [row])


def attempts(monkeypatch: pytest.MonkeyPatch, succeeds_at: int, **options) -> tuple[list, int]:
    """What the ladder asks of a solver that fails until its n-th attempt, and the status it ends with."""
    asked = []

    def solver(kernels, parameters, times, events, *, method, rtol, atol, **rest):
        asked.append((method, rtol, atol, len(parameters)))
        limit = 100_000 if len(asked) == succeeds_at else 1
        return solve(kernels, parameters, times, events, method=method, max_steps=limit, **rest)

    monkeypatch.setattr(retry, "solve", solver)
    return asked, solve_or_retry(RICCATI, NOTHING[:2], [0.5], start=STARTS[:2], **options).status.tolist()


def test_the_ladder_rung_by_rung(monkeypatch: pytest.MonkeyPatch) -> None:
    asked, status = attempts(monkeypatch, 3, method="rodas5p", rtol=1e-6, atol=1e-9)
    assert [step[0] for step in asked] == ["rodas5p", "tsit5", "rodas5p"]
    assert asked[2][1:3] == (pytest.approx(1e-8), pytest.approx(1e-11))
    assert status == [Status.OK_AFTER_RETRY] * 2
    asked, status = attempts(monkeypatch, 2, method="tsit5")
    assert [step[0] for step in asked] == ["tsit5", "rodas5p"]
    assert asked[1][2] is None
    asked, status = attempts(monkeypatch, 0, rtol=1e-14)
    assert len(asked) == len(LADDER)
    assert asked[-1][1] == 1e-14
    assert status == [Status.TOO_MANY_STEPS] * 2


def test_a_patient_of_the_model_is_solved_in_another_way() -> None:
    """Without a matrix the implicit method fails; the rest of the path does not notice."""
    model = load_model()
    broken = dataclasses.replace(model, kernels=dataclasses.replace(model.kernels, factor=no_matrix))
    patients = draw(model, 6, seed=1)
    regimen = dose("lag3ig", "30 mg", every="14 d", count=2)
    options = {"patients": patients, "times": [0.0, 20.0]}
    explicit = simulate(regimen, model=model, method="tsit5", **options)
    rescued = simulate(regimen, model=broken, **options)
    np.testing.assert_array_equal(rescued.observables, explicit.observables)
    assert rescued.outcomes == {"ok_after_retry": 6}
    rule = DelayWhile(observable="sld", above=1e6)
    watched = simulate(regimen, model=broken, rules=[rule], **options)
    assert watched.outcomes == {"ok_after_retry": 6}
    assert watched.solved.all()
