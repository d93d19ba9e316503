"""Combinations: nulls by formula, tests at their nominal rates, twins by hand, the command."""

import json

import numpy as np
import pytest
from scipy.stats import multivariate_normal, norm
from typer.testing import CliRunner

from lag3ig.experiments.cli import app
from lag3ig.experiments.combination.comparison import compare, crossed, good
from lag3ig.experiments.combination.nulls import best_of, best_of_slopes, expected, joint_correlation
from lag3ig.experiments.combination.outcomes import Outcomes, Twins, growth_rates
from lag3ig.experiments.combination.section import Combination
from lag3ig.experiments.combination.worlds import (
    ENDPOINT,
    SHARES,
    WORLDS,
    rate_of,
    rejections,
    share_in,
    together_in,
)
from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.model.errors import ProtocolError

from .tolerances import ROUNDING, SAMPLING

PLAN = Combination(none="0", parts=("a", "b"), together="ab", patients=(20, 40))


def test_nulls_by_formula():
    none, parts = np.array([0.1]), np.array([[0.4], [0.3]])
    assert expected("highest", "responded", none, parts)[0] == 0.4
    assert expected("bliss", "responded", none, parts)[0] == pytest.approx(1.0 - 0.6 * 0.7, rel=ROUNDING)
    assert expected("bliss", "pfs", none, parts)[0] == 1.0  # 0.4 x 0.3 / 0.1 is more than everybody
    assert expected("bliss", "pfs", [0.5], parts)[0] == pytest.approx(0.24, rel=ROUNDING)
    rates = np.array([[0.004], [-0.001]])
    assert expected("highest", "growth", [0.01], rates)[0] == -0.001
    assert expected("additive", "growth", [0.01], rates)[0] == pytest.approx(-0.007, rel=ROUNDING)


@pytest.mark.parametrize("rho", [0.0, 0.3, 0.8])
def test_the_better_of_two_parts_is_that_of_two_correlated_normals(rho):
    limits = norm.ppf([0.6, 0.75])
    neither = multivariate_normal([0.0, 0.0], [[1.0, rho], [rho, 1.0]]).cdf(limits)
    assert best_of([[0.4], [0.25]], rho)[0] == pytest.approx(1.0 - neither, abs=1e-4)


def test_slopes_of_the_better_part_are_its_derivatives():
    parts, step = np.array([[0.4], [0.25], [0.1]]), 1e-5
    for place, slope in enumerate(best_of_slopes(parts, 0.4)):
        ahead, behind = parts.copy(), parts.copy()
        ahead[place] += step
        behind[place] -= step
        difference = (best_of(ahead, 0.4) - best_of(behind, 0.4)) / (2.0 * step)
        assert slope[0] == pytest.approx(difference[0], rel=1e-4)


def test_a_correlation_is_found_again():
    parts = np.array([[0.5], [0.3]])
    found = joint_correlation(parts, best_of(parts, 0.6))
    assert found[0] == pytest.approx(0.6, abs=1e-6)
    assert joint_correlation(parts, [0.75])[0] == 0.0  # more than chance would help: none below 0


def test_growth_of_an_exponential_is_its_rate():
    days = np.array([0.0, 56.0, 112.0, 168.0])
    sums = 80.0 * np.exp(0.009 * days / 3.0)
    missing = np.where(days == 112.0, np.nan, sums)
    short = np.where(days > 56.0, np.nan, sums)
    found = growth_rates(np.stack([sums, missing, short]), days, until=168.0)
    np.testing.assert_allclose(found, [0.009, 0.009, np.nan], rtol=1e-12)


@pytest.fixture(scope="module")
def table():
    return {world: rejections(world, patients=200, trials=3000, seed=3) for world in WORLDS}


@pytest.mark.parametrize("world", WORLDS)
def test_a_null_is_rejected_at_its_nominal_rate_in_its_own_world(table, world):
    """The delta method at 200 patients an arm is off by less than half a point besides."""
    assert abs(table[world][world] - 0.025) < SAMPLING * np.sqrt(0.025 * 0.975 / 3000) + 0.005


def test_nulls_are_ordered_as_what_they_allow(table):
    """More response together than under the highest null in every other world, and it is found."""
    for world in ("bliss", "independent", "additive"):
        assert share_in(world) > share_in("highest")
        assert table[world]["highest"] > table["highest"]["highest"]
    assert share_in("independent") < share_in("bliss")  # correlated parts help the same persons
    assert table["bliss"]["independent"] > 0.1 > table["independent"]["bliss"]
    assert table["additive"]["additive"] < 0.05 < table["additive"]["bliss"]


def test_rates_of_the_worlds_add_up_where_they_are_said_to():
    total = rate_of(SHARES["A"]) + rate_of(SHARES["B"]) - rate_of(SHARES["none"])
    assert together_in("additive") == pytest.approx(total, rel=ROUNDING)
    assert ENDPOINT["additive"] == "growth"


