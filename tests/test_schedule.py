"""Search for a schedule: a known optimum found, limits exact, nothing that does not matter matters."""

from dataclasses import dataclass, replace

import numpy as np
import pytest

from lag3ig.experiments.protocol import SHIPPED, parse_protocol
from lag3ig.experiments.schedule.goal_values import goal_values
from lag3ig.experiments.schedule.goals import GOALS
from lag3ig.experiments.schedule.grid import candidates
from lag3ig.experiments.schedule.persons import draw_persons
from lag3ig.experiments.schedule.report_schedule import render
from lag3ig.experiments.schedule.schedule_file import document_of
from lag3ig.experiments.schedule.search import optimise, search_schedules
from lag3ig.experiments.trial_models import trial_models
from lag3ig.experiments.virtual_arm import simulate_arm
from lag3ig.model.errors import ProtocolError
from lag3ig.model.randomness import normals

from .tolerances import PEAK, SAME_STEPS, SAMPLING

ALONE = (SHIPPED / "lag3ig-dose-finding.toml").read_text()
BESIDE = (SHIPPED / "paclitaxel-lag3ig-schedule.toml").read_text()
PEOPLE = 400


def changed(text: str, **keys: str):
    """A protocol with some keys of its section [schedule] replaced."""
    head, _, rest = text.partition("[schedule]")
    body, arms, tail = rest.partition("[[arms]]")
    lines = [line for line in body.splitlines() if line.partition("=")[0].strip() not in keys]
    lines += [f"{key} = {value}" for key, value in keys.items() if value]
    return parse_protocol(head + "[schedule]" + "\n".join(lines) + "\n\n" + arms + tail)


@dataclass
class Parabola:
    """Persons worth 50 - 10 (log10 of amount - log10 of 25)^2 - |every - 14| / 7, each with noise.

    Amounts of 25 and 30 mg and intervals of 14 and 17 days hardly differ.
    The noise is the same under every schedule but for a part.
    """

    draws: int = 1
    shift: float = 0.0
    solves: int = 0
    seconds: float = 0.0
    failed: int = 0

    def __len__(self) -> int:
        return PEOPLE

    def worth(self, amount: float, every: float) -> float:
        return 50.0 - 10.0 * (np.log10(amount) - np.log10(25.0)) ** 2 - abs(every - 14.0) / 7.0

    def values(self, candidates, advance):
        ids = np.arange(PEOPLE)
        shared = 5.0 * normals(1, ids, "shared", 1)[:, 0]
        found = []
        for item in candidates:
            own = 0.05 * normals(int(item.schedule.every), ids, "own", 1)[:, 0]
            drawn = self.shift * (ids % self.draws) * np.log10(item.schedule.amount)
            value = self.worth(item.schedule.amount, item.schedule.every) + shared + own + drawn
            found.append({"cd8_ratio": value[:, None], "status": np.zeros((PEOPLE, 1))})
            advance(PEOPLE)
        self.solves += PEOPLE * len(candidates)
        return found


GRID = {"amount": '["3 mg", "10 mg", "30 mg", "90 mg"]', "every": '["7 d", "14 d", "17 d", "28 d"]'}
KNOWN = GRID | {"goal": '"cd8_ratio"', "also": "", "delta": "0.5", "limits": ""}


def found_in(persons, refine=20, **keys):
    plan = changed(ALONE, **(KNOWN | keys)).protocol
    return search_schedules(plan, persons, seed=1, refine=refine, parameters="none", progress=lambda *_: None)


def test_known_optimum_is_found_between_grid_points():
    result = found_in(Parabola())
    best = result.best.schedule
    assert len(result.candidates) == result.grid_size + 1
    assert abs(np.log(best.amount / 25.0)) < PEAK
    assert (best.every, best.start) == (14.0, 0.0)


def test_known_flat_set_is_found():
    result = found_in(Parabola(), refine=0)
    inside = {
        (item.schedule.amount, item.schedule.every)
        for item, flat in zip(result.candidates, result.main.flat, strict=True)
        if flat
    }
    assert inside == {(30.0, 14.0), (30.0, 17.0)}
    assert document_of(result)["ranges_not_told_from_best"]["every"] == (14.0, 17.0)
    assert result.candidates[result.least].schedule.every == 17.0  # fewer injections in the same time


def test_paired_errors_are_those_of_differences():
    """Noise that every schedule shares cancels; what is left is the difference of two own noises."""
    result = found_in(Parabola(), refine=0)
    other = [k for k, item in enumerate(result.candidates) if item.schedule.every == 17.0]
    expected = 0.05 * np.sqrt(2.0 / PEOPLE)
    for k in other:
        assert abs(result.main.error[k] / expected - 1.0) < SAMPLING / np.sqrt(2 * PEOPLE)
    assert result.main.value_error.min() > 10.0 * expected


