"""Sensitivity of endpoints: known functions through the whole analysis, the model, and what is wrong."""

from dataclasses import dataclass

import numpy as np
import pytest

from lag3ig.experiments.protocol import SHIPPED, LoadedProtocol, parse_protocol
from lag3ig.experiments.sensitivity.analysis import analyse, analyse_endpoints
from lag3ig.experiments.sensitivity.biomarkers import cut_offs_of, measure_cut_offs
from lag3ig.experiments.sensitivity.endpoints import RESAMPLES, Endpoints, Evaluated, arm_values
from lag3ig.experiments.sensitivity.factors import Factor, factors_of
from lag3ig.experiments.sensitivity.report_sensitivity import render, sentences
from lag3ig.experiments.sensitivity.sensitivity_file import document_of
from lag3ig.experiments.trial_models import trial_models
from lag3ig.experiments.virtual_arm import simulate_arm
from lag3ig.model import draw
from lag3ig.model.errors import ProtocolError
from lag3ig.model.randomness import uniforms

TEXT = (SHIPPED / "paclitaxel-lag3ig-sensitivity.toml").read_text()
SLOPES = np.array([0.0, 4.0, 1.0, -2.0])


def changed(**keys: str):
    """The shipped protocol with keys of its section replaced; an empty text leaves a key out."""
    head, _, rest = TEXT.partition("[sensitivity]")
    body, arms, tail = rest.partition("[[arms]]")
    lines = [line for line in body.splitlines() if line.partition("=")[0].strip() not in keys]
    lines += [f"{key} = {value}" for key, value in keys.items() if value]
    return parse_protocol(head + "[sensitivity]" + "\n".join(lines) + "\n\n" + arms + tail)


@dataclass
class Linear:
    """An endpoint that is a sum of places times slopes; nobody can be solved in a corner."""

    factors: tuple[Factor, ...]
    corner: float = 1.1

    def values(self, factors, points, advance):
        slopes = SLOPES[[self.factors.index(item) for item in factors]]
        value = 10.0 + points @ slopes
        value[points[:, 0] > self.corner] = np.nan
        advance(len(points))
        return Evaluated(np.tile(value, (1, 1 + RESAMPLES, 1)), 0, len(points))


def analysed(corner=1.1):
    factors = tuple(Factor(f"k{n}", "1/d", 1.0, 0.5, 2.0, "log") for n in range(4))
    plan = changed(endpoints='["orr"]').protocol
    return analyse_endpoints(
        plan, Linear(factors, corner), factors, left_out={}, parameters="none", patients=1, trajectories=8,
        blocks=256, most=3, seed=1, progress=lambda *_: None,
    )  # fmt: skip


def test_a_sum_is_shared_out_by_the_squares_of_its_slopes():
    found = analysed()
    assert found.chosen == (1, 3, 2)
    one = found.endpoints["orr"]
    np.testing.assert_allclose(one.screening.effect, SLOPES, atol=1e-12)
    expected = np.array([16.0, 4.0, 1.0]) / 21.0
    np.testing.assert_allclose(one.shares.first, expected, atol=0.02)
    np.testing.assert_allclose(one.shares.total, expected, atol=0.02)
    assert one.usual == pytest.approx(10.0 + SLOPES.sum() / 2.0)
    assert (np.sign(one.ranks) == [1.0, -1.0, 1.0]).all()
    assert one.noise == pytest.approx(0.0, abs=1e-12)
    assert [size for size, _ in one.growth] == [64, 128, 256]
    assert found.points == 1 + 8 * 5 + 256 * 5
    assert found.failed_points == 0


def test_failed_points_are_counted_and_told():
    found = analysed(corner=0.99)
    one = found.endpoints["orr"]
    assert found.failed_points > 0
    assert one.screening.lost + one.shares.lost > 0
    assert any(f"{found.failed_points} of" in sentence for sentence in sentences(found))


def test_report_is_whole_and_the_same_each_time():
    found = analysed()
    text = render(found)
    assert text == render(found)
    assert "nan" not in text.lower()
    for factor in found.factors:
        assert factor.symbol in text


