"""Structures found again: data sets together, evidences that are known, rates by hand, worlds far apart."""

import numpy as np
import pytest
from scipy.integrate import trapezoid

from lag3ig.fitting.estimators.bank import fill, identity_of
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem
from lag3ig.fitting.recovery import truths_of
from lag3ig.fitting.structure_recovery import (
    Candidate,
    Chosen,
    Together,
    choose,
    data_sets,
    rate,
    restricted,
)

from .tolerances import ROUNDING, SAMPLING

GROWTH = {"slow": 120.0, "fast": 40.0}  # medians of the doubling time, d: two worlds that hardly overlap


def world(name):
    """Progression without treatment where tumours grow slowly or fast; one free parameter."""
    entry = FreeEntry(parameter="DT", median=GROWTH[name], uncertainty=0.15)
    problem = Problem(name=name, title=name, cards=("escudier2007", "motzer2008"), free=(entry,))
    objective = Objective(problem, patients=100)
    points = prior_points(objective.free_parameters, 40, seed=1)
    bank = fill(objective, points, identity=identity_of(objective))
    return Candidate.of(name, objective, Emulator(bank, objective), seed=2)


@pytest.fixture(scope="module")
def candidates():
    return {name: world(name) for name in GROWTH}


@pytest.fixture(scope="module")
def truths(candidates):
    found = {}
    for name, one in candidates.items():
        points = truths_of(one.objective.free_parameters, 4, seed=5)
        found[name] = fill(one.objective, points, identity=identity_of(one.objective))
    return found


def test_data_sets_together_are_the_sum_of_their_likelihoods(candidates, truths):
    one = candidates["slow"]
    drawn = data_sets(one.objective, truths["slow"], 0, copies=3, seed=7)
    posteriors = [one.objective.remade(cards) for cards in drawn]
    points = one.pool[:50]
    each = np.array([one.emulator.judging(posterior).many(points) for posterior in posteriors])
    prior = one.objective.free_parameters.log_prior(points)
    found = Together(one.emulator, posteriors).many(points)
    np.testing.assert_allclose(found, (each - prior).sum(axis=0) + prior, rtol=ROUNDING)


def test_an_evidence_is_the_integral_over_the_prior(candidates, truths):
    """One parameter: the integral can be taken by trapezoids."""
    one = candidates["fast"]
    cards = data_sets(one.objective, truths["fast"], 1, copies=1, seed=8)
    found, converged = one.log_evidence(cards, seed=9)
    centre = one.objective.free_parameters.centre()
    grid = centre + np.linspace(-0.45, 0.45, 400)[:, np.newaxis]  # three deviations of the prior
    values = one.emulator.judging(one.objective.remade(cards[0])).many(grid)
    exact = np.log(trapezoid(np.exp(values - values.max()), grid[:, 0])) + values.max()
    assert converged
    assert found == pytest.approx(exact, abs=SAMPLING / np.sqrt(100.0))


def test_worlds_far_apart_are_told_apart_every_time(candidates, truths):
    found = [
        choose(candidates, name, truths[name], place, kept=lambda _: True, copies=1, seed=10)
        for name in GROWTH
        for place in range(4)
    ]
    share = rate(found, "slow", "fast")
    assert (share.count, share.number) == (8, 8)
    assert min(item.probability(GROWTH) for item in found) > 0.9


def test_more_of_the_same_tells_more(candidates, truths):
    def gap(copies):
        item = choose(candidates, "slow", truths["slow"], 2, kept=lambda _: True, copies=copies, seed=11)
        return item.log_evidences["slow"] - item.log_evidences["fast"]

    assert gap(8) > 4.0 * gap(1) > 0.0


def test_what_is_not_printed_does_not_count(candidates, truths):
    one = candidates["slow"]
    (cards,) = data_sets(one.objective, truths["slow"], 0, copies=1, seed=12)
    fewer = restricted(cards, lambda name: name.startswith("escudier2007"))
    assert [item.id for card in fewer for item in card.observations if item.role == "fitted"] == ["pfs"]
    with_both, with_one = (one.log_evidence([some], seed=13)[0] for some in (cards, fewer))
    alone = Problem(
        name="alone",
        title="alone",
        cards=("escudier2007",),
        free=(FreeEntry(parameter="DT", median=120.0, uncertainty=0.15),),
    )
    objective = Objective(alone, patients=100)
    points = prior_points(objective.free_parameters, 40, seed=1)
    bank = fill(objective, points, identity=identity_of(objective))
    other = Candidate.of("alone", objective, Emulator(bank, objective), seed=2)
    expected = other.log_evidence([[card for card in cards if card.id == "escudier2007"]], seed=13)[0]
    assert with_one == pytest.approx(expected, abs=SAMPLING / np.sqrt(100.0))
    assert with_both != with_one


def test_rates_by_hand():
    items = [
        Chosen("a", {"a": -1.0, "b": -2.0, "c": 0.0}, True),
        Chosen("b", {"a": -1.0, "b": -2.0, "c": -9.0}, True),
        Chosen("c", {"a": -1.0, "b": -5.0, "c": -3.0}, True),
    ]
    pair = rate(items, "a", "b")
    assert (pair.count, pair.number) == (1, 2)
    assert rate(items, "b", "c").count == 2
    assert items[0].probability(("a", "b")) == pytest.approx(1.0 / (1.0 + np.exp(-1.0)), rel=ROUNDING)


def test_data_of_one_truth_do_not_depend_on_the_others(candidates, truths):
    one = candidates["slow"]
    few, many = (data_sets(one.objective, truths["slow"], 3, copies=n, seed=14) for n in (1, 3))
    assert few[0] == many[0]
    assert many[1] != many[2]
