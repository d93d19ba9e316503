"""A combination beside each null: in virtual twins, who show the excess, and in trials that must find it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ProtocolError
from ...model.randomness import exponentials
from ..members import by_draw, members
from .null_tests import ArmEstimate, against_null, mean_estimate, share_estimate, survival_estimate
from .nulls import NULLS, Null, expected, joint_correlation
from .outcomes import Outcomes, Twins

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
CENTRAL = (0.05, 0.5, 0.95)
RESAMPLES = 200  # of the persons, by exponential weights, for the error of their finite number


@dataclass(frozen=True, slots=True)
class Beside:
    """All parts together beside one null, for one endpoint.

    Attributes
    ----------
    endpoint, null : str
    observed, expected : ndarray, shape (3,)
        5, 50 and 95 % quantiles over the draws of the fit; three times the same with one draw.
    excess : ndarray, shape (3,)
        Of observed less expected, draw by draw; above 0 is better (of growth rates: slower).
    error : float
        Standard error of the mean excess from finite virtual persons.
    power : mapping of int to (float, float)
        By patients in each arm: share of trials that find the combination better, and worse, than the null.
    """

    endpoint: str
    null: Null
    observed: Array
    expected: Array
    excess: Array
    error: float
    power: Mapping[int, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Everything that is said of a combination.

    Attributes
    ----------
    rows : tuple of Beside
    shares : mapping of str to mapping of str to ndarray, shape (3,)
        By endpoint and arm: quantiles over the draws.
    correlation : mapping of str to float
        By endpoint: of what the parts do to one person, in the twins; what the test assumes.
    crossed : mapping of str to float
        Shares of persons by what they respond to.
    replicates, persons, draws : int
    """

    rows: tuple[Beside, ...]
    shares: Mapping[str, Mapping[str, Array]]
    correlation: Mapping[str, float]
    crossed: Mapping[str, float]
    replicates: int
    persons: int
    draws: int


def compare(twins: Twins, *, replicates: int, seed: int) -> Compared:
    """A combination beside every null, in the twins and in replicate trials.

    Parameters
    ----------
    twins : Twins
    replicates : int
        Trials of each size.
    seed : int

    Raises
    ------
    ProtocolError
        If a draw has too few persons for a trial.
    """
    plan = twins.plan
    draws, able = twins.draws, twins.able
    of_draws = np.array([able & (twins.draw == draw) for draw in range(draws)], dtype=np.float64)
    weights = exponentials(seed, np.arange(RESAMPLES), "weights of persons", able.size) * able
    shares: dict[str, dict[str, Array]] = {}
    correlation: dict[str, float] = {}
    trials = _trials(twins, able, draws, replicates=replicates, seed=seed)
    rows = []
    for endpoint in plan.endpoints:
        values = _values(twins, endpoint, of_draws)
        resampled = _values(twins, endpoint, weights)
        shares[endpoint] = {name: np.quantile(values[name], CENTRAL) for name in plan.arms}
        correlation[endpoint] = _correlation(twins, endpoint, able)
        for null in NULLS[endpoint]:
            each = _beside(twins, endpoint, null, values, correlation[endpoint])
            again = _beside(twins, endpoint, null, resampled, correlation[endpoint])
            power = {
                size: _power(twins, endpoint, null, arms, correlation[endpoint])
                for size, arms in trials.items()
            }
            rows.append(
                Beside(
                    endpoint,
                    null,
                    observed=np.quantile(each[0], CENTRAL),
                    expected=np.quantile(each[1], CENTRAL),
                    excess=np.quantile(each[2], CENTRAL),
                    error=float(again[2].std(ddof=1)),
                    power=power,
                )
            )
    return Compared(
        tuple(rows), shares, correlation, crossed(twins, able), replicates, int(able.sum()), draws
    )


def _values(twins: Twins, endpoint: str, weights: Array) -> dict[str, Array]:
    return {name: arm.estimate(endpoint, weights, at=twins.at) for name, arm in twins.arms.items()}


