"""Cases of the benchmark measure what they say, each on a few patients."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lag3ig.benchmarks import sensitivity_reference
from lag3ig.benchmarks.cases import known_answers, population_size, sensitivities, structures
from lag3ig.benchmarks.cases.floor import CORRECTION, ERROR, Work, stage_work, step_work
from lag3ig.benchmarks.figure import draw
from lag3ig.benchmarks.peers import scipy_solvers
from lag3ig.benchmarks.sensitivity_reference import population
from lag3ig.model import generated
from lag3ig.model.engine.tableaus import RODAS5P
from lag3ig.model.model import load_model

from .tolerances import ROUNDING, SENSITIVITY


def test_structures_are_all_that_are_shipped() -> None:
    """Every generated set of equations, once each, with every partner that the model knows."""
    shipped = list(Path(generated.__file__).parent.glob("[a-z]*.py"))
    assert len({model.kernels.hash for _, model in structures.models(quick=False)}) == len(shipped)
    partners = {drug for regimen in structures.PARTNERS.values() for drug in regimen.drugs}
    assert partners == set(load_model().drugs) - {"lag3ig"}


def test_methods_are_compared_at_equal_errors(monkeypatch: pytest.MonkeyPatch) -> None:
    arms = tuple(replace(arm, tolerances=(1e-4, 1e-6), patients=8, unit=8) for arm in structures.ARMS)
    monkeypatch.setattr(structures, "ARMS", arms)
    monkeypatch.setattr(structures, "EQUAL_ERRORS", (1e-5,))
    monkeypatch.setattr(structures, "models", lambda _quick: [("default", load_model())])
    for row in structures.run(quick=True):
        assert row["structure"] == "default"
        times = row["tsit5_us_1e-05"], row["rodas5p_us_1e-05"]
        assert row["tsit5_over_rodas5p_1e-05"] == pytest.approx(times[0] / times[1])


def test_work_of_a_step_is_counted_from_the_tableau() -> None:
    """An increment is loaded once a stage, and multiplied twice in all but the last two."""
    work = [stage_work(RODAS5P, number) for number in range(8)]
    assert work[0] == Work(0, 0, 0)
    for number in range(1, 8):
        accurate = number > 5
        products = 1 + number if accurate else 2 * number
        assert work[number] == Work(number + 1 + 2, 2 + 1, products + 1 + 1)
    assert step_work(RODAS5P) == sum(work, CORRECTION + ERROR)


@pytest.mark.parametrize("name", known_answers.PROBLEMS)
def test_peers_get_the_equations_of_the_known_problems(name: str) -> None:
    problem = known_answers.PROBLEMS[name]
    y = np.array(problem.end)
    states = len(y)
    wanted, none = np.zeros((states, 8)), np.zeros((0, 8))
    problem.kernels.rhs(np.repeat(y[:, None], 8, axis=1), none, none, wanted)
    found = np.zeros(states)
    known_answers.scalar(problem.kernels.rhs.function)(y, none[:, 0], none[:, 0], found)
    np.testing.assert_allclose(found, wanted[:, 0], rtol=ROUNDING, atol=ROUNDING * np.abs(wanted).max())


def test_known_answers_are_more_exact_at_tighter_tolerances() -> None:
    problem = known_answers.PROBLEMS["HIRES"]
    digits: dict[str, list[float]] = {}
    for task in known_answers.tasks("HIRES", problem, (1e-4, 1e-8)):
        digits.setdefault(task.solver, []).append(problem.correct_digits(task.end()))
    assert len(digits) == 3
    for loose, tight in digits.values():
        assert tight > loose + 2.0 > 4.0


def test_cost_is_fitted_for_every_solver_that_is_not_too_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    slow = scipy_solvers.ARMS[0]
    monkeypatch.setattr(population_size, "SIZES", (100, 1_000, 2_000))
    monkeypatch.setattr(population_size, "PEERS", (slow,))
    monkeypatch.setattr(population_size, "LONG", 0.01)
    rows = population_size.run(quick=True)
    assert [row.get("patients") for row in rows] == [100, 1_000, 2_000, None]
    assert all(row["solver"] != slow.name for row in rows)
    assert (rows[-1]["from"], rows[-1]["to"]) == (1_000, 2_000)


def test_peer_without_sensitivities_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    """The engine's rows stand for themselves; a peer that fails or is absent has a note."""

    def breaks(*_given: object) -> None:
        raise RuntimeError("no compiler")

    monkeypatch.setattr(sensitivities, "CASES", sensitivities.CASES[:1])
    monkeypatch.setattr(sensitivities, "SYMBOLS", ("ka", "kly"))
    monkeypatch.setattr(sensitivities, "TOLERANCES", (1e-8,))
    monkeypatch.setattr(sensitivity_reference, "SYMBOLS", ("ka", "kly"))
    monkeypatch.setattr(sensitivities, "population", lambda model, _count: population(model, 2))
    monkeypatch.setattr(sensitivities.amici, "installed", lambda: True)
    monkeypatch.setattr(sensitivities.amici, "prepare", breaks)
    *engine_rows, peer = sensitivities.run(quick=False)
    assert [row["solver"] for row in engine_rows] == ["lag3ig tsit5", "lag3ig rodas5p"]
    assert all(row["worst_error"] < SENSITIVITY and row["ratio"] > 1.0 for row in engine_rows)
    assert engine_rows[1]["times_engine"] == pytest.approx(1.0)
    assert peer["note"] == "failed: RuntimeError: no compiler"


def test_figure_has_a_panel_a_case_and_one_of_known_answers(tmp_path: Path) -> None:
    def row(case: str, engine: str, error: float) -> dict[str, Any]:
        return {"case": case, "engine": engine, "worst_error": error, "microseconds": 10.0 * error**-0.2}

    rows = [
        row(case, engine, error)
        for case in ("plasma-paclitaxel", "phase-1")
        for engine in ("another", "lag3ig rodas5p")
        for error in (1e-3, 1e-5)
    ]
    known = [
        {
            "problem": "HIRES",
            "solver": "lag3ig rodas5p",
            "correct_digits": digits,
            "microseconds": 10.0**digits,
        }
        for digits in (3.0, 5.0)
    ]
    path = tmp_path / "figure.svg"
    draw({"rows": rows, "tables": {known_answers.NAME: known}}, path)
    drawn = path.read_text()
    places = [drawn.index(f">{title}<") for title in ("phase-1", "plasma-paclitaxel", "HIRES")]
    assert places == sorted(places)
    with pytest.raises(ValueError, match="nothing to draw"):
        draw({"rows": [], "tables": {}}, path)
