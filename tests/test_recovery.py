"""Recovery: what ranks say of coverage, and data sets fitted with one bank from end to end."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.bank import fill, identity_of
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem
from lag3ig.fitting.recovery import LEVEL, Recovery, emulation_errors, recover, truths_of
from lag3ig.model.errors import ParameterError

from .tolerances import EMULATED_LIKELIHOOD, SAMPLING

NAMES = ("a", "b", "c")


def _ranks(count=2000):
    return np.random.default_rng(1).random((count, len(NAMES)))


def test_uniform_ranks_are_covered_nine_times_in_ten():
    recovery = Recovery(NAMES, _ranks())
    error = np.sqrt(LEVEL * (1.0 - LEVEL) / recovery.ranks.size)
    assert recovery.pooled == pytest.approx(LEVEL, abs=SAMPLING * error)
    assert recovery.pooled == pytest.approx(np.mean(list(recovery.each.values())))
    assert recovery.holm > 0.01


def test_posteriors_too_narrow_are_told_by_coverage_and_ranks():
    ranks = _ranks()
    ranks[:, 1] = np.clip(0.5 + 1.3 * (ranks[:, 1] - 0.5), 0.0, 1.0)
    recovery = Recovery(NAMES, ranks)
    assert recovery.each["b"] == pytest.approx(LEVEL / 1.3, abs=0.03)
    assert recovery.each["a"] == pytest.approx(LEVEL, abs=0.03)
    assert recovery.holm < 0.01


def test_the_joint_test_rejects_true_uniformity_as_seldom_as_it_says():
    rng = np.random.default_rng(2)
    low = [Recovery(NAMES, rng.random((100, 3))).holm < 0.05 for _ in range(400)]
    assert np.mean(low) < 0.05 + SAMPLING * np.sqrt(0.05 * 0.95 / 400)


@pytest.fixture(scope="module")
def small():
    """One arm without treatment, two parameters."""
    free = (FreeEntry(parameter="DT"), FreeEntry(parameter="h0"))
    problem = Problem(name="small", title="placebo", cards=("escudier2007", "motzer2008"), free=free)
    objective = Objective(problem, patients=100)
    points = prior_points(objective.free_parameters, 60, seed=1)
    return objective, fill(objective, points, identity=identity_of(objective))


def _truths(objective, count):
    points = truths_of(objective.free_parameters, count, seed=3)
    return fill(objective, points, identity=identity_of(objective))


def test_truths_of_small_data_sets_are_found(small):
    objective, bank = small
    trials = recover(objective, Emulator(bank, objective), _truths(objective, 30), seed=4)
    recovery = Recovery(bank.names, np.array([trial.ranks for trial in trials]))
    assert all(trial.adapted.converged for trial in trials)
    error = np.sqrt(LEVEL * (1.0 - LEVEL) / 30)
    assert recovery.pooled == pytest.approx(LEVEL, abs=SAMPLING * error)
    assert np.nanmedian(np.abs(emulation_errors(trials, 10, seed=5))) < EMULATED_LIKELIHOOD


def test_a_data_set_does_not_depend_on_the_others(small):
    objective, bank = small
    emulator, truths = Emulator(bank, objective), _truths(objective, 3)
    every = recover(objective, emulator, truths, seed=4)
    (last,) = recover(objective, emulator, truths, seed=4, numbers=[2])
    np.testing.assert_array_equal(last.ranks, every[2].ranks)


def test_a_truth_out_of_the_bank_is_refused(small):
    objective, bank = small
    with pytest.raises(ParameterError, match="truth 0 is a point of the bank"):
        recover(objective, Emulator(bank, objective), bank, seed=4)
