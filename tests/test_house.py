"""The house keeps its own laws: imports, packages, docstrings, paths."""

import ast
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WINGS = ("model", "fitting", "experiments")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SOURCES = sorted(path for wing in WINGS for path in (ROOT / wing).rglob("*.py"))


def test_imports_run_one_way() -> None:
    """import-linter's contracts hold; its own report is the message."""
    run = subprocess.run(
        [Path(sys.executable).with_name("lint-imports")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr


def test_package_list_is_complete() -> None:
    """Every folder with an __init__.py is installed; a forgotten one would be missing from the wheel only."""
    folders = {path.parent.relative_to(ROOT) for wing in WINGS for path in (ROOT / wing).rglob("__init__.py")}
    expected = {"lag3ig"} | {"lag3ig." + ".".join(folder.parts) for folder in folders}
    assert set(PROJECT["tool"]["setuptools"]["packages"]) == expected


@pytest.mark.parametrize("module", ["lag3ig", "lag3ig.model", "lag3ig.model.engine", "lag3ig.experiments"])
def test_import_is_light(module: str) -> None:
    """Running shipped models needs neither sympy nor pint nor matplotlib, so importing must not load them."""
    code = (
        f"import sys, {module}; print(*sorted({{'sympy', 'pint', 'matplotlib', 'typer'}} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert run.stdout.split() == []


def test_simulating_a_shipped_model_never_loads_sympy() -> None:
    code = (
        "import sys, lag3ig.model as m; m.simulate(times=[0.0, 1.0]); "
        "print(*sorted({'sympy', 'pint'} & set(sys.modules)))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=os.sep)
    assert run.stdout.split() == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_file_states_its_idea(path: Path) -> None:
    """The first docstring line is one phrase, and a file outside generated/ stays readable in one sitting."""
    text = path.read_text()
    first = (ast.get_docstring(ast.parse(text)) or "").split("\n")[0]
    assert first.endswith(".")
    assert len(first) <= 110
    if "generated" not in path.parts:
        assert len(text.splitlines()) <= 320


def test_wings_are_entered_by_relative_imports() -> None:
    """An absolute `import model` would pick up a user's own model.py."""
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                names = [node.module or ""]
            assert not {name.split(".")[0] for name in names} & set(WINGS), path


def test_map_of_the_repository_names_real_paths() -> None:
    """Each path in CONTRIBUTING.md's map exists."""
    text = (ROOT / "CONTRIBUTING.md").read_text()
    paths = re.findall(r"`((?:model|fitting|experiments|tests|benchmarks|docs)/[\w./-]*)`", text)
    assert len(paths) >= 15
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_one_command_of_the_readme_is_what_ci_runs() -> None:
    command = (ROOT / ".ci" / "run").read_text().splitlines()[-1]
    assert command == "make test"
    assert command in (ROOT / "README.md").read_text()
