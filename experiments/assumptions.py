"""How far each assumed number moves the headline figures of a trial: one at a time, doubled and halved."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..model.definition.parameters import Parameter
from ..model.errors import Lag3igError
from .protocol import LoadedProtocol, Protocol, load_protocol
from .results import TrialResult
from .trial import run_trial

FACTOR = 2.0  # on a positive number; on the odds of a share
HEADLINES: Mapping[str, str] = {
    "stable_3m": "stable at 3 months",
    "cd8_sustained": "sustained CD8 activation",
    "em_rise": "rise of effector-memory CD8",
    "exposed": "exposed for a day",
}
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Moved:
    """What becomes of the figures if one number is another.

    Attributes
    ----------
    symbol : str
    low, high : mapping of str to float, or str
        Change of each headline figure (points of percent) where the number is halved, and where it is
        doubled; the reason instead, if no patient can be drawn or simulated so.
    """

    symbol: str
    low: Mapping[str, float] | str
    high: Mapping[str, float] | str

    def most(self, figure: str) -> float:
        """Largest change of a figure in either direction; 0 where neither could be simulated."""
        changes = [abs(side[figure]) for side in (self.low, self.high) if not isinstance(side, str)]
        return max(changes, default=0.0)


def headline_figures(result: TrialResult, protocol: Protocol) -> dict[str, float]:
    """Shares of both groups of the comparison in percent, by figure and group, and their differences."""
    assert protocol.comparison is not None
    found: dict[str, float] = {}
    for column, words in HEADLINES.items():
        sides = {}
        for group in (protocol.comparison.low, protocol.comparison.high):
            arms = [protocol.arms[place] for place in protocol.of_group(group)]
            weights = np.array([arm.evaluable for arm in arms], dtype=np.float64)
            shares = np.array([result.arms[arm.name].share(column)[0] for arm in arms])
            sides[group] = float(100.0 * (weights @ shares) / weights.sum())
            found[f"{words}, {group}"] = sides[group]
        found[f"{words}, difference"] = sides[protocol.comparison.high] - sides[protocol.comparison.low]
    return found


def move_assumptions(
    protocol: str | LoadedProtocol = "imp321-rcc-phase1",
    *,
    patients: int = 500,
    seed: int = 1,
    symbols: Sequence[str] | None = None,
    progress: Progress | None = None,
) -> tuple[dict[str, float], list[Moved]]:
    """The figures with the literature's parameters, and how far each assumed number moves them.

    The same persons are simulated every time, so that differences are of the number and not of chance.

    Parameters
    ----------
    protocol
        That compares two groups of arms.
    patients : int
        Virtual patients in an arm.
    seed : int
    symbols : sequence of str, optional
        Parameters to move; all that are assumed and used by the model, if left out.
    progress : callable, optional
        Called with how many numbers are done and how many there are.
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    table = loaded.protocol.parameter_table()
    size: dict[str, Any] = {"patients": patients, "replicates": 0, "history_patients": 0, "seed": seed}
    usual = headline_figures(run_trial(loaded, **size), loaded.protocol)
    chosen = symbols if symbols is not None else [item.symbol for item in movable(loaded.protocol)]
    found = []
    for number, symbol in enumerate(chosen):
        sides = [
            _changed(loaded, {symbol: moved(table[symbol], factor)}, usual, size)
            for factor in (1.0 / FACTOR, FACTOR)
        ]
        found.append(Moved(symbol, sides[0], sides[1]))
        if progress is not None:
            progress(number + 1, len(chosen))
    return usual, found


def movable(protocol: Protocol) -> list[Parameter]:
    """Assumed numbers of a protocol's model that are not 0."""
    structure = protocol.build_structure()
    table = protocol.parameter_table().for_structure(structure)
    return [item for item in table.parameters.values() if item.kind == "assumed" and item.value != 0.0]


def moved(parameter: Parameter, factor: float) -> float:
    """A number times a factor; a share keeps below 1 by moving its odds."""
    if parameter.distribution == "logitnormal" or parameter.bounds == (0.0, 1.0):
        odds = factor * parameter.value / (1.0 - parameter.value) if parameter.value < 1.0 else np.inf
        return float(odds / (1.0 + odds)) if np.isfinite(odds) else 1.0
    return factor * parameter.value


def _changed(
    loaded: LoadedProtocol, values: Mapping[str, float], usual: Mapping[str, float], size: Mapping[str, Any]
) -> dict[str, float] | str:
    changed = loaded.protocol.model_copy(update={"parameters": {**loaded.protocol.parameters, **values}})
    try:
        figures = headline_figures(run_trial(LoadedProtocol(changed, loaded.text), **size), changed)
    except Lag3igError as fault:
        return str(fault).split(";")[0]
    return {name: figures[name] - value for name, value in usual.items()}
