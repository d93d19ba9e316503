"""Weighted populations: moments of the population they stand for, and simulation where weights cannot do."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.reweighting import Reweighted, copies, effective_share, patient_weights
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem
from lag3ig.model import draw, load_model

from .tolerances import SAMPLING

PATIENTS = 20_000


@pytest.fixture(scope="module")
def drawn():
    model = load_model()
    return model, draw(model, PATIENTS, seed=1)


def _logarithms(model, patients, symbol):
    return np.log(patients.parameters[:, model.kernels.parameters.index(symbol)])


def test_weighted_patients_have_the_median_and_spread_of_the_other_table(drawn):
    model, patients = drawn
    wanted = load_model(
        model.structure,
        model.parameters.with_values({"N50": 1.2 * model.parameters["N50"].value}).with_spreads(
            {"N50": 0.8 * model.parameters["N50"].spread, "kpac": 0.9 * model.parameters["kpac"].spread}
        ),
    )
    weights = patient_weights(model, wanted, patients)
    error = SAMPLING / np.sqrt(effective_share(weights) * PATIENTS)
    for symbol in ("N50", "kpac", "CLF"):
        item = wanted.parameters[symbol]
        deviation = np.sqrt(np.log1p(item.spread**2))
        values = _logarithms(model, patients, symbol)
        mean = weights @ values
        assert mean == pytest.approx(np.log(item.value), abs=error * deviation)
        assert np.sqrt(weights @ (values - mean) ** 2) == pytest.approx(deviation, rel=error)


def test_weighted_patients_have_the_correlation_of_the_other_table(drawn):
    model, patients = drawn
    wanted = load_model(model.structure, model.parameters.with_correlation(("N50", "kpac"), 0.5))
    weights = patient_weights(model, wanted, patients)
    pair = np.stack([_logarithms(model, patients, symbol) for symbol in ("N50", "kpac")])
    away = pair - pair @ weights[:, None]
    covariance = (weights * away) @ away.T
    found = covariance[0, 1] / np.sqrt(covariance[0, 0] * covariance[1, 1])
    assert found == pytest.approx(0.5, abs=SAMPLING / np.sqrt(effective_share(weights) * PATIENTS))


def test_weighted_patients_have_the_share_of_the_other_mixture():
    model = load_model({"microenvironment": "mixture"})
    patients = draw(model, PATIENTS, seed=1)
    wanted = load_model(model.structure, model.parameters.with_share(0.3))
    weights = patient_weights(model, wanted, patients)
    error = SAMPLING * np.sqrt(0.21 / (effective_share(weights) * PATIENTS))
    assert weights[patients.component == 1].sum() == pytest.approx(0.3, abs=error)


@pytest.mark.parametrize("symbol", ["h0", "DT"])
def test_what_is_the_same_in_all_patients_cannot_be_weighted(drawn, symbol):
    """The hazard of new lesions; and the doubling time, by which a constant of all patients is calibrated."""
    model, patients = drawn
    table = model.parameters.with_values({symbol: 1.1 * model.parameters[symbol].value})
    assert patient_weights(model, load_model(model.structure, table), patients) is None


def test_copies_round_weights_without_chance():
    weights = np.array([0.5, 0.125, 0.0, 0.375])
    np.testing.assert_array_equal(np.bincount(copies(weights, 8), minlength=4), [4, 1, 0, 3])


@pytest.fixture(scope="module")
def objective():
    problem = Problem(
        name="small",
        title="Paclitaxel alone",
        cards=("paclitaxel_hr_positive",),
        free=(
            FreeEntry(parameter="kpac"),
            FreeEntry(parameter="kpac", target="spread"),
            FreeEntry(parameter="h0"),
        ),
        patients=800,
    )
    return Objective(problem)


def test_weights_and_simulation_agree_within_the_monte_carlo_error(objective):
    centre = objective.free_parameters.centre()
    reweighted = Reweighted(objective)
    assert reweighted(centre).log_posterior == objective(centre).log_posterior
    near = centre + np.array([0.15, -0.1, 0.0])
    error = objective.monte_carlo_error(near)
    assert reweighted(near).log_likelihood == pytest.approx(
        objective(near).log_likelihood, abs=SAMPLING * 2.0 * error
    )
    assert (reweighted.simulated, reweighted.weighted) == (1, 1)


def test_far_points_and_other_parameters_are_simulated_again(objective):
    centre = objective.free_parameters.centre()
    reweighted = Reweighted(objective)
    reweighted(centre)
    for moved in (np.array([0.0, 0.0, 0.3]), np.array([3.0, 0.0, 0.3])):
        assert reweighted(centre + moved).log_posterior == objective(centre + moved).log_posterior
    assert (reweighted.simulated, reweighted.weighted) == (3, 0)
