"""Settings of every test, the same examples in each run; the command line as a fixture."""

import signal

import pytest
from hypothesis import settings
from typer.testing import CliRunner

from lag3ig.experiments.cli import app

settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")


@pytest.fixture
def lag3ig(tmp_path, monkeypatch):
    """The command line in an empty folder: a function of its arguments."""
    monkeypatch.chdir(tmp_path)
    return lambda *arguments: CliRunner().invoke(app, [str(item) for item in arguments])


@pytest.fixture
def heeding():
    """Interruptions as at a terminal, also where the tests run in a shell's background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
