"""Every example of a docstring runs and shows what it says."""

import doctest
import importlib
import pkgutil

import pytest

import lag3ig

MODULES = sorted(
    module.name
    for wing in ("model", "fitting", "experiments")
    for module in pkgutil.walk_packages(
        importlib.import_module(f"lag3ig.{wing}").__path__, prefix=f"lag3ig.{wing}."
    )
    if ".generated." not in module.name
)


@pytest.mark.parametrize("name", MODULES)
def test_examples_hold(name: str, tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = doctest.testmod(importlib.import_module(name))
    assert result.failed == 0


def test_there_are_examples() -> None:
    """Counting guards against modules that are no longer found."""
    finder = doctest.DocTestFinder()
    found = [test for name in MODULES for test in finder.find(importlib.import_module(name)) if test.examples]
    assert len(found) >= 20
    assert lag3ig.__version__
