"""Every number says what it is, how it is known and where it comes from."""

import math
import re
from statistics import NormalDist

import numpy as np
import pytest

from lag3ig.model.definition.parameters import KINDS, TABLE, load_parameters
from lag3ig.model.definition.structures import Structure
from lag3ig.model.errors import ParameterError
from lag3ig.model.model import load_model
from lag3ig.model.symbolic.unit_check import unit_of

from .tolerances import ROUNDING

LITERATURE = load_parameters()


@pytest.mark.parametrize("symbol", list(LITERATURE))
def test_number_has_unit_kind_and_source(symbol: str) -> None:
    parameter = LITERATURE[symbol]
    unit_of(parameter.unit, symbol)
    assert parameter.kind in KINDS
    assert len(parameter.source) >= 7
    assert len(parameter.meaning.split()) >= 2 or symbol == "WT"


@pytest.mark.parametrize("symbol", list(LITERATURE))
def test_what_was_not_read_is_called_assumed(symbol: str) -> None:
    """A source that starts with 'assumed' or 'remembered' is none; what is read names a year or a model."""
    parameter = LITERATURE[symbol]
    if re.match(r"assumed|remembered|tuned", parameter.source):
        assert parameter.kind == "assumed"
    if parameter.kind in ("measured", "estimated"):
        assert re.search(r"[12][0-9]{3}|QSP-IO|lung metastases of renal cell carcinoma", parameter.source)
    if "tuned" in parameter.source:
        assert parameter.kind == "assumed"


def test_most_numbers_are_assumed_and_the_table_admits_it() -> None:
    assumed = sum(item.kind == "assumed" for item in LITERATURE.parameters.values())
    assert assumed > len(LITERATURE) / 2


def test_no_number_hides_in_the_processes() -> None:
    """Equations hold structural integers only: nothing above 3 and no decimal."""
    for path in sorted(TABLE.parent.glob("*.py")):
        if path.stem in ("records", "structures", "parameters", "mechanism", "__init__"):
            continue
        for text in re.findall(r'"([^"]*)"', path.read_text()):
            if re.search(r"[-+*/(]", text) and not re.search(r"[a-z] [a-z]|mg|LAG", text):
                assert not re.search(r"(?<![\w.])\d*\.\d|(?<![\w.])(?:[4-57-9]|\d{2,})(?![\w.])", text), (
                    path,
                    text,
                )


# ---------------------------------------------------------------------- what the numbers amount to


def test_untreated_tumours_that_stay_below_twenty_percent_in_three_months() -> None:
    """P(DT > 84 d / (3 log2 1.2)) = 0.271 from the doubling times of 12 lung metastases alone."""
    doubling = LITERATURE["DT"]
    sigma = math.sqrt(math.log(1.0 + doubling.spread**2))
    bound = 84.0 / (3.0 * math.log2(1.2))
    share = 1.0 - NormalDist(math.log(doubling.value), sigma).cdf(math.log(bound))
    assert share == pytest.approx(0.271, abs=0.0006)


def test_shares_of_supply_reproduce_the_rates_they_stand_for() -> None:
    """qE and qM give 0.12 /d and a yield of 0.9 in the typical patient."""
    p = {symbol: LITERATURE[symbol].value for symbol in LITERATURE}
    activated = p["aM"] * p["s0"] * p["M0"] / p["kMa"]
    drive = activated / (activated + p["KMa"])
    effectors = p["phiE"] * p["EM0"]
    rate = p["qE"] * (p["dE"] + p["rE"]) * effectors / (2 ** p["mE"] * drive * p["EM0"])
    share = p["qM"] * (rate * drive + p["dEM"]) * p["EM0"] / (p["rE"] * effectors)
    assert rate == pytest.approx(0.12, rel=ROUNDING)
    assert share == pytest.approx(0.9, rel=ROUNDING)


def test_calibrated_value_in_the_table_is_the_one_that_the_model_computes() -> None:
    model = load_model()
    place = model.kernels.parameters.index("KH")
    assert model.typical()[place] == pytest.approx(LITERATURE["KH"].value, rel=ROUNDING)


def test_typical_patient_primes_at_the_reference_signal() -> None:
    """H is H0 at the calibrated KH, in every parameter set."""
    for overrides in ({}, {"SLD0": 40.0}, {"H0": 0.3, "kDL": 0.5}):
        model = load_model(parameters=overrides)
        kernels, values = model.kernels, model.typical()
        derived, start = np.zeros((kernels.derived_rows, 1)), np.zeros((len(kernels.states), 1))
        kernels.derive(values[:, np.newaxis], derived)
        kernels.start(derived, start)
        node = start[kernels.states.index("DL"), 0]
        half = values[kernels.parameters.index("KH")]
        assert node / (node + half) == pytest.approx(model.parameters["H0"].value, rel=ROUNDING)


