"""Time of death under a hazard that follows tumour size and progression; form and numbers are assumed.

References
----------
Mechanism of the model, section 8.7, survival. No survival card is fitted: whatever is shown with it says so.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .engine.simd import exp, log

Array = NDArray[np.float64]


def death_times(
    sld: ArrayLike,
    times: ArrayLike,
    *,
    progression: ArrayLike,
    threshold: ArrayLike,
    rate: float,
    exponent: float,
    ratio: float,
) -> Array:
    """When each patient dies, infinite if alive at the last time; shape (P,).

    The hazard is ``rate * (sld / sld at the start) ** exponent``, times ``ratio`` from progression on. Its
    integral, by trapezoids, reaches the patient's threshold at the time of death.

    Parameters
    ----------
    sld : array_like, shape (P, T)
        True sum of longest diameters; NaN gives NaN.
    times : array_like, shape (T,)
        d; increasing from 0 on, with every time of progression among them.
    progression : array_like, shape (P,)
        d; when progression was seen, infinite if it was not.
    threshold : array_like, shape (P,)
        Draws of a standard exponential.
    rate : float
        1/d; hazard at the start.
    exponent, ratio : float

    Examples
    --------
    Constant size: the integral is 0.1 a day, and 0.2 after progression on day 5.

    >>> death_times(np.ones((2, 11)), np.arange(11.0), progression=[np.inf, 5.0], threshold=[0.9, 0.9],
    ...             rate=0.1, exponent=0.5, ratio=2.0)
    array([9., 7.])
    """
    size, when = np.asarray(sld, dtype=np.float64), np.asarray(times, dtype=np.float64)
    limit = np.asarray(threshold, dtype=np.float64)
    hazard = rate * exp(exponent * log(size / size[:, :1]))
    after = when[None, :-1] >= np.asarray(progression, dtype=np.float64)[:, None]
    rise = 0.5 * (hazard[:, 1:] + hazard[:, :-1]) * np.diff(when) * np.where(after, ratio, 1.0)
    total = np.cumsum(rise, axis=1)
    reached = total >= limit[:, None]
    place = np.argmax(reached, axis=1)
    rows = np.arange(len(size))
    left = total[rows, place] - limit
    died = when[place + 1] - np.diff(when)[place] * left / np.maximum(rise[rows, place], 1e-300)
    found = np.where(reached.any(axis=1), died, np.inf)
    return np.where(np.isnan(total[:, -1]), np.nan, found)
