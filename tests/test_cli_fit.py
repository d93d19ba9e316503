"""The command `fit`: what it writes and prints, how it goes on, and what it refuses."""

import json
import os
from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from lag3ig.experiments import cli_console, cli_fit
from lag3ig.experiments.cli import app
from lag3ig.fitting.estimators.bank import load
from lag3ig.fitting.fit import Effort
from lag3ig.fitting.fit_file import read_fit

from .command_line import left, write
from .synthetic_fit import synthetic_fit

TINY = """name = "tiny"
title = "Growth of untreated kidney cancer"
cards = ["escudier2007"]
patients = 32

[[free]]
parameter = "DT"

[[free]]
parameter = "h0"
"""
SMALL = ("--bank", "24", "--starts", "2", "--exact-draws", "30", "--rounds", "1", "--threads", "1")
BROKEN_OFF = 12  # points after which the first run is interrupted


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    """A tiny fit by the command line, interrupted once: its folder, and what both runs printed."""
    folder = tmp_path_factory.mktemp("fit")
    write(folder, "tiny.toml", TINY)
    before = os.getcwd()
    os.chdir(folder)
    command = ["fit", "tiny.toml", *SMALL]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cli_fit, "progress", interrupting)
        broken = CliRunner().invoke(app, command)
    kept = (left(folder), len(load(folder / "results" / "tiny-fit.bank.h5")))
    whole = CliRunner(env={"COLUMNS": "200"}).invoke(app, command)
    os.chdir(before)
    return folder, broken, kept, whole


@contextmanager
def interrupting(*, shown: bool = True):
    def advance(what: str, done: int, total: int) -> None:
        if what == "simulating the prior" and done == BROKEN_OFF:
            raise KeyboardInterrupt

    yield advance


def test_an_interrupted_fit_keeps_what_was_simulated(fitted):
    _, broken, (files, points), _ = fitted
    assert broken.exit_code == cli_console.INTERRUPTED, broken.output
    assert files == ["tiny-fit.bank.h5", "tiny.toml"]
    assert points == BROKEN_OFF
    assert "goes on with it" in broken.stderr
    assert broken.stdout == ""


def test_a_fit_goes_on_and_writes_what_it_says(fitted):
    folder, _, _, whole = fitted
    assert whole.exit_code == cli_console.DONE, whole.output
    assert f"going on with {BROKEN_OFF} simulated points" in whole.stderr
    assert left(folder) == ["tiny-fit.bank.h5", "tiny-fit.h5", "tiny-fit.html", "tiny.toml"]
    result = read_fit(folder / "results" / "tiny-fit.h5")
    assert result.problem_text == TINY
    assert result.names == ("DT", "h0")
    assert result.diagnostics["effort"]["bank"] == 24
    said = " ".join(whole.stdout.split())
    for words in (
        "What was learnt: Growth of untreated kidney cancer",
        "prior (95 %) posterior (95 %) verdict",
        "DT",
        "C9 escudier2007, pfs: median",
        "replicates, 95 %",
        "2.8",
        result.diagnostics["reason"],
        "32 virtual patients an arm, seed 1",
        "Stiff and sloppy directions at the top",
        "What each card does to the posterior",
        "fit: results/tiny-fit.h5",
        "report: results/tiny-fit.html",
        "bank: results/tiny-fit.bank.h5",
    ):
        assert words in said, words


def test_json_is_for_programs(lag3ig, tmp_path, monkeypatch):
    """The same content as one object; numbers that are none become null."""
    monkeypatch.setattr("lag3ig.fitting.fit.fit", lambda *_, **__: synthetic_fit())
    found = lag3ig("fit", "monotherapies", "--json", "--no-report", "--out", "x.h5")
    content = json.loads(found.stdout)
    assert content["trusted"] is True
    assert content["report"] is None
    assert [item["inside"] for item in content["checks"]] == [True, True, False, True, True]
    assert content["checks"][3]["quantiles"][-1] is None
    assert left(tmp_path) == ["x.h5"]


def test_a_posterior_that_cannot_be_trusted_is_said_not_to_be(lag3ig, monkeypatch):
    monkeypatch.setattr("lag3ig.fitting.fit.fit", lambda *_, **__: synthetic_fit(converged=False))
    found = lag3ig("fit", "monotherapies", "--no-report")
    assert found.exit_code == cli_console.DONE
    assert "cannot be trusted yet" in found.stdout