def _beside(
    twins: Twins, endpoint: str, null: Null, values: Mapping[str, Array], rho: float
) -> tuple[Array, Array, Array]:
    """Observed, expected and excess, each of the shape of a value."""
    plan = twins.plan
    parts = np.stack([values[name] for name in plan.parts])
    predicted = expected(null, endpoint, values[plan.none], parts, correlation=rho)
    observed = values[plan.together]
    excess = predicted - observed if endpoint == "growth" else observed - predicted
    return observed, predicted, excess


def good(arm: Outcomes, endpoint: str, *, at: float) -> Array:
    """Whether each person has the good outcome, 1 or 0; NaN if that cannot be told; shape (P,)."""
    if endpoint == "responded":
        return arm.responded
    free = np.where(arm.time >= at, 1.0, np.nan)
    return np.where(arm.event & (arm.time <= at), 0.0, free)


def _correlation(twins: Twins, endpoint: str, able: NDArray[np.bool_]) -> float:
    """Of the parts in one person; as the protocol states it, or from the twins."""
    plan = twins.plan
    if plan.correlation is not None or endpoint == "growth":
        return plan.correlation or 0.0
    found = np.stack([good(twins.arms[name], endpoint, at=twins.at)[able] for name in plan.parts])
    found = found[:, np.isfinite(found).all(axis=0)]
    if not found.size:
        return 0.0
    return float(joint_correlation(found.mean(axis=1)[:, None], [found.max(axis=0).mean()])[0])


def crossed(twins: Twins, able: NDArray[np.bool_]) -> dict[str, float]:
    """Shares of persons by the arms in which they respond: what no trial can see."""
    plan = twins.plan
    found = {name: twins.arms[name].responded for name in plan.arms}
    known = able & np.logical_and.reduce([np.isfinite(values) for values in found.values()])
    if not known.any():
        return {}
    parts = np.stack([found[name][known] == 1.0 for name in plan.parts])
    both, alone = found[plan.together][known] == 1.0, parts.sum(axis=0)
    shares = {
        "to nothing, not even together": ~both & (alone == 0),
        "to all together only": both & (alone == 0),
        **{f"to {name} alone": parts[k] & (alone == 1) for k, name in enumerate(plan.parts)},
        "to more than one alone": alone > 1,
        "to a part, but not together": ~both & (alone > 0),
    }
    return {name: float(np.mean(chosen)) for name, chosen in shares.items()}


def _trials(
    twins: Twins, able: NDArray[np.bool_], draws: int, *, replicates: int, seed: int
) -> dict[int, list[Rows]]:
    """Persons of every arm in trials of each size, nobody twice in a trial; (R, n) for each arm."""
    plan = twins.plan
    takers = by_draw(able, twins.draw, draws)
    fewest, arms = min(rows.size for rows in takers), len(plan.arms)
    sizes = [size for size in plan.patients if arms * size <= fewest]
    if not sizes:
        raise ProtocolError(
            f"a draw has {fewest} virtual persons, too few for {arms} arms of {plan.patients[0]}: take more "
            "persons, or fewer draws of the fit"
        )
    found: dict[int, list[Rows]] = {}
    for size in sizes:
        parts = []
        for draw, everyone in enumerate(takers):
            numbers = np.arange(draw, replicates, draws, dtype=np.int64)
            who, purpose = f"draw {draw} of {draws}", "members of a factorial trial"
            parts.append(members(everyone, numbers, arms * size, seed=seed, purpose=purpose, who=who))
        together = np.concatenate(parts)
        found[size] = [together[:, k * size : (k + 1) * size] for k in range(arms)]
    return found


def _power(twins: Twins, endpoint: str, null: Null, rows: Sequence[Rows], rho: float) -> tuple[float, float]:
    arms = [
        _estimate(twins.arms[name], endpoint, chosen, at=twins.at)
        for name, chosen in zip(twins.plan.arms, rows, strict=True)
    ]
    found = against_null(null, endpoint, arms, correlation=rho)
    alpha = twins.plan.alpha
    return float(np.mean(found.better < alpha)), float(np.mean(found.worse < alpha))


def _estimate(arm: Outcomes, endpoint: str, rows: Rows, *, at: float) -> ArmEstimate:
    if endpoint == "pfs":
        return survival_estimate(arm.time[rows], arm.event[rows], at=at)
    return share_estimate(arm.responded[rows]) if endpoint == "responded" else mean_estimate(arm.growth[rows])
