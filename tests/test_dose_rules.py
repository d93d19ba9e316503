"""Doses that depend on the patient: none after progression, later ones that wait."""

import math

import numpy as np
import pytest

from lag3ig.model.dose_rules import Course, DelayWhile, StopAtProgression
from lag3ig.model.dosing import dose
from lag3ig.model.errors import DosingError


def run_course(course: Course, size) -> list[float]:
    """Times at which the rules are asked, while ``size(time)`` is what they see."""
    asked = []
    while math.isfinite(time := course.due()):
        asked.append(time)
        course.decide(time, {"sld": np.asarray(size(time), dtype=float)})
    return asked


def test_no_dose_after_progression() -> None:
    regimen = dose("drug", 1, every=14, count=4) + dose("other", 1, every=14, count=4, start=7)
    course = Course(regimen, [StopAtProgression(drugs=("drug",))], np.ones((3, 8), dtype=bool))
    growing, small, stable = 100.0, 20.0, 100.0

    def size(time: float) -> list[float]:
        return [growing * 1.2 ** (time / 20), small * 1.2 ** (time / 40), stable]

    assert run_course(course, size) == [0.0, 7.0, 14.0, 21.0, 28.0, 35.0, 42.0, 49.0]
    ours = [index for index, item in enumerate(regimen.administrations()) if item.drug == "drug"]
    # 20 % over the nadir after 20 days; the small tumour has not grown by 5 mm before the last dose.
    assert course.taken[:, ours].tolist() == [[True, True, False, False], [True] * 4, [True] * 4]
    assert course.taken[:, [index for index in range(8) if index not in ours]].all()


def test_a_dose_waits_and_moves_the_later_ones() -> None:
    regimen = dose("drug", 1, every=14, count=3) + dose("other", 1, every=14, count=3)
    rule = DelayWhile(observable="sld", below=50.0, days=7.0, most=14.0, drugs=("drug",))
    course = Course(regimen, [rule], np.ones((2, 6), dtype=bool))

    def size(time: float) -> list[float]:
        return [40.0 if 14 <= time < 28 else 60.0, 40.0 if time >= 14 else 60.0]

    run_course(course, size)
    ours = [index for index, item in enumerate(regimen.administrations()) if item.drug == "drug"]
    others = [index for index in range(6) if index not in ours]
    # The first patient is back at 28: two waits of a week. The second never is, and misses both.
    assert course.delay[0, ours].tolist() == [0.0, 14.0, 14.0]
    assert course.taken[:, ours].tolist() == [[True, True, True], [True, False, False]]
    assert not course.delay[:, others].any()
    assert course.taken[:, others].all()


def test_missed_doses_are_not_asked_about() -> None:
    regimen = dose("drug", 1, every=1, count=3)
    course = Course(regimen, [StopAtProgression()], np.array([[True, False, True]]))
    assert run_course(course, lambda time: [10.0]) == [0.0, 2.0]


def test_a_wait_without_end_is_refused() -> None:
    with pytest.raises(DosingError, match=r"a delay of 0.0 days"):
        DelayWhile(observable="sld", below=1.0, days=0.0)
    with pytest.raises(DosingError, match=r"taken has shape \(1, 2\); 3 doses need"):
        Course(dose("drug", 1, every=1, count=3), [], np.ones((1, 2), dtype=bool))
