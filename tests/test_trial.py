"""The trial from protocol to result: same bits, failures counted, nothing lost on the way."""

import dataclasses

import h5py
import numpy as np
import pytest
from scipy.stats import nct, norm

from lag3ig import run_trial
from lag3ig.experiments.natural_history import analytic_share, check_natural_history
from lag3ig.experiments.protocol import SHIPPED, load_protocol, parse_protocol
from lag3ig.experiments.results import read_result
from lag3ig.experiments.summary import failures
from lag3ig.experiments.table import trial_table, weighted_share
from lag3ig.experiments.virtual_arm import simulate_arm
from lag3ig.model import draw, load_model
from lag3ig.model.chance import draw_chance
from lag3ig.model.endpoints import disease_control, lesion_present
from lag3ig.model.errors import Lag3igError, StorageError
from lag3ig.model.recist import assess
from lag3ig.model.survival import kaplan_meier

from .tolerances import NATURAL_HISTORY, ROUNDING

PHASE_I = "imp321-rcc-phase1"
TEXT = (SHIPPED / f"{PHASE_I}.toml").read_text()
SMALL = {"patients": 200, "replicates": 50, "history_patients": 100}


@pytest.fixture(scope="module")
def result():
    return run_trial(PHASE_I, **SMALL, threads=1)


def assert_same_bits(left, right) -> None:
    """Every number of two results is the same bits."""
    np.testing.assert_array_equal(left.patients.parameters, right.patients.parameters)
    for name, arm in left.arms.items():
        for column, values in arm.table.items():
            np.testing.assert_array_equal(values, right.arms[name].table[column], err_msg=f"{name} {column}")
            assert values.dtype == right.arms[name].table[column].dtype
        for observable, values in left.curves[name].quantiles.items():
            np.testing.assert_array_equal(values, right.curves[name].quantiles[observable])
            np.testing.assert_array_equal(
                left.curves[name].sample[observable], right.curves[name].sample[observable]
            )
    for column, values in left.replicates.items():
        np.testing.assert_array_equal(values, right.replicates[column])
    assert left.summary == right.summary


@pytest.mark.parametrize("change", [{"threads": 2}, {"block": 64}, {"block": 7, "threads": 2}], ids=str)
def test_threads_and_blocks_do_not_change_a_bit(result, change):
    assert_same_bits(result, run_trial(PHASE_I, **SMALL, **{"threads": 1, **change}))


def test_more_patients_leave_the_first_ones_as_they_were(result):
    fewer = run_trial(PHASE_I, patients=50, replicates=0, history_patients=0)
    for name, arm in fewer.arms.items():
        for column, values in arm.table.items():
            np.testing.assert_array_equal(values, result.arms[name].table[column][:50])


def test_another_seed_is_another_trial(result):
    other = run_trial(PHASE_I, patients=50, replicates=0, history_patients=0, seed=2)
    assert not np.array_equal(other.patients.parameters, result.patients.parameters[:50])


def test_what_is_written_is_read(result, tmp_path):
    result.save(tmp_path / "x.h5", block=64)
    read = read_result(tmp_path / "x.h5")
    assert_same_bits(result, read)
    for field in dataclasses.fields(result):
        if field.name not in ("patients", "arms", "curves", "replicates", "summary"):
            assert getattr(read, field.name) == getattr(result, field.name), field.name
    assert list(read.arms) == list(result.arms)
    assert parse_protocol(read.protocol_text).protocol == load_protocol(PHASE_I).protocol


def test_a_file_with_a_part_missing_or_of_a_later_version_is_refused(result, tmp_path):
    path = tmp_path / "x.h5"
    result.save(path)
    with h5py.File(path, "a") as file:
        file.attrs["schema_version"] = 2
    with pytest.raises(StorageError, match="schema version 2"):
        read_result(path)
    for part in ("summary", "arms", "patients/block-00000/id", "curves/30 mg"):
        result.save(path)
        with h5py.File(path, "a") as file:
            del file[part]
        with pytest.raises(StorageError, match=r"cannot read .*x\.h5: "):
            read_result(path)


def test_an_unwritable_place_is_found_before_the_work(tmp_path):
    seen = []
    with pytest.raises(StorageError, match="does not exist"):
        run_trial(PHASE_I, out=tmp_path / "no" / "x.h5", progress=lambda *told: seen.append(told))
    assert seen == []


