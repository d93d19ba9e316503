"""Published facts as cards, and what is refused on one."""

import pytest

from lag3ig.fitting.cohorts import CohortCard, cards, load_card
from lag3ig.model.documents import line_of, parse_document
from lag3ig.model.errors import Lag3igError

CARD = """
id = "x"
title = "x"
[source]
citation = "x"
doi = "10.1/x"
read = "abstract"

[[facts]]
id = "a"
statement = "a"
kind = "count"
count = 1
number = 2
published = "1 of 2"
tag = "read"
role = "fitted"
"""


def parse(text: str) -> CohortCard:
    return parse_document(text, CohortCard, error=Lag3igError, name="card.toml")


def test_the_phase_i_trial():
    card = load_card("brignone2009")
    high, low = card.fact("stable_high").share, card.fact("stable_low").share
    assert (round(100 * high.lower, 1), round(100 * high.upper, 1)) == (47.3, 99.7)
    assert (round(100 * low.lower, 1), round(100 * low.upper, 1)) == (6.0, 61.0)
    injections = card.fact("injections").share
    assert round(100 * injections.share, 1) == 94.4


@pytest.mark.parametrize("name", cards())
def test_every_card_says_where_each_fact_is_from(name):
    card = load_card(name)
    assert card.id == name
    assert all(fact.tag and fact.role and fact.published for fact in card.facts)


BAD = [
    ("role = ", "rle = ", "line 17, facts[1].rle: unknown key; did you mean 'role'?"),
    ('tag = "read"', 'tag = "seen"', "line 16, facts[1].tag: Input should be 'read'"),
    ("count = 1", "count = 3", "count 3 is more than number 2"),
    ("count = 1", 'count = "1"', "line 13, facts[1].count"),
    ("number = 2", "", "a count needs 'count' and 'number'"),
    ('title = "x"', "", "title: missing"),
    ('kind = "count"', 'kind = "value"', "a value needs 'value' and 'unit'"),
    ("[source]", "[source", "not valid TOML"),
]


@pytest.mark.parametrize(("old", "new", "message"), BAD, ids=[case[2] for case in BAD])
def test_a_bad_card_is_refused_with_the_place(old, new, message):
    parse(CARD)
    with pytest.raises(Lag3igError) as fault:
        parse(CARD.replace(old, new))
    assert message in str(fault.value)
    assert str(fault.value).startswith("card.toml")


def test_two_facts_of_one_name():
    with pytest.raises(Lag3igError, match="two facts are called 'a'"):
        parse(CARD + CARD[CARD.index("[[facts]]") :])


def test_unknown_card_and_unknown_fact(tmp_path):
    with pytest.raises(Lag3igError, match="did you mean 'brignone2009'"):
        load_card("brignone2008")
    with pytest.raises(Lag3igError, match="did you mean 'stable_low'"):
        load_card("brignone2009").fact("stable_lo")
    with pytest.raises(Lag3igError, match="is no count"):
        _ = load_card("brignone2009").fact("exposure").share
    with pytest.raises(Lag3igError, match="no such file"):
        load_card(tmp_path / "no.toml")


def test_lines_are_found_in_tables_and_lists():
    text = "a = 1\n[[b]]\nc = 1\n[[b.d]]\ne = 1\n[[b]]\nc = 2\n[[b.d]]\n[[b.d]]\n'e' = 2\n"
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("b", 1, "c")) == 7
    assert line_of(text, ("b", 0, "d", 0, "e")) == 5
    assert line_of(text, ("b", 1, "d", 1, "e")) == 10
    assert line_of(text, ("b", 1, "d", 1, "missing")) == 9
    assert line_of(text, ("z",)) is None
