"""Random numbers that belong to a patient: a function of seed, patient, purpose and index alone.

The raw words are those of ``numpy.random.Philox(key=[patient, seed], counter=[0, attempt, code(purpose),
0])``, so a patient's draws are the same in any chunk, order, thread and population. Words become uniforms by
integer arithmetic and uniforms become normals through the engine's own logarithm, so that they are the same
bits on every machine; numpy promises that only for raw words.
"""

import hashlib
from collections.abc import Iterator, Sequence
from functools import cache

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .engine.simd import log, sqrt
from .errors import PopulationError

Words = NDArray[np.uint64]
Floats = NDArray[np.float64]

# Philox4x64: multipliers and key increments (reference 1, table 2 and section 4).
_MULTIPLY_0 = np.uint64(0xD2E7470EE14C6C93)
_MULTIPLY_1 = np.uint64(0xCA5A826395121157)
_WEYL_0 = np.uint64(0x9E3779B97F4A7C15)
_WEYL_1 = np.uint64(0xBB67AE8584CAA73B)
_ROUNDS = 10
_HALF = np.uint64(32)
_LOW = np.uint64(0xFFFFFFFF)
_BLOCK = 4  # words a counter gives
_CHUNK = 8192  # counters worked on at once: the words stay in the processor's cache


