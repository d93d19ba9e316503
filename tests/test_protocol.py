"""Protocols: what the shipped one says, and how a wrong one is refused."""

import pytest

from lag3ig.experiments.protocol import SHIPPED, load_protocol, parse_protocol, shipped_protocols
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.errors import ProtocolError

from .tolerances import ROUNDING

TEXT = (SHIPPED / "imp321-rcc-phase1.toml").read_text()


def test_the_phase_i_trial_is_the_published_one():
    protocol = load_protocol("imp321-rcc-phase1").protocol
    assert [arm.name for arm in protocol.arms] == ["0.05 mg", "0.25 mg", "1.25 mg", "6.25 mg", "30 mg"]
    assert sum(arm.treated for arm in protocol.arms) == 21
    assert [
        sum(protocol.arms[i].evaluable for i in protocol.of_group(g)) for g in ("below 6 mg", "above 6 mg")
    ] == [11, 8]
    assert protocol.visits.scans == (42.0, 84.0)
    for arm in protocol.arms:
        given = arm.regimen().administrations()
        assert [item.time for item in given] == [0, 14, 28, 42, 56, 70]
        assert {f"{item.amount:g} {item.unit}" for item in given} == {arm.name}


def test_a_protocol_states_spreads_of_its_patients():
    protocol = parse_protocol("spreads = { DT = 0.95 }\n" + TEXT).protocol
    assert protocol.parameter_table()["DT"].spread == 0.95
    assert protocol.parameter_table()["y0"].spread == load_parameters()["y0"].spread
    with pytest.raises(ProtocolError, match=r"line 1, spreads: no parameter 'DTT': did you mean 'DT'"):
        parse_protocol("spreads = { DTT = 0.95 }\n" + TEXT)


def test_119_injections_are_expected():
    protocol = load_protocol("imp321-rcc-phase1").protocol
    withdrawn = sum(arm.withdrawn for arm in protocol.arms)
    evaluable = sum(arm.evaluable for arm in protocol.arms)
    # A patient who leaves at a uniform time has 1 to 6 injections due, each number as likely: 2.5 after the
    # first.
    later = 5 * evaluable + 2.5 * withdrawn
    expected = evaluable + withdrawn + later * (1.0 - protocol.conduct.missed_injection)
    assert expected == pytest.approx(119.0, rel=ROUNDING)


@pytest.mark.parametrize("name", shipped_protocols())
def test_shipped_protocols_hold_together(name):
    loaded = load_protocol(name)
    assert loaded.protocol.name == name
    assert parse_protocol(loaded.text).protocol == loaded.protocol


