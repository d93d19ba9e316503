"""Replicate trials: numbers as the publication prints them, spread as samples of that size are."""

import numpy as np
import pytest

from lag3ig.fitting.fit_result import Check
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.predictive import replicates, statistic
from lag3ig.fitting.problem import load_problem

from .tolerances import SAMPLING

MANY = 4_000


@pytest.fixture(scope="module")
def whole():
    """Everything that the shipped fit's cards print, with predictions at the centre of the prior."""
    problem, _ = load_problem("monotherapies")
    objective = Objective(problem, patients=64).remade(checks=True)
    return objective, objective.predict(objective.free_parameters.centre())


def _observations(whole):
    objective, predictions = whole
    for item in objective.cards:
        for one in item.observations:
            yield item.card, one, predictions[item.card.id]


def test_every_printed_number_has_replicates(whole):
    rng = np.random.default_rng(1)
    seen = 0
    for card, one, arms in _observations(whole):
        what = statistic(one)
        made = replicates(one, arms, card, count=7, rng=rng)
        assert made.shape == (7, len(what.names)), one.id
        assert len(what.printed) == len(what.names)
        assert not np.isnan(made).any(), one.id
        seen += 1
    assert seen > 20


def test_counts_vary_as_binomials_do(whole):
    rng = np.random.default_rng(2)
    for card, one, arms in _observations(whole):
        if one.kind == "count" and len(one.arms) == 1:
            share = arms[one.arms[0]].probability(one.endpoint, day=one.day, limit=one.limit).mean()
            made = replicates(one, arms, card, count=MANY, rng=rng)[:, 0]
            deviation = np.sqrt(one.number * share * (1.0 - share))
            assert made.mean() == pytest.approx(
                one.number * share, abs=SAMPLING * deviation / np.sqrt(MANY) + 1e-9
            )
            assert made.std() == pytest.approx(deviation, rel=0.1, abs=1e-3)


def test_medians_are_scans_where_half_are_left(whole):
    """Most replicates have their median at the scan where the predicted curve passes one half."""
    rng = np.random.default_rng(3)
    for card, one, arms in _observations(whole):
        if one.kind != "median_time":
            continue
        days = arms[one.arms[0]].cohort.scans
        free = arms[one.arms[0]].free_at(days)
        made = replicates(one, arms, card, count=MANY, rng=rng)[:, 0] * 365.25 / 12.0
        assert set(np.round(made, 6)) <= {*np.round(days, 6), np.inf}
        crossing = days[np.argmax(free <= 0.5)] if (free <= 0.5).any() else np.inf
        values, counts = np.unique(made, return_counts=True)
        assert abs(np.searchsorted(days, values[counts.argmax()]) - np.searchsorted(days, crossing)) <= 1


def test_means_vary_as_the_error_that_was_assumed_for_them(whole):
    """A coefficient of variation of 60 % over 112 patients, whatever the model says of patients."""
    rng = np.random.default_rng(4)
    found = [item for item in _observations(whole) if item[1].kind == "mean" and item[1].spread_assumed]
    assert found
    for card, one, arms in found:
        made = replicates(one, arms, card, count=MANY, rng=rng)[:, 0]
        error = 0.01 * one.spread[0] * one.centre[0] / np.sqrt(one.number)
        assert made.std() == pytest.approx(error, rel=0.1)


@pytest.mark.parametrize(
    ("unit", "printed", "inside"),
    [
        ("patients", 3.0, True),
        ("patients", 9.0, False),
        ("patients, at most", 9.0, True),
        ("patients, at most", 0.5, False),
        ("share of patients, at least", 0.5, True),
        ("share of patients, at least", 9.0, False),
        ("months", 5.2, True),  # within a week of a scan
        ("months", 5.3, False),
    ],
)
def test_a_number_is_inside_as_its_kind_can_tell(unit, printed, inside):
    check = Check("card", "one", "C0", "what", unit, "words", "fitted", printed, (1.0, 2.0, 3.0, 4.0, 5.0))
    assert check.inside is inside
