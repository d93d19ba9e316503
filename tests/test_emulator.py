"""Emulators: exact where they must be, honest about their error elsewhere."""

import numpy as np
import pytest
from scipy import optimize

from lag3ig.fitting.estimators.bank import Bank, fill
from lag3ig.fitting.estimators.emulator import Emulator
from lag3ig.fitting.estimators.posterior import points_about, prior_points
from lag3ig.fitting.estimators.surface import _Likelihood, fit_surface
from lag3ig.model.errors import ParameterError

from .tolerances import DIFFERENCES, EMULATED, QUADRATIC
from .toy_posteriors import Bent, LinearGaussian, normal_parameters

IDENTITY = {"problem": "toy"}


def _bank(toy, count, seed=1):
    return fill(toy, prior_points(toy.free_parameters, count, seed=seed), identity=IDENTITY)


@pytest.fixture(scope="module")
def bent():
    toy = Bent.example()
    return toy, Emulator(_bank(toy, 200), toy)


def test_a_quadratic_is_emulated_exactly():
    rng = np.random.default_rng(1)
    points, new = rng.normal(size=(60, 3)), rng.normal(size=(20, 3))
    bend = rng.normal(size=(4, 3, 3))
    tilt = rng.normal(size=(3, 4))

    def quadratic(x):
        return np.einsum("ri,qij,rj->rq", x, bend, x) + x @ tilt + 5.0

    surface = fit_surface(points, quadratic(points))
    np.testing.assert_allclose(surface(new), quadratic(new), rtol=QUADRATIC, atol=QUADRATIC)
    np.testing.assert_allclose(surface.left_out, quadratic(points), rtol=QUADRATIC, atol=QUADRATIC)


def test_a_constant_output_stays_constant():
    points = np.random.default_rng(2).normal(size=(40, 2))
    surface = fit_surface(points, np.full((40, 1), 7.0))
    np.testing.assert_allclose(surface(np.zeros((1, 2))), 7.0, rtol=QUADRATIC)


def test_left_out_values_are_those_of_surfaces_without_the_draw():
    """With the same length scales and noise, a fit to the other draws says the same."""
    rng = np.random.default_rng(3)
    points = rng.normal(size=(40, 2))
    outputs = np.stack([np.sin(2.0 * points[:, 0]), np.exp(0.5 * points[:, 1])], axis=1)
    whole = fit_surface(points, outputs)
    x = whole.inputs
    terms = np.column_stack([np.ones(40), x, x[:, 0] ** 2, x[:, 0] * x[:, 1], x[:, 1] ** 2])
    apart = ((x[:, None, :] - x[None, :, :]) / whole.lengths) ** 2
    covariance = np.exp(-0.5 * apart.sum(axis=2)) + whole.noise * np.eye(40)
    for row in (0, 17, 39):
        others = np.delete(np.arange(40), row)
        inverse = np.linalg.inv(covariance[np.ix_(others, others)])
        basis = terms[others]
        coefficients = np.linalg.solve(basis.T @ inverse @ basis, basis.T @ inverse @ outputs[others])
        rest = inverse @ (outputs[others] - basis @ coefficients)
        said = terms[row] @ coefficients + covariance[row, others] @ rest
        np.testing.assert_allclose(whole.left_out[row], said, atol=EMULATED)


def test_the_slope_of_the_restricted_likelihood_is_its_derivative():
    rng = np.random.default_rng(4)
    points = rng.normal(size=(50, 2))
    likelihood = _Likelihood(points, np.stack([np.sin(points[:, 0]), points[:, 1] ** 3], axis=1), 2)
    at = np.log([1.3, 2.0, 0.05])
    differences = optimize.approx_fprime(at, lambda x: likelihood(x)[0], 1e-6)
    np.testing.assert_allclose(likelihood(at)[1], differences, rtol=1e3 * DIFFERENCES)


def test_a_linear_posterior_is_emulated_exactly():
    toy = LinearGaussian.example()
    emulator = Emulator(_bank(toy, 60), toy)
    for point in points_about(toy.mean, toy.covariance, 10, seed=2):
        assert emulator(point).log_posterior == pytest.approx(toy(point).log_posterior, abs=QUADRATIC)


def test_bent_summaries_are_emulated_closely_at_posterior_draws(bent):
    toy, emulator = bent
    points = points_about(toy.mean, toy.covariance, 20, seed=2)
    exact = np.array([toy(point).log_posterior for point in points])
    np.testing.assert_allclose(emulator.many(points), exact, atol=EMULATED)


def test_the_stated_error_is_not_exceeded_at_new_points(bent):
    """Leaving one out errs on the safe side: a draw at the rim is left without neighbours."""
    toy, emulator = bent
    new = _bank(toy, 100, seed=9)
    inside = emulator.many(new.points) > -np.inf
    missed = emulator.summaries(new.points[inside]) - new.summaries[inside]
    stated = np.array(list(emulator.errors().values()))
    ratio = np.sqrt((missed**2).mean(axis=0)) / stated
    assert ((ratio > 0.1) & (ratio < 1.5)).all()


def test_one_point_and_many_say_the_same_and_the_gradient_is_the_slope(bent):
    _, emulator = bent
    points = points_about(np.zeros(3), 0.1 * np.eye(3), 5, seed=1)
    alone = [emulator(point).log_posterior for point in points]
    np.testing.assert_allclose(emulator.many(points), alone, rtol=1e-9)
    slope = optimize.approx_fprime(points[0], lambda x: emulator(x).log_posterior, 1e-6)
    np.testing.assert_allclose(emulator.gradient(points[0])[1], slope, rtol=1e-3, atol=1e-3)


def test_nothing_is_said_of_points_beyond_the_draws(bent):
    _, emulator = bent
    far = 20.0 * np.ones(3)
    assert emulator(far).log_posterior == -np.inf
    assert "beyond" in emulator(far).reason
    assert emulator.many(far[None])[0] == -np.inf


def test_draws_with_failed_patients_are_not_emulated():
    toy = LinearGaussian.example()
    toy.fails_above = 0.3
    bank = _bank(toy, 80)
    emulator = Emulator(bank, toy)
    np.testing.assert_array_equal(emulator.rows, np.flatnonzero(bank.points[:, 0] <= 0.3))
    toy.fails_above = -10.0
    with pytest.raises(ParameterError, match="0 of the 20 draws"):
        Emulator(_bank(toy, 20), toy)


def test_only_the_best_draws_are_emulated_if_asked():
    toy = Bent.example()
    bank = _bank(toy, 200)
    emulator = Emulator(bank, toy, within=30.0)
    left = np.setdiff1d(np.arange(200), emulator.rows)
    assert 20 <= emulator.rows.size < 200
    assert max(toy(bank.points[row]).log_posterior for row in left) <= emulator.exact.min()


def test_an_observation_sees_only_what_moves_it():
    toy = LinearGaussian.example()
    toy.slopes[:2, 2] = 0.0
    emulator = Emulator(_bank(toy, 80), toy, inputs={"card0.mean": np.eye(3)[:2]})
    assert emulator.surfaces["card0.mean"].inputs.shape[1] == 2
    point = np.array([0.1, -0.2, 0.3])
    assert emulator(point).log_posterior == pytest.approx(toy(point).log_posterior, abs=QUADRATIC)


def test_a_bank_of_other_parameters_is_refused():
    toy = LinearGaussian.example()
    other = Bank(normal_parameters([1.0]).names, (), np.zeros((0, 1)), np.zeros((0, 0)), np.zeros(0, int))
    with pytest.raises(ParameterError, match="other free parameters"):
        Emulator(other, toy)
