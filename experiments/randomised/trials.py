"""Replicate trials: their persons, their calendar, their test, and when they stop."""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ...model.cox import hazard_ratio
from ...model.event_times import EventTimes
from ...model.group_sequential import Bounds, spending_bounds
from ...model.log_rank import log_rank
from ...model.power import ExactTest, exact_test
from ...model.randomness import uniforms
from ...model.restricted_mean import restricted_mean_difference
from ...model.survival_curves import median_times
from .follow_up import Followed, day_of_event
from .persons import Outcomes, Persons
from .section import COUNTED, TIMED, Design

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Whole = NDArray[np.int64]
LESS_IS_BETTER = ("best_change",)


@dataclass(frozen=True, slots=True)
class Trials:
    """R replicate trials; arrays of shape (R,).

    Attributes
    ----------
    draw : ndarray of int
        Draw of the fit that all patients of a trial belong to.
    success : ndarray of bool
        Whether the experimental arm was found better.
    stopped : ndarray of int
        Look at which the trial ended, from 0.
    estimate : ndarray
        Logarithm of the hazard ratio; or the difference of restricted means (d), shares or means.
    standard_error : ndarray
    control, experimental : ndarray
        Median time (d), share, or mean of each arm.
    events : ndarray
        Of both arms, when the trial ended; NaN for endpoints that are no times.
    length : ndarray
        d; from the first possible entry to the cut-off.
    """

    draw: Whole
    success: Flags
    stopped: Whole
    estimate: Array
    standard_error: Array
    control: Array
    experimental: Array
    events: Array
    length: Array


def bounds_of(design: Design) -> Bounds:
    """Bounds of the statistic at every look."""
    return spending_bounds(
        design.looks,
        alpha=design.alpha,
        spending=design.spending,
        beta=design.futility,
        futility=design.spending,
    )


def replicate(
    persons: Persons,
    design: Design,
    sizes: tuple[int, int],
    *,
    count: int,
    seed: int,
    null: bool = False,
    parts: int = 1,
) -> Trials:
    """Trials of so many patients of the control and of the experimental arm.

    Trial r has persons of draw r mod D, and of part (r div D) mod ``parts`` of that draw's.

    Parameters
    ----------
    persons, design
    sizes : (int, int)
        Patients of the control and of the experimental arm.
    count : int
        Number of trials, R.
    seed : int
    null : bool
        Give both arms the control treatment: what the test then finds is error.
    parts : int
        Parts that the persons of a draw are divided into: trials of one part share nobody with another's.
    """
    kept = [
        _of_one_draw(persons, design, sizes, draw, part, trials, seed=seed, null=null, parts=parts)
        for draw, part, trials in _shares(count, persons.draws, parts)
    ]
    order = np.argsort(np.concatenate([trials for _, _, trials in _shares(count, persons.draws, parts)]))
    return Trials(
        *(np.concatenate([getattr(item, one.name) for item in kept])[order] for one in fields(Trials))
    )


