"""Functions of lanes: selections, rounding, and exp, log and power as branch-free polynomials.

The same text is compiled for lanes and runs on numpy arrays of any shape with the same bits, because it
uses nothing but IEEE operations. Neither the machine's math library nor numpy's is asked, since both change
by a unit in the last place from one processor to the next.

References
----------
K. C. Ng and P. Tang, FDLIBM (Sun Microsystems, 1993), e_exp.c and e_log.c: reductions, log's coefficients.
"""

from typing import Any

import numpy as np
from llvmlite import ir
from numba.core import cgutils
from numba.extending import overload, register_jitable

from .lanes import INTEGERS, NUMBER, VECTOR, LanesType, MaskType, lanes, teach

_LANES = (LanesType,)

LOG2_E = 1.4426950408889634
LN2_HIGH = 6.93147180369123816490e-01  # 32 bits, so that a multiple up to 2**20 is exact
LN2_LOW = 1.90821492927058770002e-10
SMALLEST_EXPONENT = -708.0  # below it exp is 0: a processor takes hundreds of cycles for a subnormal number
LARGEST_EXPONENT = 710.0  # above it exp is infinite
SQRT_2 = 1.4142135623730951
SMALLEST_NORMAL = 2.2250738585072014e-308
TWO_54 = 18014398509481984.0
SMALLEST_BASE = 1e-300  # power takes the logarithm of nothing smaller


def select(condition: Any, yes: Any, no: Any) -> Any:
    """``yes`` where the condition holds, else ``no``."""
    return np.where(condition, yes, no)


def sqrt(x: Any) -> Any:
    """Square root, correctly rounded; NaN below zero."""
    with np.errstate(all="ignore"):
        return np.sqrt(x)


def absolute(x: Any) -> Any:
    """Absolute value."""
    return np.abs(x)


def floor(x: Any) -> Any:
    """Largest integer not above x."""
    return np.floor(x)


def minimum(x: Any, y: Any) -> Any:
    """Smaller of two, NaN if either is NaN."""
    with np.errstate(all="ignore"):
        return np.where(np.isnan(x), x, np.where(np.less(x, y), x, y))


def maximum(x: Any, y: Any) -> Any:
    """Larger of two, NaN if either is NaN."""
    with np.errstate(all="ignore"):
        return np.where(np.isnan(x), x, np.where(np.greater(x, y), x, y))


def exponent(x: Any) -> Any:
    """Binary exponent of a positive normal number, as a double."""
    bits = np.asarray(x, dtype=np.float64).view(np.int64)
    return ((bits >> 52) - 1023).astype(np.float64)


def mantissa(x: Any) -> Any:
    """Number in [1, 2) with the digits of a positive normal number."""
    bits = np.asarray(x, dtype=np.float64).view(np.int64)
    return ((bits & 0x000FFFFFFFFFFFFF) | 0x3FF0000000000000).view(np.float64)


def power_of_two(n: Any) -> Any:
    """Two to an integer between -1022 and 1023 that is given as a double; anything for NaN."""
    with np.errstate(all="ignore"):
        whole = np.where(np.isnan(n), 0.0, n).astype(np.int64)
    return ((whole + 1023) << 52).view(np.float64)


@teach(select, ((MaskType,), NUMBER, NUMBER), lanes)
def _select(_context: Any, builder: Any, _signature: Any, condition: Any, yes: Any, no: Any) -> ir.Value:
    return builder.select(condition, yes, no)


def _intrinsic(name: str) -> Any:
    def build(_context: Any, builder: Any, _signature: Any, value: Any) -> ir.Value:
        kind = ir.FunctionType(VECTOR, [VECTOR])
        full_name = f"llvm.{name}.v{VECTOR.count}f64"
        return builder.call(cgutils.get_or_insert_function(builder.module, kind, full_name), [value])

    return build


teach(sqrt, (_LANES,), lanes)(_intrinsic("sqrt"))
teach(absolute, (_LANES,), lanes)(_intrinsic("fabs"))
teach(floor, (_LANES,), lanes)(_intrinsic("floor"))


@teach(minimum, (NUMBER, NUMBER), lanes)
def _minimum(_context: Any, builder: Any, _signature: Any, x: Any, y: Any) -> ir.Value:
    smaller = builder.select(builder.fcmp_ordered("<", x, y), x, y)
    return builder.select(builder.fcmp_unordered("uno", x, x), x, smaller)


@teach(maximum, (NUMBER, NUMBER), lanes)
def _maximum(_context: Any, builder: Any, _signature: Any, x: Any, y: Any) -> ir.Value:
    larger = builder.select(builder.fcmp_ordered(">", x, y), x, y)
    return builder.select(builder.fcmp_unordered("uno", x, x), x, larger)


def _all(pattern: int) -> ir.Constant:
    return ir.Constant(INTEGERS, [pattern] * INTEGERS.count)


def _number(value: float) -> ir.Constant:
    return ir.Constant(VECTOR, [value] * VECTOR.count)