def test_numbers_move_on_their_scales():
    assert Factor("k", "1/d", 1.0, 0.5, 2.0, "log").at([0.0, 0.5, 1.0]) == pytest.approx([0.5, 1.0, 2.0])
    odds = Factor("p", "1", 0.5, 0.2, 0.8, "odds").at([0.0, 0.5, 1.0])
    assert odds == pytest.approx([0.2, 0.5, 0.8])
    assert Factor("b", "1", 0.0, -1.0, 3.0, "linear").at(0.5) == pytest.approx(1.0)


def test_all_assumed_numbers_of_the_model_vary_by_the_factor():
    plan = changed().protocol
    table = plan.parameter_table()
    factors, left_out = factors_of(plan, plan.sensitivity, table)
    assert {table[item.symbol].kind for item in factors} == {"assumed"}
    assert len(factors) > 30
    for item in factors:
        if item.scale == "log" and table[item.symbol].bounds != (0.0, 1.0):
            assert item.high / item.low == pytest.approx(plan.sensitivity.factor**2)
        assert item.low < item.usual < item.high
    assert not set(left_out) & {item.symbol for item in factors}


def test_a_range_goes_before_the_factor():
    plan = changed(parameters='["CLF"]', ranges='{ CLF = ["300 L/d", "400 L/d"] }').protocol
    ((factor,), _) = factors_of(plan, plan.sensitivity, plan.parameter_table())
    assert (factor.symbol, factor.low, factor.high) == ("CLF", pytest.approx(300.0), pytest.approx(400.0))


def small(**keys):
    return changed(parameters='["CLF", "cv_sld"]', factor="1.2", **keys)


def test_an_endpoint_at_a_point_is_that_of_a_trial_with_those_numbers():
    loaded = small(endpoints='["orr"]')
    plan, model = loaded.protocol, trial_models(loaded.protocol, patients=40, replicates=0).model
    asked = Endpoints(plan, plan.sensitivity, model, 40, 3, 1)
    value = 1.1 * plan.parameter_table()["CLF"].value
    found, failed = asked.at({"CLF": value})
    moved = plan.model_copy(update={"parameters": {"CLF": value}})
    other = trial_models(moved, patients=40, replicates=0).model
    shares = {}
    for arm in moved.arms:
        row = simulate_arm(
            arm, moved, model=other, patients=draw(other, 40, seed=3), seed=3, threads=1, block=1024,
            advance=lambda _: None, rtol=1e-4,
        )  # fmt: skip
        shares[arm.name] = 100.0 * np.nanmean(row.arm.table["responded"])
    assert failed == 0
    assert found[0, 0] == pytest.approx(shares["paclitaxel + LAG-3Ig"] - shares["paclitaxel"], abs=1e-9)


def test_same_seed_gives_the_same_bits_for_any_threads():
    size = {"patients": 16, "trajectories": 4, "blocks": 4, "most": 2, "twins": 300, "seed": 7}
    one, two = analyse(small(), **size, threads=1), analyse(small(), **size, threads=2)
    assert document_of(one) == document_of(two)


def test_a_point_where_nobody_is_plausible_fails_openly():
    plan = small().protocol
    model = trial_models(plan, patients=8, replicates=0).model
    values, _ = Endpoints(plan, plan.sensitivity, model, 8, 1, 1).at({"CLF": -1.0})
    assert np.isnan(values).all()


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"endpoints": '["orrr"]'}, "orr"),
        ({"endpoints": '["orr", "orr"]'}, "names one twice"),
        ({"at": ""}, "at = '168 d'"),
        ({"at": '"47 weeks"'}, "nobody is scanned"),
        ({"arm": '"LAG3"'}, "no arm is called so"),
        ({"against": '"paclitaxel + LAG-3Ig"'}, "the arm itself"),
        ({"parameters": '["no_such"]'}, "no_such"),
        ({"ranges": '{ CLF = ["400 L/d", "300 L/d"] }'}, "low, high"),
        ({"ranges": '{ CLF = ["12 mg", "10 mg"] }'}, "CLF"),
        ({"against": ""}, "biomarkers need against"),
        ({"biomarkers": '["PD-L1"]'}, "biomarkers"),
    ],
)
def test_what_is_wrong_is_named(keys, words):
    with pytest.raises(ProtocolError, match=words):
        analyse(changed(**keys), patients=4, threads=1)


