"""Functions of lanes: selections, rounding, and exp, log and power as branch-free polynomials.

The same text is compiled for lanes and runs on numpy arrays of any shape. On numpy it has the same bits on
every machine, because it uses nothing but IEEE operations: neither the machine's math library nor numpy's is
asked, since both change by a unit in the last place from one processor to the next. Compiled, it may fuse
products with sums and agrees to rounding.

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
LN2 = 0.6931471805599453
ROUNDER = 1.5 * 2.0**52  # a number that is added to it loses its fraction
SMALLEST_EXPONENT = -708.0  # below it exp is 0: a processor takes hundreds of cycles for a subnormal number
LARGEST_EXPONENT = 710.0  # above it exp is infinite
SMALLEST_BINARY_EXPONENT = -1021.0
LARGEST_BINARY_EXPONENT = 1024.0
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
def _nearest(x: Any) -> Any:
    """Nearest integer of a number below 2**51."""
    return (x + ROUNDER) - ROUNDER


@register_jitable(forceinline=True)
def _exp_of_small(r: Any, n: Any) -> Any:
    """``2**n exp(r)`` for r of at most half the logarithm of 2 in size and integers n from -1021 to 1024."""
    square = r * r
    fourth = square * square
    # Minimax polynomial of (exp(r) - 1 - r) / r**2, in pairs so that the terms do not wait for each other.
    low = (0.5000000000000012 + r * 0.166666666666667) + square * (
        0.04166666666651542 + r * 0.008333333333307203
    )
    middle = (0.0013888888947016498 + r * 0.00019841269917388965) + square * (
        2.4801489941722665e-05 + r * 2.7557216296247496e-06
    )
    high = 2.76312804838574e-07 + r * 2.5117862466922306e-08
    y = 1.0 + (r + square * (low + fourth * (middle + fourth * high)))
    return (y * 2.0) * power_of_two(n - 1.0)  # in two factors, or the largest results would overflow early


@register_jitable(forceinline=True)
def _exp(x: Any) -> Any:
    bounded = maximum(SMALLEST_EXPONENT, minimum(LARGEST_EXPONENT, x))
    n = _nearest(bounded * LOG2_E)
    y = _exp_of_small((bounded - n * LN2_HIGH) - n * LN2_LOW, n)
    return select(x < SMALLEST_EXPONENT, 0.0, y)


@register_jitable(forceinline=True)
def _exponent_and_rest(x: Any) -> Any:
    """Integer k and number f with ``x = 2**k (1 + f)``, 1 + f from sqrt(1/2) to sqrt(2), of x normal."""
    m = mantissa(x)
    large = m > SQRT_2
    return exponent(x) + select(large, 1.0, 0.0), select(large, m * 0.5, m) - 1.0


@register_jitable(forceinline=True)
def _log_parts(f: Any) -> Any:
    """Numbers a and b with ``log(1 + f) = f - (a - b)``, 1 + f from sqrt(1/2) to sqrt(2)."""
    x = 2.0 + f
    # Its reciprocal without a division: a cubic good to 1.2e-4, and two steps of Newton's method.
    r = 1.9703539818264806 + x * (-1.448555179923105 + x * (0.4709505035558726 - x * 0.05713608688459833))
    r = r + r * (1.0 - x * r)
    r = r + r * (1.0 - x * r)
    s = f * r
    z = s * s
    w = z * z
    even = w * (3.999999999940941908e-01 + w * (2.222219843214978396e-01 + w * 1.531383769920937332e-01))
    odd = 1.818357216161805012e-01 + w * 1.479819860511658591e-01
    odd = z * (6.666666666666735130e-01 + w * (2.857142874366239149e-01 + w * odd))
    square = 0.5 * f * f
    return square, s * (square + (even + odd))


@register_jitable(forceinline=True)
def _log(x: Any) -> Any:
    tiny = x < SMALLEST_NORMAL
    k, f = _exponent_and_rest(select(tiny, x * TWO_54, x))
    k = k - select(tiny, 54.0, 0.0)
    square, rest = _log_parts(f)
    y = k * LN2_HIGH - ((square - (rest + k * LN2_LOW)) - f)
    y = select(x > 0.0, y, select(x == 0.0, -np.inf, np.nan))
    return select(x == np.inf, np.inf, y)


@register_jitable(forceinline=True)
def _power(x: Any, h: Any) -> Any:
    k, f = _exponent_and_rest(maximum(SMALLEST_BASE, x))
    square, rest = _log_parts(f)
    exponent_of_two = h * (k + LOG2_E * (f - (square - rest)))
    bounded = maximum(SMALLEST_BINARY_EXPONENT, minimum(LARGEST_BINARY_EXPONENT, exponent_of_two))
    n = _nearest(bounded)
    y = _exp_of_small(LN2 * (bounded - n), n)
    vanishes = (exponent_of_two < SMALLEST_BINARY_EXPONENT) | ((x <= 0.0) & (exponent_of_two < 0.0))
    return select(x < np.inf, select(vanishes, 0.0, y), x)


@register_jitable(forceinline=True)
def _reciprocals_of_two(x: Any, y: Any) -> Any:
    product = x * y
    inverse = select(product < np.inf, 1.0 / product, np.nan)
    return inverse * y, inverse * x


@register_jitable(forceinline=True)
def _reciprocals_of_three(x: Any, y: Any, z: Any) -> Any:
    pair = x * y
    product = pair * z
    inverse = select(product < np.inf, 1.0 / product, np.nan)
    inverse_of_pair = inverse * z
    return inverse_of_pair * y, inverse_of_pair * x, inverse * pair


def reciprocals(x: Any, y: Any, z: Any = None) -> Any:
    """Reciprocals of two or three numbers by one division: it costs as much as ten products.

    Each errs by three units in the last place at most. All are NaN where the product of the numbers is
    infinite; numbers above 1e-102 and below 1e102 in size are safe.
    """
    with np.errstate(all="ignore"):
        return _reciprocals_of_two(x, y) if z is None else _reciprocals_of_three(x, y, z)


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


@overload(reciprocals, jit_options={"forceinline": True}, strict=False)
def _compile_reciprocals(x: Any, y: Any, z: Any = None) -> Any:
    return (lambda x, y, z=None: _reciprocals_of_two(x, y)) if z is None else _reciprocals_of_three