def test_progress_reaches_the_end(tmp_path):
    seen = []
    run_trial(PHASE_I, patients=30, replicates=2, history_patients=20, block=16, out=tmp_path / "x.h5",
              progress=lambda what, done, total: seen.append((done, total)))  # fmt: skip
    assert seen[-1] == (170, 170)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (tmp_path / "x.h5").is_file()


@pytest.mark.parametrize(
    "wrong", [{"patients": 0}, {"patients": 1.5}, {"replicates": -1}, {"block": 0}, {"seed": -1}]
)
def test_numbers_that_make_no_trial(wrong):
    with pytest.raises(Lag3igError, match=r"must be a whole number from [01]"):
        run_trial(PHASE_I, **{"patients": 30, "replicates": 1, "history_patients": 0, **wrong})


def test_a_patient_made_to_fail_is_counted_and_the_others_are_unchanged():
    plan = load_protocol(PHASE_I).protocol
    model = load_model()
    patients = draw(model, 24, seed=3)
    settings = {"model": model, "seed": 3, "threads": 1, "block": 24, "advance": lambda _: None}
    whole = simulate_arm(plan.arms[4], plan, patients=patients, **settings)
    spoilt = patients.parameters.copy()
    spoilt[5, model.kernels.parameters.index("CLF")] = np.nan
    broken = simulate_arm(
        plan.arms[4], plan, patients=dataclasses.replace(patients, parameters=spoilt), **settings
    )
    others = np.arange(24) != 5
    for column, values in whole.arm.table.items():
        np.testing.assert_array_equal(values[others], broken.arm.table[column][others])
    table = broken.arm.table
    assert failures([broken.arm]) == {
        "30 mg": {"a parameter, start value or event is not a finite number": 1}
    }
    assert not table["evaluable"][5]
    for column in (
        "stable_3m",
        "best_change",
        "pfs_time",
        "cmax",
        "exposed",
        "cd8_sustained",
        "em_rise",
        "responded",
    ):
        assert np.isnan(table[column][5]), column
    assert weighted_share([broken.arm], "stable_3m")[1] == 23
    assert kaplan_meier(table["pfs_time"], table["pfs_event"]).missing == 1
    assert np.isfinite(broken.curves.quantiles["sld"]).all()


def test_too_many_failures_refuse_the_table(result):
    plan = load_protocol(PHASE_I).protocol
    arms = list(result.arms.values())
    status = arms[2].table["status"].copy()
    status[:20] = -2
    arms[2] = dataclasses.replace(arms[2], table={**arms[2].table, "status": status})
    rows = trial_table(arms, result.replicates, plan, plan.card())
    assert [row["row"] for row in rows] == ["Refused"]
    assert "1.25 mg 10.0 %" in rows[0]["note"]


def test_the_table_has_every_figure(result):
    rows = {row["row"]: row for row in result.table}
    for name in (
        "Exposure",
        "Sustained CD8 activation",
        "Rise of effector-memory CD8",
        "Stable disease at 3 months",
    ):
        assert f"{name}, below 6 mg" in rows
        assert f"{name}, above 6 mg" in rows
    assert rows["Stable disease at 3 months, above 6 mg"]["published"] == "7 of 8 = 87.5 % (47.3-99.7)"
    assert rows["Injections given"]["published"].startswith("119 of 126 = 94.4 %")
    for name in (
        "Exactly 3 of 11 stable, low doses",
        "At least 7 of 8 stable, high doses",
        "Objective responses",
    ):
        assert 0.0 <= rows[name]["model_value"] <= 1.0
    assert "P <= 0.015, Fisher's exact test, one-sided" in rows
    assert "P <= 0.0198, two-sided" in rows


def test_the_same_patient_in_every_arm(result):
    arms = list(result.arms.values())
    for arm in arms[1:]:
        np.testing.assert_array_equal(arm.table["sld"][:, 0], arms[0].table["sld"][:, 0])
        np.testing.assert_array_equal(arm.table["injections"], arms[0].table["injections"])


def test_endpoints_follow_from_the_recorded_scans(result):
    arm = result.arms["30 mg"]
    sums = arm.table["sld"]
    never = lesion_present(np.zeros((len(sums), 2)), np.full(len(sums), np.inf))
    by_size = disease_control(assess(sums, never, version="1.0"), [42, 84], at=84.0)
    assert np.all(by_size >= arm.table["stable_3m"])  # new lesions only take away
    assert np.mean(by_size == arm.table["stable_3m"]) > 0.9


