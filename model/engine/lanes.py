"""Eight doubles as one number: the lane type, its mask and their operators.

Inside a compiled kernel a lane value is one LLVM vector of ``LANES`` doubles and a mask one vector of as
many bits, so an expression such as ``a * b + 2.0`` is two packed instructions and nothing depends on an
auto-vectoriser. Arithmetic is IEEE and never reordered, but a product may be fused with the sum that takes
it: bits are the same on one compile target, and agree to rounding between targets. Without the compiler the
value is a numpy array of shape (LANES,), and numpy's operators, which fuse nothing, agree to rounding too.
"""

import itertools
import operator
from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba import types
from numba.core.datamodel import models
from numba.core.typing import signature
from numba.core.typing.templates import AbstractTemplate, infer_global
from numba.extending import lower_builtin, lower_cast, register_model

LANES = 8

VECTOR = ir.VectorType(ir.DoubleType(), LANES)
BITS = ir.VectorType(ir.IntType(1), LANES)
INTEGERS = ir.VectorType(ir.IntType(64), LANES)
# A product may be added without being rounded first, in one instruction where the processor has it.
FLAGS = ("contract",)


class LanesType(types.Type):
    """Numba type of ``LANES`` doubles, one a patient."""

    def __init__(self) -> None:
        super().__init__(name=f"lanes_f64x{LANES}")


class MaskType(types.Type):
    """Numba type of ``LANES`` truth values, one a patient."""

    def __init__(self) -> None:
        super().__init__(name=f"mask_x{LANES}")


lanes = LanesType()
mask = MaskType()


@register_model(LanesType)
class _LanesModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: types.Type) -> None:
        super().__init__(dmm, fe_type, VECTOR)


@register_model(MaskType)
class _MaskModel(models.PrimitiveModel):
    def __init__(self, dmm: Any, fe_type: types.Type) -> None:
        super().__init__(dmm, fe_type, BITS)


# Where lanes are expected a scalar number may stand: it is the same in every lane.
NUMBER = (LanesType, types.Float, types.Integer)
INDEX = (types.Integer,)


def splat(context: Any, builder: ir.IRBuilder, kind: types.Type, value: ir.Value) -> ir.Value:
    """Vector with ``value`` in every lane, or the value itself if it already is one."""
    if isinstance(kind, LanesType):
        return value
    scalar = context.cast(builder, value, kind, types.float64)
    empty = ir.Constant(VECTOR, ir.Undefined)
    single = builder.insert_element(empty, scalar, ir.Constant(ir.IntType(32), 0))
    zeros = ir.Constant(ir.VectorType(ir.IntType(32), LANES), [0] * LANES)
    return builder.shuffle_vector(single, empty, zeros)


def teach(
    function: Callable[..., Any], kinds: tuple[tuple[type, ...], ...], result: Any
) -> Callable[..., Any]:
    """Decorator: make a Python function or operator a compiled built-in, given the LLVM instructions for it.

    Parameters
    ----------
    function
        What kernels write; called without the compiler it is its own numpy twin.
    kinds
        For each argument the numba types allowed. Arguments of kind ``NUMBER`` reach the instructions as
        vectors; if all are of that kind, at least one must be lanes, so that plain arithmetic is left
        alone.
    result
        Numba type of the value, or a function of the arguments' types; ``types.none`` for an effect.

    Returns
    -------
    Callable
        Decorator of ``build(context, builder, signature, *values)``, which returns the LLVM value.
    """

    class Template(AbstractTemplate):
        key = function

        def generic(self, arguments: Any, keywords: Any) -> Any:
            if keywords or len(arguments) != len(kinds):
                return None
            fits = all(isinstance(given, kind) for given, kind in zip(arguments, kinds, strict=True))
            if not fits or all(
                kind is NUMBER and not isinstance(given, LanesType)
                for given, kind in zip(arguments, kinds, strict=True)
            ):
                return None
            given = tuple(map(types.unliteral, arguments))
            return signature(result if isinstance(result, types.Type) else result(*given), *given)

    infer_global(function)(Template)

    def decorate(build: Callable[..., ir.Value]) -> Callable[..., ir.Value]:
        def lower(context: Any, builder: ir.IRBuilder, called: Any, values: Any) -> ir.Value:
            vectors = [
                splat(context, builder, given, value) if kind is NUMBER else value
                for kind, given, value in zip(kinds, called.args, values, strict=True)
            ]
            value = build(context, builder, called, *vectors)
            return context.get_dummy_value() if result is types.none else value

        for combination in itertools.product(*kinds):
            lower_builtin(function, *combination)(lower)
        return build

    return decorate


@lower_cast(types.Float, LanesType)
@lower_cast(types.Integer, LanesType)
def _cast_number(
    context: Any, builder: ir.IRBuilder, kind: types.Type, _to: types.Type, value: ir.Value
) -> ir.Value:
    return splat(context, builder, kind, value)


def _teach_operators() -> None:
    arithmetic = {operator.add: "fadd", operator.sub: "fsub", operator.mul: "fmul", operator.truediv: "fdiv"}
    for function, instruction in arithmetic.items():

        @teach(function, (NUMBER, NUMBER), lanes)
        def _arithmetic(
            _context: Any,
            builder: Any,
            _signature: Any,
            left: Any,
            right: Any,
            instruction: str = instruction,
        ) -> ir.Value:
            return getattr(builder, instruction)(left, right, flags=FLAGS)

    comparisons = {
        operator.lt: "<",
        operator.le: "<=",
        operator.gt: ">",
        operator.ge: ">=",
        operator.eq: "==",
        operator.ne: "!=",
    }
    for function, symbol in comparisons.items():

        @teach(function, (NUMBER, NUMBER), mask)
        def _comparison(
            _context: Any, builder: Any, _signature: Any, left: Any, right: Any, symbol: str = symbol
        ) -> ir.Value:
            # False where either side is NaN, except "!=": as in Python and numpy.
            compare = builder.fcmp_unordered if symbol == "!=" else builder.fcmp_ordered
            return compare(symbol, left, right)

    for function, instruction in {operator.and_: "and_", operator.or_: "or_"}.items():

        @teach(function, ((MaskType,), (MaskType,)), mask)
        def _logic(
            _context: Any,
            builder: Any,
            _signature: Any,
            left: Any,
            right: Any,
            instruction: str = instruction,
        ) -> ir.Value:
            return getattr(builder, instruction)(left, right)

    @teach(operator.invert, ((MaskType,),), mask)
    def _invert(_context: Any, builder: Any, _signature: Any, value: Any) -> ir.Value:
        return builder.not_(value)

    @teach(operator.neg, ((LanesType,),), lanes)
    def _negate(_context: Any, builder: Any, _signature: Any, value: Any) -> ir.Value:
        return builder.fneg(value)


_teach_operators()
