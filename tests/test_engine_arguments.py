"""What surrounds a batch: quantities of parameters, observables, and arguments that are refused."""

import numpy as np
import pytest

from lag3ig.model.engine.batch import evaluate, observe, solve
from lag3ig.model.engine.contract import ARITY, load_kernels
from lag3ig.model.engine.events import Events, Kind
from lag3ig.model.engine.one_compartment import ONE_COMPARTMENT
from lag3ig.model.errors import DosingError, Lag3igError, ModelError, SimulationError


def patients(count: int) -> np.ndarray:
    """Absorption, clearance, volume, supply, bioavailability and lag."""
    return np.random.default_rng(1).uniform(0.5, 2.0, size=(count, 6))


def test_kernels_of_parameters_alone() -> None:
    parameters = patients(21)
    np.testing.assert_array_equal(evaluate(ONE_COMPARTMENT, "start", parameters)[:, 0], 0.0)
    elimination = parameters[:, 1] / parameters[:, 2]
    np.testing.assert_array_equal(
        evaluate(ONE_COMPARTMENT, "margins", parameters)[:, 0], parameters[:, 0] - elimination
    )
    np.testing.assert_array_equal(evaluate(ONE_COMPARTMENT, "doses", parameters)[:, 1:], parameters[:, 4:])
    assert evaluate(ONE_COMPARTMENT, "calibrate", parameters).shape == (21, 0)
    with pytest.raises(ModelError, match="'margins'"):
        evaluate(ONE_COMPARTMENT, "rhs", parameters)


def test_observables_along_trajectories() -> None:
    parameters = patients(5)
    states = np.random.default_rng(2).uniform(size=(5, 13, 2))
    states[3] = np.nan
    values = observe(ONE_COMPARTMENT, states, parameters)
    np.testing.assert_array_equal(values[:, :, 0], states[:, :, 1])
    elimination = (parameters[:, 1] / parameters[:, 2])[:, None]
    np.testing.assert_array_equal(values[:, :, 1], elimination * states[:, :, 1])
    with pytest.raises(SimulationError, match="states have the shape"):
        observe(ONE_COMPARTMENT, states[:4], parameters)
    with pytest.raises(SimulationError, match="inputs have the shape"):
        observe(ONE_COMPARTMENT, states, parameters, np.zeros((5, 2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"times": [1.0, 1.0]}, "ascend strictly"),
        ({"times": [-1.0, 1.0]}, "start time"),
        ({"times": []}, "finite number"),
        ({"times": [np.nan]}, "finite number"),
        ({"parameters": np.ones((2, 5))}, "parameters has the shape"),
        ({"start": np.ones(3)}, "start has the shape"),
        ({"inputs": np.ones((3, 1))}, "inputs has the shape"),
        ({"method": "rodas5"}, "did you mean 'rodas5p'"),
        ({"rtol": 0.0}, "rtol"),
        ({"atol": [1.0, 0.0]}, "atol"),
        ({"atol": [1.0, 1.0, 1.0]}, "atol"),
        ({"threads": 0}, "threads"),
        ({"events": Events.none(3)}, "3 patients"),
        ({"events": Events.same_for_all(2, [(-0.5, Kind.ADD_STATE, 0, 1.0)])}, "before the start"),
        ({"events": Events.same_for_all(2, [(0.5, Kind.ADD_STATE, 2, 1.0)])}, "target 2"),
        ({"events": Events.same_for_all(2, [(0.5, Kind.SET_INPUT, 1, 1.0)])}, "target 1"),
    ],
    ids=lambda value: None if isinstance(value, str) else "-".join(value),
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict, message: str) -> None:
    given = {"parameters": patients(2), "times": [1.0], **arguments}
    parameters, times = given.pop("parameters"), given.pop("times")
    with pytest.raises(Lag3igError, match=message):
        solve(ONE_COMPARTMENT, parameters, times, given.pop("events", None), **given)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        (([0, 2], [2.0, 1.0], [0, 0], [0, 0], [1.0, 1.0]), "order of time"),
        (([0, 2], [1.0, 2.0], [0, 7], [0, 0], [1.0, 1.0]), "kinds of events"),
        (([0, 1], [1.0, 2.0], [0, 0], [0, 0], [1.0, 1.0]), "offsets"),
        (([0, 2], [1.0, 2.0], [0], [0, 0], [1.0, 1.0]), "one length"),
    ],
)
def test_events_that_contradict_themselves_are_refused(fields: tuple, message: str) -> None:
    with pytest.raises(DosingError, match=message):
        Events(*(np.array(field) for field in fields))


def test_a_module_without_what_the_engine_needs_is_refused() -> None:
    names = {name: getattr(ONE_COMPARTMENT, name) for name in ARITY}
    with pytest.raises(ModelError, match="has no STATES"):
        load_kernels(names)
    with pytest.raises(ModelError, match=r"'rhs' .* takes 2 pointers instead of 4"):
        load_kernels({**names, "rhs": names["derive"]})
    with pytest.raises(ModelError, match=r"rhs of model .* is int"):
        load_kernels({**names, "rhs": 3})
