"""From a bank to the exact posterior: known answers, emulators that must be refitted, evidence."""

import numpy as np
import pytest
from scipy import integrate

from lag3ig.fitting.estimators.bank import fill, load
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.ensemble import sample
from lag3ig.fitting.estimators.evidence import evidence
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.estimators.refinement import refine
from lag3ig.model.errors import ParameterError

from .tolerances import SAMPLING
from .toy_posteriors import Bent, LinearGaussian

IDENTITY = {"problem": "toy"}


def _bank(toy, count, path=None):
    return fill(toy, prior_points(toy.free_parameters, count, seed=1), identity=IDENTITY, path=path)


class Crooked(Bent):
    """Summaries that bend more often than a small bank can tell."""

    def curve(self, free):
        straight = self.slopes @ np.asarray(free)
        return straight + 0.3 * np.sin(5.0 * straight)

    @classmethod
    def example(cls, **shape):
        toy = super().example(**shape)
        toy.errors = 0.2 * toy.errors
        return toy


def _moments(toy):
    """Mean and covariance of a posterior in two dimensions, by a fine grid about the top of the bank."""
    axis = np.linspace(-5.0, 5.0, 401)
    first, second = np.meshgrid(axis, axis, indexing="ij")
    points = np.stack([first.ravel(), second.ravel()], axis=1) * toy.prior
    bends = toy.curve(points.T).T if isinstance(toy, Bent) else points @ toy.slopes.T
    values = -0.5 * (((bends - toy.data) / toy.errors) ** 2).sum(axis=1)
    values -= 0.5 * ((points / toy.prior) ** 2).sum(axis=1)
    weights = np.exp(values - values.max())
    weights /= weights.sum()
    mean = weights @ points
    away = points - mean
    return mean, (weights[:, None] * away).T @ away


def test_a_good_emulator_is_corrected_to_the_exact_posterior():
    toy = Bent.example(dimensions=2, rows=4)
    found = refine(toy, _bank(toy, 100), seed=1, asked=500.0, exact_draws=400)
    assert found.converged
    assert len(found.rounds) == 1
    mean, covariance = _moments(toy)
    error = SAMPLING * np.sqrt(np.diag(covariance) / found.weighted.effective_size)
    assert (np.abs(found.weighted.mean - mean) < error).all()
    assert np.abs(found.rounds[0].differences).max() < 0.2


def test_a_poor_emulator_is_refitted_with_what_was_found_exactly():
    toy = Crooked.example(dimensions=2, rows=4)
    found = refine(toy, _bank(toy, 40), seed=1, asked=150.0, exact_draws=100, rounds=6)
    first, last = found.rounds[0], found.rounds[-1]
    assert not first.converged
    assert last.differences.std() < first.differences.std()
    assert last.effective_size > 2.0 * first.effective_size
    assert found.converged
    assert len(found.bank) == 40 + 100 * len(found.rounds)
    assert "is below 0.7" in found.reason


def test_rounds_that_do_not_suffice_are_said():
    toy = Crooked.example(dimensions=2, rows=4)
    found = refine(toy, _bank(toy, 40), seed=1, asked=150.0, exact_draws=100, rounds=1)
    assert not found.converged
    assert "is not below 0.7" in found.reason


def test_an_interrupted_refinement_simulates_nothing_twice(tmp_path):
    toy = Bent.example(dimensions=2, rows=4)
    bank = _bank(toy, 60, tmp_path / "bank.h5")
    arguments = {"seed": 1, "asked": 100.0, "exact_draws": 40, "path": tmp_path / "bank.h5"}
    first = refine(toy, bank, **arguments)
    before = toy.calls
    again = refine(toy, bank, **arguments)
    assert toy.calls == before
    np.testing.assert_array_equal(again.weighted.weights, first.weighted.weights)
    assert len(load(tmp_path / "bank.h5")) == 100


def test_the_evidence_of_a_linear_gaussian_model_is_known():
    toy = LinearGaussian.example(dimensions=3, rows=6)
    draws = np.random.default_rng(1).multivariate_normal(toy.mean, toy.covariance, 2000)
    found = evidence(toy, draws, seed=1)
    assert abs(found.log_evidence - toy.log_evidence) < SAMPLING * found.error + 1e-3


def test_the_evidence_of_a_bent_model_is_that_of_quadrature():
    toy = Bent.example(dimensions=1, rows=2)
    top = max(toy(np.array([x])).log_posterior for x in np.linspace(-6.0, 6.0, 2001))
    total = integrate.quad(
        lambda x: np.exp(toy(np.array([x])).log_posterior - top),
        -8.0,
        8.0,
        limit=500,
        points=[0.0, toy.mean[0]],
    )[0]
    draws = sample(Emulator(_bank(toy, 60), toy), seed=1, asked=500.0).pick(4000)[0]
    found = evidence(toy, draws, seed=2)
    assert found.log_evidence == pytest.approx(np.log(total) + top, abs=0.02)
    with pytest.raises(ParameterError, match="too few"):
        evidence(toy, draws[:3], seed=2)
