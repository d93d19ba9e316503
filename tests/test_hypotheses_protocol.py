"""Structures of the model told apart: node against blood, same bits, plasma silent, page, refusals."""

import json
import re

import numpy as np
import pytest

from lag3ig.experiments.cli import app
from lag3ig.experiments.hypotheses.discrimination import discriminate
from lag3ig.experiments.hypotheses.figure_hypotheses import confusion_figure, information_figure
from lag3ig.experiments.hypotheses.readings import readings_of
from lag3ig.experiments.hypotheses.report_hypotheses import render
from lag3ig.experiments.hypotheses.structure_draws import draw_structures, movable
from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.model.errors import ProtocolError

from .tolerances import ROUNDING

SHIPPED = load_protocol("blood-or-node")
TEXT = re.sub(r"(?m)^both = .*\n", "", SHIPPED.text)
SMALL = {"draws": 20, "persons": 20, "trials": 60, "search": False}


@pytest.fixture(scope="module")
def found():
    return discriminate(parse_protocol(TEXT), **SMALL, threads=1)


def test_many_patients_at_all_doses_tell_node_from_blood(found):
    largest = found.by_size[max(found.by_size)]
    assert largest.right > 0.9
    assert largest.chosen.min(axis=1).max() < 0.1


def test_the_node_is_almost_flat_in_dose(found):
    lowest, highest = (
        next(
            k
            for k, item in enumerate(found.readings)
            if item[:2] == (arm, "activated_cd8") and item.day == 84
        )
        for arm in (0, len(found.arms) - 1)
    )
    rise = found.predicted[:, highest, 1] - found.predicted[:, lowest, 1]
    blood, node = found.structures.index("blood"), found.structures.index("node")
    assert rise[node] < 0.5 * rise[blood]


def test_plasma_tells_nothing_of_the_site(found):
    places = [k for k, item in enumerate(found.readings) if item.what == "plasma"]
    np.testing.assert_allclose(found.predicted[0, places], found.predicted[1, places], rtol=1e-5)
    (plasma,) = (item for item in found.of_kind("sample") if item.candidate.name == "plasma level")
    assert abs(plasma.verdict.bits) < 0.01
    assert abs(plasma.verdict.right - 0.5) < 0.1


def test_identical_structures_give_exactly_nothing():
    plan = parse_protocol(TEXT.replace('activation_site = "node"', 'activation_site = "blood"'))
    same = discriminate(plan, draws=3, persons=10, trials=9, search=False)
    for verdict in same.by_size.values():
        assert abs(verdict.bits) < ROUNDING
        np.testing.assert_allclose(verdict.chosen, 0.5, rtol=ROUNDING)


def test_the_same_seed_gives_the_same_bits_on_any_number_of_threads():
    plan = parse_protocol(TEXT)
    size = {"draws": 3, "persons": 50, "trials": 9, "search": False}
    one, two = (discriminate(plan, **size, threads=threads) for threads in (1, 2))
    other = discriminate(plan, **size, seed=2)
    np.testing.assert_array_equal(one.predicted, two.predicted)
    assert not np.array_equal(one.predicted, other.predicted)
    for left, right in zip(one.judged, two.judged, strict=True):
        assert left.verdict.bits == right.verdict.bits
        np.testing.assert_array_equal(left.verdict.chosen, right.verdict.chosen)


def test_a_number_is_moved_alike_in_every_structure():
    drawn = draw_structures(SHIPPED.protocol, SHIPPED.protocol.hypotheses, {}, draws=3, persons=10, seed=4)
    tables = {
        name: [one.parameters for one in item.distribution.models] for name, item in drawn.models.items()
    }
    symbols = {item.symbol for item in movable(drawn.models["blood"].model)}
    symbols &= {item.symbol for item in movable(drawn.models["node"].model)}
    assert len(symbols) > 20
    for symbol in symbols:
        for number in range(3):
            assert tables["blood"][number][symbol].value == tables["node"][number][symbol].value
    assert tables["blood"][0]["N50"].value != tables["blood"][1]["N50"].value


def test_a_reading_is_there_for_each_visit_dose_and_count():
    protocol, plan = SHIPPED.protocol, SHIPPED.protocol.hypotheses
    expected = len(protocol.arms) * (
        3 * (len(protocol.visits.blood) - 1) + len(protocol.visits.plasma) - 1 + 1
    )
    assert len(readings_of(protocol, plan)) == expected


def test_the_page_says_what_is_assumed_and_how_to_run_it_again(found):
    page = render(found)
    assert "assumed number of blood, node" in page
    assert "lag3ig discriminate blood-or-node --seed 1 --draws 20 --patients 20 --trials 60" in page
    assert page.count("<svg") == 2 * (2 + len(found.plan.samples))


@pytest.mark.parametrize("figure", [confusion_figure, information_figure])
def test_figures_stand_on_a_phone_too(found, figure):
    from lag3ig.experiments.figure_style import NARROW

    assert figure(found, NARROW).axes


def test_the_command_prints_json_and_writes_page_and_table(tmp_path):
    from typer.testing import CliRunner

    path = tmp_path / "small.toml"
    path.write_text(re.sub(r"(?s)\[\[arms\]\]\nname = \"0.05 mg\".*?(?=\[\[arms\]\])", "", TEXT))
    out = tmp_path / "page.html"
    options = ["--draws", "3", "--patients", "10", "--trials", "6", "--out", str(out), "--json"]
    ran = CliRunner().invoke(app, ["discriminate", str(path), *options])
    assert ran.exit_code == 0, ran.output
    told = json.loads(ran.stdout)
    assert told["structures"] == ["blood", "node"]
    assert out.exists()
    rows = out.with_suffix(".csv").read_text().splitlines()
    assert len(rows) == 1 + len(told["candidates"])


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('node = { activation_site = "node" }', 'node = { activation_site = "nod" }', "'node'"),
        ('node = { activation_site = "node" }', "", "structures"),
        ('arms = ["0.25 mg", "30 mg"]', 'arms = ["0.2 mg"]', "0.25 mg"),
        ('days = ["14 d"]', 'days = ["15 d"]', "day 15"),
        ("sizes = [3, 6, 12, 24, 48]", "sizes = [6, 3]", "increase"),
        ('samples = ["activated_cd8"]\n', 'samples = ["lymphocytes"]\n', "lymphocytes"),
    ],
)
def test_what_does_not_hold_together_is_refused(old, new, words):
    assert old in TEXT
    with pytest.raises(ProtocolError, match=words):
        parse_protocol(TEXT.replace(old, new))


def test_what_cannot_be_done_is_refused():
    with pytest.raises(ProtocolError, match="blood-or-node"):
        discriminate("starter")
    with pytest.raises(ProtocolError, match="write NAME=FILE"):
        discriminate(SHIPPED, fits={"spleen": "fitted"})
    with pytest.raises(ProtocolError, match="persons"):
        discriminate(SHIPPED, persons=2)


def test_a_structure_with_a_fit_takes_its_draws():
    drawn = draw_structures(
        parse_protocol(TEXT).protocol,
        parse_protocol(TEXT).protocol.hypotheses,
        {"blood": "fitted"},
        draws=3,
        persons=10,
        seed=4,
    )
    fitted = drawn.models["blood"].sets
    assert fitted is not None
    assert len(fitted) == 3
    assert drawn.models["node"].sets is None
    np.testing.assert_array_equal(drawn.patients["blood"].ids, drawn.patients["node"].ids)
