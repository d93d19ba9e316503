"""What empty slots would teach: closed forms, the model's own numbers in them, and what cannot be printed."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from lag3ig.fitting.cards import load_card
from lag3ig.fitting.identifiability import Information, information
from lag3ig.fitting.mean_likelihood import standard_deviations
from lag3ig.fitting.mean_summary import MeanSummary
from lag3ig.fitting.moments import measured_moments
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem
from lag3ig.fitting.slot_information import BELOW_LIMIT, NO_NUMBER, WouldBe, lessons, would_be

from .tolerances import ROUNDING, SLOPE

CARD = load_card("brignone2009")
KEPT = ("patients_per_cohort", "cmax_0_05", "cmax_30", "auc_30", "activated_cd8_30")
PROBLEM = Problem(
    name="slots",
    title="Slots",
    cards=("brignone2009",),
    free=tuple(FreeEntry(parameter=name) for name in ("CLF", "VF", "DT")),
    patients=40,
)


def card_of(*slots, n=6):
    """The phase I card with some of its slots, and another number of patients at 30 mg."""
    arms = [arm.model_copy(update={"n": n}) if arm.id == "30 mg" else arm for arm in CARD.arms]
    kept = tuple(slot for slot in CARD.slots if slot.id in slots)
    return CARD.model_copy(update={"arms": tuple(arms), "slots": kept})


@pytest.fixture(scope="module")
def objective():
    return Objective(PROBLEM, cards=[card_of(*KEPT)], threads=1)


@pytest.fixture(scope="module")
def centre(objective):
    return objective.free_parameters.centre()


@pytest.fixture(scope="module")
def would(objective, centre):
    return would_be(objective, centre)


@pytest.fixture(scope="module")
def known(would, centre):
    return information(would.objective, centre)


def test_slots_hold_what_the_model_predicts_for_the_real_number_of_patients(would, centre):
    card = would.objective.cards[0].card
    assert would.filled == tuple(f"brignone2009.{slot}" for slot in ("cmax_30", "auc_30", "activated_cd8_30"))
    cells = card.observation("activated_cd8_30")
    arm = would.objective.predict(centre)["brignone2009"]["30 mg"]
    moments = measured_moments(arm, "activated_cd8", np.array(cells.days), logarithm=False, to_baseline=False)
    np.testing.assert_allclose(cells.centre, moments.mean, rtol=ROUNDING)
    np.testing.assert_allclose(cells.spread, np.sqrt(np.diag(moments.covariance)), rtol=ROUNDING)
    assert (cells.number, cells.spread_kind) == (6, "SD")
    peak = card.observation("cmax_30")
    summary = MeanSummary.of(
        would.objective.summaries(would.objective.predict(centre))["brignone2009.cmax_30"], 1
    )
    assert (peak.centre_kind, peak.spread_kind) == ("geometric mean", "CV percent")
    np.testing.assert_allclose(np.log(peak.centre), summary.mean, rtol=ROUNDING)
    np.testing.assert_allclose(standard_deviations(peak), summary.deviation, rtol=ROUNDING)


def test_what_cannot_be_printed_teaches_nothing_and_says_why(would, known):
    said = {item.name: item for item in lessons(would, known)}
    assert said["cmax_0_05"].reason == BELOW_LIMIT
    assert said["patients_per_cohort"].words == NO_NUMBER
    assert said["cmax_0_05"].ranked == ()


def test_plasma_levels_tell_clearance_and_volume_but_nothing_of_growth(would, known):
    said = {item.name: item for item in lessons(would, known)}
    assert said["auc_30"].ranked[0][0] == "CLF"
    assert said["cmax"].slots == ("cmax_0_05", "cmax_30")
    assert said["all slots"].narrowing["CLF"] >= said["auc_30"].narrowing["CLF"]
    assert "DT" not in dict(said["auc_30"].ranked)


def test_the_information_of_a_mean_grows_with_its_patients(known, centre):
    """A hundred times as many patients tell a hundred times as much of the mean and its deviation."""
    many = would_be(Objective(PROBLEM, cards=[card_of("auc_30", n=600)], threads=1), centre)
    found = information(many.objective, centre).by_observation["brignone2009.auc_30"]
    few = known.by_observation["brignone2009.auc_30"]
    ratio = np.linalg.eigvalsh(found)[-1] / np.linalg.eigvalsh(few)[-1]
    assert ratio == pytest.approx(100.0, rel=0.02)  # of the deviation n - 1 tell, and n of the mean


def test_narrowing_is_that_of_normal_posteriors():
    """One observation of x with error s beside a prior of deviation 1, and a slot with error t."""
    slots = tuple(
        SimpleNamespace(id=name, statement=name, observable="a", window=None) for name in ("dose_1", "dose_2")
    )
    card = SimpleNamespace(id="c", slots=slots)
    matrices = {"c.seen": 4.0, "c.dose_1": 5.0, "c.dose_2": 15.0}
    known = Information(("x",), np.ones(1), {name: np.array([[value]]) for name, value in matrices.items()})
    would = WouldBe(None, (card,), ("c.dose_1", "c.dose_2"), {})
    found = {item.name: item.narrowing["x"] for item in lessons(would, known)}
    for name, more in (("dose_1", 5.0), ("dose_2", 15.0), ("all slots", 20.0)):
        assert found[name] == pytest.approx(1.0 - np.sqrt(5.0 / (5.0 + more)), rel=ROUNDING)


def test_a_mean_at_no_cost_of_spread_tells_what_least_squares_says(objective, would, known, centre):
    """n over the variance of the logarithms, times the squared slope: the part of AUC's centre, at least."""
    step = 0.05 * known.scale[0]
    ends = [
        MeanSummary.of(
            would.objective.summaries(would.objective.predict(centre + sign * step * np.eye(3)[0]))[
                "brignone2009.auc_30"
            ],
            1,
        )
        for sign in (-1.0, 0.0, 1.0)
    ]
    slope = float((ends[2].mean - ends[0].mean)[0]) / (2.0 * step)
    of_centre = 6.0 * slope**2 / float(ends[1].deviation[0]) ** 2
    found = known.by_observation["brignone2009.auc_30"][0, 0]
    assert of_centre * (1.0 - SLOPE) <= found <= 1.2 * of_centre


def test_nothing_to_fill_teaches_nothing(objective, centre):
    whole = Objective(PROBLEM, cards=[card_of()], threads=1)
    found = would_be(whole, centre)
    assert found.filled == ()
    assert lessons(replace(found), Information(("x",), np.ones(1), {})) == ()