def test_sizes_that_make_no_design_are_refused():
    with pytest.raises(ProtocolError, match="power of 2"):
        analyse(small(), blocks=12)
    with pytest.raises(ProtocolError, match=r"\[sensitivity\]"):
        analyse("starter")
    assert isinstance(small(), LoadedProtocol)


def test_biomarkers_of_known_persons_are_prognostic_or_predictive():
    """Response without the drug rises with one biomarker, the benefit with another, with a third nothing."""
    size, levels = 8_000, {}
    for name in ("foretells", "selects", "neither"):
        levels[name] = uniforms(1, np.arange(size), name, 1)[:, 0]
    chance = uniforms(1, np.arange(size), "response", 1)[:, 0]
    without = 0.2 + 0.4 * (levels["foretells"] >= 0.5)
    given = without + 0.3 * (levels["selects"] >= 0.5)
    status = np.zeros((size, 1))
    status[::100] = 1.0  # nobody of these may count
    arms = []
    for share in (given, without):
        response = 100.0 * (chance < share)[:, None]
        response[::100] = np.nan
        arms.append({"orr": response, "status": status})
    found = {item.biomarker: item for item in cut_offs_of(levels, *arms, ("orr",), (0.5,), at=1.0, seed=1)}
    error = 100.0 / np.sqrt(size)  # of a difference of two shares of half of the persons each: at most this
    for name, prognostic, predictive in (
        ("foretells", 40.0, 0.0), ("selects", 0.0, 30.0), ("neither", 0.0, 0.0),
    ):  # fmt: skip
        item = found[name]
        assert abs(item.prognostic.value - prognostic) < 4.0 * error
        assert abs(item.predictive.value - predictive) < 4.0 * error
        assert item.predictive.low < item.predictive.value < item.predictive.high
        assert item.above == pytest.approx(0.5, abs=0.01)
    assert found["selects"].benefit_below.value == 0.0  # the same persons: not a single one responds more
    assert found["selects"].benefit_above.value == pytest.approx(30.0, abs=4.0 * error)


def test_baselines_are_taken_before_the_drug():
    """Both arms have the same blood on day 0, and a cut-off leaves the share below that it says."""
    plan = small(endpoints='["orr"]', biomarkers='["activated_cd8", "monocytes", "inflamed"]').protocol
    with pytest.raises(ProtocolError, match="mixture"):
        analyse(LoadedProtocol(plan, ""), patients=4)
    plan = plan.model_copy(update={"structure": {"microenvironment": "mixture"}})
    model = trial_models(plan, patients=200, replicates=0).model
    found, failed = measure_cut_offs(
        plan, plan.sensitivity, model, patients=200, seed=1, threads=1, advance=lambda _: None
    )
    assert failed == 0
    assert {item.biomarker for item in found} == {"activated_cd8", "monocytes", "inflamed"}
    for item in found:
        assert item.above == pytest.approx(1.0 - item.quantile, abs=0.01)
    persons = draw(model, 6, seed=1)
    left, right = (
        arm_values(
            arm, plan, plan.sensitivity, model=model, patients=persons, seed=1, baseline=["activated_cd8"]
        )
        for arm in plan.arms
    )
    np.testing.assert_array_equal(left["baseline activated_cd8"], right["baseline activated_cd8"])


def test_command_writes_result_table_and_report(lag3ig, tmp_path):
    answer = lag3ig(
        "sensitivity", "paclitaxel-lag3ig-sensitivity", "--patients", 16, "--trajectories", 4, "--blocks", 4,
        "--most", 2, "--twins", 60,
    )  # fmt: skip
    assert answer.exit_code == 0, answer.output
    for kind in ("json", "csv", "html"):
        assert (tmp_path / "results" / f"paclitaxel-lag3ig-sensitivity.{kind}").stat().st_size > 0
    assert "shares of its" in answer.output.replace("\n", " ")
