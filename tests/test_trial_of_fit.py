"""A trial with a fit: each patient from its draw's table, same bits, run again from its own file, said so."""

import dataclasses
import json

import numpy as np
import pytest

from lag3ig import run_trial
from lag3ig.experiments import cli_console
from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.experiments.report import render, reproduce_command
from lag3ig.experiments.report_figure import tuned_sentence
from lag3ig.experiments.results import read_result
from lag3ig.experiments.trial_models import load_trial_model, trial_models
from lag3ig.fitting import parameter_sets
from lag3ig.fitting.fit_file import write_fit
from lag3ig.model import draw
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.errors import ParameterError, ProtocolError

from .small_fit import PROBLEM, TRIALS, small_fit
from .test_trial import PHASE_I, TEXT, assert_same_bits
from .tolerances import ROUNDING, SAMPLING

KILLING = (0.005, 0.02, 0.08)
SMALL = {"patients": 144, "replicates": 30, "history_patients": 60}
FIT = small_fit(KILLING, text=PROBLEM + TRIALS, converged=False)


@pytest.fixture(scope="module")
def result():
    return run_trial(PHASE_I, **SMALL, parameters=FIT, threads=1)


def test_each_patient_is_the_one_that_its_draw_would_have_drawn():
    plan = load_protocol(PHASE_I).protocol
    models = trial_models(plan, FIT, patients=40, replicates=0, draws=3, seed=4)
    for sampling in ("independent", "sobol", "latin"):
        count = 40 if sampling == "latin" else None
        ids = np.arange(40)
        options = {"seed": 7, "sampling": sampling}
        whole = draw(models.model, count, ids=ids, distribution=models.distribution, **options)
        for number, model in enumerate(models.distribution.models):
            own = draw(model, count, ids=ids, **options)
            mine = ids % 3 == number
            np.testing.assert_array_equal(whole.parameters[mine], own.parameters[mine])
            np.testing.assert_array_equal(whole.attempts[mine], own.attempts[mine])


