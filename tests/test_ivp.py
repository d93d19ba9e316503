"""Stiff problems of the literature: correct digits against published end values, and the work they take."""

import numpy as np
import pytest

from lag3ig.model.engine.batch import Solution, solve
from lag3ig.model.engine.problems import OREGO, RICCATI, VDPOL, KnownProblem
from lag3ig.model.engine.reaction_networks import HIRES, POLLU, ROBER
from lag3ig.model.engine.status import Status

from .tolerances import ASKED_WORST

RTOL = (1e-4, 1e-6, 1e-8, 1e-10)
# Correct digits of LSODA at these tolerances; for POLLU a digit less than was asked.
FLOOR = {
    "HIRES": (HIRES, (3.4, 5.6, 7.3, 9.2)),
    "ROBER": (ROBER, (3.5, 5.2, 6.8, 8.5)),
    "OREGO": (OREGO, (2.9, 4.7, 6.2, 7.7)),
    "VDPOL": (VDPOL, (3.1, 4.9, 6.9, 8.6)),
    "POLLU": (POLLU, (3.0, 5.0, 7.0, 9.0)),
}


def run(problem: KnownProblem, rtol: float) -> Solution:
    return solve(
        problem.kernels,
        np.zeros((1, 0)),
        [problem.end_time],
        start=np.array(problem.start),
        rtol=rtol,
        atol=rtol * problem.absolute,
    )


@pytest.mark.parametrize("name", FLOOR)
def test_correct_digits(name: str) -> None:
    problem, floor = FLOOR[name]
    digits = [round(problem.correct_digits(run(problem, rtol).states[0, -1]), 1) for rtol in RTOL]
    assert digits == sorted(digits)
    assert all(reached >= least for reached, least in zip(digits, floor, strict=True)), digits


@pytest.mark.parametrize(("name", "limit"), [("HIRES", 70), ("ROBER", 130), ("POLLU", 60), ("VDPOL", 300)])
def test_work_at_a_loose_tolerance(name: str, limit: int) -> None:
    """Steps tried; an explicit method would need a million."""
    solution = run(FLOOR[name][0], 1e-4)
    assert solution.steps[0] + solution.rejected[0] <= limit
    assert solution.evaluations[0] == 2 + 8 * (solution.steps[0] + solution.rejected[0])


@pytest.mark.parametrize("method", ["rodas5p", "tsit5"])
def test_solution_that_ends_in_finite_time(method: str) -> None:
    """y' = y**2 from 1 is 1 / (1 - t): followed close to t = 1, and given up there with a status."""
    before = solve(RICCATI, np.zeros((1, 0)), [0.5, 0.99], start=np.ones(1), method=method)
    assert before.status[0] == Status.OK
    error = np.abs(before.states[0, :, 0] - [2.0, 100.0]) / (1e-6 * np.array([2.0, 100.0]))
    assert error.max() < 100.0 * ASKED_WORST  # errors grow a hundredfold on the way
    through = solve(RICCATI, np.zeros((1, 0)), [0.5, 2.0], start=np.ones(1), method=method)
    assert through.status[0] in (Status.STEP_TOO_SMALL, Status.NOT_FINITE, Status.LINEAR_FAILURE)
    assert np.isnan(through.states).all()
    assert 0.99 < through.end_time[0] < 1.01
