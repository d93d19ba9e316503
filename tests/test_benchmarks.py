"""The benchmark is honest: peers get the engine's equations, wrong answers get no time, rows are whole."""

import json
from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from lag3ig.benchmarks.__main__ import MEASURED, main
from lag3ig.benchmarks.arm import Arm, Solve
from lag3ig.benchmarks.cases import phase_one
from lag3ig.benchmarks.equations import SCALAR, in_numba, in_numbers, in_python, statements_of, text
from lag3ig.benchmarks.peers import engine
from lag3ig.benchmarks.precision import LARGEST_ERROR, Curve, Row, ratios_at, work_precision
from lag3ig.benchmarks.problem import Problem
from lag3ig.benchmarks.references import TOLERANCE, Reference, reference
from lag3ig.benchmarks.timing import ROUNDS, interleaved
from lag3ig.model.definition.structures import Structure

from .batch import Batch
from .reference import Patient
from .tolerances import ASKED_WORST, ROUNDING

SHIPPED = (Structure(), *Structure().one_step_alternatives())
PEAKS = 2e-3  # largest values at steps of the reference and on a half-hourly grid may differ by this share
OWN = replace(engine.DEFAULT, tolerances=(1e-4, 1e-6), patients=8, unit=4)


@pytest.fixture(scope="module")
def problem() -> Problem:
    return phase_one.problem(4)


@pytest.fixture(scope="module")
def truth(problem: Problem) -> Reference:
    return reference(problem)


@pytest.mark.parametrize("structure", SHIPPED, ids=lambda item: item.name)
def test_peers_get_the_equations_of_the_engine(structure: Structure) -> None:
    """The text in plain Python numbers gives the rates of the engine's kernel up to rounding."""
    batch = Batch(structure, patients=10)
    y = batch.away()
    wanted = batch.rates(y)
    rhs = in_numbers(batch.kernels, SCALAR)
    make = in_python(batch.kernels)
    for patient in range(batch.patients):
        state, inputs, derived = y[:, patient], batch.inputs[:, patient], batch.derived[:, patient]
        found = [0.0] * len(state)
        rhs(state.tolist(), inputs.tolist(), derived.tolist(), found)
        size = np.abs(wanted[:, patient]) + np.abs(state)
        assert np.abs(found - wanted[:, patient]).max(initial=0.0, where=size > 0.0) <= ROUNDING * size.max()
        assert make(derived.tolist())(0.0, state, inputs.tolist()) == found


def test_compiled_form_is_the_python_form() -> None:
    batch = Batch(Structure(), patients=3)
    y = batch.away()
    compiled, make = in_numba(batch.kernels), in_python(batch.kernels)
    for patient in range(batch.patients):
        rows = [np.ascontiguousarray(part[:, patient]) for part in (y, batch.inputs, batch.derived)]
        found = np.zeros(len(y))
        compiled(*rows, found)
        wanted = make(rows[2].tolist())(0.0, rows[0], rows[1])
        np.testing.assert_allclose(found, wanted, rtol=ROUNDING, atol=ROUNDING * np.abs(wanted).max())


def test_reference_is_the_mechanism_written_by_hand(problem: Problem, truth: Reference) -> None:
    """Another derivation of the equations and another method: both are within what the looser one asks."""
    kernels = problem.model.kernels
    values = dict(zip(kernels.parameters, problem.parameters[0], strict=True))
    table = problem.model.parameters.parameters
    values = {symbol: item.value for symbol, item in table.items()} | values
    row = kernels.states.index("Asc")
    doses = [
        (float(time), "Asc", float(value))
        for time, target, value in zip(
            problem.events.time[:6], problem.events.target[:6], problem.events.value[:6], strict=True
        )
        if target == row
    ]
    assert len(doses) == 6
    asked = 1e-9
    path = Patient(values).solve(problem.times, doses, rtol=asked)
    found = np.stack([path[state] for state in kernels.states], axis=-1)[np.newaxis]
    assert truth.errors(found).max() < ASKED_WORST * asked


def test_reference_is_converged(problem: Problem, truth: Reference) -> None:
    """A hundred times the tolerance moves it by no more than that."""
    looser = replace(problem, parameters=problem.parameters[:2], events=problem.tiled(2).events)
    moved = truth.errors(reference(looser, tolerance=100 * TOLERANCE).states)
    assert moved.max() < ASKED_WORST * 100 * TOLERANCE


def test_error_is_a_share_of_the_peak_at_any_time(problem: Problem, truth: Reference) -> None:
    """LAG-3Ig in the node peaks within hours of a dose, between two outputs, and is measured against that."""
    fine = replace(problem, times=np.arange(1, 168 * 48 + 1) / 48.0)
    peaks = np.abs(reference(fine).states).max(axis=1)
    np.testing.assert_allclose(truth.largest, peaks, rtol=PEAKS, atol=PEAKS * 1e-6 * truth.scales.max())
    node = problem.model.kernels.states.index("Aly")
    seen = np.abs(truth.states[:, :, node]).max(axis=1)
    assert (truth.largest[:, node] > 10.0 * seen).all()
    off = truth.states.copy()
    off[:, -1, node] += 1e-3 * truth.largest[:, node]
    np.testing.assert_allclose(truth.errors(off), 1e-3, rtol=PEAKS)


