"""What peers get as SBML is the engine's model: each rule and dose worked out in plain numbers."""

import math
import re

import numpy as np
import pytest

from lag3ig.benchmarks.peers.sbml import DISTANCE, antimony_text, whole_text
from lag3ig.benchmarks.sensitivity_reference import REGIMEN
from lag3ig.model.definition.structures import Structure

from .batch import Batch
from .tolerances import ROUNDING

STRUCTURES = (Structure(), Structure(binding="explicit"), Structure(paclitaxel="two_compartment"))
WORDS = {"pow": pow, "sqrt": math.sqrt, "exp": math.exp, "ln": math.log}


def worked_out(text: str, given: dict[str, float]) -> tuple[dict[str, float], dict[str, float]]:
    """Every name and every rate of change, the given names kept."""
    values, rates = dict(given), {}
    for line in text.splitlines():
        name, _, expression = line.strip(" ;").partition(" = " if " := " not in line else " := ")
        if not expression or name.startswith("at "):
            continue
        value = eval(expression, WORDS | values)
        if name.endswith("'"):
            rates[name[:-1]] = value
        elif name not in given:
            values[name] = value
    return values, rates


def named(name: str, numbers: np.ndarray) -> dict[str, float]:
    return {f"{name}_{row}": float(number) for row, number in enumerate(numbers)}


@pytest.mark.parametrize("structure", STRUCTURES, ids=lambda item: item.name)
def test_rates_are_those_of_the_engine(structure: Structure) -> None:
    batch = Batch(structure, patients=3)
    y = batch.away()
    wanted = batch.rates(y)
    text = antimony_text(batch.model)
    for patient in range(batch.patients):
        given = named("y", y[:, patient]) | named("derived", batch.derived[:, patient])
        _, rates = worked_out(text, given | named("inputs", batch.inputs[:, patient]))
        size = np.abs(y[:, patient]) + np.abs(wanted[:, patient])
        found = [rates[f"y_{row}"] for row in range(len(y))]
        assert np.abs(found - wanted[:, patient]).max() <= ROUNDING * size.max()


def test_whole_model_follows_from_its_parameters() -> None:
    """Start and rates as by the engine's kernels; the guard of powers is out of sight."""
    batch = Batch(Structure(), patients=3)
    y = batch.away()
    wanted = batch.rates(y)
    text = whole_text(batch.model, REGIMEN)
    for patient in range(batch.patients):
        given = named("parameters", batch.parameters[:, patient]) | named("inputs", batch.inputs[:, patient])
        values, _ = worked_out(text, given)
        start = [values[f"y_{row}"] for row in range(len(y))]
        np.testing.assert_allclose(start, batch.start[:, patient], rtol=ROUNDING)
        _, rates = worked_out(text, given | named("y", y[:, patient]))
        found = [rates[f"y_{row}"] for row in range(len(y))]
        size = np.abs(y[:, patient]) + np.abs(wanted[:, patient])
        assert np.abs(found - wanted[:, patient]).max() <= DISTANCE * size.max()


def test_doses_are_written_out_in_parameters() -> None:
    """Amount and time of every dose as the engine's events have them."""
    batch = Batch(Structure(), patients=2)
    events = REGIMEN.compile(batch.model, np.ascontiguousarray(batch.parameters.T))
    doses = re.findall(r"at \(time >= (.*)\): (y_\d+) = \2 \+ (.*);", whole_text(batch.model, REGIMEN))
    assert len(doses) == len(REGIMEN.administrations())
    for patient in range(batch.patients):
        given = WORDS | named("parameters", batch.parameters[:, patient])
        mine = slice(events.offsets[patient], events.offsets[patient + 1])
        assert [state for _, state, _ in doses] == [f"y_{target}" for target in events.target[mine]]
        times, amounts = ([eval(dose[part], dict(given)) for dose in doses] for part in (0, 2))
        np.testing.assert_allclose(times, events.time[mine], rtol=ROUNDING)
        np.testing.assert_allclose(amounts, events.value[mine], rtol=ROUNDING)
