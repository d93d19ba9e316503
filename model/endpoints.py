"""Endpoints of a trial from measured values: progression, disease control, activation of CD8 cells, exposure.

Nothing here draws random numbers: measurement error comes in as standard normals, so that whoever calls
decides which patient gets which error. What could not be measured is NaN, and an endpoint that could not be
judged is NaN too.

References ---------- Mechanism of the model, section 8.3: assays, sustained activation, rise of the
effector-memory share. How the limits of exposure were chosen is said in `exposure`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .engine.simd import exp
from .recist import Response

Array = NDArray[np.float64]

SUSTAINED_RATIO = 1.33  # mean on treatment over baseline that counts as sustained activation (assumed)
RISE_POINTS = (
    3.0  # percentage points above baseline that count as a rise of the effector-memory share (assumed)
)
EXPOSED_FOR = 1.0  # d that plasma must stay quantifiable to count as exposed (assumed; see `exposure`)


def measure(true: ArrayLike, noise: ArrayLike, *, kind: str, size: float) -> Array:
    """Measured values.

    Parameters
    ----------
    true : array_like
        True values, any shape.
    noise : array_like
        Standard normals of the same shape.
    kind : {"lognormal", "normal", "none"}
        The assay's error: a factor exp(size z), a term size z, or none.
    size : float
        Standard deviation of the logarithm (the coefficient of variation, to within 2 % of it below 0.3), or
        of the value.

    Returns
    -------
    ndarray
        Of the same shape; NaN where the true value is.
    """
    values, z = np.asarray(true, dtype=np.float64), np.asarray(noise, dtype=np.float64)
    if kind == "lognormal":
        return np.asarray(values * exp(size * z))
    if kind == "normal":
        return values + size * z
    return values.copy()


def lesion_present(hazard: ArrayLike, threshold: ArrayLike) -> NDArray[np.bool_]:
    """Whether a new lesion has appeared by each scan: the hazard so far has crossed the patient's own draw.

    Parameters
    ----------
    hazard : array_like, shape (P, V)
        Cumulative hazard at the scans.
    threshold : array_like, shape (P,)
        Exponential draws of mean 1; infinite for no new lesions.
    """
    return np.asarray(hazard) >= np.asarray(threshold)[:, None]


@dataclass(frozen=True, slots=True)
class Progression:
    """Time to progression on scans, with the interval in which it happened; arrays of shape (P,).

    Attributes
    ----------
    time : ndarray
        d; scan that showed progression, else the last scan that was done (0 if none was). NaN if the patient
        could not be judged at all.
    event : ndarray of bool
        Whether progression was seen.
    lower, upper : ndarray
        d; last scan without progression, and the scan that showed it (infinite if none did).
    """

    time: Array
    event: NDArray[np.bool_]
    lower: Array
    upper: Array


def progression_free(response: ArrayLike, days: ArrayLike, *, valid: ArrayLike | None = None) -> Progression:
    """Time to the first scan that shows progression, and the scans that bracket it.

    Parameters
    ----------
    response : array_like of int, shape (P, V)
        Codes of `recist.Response` at the scans after baseline.
    days : array_like, shape (V,)
        d; when the scans were done, increasing.
    valid : array_like of bool, shape (P,), optional
        Patients that can be judged; the others become NaN. A patient who merely missed every scan is valid,
        and censored at day 0.
    """
    codes = np.atleast_2d(np.asarray(response))
    when = np.asarray(days, dtype=np.float64)
    progressed = codes == Response.PROGRESSION
    event = progressed.any(axis=1)
    upper = np.where(progressed, when, np.inf).min(axis=1, initial=np.inf)
    clear = (codes != Response.NOT_EVALUABLE) & ~progressed & (when < upper[:, None])
    lower = np.where(clear, when, 0.0).max(axis=1, initial=0.0)
    time = np.where(event, upper, lower)
    if valid is not None:
        judged = np.asarray(valid, dtype=bool)
        event = event & judged
        time, lower, upper = (np.where(judged, values, np.nan) for values in (time, lower, upper))
    return Progression(time, event, lower, upper)


def response_duration(response: ArrayLike, days: ArrayLike, progression: Progression) -> Progression:
    """Time from the first scan that shows a response to progression, censored like progression itself.

    Patients without a response are NaN, and so are those whose progression cannot be judged.

    Parameters
    ----------
    response : array_like of int, shape (P, V)
        Codes of `recist.Response` at the scans after baseline.
    days : array_like, shape (V,)
        d; when the scans were done.
    progression : Progression
        Of the same patients.
    """
    codes = np.atleast_2d(np.asarray(response))
    when = np.asarray(days, dtype=np.float64)
    responding = (codes == Response.COMPLETE) | (codes == Response.PARTIAL)
    responding &= when <= progression.time[:, None]
    first = np.where(responding, when, np.inf).min(axis=1, initial=np.inf)
    begun = np.where(np.isfinite(first), first, np.nan)
    return Progression(
        progression.time - begun,
        progression.event & np.isfinite(begun),
        progression.lower - begun,
        progression.upper - begun,
    )


def until_death(progression: Progression, death: ArrayLike) -> Progression:
    """The same with death as an event; exact times of death, infinite or NaN for whom none was seen.

    Parameters
    ----------
    progression : Progression
    death : array_like, shape (P,)
        d.
    """
    died = np.asarray(death, dtype=np.float64)
    first = ~progression.event & np.isfinite(died) & np.isfinite(progression.time)
    return Progression(
        np.where(first, died, progression.time),
        progression.event | first,
        progression.lower,
        np.where(first, died, progression.upper),
    )


def disease_control(response: ArrayLike, days: ArrayLike, *, at: float) -> Array:
    """Whether the disease is controlled at a scan: 1, 0, or NaN where it cannot be judged, shape (P,).

    Progression on any scan up to that day is 0; a scan on that day that shows no progression is 1; anything
    else cannot be judged.

    Parameters
    ----------
    response : array_like of int, shape (P, V)
        Codes of `recist.Response` at the scans after baseline.
    days : array_like, shape (V,)
        d; when the scans were done.
    at : float
        d; one of them.
    """
    codes = np.atleast_2d(np.asarray(response))
    when = np.asarray(days, dtype=np.float64)
    progressed = (codes[:, when <= at] == Response.PROGRESSION).any(axis=1)
    judged = (codes[:, when == at] != Response.NOT_EVALUABLE).any(axis=1)
    return np.where(progressed, 0.0, np.where(judged, 1.0, np.nan))


def reaches(values: ArrayLike, limit: float, *, strictly: bool = False) -> Array:
    """1 where a value reaches (or, ``strictly``, is above) a limit, 0 where not, NaN where there is none."""
    array = np.asarray(values, dtype=np.float64)
    return np.where(np.isnan(array), np.nan, array > limit if strictly else array >= limit)


def mean_ratio(measured: ArrayLike) -> Array:
    """Mean of the values after baseline over the value at baseline, missing ones left out, shape (P,).

    *Sustained activation* is a ratio of at least `SUSTAINED_RATIO` for activated CD8 cells measured before
    each dose.

    Parameters
    ----------
    measured : array_like, shape (P, V)
        Measured values, baseline first.
    """
    values = np.atleast_2d(np.asarray(measured, dtype=np.float64))
    later = values[:, 1:]
    present = np.isfinite(later)
    number = present.sum(axis=1)
    total = np.zeros(len(values))
    for column, there in zip(later.T, present.T, strict=True):  # one order of addition, whatever the batch
        total = np.where(there, total + column, total)
    judged = (number > 0) & (values[:, 0] > 0.0)
    return np.divide(total, number * values[:, 0], out=np.full(len(values), np.nan), where=judged)


def last_change(measured: ArrayLike) -> Array:
    """Last value minus the one at baseline, shape (P,); NaN if either is missing.

    A *rise* of the effector-memory share of CD8 cells is a change above `RISE_POINTS`.

    Parameters
    ----------
    measured : array_like, shape (P, V)
        Measured values, baseline first.
    """
    values = np.atleast_2d(np.asarray(measured, dtype=np.float64))
    return values[:, -1] - values[:, 0]


@dataclass(frozen=True, slots=True)
class Exposure:
    """What plasma samples after a first dose show; arrays of shape (P,), NaN if no sample was taken.

    Attributes
    ----------
    cmax : ndarray
        Largest quantified concentration; 0 if none was.
    auc : ndarray
        Area by the linear trapezoid rule, samples below the limit counted as 0.
    quantified : ndarray
        d; longest unbroken stretch of samples at or above the limit, from the first to the last of them: the
        time above the limit as far as the samples show it.
    """

    cmax: Array
    auc: Array
    quantified: Array


def exposure(measured: ArrayLike, days: ArrayLike, *, limit: float) -> Exposure:
    """Exposure after a dose, from samples with an assay limit.

    A patient counts as *exposed* when `quantified` is at least `EXPOSED_FOR`: one day, after the report that
    plasma levels stayed detectable for at least 24 h. The published wording, good systemic exposure, has no
    definition; this one is assumed.

    Parameters
    ----------
    measured : array_like, shape (P, V)
        Measured concentrations, in order of time; NaN where no sample was taken.
    days : array_like, shape (V,)
        d; when the samples were taken, from the dose on.
    limit : float
        Lower limit of quantification, in the unit of the samples.
    """
    samples = np.atleast_2d(np.asarray(measured, dtype=np.float64))
    when = np.asarray(days, dtype=np.float64)
    shape = samples.shape[:1]
    cmax, auc, longest = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    previous, before = np.zeros(shape), np.zeros(shape)  # nothing is there when the dose is given
    run_start = np.full(shape, np.nan)
    for day, sample in zip(when, samples.T, strict=True):
        taken = np.isfinite(sample)
        above = taken & (sample >= limit)
        value = np.where(above, sample, 0.0)
        cmax = np.maximum(cmax, value)
        auc = np.where(taken, auc + 0.5 * (previous + value) * (day - before), auc)
        run_start = np.where(above, np.where(np.isnan(run_start), day, run_start), run_start)
        longest = np.where(above, np.maximum(longest, day - run_start), longest)
        run_start = np.where(taken & ~above, np.nan, run_start)
        previous, before = np.where(taken, value, previous), np.where(taken, day, before)
    none = ~np.isfinite(samples).any(axis=1)
    return Exposure(*(np.where(none, np.nan, values) for values in (cmax, auc, longest)))
