"""What is given wrongly on the command line: one message, exit code 2, nothing left behind."""

import os

import pytest

from lag3ig.experiments import cli_console
from lag3ig.experiments.protocol import load_protocol

from .command_line import left, write

STARTER = load_protocol("starter").text


# What a protocol can say wrongly: a change of the starter, and what the message must name.
WRONG_PROTOCOLS = {
    "unknown key": (("treated = 20", "traeted = 20"), ["line 52", "traeted", "'treated'"]),
    "wrong unit": (('amount = "6 mg"', 'amount = "6 d"'), ["line 60", "amount", "time", "mass"]),
    "mistyped unit": (('amount = "6 mg"', 'amount = "6 mk"'), ["line 60", "amount", "'mk'", "'mg'"]),
    "negative dose": (('amount = "6 mg"', 'amount = "-6 mg"'), ["line 60", "-6", "negative"]),
    "unknown unit": (('end = "84 d"', 'end = "84 dax"'), ["line", "end", "dax"]),
    "missing arm": (('low = "control"', 'low = "contrl"'), ["contrl", "'control'"]),
    "no such structure": (
        ("[visits]", 'structure = { growth = "gompert" }\n[visits]'),
        ["gompert", "'gompertz'"],
    ),
    "no such choice": (("[visits]", 'structure = { grwth = "gompertz" }\n[visits]'), ["grwth", "'growth'"]),
    "no such parameter": (("[visits]", "parameters = { kkil = 1.0 }\n[visits]"), ["kkil", "'kkill'"]),
    "no such drug": (
        ('drug = "lag3ig", route = "sc", amount = "30', 'drug = "lag4ig", amount = "30'),
        ["line 67", "drug", "lag4ig", "'lag3ig'"],
    ),
    "no scan then": (('disease_control_at = "84 d"', 'disease_control_at = "80 d"'), ["80", "42, 84"]),
    "no TOML": (("[visits]", "[visits"), ["TOML", "line"]),
}


@pytest.mark.parametrize("fault", WRONG_PROTOCOLS)
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_protocol_is_refused_by_place_and_remedy(lag3ig, tmp_path, fault, command):
    """One message, exit code 2, and nothing left behind; `check` says the same as `run`."""
    (old, new), words = WRONG_PROTOCOLS[fault]
    assert old in STARTER
    write(tmp_path, "trial.toml", STARTER.replace(old, new, 1))
    found = lag3ig(command, "trial.toml", *(["--out", "result.h5"] if command == "run" else []))
    assert found.exit_code == cli_console.WRONG
    assert [word for word in words if word not in found.stderr] == []
    assert "Traceback" not in found.output
    assert found.stdout == ""
    assert left(tmp_path) == ["trial.toml"]


