"""Evolution: tops of known place, seeds that hold, points that fail."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.evolution import Generations, evolve
from lag3ig.fitting.objective import Evaluation
from lag3ig.model.errors import ParameterError

from .tolerances import TOP
from .toy_posteriors import LinearGaussian, Rosenbrock, normal_parameters


def test_the_top_of_a_linear_gaussian_posterior_is_its_mean():
    toy = LinearGaussian.example()
    found = evolve(toy, seed=1, restarts=0)
    np.testing.assert_allclose(found.best.end, toy.mean, atol=TOP)


def test_the_end_of_a_curved_valley_is_found():
    found = evolve(Rosenbrock(), seed=2, restarts=1)
    np.testing.assert_allclose(found.best.end, [1.0, 1.0], atol=5.0 * TOP)
    assert found.runs[1].points == 2 * found.runs[0].points


def test_the_highest_of_many_tops_is_found():
    """Cosines on a bowl: local searches end in the nearest dip."""

    class Waves:
        free_parameters = normal_parameters([2.0, 2.0])

        def __call__(self, free):
            away = np.asarray(free) - np.array([0.7, -0.4])
            return Evaluation(float(-(away**2).sum() + 3.0 * np.cos(5.0 * away).sum()), 0.0)

    found = evolve(Waves(), seed=3, restarts=3, start=[3.0, 3.0])
    np.testing.assert_allclose(found.best.end, [0.7, -0.4], atol=TOP)


def test_points_that_fail_rank_behind_and_are_counted():
    found = evolve(Rosenbrock(edge=1.2), seed=4, restarts=0, start=[2.0, 4.0])
    assert found.best.end[0] >= 1.2
    assert found.best.failed > 0
    np.testing.assert_allclose(found.best.end, [1.2, 1.44], atol=5.0 * TOP)


def test_a_posterior_that_always_fails_has_no_best_point():
    found = evolve(Rosenbrock(edge=100.0), seed=5, restarts=0, most_evaluations=200)
    assert found.best.log_posterior == -np.inf
    assert found.best.failed == found.evaluations


def test_the_same_seed_gives_the_same_search():
    before = np.random.get_state()[1].copy()  # noqa: NPY002 the library's habit of seeding it is what is tested
    first, second = (evolve(Rosenbrock(), seed=0, restarts=0, most_evaluations=300) for _ in range(2))
    np.testing.assert_array_equal(first.best.end, second.best.end)
    np.testing.assert_array_equal(np.random.get_state()[1], before)  # noqa: NPY002
    assert first.evaluations == second.evaluations <= 300 + first.best.points


def test_values_of_other_points_are_refused():
    generations = Generations(Rosenbrock(), [0.0, 0.0], seed=1)
    points = generations.ask()
    with pytest.raises(ParameterError, match="2 values were told"):
        generations.tell(np.zeros(2))
    generations.tell(np.zeros(len(points)))