def outcomes(responded, time, event, growth=None):
    size = len(responded)
    return Outcomes(
        np.array(responded, dtype=float),
        np.array(time, dtype=float),
        np.array(event, dtype=bool),
        np.zeros(size) if growth is None else np.array(growth, dtype=float),
        np.zeros(size),
    )


def test_twins_by_hand():
    """Nothing; a alone; b alone; both alone; only together; a but not together."""
    arms = {
        "0": outcomes([0] * 6, [50] * 6, [1] * 6),
        "a": outcomes([0, 1, 0, 1, 0, 1], [50] * 6, [1] * 6),
        "b": outcomes([0, 0, 1, 1, 0, 0], [50] * 6, [1] * 6),
        "ab": outcomes([0, 1, 1, 1, 1, 0], [50] * 6, [1] * 6),
    }
    twins = Twins(arms, PLAN, 100.0, np.zeros(6, dtype=np.int64), 1)
    found = crossed(twins, twins.able)
    sixth = 1.0 / 6.0
    assert found == {
        "to nothing, not even together": sixth,
        "to all together only": sixth,
        "to a alone": 2 * sixth,
        "to b alone": sixth,
        "to more than one alone": sixth,
        "to a part, but not together": sixth,
    }


def test_good_outcomes_by_hand():
    arm = outcomes([1, 0, 1, 0], [150, 80, 100, 60], [0, 1, 0, 0])
    np.testing.assert_array_equal(good(arm, "pfs", at=100.0), [1.0, 0.0, 1.0, np.nan])
    np.testing.assert_array_equal(good(arm, "responded", at=100.0), [1.0, 0.0, 1.0, 0.0])


def synthetic(count=4000, *, together=0.52, seed=1):
    """Persons whose responses to the parts are independent: Bliss where together is 0.52."""
    rng = np.random.default_rng(seed)
    shares = {"0": 0.0, "a": 0.4, "b": 0.2, "ab": together}
    arms = {}
    for name, share in shares.items():
        responded = (rng.random(count) < share).astype(float)
        arms[name] = outcomes(
            responded, rng.exponential(100.0, count), np.ones(count), rng.normal(0, 1, count)
        )
    plan = PLAN.model_copy(update={"endpoints": ("responded",)})
    return Twins(arms, plan, 100.0, np.zeros(count, dtype=np.int64), 1)


def test_an_excess_over_bliss_is_seen_where_there_is_one():
    here, there = (compare(synthetic(together=share), replicates=400, seed=2) for share in (0.52, 0.75))
    rows = [{row.null: row for row in found.rows} for found in (here, there)]
    error = rows[0]["bliss"].error
    assert abs(rows[0]["bliss"].excess[1]) < SAMPLING * error
    assert rows[1]["bliss"].excess[1] == pytest.approx(0.23, abs=SAMPLING * error)
    assert error == pytest.approx(np.sqrt((0.24 * 0.64 + 0.16 * 0.36 + 0.25) / 4000), rel=0.2)
    assert rows[1]["bliss"].power[40][0] > rows[1]["bliss"].power[20][0] > rows[0]["bliss"].power[20][0]


def test_the_same_seed_compares_the_same():
    one, two = (compare(synthetic(), replicates=60, seed=5) for _ in range(2))
    assert [row.power for row in one.rows] == [row.power for row in two.rows]
    assert [row.error for row in one.rows] == [row.error for row in two.rows]


TEXT = load_protocol("paclitaxel-lag3ig-factorial").text


@pytest.mark.parametrize(
    ("text", "instead", "message"),
    [
        ('together = "both"', 'together = "bath"', "no arm is called 'bath'"),
        ('none = "none"', 'none = "both"', "names arm 'both' twice"),
        ('\nat = "24 weeks"', '\nat = "25 weeks"', "combination.at is day 175"),
        ("patients = [25, 50, 100, 200]", "patients = [2, 50]", "each at least 5"),
    ],
)
def test_what_does_not_fit_is_refused(text, instead, message):
    with pytest.raises(ProtocolError) as fault:
        parse_protocol(TEXT.replace(text, instead, 1))
    assert message in str(fault.value)


COMMAND = (
    "compare",
    "paclitaxel-lag3ig-factorial",
    *("--patients", "400", "--draws", "2", "--replicates", "20", "--json"),
)


def test_the_command_says_what_it_found(tmp_path):
    out = tmp_path / "page.html"
    ran = CliRunner().invoke(
        app,
        [*COMMAND, "--out", str(out)],
    )
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    assert [row["null"] for row in found["nulls"]][:3] == ["highest", "bliss", "independent"]
    assert list(found["nulls"][0]["power"]) == ["25"]  # 200 persons of a draw suffice for no more
    assert out.read_text().count("<figure") == 3
    assert CliRunner().invoke(app, ["compare", "starter"]).exit_code == 2
