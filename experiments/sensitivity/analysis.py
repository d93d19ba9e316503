"""Sensitivity of a trial's endpoints: every number screened, then the strongest shared out in full."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ProtocolError
from ..in_order import thread_count
from ..protocol import LoadedProtocol, Protocol, load_protocol
from ..trial_models import LITERATURE, Given, trial_models
from .biomarkers import measure_cut_offs
from .endpoints import Endpoints, Evaluated, Evaluator
from .factors import Factor, factors_of
from .indices import (
    LEAST,
    Screening,
    partial_rank_correlations,
    plain_sample,
    screen,
    screening_points,
    variance_points,
    variance_shares,
)
from .result import EndpointSensitivity, SensitivityResult
from .section import INFLAMED, Sensitivity

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]
MOST = 8


def analyse(
    protocol: str | Path | LoadedProtocol,
    *,
    parameters: "Given" = LITERATURE,
    patients: int = 256,
    trajectories: int = 10,
    blocks: int = 128,
    most: int = MOST,
    twins: int = 4_000,
    seed: int = 1,
    threads: int | None = None,
    progress: Progress | None = None,
) -> SensitivityResult:
    """Vary what a protocol's ``[sensitivity]`` names, over all of it together.

    Parameters
    ----------
    protocol
        Name of a protocol that ships, path of a TOML file, or a protocol already read.
    parameters
        As for `lag3ig.run_trial`; of a fit, the middle of its draws is where numbers start from.
    patients : int
        Persons at a point, the same at every point.
    trajectories : int
        Of Morris's design over all numbers.
    blocks : int
        Of Saltelli's design over the strongest; a power of 2.
    most : int
        How many are the strongest.
    twins : int
        Persons, each in both arms, that biomarkers are judged by.
    seed : int
        The same seed gives the same bits, whatever the number of threads.

    Raises
    ------
    ProtocolError
        If the protocol has no section ``[sensitivity]``, or a size makes no design.
    PopulationError
        If too many points cannot be solved.
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    plan = planned(loaded.protocol)
    if blocks < 4 or blocks & (blocks - 1):
        raise ProtocolError(f"blocks = {blocks} must be a power of 2 from 4 on, such as 128")
    models = trial_models(loaded.protocol, parameters, patients=patients, replicates=0, seed=seed)
    choices = models.model.structure.as_mapping()
    if INFLAMED in plan.biomarkers and choices["microenvironment"] != "mixture":
        raise ProtocolError(
            f"protocol {loaded.protocol.name!r}: biomarker {INFLAMED!r} needs inflamed and other "
            'tumours; add microenvironment = "mixture" to [structure], or leave it out'
        )
    factors, left_out = factors_of(loaded.protocol, plan, models.model.parameters)
    asked = Endpoints(loaded.protocol, plan, models.model, patients, seed, thread_count(threads))
    tell = progress or _silent
    result = analyse_endpoints(
        loaded.protocol,
        asked,
        factors,
        left_out=left_out,
        parameters=LITERATURE if models.sets is None else models.sets.asked,
        patients=patients,
        trajectories=trajectories,
        blocks=blocks,
        most=most,
        seed=seed,
        progress=tell,
    )
    if not plan.biomarkers:
        return result
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        tell("simulating twins", done, twins)

    size: dict[str, Any] = {"patients": twins, "seed": seed, "threads": thread_count(threads)}
    cuts, failed = measure_cut_offs(loaded.protocol, plan, models.model, advance=advance, **size)
    return replace(
        result,
        twins=twins,
        cut_offs=cuts,
        solves=result.solves + 2 * twins,
        persons_failed=result.persons_failed + failed,
    )


def planned(protocol: Protocol) -> Sensitivity:
    """The protocol's analysis.

    Raises
    ------
    ProtocolError
        If it has none.
    """
    if protocol.sensitivity is None:
        raise ProtocolError(
            f"protocol {protocol.name!r} has no section [sensitivity]; add one with arm and endpoints, or "
            "take paclitaxel-lag3ig-sensitivity"
        )
    return protocol.sensitivity