@cache
def code(purpose: str) -> int:
    """Number that stands for a purpose in the counter: the first eight bytes of its SHA-256."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")


def _high(left: np.uint64, right: Words) -> Words:
    """Upper 64 bits of a product of 64-bit words, by halves."""
    left_low, left_high = left & _LOW, left >> _HALF
    right_low, right_high = right & _LOW, right >> _HALF
    middle = left_high * right_low + ((left_low * right_low) >> _HALF)
    other = left_low * right_high + (middle & _LOW)
    return left_high * right_high + (middle >> _HALF) + (other >> _HALF)


def _philox(
    counter: tuple[Words, Words, Words, Words], key: tuple[Words, Words]
) -> tuple[Words, Words, Words, Words]:
    """Philox4x64-10 of each counter under each key."""
    c0, c1, c2, c3 = counter
    k0, k1 = key
    for _ in range(_ROUNDS):
        c0, c1, c2, c3 = (
            _high(_MULTIPLY_1, c2) ^ c1 ^ k0,
            _MULTIPLY_1 * c2,
            _high(_MULTIPLY_0, c0) ^ c3 ^ k1,
            _MULTIPLY_0 * c0,
        )
        k0, k1 = k0 + _WEYL_0, k1 + _WEYL_1
    return c0, c1, c2, c3


def _whole(values: ArrayLike, name: str) -> Words:
    array = np.atleast_1d(np.asarray(values))
    if array.ndim != 1 or array.dtype.kind not in "iu" or (array.size and array.min() < 0):
        raise PopulationError(f"{name} must be whole numbers from 0 on; got {values!r}")
    return array.astype(np.uint64)


def _check_seed(seed: int) -> None:
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**64:
        raise PopulationError(f"seed must be a whole number from 0 to 2**64 - 1; got {seed!r}")


def _chunks(patients: int, blocks: int) -> Iterator[slice]:
    step = max(1, _CHUNK // max(1, blocks))
    return (slice(first, first + step) for first in range(0, patients, step))


def words(seed: int, ids: ArrayLike, purpose: str, count: int, *, attempt: ArrayLike = 0) -> Words:
    """Raw 64-bit words of patients.

    Parameters
    ----------
    seed
        Seed of the population, 0 to 2**64 - 1.
    ids : shape (P,)
        Patient numbers.
    purpose
        What the words are for; another purpose is another, independent stream.
    count
        Words a patient.
    attempt : scalar or shape (P,)
        How often the patient was drawn before.

    Returns
    -------
    shape (P, count)

    Raises
    ------
    PopulationError
        If the seed, a patient number or an attempt is no whole number in range.

    References
    ----------
    1. Salmon, Moraes, Dror, Shaw: Parallel random numbers: as easy as 1, 2, 3. SC11,
    doi:10.1145/2063384.2063405
    """
    _check_seed(seed)
    patients = _whole(ids, "patient numbers")
    attempts = np.broadcast_to(_whole(attempt, "attempts"), patients.shape)
    blocks = -(-count // _BLOCK)
    out = np.empty((patients.size, blocks, _BLOCK), dtype=np.uint64)
    index = np.arange(1, blocks + 1, dtype=np.uint64)  # numpy's stream counts before it draws
    for rows in _chunks(patients.size, blocks):
        shape = (patients[rows].size, blocks)
        counter = (
            np.broadcast_to(index, shape),
            np.broadcast_to(attempts[rows, None], shape),
            np.full(shape, code(purpose), dtype=np.uint64),
            np.zeros(shape, dtype=np.uint64),
        )
        key = (np.broadcast_to(patients[rows, None], shape), np.full(shape, seed, dtype=np.uint64))
        for word, values in enumerate(_philox(counter, key)):
            out[rows, :, word] = values
    return out.reshape(patients.size, -1)[:, :count]


def to_open_interval(raw: Words) -> Floats:
    """Uniforms in (0, 1): the odd multiples of 2**-53, exact and symmetric about 1/2."""
    return ((raw >> np.uint64(11)) | np.uint64(1)).astype(np.float64) * 2.0**-53


def uniforms(seed: int, ids: ArrayLike, purpose: str, count: int, attempt: ArrayLike = 0) -> Floats:
    """Uniforms in (0, 1), shape (P, count); parameters as of `words`.

    >>> uniforms(1, [7], "example", 2).tolist() == uniforms(1, [3, 7], "example", 5)[1:, :2].tolist()
    True
    """
    return to_open_interval(words(seed, ids, purpose, count, attempt=attempt))


def first_uniforms(seed: int, ids: ArrayLike, purposes: Sequence[str], attempt: int = 0) -> Floats:
    """First uniform of each of several purposes, shape (P, purposes): the same as one call for each, faster.

    >>> pair = first_uniforms(1, [3, 7], ["example", "other"])
    >>> pair[:, 0].tolist() == uniforms(1, [3, 7], "example", 1)[:, 0].tolist()
    True
    """
    _check_seed(seed)
    patients = _whole(ids, "patient numbers")
    codes = np.array([code(purpose) for purpose in purposes], dtype=np.uint64)
    out = np.empty((patients.size, codes.size), dtype=np.uint64)
    one, attempts, zero = (np.uint64(value) for value in (1, attempt, 0))
    for rows in _chunks(patients.size, codes.size):
        shape = (patients[rows].size, codes.size)
        counter = (
            np.full(shape, one),
            np.full(shape, attempts),
            np.tile(codes, (shape[0], 1)),
            np.full(shape, zero),
        )
        key = (np.broadcast_to(patients[rows, None], shape), np.full(shape, seed, dtype=np.uint64))
        out[rows] = _philox(counter, key)[0]
    return to_open_interval(out)


def normals(seed: int, ids: ArrayLike, purpose: str, count: int, attempt: ArrayLike = 0) -> Floats:
    """Standard normals, shape (P, count); parameters as of `words`."""
    return normal_quantile(uniforms(seed, ids, purpose, count, attempt))


def exponentials(seed: int, ids: ArrayLike, purpose: str, count: int, attempt: ArrayLike = 0) -> Floats:
    """Exponentials of mean 1, shape (P, count); parameters as of `words`."""
    return -np.asarray(log(uniforms(seed, ids, purpose, count, attempt)))


# Wichura's PPND16: numerator and denominator, highest power first.
# fmt: off
_CENTRE = (
    (2.5090809287301226727e3, 3.3430575583588128105e4, 6.7265770927008700853e4, 4.5921953931549871457e4,
     1.3731693765509461125e4, 1.9715909503065514427e3, 1.3314166789178437745e2, 3.3871328727963666080e0),
    (5.2264952788528545610e3, 2.8729085735721942674e4, 3.9307895800092710610e4, 2.1213794301586595867e4,
     5.3941960214247511077e3, 6.8718700749205790830e2, 4.2313330701600911252e1, 1.0),
)
_SHOULDER = (
    (7.74545014278341407640e-4, 2.27238449892691845833e-2, 2.41780725177450611770e-1,
     1.27045825245236838258e0, 3.64784832476320460504e0, 5.76949722146069140550e0,
     4.63033784615654529590e0, 1.42343711074968357734e0),
    (1.05075007164441684324e-9, 5.47593808499534494600e-4, 1.51986665636164571966e-2,
     1.48103976427480074590e-1, 6.89767334985100004550e-1, 1.67638483018380384940e0,
     2.05319162663775882187e0, 1.0),
)
_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 1.24266094738807843860e-3,
     2.65321895265761230930e-2, 2.96560571828504891230e-1, 1.78482653991729133580e0,
     5.46378491116411436990e0, 6.65790464350110377720e0),
    (2.04426310338993978564e-15, 1.42151175831644588870e-7, 1.84631831751005468180e-5,
     7.86869131145613259100e-4, 1.48753612908506148525e-2, 1.36929880922735805310e-1,
     5.99832206555887937690e-1, 1.0),
)
# fmt: on


def _ratio(coefficients: tuple[tuple[float, ...], tuple[float, ...]], x: Floats) -> Floats:
    numerator, denominator = (np.full(x.shape, row[0]) for row in coefficients)
    for above, below in zip(coefficients[0][1:], coefficients[1][1:], strict=True):
        numerator = numerator * x + above
        denominator = denominator * x + below
    return numerator / denominator


def normal_quantile(probability: ArrayLike) -> Floats:
    """Standard normal quantile of probabilities in (0, 1), any shape, to about 1e-16 relative.

    References
    ----------
    1. Wichura: Algorithm AS 241, the percentage points of the normal distribution. Applied Statistics 37
    (1988) 477,
       doi:10.2307/2347330, routine PPND16
    """
    p = np.asarray(probability, dtype=np.float64)
    centred = p - 0.5
    distance = np.abs(centred)
    found = np.asarray(centred * _ratio(_CENTRE, 0.180625 - np.minimum(distance, 0.425) ** 2))
    outside = distance > 0.425  # one in seven
    tail = np.where(centred < 0.0, p, 1.0 - p)[outside]
    depth = np.asarray(sqrt(-np.asarray(log(tail))))
    size = _ratio(_SHOULDER, depth - 1.6)
    deep = depth > 5.0
    size[deep] = _ratio(_TAIL, depth[deep] - 5.0)
    found[outside] = np.copysign(size, centred[outside])
    return found
