"""What data tell: closed forms of linear Gaussian models, and conflicts that were put there."""

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.estimators.posterior import points_about
from lag3ig.fitting.identifiability import information, movements
from lag3ig.fitting.influence import compare, influence_of_fit, influences, predictive_probability
from lag3ig.model.errors import ParameterError

from .tolerances import DIFFERENCES, ROUNDING, SAMPLING
from .toy_posteriors import LinearGaussian, normal_parameters

SLOPES = 1e2 * DIFFERENCES


def test_the_information_of_a_linear_gaussian_model_is_known():
    toy = LinearGaussian.example()
    found = information(toy, toy.mean)
    np.testing.assert_allclose(found.total, toy.precision - np.diag(toy.prior**-2.0), rtol=SLOPES)
    rows = toy.slopes[:2] / toy.errors[:2, None]
    np.testing.assert_allclose(found.of("card0."), rows.T @ rows, rtol=SLOPES)


def test_a_sum_that_data_tell_leaves_the_difference_sloppy():
    toy = LinearGaussian(np.array([[1.0, 1.0]]), np.zeros(1), np.array([0.1]), np.ones(2), sizes=(1,))
    stiff, sloppy = information(toy, np.zeros(2)).directions()
    assert stiff.words == "stiff (200 of the prior): +0.71 x0 +0.71 x1"
    assert sloppy.sloppy
    assert sloppy.information == pytest.approx(0.0, abs=SLOPES)
    assert sloppy.loadings["x0"] * sloppy.loadings["x1"] == pytest.approx(-0.5, rel=SLOPES)


def test_shares_of_cards_are_the_variance_that_comes_back_without_them():
    toy = LinearGaussian.example()
    toy.slopes[:2, 0] = toy.slopes[4:, 0] = 0.0
    toy.slopes[2:4, 1:] = 0.0
    shares = information(toy, toy.mean).shares()
    assert shares["x0"]["card1"] == pytest.approx(1.0 - toy.covariance[0, 0] / toy.prior[0] ** 2, rel=SLOPES)
    assert max(shares["x0"]["card0"], shares["x0"]["card2"], shares["x1"]["card1"]) < SLOPES


def test_information_is_refused_where_patients_fail():
    toy = LinearGaussian.example()
    toy.fails_above = 0.0
    with pytest.raises(ParameterError, match="1 patients fail"):
        information(toy, np.zeros(3))


def test_what_was_learnt_of_normal_parameters_is_known():
    parameters = normal_parameters([1.0, 2.0])
    draws = points_about([0.5, 0.0], np.diag([0.25, 4.0]), 4096, seed=1)
    first, second = movements(parameters, draws)
    assert first.shift == pytest.approx(0.5, abs=0.01)
    assert first.contraction == pytest.approx(0.75, abs=0.01)
    assert first.divergence == pytest.approx(0.5 * (0.25 + 0.25 - 1.0 - np.log(0.25)), abs=0.01)
    assert [second.shift, second.contraction, second.divergence] == pytest.approx([0.0] * 3, abs=0.01)


def test_weights_count_as_copies():
    parameters = normal_parameters([1.0])
    draws = np.array([[0.0], [1.0], [3.0]])
    weighted = movements(parameters, draws, [1.0, 2.0, 1.0])
    copied = movements(parameters, np.array([[0.0], [1.0], [1.0], [3.0]]))
    assert weighted[0].contraction == pytest.approx(copied[0].contraction, rel=ROUNDING)


def _without(toy, card):
    """The same posterior without the two rows of a card."""
    kept = np.delete(np.arange(len(toy.data)), [2 * card, 2 * card + 1])
    return LinearGaussian(toy.slopes[kept], toy.data[kept], toy.errors[kept], toy.prior, toy.sizes[:-1])


@pytest.fixture(scope="module")
def many_rows():
    return LinearGaussian.example(dimensions=2, rows=12, seed=3)