def analyse_endpoints(
    protocol: Protocol,
    asked: Evaluator,
    factors: Sequence[Factor],
    *,
    left_out: Mapping[str, str],
    parameters: str,
    patients: int,
    trajectories: int,
    blocks: int,
    most: int,
    seed: int,
    progress: Progress,
) -> SensitivityResult:
    """The analysis itself, for whoever evaluates endpoints.

    Raises
    ------
    PopulationError
        If too many points cannot be solved.
    """
    begun, plan = perf_counter(), planned(protocol)
    count, kept = len(factors), min(most, len(factors))
    total, done = 1 + trajectories * (count + 1) + blocks * (kept + 2), 0

    def advance(step: int) -> None:
        nonlocal done
        done += step
        progress("simulating points", done, total)

    start = asked.values(factors, np.array([[_usual_place(item) for item in factors]]), advance)
    wide = screening_points(count, trajectories, seed=seed)
    screened = asked.values(factors, wide, advance)
    found = [[screen(wide, some, seed=seed) for some in every] for every in screened.values]
    chosen = _strongest([one[0].strength for one in found], kept)
    dense = variance_points(len(chosen), blocks, seed=seed)
    shared = asked.values([factors[k] for k in chosen], dense, advance)
    endpoints = {
        name: _endpoint(start.values[k, :, 0], found[k], dense, shared.values[k], blocks, seed=seed)
        for k, name in enumerate(plan.endpoints)
    }
    every: tuple[Evaluated, ...] = (start, screened, shared)
    return SensitivityResult(
        protocol=protocol,
        plan=plan,
        factors=tuple(factors),
        chosen=chosen,
        left_out=left_out,
        endpoints=endpoints,
        parameters=parameters,
        patients=patients,
        trajectories=trajectories,
        blocks=blocks,
        seed=seed,
        points=sum(item.values.shape[-1] for item in every),
        failed_points=sum(int(np.isnan(item.values[:, 0]).any(axis=0).sum()) for item in every),
        solves=sum(item.solves for item in every),
        persons_failed=sum(item.persons_failed for item in every),
        seconds=perf_counter() - begun,
    )


def _endpoint(
    usual: Array, screened: Sequence[Screening], points: Array, values: Array, blocks: int, *, seed: int
) -> EndpointSensitivity:
    """One endpoint from its values at the points of both designs, shape (1 + W, M) at the dense one."""
    count = points.shape[1]
    shares = [variance_shares(count, some, seed=seed) for some in values]
    steps = [size for size in (blocks // 4, blocks // 2) if size >= LEAST]
    growth = [
        (size, variance_shares(count, values[0, : size * (count + 2)], seed=seed).total)
        for size in steps
        if _whole_blocks(values[0], size, count) >= LEAST
    ]
    sample, solved = plain_sample(points, values[0])
    ranks, low, high = partial_rank_correlations(sample, solved)
    ends = np.quantile(solved, [0.05, 0.95])
    return EndpointSensitivity(
        usual=float(usual[0]),
        usual_error=float(usual[1:].std(ddof=1)),
        screening=screened[0],
        screening_noise=np.std([one.strength for one in screened[1:]], axis=0, ddof=1),
        shares=shares[0],
        total_noise=np.std([one.total for one in shares[1:]], axis=0, ddof=1),
        ranks=ranks,
        ranks_low=low,
        ranks_high=high,
        growth=(*growth, (blocks, shares[0].total)),
        low=float(ends[0]),
        high=float(ends[1]),
        noise=float(np.nanmean(values[1:].std(axis=0, ddof=1))),
    )


def _whole_blocks(values: Array, blocks: int, count: int) -> int:
    first = values[: blocks * (count + 2)].reshape(blocks, count + 2)
    return int(np.isfinite(first).all(axis=1).sum())


def _strongest(strengths: Sequence[Array], most: int) -> tuple[int, ...]:
    """Places of the numbers with the largest effect on any endpoint, relative to that endpoint's largest."""
    relative = [one / one.max() if one.max() > 0.0 else one for one in strengths]
    order = np.argsort(-np.max(relative, axis=0), kind="stable")
    return tuple(int(k) for k in order[:most])


def _usual_place(item: Factor) -> float:
    """Where between its ends a number usually is; ends may lie on one side of it."""
    from scipy.special import logit

    scale = {"log": np.log, "odds": logit, "linear": float}[item.scale]
    low, usual, high = (float(scale(value)) for value in (item.low, item.usual, item.high))
    return (usual - low) / (high - low)


def _silent(what: str, done: int, total: int) -> None:
    """Tell nobody."""
