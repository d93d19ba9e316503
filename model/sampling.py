"""Points of the unit cube that patients are drawn from: independent, Sobol, or a Latin hypercube."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from .errors import PopulationError, nearest
from .randomness import first_uniforms, uniforms, words

Floats = NDArray[np.float64]
Numbers = NDArray[np.int64]

SAMPLINGS = {
    "independent": "patient k is a function of (seed, k)",
    "sobol": "patient k is the k-th point of a scrambled Sobol sequence, a function of (seed, k)",
    "latin": "patient k is a function of (seed, number of patients, k)",
}
_BITS = 32
_LARGEST_OPEN = 1.0 - 2.0**-53


def points(
    sampling: str,
    names: Sequence[str],
    ids: Numbers,
    *,
    seed: int,
    attempt: int = 0,
    count: int | None = None,
) -> Floats:
    """Uniforms in (0, 1) of each patient, shape (P, len(names)), a column for each name.

    A column depends on its name and not on its place among the others, except for the direction numbers of a
    Sobol sequence. Every attempt after the first comes from the patient's own stream, whatever the sampling.

    Parameters
    ----------
    sampling
        A key of `SAMPLINGS`.
    names
        What the columns stand for.
    ids : shape (P,)
        Patient numbers.
    attempt
        How often these patients were drawn before.
    count
        Number of patients of the whole population; needed for a Latin hypercube.

    Raises
    ------
    PopulationError
        If the sampling does not exist, or a patient number is too large for it.
    """
    if sampling not in SAMPLINGS:
        raise PopulationError(f"sampling {sampling!r} does not exist; {nearest(sampling, SAMPLINGS)}")
    if not names:
        return np.empty((len(ids), 0))
    if attempt == 0 and sampling == "sobol":
        return _sobol(names, ids, seed)
    if attempt == 0 and sampling == "latin":
        return _latin(names, ids, seed, count)
    return first_uniforms(seed, ids, [f"parameter {name}" for name in names], attempt)


def _sobol(names: Sequence[str], ids: Numbers, seed: int) -> Floats:
    """Sobol points under a random linear map and shift of their binary digits, drawn from the seed.

    References
    ----------
    1. Matousek: On the L2-discrepancy for anchored boxes. Journal of Complexity 14 (1998) 527,
       doi:10.1006/jcom.1998.0489
    """
    if ids.size and ids.max() >= 2**_BITS:
        raise PopulationError(f"patient {ids.max()} is beyond the {2**_BITS} points of the Sobol sequence")
    raw = _unscrambled(len(names), ids)
    out = np.empty((len(ids), len(names)))
    for column, name in enumerate(names):
        digits = words(seed, [0], f"sobol {name}", _BITS + 1)[0] >> np.uint64(64 - _BITS)
        scrambled = np.full(len(ids), digits[_BITS], dtype=np.uint32)
        for place in range(_BITS):
            # Each digit of the point flips itself and a random set of the digits after it.
            own = np.uint32(1 << (_BITS - 1 - place))
            flipped = own | (np.uint32(digits[place]) & np.uint32(own - np.uint32(1)))
            scrambled ^= np.where(raw[:, column] & own, flipped, np.uint32(0))
        out[:, column] = (scrambled.astype(np.float64) + 0.5) * 2.0**-_BITS
    return out


def _unscrambled(dimensions: int, ids: Numbers) -> NDArray[np.uint32]:
    """Binary digits of the points with the given numbers; the sequence is walked once, in order."""
    from scipy.stats import qmc  # 0.4 s that other samplings need not pay

    distinct, places = np.unique(ids, return_inverse=True)
    found = np.empty((len(distinct), dimensions))
    sequence = qmc.Sobol(dimensions, scramble=False, bits=_BITS)
    at = 0
    for run in np.split(np.arange(len(distinct)), np.flatnonzero(np.diff(distinct) > 1) + 1):
        first = int(distinct[run[0]]) if run.size else 0
        if first > at:
            sequence.fast_forward(first - at)
            found[run] = sequence.random(len(run))
        elif run.size:
            # The very first point alone: scipy warns of a first draw that is no power of two.
            found[run[:1]] = sequence.random(1)
            found[run[1:]] = sequence.random(len(run) - 1) if len(run) > 1 else found[run[1:]]
        at = first + len(run)
    return (found * 2.0**_BITS).astype(np.uint32)[places.reshape(-1)]


def _latin(names: Sequence[str], ids: Numbers, seed: int, count: int | None) -> Floats:
    if count is None:
        raise PopulationError(
            "a Latin hypercube needs the number of patients of the whole population; pass count"
        )
    if ids.size and ids.max() >= count:
        raise PopulationError(f"patient {ids.max()} is not among the {count} of the Latin hypercube")
    out = np.empty((len(ids), len(names)))
    for column, name in enumerate(names):
        layer = _layers(seed, name, count)[ids]
        place = uniforms(seed, ids, f"latin place {name}", 1)[:, 0]
        out[:, column] = np.minimum((layer + place) / count, _LARGEST_OPEN)
    return out


@lru_cache(maxsize=128)  # a population is drawn piece by piece: 4 bytes a patient and parameter, once
def _layers(seed: int, name: str, count: int) -> NDArray[np.uint32]:
    """Layer of every patient of a Latin hypercube along one parameter: a permutation."""
    everyone = np.arange(count)
    order = np.argsort(words(seed, everyone, f"latin order {name}", 1)[:, 0], kind="stable")
    layer = np.empty(count, dtype=np.uint32)
    layer[order] = everyone
    return layer
