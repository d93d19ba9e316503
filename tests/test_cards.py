"""Trial cards: what the shipped ones say, and how what is written becomes numbers."""

import pytest

from lag3ig.fitting.cards import ENDPOINTS, cards, load_card
from lag3ig.model.errors import Lag3igError

from .card_text import KINDS, parse, write
from .tolerances import ROUNDING

MONTH = 365.25 / 12.0  # d


def test_the_phase_i_trial():
    card = load_card("brignone2009")
    high, low = card.observation("stable_high").share, card.observation("stable_low").share
    assert (round(100 * high.lower, 1), round(100 * high.upper, 1)) == (47.3, 99.7)
    assert (round(100 * low.lower, 1), round(100 * low.upper, 1)) == (6.0, 61.0)
    assert round(100 * card.observation("injections").share.share, 1) == 94.4
    assert sum(arm.n for arm in card.arms) == 21
    given = [len(arm.regimen().administrations()) for arm in card.arms for _ in range(arm.n)]
    assert sum(given) == card.observation("injections").number
    for item in ("stable_high", "stable_low", "objective_responses"):
        arms = [card.arm(name) for name in card.observation(item).arms]
        assert sum(arm.evaluable for arm in arms) == card.observation(item).number


@pytest.mark.parametrize("name", cards())
def test_every_card_says_where_each_observation_is_from(name):
    card = load_card(name)
    assert card.id == name
    assert card.source.doi or card.source.citation
    assert all(item.tag != "remembered" for item in card.of_role("fitted"))
    assert all(item.label for item in (*card.of_role("fitted"), *card.of_role("prior")))


def test_every_row_of_the_evidence_has_its_role():
    roles = {}
    for name in cards():
        for item in load_card(name).observations:
            if item.label:
                roles.setdefault(item.label, set()).add(item.role)
    fitted = {f"C{number}" for number in range(1, 8)} | {"C9", "C10b", "C16", "C17", "C17b"}
    assert {label for label, seen in roles.items() if "fitted" in seen} == fitted
    assert {label for label, seen in roles.items() if "prior" in seen} == {"C11"}
    checks = {"C8", "C10", "C12", "C13", "C14", "C15"}
    assert {label for label, seen in roles.items() if seen == {"check only"}} == checks


def test_published_percentages_are_those_of_the_counts():
    """Numbers that publications print twice, as a percentage and as a count, or as an exact interval."""
    card = load_card("mcdermott2021")
    control = card.observation("disease_control").share
    assert [round(100 * x, 1) for x in (control.share, control.lower, control.upper)] == [58.2, 48.4, 67.5]
    shares = {"shrinkage_60": 30.9, "shrinkage_any": 68.2}
    assert {name: round(100 * card.observation(name).share.share, 1) for name in shares} == shares
    best = card.observation("best_response")
    assert round(100 * (best.counts["complete"] + best.counts["partial"]) / best.number, 1) == 36.4
    paclitaxel = load_card("paclitaxel_hr_positive").observation("responses").share
    assert round(100 * paclitaxel.share, 1) == 38.4


def test_times_are_days_and_doses_are_those_of_the_schedule():
    assert load_card("escudier2007").observation("pfs").median == pytest.approx(2.8 * MONTH, rel=ROUNDING)
    arm = load_card("nk105").arm("paclitaxel")
    times = [item.time for item in arm.regimen().administrations(arm.end)]
    cycles = sorted({time // 28.0 for time in times})
    assert times == [
        28.0 * cycle + day for cycle in cycles for day in (0, 7, 14) if 28 * cycle + day <= arm.end
    ]
    pembrolizumab = load_card("mcdermott2021").arm("pembrolizumab")
    assert [item.time for item in pembrolizumab.regimen().administrations(pembrolizumab.end)] == [
        21.0 * number for number in range(35)
    ]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_observation_is_read(kind):
    item = parse(write(kind)).observation("a")
    assert item.kind == kind
    assert item.observed is (kind != "statement")
    assert item.is_prior is (kind == "prior")


def test_written_units_become_those_of_the_model():
    bound = parse(write("inequality")).observation("a")
    assert (bound.at_least, bound.at_most) == (1.0, 5.0)
    assert bound.from_day == pytest.approx(1 / 24, rel=ROUNDING)
    assert parse(write("prior")).observation("a").value == pytest.approx(60.0, rel=ROUNDING)
    text = write("count").replace("no_progression", "disease_control_for")
    assert parse(text.replace("count = 1", 'limit = "6 weeks"\ncount = 1')).observation("a").limit == 42.0
    text = write("count").replace("no_progression", "best_change_at_most")
    assert parse(text.replace("count = 1", 'limit = "-60 %"\ncount = 1')).observation("a").limit == -60.0


def test_a_single_time_and_a_single_interval_need_no_list():
    text = write("mean").replace('["14 d", "28 d"]', '"14 d"').replace("[3.0, 4.0]", "3")
    one = parse(text.replace('"SD"\nspread = [1.0, 2.0]', '"IQR"\nspread = [2, 5]')).observation("a")
    assert (one.days, one.centre, one.spread) == ((14.0,), (3.0,), ((2.0, 5.0),))


def test_merged_categories_hold_their_parts():
    groups = parse(write("categories")).observation("a").groups
    assert groups["stable_or_worse"] == ("stable", "progression", "not_evaluable")
    assert groups["partial"] == ("partial",)


def test_unknown_names(tmp_path):
    with pytest.raises(Lag3igError, match="did you mean 'brignone2009'"):
        load_card("brignone2008x9")
    with pytest.raises(Lag3igError, match="did you mean 'stable_low'"):
        load_card("brignone2009").observation("stable_lo")
    with pytest.raises(Lag3igError, match=r"allowed: '0.05 mg'|did you mean '30 mg'"):
        load_card("brignone2009").arm("31 mg")
    with pytest.raises(Lag3igError, match="no such file"):
        load_card(tmp_path / "no.toml")
    assert "stable_low" in load_card("brignone2009")
    assert "stable_lo" not in load_card("brignone2009")
    assert "no_progression" in ENDPOINTS
