"""What a trial will find, as the fitted model has it: replicate trials of its size over draws of the fit."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ProtocolError
from ..members import by_draw, draws_of, members, taking_part
from ..protocol import LoadedProtocol, Protocol, load_protocol
from ..results import TrialResult
from ..trial import run_trial
from ..virtual_arm import RTOL_OF_ENDPOINTS
from .outcomes import Persons, outcomes_of
from .section import Predictions

Array = NDArray[np.float64]
Rows = NDArray[np.int64]

FITTED = "fitted"
LEVELS = (0.05, 0.25, 0.5, 0.75, 0.95)  # the median, and intervals of 50 and 90 %
Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Predicted:
    """One outcome of one arm.

    Attributes
    ----------
    arm, outcome : str
    patients : int
        Of the arm in the trial.
    trial : ndarray, shape (5,)
        Quantiles at `LEVELS` of what the trial will find: parameters, patients and chance. Infinite where
        half of the patients never progress as long as they are followed; NaN where it cannot be told.
    expected : ndarray, shape (5,)
        Quantiles over the draws alone: what a trial of endless size would find.
    """

    arm: str
    outcome: str
    patients: int
    trial: Array
    expected: Array


@dataclass(frozen=True, slots=True)
class Prediction:
    """A trial predicted.

    Attributes
    ----------
    protocol : LoadedProtocol
    rows : tuple of Predicted
    withheld : mapping of str to str
        Outcomes that are not predicted, and why.
    patients, draws, replicates, seed : int
        Virtual patients in an arm; draws of the fit they are divided over; replicate trials.
    fit, fit_hash : str
    failed : int
        Simulations, over all arms, that could not be solved.
    cautions : tuple of str
    """

    protocol: LoadedProtocol
    rows: tuple[Predicted, ...]
    withheld: Mapping[str, str]
    patients: int
    draws: int
    replicates: int
    seed: int
    fit: str
    fit_hash: str
    failed: int
    cautions: tuple[str, ...]


def predict(
    protocol: str | Path | LoadedProtocol,
    *,
    parameters: str | Path = FITTED,
    patients: int = 50_000,
    draws: int = 100,
    replicates: int = 5_000,
    seed: int = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> Prediction:
    """Predict a trial whose protocol says what is to be told of it.

    Parameters
    ----------
    protocol
        Name, path, or a protocol already read; it has a section ``[predictions]``.
    parameters
        A fit: "fitted", or a file of `lag3ig fit`.
    patients, draws, replicates : int
        Virtual patients in an arm; draws of the fit that they are divided over; replicate trials.
    seed : int
    threads : int, optional
    progress : callable, optional
        Called with what is being done, how many patients are done, and how many there are in all.

    Raises
    ------
    ProtocolError
        If the protocol has no such section, or the patients are too few for its trials.

    Examples
    --------
    >>> found = predict("lag3ig-paclitaxel-breast", patients=240, draws=2, replicates=20)
    >>> sorted({row.arm for row in found.rows})
    ['LAG-3Ig 0.25 mg', 'LAG-3Ig 1.25 mg', 'LAG-3Ig 6.25 mg']
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    plan = section_of(loaded.protocol)
    result = run_trial(
        loaded,
        seed=seed,
        patients=patients,
        replicates=0,
        threads=threads,
        progress=progress,
        history_patients=0,
        parameters=parameters,
        draws=draws,
        rtol=RTOL_OF_ENDPOINTS,
    )
    assert result.sets is not None
    return Prediction(
        protocol=loaded,
        rows=tuple(_rows(result, loaded.protocol, plan, replicates=replicates, seed=seed)),
        withheld=plan.withheld,
        patients=patients,
        draws=len(result.sets),
        replicates=replicates,
        seed=seed,
        fit=result.sets.name,
        fit_hash=result.sets.hash,
        failed=result.failures,
        cautions=result.cautions,
    )


def section_of(protocol: Protocol) -> Predictions:
    """What a protocol says of its prediction.

    Raises
    ------
    ProtocolError
        If it says nothing.
    """
    if protocol.predictions is None:
        raise ProtocolError(
            f"protocol {protocol.name!r} does not say what to predict; give it a section [predictions]"
        )
    return protocol.predictions


def _rows(
    result: TrialResult, protocol: Protocol, plan: Predictions, *, replicates: int, seed: int
) -> list[Predicted]:
    sizes = {arm.name: arm.evaluable for arm in protocol.arms if arm.name not in plan.twins}
    samples = np.searchsorted(protocol.visits.blood, plan.blood or protocol.visits.blood[1:])
    persons = {name: Persons.of(arm.table, samples) for name, arm in result.arms.items()}
    draws = draws_of(result)
    takers = by_draw(taking_part(result, result.arms), result.patients.draw, draws)
    found: dict[tuple[str, str], list[Array]] = {}
    expected: dict[tuple[str, str], list[Array]] = {}
    for draw, everyone in enumerate(takers):
        count = len(range(draw, replicates, draws))
        rows = _members(everyone, sizes, count, seed=seed, draw=draw, draws=draws)
        whole = dict.fromkeys(sizes, everyone[None])
        for kept, who in ((found, rows), (expected, whole)):
            for name, values in _outcomes(persons, who, plan).items():
                kept.setdefault(name, []).append(values)
    quantiles = {
        name: (_quantiles(np.concatenate(values)), _quantiles(np.concatenate(expected[name])))
        for name, values in found.items()
    }
    return [
        Predicted(arm, outcome, sizes[arm], trial, mean)
        for (arm, outcome), (trial, mean) in quantiles.items()
        if outcome not in plan.withheld
    ]


def _members(
    everyone: Rows, sizes: Mapping[str, int], count: int, *, seed: int, draw: int, draws: int
) -> dict[str, Rows]:
    """Patients of each arm in trials of one draw, nobody twice in a trial; arrays of shape (count, n)."""
    chosen = members(
        everyone,
        draw + draws * np.arange(count, dtype=np.int64),
        sum(sizes.values()),
        seed=seed,
        purpose="members of a predicted trial",
        who=f"draw {draw} of {draws}",
    )
    ends = np.cumsum(list(sizes.values()))
    return {name: chosen[:, end - n : end] for (name, n), end in zip(sizes.items(), ends, strict=True)}


def _outcomes(
    persons: Mapping[str, Persons], members: Mapping[str, Rows], plan: Predictions
) -> dict[tuple[str, str], Array]:
    """Every outcome of every arm, by their names; patients of a twin arm are those of the arm beside it."""
    found = {}
    for name, rows in members.items():
        beside = None
        if plan.control not in (None, name):
            beside = persons[plan.control], rows if plan.control in plan.twins else members[plan.control]
        values = outcomes_of(
            persons[name],
            rows,
            at=plan.progression_free_at,
            control=beside,
            randomised=beside is not None and plan.control not in plan.twins,
        )
        found.update({(name, outcome): value for outcome, value in values.items()})
    return found


def _quantiles(values: Array) -> Array:
    """At `LEVELS`, of the values that are numbers; those of infinite ones are infinite."""
    known = np.sort(values[~np.isnan(values)])
    if not known.size:
        return np.full(len(LEVELS), np.nan)
    return np.asarray(np.quantile(known, LEVELS, method="inverted_cdf"))
