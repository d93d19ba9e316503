"""Virtual patients: the same person everywhere, with the spreads that the table declares."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.dosing import dose
from lag3ig.model.engine.simd import exp
from lag3ig.model.errors import PopulationError
from lag3ig.model.model import Model, load_model
from lag3ig.model.population import draw, occasion_variation, typical
from lag3ig.model.randomness import normal_quantile
from lag3ig.model.sampling import points

from .tolerances import ROUNDING, SAMPLING

MODEL = load_model()
SAMPLINGS = ("independent", "sobol", "latin")
# Bits that may never change: a population of a published result must come back.
GOLDEN = {"independent": "5f97a97cfabf732c", "sobol": "1716ede5ede8e703", "latin": "b89eb29e028d00a7"}


def bits(array: np.ndarray) -> str:
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]


def column(symbol: str, model: Model = MODEL) -> int:
    return model.kernels.parameters.index(symbol)


# ---------------------------------------------------------------- the same person


@settings(max_examples=25, deadline=None)
@given(
    ids=st.lists(st.integers(min_value=0, max_value=400), min_size=1, max_size=30),
    sampling=st.sampled_from(["independent", "sobol"]),
)
def test_a_patient_is_a_function_of_seed_and_number(ids: list[int], sampling: str) -> None:
    everyone = draw(MODEL, 401, seed=7, sampling=sampling)
    some = draw(MODEL, ids=ids, seed=7, sampling=sampling)
    assert some.parameters.tobytes() == everyone.parameters[ids].tobytes()
    assert some.attempts.tolist() == everyone.attempts[ids].tolist()


def test_the_number_of_patients_does_not_matter() -> None:
    for sampling in ("independent", "sobol"):
        few, many = (draw(MODEL, count, seed=3, sampling=sampling) for count in (10, 1000))
        assert few.parameters.tobytes() == many.parameters[:10].tobytes()


def test_a_latin_hypercube_depends_on_the_number_and_says_so() -> None:
    some = draw(MODEL, 100, ids=[17, 3], seed=3, sampling="latin")
    everyone = draw(MODEL, 100, seed=3, sampling="latin")
    larger = draw(MODEL, 101, ids=[17, 3], seed=3, sampling="latin")
    assert some.parameters.tobytes() == everyone.parameters[[17, 3]].tobytes()
    assert some.parameters.tobytes() != larger.parameters.tobytes()
    assert (some.count, some.sampling) == (100, "latin")
    assert "number of patients" in some.depends_on


def test_large_numbers_are_patients_too() -> None:
    far = 10**12 + 1
    alone, beside = draw(MODEL, ids=[far], seed=3), draw(MODEL, ids=[5, far], seed=3)
    assert alone.parameters.tobytes() == beside.parameters[1:].tobytes()


def test_another_seed_is_another_population() -> None:
    for sampling in SAMPLINGS:
        one, other = (draw(MODEL, 20, seed=seed, sampling=sampling) for seed in (1, 2))
        assert np.all(one.parameters[:, column("DT")] != other.parameters[:, column("DT")])


def test_a_parameter_without_spread_leaves_the_others_as_they_were() -> None:
    table = load_parameters()
    fixed = replace(table["DT"], distribution="none", spread=0.0)
    changed = load_model(parameters=replace(table, parameters={**table.parameters, "DT": fixed}))
    before, after = draw(MODEL, 50, seed=3), draw(changed, 50, seed=3)
    same = [index for index in range(before.parameters.shape[1]) if index != column("DT")]
    untouched = (before.attempts == 1) & (after.attempts == 1)
    assert before.parameters[untouched][:, same].tobytes() == after.parameters[untouched][:, same].tobytes()
    assert np.all(after.parameters[:, column("DT")] == table["DT"].value)


def test_structures_share_their_patients() -> None:
    other = load_model({"disposition": "capture"})
    shared = ("ka", "DT", "SLD0", "Td0", "WT")
    ours = draw(MODEL, 30, seed=3).parameters[:, [column(symbol) for symbol in shared]]
    theirs = draw(other, 30, seed=3).parameters[:, [column(symbol, other) for symbol in shared]]
    assert ours.tobytes() == theirs.tobytes()


@pytest.mark.parametrize(("sampling", "golden"), GOLDEN.items())
def test_golden_bits(sampling: str, golden: str) -> None:
    cube = points(sampling, ["DT", "SLD0", "ka"], np.arange(300), seed=1, count=300)
    assert bits(np.asarray(exp(0.5 * normal_quantile(cube)))) == golden


def test_a_calibrated_parameter_is_the_same_for_all() -> None:
    values = draw(MODEL, 50, seed=3).parameters[:, column("KH")]
    assert np.all(values == MODEL.typical()[column("KH")])


# ---------------------------------------------------------------- plausibility


def test_implausible_draws_are_redrawn_and_counted() -> None:
    narrow = load_model(parameters={"SLD0_low": 85.0, "SLD0_high": 95.0})
    patients = draw(narrow, 400, seed=3)
    sizes = patients.parameters[:, column("SLD0")]
    assert np.all((sizes >= 85.0) & (sizes <= 95.0))
    # Attempts are geometric with the chance that one draw lies inside.
    sigma = np.sqrt(np.log1p(0.6**2))
    chance = norm.cdf(np.log(95 / 90) / sigma) - norm.cdf(np.log(85 / 90) / sigma)
    error = np.sqrt(1 - chance) / chance / np.sqrt(400)
    assert abs(patients.attempts.mean() - 1 / chance) <= SAMPLING * error
    row = next(row for row in patients.declared_against_realised() if row.symbol == "SLD0")
    assert row.realised_spread < 0.1 < row.declared_spread
    assert row.redrawn == np.mean(patients.attempts > 1)


def test_patients_who_were_plausible_stay_who_they_were() -> None:
    narrow = draw(load_model(parameters={"SLD0_high": 95.0}), 200, seed=3)
    wide = draw(MODEL, 200, seed=3)
    kept = (narrow.attempts == 1) & (wide.attempts == 1)
    others = [index for index in range(wide.parameters.shape[1]) if index != column("SLD0_high")]
    assert narrow.parameters[kept][:, others].tobytes() == wide.parameters[kept][:, others].tobytes()


def test_a_rule_that_nobody_meets_is_named() -> None:
    impossible = load_model(parameters={"SLD0_low": 1e5, "SLD0_high": 2e5})
    with pytest.raises(
        PopulationError, match=r"5 of 5 patients are still implausible after 20 draws.*'sld_above_low'"
    ):
        draw(impossible, 5, seed=3, most_draws=20)


# ---------------------------------------------------------------- mixture, occasions, antibodies


def test_the_second_kind_of_patient_has_its_share_and_factors() -> None:
    mixed = load_model({"microenvironment": "mixture"})
    patients, plain = draw(mixed, 2000, seed=3), draw(MODEL, 2000, seed=3)
    mixture = mixed.parameters.mixture
    assert mixture is not None
    error = np.sqrt(mixture.share * (1 - mixture.share) / 2000)
    assert abs(patients.component.mean() - mixture.share) <= SAMPLING * error
    once = (patients.attempts == 1) & (plain.attempts == 1)
    ratio = patients.parameters[once][:, column("Td0")] / plain.parameters[once][:, column("Td0")]
    expected = np.where(patients.component[once] == 1, mixture.factors["Td0"], 1.0)
    np.testing.assert_allclose(ratio, expected, rtol=ROUNDING)
    row = next(row for row in patients.declared_against_realised() if row.symbol == "Td0")
    assert abs(row.realised_spread - row.declared_spread) < 0.1


def test_injections_vary_about_the_patient() -> None:
    model = load_model({"occasions": "absorption"})
    patients = draw(model, 3000, seed=3)
    regimen = dose("lag3ig", "30 mg", every=14, count=4) + dose("pembrolizumab", "200 mg", start=14)
    varied = occasion_variation(model, patients, regimen)
    lag3ig = [index for index, item in enumerate(regimen.administrations()) if item.drug == "lag3ig"]
    assert varied.amount_factor is not None
    assert np.all(np.delete(varied.amount_factor, lag3ig, axis=1) == 1.0)
    assert np.all(np.isnan(np.delete(varied.dose_inputs["ka_occasion"], lag3ig, axis=1)))
    for factors, cv in ((varied.amount_factor, 0.15), (varied.dose_inputs["ka_occasion"], 0.2)):
        logs, sigma = np.log(factors[:, lag3ig]), np.sqrt(np.log1p(cv**2))
        assert np.all(np.abs(logs.std(axis=0, ddof=1) / sigma - 1) <= SAMPLING / np.sqrt(2 * 3000))
        assert np.all(np.abs(logs.mean(axis=0)) <= SAMPLING * sigma / np.sqrt(3000))
    alone = occasion_variation(model, patients.take([4]), dose("lag3ig", "6.25 mg", every=7, count=2))
    assert alone.amount_factor is not None
    assert alone.amount_factor[0].tolist() == varied.amount_factor[4, lag3ig[:2]].tolist()


def test_antibodies_come_after_the_first_injection_in_their_share() -> None:
    model = load_model({"antibodies": "incidence"}, {"pADA": 0.3, "tADA": 28.0})
    patients = draw(model, 2000, seed=3)
    (switch,) = occasion_variation(model, patients, dose("lag3ig", "30 mg", start=7)).switches
    formed = np.isfinite(switch.time)
    assert switch.input == "antibody"
    assert np.all(switch.time[formed] == 35.0)
    assert abs(formed.mean() - 0.3) <= SAMPLING * np.sqrt(0.21 / 2000)
    assert occasion_variation(model, patients, dose("pembrolizumab", "200 mg")).switches == ()


def test_the_typical_patient_varies_in_nothing() -> None:
    model = load_model({"occasions": "absorption"})
    one = typical(model)
    assert one.parameters[0].tolist() == model.typical().tolist()
    assert occasion_variation(model, one, dose("lag3ig", "30 mg")).amount_factor is None
    assert not one.varies
    assert one.declared_against_realised() == ()


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, r"how many patients\? pass count, or ids"),
        ({"count": 0}, r"count = 0 must be a whole number from 1 on"),
        ({"count": 2.5}, r"count = 2.5 must be a whole number"),
        ({"count": 3, "ids": [0]}, r"both count and ids are given; only a Latin hypercube needs both"),
        ({"ids": [-1]}, r"ids must be patient numbers from 0 on"),
        ({"ids": []}, r"ids must be patient numbers from 0 on"),
        ({"ids": [0.5]}, r"ids must be patient numbers from 0 on"),
        ({"count": 3, "seed": -1}, r"seed must be a whole number"),
        ({"count": 3, "sampling": "sobel"}, r"sampling 'sobel' does not exist; did you mean 'sobol'"),
        ({"ids": [0], "sampling": "latin"}, r"needs the number of patients of the whole population"),
        ({"count": 3, "ids": [3], "sampling": "latin"}, r"patient 3 is not among the 3 of the Latin"),
        ({"ids": [2**32], "sampling": "sobol"}, r"patient 4294967296 is beyond the 4294967296 points"),
    ],
)
def test_contradictory_questions_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(PopulationError, match=message):
        draw(MODEL, **{"seed": 1, **arguments})


def test_a_mixture_without_numbers_is_refused() -> None:
    table = replace(load_parameters(), mixture=None)
    with pytest.raises(PopulationError, match=r"needs a \[mixture\]"):
        draw(load_model({"microenvironment": "mixture"}, table), 5, seed=1)