def test_draws_that_disagree_share_the_probability_of_being_best():
    """A term rising with amount in two of three draws moves their best to the largest amount."""
    result = found_in(Parabola(draws=3, shift=20.0), refine=0)
    by_amount = dict.fromkeys((3.0, 10.0, 30.0, 90.0), 0.0)
    for item, share in zip(result.candidates, result.main.drawn_best, strict=True):
        by_amount[item.schedule.amount] += float(share)
    assert by_amount == pytest.approx({3.0: 0.0, 10.0: 0.0, 30.0: 1 / 3, 90.0: 2 / 3})
    assert result.best.schedule.amount == 90.0
    lost = result.main.by_draw[:, 0].max() - result.main.by_draw[result.main.best, 0]
    assert result.main.regret[result.main.best] == pytest.approx(lost / 3)


def test_report_of_a_search_is_whole_and_the_same_each_time():
    result = found_in(Parabola(draws=3, shift=20.0))
    text = render(result)
    assert text == render(result)
    assert result.best.schedule.named("mg") in text
    assert "nan" not in text.lower().replace("lognan", "")


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        ('{ most_amount = "30 mg" }', lambda item: item.schedule.amount <= 30.0),
        ('{ most_dose = "180 mg" }', lambda item: item.schedule.amount * item.schedule.count <= 180.0),
        ("{ most_visits = 6 }", lambda item: item.visits <= 6),
        ('{ most_dose = "0.18 g", most_visits = 3 }',
         lambda item: item.schedule.total <= 180 and item.visits < 4),
    ],
)  # fmt: skip
def test_limits_exclude_exactly(limits, kept):
    plan = changed(ALONE, limits=limits).protocol
    every = candidates(plan, plan.schedule)
    assert [not item.refused for item in every] == [kept(item) for item in every]
    assert {bool(item.refused) for item in every} == {True, False}


def test_refinement_stays_within_the_limits():
    result = found_in(Parabola(), limits='{ most_dose = "120 mg" }')
    best = result.best.schedule
    assert best.total <= 120.0 * (1 + 1e-9)
    assert best.amount > 10.0


def test_injections_on_the_day_of_an_infusion_cost_no_visit():
    plan = changed(BESIDE, amount='["30 mg"]', every='["14 d"]', start='["0 d", "1 d"]', limits="").protocol
    together, next_day = candidates(plan, plan.schedule)
    assert together.visits == 18  # three a cycle of six
    assert next_day.visits == 18 + 12


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"goal": '"stabel_3m"'}, "stable_3m"),
        ({"goal": '"mean_pfs"'}, "at = "),
        ({"arm": '"LAG3Ig"'}, "no arm is called so"),
        ({"drug": '"paclitaxel"'}, "does not give it"),
        ({"count": "6"}, "either count, or until"),
        ({"start": '["-7 d", "0 d"]'}, "alone in the arm"),
        ({"amount": '["1 mg", "1000 ug"]'}, "twice"),
        ({"amount": '["1 mg", "1 d"]'}, "amount"),
        ({"limits": '{ most_amount = "0.1 mg" }'}, "leave none"),
    ],
)
def test_what_is_wrong_is_named(keys, words):
    with pytest.raises(ProtocolError, match=words):
        optimise(changed(ALONE, **keys), patients=4, threads=1)


def test_protocol_without_schedule_is_refused():
    with pytest.raises(ProtocolError, match="schedule"):
        optimise("imp321-rcc-phase1", patients=4)


def persons_of(plan, patients, threads=1):
    models = trial_models(plan, patients=patients, replicates=0)
    goals = (plan.schedule.goal, *plan.schedule.also)
    return draw_persons(plan, models, drug="lag3ig", goals=goals, patients=patients, seed=1, threads=threads)


def assert_same(left, right):
    for name in left:
        np.testing.assert_array_equal(left[name], right[name], err_msg=name)


