"""Synthetic data sets: drawn from what their likelihood assumes, of every kind that cards print."""

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.cohort_likelihood import log_likelihood
from lag3ig.fitting.mean_observation import MeanObservation
from lag3ig.fitting.mean_summary import MeanSummary
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import load_problem
from lag3ig.fitting.shares import probits, probits_of_categories
from lag3ig.fitting.synthetic import synthetic, synthetic_cards
from lag3ig.fitting.time_observations import HazardRatioObservation
from lag3ig.model.errors import ParameterError

from .tolerances import HALF_A_PATIENT, SAMPLING

MANY = 4_000


@pytest.fixture(scope="module")
def objective():
    problem, _ = load_problem("monotherapies")
    return Objective(problem, patients=64)


@pytest.fixture(scope="module")
def truth(objective):
    """Summaries in the middle of the prior."""
    return objective.summaries(objective.predict(objective.free_parameters.centre()))


def test_every_printed_observation_is_drawn_with_the_summary_of_the_printed_one(objective, truth):
    for seed in range(5):
        cards = synthetic_cards(objective, truth, rng=np.random.default_rng(seed))
        other = Objective(objective.problem, cards=cards, patients=64)
        again = other.summaries(other.predict(other.free_parameters.centre()))
        assert again.keys() == truth.keys()
        for name, value in again.items():
            np.testing.assert_array_equal(value, truth[name])
        assert all(np.isfinite(value) for value in other.terms(truth).values())


def test_what_is_not_fitted_stays_as_it_was_printed(objective, truth):
    cards = synthetic_cards(objective, truth, rng=np.random.default_rng(1))
    for item, card in zip(objective.cards, cards, strict=True):
        fitted = {one.id for one in item.observations}
        for before, after in zip(item.card.observations, card.observations, strict=True):
            assert before.id == after.id
            assert before.id in fitted or before is after


def test_a_seed_makes_a_data_set(objective, truth):
    made = [synthetic_cards(objective, truth, rng=np.random.default_rng(3)) for _ in range(2)]
    assert made[0] == made[1]


def _observation(objective, card, name):
    item = next(item for item in objective.cards if item.card.id == card)
    return item.card.observation(name), item.card


DISCRETE = [
    ("brignone2009", "stable_high", [0.7, 0.5]),
    ("brignone2009", "stable_low", [0.4, 0.3, 0.6]),
    ("brignone2009", "objective_responses", [0.05, 0.05, 0.1, 0.05, 0.1]),
    ("brignone2009", "cd8_activation", [0.9, 0.95]),
    ("brignone2009", "em_cd8_low", [0.9, 0.95, 0.97]),
    ("ncri_mbc", "detectable", [0.3, 0.5]),
    ("nk105", "pfs", [0.45]),
]


@pytest.mark.parametrize(("card", "name", "shares"), DISCRETE)
def test_a_draw_is_as_frequent_as_its_likelihood_says(objective, card, name, shares):
    """Each drawn observation, over many draws, against the probability its likelihood gives it."""
    observation, whole = _observation(objective, card, name)
    summary, rng = probits(shares), np.random.default_rng(4)
    seen: dict[str, list] = {}
    for _ in range(MANY):
        made = synthetic(observation, summary, whole, rng=rng)
        seen.setdefault(f"{type(made).__name__} {made!r}", [made, 0])[1] += 1
    total = 0.0
    for made, count in seen.values():
        chance = float(np.exp(log_likelihood(made, summary, whole)))
        total += chance
        error = np.sqrt(chance * (1.0 - chance) / MANY) + 1.0 / MANY
        assert count / MANY == pytest.approx(chance, abs=SAMPLING * error)
    assert total == pytest.approx(1.0, abs=0.01)


def test_categories_are_multinomial(objective):
    observation, card = _observation(objective, "mcdermott2021", "best_response")
    shares = np.array([0.05, 0.35, 0.2, 0.4])
    summary, rng = probits_of_categories(shares), np.random.default_rng(5)
    drawn = np.array(
        [list(synthetic(observation, summary, card, rng=rng).counts.values()) for _ in range(MANY)]
    )
    assert (drawn.sum(axis=1) == observation.number).all()
    error = np.sqrt(observation.number * shares * (1.0 - shares) / MANY)
    assert np.abs(drawn.mean(axis=0) - observation.number * shares).max() < SAMPLING * error.max() + 0.05


@pytest.mark.parametrize("card", ["escudier2007", "motzer2008", "mcdermott2021", "paclitaxel_hr_positive"])
def test_a_median_stays_where_it_was_printed_as_often_as_its_likelihood_says(objective, card):
    """Except for the half patient by which a whole number differs from the normal curve for it."""
    observation, whole = _observation(objective, card, "pfs")
    for shares in ([0.6, 0.4], [0.55, 0.48], [0.9, 0.52]):
        summary, rng = probits(shares), np.random.default_rng(6)
        made = [synthetic(observation, summary, whole, rng=rng) for _ in range(MANY)]
        kept = np.mean([one is observation for one in made])
        chance = float(np.exp(log_likelihood(observation, summary, whole)))
        assert kept == pytest.approx(chance, abs=SAMPLING * np.sqrt(0.25 / MANY) + HALF_A_PATIENT)
        for one in made[:50]:
            assert one.kind in ("median_time", "survival")
            assert np.isfinite(log_likelihood(one, summary, whole))


