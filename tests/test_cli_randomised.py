"""Commands `power` and `predict`: what they print, write and refuse."""

import json
from html import unescape

import pytest
from typer.testing import CliRunner

from lag3ig.experiments.cli import app


def lag3ig(*arguments):
    return CliRunner().invoke(app, [str(one) for one in arguments])


SMALL = ("--patients", "600", "--draws", "2")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("power")


@pytest.fixture(scope="module")
def asked(folder):
    ran = lag3ig(
        "power",
        "paclitaxel-lag3ig-phase2",
        *SMALL,
        "--replicates",
        "40",
        "--json",
        "--out",
        folder / "power.html",
        "--result",
        folder / "persons.h5",
    )
    assert ran.exit_code == 0, ran.output
    return json.loads(ran.stdout)


def test_power_prints_what_it_found(asked, folder):
    assert asked["patients"] == [113, 113]
    assert 0.0 <= asked["assurance"] <= 1.0
    assert len(asked["power_of_draws"]) == 2
    page = (folder / "power.html").read_text()
    assert asked["answer"] in unescape(page)
    assert page.count("<figure") == 3
    assert "none of the draws is the truth" in page


def test_persons_that_were_kept_give_the_same(asked, folder):
    again = lag3ig(
        "power", folder / "persons.h5", "--replicates", "40", "--json", "--out", folder / "again.html"
    )
    assert again.exit_code == 0, again.output
    found = json.loads(again.stdout)
    assert {**found, "report": ""} == {**asked, "report": ""}


def test_a_protocol_without_a_design_is_refused():
    ran = lag3ig("power", "imp321-rcc-phase1")
    assert ran.exit_code == 2
    assert "give it a section [design]" in ran.stderr


def test_too_few_persons_are_refused():
    ran = lag3ig(
        "power", "paclitaxel-lag3ig-phase2", "--patients", "300", "--draws", "2", "--replicates", "20"
    )
    assert ran.exit_code == 2
    assert "too few for a trial of 226" in " ".join(ran.stderr.split())


def test_predictions_are_frozen_once_and_found_again(folder):
    out = folder / "frozen.json"
    size = ("--patients", "400", "--draws", "2", "--replicates", "20")
    ran = lag3ig("predict", "lag3ig-pembrolizumab-melanoma", *size, "--out", out)
    assert ran.exit_code == 0, ran.output
    assert (folder / "frozen-lag3ig-pembrolizumab-melanoma.svg").exists()
    assert "LAG-3Ig 30 mg" in out.with_suffix(".md").read_text()
    assert lag3ig("predict", "lag3ig-pembrolizumab-melanoma", "--out", out).exit_code == 2
    again = lag3ig("predict", "--again", out)
    assert again.exit_code == 0, again.output
    assert "every number is the same" in again.stdout
