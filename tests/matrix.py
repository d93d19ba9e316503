"""Try the wheel under every supported Python with the lowest and the newest dependencies: `make matrix`.

Prints a line per combination and leaves with 1 if any failed. A Python that this machine lacks is said so.
"""

import shutil
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHONS = ("python3.11", "python3.12", "python3.13")
# Enough to compile both methods, read and write results, draw a report: the parts that lean on dependencies.
TESTS = (
    "test_engine.py",
    "test_population.py",
    "test_spreads.py",
    "test_dosing.py",
    "test_event_tables.py",
    "test_storage.py",
    "test_streaming.py",
    "test_definition.py",
    "test_cli.py",
    "test_cli_refusals.py",
)
TEST_TOOLS = ("pytest", "hypothesis", "lifelines", "mpmath")


def lowest() -> str:
    """Requirements with every lower bound made exact; for which Python each holds stays as it is."""
    dependencies = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]
    parts = (dependency.partition(";") for dependency in dependencies)
    return "\n".join(bound.replace(">=", "==") + sign + python for bound, sign, python in parts)


def starts(python: str) -> bool:
    """Whether the machine has it: a name on the path may be the empty shell of a version manager."""
    return bool(shutil.which(python)) and not subprocess.run([python, "-V"], capture_output=True).returncode


def attempt(python: str, dependencies: str, wheel: Path) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "lowest.txt").write_text(lowest() if dependencies == "lowest" else "")
        pip = [str(home / "venv/bin/python"), "-m", "pip", "install", "--quiet"]
        shutil.copytree(ROOT / "tests", home / "tests")
        # What the tests read beside the package, and how they are to be collected.
        for name in ("README.md", "experiments", "pyproject.toml"):
            source = ROOT / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, home / name)
        shutil.rmtree(home / "experiments" / "__pycache__", ignore_errors=True)
        steps = [
            [python, "-m", "venv", str(home / "venv")],
            [*pip, "--upgrade", "pip"],
            [*pip, str(wheel), *TEST_TOOLS, "--constraint", str(home / "lowest.txt")],
            [str(home / "venv/bin/python"), "-m", "pytest", "-q", *(f"tests/{name}" for name in TESTS)],
        ]
        for step in steps:
            run = subprocess.run(step, cwd=home, capture_output=True, text=True, check=False)
            if run.returncode:
                print(f"{python} {dependencies}: {' '.join(step[:6])}\n{(run.stdout + run.stderr)[-3000:]}")
                return False
    print(f"{python} with {dependencies} dependencies: passed", flush=True)
    return True


def main() -> int:
    (wheel,) = (ROOT / "dist").glob("*.whl")
    missing = [python for python in PYTHONS if not starts(python)]
    for python in missing:
        print(f"{python}: not on this machine")
    tried = [
        attempt(python, dependencies, wheel)
        for python in PYTHONS
        if python not in missing
        for dependencies in ("lowest", "newest")
    ]
    return 0 if tried and all(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
