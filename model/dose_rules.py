"""Doses that depend on the patient: rules asked when a dose is due, and what they decided so far."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .dosing import Regimen
from .errors import DosingError

Floats = NDArray[np.float64]
Truths = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Decision:
    """What a rule says of one dose: who is given it, and who waits how many days; shape (P,) each."""

    give: Truths
    delay: Floats


class DoseRule(Protocol):
    """Rule that is asked each time a dose is due.

    It sees the n patients who are due, and keeps what it wants to remember of each patient in ``memory``:
    arrays that `begin` makes for all P patients, of which it is handed the rows of those n.
    """

    @property
    def observables(self) -> tuple[str, ...]:
        """Observables or states that it looks at."""

    @property
    def drugs(self) -> tuple[str, ...]:
        """Drugs that it governs; all, if empty."""

    def begin(self, patients: int) -> dict[str, Floats]:
        """Memory at the start of treatment: arrays of shape (P,)."""

    def decide(self, time: float, observed: Mapping[str, Floats], memory: dict[str, Floats]) -> Decision:
        """Decision on what is due at ``time``; ``observed`` holds values just before the dose, shape (n,)."""


@dataclass(frozen=True, slots=True)
class StopAtProgression:
    """No further dose once the tumour has grown over its nadir as RECIST 1.1 counts progression.

    The tumour is seen without error when a dose is due; the nadir is the smallest size seen so far.

    >>> import numpy as np
    >>> rule = StopAtProgression()
    >>> memory = rule.begin(1)
    >>> seen = [(0, 90.0), (14, 80.0), (28, 97.0)]
    >>> [bool(rule.decide(time, {"sld": np.array([size])}, memory).give[0]) for time, size in seen]
    [True, True, False]
    """

    observable: str = "sld"
    growth: float = 0.2
    least: float = 5.0
    drugs: tuple[str, ...] = ()

    @property
    def observables(self) -> tuple[str, ...]:
        """Observable that it looks at."""
        return (self.observable,)

    def begin(self, patients: int) -> dict[str, Floats]:
        """Nothing seen, nobody progressed."""
        return {"nadir": np.full(patients, np.inf), "progressed": np.zeros(patients)}

    def decide(self, time: float, observed: Mapping[str, Floats], memory: dict[str, Floats]) -> Decision:
        """No dose for who has progressed, now or before."""
        size = observed[self.observable]
        nadir = np.fmin(memory["nadir"], size)
        progressed = (size >= (1.0 + self.growth) * nadir) & (size - nadir >= self.least)
        memory["nadir"] = nadir
        memory["progressed"] = np.maximum(memory["progressed"], progressed)
        return Decision(memory["progressed"] == 0.0, np.zeros(len(size)))


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayWhile:
    """A dose waits while an observable is out of its limits, and is left out after too long a wait.

    Parameters
    ----------
    observable
        What is looked at when the dose is due.
    below, above
        The dose waits while the observable is below the one or above the other.
    days
        How long it waits before it is looked at again.
    most
        Days of waiting after which the dose is left out.

    Raises
    ------
    DosingError
        If the wait is not positive, or it may last for ever.
    """

    observable: str
    below: float = -np.inf
    above: float = np.inf
    days: float = 7.0
    most: float = 28.0
    drugs: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not (self.days > 0.0 and 0.0 <= self.most < np.inf):
            raise DosingError(
                f"a delay of {self.days!r} days, at most {self.most!r}: give days above 0 and a finite most"
            )

    @property
    def observables(self) -> tuple[str, ...]:
        """Observable that it looks at."""
        return (self.observable,)

    def begin(self, patients: int) -> dict[str, Floats]:
        """Nobody waits."""
        return {"since": np.full(patients, np.inf)}

    def decide(self, time: float, observed: Mapping[str, Floats], memory: dict[str, Floats]) -> Decision:
        """A wait for who is out of the limits, no dose for who has waited too long."""
        value = observed[self.observable]
        out = (value < self.below) | (value > self.above)
        since = np.where(out, np.minimum(memory["since"], time), np.inf)
        lost = time - since >= self.most
        memory["since"] = np.where(lost, np.inf, since)
        return Decision(~lost, np.where(out & ~lost, self.days, 0.0))


class Course:
    """Which doses of a regimen are given and how late, decided while patients are simulated.

    A simulation runs to `due`, looks at the patients there, tells `decide`, and compiles the regimen again
    with ``taken`` and ``delay``. A delay moves the later doses of the same drug too.

    Attributes
    ----------
    taken, delay : shape (P, D)
        In the order of ``regimen.administrations()``.
    """

    def __init__(self, regimen: Regimen, rules: Sequence[DoseRule], taken: Truths) -> None:
        given = regimen.administrations()
        if taken.ndim != 2 or taken.shape[1] != len(given):
            raise DosingError(f"taken has shape {taken.shape}; {len(given)} doses need (P, {len(given)})")
        self.taken = taken.copy()
        self.delay = np.zeros(taken.shape)
        self._open = taken.copy()
        self._times = np.array([item.time for item in given])
        self._drugs = np.array([item.drug for item in given], dtype=object)
        self._rules = [(rule, rule.begin(len(taken))) for rule in rules]

    @property
    def observables(self) -> tuple[str, ...]:
        """All that the rules look at."""
        return tuple(dict.fromkeys(name for rule, _ in self._rules for name in rule.observables))

    def due(self) -> float:
        """Time of the next dose of any patient that is still to be decided; infinity if there is none."""
        return float(np.where(self._open, self._times + self.delay, np.inf).min(initial=np.inf))

    def decide(self, time: float, observed: Mapping[str, Floats]) -> None:
        """Ask the rules about every dose due by ``time``; ``observed`` holds (P,) of what they look at."""
        asked = self._open & (self._times + self.delay <= time)
        give, wait = np.ones(asked.shape, dtype=bool), np.zeros(asked.shape)
        for rule, memory in self._rules:
            governed = asked & (np.isin(self._drugs, rule.drugs) if rule.drugs else True)
            rows = np.flatnonzero(governed.any(axis=1))
            own = {name: values[rows] for name, values in memory.items()}
            decision = rule.decide(time, {name: observed[name][rows] for name in rule.observables}, own)
            for name, values in own.items():
                memory[name][rows] = values
            give[rows] &= decision.give[:, None] | ~governed[rows]
            wait[rows] = np.where(governed[rows], np.maximum(wait[rows], decision.delay[:, None]), wait[rows])
        self.taken &= give | ~asked
        self._open &= ~asked | (give & (wait > 0.0))
        for drug in dict.fromkeys(self._drugs):
            own_columns = self._drugs == drug
            late = np.max(np.where(asked & give & own_columns, wait, 0.0), axis=1, initial=0.0)
            self.delay += np.where(self._open & own_columns, late[:, None], 0.0)