WRONG_CALLS = {
    "no such file": (["run", "nothing.toml"], ["nothing.toml", "no such file"]),
    "no such protocol": (["run", "imp321"], ["imp321", "imp321-rcc-phase1"]),
    "no folder": (["run", "starter", "--out", "a/b/c.h5"], ["a/b", "does not exist"]),
    "a file for a folder": (["run", "starter", "--out", f"{os.devnull}/x.h5"], ["cannot write", "another"]),
    "a folder": (["run", "starter", "--out", "."], ["is a folder"]),
    "report as result": (["run", "starter", "--out", "x.html"], ["x.html", ".h5"]),
    "text as result": (["run", "starter", "--out", "x.txt"], ["x.txt", ".h5"]),
    "a folder as result": (["report", "."], ["is a folder"]),
    "no result": (["report", "nothing.h5"], ["nothing.h5"]),
    "no structure": (["simulate", "--structure", "growth=x"], ["growth", "gompertz"]),
    "no sign": (["simulate", "--structure", "growth"], ["name=value"]),
    "twice": (["model", "--structure", "growth=logistic", "--structure", "growth=gompertz"], ["twice"]),
    "no choice": (["model", "--structure", "grwth=x"], ["'growth'"]),
    "no observable": (["simulate", "--observable", "pasma"], ["'plasma'"]),
    "no parameter": (["simulate", "--parameter", "kkil=1"], ["'kkill'"]),
    "parameter out of bounds": (["simulate", "--parameter", "KD=-1"], ["KD", "positive"]),
    "parameter's unit": (["simulate", "--parameter", "KD=1 d"], ["KD", "nM"]),
    "no drug": (["simulate", "--dose", "30 mg lag3igg sc"], ["'lag3ig'"]),
    "dose without sense": (["simulate", "--dose", "thirty of it"], ["30 mg lag3ig sc every 14 d x 6"]),
    "dose's unit": (["simulate", "--dose", "30 d lag3ig sc"], ["time", "mass"]),
    "dose's unit mistyped": (["simulate", "--dose", "30 mk lag3ig sc"], ["'mk'", "'mg'"]),
    "no time between": (["simulate", "--dose", "3 mg lag3ig every 0 d x 6"], ["every", "above zero"]),
    "tenths of days": (["simulate", "--dose", "3 mg lag3ig every 14 dd x 6"], ["'dd'", "'d'"]),
    "dose below zero": (["simulate", "--dose", "-3 mg lag3ig sc"], ["above zero"]),
    "dose and events": (["simulate", "--dose", "3 mg lag3ig", "--events", "e.csv"], ["keep one"]),
    "no events": (["simulate", "--events", "e.csv"], ["e.csv"]),
    "picture's kind": (["simulate", "--plot", "a.gif"], [".png", ".svg", ".pdf"]),
    "picture's place": (["simulate", "--plot", "a/b/c.png"], ["a/b"]),
    "two outputs": (["simulate", "--json", "--csv", "-"], ["standard output"]),
    "too many points": (["simulate", "--days", "30000", "--step", "0.01"], ["--step"]),
    "what is it": (["check", "a.xyz"], [".toml", ".csv", ".h5"]),
    "no card": (["check", "brignone2008"], ["brignone2008", "'brignone2009'", ".toml"]),
    "no file to check": (["check", "a.toml"], ["a.toml", "no such file"]),
    "protocol's name": (["init", "a.txt"], [".toml"]),
    "no patients": (["run", "starter", "--patients", "0"], ["--patients"]),
    "no threads": (["simulate", "--threads", "0"], ["--threads"]),
    "a word for a number": (["run", "starter", "--seed", "one"], ["--seed"]),
    "no command": (["rn"], ["rn"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", WRONG_CALLS)
def test_a_wrong_call_is_refused(lag3ig, tmp_path, fault):
    arguments, words = WRONG_CALLS[fault]
    found = lag3ig(*arguments)
    assert found.exit_code == cli_console.WRONG
    assert [word for word in words if word not in found.stderr] == []
    assert left(tmp_path) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="nothing is closed to an administrator")
def test_a_closed_folder_is_refused_before_the_work(lag3ig, tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o500)
    found = lag3ig("run", "starter", "--out", closed / "x.h5")
    assert found.exit_code == cli_console.WRONG
    assert "cannot write" in found.stderr


CONTRADICTIONS = {
    "ADDL without II": ("TIME,AMT,DRUG,ADDL\n0,30,lag3ig,5\n", ["row 2", "ADDL", "II"]),
    "observation with amount": ("TIME,AMT,DRUG,EVID\n0,30,lag3ig,0\n", ["row 2", "EVID"]),
    "SS without II": ("TIME,AMT,DRUG,SS\n0,30,lag3ig,1\n", ["row 2", "SS"]),
    "no such column": ("TIME,AMT,DRUG,ADL\n0,30,lag3ig,5\n", ["ADL", "ADDL"]),
    "no such drug": ("TIME,AMT,DRUG\n0,30,lag4ig\n", ["lag4ig", "'lag3ig'"]),
    "negative amount": ("TIME,AMT,DRUG\n0,-30,lag3ig\n", ["row 2", "-30"]),
}


@pytest.mark.parametrize("fault", CONTRADICTIONS)
def test_a_contradictory_event_table_is_refused(lag3ig, tmp_path, fault):
    text, words = CONTRADICTIONS[fault]
    write(tmp_path, "events.csv", text)
    found = lag3ig("check", "events.csv")
    assert found.exit_code == cli_console.WRONG
    assert [word for word in ("events.csv", *words) if word not in found.stderr] == []
