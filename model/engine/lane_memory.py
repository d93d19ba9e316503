"""Rows of lanes in memory, masks as bits, and calls of kernels by handle.

A kernel's arguments are pointers to rows of ``LANES`` doubles: number ``r * LANES + l`` is row r, lane l.
Without the compiler a pointer is a numpy array of shape (rows, LANES), a handle is the Python function
itself, and each function below is its own twin.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils

from .lanes import BITS, FLAGS, INDEX, LANES, NUMBER, VECTOR, LanesType, MaskType, lanes, mask, splat, teach

POINTER = types.CPointer(types.float64)
_POINTER = (types.CPointer,)
_ALIGNMENT = 8  # an unaligned move costs nothing where the address happens to be aligned


def load(pointer: Any, row: int) -> Any:
    """Lanes of one row."""
    return pointer[row].copy()


def store(pointer: Any, row: int, value: Any) -> None:
    """Write one row."""
    pointer[row] = value


def load_lane(pointer: Any, row: int, lane: int) -> Any:
    """Number of one lane in one row."""
    return pointer[row, lane]


def store_lane(pointer: Any, row: int, lane: int, value: float) -> None:
    """Write one lane of one row."""
    pointer[row, lane] = value


def lane_of(value: Any, lane: int) -> Any:
    """Number of one lane of a value."""
    return value[lane]


def from_row(pointer: Any, row: int) -> Any:
    """Pointer to a later row, which becomes row 0."""
    return pointer[row:]


def first_row(array: Any) -> Any:
    """Pointer to the first row of an array of shape (rows, LANES), C-contiguous."""
    return array


def address_of(array: Any) -> Any:
    """Pointer to the first number of a flat array; indexing it counts no references, unlike the array."""
    return array


def weighted_sum(pointer: Any, row: int, stride: int, weights: tuple[Any, ...]) -> Any:
    """Sum of ``weights[j]`` times row ``row + j * stride``, in that order; weights are scalars or lanes."""
    total = weights[0] * pointer[row]
    for j in range(1, len(weights)):
        total = total + weights[j] * pointer[row + j * stride]
    return total


def bits_of(truth: Any) -> int:
    """Mask as an integer whose bit l is lane l."""
    return int(np.packbits(truth, bitorder="little")[0])


def mask_of(bits: int) -> Any:
    """Mask whose lane l is bit l of an integer."""
    return np.unpackbits(np.array([bits], dtype=np.uint8), bitorder="little").astype(bool)


def call2(handle: Any, first: Any, second: Any) -> None:
    """Call a kernel of two pointers."""
    handle(first, second)


def call4(handle: Any, first: Any, second: Any, third: Any, fourth: Any) -> None:
    """Call a kernel of four pointers."""
    handle(first, second, third, fourth)


def call5(handle: Any, first: Any, second: Any, third: Any, fourth: Any, fifth: Any) -> None:
    """Call a kernel of five pointers."""
    handle(first, second, third, fourth, fifth)


def call7(
    handle: Any, first: Any, second: Any, third: Any, fourth: Any, fifth: Any, sixth: Any, seventh: Any
) -> None:
    """Call a kernel of seven pointers."""
    handle(first, second, third, fourth, fifth, sixth, seventh)


def _cell(builder: Any, pointer: Any, row: Any, lane: Any = None) -> ir.Value:
    index = builder.mul(_word(builder, row), ir.Constant(ir.IntType(64), LANES))
    if lane is not None:
        index = builder.add(index, _word(builder, lane))
    return builder.gep(pointer, [index])


def _word(builder: Any, value: Any) -> ir.Value:
    return value if value.type.width == 64 else builder.sext(value, ir.IntType(64))


def _load_vector(builder: Any, pointer: Any, row: Any) -> ir.Value:
    # Else vectors that are spilled to the stack straddle cache lines.
    attributes = builder.function.attributes
    attributes.alignstack = VECTOR.count * 8
    attributes.add("nounwind")  # llvmlite writes the alignment only beside another attribute
    address = builder.bitcast(_cell(builder, pointer, row), VECTOR.as_pointer())
    return builder.load(address, align=_ALIGNMENT)


@teach(load, (_POINTER, INDEX), lanes)
def _load(_context: Any, builder: Any, _signature: Any, pointer: Any, row: Any) -> ir.Value:
    return _load_vector(builder, pointer, row)


@teach(store, (_POINTER, INDEX, NUMBER), types.none)
def _store(_context: Any, builder: Any, _signature: Any, pointer: Any, row: Any, value: Any) -> None:
    address = builder.bitcast(_cell(builder, pointer, row), VECTOR.as_pointer())
    builder.store(value, address, align=_ALIGNMENT)


@teach(load_lane, (_POINTER, INDEX, INDEX), types.float64)
def _load_lane(_context: Any, builder: Any, _signature: Any, pointer: Any, row: Any, lane: Any) -> ir.Value:
    return builder.load(_cell(builder, pointer, row, lane))


@teach(store_lane, (_POINTER, INDEX, INDEX, (types.Float,)), types.none)
def _store_lane(
    _context: Any, builder: Any, _signature: Any, pointer: Any, row: Any, lane: Any, value: Any
) -> None:
    builder.store(value, _cell(builder, pointer, row, lane))


@teach(lane_of, ((LanesType,), INDEX), types.float64)
def _lane_of(_context: Any, builder: Any, _signature: Any, value: Any, lane: Any) -> ir.Value:
    return builder.extract_element(value, _word(builder, lane))


@teach(from_row, (_POINTER, INDEX), POINTER)
def _from_row(_context: Any, builder: Any, _signature: Any, pointer: Any, row: Any) -> ir.Value:
    return _cell(builder, pointer, row)


@teach(first_row, ((types.Array,),), POINTER)
def _first_row(context: Any, builder: Any, signature: Any, array: Any) -> ir.Value:
    return context.make_array(signature.args[0])(context, builder, array).data


@teach(address_of, ((types.Array,),), lambda array: types.CPointer(array.dtype))
def _address_of(context: Any, builder: Any, signature: Any, array: Any) -> ir.Value:
    return context.make_array(signature.args[0])(context, builder, array).data


@teach(weighted_sum, (_POINTER, INDEX, INDEX, (types.UniTuple,)), lanes)
def _weighted_sum(
    context: Any, builder: Any, signature: Any, pointer: Any, row: Any, stride: Any, weights: Any
) -> ir.Value:
    kind = signature.args[3].dtype
    index = _word(builder, row)
    total = None
    for weight in cgutils.unpack_tuple(builder, weights):
        row_of_lanes = _load_vector(builder, pointer, index)
        term = builder.fmul(splat(context, builder, kind, weight), row_of_lanes, flags=FLAGS)
        total = term if total is None else builder.fadd(total, term, flags=FLAGS)
        index = builder.add(index, _word(builder, stride))
    return total


@teach(bits_of, ((MaskType,),), types.int64)
def _bits_of(_context: Any, builder: Any, _signature: Any, truth: Any) -> ir.Value:
    return builder.zext(builder.bitcast(truth, ir.IntType(LANES)), ir.IntType(64))


@teach(mask_of, (INDEX,), mask)
def _mask_of(_context: Any, builder: Any, _signature: Any, bits: Any) -> ir.Value:
    return builder.bitcast(builder.trunc(bits, ir.IntType(LANES)), BITS)


def _call(_context: Any, builder: Any, _signature: Any, handle: Any, *pointers: Any) -> None:
    kind = ir.FunctionType(ir.VoidType(), [pointer.type for pointer in pointers])
    builder.call(builder.inttoptr(handle, kind.as_pointer()), pointers)


def _teach_calls() -> None:
    callers: dict[Callable[..., None], int] = {call2: 2, call4: 4, call5: 5, call7: 7}
    for function, count in callers.items():
        teach(function, (INDEX, *[_POINTER] * count), types.none)(_call)


_teach_calls()