def test_shared_reciprocals_are_written_out() -> None:
    """Peers get one assignment for each name, whatever divisions the engine shares."""
    kernel = """
    @kernel
    def rhs(y, inputs, derived, dy):
        '''Rates.'''
        C = load(y, 0)
        KD = load(derived, 1)
        per_sum, per_one, per_three = reciprocals(KD + C, 1.0 + C, 3.0)
        store(dy, 0, KD * per_sum + per_one * per_three)
    """
    lines = statements_of(kernel)
    assert text(lines, 0).splitlines() == [
        "C = y[0]",
        "KD = derived[1]",
        "per_sum = 1.0 / (KD + C)",
        "per_one = 1.0 / (1.0 + C)",
        "per_three = 1.0 / 3.0",
        "dy[0] = KD * per_sum + per_one * per_three",
    ]


def test_engine_is_proved_then_timed(problem: Problem, truth: Reference) -> None:
    rows = work_precision(problem, [OWN], truth, own=OWN.name)
    assert [row.tolerance for row in rows] == [1e-4, 1e-6]
    for row in rows:
        assert row.worst_error is not None
        assert row.median_error is not None
        assert row.median_error <= row.worst_error < LARGEST_ERROR
        assert row.microseconds is not None
        assert row.least is not None
        assert 0.0 < row.least <= row.microseconds
        assert row.ratio == pytest.approx(1.0)
        assert (row.proved, row.rounds) == (4, ROUNDS)


def test_wrong_answers_get_no_time(problem: Problem, truth: Reference) -> None:
    """A peer that is off by more than the bound is run to prove it, and never again."""
    runs: list[int] = []

    def prepare(_problem: Problem, factor: float) -> Solve:
        def solve(_tolerance: float, count: int) -> np.ndarray:
            runs.append(count)
            return truth.states[np.arange(count) % len(truth.states)] * factor

        return solve

    def arm(name: str, factor: float) -> Arm:
        return Arm(name=name, prepare=lambda p: prepare(p, factor), tolerances=(1e-6,), patients=8, unit=8)

    (wrong,) = work_precision(problem, [arm("wrong", 1.0 + 2.0 * LARGEST_ERROR)], truth, own=OWN.name)
    assert wrong.note.startswith("refused")
    assert wrong.microseconds is None
    assert wrong.ratio is None
    once = len(runs)
    (nan,) = work_precision(problem, [arm("nan", float("nan"))], truth, own=OWN.name)
    assert nan.note.startswith("refused")
    assert nan.microseconds is None
    assert len(runs) == 2 * once
    (right,) = work_precision(problem, [arm("right", 1.0)], truth, own=OWN.name)
    assert right.microseconds is not None
    assert len(runs) == 3 * once + ROUNDS


def test_peers_that_cannot_run_are_said_so(problem: Problem, truth: Reference) -> None:
    def breaks(_problem: Problem) -> Solve:
        raise RuntimeError("no compiler")

    absent = Arm(
        name="absent",
        package="nowhere",
        module="lag3ig_nowhere",
        prepare=breaks,
        tolerances=(1e-6,),
        patients=1,
    )
    broken = Arm(name="broken", prepare=breaks, tolerances=(1e-6,), patients=1)
    rows = work_precision(problem, [absent, broken], truth, own=OWN.name)
    assert [row.note for row in rows] == [
        "nowhere is not installed",
        "could not be set up: RuntimeError: no compiler",
    ]


def test_ratio_is_taken_at_equal_error() -> None:
    """Costs that are powers of the error have their ratio wherever both were measured."""

    def row(engine: str, error: float, cost: float) -> Row:
        return Row(case="x", engine=engine, worst_error=error, microseconds=cost)

    ours = [row("ours", error, error**-0.2) for error in (1e-3, 1e-5, 1e-7)]
    theirs = [row("theirs", error, 7.0 * error**-0.2) for error in (1e-2, 1e-4, 1e-6)]
    assert ratios_at([*ours, *theirs], 3e-5, own="ours") == pytest.approx({"ours": 1.0, "theirs": 7.0})
    assert Curve(ours).at(1e-8) is None
    assert Curve(ours).at(1.0) == pytest.approx(1e-3**-0.2)


def test_rounds_are_enough_and_take_turns() -> None:
    order: list[str] = []
    interleaved([lambda: order.append("a"), lambda: order.append("b")])
    assert "".join(order) == "abbaabbaab"
    with pytest.raises(ValueError, match="at least"):
        interleaved([lambda: None], rounds=ROUNDS - 1)


def test_json_has_a_row_per_case_engine_and_tolerance(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(engine, "ARMS", (OWN,))
    out = tmp_path / "rows.json"
    figure = tmp_path / "figure.svg"
    asked = ["--json", str(out), "--quick", "--case", "phase-1", "--engine", "no such peer"]
    assert main([*asked, "--figure", str(figure)]) == 0
    result = json.loads(out.read_text())
    assert {"processor", "cores", "target", "versions"} <= set(result["machine"])
    assert [(row["case"], row["engine"], row["tolerance"]) for row in result["rows"]] == [
        ("phase-1", OWN.name, 1e-4),
        ("phase-1", OWN.name, 1e-6),
    ]
    assert all(set(row) == {field.name for field in fields(Row)} for row in result["rows"])
    assert OWN.name in capsys.readouterr().out
    assert figure.stat().st_size > 0
    # Another case measured later joins them; the same one replaces its rows.
    monkeypatch.setitem(MEASURED, "doses", lambda quick: [{"doses": 1, "quick": quick}])
    for _ in range(2):
        assert main(["--json", str(out), "--quick", "--case", "doses"]) == 0
    joined = json.loads(out.read_text())
    assert joined["rows"] == result["rows"]
    assert joined["tables"] == {"doses": [{"doses": 1, "quick": True}]}
