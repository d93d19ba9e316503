"""The words that kernels are written in."""

from .contract import kernel
from .lane_math import absolute, exp, floor, log, maximum, minimum, power, reciprocals, select, sqrt
from .lane_memory import load, store
from .lanes import LANES

__all__ = [
    "LANES",
    "absolute",
    "exp",
    "floor",
    "kernel",
    "load",
    "log",
    "maximum",
    "minimum",
    "power",
    "reciprocals",
    "select",
    "sqrt",
    "store",
]