def test_slots_of_a_card_are_filled_before_the_fit(lag3ig, tmp_path, monkeypatch):
    """The fit gets the filled card, and the file keeps what was filled in."""
    given = []

    def fit(*_, cards, **__):
        given.extend(cards)
        return synthetic_fit()

    monkeypatch.setattr("lag3ig.fitting.fit.fit", fit)
    text = "[cmax_30]\ncentre = 32\nspread = 40\nnumber = 6\n"
    write(tmp_path, "read.toml", text)
    found = lag3ig("fit", "monotherapies", "--fill", "brignone2009=read.toml", "--out", "x.h5")
    assert found.exit_code == cli_console.DONE, found.output
    (card,) = [item for item in given if item.id == "brignone2009"]
    assert card.observation("cmax_30").centre == (32.0,)
    assert read_fit(tmp_path / "x.h5").diagnostics["filled"] == {"brignone2009": text}


def test_the_options_are_the_efforts(lag3ig, monkeypatch):
    """What the command does if nothing is said is what the function does."""
    given = {}
    monkeypatch.setattr("lag3ig.fitting.fit.fit", lambda *_, **words: given.update(words) or synthetic_fit())
    lag3ig("fit", "monotherapies", "--no-report")
    assert given["effort"] == Effort()


WRONG = {
    "no such fit": (["monotherapy"], ["monotherapy", "'monotherapies'"]),
    "no such file": (["nothing.toml"], ["nothing.toml", "no such file"]),
    "report as fit": (["tiny.toml", "--out", "x.html"], ["x.html", ".h5"]),
    "no folder": (["tiny.toml", "--out", "a/b/c.h5"], ["a/b", "does not exist"]),
    "no such card": (["tiny.toml", "--fill", "escudier=x.toml"], ["escudier", "'escudier2007'"]),
    "no such slot": (["tiny.toml", "--fill", "escudier2007=tiny.toml"], ["tiny.toml", "line 1", "unknown"]),
    "no filling": (["tiny.toml", "--fill", "escudier2007"], ["--fill", "name=value"]),
    "one file for two": (["tiny.toml", "--out", "x.h5", "--bank-file", "x.h5"], ["x.h5", "another"]),
    "another's bank": (["tiny.toml", "--bank-file", "tiny.toml"], ["tiny.toml", "not an HDF5 file"]),
    "too few patients": (["tiny.toml", "--patients", "3"], ["--patients", "3"]),
}


@pytest.mark.parametrize("fault", WRONG)
def test_what_is_wrong_is_refused_by_place_and_remedy(lag3ig, tmp_path, fault):
    """One message, exit code 2, nothing left behind."""
    arguments, words = WRONG[fault]
    write(tmp_path, "tiny.toml", TINY)
    found = lag3ig("fit", *arguments)
    assert found.exit_code == cli_console.WRONG, found.output
    assert [word for word in words if word not in found.stderr] == []
    assert "Traceback" not in found.output
    assert left(tmp_path) == ["tiny.toml"]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ('parameter = "h0"', 'parameter = "kkil"', ["kkil", "did you mean 'kkill'"]),
        ("patients = 32", "patient = 32", ["line 4", "patient", "'patients'"]),
        ('["escudier2007"]', '["escudier2008"]', ["escudier2008", "'escudier2007'"]),
    ],
)
def test_a_wrong_problem_is_refused_by_place_and_remedy(lag3ig, tmp_path, old, new, words):
    write(tmp_path, "wrong.toml", TINY.replace(old, new))
    found = lag3ig("fit", "wrong.toml")
    assert found.exit_code == cli_console.WRONG
    assert [word for word in words if word not in found.stderr] == []
    assert left(tmp_path) == ["wrong.toml"]


def test_a_bank_of_another_fit_is_refused(fitted, lag3ig, tmp_path):
    folder, *_ = fitted
    write(tmp_path, "other.toml", TINY.replace("patients = 32", "patients = 33"))
    bank = folder / "results" / "tiny-fit.bank.h5"
    found = lag3ig("fit", "other.toml", "--bank-file", bank, *SMALL)
    assert found.exit_code == cli_console.WRONG
    assert "patients" in found.stderr
    assert "name another file" in found.stderr
