"""The compiled-code cache: it answers a second process, and never with anything old."""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import numba
import pytest

from lag3ig.model.engine import compilation
from lag3ig.model.engine.contract import Kernel
from lag3ig.model.engine.problems import solve_two
from lag3ig.model.errors import ModelError

ROOT = Path(__file__).parents[1]

KERNEL = """
from numba.extending import register_jitable

import coefficients
from coefficients import scaled
from lag3ig.model.engine.simd import exp, kernel, load, store

FACTOR = 3.0

@kernel
def respond(x, out):
    store(out, 0, exp(load(x, 0)) * FACTOR + 5.0 + scaled(load(x, 0)))
"""

COEFFICIENTS = """
from numba.extending import register_jitable

@register_jitable
def scaled(x):
    return 7.0 * x
"""

# Prints the answer for x = 0, which the edits below change, and how often the cache answered.
RUN = """
import ctypes, sys
sys.path.insert(0, sys.argv[1])
import numpy as np, responses
compiled = responses.respond.compiled
x, out = np.full((1, 8), float(sys.argv[2])), np.zeros((1, 8))
ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(compiled.address)(x.ctypes.data, out.ctypes.data)
print(out[0, 0], compiled.cache_hits)
"""


class Workbench:
    """A folder with a module of kernels, and processes that run it with one cache."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.package = ""
        (folder / "responses.py").write_text(KERNEL)
        (folder / "coefficients.py").write_text(COEFFICIENTS)

    def start(self, x: float = 0.0) -> subprocess.Popen:
        environment = {**os.environ, "LAG3IG_CACHE": str(self.folder / "cache"), "PYTHONPATH": self.package}
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        return subprocess.Popen(
            [sys.executable, "-c", RUN, str(self.folder), str(x)],
            env=environment,
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, x: float = 0.0) -> tuple[float, int]:
        return self.result(self.start(x))

    @staticmethod
    def result(process: subprocess.Popen) -> tuple[float, int]:
        out, error = process.communicate()
        assert process.returncode == 0, error
        value, hits = out.split()
        return float(value), int(hits)

    @staticmethod
    def edit(path: Path, old: str, new: str) -> None:
        """Change a file without changing its size or time, as the least noticed edit would."""
        before = path.stat()
        text = path.read_text()
        assert text.count(old) == 1
        assert len(old) == len(new)
        path.write_text(text.replace(old, new))
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.fixture
def bench(tmp_path: Path) -> Workbench:
    return Workbench(tmp_path)


def test_a_second_process_is_answered_from_the_cache(bench: Workbench) -> None:
    assert bench.run() == (8.0, 0)
    assert bench.run() == (8.0, 1)
    folder = bench.folder / "cache" / "compiled"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_an_edited_kernel_constant_or_word_of_its_own_is_compiled_again(bench: Workbench) -> None:
    assert bench.run(1.0) == pytest.approx((3.0 * 2.718281828459045 + 12.0, 0))
    bench.edit(bench.folder / "responses.py", "+ 5.0", "- 5.0")
    assert bench.run() == (-2.0, 0)
    bench.edit(bench.folder / "responses.py", "FACTOR = 3.0", "FACTOR = 4.0")
    assert bench.run() == (-1.0, 0)
    bench.edit(bench.folder / "coefficients.py", "7.0 * x", "9.0 * x")
    value, hits = bench.run(1.0)
    assert (value, hits) == (pytest.approx(4.0 * 2.718281828459045 + 4.0), 0)


def test_an_edited_engine_is_compiled_again(bench: Workbench, tmp_path: Path) -> None:
    """The kernel's own file stays as it is; the word exp that it calls changes in a copy of the package."""
    package = tmp_path / "copy" / "lag3ig"
    for part in ("__init__.py", "model/__init__.py", "model/errors.py"):
        (package / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / part, package / part)
    (package / "model" / "__init__.py").write_text("")
    fresh = shutil.ignore_patterns("__pycache__")  # else Python itself answers from old bytecode
    shutil.copytree(ROOT / "model" / "engine", package / "model" / "engine", ignore=fresh)
    bench.package = str(package.parent)
    assert bench.run() == (8.0, 0)
    bench.edit(
        package / "model" / "engine" / "lane_math.py", "y = 1.0 + (r + square", "y = 2.0 + (r + square"
    )
    assert bench.run() == (11.0, 0)


def test_processes_that_compile_at_once_agree(bench: Workbench) -> None:
    processes = [bench.start() for _ in range(3)]
    assert {bench.result(process)[0] for process in processes} == {8.0}
    assert bench.run() == (8.0, 1)


@pytest.mark.parametrize("upgraded", ["numba", "llvmlite"])
def test_an_upgrade_leads_to_another_folder(upgraded: str, monkeypatch: pytest.MonkeyPatch) -> None:
    before = compilation.kernel_hash(solve_two.function), compilation.engine_hash()
    monkeypatch.setattr(getattr(compilation, upgraded), "__version__", "99.0")
    compilation.engine_hash.cache_clear()
    after = compilation.kernel_hash(solve_two.function), compilation.engine_hash()
    monkeypatch.undo()
    compilation.engine_hash.cache_clear()
    assert not set(before) & set(after)
    assert (compilation.kernel_hash(solve_two.function), compilation.engine_hash()) == before


def test_another_processor_leads_to_another_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    before = compilation.target()
    monkeypatch.setattr(numba.config, "CPU_NAME", "generic")
    monkeypatch.setattr(numba.config, "CPU_FEATURES", "")
    assert compilation.target()["cpu"] == "generic"
    assert compilation.target()["features"] != before["features"]


def test_a_closure_cannot_be_a_kernel() -> None:
    """What it closes over could change without any of its text changing."""
    factor = 2.0

    def scale(x, out):
        out[0] = factor * x[0]

    with pytest.raises(ModelError, match="is a closure"):
        compilation.kernel_hash(scale)


def test_without_a_private_folder_nothing_is_cached(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("LAG3IG_CACHE", str(blocked))
    assert compilation.private_folder() is None
    compiled = Kernel(solve_two.function).compiled
    assert compiled.address
    assert compiled.cache_hits == 0


@pytest.mark.skipif(os.name != "posix", reason="owners and modes are POSIX")
def test_a_folder_that_others_could_have_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path))
    folder = tmp_path / "compiled"
    folder.mkdir()
    folder.chmod(0o755)
    assert compilation.private_folder() == folder
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    folder.chmod(0o770)
    assert compilation.private_folder() is None
    folder.chmod(0o700)
    monkeypatch.setattr(os, "getuid", lambda: os.geteuid() + 1)
    assert compilation.private_folder() is None