# what is wrong | text | what stands in its place | part of the message
BAD = [
    ("unknown key", "dropout_per_month", "dropout_per_moth", "did you mean 'dropout_per_month'?"),
    ("of an arm", 'group = "above 6 mg"', 'groop = "x"', "arms[4].groop: unknown key; did you mean 'group'?"),
    ("of a dose", 'amount = "30 mg"', 'amout = "30 mg"', "arms[5].doses[1].amout: unknown key; did you mean"),
    ("unknown section", "[visits]", "[vists]", "vists: unknown key; did you mean 'visits'?"),
    ("missing section", "[response]", "[reply]", "response: missing"),
    ("interval in mg", 'every = "14 d"', 'every = "14 mg"', "'mg' is a unit of mass, but time is needed"),
    ("visit in mg", 'end = "84 d"', 'end = "84 mg"', "visits.end"),
    ("visit without unit", 'end = "84 d"', "end = 84", "visits.end: write a time with its unit"),
    ("negative dose", 'amount = "30 mg"', 'amount = "-30 mg"', "must be a finite number and not negative"),
    ("dose without unit", 'amount = "30 mg"', 'amount = "30"', "the amount has no unit"),
    (
        "dose in mk",
        'amount = "30 mg"',
        'amount = "30 mk"',
        "arms[5].doses[1].amount: dose of lag3ig: unit 'mk'",
    ),
    ("what mk could be", 'amount = "30 mg"', 'amount = "30 mk"', "give it in 'mg' or another unit of mass"),
    ("dose in mL", 'amount = "30 mg"', 'amount = "30 mL"', "'mL' is a unit of volume, but mass is needed"),
    (
        "dose in words",
        'amount = "30 mg"',
        'amount = "thirty mg"',
        "doses[1].amount: amount: 'thirty mg' is no",
    ),
    (
        "no such drug",
        'drug = "lag3ig"',
        'drug = "lag4ig"',
        "doses[1].drug: the model has no drug 'lag4ig'; did",
    ),
    ("no such way", 'route = "sc"', 'route = "oral"', "doses[1].route: no route 'lag3ig.oral' for lag3ig"),
    (
        "infusion of a vaccine",
        'drug = "lag3ig", route = "sc", amount = "30 mg"',
        'drug = "vaccine", infuse = "1 h", amount = "1 vaccine_unit"',
        "doses[1].infuse: vaccine.sc takes no infusion",
    ),
    ("no time between", 'every = "14 d"', 'every = "0 d"', "doses[1].every: Input should be greater than 0"),
    ("tenths of days", 'every = "14 d"', 'every = "14 dd"', "unit 'dd' is unknown; did you mean 'd'?"),
    ("bare number of days", 'every = "14 d"', "every = 14", "doses[1].every: write a time with its unit"),
    ("negative time", '"4 h"', '"-4 h"', "a time must not be negative"),
    ("visits out of order", '"14 d", "28 d"', '"28 d", "14 d"', "times must increase"),
    ("visit after the end", '"42 d", "84 d"]', '"42 d", "85 d"]', "a visit on day 85 lies after the end"),
    (
        "no such choice",
        "# structure = {",
        "structure = { activation_sit = 'node' } #",
        "mean 'activation_site'?",
    ),
    (
        "no such option",
        "# structure = {",
        "structure = { binding = 'explict' } #",
        "did you mean 'explicit'?",
    ),
    ("no such parameter", "# parameters = {", "parameters = { h00 = 1.0 } #", "no parameter 'h00'"),
    ("parameter in d", "# parameters = {", "parameters = { lloq_plasma = '1 d' } #", "parameter lloq_plasma"),
    ("too many evaluable", "evaluable = 5", "evaluable = 7", "evaluable = 7 is more than treated = 6"),
    ("no such group", 'high = "above 6 mg"', 'high = "above 7 mg"', "did you mean 'above 6 mg'?"),
    ("control without scan", 'control_at = "84 d"', 'control_at = "80 d"', "but scans are on days 42, 84"),
    ("twin arms", 'name = "30 mg"', 'name = "6.25 mg"', "two arms are called '6.25 mg'"),
    ("short split", "[3, 3, 6, 3, 6]", "[3, 3, 6, 3]", "splits[1] needs one number"),
    ("foreign split", "[4, 4, 3, 5, 3]", "[4, 4, 3, 3, 3]", "splits[4] has 6 evaluable patients above 6 mg"),
    (
        "probability of 2",
        "missed_injection = 0.02",
        "missed_injection = 2.0",
        "less than or equal to 1 (given: 2.0)",
    ),
    ("text for a number", "treated = 6", 'treated = "6"', "arms[5].treated: Input should be a valid integer"),
    ("no such version", 'recist = "1.0"', 'recist = "1.2"', "recist: Input should be '1.0' or '1.1'"),
    ("no such card", '"brignone2009"', '"brignone2008"', "did you mean 'brignone2009'?"),
    ("not TOML", "[visits]", "[visits", "not valid TOML"),
]


@pytest.mark.parametrize(("what", "old", "new", "message"), BAD, ids=[case[0] for case in BAD])
def test_a_wrong_protocol_is_refused_with_place_and_remedy(what, old, new, message):
    assert old in TEXT
    with pytest.raises(ProtocolError) as fault:
        parse_protocol(TEXT.replace(old, new, 1), name="my.toml")
    assert message in str(fault.value)
    assert str(fault.value).startswith("my.toml")


def test_the_line_is_named():
    line = next(n for n, text in enumerate(TEXT.splitlines(), 1) if text.startswith("missed_injection"))
    with pytest.raises(ProtocolError, match=rf"^my.toml, line {line}, conduct.missed_injection: "):
        parse_protocol(TEXT.replace("missed_injection = 0.02", "missed_injection = -1.0"), name="my.toml")


def test_missing_arms():
    with pytest.raises(ProtocolError, match="arms: missing"):
        parse_protocol(TEXT[: TEXT.index("[[arms]]")])


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(ProtocolError, match="there is no such file"):
        load_protocol(tmp_path / "no.toml")
    with pytest.raises(ProtocolError, match="did you mean 'imp321-rcc-phase1'"):
        load_protocol("imp321-rcc-phase2")
    (tmp_path / "image.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ProtocolError, match="cannot be read as text"):
        load_protocol(tmp_path / "image.toml")
    (tmp_path / "long.toml").write_text("#" * 2_000_000)
    with pytest.raises(ProtocolError, match="longer than"):
        load_protocol(tmp_path / "long.toml")


def test_an_arm_without_drug_and_partners_are_possible():
    words = 'drug = "lag3ig", route = "sc", amount = "30 mg", every = "14 d", count = 6'
    none = TEXT.replace(f"doses = [{{ {words} }}]", "")
    assert parse_protocol(none).protocol.arms[4].regimen().administrations() == ()
    partner = 'drug = "pembrolizumab", amount = "200 mg", every = "3 weeks", count = 4, infuse = "30 min"'
    both = TEXT.replace(words, f"{words} }}, {{ {partner}")
    assert parse_protocol(both).protocol.arms[4].regimen().drugs == ("lag3ig", "pembrolizumab")
