"""Tables of parameters from a fit: draws by their weight, new trials from the prior, what is refused."""

import dataclasses

import numpy as np
import pytest

from lag3ig.fitting import parameter_sets as module
from lag3ig.fitting.fit_file import write_fit
from lag3ig.fitting.free_parameters import Context
from lag3ig.fitting.parameter_sets import load_fit, parameter_sets
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.errors import ParameterError, StorageError

from .small_fit import PROBLEM, TRIALS, small_fit
from .tolerances import ROUNDING, SAMPLING

KILLING = (0.01, 0.02, 0.04, 0.08)


def test_every_point_comes_as_often_as_its_weight_says():
    weights = np.array([0.5, 0.3, 0.0, 0.2])
    fit = small_fit(KILLING, weights=weights)
    sets = parameter_sets(fit, "kidney", draws=37, seed=3)
    found = np.array([(sets.points == point).all(axis=1).sum() for point in fit.draws])
    assert found.sum() == 37
    assert np.all(np.abs(found - 37 * weights) < 1.0)
    assert found[2] == 0
    assert sets.distinct == 3
    again = parameter_sets(fit, "kidney", draws=37, seed=3)
    np.testing.assert_array_equal(sets.points, again.points)
    starts = {parameter_sets(fit, draws=1, seed=seed).points[0, 0] for seed in range(12)}
    assert len(starts) > 1


def test_tables_are_those_of_the_fit():
    sets = parameter_sets(small_fit(KILLING), "kidney", draws=4)
    tables = list(sets.tables())
    assert [table["kkill"].value for table in tables] == pytest.approx(KILLING, rel=ROUNDING)
    assert [table["y0"].spread for table in tables] == pytest.approx(np.linspace(0.9, 0.5, 4), rel=ROUNDING)
    usual = load_parameters()
    assert {symbol for symbol in usual if tables[0][symbol].value != usual[symbol].value} == {"kkill"}
    assert KILLING[0] < sets.middle()["kkill"].value < KILLING[3]


def test_a_new_trial_differs_as_trials_of_the_fit_do():
    fit = small_fit(KILLING, text=PROBLEM + TRIALS)
    draws = 3_000
    sets = parameter_sets(fit, "kidney", draws=draws)
    assert sets.new == ("DT",)
    assert abs(sets.new_factors.mean()) < SAMPLING * 0.3 / np.sqrt(draws)
    assert abs(sets.new_factors.std() - 0.3) < SAMPLING * 0.3 / np.sqrt(2 * draws)
    few = dataclasses.replace(sets, points=sets.points[:5], new_factors=sets.new_factors[:5])
    free, base = few.problem.free_parameters(), few.problem.base(Context("kidney", ""))
    for table, point, factor in zip(few.tables(), few.points, few.new_factors, strict=True):
        own = free.table(point, base, Context("kidney", ""))
        assert table["DT"].value == pytest.approx(own["DT"].value * np.exp(factor[0]), rel=ROUNDING)
        assert table["kkill"].value == own["kkill"].value
    first = parameter_sets(fit, "kidney", draws=5)  # draw d is a function of the seed and d
    np.testing.assert_array_equal(first.new_factors, sets.new_factors[:5])


def test_effects_of_an_indication_are_its_own_or_drawn_if_nobody_saw_it():
    fit = small_fit(KILLING, text=PROBLEM + TRIALS)
    natural = np.zeros((4, len(fit.names)))
    natural[:, 0], natural[:, 1] = KILLING, 0.7
    natural[:, fit.names.index("kkill: effect of breast")] = np.log(3.0)
    free = parameter_sets(fit).problem.free_parameters()
    fit = dataclasses.replace(fit, draws=free.free(natural))
    killing = {
        indication: [table["kkill"].value for table in parameter_sets(fit, indication, draws=4).tables()]
        for indication in ("", "kidney", "breast", "melanoma")
    }
    assert killing["kidney"] == killing[""] == pytest.approx(KILLING, rel=ROUNDING)
    assert killing["breast"] == pytest.approx(3.0 * np.array(KILLING), rel=ROUNDING)
    assert np.all(np.abs(np.log(np.array(killing["melanoma"]) / KILLING)) > 1e3 * ROUNDING)
    assert not parameter_sets(fit, "breast").cautions
    (caution,) = parameter_sets(fit, "melanoma").cautions
    assert "No card of the fit is of melanoma (they are of breast, kidney)" in caution


def test_a_fit_that_is_not_trusted_says_so():
    (caution,) = parameter_sets(small_fit(KILLING, converged=False)).cautions
    assert caution == "The posterior of the fit cannot be trusted yet: walkers disagree."
    assert parameter_sets(small_fit(KILLING)).hash != parameter_sets(small_fit(KILLING[::-1])).hash


def test_what_makes_no_tables_is_refused():
    fit = small_fit(KILLING)
    for wrong, words in (
        ({"weights": np.full(4, np.nan)}, "no numbers"),
        ({"weights": np.zeros(4)}, "no numbers"),
        ({"draws": np.full_like(fit.draws, np.inf)}, "no numbers"),
        ({"names": ("kkill", "h0")}, "not of the problem"),
        ({"problem_text": ""}, "problem in fit small"),
    ):
        with pytest.raises(ParameterError, match=words):
            parameter_sets(dataclasses.replace(fit, **wrong))
    with pytest.raises(ParameterError, match="draws = 0"):
        parameter_sets(fit, draws=0)
    sets = parameter_sets(small_fit(KILLING, text=PROBLEM + TRIALS), draws=2)
    with pytest.raises(ParameterError, match=r"fit small, draw 1: .*DT.* is not a positive number"):
        list(dataclasses.replace(sets, new_factors=np.array([[0.0], [-1e3]])).tables())


def test_the_fit_that_ships_is_found_by_name(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "FITS", tmp_path)
    with pytest.raises(ParameterError, match=r"monotherapies.* not in this installation.*lag3ig fit mono"):
        load_fit("fitted")
    with pytest.raises(ParameterError, match="did you mean 'fitted'"):
        load_fit("fited")
    with pytest.raises(StorageError, match="no such file"):
        load_fit(tmp_path / "nothing.h5")
    write_fit(small_fit(KILLING), tmp_path / "monotherapies.h5")
    for name in ("fitted", "monotherapies", tmp_path / "monotherapies.h5"):
        np.testing.assert_array_equal(load_fit(name).draws, small_fit(KILLING).draws)