def test_no_amount_is_no_drug_at_any_schedule_bit_for_bit():
    plan = changed(
        BESIDE, amount='["0 mg"]', every='["7 d", "28 d"]', start='["-7 d", "0 d", "4 d"]', limits=""
    ).protocol
    without = plan.arms[0].model_copy(
        update={"doses": tuple(item for item in plan.arms[0].doses if item.drug != "lag3ig")}
    )
    persons = persons_of(plan, 24)
    found = persons.values(candidates(plan, plan.schedule), lambda _: None)
    for other in found[1:]:
        assert_same(found[0], other)
    arm = simulate_arm(
        without, plan, model=persons.models.model, patients=persons.drawn, seed=1, threads=1, block=1024,
        advance=lambda _: None, rtol=persons.rtol,
    )  # fmt: skip
    np.testing.assert_array_equal(found[0]["orr"][:, 0], 100.0 * arm.arm.table["responded"])


def test_shifting_everything_by_a_constant_changes_nothing():
    plan = changed(BESIDE, amount='["30 mg"]', every='["14 d"]', start='["-7 d", "1 d"]', limits="").protocol
    later = BESIDE
    for day in (14, 7, 0):
        later = later.replace(f'start = "{day} d", every = "28 d"', f'start = "{day + 21} d", every = "28 d"')
    assert later != BESIDE
    moved = changed(later, amount='["30 mg"]', every='["14 d"]', start='["-7 d", "1 d"]', limits="").protocol
    left, right = candidates(plan, plan.schedule), candidates(moved, moved.schedule)
    assert [item.regimen for item in left] == [item.regimen for item in right]
    first = persons_of(plan, 12).values(left, lambda _: None)
    for one, other in zip(first, persons_of(moved, 12).values(right, lambda _: None), strict=True):
        assert_same(one, other)


def test_arm_as_it_stands_gives_what_a_trial_gives():
    plan = changed(ALONE, amount='["30 mg"]', every='["14 d"]', limits="").protocol
    persons = persons_of(plan, 24)
    (found,) = persons.values(candidates(plan, plan.schedule), lambda _: None)
    arm = simulate_arm(
        plan.arms[0], plan, model=persons.models.model, patients=persons.drawn, seed=1, threads=1, block=1024,
        advance=lambda _: None, rtol=persons.rtol,
    )  # fmt: skip
    np.testing.assert_allclose(found["stable_3m"][:, 0], 100.0 * arm.arm.table["stable_3m"], rtol=SAME_STEPS)


def test_a_failed_simulation_counts_as_failed_and_nowhere_else():
    plan = changed(ALONE, amount='["30 mg"]', every='["14 d"]', limits="").protocol
    persons = persons_of(plan, 6)
    some = next(persons.drawn.pieces(6))
    values = some.parameters.copy()
    values[2] = np.nan
    found = goal_values(
        candidates(plan, plan.schedule)[0].regimen, plan, model=persons.models.model,
        patients=replace(some, parameters=values), seed=1, drug="lag3ig", goals=tuple(GOALS), rtol=1e-4,
    )  # fmt: skip
    np.testing.assert_array_equal(found["status"][:, 0], [0.0, 0.0, 1.0, 0.0, 0.0, 0.0])
    for name, item in found.items():
        if name != "status":
            assert np.isnan(item[2]).all(), name
            assert np.isfinite(np.delete(item, 2, axis=0)).any(), name


def test_true_mean_of_activated_cd8_rises_with_amount():
    plan = changed(
        ALONE, amount='["0 mg", "1 mg", "6 mg", "30 mg", "90 mg"]', goal='"activated_cd8"', also="", limits=""
    ).protocol
    found = persons_of(plan, 40).values(candidates(plan, plan.schedule), lambda _: None)
    means = np.array([item["activated_cd8"][:, 0] for item in found]).reshape(5, 3, -1).mean(axis=2)
    assert (np.diff(means, axis=0) > 0.0).all()  # more drug, more activation, at every interval
    assert (np.diff(means[1:], axis=1) < 0.0).all()  # and less with longer intervals


def test_same_seed_gives_the_same_bits_for_any_threads():
    plan = changed(ALONE, amount='["3 mg", "30 mg"]', limits="")
    size = {"patients": 300, "seed": 7, "refine": 2}
    one, two = optimise(plan, **size, threads=1), optimise(plan, **size, threads=2)
    assert document_of(one) == document_of(two)


def test_command_writes_result_table_and_report(lag3ig, tmp_path):
    answer = lag3ig("optimise", "lag3ig-dose-finding", "--patients", 30, "--refine", 0, "--threads", 1)
    assert answer.exit_code == 0, answer.output
    for kind in ("json", "csv", "html"):
        assert (tmp_path / "results" / f"lag3ig-dose-finding.{kind}").stat().st_size > 0
    assert "Best:" in answer.output
    wrong = lag3ig("optimise", "starter")
    assert wrong.exit_code == 2
    assert "[schedule]" in wrong.output
