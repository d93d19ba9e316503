"""The README keeps its word: its Python runs, its commands exist, its links and numbers are right."""

import re
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from lag3ig.experiments.cli import app
from lag3ig.experiments.protocol import load_protocol
from lag3ig.fitting.fit_file import write_fit
from lag3ig.model import load_model

from .synthetic_fit import synthetic_fit

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```(\w*)\n(.*?)```", README, flags=re.DOTALL)


def test_its_python_runs(tmp_path):
    """Run as a newcomer would, in a folder that is not the repository's; about ten lines."""
    (block,) = [text for language, text in BLOCKS if language == "python"]
    lines = [line for line in block.splitlines() if line.strip() and not line.startswith(("import", "from"))]
    assert len(lines) <= 10
    run = subprocess.run(
        [sys.executable, "-c", block], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr
    first, *table = run.stdout.splitlines()
    assert "mm {'ok': 100}" in first
    assert any(row.startswith("Stable disease") and "7 of 8" in row for row in table)


def commands() -> list[str]:
    lines = [line for _, text in BLOCKS for line in text.splitlines()]
    return [part.strip() for line in lines for part in line.split("&&") if part.strip().startswith("lag3ig")]


SMALL = {
    "power": ["--patients", "500", "--draws", "2", "--replicates", "20"],
    "compare": ["--patients", "240", "--draws", "2", "--replicates", "20"],
    "optimise": ["--patients", "30", "--refine", "0", "--no-report"],
    "sensitivity": [
        "--patients",
        "16",
        "--trajectories",
        "4",
        "--blocks",
        "4",
        "--most",
        "2",
        "--twins",
        "60",
        "--no-report",
    ],
    "discriminate": ["--draws", "8", "--patients", "10", "--trials", "20"],
    "predict": ["--patients", "500", "--draws", "2", "--replicates", "10"],
}


@pytest.mark.parametrize("command", commands())
def test_its_commands_are_understood(command, tmp_path, monkeypatch):
    """Each command line of the README runs; a trial with fewer patients, a fit with none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my-trial.toml").write_text(load_protocol("starter").text)
    words = shlex.split(command, comments=True)[1:] + SMALL.get(command.split()[1], [])
    if words[0] == "run":
        words += ["--patients", "60", "--replicates", "10", "--history-patients", "10", "--no-report"]
    if words[0] == "fit":
        monkeypatch.setattr("lag3ig.fitting.fit.fit", lambda *_, **__: synthetic_fit(draws=0))
    if words[0] == "structures":
        for name in words[1:]:
            fit = synthetic_fit(draws=0)
            (tmp_path / name).parent.mkdir(exist_ok=True)
            write_fit(replace(fit, problem_name=name), tmp_path / name)
    if words[0] == "init":
        (tmp_path / "my-trial.toml").unlink()
    found = CliRunner().invoke(app, words)
    assert found.exit_code == 0, found.output


def test_make_has_its_targets():
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", README, flags=re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, flags=re.MULTILINE), target


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\]\((?!http)([^)#]+)\)", README))))
def test_its_links_lead_somewhere(target):
    assert (ROOT / target).exists()


def test_its_map_names_every_folder():
    named = {Path(path) for path in re.findall(r"^\| `([\w/]+)/` \|", README, flags=re.MULTILINE)}
    assert all((ROOT / path).is_dir() for path in named)
    wings = {path.parent.relative_to(ROOT) for wing in ("model", "fitting", "experiments")
             for path in (ROOT / wing).rglob("__init__.py")}  # fmt: skip
    assert wings <= named


def test_its_numbers_are_the_models():
    model = load_model()
    assert f"{len(model.kernels.states)} differential equations" in README
    kinds = [item.kind for item in model.parameters.parameters.values()]
    assert 0.7 < kinds.count("assumed") / len(kinds) < 0.8  # "about three quarters"


def test_the_citation_names_this_version():
    text = (ROOT / "CITATION.cff").read_text()
    version = re.search(r'^version = "([^"]+)"', (ROOT / "pyproject.toml").read_text(), flags=re.MULTILINE)
    assert version is not None
    assert f"version: {version[1]}" in text
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()
    assert "### Changes results" in (ROOT / "CHANGELOG.md").read_text()
