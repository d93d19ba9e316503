"""The fit's likelihood beside SciPy's: one value before any time, and none for another value."""

from dataclasses import replace
from typing import Any

import pytest

from lag3ig.benchmarks.cases import likelihood
from lag3ig.fitting.course import Course


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(likelihood, "PATIENTS", 16)
    monkeypatch.setattr(likelihood, "PROVED", (2, 2))
    monkeypatch.setattr(likelihood, "TOLERANCES", (1e-4,))


def test_both_give_one_value_before_they_are_timed() -> None:
    own, peer = likelihood.run(quick=True)
    assert abs(peer["difference"]) < likelihood.LARGEST_DIFFERENCE
    assert peer["ratio"] == pytest.approx(peer["seconds"] / own["seconds"])
    assert (own["solved"], peer["solved"]) == (16, 2)


def test_another_likelihood_gets_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    follow = likelihood.follow

    def larger(*arguments: Any) -> Course:
        course = follow(*arguments)
        return replace(course, curves={name: 1.1 * curve for name, curve in course.curves.items()})

    monkeypatch.setattr(likelihood, "follow", larger)
    (row,) = likelihood.run(quick=True)
    assert row["note"].startswith("refused")
    assert "seconds" not in row
