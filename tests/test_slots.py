"""Empty places of a card: what fills them, and how a wrong filling is refused."""

import pytest

from lag3ig.fitting.cards import load_card
from lag3ig.fitting.slots import MeanFilling, fill_slots
from lag3ig.model.errors import Lag3igError

from .command_line import write

CARD = load_card("brignone2009")
FILLED = """[patients_per_cohort]
n = [3, 3, 6, 3, 6]
evaluable = [3, 3, 5, 3, 5]

[cmax_30]
centre = 32
spread = 40
number = 6
where = "table 2"

[em_cd8_percent_30]
centre = [20, 24]
spread = [5, 6]
days = ["0 d", "84 d"]
number = 5

[half_life_6_25]
centre = 0.7
centre_kind = "median"
spread_kind = "range"
spread = [0.5, 1.1]
number = 3
"""


def filled(tmp_path, text: str):
    return fill_slots(CARD, write(tmp_path, "filled.toml", text))


def test_filled_slots_are_fitted_and_the_others_stay_empty(tmp_path):
    card = filled(tmp_path, FILLED)
    peak = card.observation("cmax_30")
    assert (peak.role, peak.window, peak.observable) == ("fitted", "maximum", "plasma")
    assert (peak.centre, peak.spread, peak.spread_kind) == ((32.0,), (40.0,), "CV percent")
    share = card.observation("em_cd8_percent_30")
    assert (share.days, share.centre, share.spread) == ((0.0, 84.0), (20.0, 24.0), (5.0, 6.0))
    assert card.observation("half_life_6_25").spread == ((0.5, 1.1),)
    assert [arm.n for arm in card.arms] == [3, 3, 6, 3, 6]
    assert [arm.evaluable for arm in card.arms] == [3, 3, 5, 3, 5]
    gone = {"patients_per_cohort", "cmax_30", "em_cd8_percent_30", "half_life_6_25"}
    assert {slot.id for slot in CARD.slots} - {slot.id for slot in card.slots} == gone
    assert card.observations[: len(CARD.observations)] == CARD.observations


def test_nothing_filled_changes_nothing(tmp_path):
    assert filled(tmp_path, "") == CARD


BAD = [
    ("[cmax_30]", "[cmax_31]", "filled.toml, line 5, cmax_31: unknown key; did you mean 'cmax_30'?"),
    ("spread = 40", "spread = -40", "filled.toml, line 7, cmax_30.spread: a CV percent cannot be negative"),
    ("spread = 40", "spread = inf", "filled.toml, line 7, cmax_30.spread: write a number"),
    ("centre = 32", "centre = -1", "line 6, cmax_30.centre: a geometric mean is positive"),
    ("centre = [20, 24]", "centre = [20]", "line 12, em_cd8_percent_30.centre: 1 of centre for 2 of days"),
    ('"84 d"]', '"85 d"]', "em_cd8_percent_30.days: day 85 is after the end of arm '30 mg'"),
    ('"84 d"]', '"83 d"]', "em_cd8_percent_30.days: nobody is looked at on days 83"),
    ("number = 6", "number = 7", "cmax_30.number: 7 patients of the 6 treated in 30 mg"),
    ("number = 3\n", "", "half_life_6_25.number: missing; add it"),
    ("[0.5, 1.1]", "[0.8, 1.1]", "half_life_6_25.spread: the range from 0.8 to 1.1 excludes its own median"),
    (
        "n = [3, 3, 6, 3, 6]",
        "n = [3, 3, 6, 3, 7]",
        "line 2, patients_per_cohort.n: 22 patients in all",
    ),
    (
        "[3, 3, 5, 3, 5]",
        "[3, 3, 6, 3, 4]",
        "evaluable: 12 evaluable patients below 6 mg, but the card",
    ),
    ("[3, 3, 5, 3, 5]", "[3, 3, 5, 3]", "evaluable: 4 numbers for 5 arms; give one for each"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[case[2] for case in BAD])
def test_a_wrong_filling_is_refused_with_its_place(tmp_path, old, new, message):
    assert old in FILLED
    with pytest.raises(Lag3igError) as fault:
        filled(tmp_path, FILLED.replace(old, new, 1))
    assert message in str(fault.value)


def test_one_slot_filled_by_hand():
    slot = next(slot for slot in CARD.slots if slot.id == "auc_30")
    assert slot.filled(MeanFilling(centre=(50.0,), spread=30, number=6)).days == (14.0,)
    with pytest.raises(Lag3igError, match="slot 'auc_30': 2 of centre for 1 of days"):
        slot.filled(MeanFilling(centre=(50.0, 60.0), number=6))
