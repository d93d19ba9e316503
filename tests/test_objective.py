"""The posterior of a fit: its gradient against differences, its error, what a failed patient does."""

import numpy as np
import pytest

from lag3ig.fitting import objective as objectives
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem, load_problem
from lag3ig.model.errors import ParameterError

from .tolerances import ROUNDING, SLOPE, TOLERANCE_EFFECT

# Cards of two indications, three drugs, counts, statements, medians and means; small, so that it runs in CI.
CARDS = ("brignone2009", "escudier2007", "mcdermott2021", "paclitaxel_hr_positive")


def _problem(**changes):
    shipped, _ = load_problem("monotherapies")
    effects = tuple(item for item in shipped.effects if "motzer2008" not in item.of)
    return shipped.model_copy(update={"cards": CARDS, "effects": effects, "patients": 64, **changes})


@pytest.fixture(scope="module")
def small():
    return Objective(_problem(patients=16), rtol=1e-7)


def test_the_gradient_is_that_of_differences_at_twenty_points(small):
    """Along random directions from random points of the prior, to 1e-3 of the slope's own size."""
    rng = np.random.default_rng(7)
    levels = rng.uniform(0.25, 0.75, (20, len(small.free_parameters)))
    for point in small.free_parameters.draw(levels):
        _, gradient = small.gradient(point)
        direction = rng.normal(size=point.size)
        direction /= np.linalg.norm(direction)
        step = 1e-4
        ends = [small(point + sign * step * direction).log_posterior for sign in (1.0, -1.0)]
        slope = (ends[0] - ends[1]) / (2.0 * step)
        assert gradient @ direction == pytest.approx(slope, abs=SLOPE * np.linalg.norm(gradient))


def test_the_same_point_has_the_same_bits(small):
    point = small.free_parameters.centre()
    again = Objective(_problem(patients=16), rtol=1e-7, threads=1)
    assert small(point) == small(point) == again(point)


def test_many_rows_of_summaries_have_the_terms_of_each(small):
    """With one row among them that no covariance can be made of: it alone is no number."""
    whole = small.remade(checks=True)
    known = whole.summaries(whole.predict(small.free_parameters.centre()))
    rng = np.random.default_rng(3)
    rows = {name: value + 0.05 * rng.normal(size=(6, value.size)) for name, value in known.items()}
    for value in rows.values():
        value[4] = np.nan
    together = whole.terms(rows)
    for row in range(6):
        alone = whole.terms({name: value[row] for name, value in rows.items()})
        for name, value in alone.items():
            assert np.shape(value) == ()
            np.testing.assert_allclose(together[name][row], value, rtol=ROUNDING)
            assert np.isfinite(value) == (row != 4), name


def test_the_tolerance_of_curves_does_not_show():
    point = Objective(_problem()).free_parameters.centre()
    loose, tight = (
        Objective(_problem(), rtol=rtol)(point).log_likelihood for rtol in (objectives.RTOL, 1e-8)
    )
    assert loose == pytest.approx(tight, abs=TOLERANCE_EFFECT)


def test_more_patients_leave_less_error():
    """The error falls with the root of their number, and says how far smaller populations are off."""
    few, many = (Objective(_problem(cards=("escudier2007",), effects=()), patients=n) for n in (200, 3_200))
    point = few.free_parameters.centre()
    point[few.free_parameters.names.index("DT")] += 0.5  # where the median is not certain
    errors = [one.monte_carlo_error(point) for one in (few, many)]
    assert 2.0 < errors[0] / errors[1] < 8.0
    assert abs(few(point).log_likelihood - many(point).log_likelihood) < 4.5 * errors[0]


def test_a_failed_patient_makes_a_point_impossible(small, monkeypatch):
    """Never likelier, as it would be if its trial were left out."""
    follow = objectives.Cohort.follow

    def losing(self, *arguments, **words):
        course = follow(self, *arguments, **words)
        for curve in course.curves.values():
            curve[0] = np.nan
        return type(course)(course.times, course.curves, course.lesions, 1, course.slopes, course.symbols)

    monkeypatch.setattr(objectives.Cohort, "follow", losing)
    found = small(small.free_parameters.centre())
    assert found.log_likelihood == -np.inf
    assert found.failed > 0
    assert "failed" in found.reason


def test_a_population_that_cannot_be_drawn_is_impossible_with_its_reason():
    problem = _problem(cards=("escudier2007",), effects=(), free=(FreeEntry(parameter="SLD0"),))
    objective = Objective(Problem.model_validate(problem.model_dump()))
    found = objective(objective.free_parameters.free([1e5]))
    assert found.log_posterior == -np.inf
    assert "implausible" in found.reason


def test_what_is_left_out_must_exist():
    with pytest.raises(ParameterError, match="leave_out"):
        Objective(_problem(leave_out=("brignone2009.nothing",)))


def test_something_must_be_left_to_fit():
    with pytest.raises(ParameterError, match="no observation to fit"):
        Objective(_problem(cards=("huard1995",), effects=()))
