"""The page on filling slots: its example is what the card accepts."""

import re
from pathlib import Path

from lag3ig.fitting.cards import load_card
from lag3ig.fitting.slots import fill_slots

PAGE = Path(__file__).parents[1] / "docs" / "full-paper.md"


def test_the_example_fills_the_slots_it_names(tmp_path):
    example, free = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    file = tmp_path / "full-paper.toml"
    file.write_text(example, encoding="utf-8")
    card = load_card("brignone2009")
    filled = fill_slots(card, file)
    named = re.findall(r"^\[(\w+)\]", example, flags=re.MULTILINE)
    assert {slot.id for slot in card.slots} - {slot.id for slot in filled.slots} == set(named)
    assert [arm.n for arm in filled.arms] == [3, 3, 6, 3, 6]
    assert filled.observation("cmax_30").role == "fitted"
    assert "CLF" in free
