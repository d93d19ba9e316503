"""What is shipped works outside the checkout: wheel and sdist hold all that is needed, and no more."""

import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PROGRAM = """
import lag3ig, pathlib
from lag3ig.model import dose, load_model, simulate
run = simulate(dose("lag3ig", "30 mg", every="14 d", count=6), times=[0.0, 84.0], patients=8, seed=1)
from lag3ig.experiments.protocol import load_protocol
print(pathlib.Path(lag3ig.__file__).parent, run.outcomes, load_model({"growth": "logistic"}).name)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with the wheel and the sdist, built from a copy of what git tracks."""
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    for name in filter(None, tracked.stdout.split("\0")):
        path = ROOT / name
        if path.is_file() and not path.is_symlink():
            target = source / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    command = [sys.executable, "-m", "build", "--outdir", str(out), str(source)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout[-2000:] + run.stderr[-2000:]
    return out


@pytest.mark.xdist_group("distribution")
def test_wheel_runs_outside_the_tree(built: Path, tmp_path: Path) -> None:
    """The unpacked wheel, found before the checkout, simulates a shipped model."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-2000:]
    assert run.stdout.split() == [str(tmp_path / "site" / "lag3ig"), "{'ok':", "8}", "growth-logistic"]


@pytest.mark.xdist_group("distribution")
def test_wheel_holds_data_and_no_tests(built: Path) -> None:
    (wheel,) = built.glob("*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    needed = [
        "lag3ig/py.typed",
        "lag3ig/model/definition/parameters.toml",
        "lag3ig/model/generated/default.py",
        "lag3ig/model/generated/EQUATIONS.md",
        "lag3ig/experiments/protocols/imp321-rcc-phase1.toml",
        "lag3ig/fitting/data/brignone2009.toml",
    ]
    assert [name for name in needed if name not in names] == []
    assert [name for name in names if "tests/" in name or "benchmarks/" in name] == []


@pytest.mark.xdist_group("distribution")
def test_sdist_can_be_built_again(built: Path) -> None:
    """The sdist holds the licence, the readme and every package."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"pyproject.toml", "README.md", "LICENSE", "__init__.py", "model/engine/batch.py"} <= names