def test_a_mixture_and_a_correlation_are_those_of_the_draw():
    text = PROBLEM.replace('growth = "exponential"', 'microenvironment = "mixture"')
    text += '\n[share]\n\n[[correlations]]\nparameters = ["kkill", "DT"]\n'
    fit = small_fit(KILLING, text=text)
    points = fit.draws.copy()
    points[:, 2:] = np.array([[-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]).T
    plan = load_protocol(PHASE_I).protocol
    models = trial_models(
        plan, dataclasses.replace(fit, draws=points), patients=90, replicates=0, draws=3, seed=4
    )
    assert models.model.structure.microenvironment == "mixture"  # a protocol that states none takes the fit's
    whole = draw(models.model, 90, seed=7, distribution=models.distribution)
    assert [whole.component[number::3].mean() for number in range(3)] == sorted(
        whole.component[number::3].mean() for number in range(3)
    )
    for number, model in enumerate(models.distribution.models):
        own = draw(model, 90, seed=7)
        np.testing.assert_array_equal(whole.parameters[number::3], own.parameters[number::3])
        np.testing.assert_array_equal(whole.component[number::3], own.component[number::3])


def test_a_fit_that_found_the_literature_draws_its_patients():
    usual = load_parameters()
    text = PROBLEM.replace('target = "spread"', "").replace('"y0"', '"h0"')
    fit = small_fit([usual["kkill"].value], text=text)
    found = parameter_sets.parameter_sets(fit).problem.free_parameters()
    fit = dataclasses.replace(fit, draws=found.free([[usual["kkill"].value, usual["h0"].value]]))
    plan = load_protocol(PHASE_I).protocol
    models = trial_models(plan, fit, patients=20, replicates=0)
    same = draw(models.model, 20, seed=1, distribution=models.distribution)
    np.testing.assert_allclose(
        same.parameters, draw(load_trial_model(plan), 20, seed=1).parameters, rtol=1e2 * ROUNDING
    )


@pytest.mark.parametrize("change", [{"threads": 2, "block": 7}, {"block": 64}], ids=str)
def test_threads_and_blocks_do_not_change_a_bit(result, change):
    assert_same_bits(result, run_trial(PHASE_I, **SMALL, parameters=FIT, **{"threads": 1, **change}))


def test_patients_and_replicates_are_divided_over_the_draws(result):
    assert result.summary["fit"]["draws"] == 3  # 144 patients suffice for three times twice 21
    np.testing.assert_array_equal(result.patients.draw, np.arange(144) % 3)
    column = result.patients.names.index("kkill")
    kills = [result.patients.parameters[number::3, column] for number in range(3)]
    assert np.median(kills[0]) < np.median(kills[1]) < np.median(kills[2])
    stable = [result.arms["30 mg"].table["stable_3m"][number::3].mean() for number in range(3)]
    assert stable[0] < stable[2]
    (row,) = [row for row in result.table if row["row"] == "Stable disease at 3 months, above 6 mg"]
    low, high = row["parameters"]["interval"]
    assert low < row["model_value"] < high
    assert "90 % over draws" in row["model"]
    parts = result.summary["fit"]["variances"]
    assert [part["side"] for part in parts] == ["low", "high"]
    assert all(part["total"] > part["sampling"] > 0.0 for part in parts)


def test_a_trial_is_run_again_from_its_own_file(result, tmp_path):
    path = tmp_path / "x.h5"
    streamed = run_trial(PHASE_I, **SMALL, parameters=FIT, out=path, block=50)
    read = read_result(path)
    for other in (streamed, read, run_trial(PHASE_I, **SMALL, parameters=path)):
        assert_same_bits(result, other)
        np.testing.assert_array_equal(result.patients.draw, other.patients.draw)
        for field in dataclasses.fields(result.sets):
            left, right = (getattr(item.sets, field.name) for item in (result, other))
            np.testing.assert_array_equal(left, right, err_msg=field.name)
    other_trial = parse_protocol(TEXT.replace('indication = "kidney"', 'indication = "breast"'))
    with pytest.raises(ProtocolError, match="draws for the indication kidney; give the fit itself"):
        run_trial(other_trial, **SMALL, parameters=path)
    literature = tmp_path / "y.h5"
    run_trial(PHASE_I, patients=20, replicates=0, history_patients=0, out=literature)
    with pytest.raises(ParameterError, match="with the literature's parameters, not a fit"):
        run_trial(PHASE_I, **SMALL, parameters=literature)


def test_what_the_protocol_states_goes_before_the_fit():
    text = TEXT.replace("# parameters = {", "parameters = { kkill = 0.03, DT = 90.0 } #")
    models = trial_models(parse_protocol(text).protocol, FIT, patients=60, replicates=0, draws=3)
    for model in (models.model, *models.distribution.models):
        assert (model.parameters["kkill"].value, model.parameters["DT"].value) == (0.03, 90.0)
    spreads = {model.parameters["y0"].spread for model in models.distribution.models}
    assert len(spreads) == 3


def test_fit_and_protocol_that_do_not_belong_together_are_refused():
    plan = load_protocol(PHASE_I).protocol
    size = {"patients": 100, "replicates": 10}
    text = TEXT.replace("# structure = {", 'structure = { growth = "gompertz" } #')
    with pytest.raises(ProtocolError, match=r"growth = gompertz \(fit: exponential\)"):
        trial_models(parse_protocol(text).protocol, FIT, **size)
    same = TEXT.replace("# structure = {", 'structure = { growth = "exponential" } #')
    assert trial_models(parse_protocol(same).protocol, FIT, **size).draws == 2
    with pytest.raises(ProtocolError, match="5 draws of the fit need 105 virtual patients in each arm, 21"):
        trial_models(plan, FIT, **size, draws=5)
    with pytest.raises(ProtocolError, match="draws = 2 needs a fit"):
        trial_models(plan, "literature", **size, draws=2)
    dropping = parse_protocol(TEXT.replace("dropout_per_month = 0.0", "dropout_per_month = 0.5"))
    size = {"patients": 84, "replicates": 4, "history_patients": 0}
    with pytest.raises(ProtocolError, match=r"fewer draws of the fit \(this is draw 0 of 4\)"):
        run_trial(dropping, **size, parameters=FIT, draws=4)


def test_without_drug_the_formula_is_averaged_over_the_draws(result):
    history = result.summary["natural_history"]
    low, high = history["interval"]
    assert low < history["analytic"] < high
    more = run_trial(PHASE_I, patients=80, replicates=0, history_patients=1_500, parameters=FIT, draws=40)
    history = more.summary["natural_history"]
    share = history["analytic"]
    sampling = SAMPLING * np.sqrt(share * (1.0 - share) / history["evaluated"])
    assert abs(history["simulated"] - share) < sampling + 0.01


def test_the_report_says_which_fit_and_what_it_leaves_open(result):
    text = render(result)
    for words in (
        "Parameters: the fit small",
        "cannot be trusted yet: walkers disagree",
        "What the parameters leave open",
        "variance from parameters",
        "each trial has one draw of the fit",
        "The fit did not use 7/8",
        "From the fit:",
        result.sets.hash,
    ):
        assert words in text, words
    assert "--parameters small --draws 3" in reproduce_command(result)
    assert "No parameter was tuned" not in text
    used = dataclasses.replace(result.sets, cards=("brignone2009",))
    again = dataclasses.replace(result, sets=used)
    plan = load_protocol(PHASE_I).protocol
    assert tuned_sentence(again, plan, "7/8") == "The fit used 7/8 among its data."


def test_the_command_prints_both_columns(lag3ig, tmp_path, monkeypatch):
    small = ("--patients", 84, "--replicates", 10, "--history-patients", 40, "--no-report", "--threads", 1)
    both = ("--parameters", "literature", "--parameters", "fitted", *small)
    monkeypatch.setattr(parameter_sets, "FITS", tmp_path)
    absent = lag3ig("run", PHASE_I, "--out", tmp_path / "x.h5", *both)
    assert absent.exit_code == cli_console.WRONG
    assert "not in this installation" in absent.stderr
    assert not list(tmp_path.iterdir())
    write_fit(FIT, tmp_path / "monotherapies.h5")
    found = lag3ig("run", PHASE_I, "--out", tmp_path / "x.h5", *both)
    assert found.exit_code == cli_console.DONE, found.output
    head = next(line for line in found.stdout.splitlines() if "published" in line and "literature" in line)
    assert head.split() == ["published", "literature", "fitted"]
    words = " ".join(found.stdout.split())
    assert "of the variance" in words
    assert "cannot be trusted yet: walkers disagree" in words
    assert read_result(tmp_path / "x.h5").sets is None
    assert read_result(tmp_path / "x-fitted.h5").sets.asked == "fitted"
    alone = lag3ig("run", PHASE_I, "--out", tmp_path / "y.h5", "--parameters", "fitted", "--json", *small)
    assert json.loads(alone.stdout)["parameters"] == "fitted"
    assert (tmp_path / "y.h5").exists()
    twice = lag3ig("run", PHASE_I, "--out", tmp_path / "x.h5", *both, "--parameters", "fitted")
    assert "give each set once" in twice.stderr
    wrong = lag3ig("run", PHASE_I, "--out", tmp_path / "x.h5", "--draws", 3, *small)
    assert "--draws needs a fit" in wrong.stderr