def test_an_assumed_error_of_a_mean_stays_the_same(objective):
    """So that the truth is as far from the drawn centre, in printed errors, as a standard normal."""
    observation, card = _observation(objective, "paclitaxel_hr_positive", "monocytes")
    summary = MeanSummary(np.array([2.0]), np.array([[0.1]]), np.array([1.0]), np.array([3.0])).flat()
    rng = np.random.default_rng(7)
    made = [synthetic(observation, summary, card, rng=rng) for _ in range(500)]
    error = 0.6 * observation.centre[0] / np.sqrt(observation.number)
    scaled = [(one.centre[0] - 2.0) / error for one in made]
    assert stats.kstest(scaled, "norm").pvalue > 1e-3
    for one in made[:20]:
        wanted = stats.norm(2.0, error).logpdf(one.centre[0])
        assert float(log_likelihood(one, summary, card)) == pytest.approx(wanted, rel=1e-9)


def _mean(**given):
    words = {
        "id": "values",
        "kind": "mean",
        "arm": "paclitaxel",
        "observable": "monocytes",
        "days": ("28 d", "56 d"),
        "centre_kind": "mean",
        "centre": (2.0, 3.0),
        "number": 50,
        "statement": "monocytes",
        "published": "2 and 3",
        "tag": "read",
        "role": "fitted",
    }
    return MeanObservation.model_validate({**words, **given})


SPREADS = [
    {"spread_kind": "SD", "spread": [1.0, 1.5]},
    {"spread_kind": "SE", "spread": [0.2, 0.3]},
    {"spread_kind": "CV percent", "spread": [50.0, 60.0]},
    {"spread_kind": "CI", "spread": [[1.5, 2.5], [2.5, 3.5]], "level": 0.9},
    {"spread_kind": "IQR", "spread": [[1.5, 2.5], [2.5, 3.5]]},
]


@pytest.mark.parametrize("centre_kind", ["mean", "geometric mean"])
@pytest.mark.parametrize("spread", SPREADS, ids=lambda item: item["spread_kind"])
def test_the_log_likelihood_of_a_truth_has_its_mean(objective, centre_kind, spread):
    """Normal centres and log-normal deviations: minus half, and the logarithm of each width, a number."""
    _, card = _observation(objective, "paclitaxel_hr_positive", "monocytes")
    observation = _mean(centre_kind=centre_kind, **spread)
    factor = np.array([[0.2, 0.0], [0.1, 0.15]])
    deviation, kurtosis = np.array([0.8, 0.9]), np.array([3.0, 4.0])
    middle = np.array([2.0, 3.0]) if centre_kind == "mean" else np.log([2.0, 3.0])
    summary = MeanSummary(middle, factor, deviation, kurtosis).flat()
    rng = np.random.default_rng(8)
    drawn = [synthetic(observation, summary, card, rng=rng) for _ in range(1000)]
    values = [float(log_likelihood(one, summary, card)) for one in drawn]
    number = observation.number
    variance = (kurtosis - (number - 3.0) / (number - 1.0)) / (4.0 * number)
    of_centres = -1.0 - np.log(np.diag(factor)).sum() - np.log(2.0 * np.pi)
    of_spreads = (-0.5 - 0.5 * np.log(2.0 * np.pi * variance) - np.log(deviation)).sum()
    error = np.std(values) / np.sqrt(len(values))
    assert np.mean(values) == pytest.approx(of_centres + of_spreads, abs=SAMPLING * error)


def test_a_hazard_ratio_keeps_its_relative_width(objective):
    _, card = _observation(objective, "nk105", "pfs")
    observation = HazardRatioObservation.model_construct(
        kind="hazard_ratio", id="ratio", arm="a", against="b", ratio=0.7, lower=0.5, upper=0.98, level=0.95
    )
    rng = np.random.default_rng(9)
    made = [synthetic(observation, np.array([0.1]), card, rng=rng) for _ in range(500)]
    width = np.log(0.98 / 0.5) / (2.0 * stats.norm.ppf(0.975))
    scaled = [(np.log(one.ratio) - 0.1) / width for one in made]
    assert stats.kstest(scaled, "norm").pvalue > 1e-3
    assert made[0].upper / made[0].lower == pytest.approx(0.98 / 0.5)


def test_medians_over_patients_are_refused(objective):
    _, card = _observation(objective, "paclitaxel_hr_positive", "monocytes")
    observation = _mean(centre_kind="median")
    with pytest.raises(ParameterError, match="cannot be drawn"):
        synthetic(observation, np.zeros(2), card, rng=np.random.default_rng(1))
