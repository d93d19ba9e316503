"""A whole fit, tiny: what an interruption costs, and what is kept of it."""

import dataclasses

import pytest

from lag3ig.fitting.estimators.bank import load
from lag3ig.fitting.fit import Effort, fit
from lag3ig.fitting.fit_file import read_fit, write_fit
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem, load_problem

from .test_fit_file import same

PROBLEM = Problem(
    name="tiny",
    title="Growth of untreated kidney cancer",
    cards=("escudier2007", "motzer2008"),
    free=(FreeEntry(parameter="DT"), FreeEntry(parameter="h0")),
    patients=40,
)
EFFORT = Effort(bank=24, starts=2, exact_draws=30, rounds=2)


class Counted:
    """Points that the whole population was simulated at, without slopes; one of them may be interrupted."""

    def __init__(self, patch, *, interrupt_at=None):
        self.points, self.interrupt_at = [], interrupt_at
        predict = Objective.predict

        def counted(objective, free, *, slopes=False):
            if objective.patients == PROBLEM.patients and not slopes:
                if len(self.points) == self.interrupt_at:
                    raise KeyboardInterrupt
                self.points.append(tuple(free))
            return predict(objective, free, slopes=slopes)

        patch.setattr(Objective, "predict", counted)


def counted_fit(path, **options):
    with pytest.MonkeyPatch.context() as patch:
        count = Counted(patch, **options)
        try:
            result = fit(PROBLEM, effort=EFFORT, bank_file=path, threads=1)
        except KeyboardInterrupt:
            result = None
    return result, count.points


def timeless(result):
    """All of a fit but when it was made and how long it took."""
    told = {name: value for name, value in result.diagnostics.items() if name != "seconds"}
    return dataclasses.replace(result, created="", diagnostics=told)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return counted_fit(tmp_path_factory.mktemp("whole") / "bank.h5")


@pytest.mark.parametrize("interrupted_at", [9, EFFORT.bank + 13])
def test_an_interrupted_fit_goes_on_to_the_same_bits_and_simulates_no_point_twice(
    whole, tmp_path, interrupted_at
):
    """Once while the prior is simulated, once in a round of exact draws."""
    result, points = whole
    path = tmp_path / "bank.h5"
    broken, before = counted_fit(path, interrupt_at=interrupted_at)
    assert broken is None
    assert len(load(path)) == interrupted_at
    again, after = counted_fit(path)
    assert before + after == points
    assert same(timeless(again), timeless(result))


def test_the_problem_that_a_program_made_can_be_read_back(whole, tmp_path):
    result, _ = whole
    (tmp_path / "tiny.toml").write_text(result.problem_text, encoding="utf-8")
    assert load_problem(tmp_path / "tiny.toml")[0] == PROBLEM


def test_a_fit_says_what_constrains_its_parameters(whole, tmp_path):
    result, _ = whole
    found = result.findings
    assert found.reasons == {}
    assert [item.name for item in found.profiles] == list(result.names)
    assert {item.card for item in found.influences} == set(PROBLEM.cards)
    assert set(found.shares) == set(result.names)
    assert len(found.directions) == len(result.names)
    write_fit(result, tmp_path / "fit.h5")
    assert same(read_fit(tmp_path / "fit.h5"), result)
