"""The command line: what each command gives, and one message and a code for what is given wrongly."""

import contextlib
import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lag3ig.experiments import cli_console, cli_trial
from lag3ig.experiments.cli import app
from lag3ig.experiments.dose_words import regimen_from_words
from lag3ig.experiments.protocol import load_protocol
from lag3ig.experiments.results import read_result
from lag3ig.model.errors import DosingError, UnitError

from .command_line import left, write
from .synthetic_result import synthetic_result

STARTER = load_protocol("starter").text
SMALL = ("--patients", "60", "--replicates", "20", "--history-patients", "60", "--threads", "1")


def test_event_table_and_words_say_the_same(lag3ig, tmp_path):
    """The same regimen by --events and by --dose gives the same bits."""
    write(tmp_path, "events.csv", "TIME,AMT,DRUG,ADDL,II\n0,30,lag3ig,5,14\n")
    assert "6 doses of lag3ig, days 0 to 70" in lag3ig("check", "events.csv").stdout
    table = lag3ig("simulate", "--events", "events.csv", "--days", 28, "--step", 7, "--json")
    words = lag3ig(
        "simulate", "--dose", "30 mg lag3ig sc every 14 d x 6", "--days", 28, "--step", 7, "--json"
    )
    assert table.exit_code == words.exit_code == cli_console.DONE
    assert json.loads(table.stdout) == json.loads(words.stdout)


def test_dose_in_words():
    regimen = regimen_from_words("80 mg/m^2 paclitaxel every 7 d x 3 from 1 d")
    assert [item.time for item in regimen.administrations()] == [1.0, 8.0, 15.0]
    assert regimen_from_words("200 mg pembrolizumab iv over 30 min").records[0].duration == 30 / 1440
    assert regimen_from_words("1.5mg lag3ig").administrations()[0].amount == 1.5
    for text in ("lag3ig 30 mg", "30 mg lag3ig sc x", "30 mg lag3ig sc every day", "30 mg lag3ig every 14 d"):
        with pytest.raises((DosingError, UnitError)):
            regimen_from_words(text)


def test_simulate_writes_curves_and_pictures(lag3ig, tmp_path):
    found = lag3ig(
        "simulate", "--dose", "30 mg lag3ig sc", "--days", 14, "--step", 1, "--patients", 20,
        "--csv", "a.csv", "--plot", "a.svg", "--observable", "plasma", "--observable", "sld",
    )  # fmt: skip
    assert found.exit_code == cli_console.DONE
    assert "median of 20 virtual patients" in found.stdout
    rows = list(csv.DictReader((tmp_path / "a.csv").open()))
    assert [float(row["time (d)"]) for row in rows] == list(range(15))
    assert float(rows[2]["plasma 5 % (ng/mL)"]) < float(rows[2]["plasma 95 % (ng/mL)"])
    assert "<svg" in (tmp_path / "a.svg").read_text()
    assert left(tmp_path) == ["a.csv", "a.svg"]
    again = lag3ig("simulate", "--dose", "30 mg lag3ig sc", "--days", 14, "--step", 1, "--csv", "-")
    assert again.stdout.splitlines()[0].startswith("time (d),plasma (ng/mL)")
    assert len(again.stdout.splitlines()) == 16


def test_a_patient_that_fails_is_said_and_coded(lag3ig):
    """An absurd dose: the numbers are missing, the reason is named, the code is not 0."""
    found = lag3ig("simulate", "--dose", "1e300 mg lag3ig sc", "--days", 7, "--json")
    content = json.loads(found.stdout)
    assert found.exit_code == cli_console.FAULT
    assert content["curves"]["sld"]["values"][-1] is None
    assert sum(content["outcomes"].values()) == 1
    assert "1 of 1 patients" in found.stderr


def test_model_prints_all_of_itself(lag3ig):
    summary = lag3ig("model").stdout
    assert "states" in summary
    assert "No plasma level" in summary
    equations = lag3ig("model", "--equations").stdout
    assert "dV/dt = tumour_growth - tumour_kill" in equations
    assert "kkill" in lag3ig("model", "--parameters").stdout
    structures = lag3ig("model", "--structures", "--structure", "growth=logistic").stdout
    assert "*logistic" in structures
    content = json.loads(lag3ig("model", "--json").stdout)
    assert {item["symbol"] for item in content["states"]} >= {"V", "Vd", "E", "EM", "Td"}
    assert {item["kind"] for item in content["parameters"]} <= {"measured", "estimated", "derived", "assumed"}


def test_init_gives_a_protocol_that_holds_together(lag3ig, tmp_path):
    assert lag3ig("init", "mine.toml").exit_code == cli_console.DONE
    assert (tmp_path / "mine.toml").read_text() == STARTER
    checked = lag3ig("check", "mine.toml", "--json")
    assert json.loads(checked.stdout)["kind"] == "protocol"
    again = lag3ig("init", "mine.toml")
    assert again.exit_code == cli_console.WRONG
    assert "--force" in again.stderr
    assert lag3ig("init", "mine.toml", "--force").exit_code == cli_console.DONE


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """A small trial by the command line: its folder and what was printed."""
    folder = tmp_path_factory.mktemp("run")
    found = CliRunner().invoke(app, ["run", "starter", "--out", str(folder / "out" / "trial.h5"), *SMALL])
    return folder / "out", found