def test_119_injections_come_out():
    trials = run_trial(PHASE_I, patients=400, replicates=2_000, history_patients=0).replicates
    spread = trials["injections"].std() / np.sqrt(2_000)
    assert trials["injections"].mean() == pytest.approx(119.0, abs=4 * spread + 0.3)


def test_chance_is_a_function_of_the_patient():
    plan = load_protocol(PHASE_I).protocol
    together = draw_chance(1, np.arange(50), plan.visits, plan.conduct)
    alone = draw_chance(1, np.array([17]), plan.visits, plan.conduct)
    np.testing.assert_array_equal(together.sld[17], alone.sld[0])
    assert together.lesion[17] == alone.lesion[0]
    times = np.arange(6) * 14.0
    received = together.received(times, 0.9)
    np.testing.assert_array_equal(received[17], alone.received(times, 0.9)[0])
    assert received[:, 0].all()
    assert together.received(np.empty(0), 0.5).shape == (50, 0)


def test_drop_out_ends_doses_and_scans():
    text = TEXT.replace("dropout_per_month = 0.0", "dropout_per_month = 0.5")
    dropping = run_trial(parse_protocol(text), patients=150, replicates=0, history_patients=0)
    arm = dropping.arms["30 mg"]
    gone = np.isnan(arm.table["sld"][:, 2])
    assert 0.7 < gone.mean() < 0.95  # 1 - 0.5 ** (84 / 30.4) = 0.85
    assert np.all(arm.table["injections"][gone] <= 6)
    assert arm.table["injections"][gone].mean() < 4.0
    assert not arm.table["evaluable"][gone & ~arm.table["pfs_event"]].any()
    assert np.all(arm.table["pfs_time"][gone & ~arm.table["pfs_event"]] <= 42.0)


def test_an_arm_without_drug_and_without_comparison():
    text = TEXT[: TEXT.index("[[splits]]")].replace("[comparison]", "[unused]", 1)
    text = text.replace('[unused]\nlow = "below 6 mg"\nhigh = "above 6 mg"\np_value = 0.015', "")
    words = 'doses = [{ drug = "lag3ig", route = "sc", amount = "0.05 mg", every = "14 d", count = 6 }]'
    loaded = parse_protocol(text.replace(words, "").replace('published = "brignone2009"', ""))
    free = run_trial(loaded, patients=20, replicates=5, history_patients=0)
    arm = free.arms["0.05 mg"]
    assert (arm.drug, arm.dose) == ("none", 0.0)
    assert np.all(arm.table["cmax"] == 0.0)
    assert free.replicates == {}
    assert all(row["published"] == "-" for row in free.table)


def test_protocol_parameters_and_structure_reach_the_model():
    text = TEXT.replace("# structure = {", 'structure = { new_lesions = "none" } #')
    text = text.replace("# parameters = {", 'parameters = { lloq_plasma = "10 ug/mL" } #')
    changed = run_trial(parse_protocol(text), patients=20, replicates=0, history_patients=0)
    assert changed.structure["new_lesions"] == "none"
    assert next(row["value"] for row in changed.parameters if row["symbol"] == "lloq_plasma") == 10_000.0
    assert np.all(changed.arms["30 mg"].table["exposed"] == 0.0)


def test_natural_history_comes_out_of_the_whole_path():
    plan = load_protocol(PHASE_I).protocol
    model = load_model()
    share, (low, high) = analytic_share(model, 84.0)
    assert round(share, 3) == 0.271
    assert (round(low, 2), round(high, 2)) == (0.11, 0.51)
    for end, tail in ((low, 0.975), (high, 0.025)):  # shifts under which what was measured is as unlikely
        observed, shift = (norm.ppf(value) * np.sqrt(12) for value in (share, end))
        assert nct.cdf(observed, 11, shift) == pytest.approx(tail, rel=ROUNDING)
    count = 12_000
    found = check_natural_history(
        plan, model=model, patients=count, seed=1, threads=None, block=3_000, advance=lambda _: None
    )
    sampling = 3.0 * np.sqrt(share * (1.0 - share) / count)
    assert abs(found.simulated - share) < NATURAL_HISTORY + sampling
    assert found.evaluated == count
    assert found.default < found.simulated  # new lesions take away