def _shares(count: int, draws: int, parts: int) -> Iterator[tuple[int, int, Whole]]:
    """Draw, part, and the numbers of its trials."""
    numbers = np.arange(count, dtype=np.int64)
    for draw in range(draws):
        for part in range(parts):
            trials = numbers[(numbers % draws == draw) & ((numbers // draws) % parts == part)]
            if trials.size:
                yield draw, part, trials


def _of_one_draw(
    persons: Persons,
    design: Design,
    sizes: tuple[int, int],
    draw: int,
    part: int,
    trials: Whole,
    *,
    seed: int,
    null: bool,
    parts: int,
) -> Trials:
    purpose = ", no effect" if null else ""
    among = slice(part, None, parts)
    everyone = persons.drawn(draw, trials, sum(sizes), seed=seed, part=among, purpose=purpose)
    rows = everyone[:, : sizes[0]], everyone[:, sizes[0] :]
    outcomes = persons.control, persons.control if null else persons.experimental
    draws = np.full(trials.size, draw, dtype=np.int64)
    if design.endpoint not in TIMED:
        return _compared(draws, design, *(item.value[own] for item, own in zip(outcomes, rows, strict=True)))
    entry = design.enrolment * uniforms(seed, trials, f"entry into a trial{purpose}", sum(sizes))
    control, experimental = (
        _followed(item, own, when, persons)
        for item, own, when in zip(outcomes, rows, np.split(entry, [sizes[0]], axis=1), strict=True)
    )
    return _looked_at(draws, design, persons, control, experimental)


def endless(persons: Persons, design: Design, draw: int, *, seed: int) -> float:
    """Estimate of a draw when all its persons are in both arms, with the calendar of the trial."""
    rows = persons.members[draw][None]
    outcomes = persons.control, persons.experimental
    number = np.array([draw], dtype=np.int64)
    if design.endpoint not in TIMED:
        return float(_compared(number, design, *(item.value[rows] for item in outcomes)).estimate[0])
    plain = design.model_copy(update={"looks": (1.0,), "events": None, "futility": None, "strata": False})
    entry = design.enrolment * uniforms(seed, number, "entry of all persons", rows.size)
    arms = (_followed(item, rows, entry, persons) for item in outcomes)
    return float(_looked_at(number, plain, persons, *arms).estimate[0])


def _followed(outcomes: Outcomes, rows: Whole, entry: Array, persons: Persons) -> Followed:
    return Followed(entry, outcomes.value[rows], outcomes.event[rows], persons.stratum[rows])


def _looked_at(
    draws: Whole, design: Design, persons: Persons, control: Followed, experimental: Followed
) -> Trials:
    """Look after look, until a bound is crossed or the last look is done."""
    scans = persons.scans if persons.by_scan else None
    latest = np.full(draws.size, design.enrolment + design.follow_up)
    bounds = bounds_of(design)
    found: Trials | None = None
    running = np.ones(draws.size, dtype=bool)
    for look, share in enumerate(design.looks):
        cut_off = latest
        if design.events is not None:
            number = int(np.ceil(share * design.events - 1e-9))
            cut_off = np.minimum(day_of_event(control, experimental, number), latest)
        arms = control.seen_by(cut_off, scans), experimental.seen_by(cut_off, scans)
        now = _tested(draws, design, *arms, cut_off=cut_off, bound=bounds.efficacy[look], look=look)
        # An interim look that the end of the trial overtakes is not held: the last one has its data.
        held = np.ones_like(running) if look == len(design.looks) - 1 else cut_off < latest
        chosen = running & held
        found = now.trials if found is None else _where(chosen, now.trials, found)
        futile = now.experimental_better < bounds.futility[look]
        running = running & ~(held & (now.trials.success | futile))
    assert found is not None
    return found


@dataclass(frozen=True, slots=True)
class _Tested:
    """Trials at one look, and the statistic that the bounds are for."""

    trials: Trials
    experimental_better: Array


def _where(chosen: Flags, ones: Trials, others: Trials) -> Trials:
    return Trials(
        *(np.where(chosen, getattr(ones, item.name), getattr(others, item.name)) for item in fields(Trials))
    )


def _tested(
    draws: Whole,
    design: Design,
    control: EventTimes,
    experimental: EventTimes,
    *,
    cut_off: Array,
    bound: float,
    look: int,
) -> _Tested:
    if not design.strata:
        control, experimental = (
            EventTimes(control.time, control.event),
            EventTimes(experimental.time, experimental.event),
        )
    if design.test == "restricted-mean":
        means = restricted_mean_difference(control, experimental, limit=design.horizon or 1.0)
        estimate, error = means.difference, means.standard_error
        better = np.divide(estimate, error, out=np.zeros_like(error), where=error > 0.0)
    else:
        cox = hazard_ratio(control, experimental)
        estimate, error = cox.log_ratio, cox.standard_error
        if design.test == "cox":
            with np.errstate(invalid="ignore"):
                better = np.where(np.isfinite(estimate), -estimate / error, 0.0)
        else:
            better = -log_rank(control, experimental).z
    events = control.event.sum(axis=1) + experimental.event.sum(axis=1)
    return _Tested(
        Trials(
            draws,
            better >= bound,
            np.full(draws.size, look, dtype=np.int64),
            estimate,
            error,
            median_times(control).median,
            median_times(experimental).median,
            events.astype(np.float64),
            cut_off,
        ),
        better,
    )


def _compared(draws: Whole, design: Design, control: Array, experimental: Array) -> Trials:
    """Endpoints that are no times, (R, n) each: compared when everybody has had their last visit."""
    means = control.mean(axis=1), experimental.mean(axis=1)
    spreads = control.var(axis=1, ddof=1), experimental.var(axis=1, ddof=1)
    squares = [
        spread / values.shape[1] for spread, values in zip(spreads, (control, experimental), strict=True)
    ]
    error = np.sqrt(squares[0] + squares[1])
    difference = means[1] - means[0]
    if design.endpoint in COUNTED:
        test = _exact_test(experimental.shape[1], control.shape[1], _exact(design), design.alpha)
        counts = (np.rint(values.sum(axis=1)).astype(np.int64) for values in (experimental, control))
        success = test.rejected[tuple(counts)]
    else:
        sign = -1.0 if design.endpoint in LESS_IS_BETTER else 1.0
        freedom = (squares[0] + squares[1]) ** 2 / sum(
            square**2 / (values.shape[1] - 1.0)
            for square, values in zip(squares, (control, experimental), strict=True)
        )
        success = special.stdtr(freedom, sign * difference / error) >= 1.0 - design.alpha
    nothing = np.full(draws.size, np.nan)
    length = np.full(draws.size, design.enrolment + design.follow_up)
    return Trials(
        draws,
        np.asarray(success, dtype=bool),
        np.zeros(draws.size, dtype=np.int64),
        difference,
        error,
        means[0],
        means[1],
        nothing,
        length,
    )


@cache
def _exact_test(treated: int, control: int, test: Literal["fisher", "boschloo"], alpha: float) -> ExactTest:
    return exact_test(treated, control, test=test, alpha=alpha)


def _exact(design: Design) -> Literal["fisher", "boschloo"]:
    return "fisher" if design.test == "fisher" else "boschloo"