def test_calibrated_parameter_given_by_hand_is_kept() -> None:
    model = load_model(parameters={"KH": 3.0})
    assert model.typical()[model.kernels.parameters.index("KH")] == 3.0


# ---------------------------------------------------------------------- overriding


def test_override_changes_one_value_and_nothing_else() -> None:
    changed = load_parameters(overrides={"ka": 0.3})
    assert changed["ka"].value == 0.3
    assert changed["ka"].spread == LITERATURE["ka"].spread
    assert {symbol for symbol in changed if changed[symbol] != LITERATURE[symbol]} == {"ka"}


@pytest.mark.parametrize(
    ("overrides", "said"),
    [
        ({"kaa": 1.0}, "no parameter 'kaa': did you mean 'ka'?"),
        ({"ka": -1.0}, "override, parameter ka: value -1.0 is not a positive number"),
        ({"ka": math.nan}, "value nan is not a positive number"),
        ({"Fsc": 1.5}, "value 1.5 is not from 0.0 to 1.0"),
        ({"qE": 1.0}, "cannot be the median of a logitnormal"),
        ({"ka": "1"}, "parameter ka: '1' is not a number"),
        ({"ka": True}, "parameter ka: True is not a number"),
    ],
)
def test_wrong_override_is_refused(overrides: dict, said: str) -> None:
    with pytest.raises(ParameterError) as caught:
        load_parameters(overrides=overrides)
    assert said in str(caught.value)


def test_structure_brings_its_own_value_unless_one_is_given() -> None:
    structure = Structure(disposition="target_mediated")
    assert load_model(structure).parameters["CLF"].value == 180.0
    assert load_model(structure, {"CLF": 200.0}).parameters["CLF"].value == 200.0
    assert load_model().parameters["CLF"].value == 380.0


# ---------------------------------------------------------------------- files


GOOD = """schema = 1
[parameter.ka]
value = 1.0
unit = "1/d"
meaning = "absorption rate"
kind = "assumed"
source = "a test"
"""
MIXTURE = """[mixture]
share = {share}
kind = "assumed"
source = "a test"
factors = {{ {symbol} = 2.0 }}
"""


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD.replace("value = 1.0\n", ""), "parameter ka: missing 'value'"),
        (GOOD.replace("unit", "unti"), "parameter ka: unknown key 'unti': did you mean 'unit'?"),
        (GOOD.replace('"assumed"', '"guessed"'), "kind = 'guessed': allowed: 'measured'"),
        (GOOD.replace("1.0", "'1.0'"), "value = '1.0' is not a number"),
        (GOOD.replace("1.0", "-1.0"), "value -1.0 is not a positive number"),
        (GOOD.replace('"a test"', '""'), "source is empty"),
        (GOOD + 'distribution = "normal"\n', "distribution = 'normal': did you mean 'lognormal'?"),
        (GOOD + 'distribution = "lognormal"\nspread = 0.3\n', "spread_kind = ''"),
        (GOOD + "spread = 0.3\n", "has a spread but no distribution"),
        (GOOD + 'distribution = "lognormal"\nspread = -1.0\nspread_kind = "assumed"\n', "spread -1.0 is not"),
        (
            GOOD.replace("[parameter.ka]", "[paramter.ka]"),
            "unknown section 'paramter': did you mean 'parameter'?",
        ),
        (GOOD.replace("[parameter.ka]", "[parameter.lambda]"), "'lambda' is a word of Python"),
        (GOOD.replace("schema = 1", "schema = 2"), "schema 2 is not 1"),
        (GOOD + "value = 2.0\n", "is no TOML file"),
        (
            GOOD + MIXTURE.format(share=0.5, symbol="kb"),
            "no parameter 'kb'",
        ),
        (
            GOOD + MIXTURE.format(share=1.5, symbol="ka"),
            "share 1.5",
        ),
        (
            GOOD + "[[correlation]]\nsymbols = ['ka']\nvalue = 0.5\nkind = 'assumed'\nsource = 'a test'\n",
            "needs two symbols",
        ),
        (
            GOOD
            + "[[alternative]]\nchoice = 'growth'\noption = 'wild'\nsymbol = 'ka'\n"
            + "value = 1.0\nkind = 'assumed'\n"
            + "source = 'a test'\n",
            "no structure growth-wild",
        ),
    ],
)
def test_table_that_is_incomplete_is_refused_with_its_place(tmp_path, text: str, said: str) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(text)
    with pytest.raises((ParameterError, Exception)) as caught:
        load_parameters(path)
    assert said in str(caught.value)
    assert type(caught.value).__module__.startswith("lag3ig")


def test_missing_table_is_refused_with_its_path(tmp_path) -> None:
    with pytest.raises(ParameterError, match=r"none\.toml: cannot be read"):
        load_parameters(tmp_path / "none.toml")


def test_good_table_is_read(tmp_path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(GOOD)
    table = load_parameters(path)
    assert list(table) == ["ka"]
    assert table["ka"].value == 1.0