# Between integers and doubles the way leads through the digits of 2**52, since the direct conversion is not
# packed on every processor.
@teach(exponent, (_LANES,), lanes)
def _exponent(_context: Any, builder: Any, _signature: Any, x: Any) -> ir.Value:
    shifted = builder.lshr(builder.bitcast(x, INTEGERS), _all(52))
    shifted = builder.or_(shifted, _all(0x4330000000000000))
    return builder.fsub(builder.bitcast(shifted, VECTOR), _number(2.0**52 + 1023.0))


@teach(mantissa, (_LANES,), lanes)
def _mantissa(_context: Any, builder: Any, _signature: Any, x: Any) -> ir.Value:
    digits = builder.and_(builder.bitcast(x, INTEGERS), _all(0x000FFFFFFFFFFFFF))
    return builder.bitcast(builder.or_(digits, _all(0x3FF0000000000000)), VECTOR)


@teach(power_of_two, (_LANES,), lanes)
def _power_of_two(_context: Any, builder: Any, _signature: Any, n: Any) -> ir.Value:
    shifted = builder.bitcast(builder.fadd(n, _number(2.0**52 + 2.0**51)), INTEGERS)
    return builder.bitcast(builder.shl(builder.add(shifted, _all(1023)), _all(52)), VECTOR)


@register_jitable(forceinline=True)
def _exp(x: Any) -> Any:
    bounded = maximum(SMALLEST_EXPONENT, minimum(LARGEST_EXPONENT, x))
    n = floor(bounded * LOG2_E + 0.5)
    r = (bounded - n * LN2_HIGH) - n * LN2_LOW
    square = r * r
    fourth = square * square
    # Taylor's series of (exp(r) - 1 - r) / r**2, in pairs so that the terms do not wait for each other.
    low = (1.0 / 2.0 + r * (1.0 / 6.0)) + square * (1.0 / 24.0 + r * (1.0 / 120.0))
    middle = (1.0 / 720.0 + r * (1.0 / 5040.0)) + square * (1.0 / 40320.0 + r * (1.0 / 362880.0))
    high = (1.0 / 3628800.0 + r * (1.0 / 39916800.0)) + square * (
        1.0 / 479001600.0 + r * (1.0 / 6227020800.0)
    )
    y = 1.0 + (r + square * (low + fourth * (middle + fourth * high)))
    scaled = (y * 2.0) * power_of_two(n - 1.0)  # in two factors, or the largest results would overflow early
    return select(x < SMALLEST_EXPONENT, 0.0, scaled)


@register_jitable(forceinline=True)
def _log_of_normal(x: Any, correction: Any) -> Any:
    """Logarithm of a positive normal number; ``correction`` is added to its binary exponent."""
    m = mantissa(x)
    large = m > SQRT_2
    k = exponent(x) + select(large, 1.0, 0.0) - correction
    f = select(large, m * 0.5, m) - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd))
    square = 0.5 * f * f
    return k * LN2_HIGH - ((square - (s * (square + (even + odd)) + k * LN2_LOW)) - f)


@register_jitable(forceinline=True)
def _log(x: Any) -> Any:
    tiny = x < SMALLEST_NORMAL
    y = _log_of_normal(select(tiny, x * TWO_54, x), select(tiny, 54.0, 0.0))
    y = select(x > 0.0, y, select(x == 0.0, -np.inf, np.nan))
    return select(x == np.inf, np.inf, y)


@register_jitable(forceinline=True)
def _power(x: Any, h: Any) -> Any:
    exponent_of_e = h * _log_of_normal(maximum(SMALLEST_BASE, x), 0.0)
    vanishes = (x <= 0.0) & (exponent_of_e < 0.0)
    y = select(vanishes, 0.0, _exp(exponent_of_e))
    return select(x < np.inf, y, x)


def exp(x: Any) -> Any:
    """Exponential, within one unit in the last place; 0 below -708, infinity beyond the range, NaN for NaN.

    >>> float(exp(0.0)), float(exp(-1000.0))
    (1.0, 0.0)
    """
    with np.errstate(all="ignore"):
        return _exp(np.asarray(x, dtype=np.float64))


def log(x: Any) -> Any:
    """Natural logarithm, within one unit in the last place; -infinity at 0, NaN below 0 and for NaN."""
    with np.errstate(all="ignore"):
        return _log(np.asarray(x, dtype=np.float64))


def power(x: Any, h: Any) -> Any:
    """Power of a base that is not negative: exp(h log x); 0 for x <= 0 where h > 0.

    A base that is not finite is its own power. The relative error is a unit in the last place or two, plus
    that of the product h log x.
    """
    with np.errstate(all="ignore"):
        return _power(np.asarray(x, dtype=np.float64), h)


def _compile_for_lanes(function: Any, text: Any) -> None:
    """Let kernels call ``function`` and get ``text``, inlined."""
    overload(function, jit_options={"forceinline": True}, strict=False)(
        lambda x, *rest: text if isinstance(x, LanesType) else None
    )


_compile_for_lanes(exp, _exp)
_compile_for_lanes(log, _log)
_compile_for_lanes(power, _power)