def test_a_card_left_out_by_weights_is_the_posterior_without_it(many_rows):
    toy = many_rows
    draws = np.random.default_rng(1).multivariate_normal(toy.mean, toy.covariance, 10_000)
    judged = [toy(point).terms for point in draws]
    terms = {name: np.array([item[name] for item in judged]) for name in judged[0]}
    names = toy.free_parameters.names
    trusted = 0
    for card, found in enumerate(influences(names, draws, terms)):
        rest = _without(toy, card)
        known = compare("", names, (toy.mean, toy.covariance), (rest.mean, rest.covariance), shape=0.0)
        if found.trusted:
            trusted += 1
            np.testing.assert_allclose(found.shift, known.shift, atol=0.1)
            np.testing.assert_allclose(found.widening, known.widening, rtol=0.1)
    assert trusted >= 4


def test_a_card_that_says_it_all_cannot_be_left_out_by_weights():
    """Three draws, of which weights leave one."""
    found = influences(("x",), [[0.0], [1.0], [2.0]], {"a.mean": [-800.0, 0.0, 0.0]})
    assert not found[0].trusted
    assert np.isnan(found[0].conflict)


def test_the_conflict_of_cards_that_agree_is_uniform():
    """Over data sets drawn from the model, the probability is below 0.1 in a tenth of them."""
    toy = LinearGaussian.example(dimensions=2, rows=6)
    rng = np.random.default_rng(2)
    found = []
    for _ in range(400):
        truth = toy.prior * rng.normal(size=2)
        toy.data = toy.slopes @ truth + toy.errors * rng.normal(size=6)
        rest = _without(toy, 0)
        both = (toy.mean, toy.covariance), (rest.mean, rest.covariance)
        found.append(compare("card0", ("x0", "x1"), *both, shape=0.0).conflict)
    assert stats.kstest(found, "uniform").pvalue > 0.01


def test_no_conflict_is_looked_for_in_what_few_draws_cannot_tell():
    """A card takes away a fifth of one variance: thousands of draws can tell, fifty cannot."""
    whole, without = (np.zeros(2), np.diag([0.8, 1.0])), (np.array([2.0, 0.0]), np.eye(2))
    known = compare("a", ("x", "y"), whole, without, shape=0.0)
    many = compare("a", ("x", "y"), whole, without, shape=0.0, effective_size=5000.0)
    few = compare("a", ("x", "y"), whole, without, shape=0.0, effective_size=50.0)
    assert known.conflict == many.conflict == pytest.approx(stats.chi2.sf(20.0, 1), rel=SLOPES)
    assert np.isnan(few.conflict)


def test_a_card_that_contradicts_the_others_is_seen(many_rows):
    toy = many_rows
    data = toy.data.copy()
    data[:2] += 8.0 * toy.errors[:2]
    moved = LinearGaussian(toy.slopes, data, toy.errors, toy.prior, toy.sizes)
    rest = _without(moved, 0)
    rng = np.random.default_rng(4)
    drawn = [rng.multivariate_normal(item.mean, item.covariance, 5000) for item in (moved, rest)]
    assert influence_of_fit("card0", moved.free_parameters.names, *drawn).conflict < 0.01


def test_the_predictive_probability_counts_what_is_less_likely():
    assert predictive_probability([0.0, 0.0, 0.0, 0.0], [-1.0, 1.0, 0.0, -2.0]) == 0.625
    assert predictive_probability([0.0, 0.0], [-1.0, 1.0], [3.0, 1.0]) == 0.75


def test_the_predictive_probability_of_a_normal_card_is_that_of_its_tail():
    rng = np.random.default_rng(5)
    means = rng.normal(size=40_000)
    observed = stats.norm.logpdf(3.0, means)
    replicated = stats.norm.logpdf(rng.normal(means), means)
    away = np.abs(3.0 - means)
    known = 2.0 * stats.norm.sf(away).mean()
    error = SAMPLING * np.sqrt(known / 40_000)
    assert predictive_probability(observed, replicated) == pytest.approx(known, abs=error)


def test_log_likelihoods_that_are_no_numbers_are_refused():
    with pytest.raises(ParameterError, match="card 'a' needs a finite"):
        influences(("x",), np.zeros((3, 1)), {"a.mean": [0.0, np.nan, 0.0]})
