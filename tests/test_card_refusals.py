"""What is refused on a trial card: each fault with its line, its key and what would be right."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.cards import DATA, cards
from lag3ig.model.documents import line_of

from .card_text import refused, write

SHIPPED = {name: (DATA / f"{name}.toml").read_text(encoding="utf-8") for name in cards()}

# kind | text | what stands in its place | part of the message
BAD = [
    ("count", "count = 1", "count = 10", "observations[1].count: count 10 is more than number 9"),
    ("count", "number = 9", "number = 21", "observations[1].number: 21 patients of the 20 treated in low"),
    ("count", 'day = "84 d"', 'day = "85 d"', "observations[1].day: no scan of arm 'low' is on that day"),
    ("count", 'day = "84 d"', 'day = "101 d"', "observations[1].day: day 101 is after the end of arm 'low'"),
    ("count", 'day = "84 d"', "", "observations[1].day: missing: no_progression is judged at a scan"),
    ("count", '"no_progression"', '"no_progresion"', "endpoint: no endpoint that can be counted is called"),
    ("count", '"no_progression"', '"disease_control_for"', "limit: disease_control_for needs a limit"),
    ("count", 'arm = "low"', 'arm = "lo"', "observations[1].arm: no arm has the id 'lo'; did you mean 'low'"),
    ("count", 'kind = "count"', 'kind = "cuont"', "kind: 'cuont' is not known; did you mean 'count'?"),
    ("count", 'kind = "count"', "", "observations[1].kind: missing; add it"),
    ("count", 'tag = "read"', 'tag = "seen"', "observations[1].tag: Input should be 'read'"),
    ("count", 'tag = "read"', 'tag = "remembered"', "what is only remembered is not fitted"),
    ("count", "role = ", "rle = ", "observations[1].rle: unknown key; did you mean 'role'?"),
    ("count", "count = 1", 'count = "1"', "observations[1].count: Input should be a valid integer"),
    ("count", 'drug = "lag3ig"', 'drug = "lag4ig"', "arms[1].doses[1].drug: the model has no drug 'lag4ig'"),
    ("count", 'title = "x"', "", "title: missing"),
    ("count", '"kidney"', '"kidny"', "indication: Input should be 'kidney'"),
    ("count", "[source]", "[source", "not valid TOML"),
    ("at_most", "most = 1", "most = 31", "most 31 is more than number 30"),
    ("at_most", '["low", "high"]', '["low", "low"]', "observations[1].arm: an arm is named twice"),
    ("categories", "partial = 2", "partial = 3", "counts: the categories add up to 11, not to number 10"),
    (
        "categories",
        "partial",
        "partal",
        "counts.partal: no category of best response; did you mean 'partial'",
    ),
    ("categories", "partial", "partial_or_better", "'complete' is counted by 'complete' already"),
    ("mean", '"SD"', '"sd"', "observations[1].spread_kind: Input should be 'SD'"),
    ("mean", "[1.0, 2.0]", "[1.0, -2.0]", "observations[1].spread: a SD cannot be negative"),
    ("mean", "[1.0, 2.0]", "[1.0, nan]", "observations[1].spread: write a number"),
    ("mean", "[3.0, 4.0]", "[3.0, inf]", "observations[1].centre[2]: Input should be a finite number"),
    ("mean", "[3.0, 4.0]", "[3.0]", "observations[1].centre: 1 of centre for 2 of days"),
    (
        "mean",
        '"SD"\nspread = [1.0, 2.0]',
        '"CI"\nlevel = 0.9\nspread = [[1, 2], [3, 5]]',
        "excludes its own mean",
    ),
    ("mean", '"SD"\nspread = [1.0, 2.0]', '"CI"\nlevel = 1.0\nspread = [[1, 4], [3, 5]]', "[1].level: Input"),
    ("mean", '"SD"\nspread = [1.0, 2.0]', '"CI"\nspread = [[1, 4], [3, 5]]', "level: a CI needs its level"),
    ("mean", '"SD"\nspread = [1.0, 2.0]', '"range"\nspread = [[4, 1], [3, 5]]', "the range is turned round"),
    (
        "mean",
        '"28 d"]\ncentre',
        '"29 d"]\ncentre',
        "days: nobody is looked at on days 29; visits",
    ),
    (
        "mean",
        '"activated_cd8"',
        '"activated_cd4"',
        "observable: no observable is called 'activated_cd4'",
    ),
    ("mean", '"cell/uL"', '"cell/mL"', "unit: the numbers must be in 'cell/uL', not in 'cell/mL'"),
    ("best_change_quantiles", "[-40.0, 5.0]", "[40.0, 5.0]", "values: quantiles cannot fall"),
    ("best_change_quantiles", "[0.25, 0.5]", "[0.25, 1.5]", "levels[2]: Input should be less than 1"),
    ("survival", "[0.8, 0.5]", "[0.8, 0.9]", "observations[1].survival: a survival curve cannot rise"),
    ("survival", "[0.8, 0.5]", "[1.8, 0.9]", "survival[1]: Input should be less than or equal to 1"),
    ("survival", "[8, 5]", "[5, 8]", "observations[1].at_risk: the number at risk cannot grow"),
    (
        "median_time",
        'lower = "1 month"',
        'lower = "2.5 months"',
        "the interval from 76.0938 on excludes",
    ),
    ("median_time", 'lower = "1 month"', 'lower = "4 months"', "is more than upper"),
    ("median_time", "events = 8", "events = 10", "events: events 10 are more than number 9"),
    ("hazard_ratio", "upper = 0.9", "upper = 0.6", "upper: the interval up to 0.6 excludes its own ratio"),
    ("hazard_ratio", 'against = "low"', 'against = "high"', "against: an arm is compared with itself"),
    ("every", "shown = false", "shown = 0", "observations[1].shown: Input should be a valid boolean"),
    ("every", 'arm = "low"', 'arm = "high"', "arm: arm 'high' has no blood, by which this is judged"),
    ("inequality", '"1 ng/mL"', '"1 mL"', "at_least: "),
    ("inequality", 'at_least = "1 ng/mL"', "at_least = 1", "at_least: write it with its unit"),
    ("prior", '"KD"', '"KDD"', "parameter: no parameter is called 'KDD'; did you mean 'KD'?"),
    ("prior", "factor = 2", "factor = 1", "factor: Input should be greater than 1"),
    ("prior", 'role = "prior"', 'role = "fitted"', "role: a prior is not fitted"),
    ("statement", 'role = "check only"', 'role = "fitted"', "role: a statement cannot be fitted"),
]


@pytest.mark.parametrize(("kind", "old", "new", "message"), BAD, ids=[f"{b[0]}: {b[3]}" for b in BAD])
def test_a_bad_card_is_refused_with_place_and_remedy(kind, old, new, message):
    text = write(kind)
    assert old in text
    found = refused(text.replace(old, new))
    assert message in found
    assert re.match(r"card\.toml(, line \d+,|, title|: not valid TOML)", found)


def test_the_line_is_that_of_the_key():
    text = write("count")
    line = text.splitlines().index("count = 1") + 1
    assert refused(text.replace("count = 1", "count = 10")).startswith(f"card.toml, line {line}, ")


def test_twins_are_refused():
    text = write("statement")
    twin = text[text.index("[[observations]]") :]
    assert "observations[2].id: two observations have the id 'a'" in refused(text + twin)
    assert "arms[2].id: two arms have the id 'low'" in refused(text.replace('"high"', '"low"'))


KEYS = [
    (name, found.start(1), found.end(1))
    for name, text in SHIPPED.items()
    for found in re.finditer(r"(?:^|[{,] )([a-z_0-9]+)(?= = )", text, flags=re.MULTILINE)
    if not text[text.rfind("\n", 0, found.start()) + 1 :].startswith("#")
]
LINES = [
    (name, number)
    for name, text in SHIPPED.items()
    for number, line in enumerate(text.splitlines())
    if re.match(r"[a-z_0-9]+ = .*[^\[]$", line)
]


JUNK = ["[[]]", "nan", "-inf", "1979-05-27T07:32:00", "''"]


def places(text: str, line: int) -> set[int]:
    """Lines a fault of a key may be put at: its own, that of the list it is in, that of its table."""
    above = list(enumerate(text.splitlines(), 1))[:line]
    heads = [number for number, words in above if words.startswith("[")]
    lists = [number for number, words in above if words.endswith("[")]
    return {line, *heads[-1:], *lists[-1:]}


def lines_named(message: str) -> set[int]:
    return {int(number) for number in re.findall(r"line (\d+)", message)}


@given(place=st.sampled_from(KEYS))
def test_any_misspelt_key_of_a_shipped_card_is_refused_with_its_line(place):
    name, start, end = place
    text = SHIPPED[name]
    found = refused(f"{text[:start]}{text[start:end]}x{text[end:]}")
    assert lines_named(found) & places(text, text[:start].count("\n") + 1), found


@given(place=st.sampled_from(LINES), junk=st.sampled_from(JUNK))
def test_any_corrupted_value_of_a_shipped_card_is_refused_with_its_line(place, junk):
    name, number = place
    lines = SHIPPED[name].splitlines()
    key, _, value = lines[number].partition(" = ")
    # A date is read as text, which many keys take.
    lines[number] = f"{key} = {'[[]]' if junk.startswith('1979') and value.startswith(chr(34)) else junk}"
    found = refused("\n".join(lines))
    assert lines_named(found) & places(SHIPPED[name], number + 1), found


def test_lines_are_found_in_tables_and_lists():
    text = "a = 1\n[[b]]\nc = 1\n[[b.d]]\ne = 1\n[[b]]\nc = 2\n[[b.d]]\n[[b.d]]\n'e' = 2\n"
    assert line_of(text, ("a",)) == 1
    assert line_of(text, ("b", 1, "c")) == 7
    assert line_of(text, ("b", 0, "d", 0, "e")) == 5
    assert line_of(text, ("b", 1, "d", 1, "e")) == 10
    assert line_of(text, ("b", 1, "d", 1, "missing")) == 9
    assert line_of(text, ("z",)) is None