def test_run_writes_result_report_and_table(ran):
    folder, found = ran
    assert found.exit_code == cli_console.DONE, found.output
    assert left(folder) == ["trial.h5", "trial.html"]
    assert "published" in found.stdout
    assert "no plasma level of this drug was available" in " ".join(found.stdout.split())
    result = read_result(folder / "trial.h5")
    assert list(result.arms) == ["no drug", "6 mg", "30 mg"]


def test_report_is_made_again_from_the_result(ran, tmp_path, lag3ig):
    folder, _ = ran
    found = lag3ig(
        "report", folder / "trial.h5", "--out", tmp_path / "again.html", "--figures", tmp_path / "f", "--json"
    )
    assert "plasma.svg" in left(tmp_path / "f")
    assert found.exit_code == cli_console.DONE
    assert json.loads(found.stdout)["protocol"] == "starter"
    assert (tmp_path / "again.html").read_bytes() == (folder / "trial.html").read_bytes()
    assert lag3ig("report", folder / "trial.h5", "--out", folder / "trial.h5").exit_code == cli_console.WRONG


def test_check_tells_what_a_file_is(ran, lag3ig):
    folder, _ = ran
    found = lag3ig("check", folder / "trial.h5")
    assert "valid trial result" in found.stdout


def test_check_tells_what_a_card_says_and_what_is_wrong_with_it(tmp_path, lag3ig):
    card = Path(cli_trial.__file__).parents[1] / "fitting" / "data" / "brignone2009.toml"
    found = lag3ig("check", card).stdout
    assert lag3ig("check", "brignone2009").stdout == found
    assert "valid trial card" in found
    assert "fitted: C1 stable_high: 7 of 8 (count; read)" in found
    assert "no observable in the model: antibodies: none reported" in found
    assert "empty slot: cmax_30" in found
    assert "arm: 30 mg: 6 doses, 6 treated, 5 evaluable" in found
    wrong = write(tmp_path, "card.toml", card.read_text().replace("count = 7", "count = 9"))
    refused = lag3ig("check", wrong)
    assert refused.exit_code == cli_console.WRONG
    assert "count 9 is more than number 8" in refused.stderr
    assert "line" in refused.stderr


def test_too_many_failures_end_with_their_own_code(lag3ig, monkeypatch, tmp_path):
    """The result is written and shown, and the code says that it is not to be used."""
    broken = synthetic_result(patients=40, trials=10, failed=20)
    monkeypatch.setattr("lag3ig.experiments.trial.run_trial", lambda *_, **__: broken)
    found = lag3ig("run", "starter", "--out", tmp_path / "x.h5", "--no-report")
    assert found.exit_code == cli_console.FAULT
    assert "the limit on steps was reached" in found.stdout


def test_a_defect_is_told_in_a_line(lag3ig, monkeypatch, tmp_path):
    def defect(*_, **__):
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("lag3ig.experiments.trial.run_trial", defect)
    found = lag3ig("run", "starter", "--out", tmp_path / "x.h5")
    assert found.exit_code == cli_console.FAULT
    assert "unexpected fault, ZeroDivisionError: division by zero" in found.stderr
    assert "Traceback" not in found.output
    assert left(tmp_path) == []


def heed_interruption() -> None:
    """Undo what a shell does to its background jobs."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interruption_is_clean(tmp_path):
    """Ctrl-C in the middle of a long run: code 130, one line, nothing half written."""
    program = [sys.executable, "-m", "lag3ig.experiments.cli", "run", "starter", "--out", "x.h5"]
    run = subprocess.Popen(
        [*program, "--patients", "200000"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        preexec_fn=heed_interruption,
    )
    time.sleep(6.0)
    run.send_signal(signal.SIGINT)
    out, error = run.communicate(timeout=120)
    assert run.returncode == cli_console.INTERRUPTED, error
    assert "interrupted" in error
    assert "Traceback" not in error
    assert out == ""
    assert left(tmp_path) == []


@pytest.mark.usefixtures("heeding")
def test_an_interruption_that_a_library_lost_is_heeded_at_the_next_piece():
    with cli_console.progress() as advance:
        advance("simulating", 1, 4)
        with contextlib.suppress(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            advance("simulating", 2, 4)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_progress_shows_what_is_done_on_a_terminal_only(monkeypatch, capsys):
    monkeypatch.setenv("FORCE_COLOR", "1")
    with cli_console.progress() as advance:
        advance("simulating 30 mg", 1, 4)
    shown = capsys.readouterr()
    assert "simulating 30 mg" in shown.err
    assert "25%" in shown.err
    with cli_console.progress(shown=False) as advance:
        advance("simulating 30 mg", 1, 4)
    assert capsys.readouterr() == ("", "")
    assert shown.out == ""


def test_codes_reach_the_shell(tmp_path):
    program = [sys.executable, "-m", "lag3ig.experiments.cli"]
    codes = {
        ("--version",): cli_console.DONE,
        ("check", "nothing.toml"): cli_console.WRONG,
        ("run", "starter", "--sed", "1"): cli_console.WRONG,
    }
    for arguments, code in codes.items():
        run = subprocess.run(
            [*program, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert run.returncode == code, run.stderr
        assert "Traceback" not in run.stderr


def test_help_starts_without_the_solver():
    """The console answers before numba, sympy, matplotlib or pint could be imported."""
    heavy = {"numba", "numpy", "sympy", "pint", "matplotlib", "h5py", "scipy", "pydantic"}
    code = f"import sys; from lag3ig.experiments.cli import app; print(*sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert run.stdout.split() == []
