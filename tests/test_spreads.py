"""Spreads and correlations of drawn patients are those declared."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import qmc

from lag3ig.model.correlation import correlation_factor
from lag3ig.model.definition.parameters import Correlation, ParameterTable, load_parameters
from lag3ig.model.errors import PopulationError
from lag3ig.model.model import Model, load_model
from lag3ig.model.population import draw
from lag3ig.model.sampling import points

from .tolerances import ROUNDING, SAMPLING

MODEL = load_model()
LOOSE = 1000.0  # bounds so wide that no draw breaks them
SAMPLINGS = ("independent", "sobol", "latin")


def column(symbol: str, model: Model = MODEL) -> int:
    return model.kernels.parameters.index(symbol)


def with_correlations(*pairs: tuple[str, str, float]) -> ParameterTable:
    declared = tuple(Correlation((one, other), value, "assumed", "a test") for one, other, value in pairs)
    return replace(load_parameters(), correlations=declared)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_realised_spreads_are_those_declared(sampling: str) -> None:
    count = 4000
    loose = {"SLD0_low": 90 / LOOSE, "SLD0_high": 90 * LOOSE, "CD8_low": 450 / LOOSE, "CD8_high": 450 * LOOSE}
    patients = draw(load_model(parameters=loose), count, seed=11, sampling=sampling)
    assert np.all(patients.attempts == 1)
    rows = patients.declared_against_realised()
    assert {row.symbol for row in rows} >= {"DT", "SLD0", "WT", "ka", "qE", "qM", "Td0", "y0"}
    for row in rows:
        assert row.redrawn == 0.0
        logit = row.distribution == "logitnormal"
        deviation = row.declared_spread if logit else np.sqrt(np.log1p(row.declared_spread**2))
        realised = row.realised_spread if logit else np.sqrt(np.log1p(row.realised_spread**2))
        one, other = row.declared_median, row.realised_median
        shift = np.log(other / (1 - other) / one * (1 - one)) if logit else np.log(other / one)
        # Standard errors of the median and of the standard deviation of a normal sample.
        assert abs(shift) <= SAMPLING * deviation * np.sqrt(np.pi / 2 / count)
        assert abs(realised / deviation - 1) <= SAMPLING / np.sqrt(2 * count)


def test_doubling_time_has_the_published_mean_and_spread() -> None:
    # 89.4 d (SD 43): median 80.6 and sigma 0.456.
    values = draw(MODEL, 20_000, seed=5, sampling="sobol").parameters[:, column("DT")]
    sigma = np.log(values).std(ddof=1)
    assert abs(sigma - 0.456) <= SAMPLING * 0.456 / np.sqrt(2 * 20_000)
    assert abs(values.mean() - 89.4) <= SAMPLING * 43.0 / np.sqrt(20_000)


def test_sobol_points_are_more_even_than_independent_ones() -> None:
    names, ids = [f"p{number}" for number in range(6)], np.arange(1024)
    even, chance = (points(sampling, names, ids, seed=3) for sampling in ("sobol", "independent"))
    assert qmc.discrepancy(even) < qmc.discrepancy(chance) / 10
    # A net in base 2: every dyadic interval of each coordinate, and each box of 32 x 32, holds its share.
    assert all(len(set(np.floor(even[:, place] * 1024))) == 1024 for place in range(6))
    boxes = np.floor(even[:, :2] * 32).astype(int)
    assert np.all(np.unique(boxes @ [32, 1], return_counts=True)[1] == 1)


def test_each_layer_of_a_latin_hypercube_holds_one_patient() -> None:
    cube = points("latin", ["a", "b"], np.arange(1000), seed=3, count=1000)
    for place in range(2):
        assert sorted(np.floor(cube[:, place] * 1000).astype(int)) == list(range(1000))
    assert abs(np.corrcoef(cube.T)[0, 1]) < SAMPLING / np.sqrt(1000)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_correlations_are_those_declared(sampling: str) -> None:
    declared = {("CLF", "VF"): 0.6, ("VF", "qE"): -0.5, ("DT", "SLD0"): 0.3}
    model = load_model(parameters=with_correlations(*((*pair, value) for pair, value in declared.items())))
    patients = draw(model, 4000, seed=3, sampling=sampling)
    first = patients.parameters[patients.attempts == 1]
    normal = {name: np.log(first[:, column(name)]) for name in ("CLF", "VF", "DT", "SLD0")}
    normal["qE"] = np.log(first[:, column("qE")] / (1 - first[:, column("qE")]))
    for (one, other), value in declared.items():
        found = np.corrcoef(normal[one], normal[other])[0, 1]
        assert abs(found - value) <= SAMPLING * (1 - value**2) / np.sqrt(4000)
    assert abs(np.corrcoef(normal["CLF"], normal["DT"])[0, 1]) <= SAMPLING / np.sqrt(4000)


@given(st.lists(st.floats(min_value=-0.4, max_value=0.4), min_size=3, max_size=3))
def test_factor_of_a_correlation_matrix(values: Sequence[float]) -> None:
    pairs = [("a", "b"), ("b", "c"), ("a", "c")]
    declared = [
        Correlation(pair, value, "assumed", "a test") for pair, value in zip(pairs, values, strict=True)
    ]
    factor = correlation_factor(["a", "b", "c"], declared)
    product = factor @ factor.T
    np.testing.assert_allclose(np.diag(product), 1.0, rtol=ROUNDING)
    found = [product[0, 1], product[1, 2], product[0, 2]]
    np.testing.assert_allclose(found, values, rtol=ROUNDING, atol=ROUNDING)


def test_correlations_that_only_hold_together_are_accepted() -> None:
    # Without the third, the first two are impossible.
    pairs = {("a", "b"): 0.9, ("b", "c"): 0.9, ("a", "c"): 0.8}
    declared = [Correlation(pair, value, "assumed", "a test") for pair, value in pairs.items()]
    factor = correlation_factor(["a", "b", "c"], declared)
    assert abs((factor @ factor.T)[0, 2] - 0.8) <= ROUNDING


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (
            [("CLF", "VF", 0.9), ("VF", "ka", 0.9), ("CLF", "ka", -0.9)],
            r"correlation of CLF and ka: -0.9 is impossible beside the others",
        ),
        ([("CLF", "kly", 0.5)], r"correlation of CLF and kly: kly does not vary between patients"),
        ([("CLF", "VF", 0.5), ("VF", "CLF", 0.5)], r"correlation of VF and CLF: stands there twice"),
    ],
)
def test_impossible_correlations_name_the_pair(pairs: list, message: str) -> None:
    with pytest.raises(PopulationError, match=message):
        draw(load_model(parameters=with_correlations(*pairs)), 5, seed=1)
