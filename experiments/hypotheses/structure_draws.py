"""Draws of the parameters of each structure: assumed numbers moved alike, or what a fit leaves open."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ...model import Model, Patients, draw
from ...model.definition.parameters import Parameter
from ...model.errors import Lag3igError, PopulationError
from ...model.randomness import normals
from ..distribution_over_draws import DistributionOverDraws
from ..protocol import Protocol
from ..trial_models import LITERATURE, TrialModels, load_trial_model, trial_models
from .section import Hypotheses

WITHIN = 1.959964  # standard deviations that 95 % lie within
MOST_ATTEMPTS = 50  # at a draw of parameters under which every structure has plausible patients
MOVED_ROLES = ("model", "population")  # not assays, nor the conduct of a trial


@dataclass(frozen=True, slots=True)
class Drawn:
    """Persons of all draws under every structure.

    Attributes
    ----------
    models : mapping of str to TrialModels
    patients : mapping of str to Patients
        Person k has the same place in the distribution of every structure, and belongs to draw k mod D.
    attempts : int
        Draws of parameters tried until all had plausible patients.
    """

    models: Mapping[str, TrialModels]
    patients: Mapping[str, Patients]
    attempts: int


def under(protocol: Protocol, choices: Mapping[str, str]) -> Protocol:
    """The protocol with the structural choices of one hypothesis."""
    return protocol.model_copy(update={"structure": {**protocol.structure, **choices}})


def movable(model: Model) -> list[Parameter]:
    """Assumed numbers of a model that are not 0 and not calculated from others."""
    kernels = model.kernels
    used = [symbol for symbol in kernels.parameters if symbol not in kernels.calibrated]
    items = [model.parameters[symbol] for symbol in used]
    return [item for item in items if item.kind == "assumed" and item.value and item.role in MOVED_ROLES]


def draw_structures(
    protocol: Protocol,
    plan: Hypotheses,
    given: Mapping[str, str | Path],
    *,
    draws: int,
    persons: int,
    seed: int,
) -> Drawn:
    """Draws of the parameters of every structure, and persons of each draw.

    Without a fit every assumed number is multiplied by a log-normal factor, the odds of a share likewise; a
    number that two structures share is moved alike in both, so that they differ by structure alone.

    Parameters
    ----------
    given : mapping of str to str or Path
        Fit of a structure; those that have none take the literature's numbers.
    draws, persons : int
        Draws, and persons of each.
    seed : int

    Raises
    ------
    PopulationError
        If the numbers can hardly be moved so far: no plausible patients in `MOST_ATTEMPTS` attempts.
    ProtocolError, ParameterError, StorageError
        As `trial_models` does.
    """
    plans = {name: under(protocol, choices) for name, choices in plan.structures.items()}
    fitted = {
        name: trial_models(plans[name], fit, patients=draws * persons, replicates=0, draws=draws, seed=seed)
        for name, fit in given.items()
        if str(fit) != LITERATURE
    }
    bases = {name: load_trial_model(own) for name, own in plans.items() if name not in fitted}
    found: dict[str, list[Model]] = {name: [] for name in bases}
    attempts, normal = 0, _Normals(draws, seed)
    for number in range(draws if bases else 0):
        for attempt in range(MOST_ATTEMPTS):
            attempts += 1
            moved = {
                name: _moved(base, plan.factor, normal.of(number, attempt)) for name, base in bases.items()
            }
            ids = number + draws * np.arange(persons)
            if all(model is not None and _plausible(model, ids, seed) for model in moved.values()):
                for name, model in moved.items():
                    assert model is not None
                    found[name].append(model)
                break
        else:
            raise PopulationError(
                f"hypotheses.factor = {plan.factor:g}: draw {number} has no plausible patients in "
                f"{MOST_ATTEMPTS} attempts; move the assumed numbers less"
            )
    models = {
        name: fitted[name]
        if name in fitted
        else TrialModels(bases[name], None, DistributionOverDraws(bases[name], found[name]))
        for name in plans
    }
    patients = {
        name: draw(item.model, draws * persons, seed=seed, distribution=item.distribution)
        for name, item in models.items()
    }
    return Drawn(models, patients, max(attempts, draws))


class _Normals:
    """Normals by which numbers are moved: by draw, attempt and symbol, the same in all structures."""

    def __init__(self, draws: int, seed: int) -> None:
        self._ids, self._seed = np.arange(draws), seed
        self._known: dict[tuple[str, int], np.ndarray] = {}

    def of(self, draw: int, attempt: int) -> Callable[[str], float]:
        """The normal of each symbol."""

        def normal(symbol: str) -> float:
            if (symbol, attempt) not in self._known:
                found = normals(self._seed, self._ids, f"assumed {symbol}", 1, attempt)[:, 0]
                self._known[symbol, attempt] = found
            return float(self._known[symbol, attempt][draw])

        return normal


def _moved(base: Model, factor: float, normal: Callable[[str], float]) -> Model | None:
    """The model of one draw; None if a number leaves its bounds."""
    values = {}
    for item in movable(base):
        away = float(np.exp(np.log(factor) / WITHIN * normal(item.symbol)))
        if item.distribution == "logitnormal" or item.bounds == (0.0, 1.0):
            if item.value >= 1.0:
                continue
            odds = away * item.value / (1.0 - item.value)
            values[item.symbol] = odds / (1.0 + odds)
        else:
            values[item.symbol] = away * item.value
    try:
        return replace(base, parameters=base.parameters.with_values(values))
    except Lag3igError:
        return None


def _plausible(model: Model, ids: np.ndarray, seed: int) -> bool:
    try:
        draw(model, ids=ids, seed=seed)
    except PopulationError:
        return False
    return True
