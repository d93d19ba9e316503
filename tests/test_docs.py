"""Documentation: it builds without a warning, and what it names exists."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lag3ig.experiments.cli import app
from lag3ig.experiments.credibility import MEASURED, PAGE, page
from lag3ig.experiments.protocol import shipped_protocols

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = sorted(path for path in DOCS.glob("*.md"))
VERBS = {command.name for command in app.registered_commands}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    run = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-b", "html", str(DOCS), str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    return folder


def test_the_site_builds_without_a_warning(site):
    for path in PAGES:
        assert (site / f"{path.stem}.html").exists()


def test_equations_need_no_script_and_no_network(site):
    text = (site / "methods.html").read_text()
    assert text.count("<math") > 20
    assert re.findall(r'(?:src|href)="https?://[^"]*\.js', text) == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_commands_on_a_page_exist(path):
    named = re.findall(r"(?:^\s+|`)lag3ig ([a-z]+)", path.read_text(), flags=re.MULTILINE)
    assert set(named) <= VERBS


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_protocols_on_a_page_ship(path):
    named = re.findall(
        r"lag3ig (?:run|power|compare|optimise|sensitivity|discriminate|predict) ([a-z][a-z0-9-]*)(?![\w.-])",
        path.read_text(),
    )
    assert set(named) <= set(shipped_protocols())


def test_links_between_pages_lead_somewhere():
    for path in PAGES:
        for target in re.findall(r"\]\(([\w./-]+\.md)", path.read_text()):
            assert (DOCS / target).exists(), (path.name, target)


def test_the_page_on_credibility_is_current():
    assert page(json.loads(MEASURED.read_text(encoding="utf-8"))) == PAGE.read_text(encoding="utf-8")
