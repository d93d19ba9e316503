"""Structures compared: probabilities from marginal likelihoods, and what may be compared at all."""

from dataclasses import replace

import numpy as np
import pytest

from lag3ig.fitting.comparison import compare
from lag3ig.fitting.problem import load_problem
from lag3ig.model.errors import ParameterError

from .synthetic_fit import synthetic_fit


def _fit(name, log_evidence, error=0.0, **terms):
    fit = synthetic_fit()
    diagnostics = {**fit.diagnostics, "log_evidence": log_evidence, "log_evidence_error": error}
    return replace(fit, problem_name=name, diagnostics=diagnostics, terms={**fit.terms, **terms})


def test_odds_are_ratios_of_marginal_likelihoods():
    one, other = compare([_fit("one", -10.0), _fit("other", -10.0 - np.log(9.0))])
    assert (one.probability, other.probability) == pytest.approx((0.9, 0.1))
    assert one.interval == pytest.approx((0.9, 0.9))


def test_an_error_widens_the_probability():
    """Of two as likely: the logarithm of their odds is normal about 0 with the errors' own deviation."""
    one, _ = compare([_fit("one", -10.0, 0.3), _fit("other", -10.0, 0.4)])
    low, high = one.interval
    assert np.log(high / (1.0 - high)) == pytest.approx(1.645 * 0.5, rel=0.1)
    assert low == pytest.approx(1.0 - high, abs=0.03)


def test_a_card_says_how_much_it_gains():
    fit = synthetic_fit()
    name = next(iter(fit.terms))
    card = name.partition(".")[0]
    first, second = compare([_fit("one", -10.0), _fit("other", -9.0, **{name: fit.terms[name] + 2.5})])
    assert set(first.gains.values()) == {0.0}
    assert second.gains[card] == pytest.approx(2.5)


def test_fits_of_other_observations_are_refused():
    with pytest.raises(ParameterError, match=r"different observations \(other.one\)"):
        compare([_fit("one", -1.0), _fit("two", -1.0, **{"other.one": 0.0})])
    with pytest.raises(ParameterError, match="two fits or more"):
        compare([_fit("one", -1.0)])
    with pytest.raises(ParameterError, match="called 'one'"):
        compare([_fit("one", -1.0), _fit("one", -1.0)])


def test_an_alternative_keeps_the_data_and_changes_the_structure():
    problem, _ = load_problem("monotherapies")
    node, mixture = problem.alternative("node"), problem.alternative("mixture")
    assert node.cards == mixture.cards == problem.cards
    assert node.build_structure().activation_site == "node"
    assert mixture.build_structure().microenvironment == "mixture"
    assert set(mixture.free_parameters().names) - set(problem.free_parameters().names) == {
        "share of the second kind"
    }


def test_an_alternative_that_does_not_exist_is_named():
    problem, _ = load_problem("monotherapies")
    with pytest.raises(ParameterError, match=r"no alternative .nod.; .*node"):
        problem.alternative("nod")
