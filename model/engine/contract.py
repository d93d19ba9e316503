"""What the engine and a model agree on: kernels, their names and counts."""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

from numba import types

from ..errors import ModelError
from .compilation import compile_kernel, jit_disabled
from .lane_memory import POINTER


class Kernel:
    """A straight-line lane function, compiled when first needed.

    Called from Python it runs on numpy arrays of shape (rows, any), and agrees to rounding.
    """

    __slots__ = ("_compiled", "arity", "function")

    def __init__(self, function: Callable[..., None]) -> None:
        self.function = function
        self.arity = len(inspect.signature(function).parameters)
        self._compiled: Any = None

    def __call__(self, *pointers: Any) -> None:
        """Run on numpy arrays."""
        self.function(*pointers)

    def __repr__(self) -> str:
        return f"<kernel {self.function.__qualname__}>"

    @property
    def compiled(self) -> Any:
        """The C function as numba holds it."""
        if self._compiled is None:
            self._compiled = compile_kernel(self.function, types.void(*[POINTER] * self.arity))
        return self._compiled

    @property
    def handle(self) -> Any:
        """What compiled code calls it by: its address, or the function itself without the compiler."""
        return self.function if jit_disabled() else self.compiled.address


def kernel(function: Callable[..., None]) -> Kernel:
    """Declare a function of pointers to rows of lanes to be a kernel."""
    return Kernel(function)


# Pointers that each kernel takes.
ARITY: Mapping[str, int] = {
    "derive": 2,
    "start": 2,
    "rhs": 4,
    "factor": 5,
    "solve": 2,
    "observe": 4,
    "margins": 2,
    "doses": 2,
    "calibrate": 2,
}
ROWS_PER_DOSE = 3  # scale, bioavailability, lag


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """Derivatives of the states that go along with them, each a block of as many rows.

    Attributes
    ----------
    count
        Number of directions.
    rhs
        Kernel that writes the slope of a direction's derivatives, once the model's ``rhs`` was called; it
        takes their rows, those of the inputs' derivatives, the derived rows of the model, those of the
        direction, and the rows to write.
    solve
        Kernel that does what the model's ``solve`` did for the derivatives of the right side, in place; it
        takes the factors, the derivatives at the start of the step, those of the inputs, the derived rows of
        the direction, and the right side.
    stage
        Kernel that adds to a right side what ``rhs`` writes and then does what ``solve`` does; it takes the
        factors, the derived rows of the model, the derivatives at the stage, and what ``solve`` takes.
    inputs
        Inputs of a direction.
    derived_first, derived_rows
        Where the derived rows begin, and how many each direction has.
    """

    count: int
    rhs: Kernel
    solve: Kernel
    stage: Kernel
    inputs: int
    derived_first: int
    derived_rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """A model as the engine sees it: names, counts of rows and nine kernels.

    Attributes
    ----------
    states, parameters, observables, margin_names, dose_names, calibrated
        Symbols in the order of the rows.
    inputs
        Symbols of the piecewise-constant inputs, with their start values.
    derived_rows, factor_rows
        Rows that ``derive`` and ``factor`` write.
    scales
        Typical magnitude of each state, by which a default absolute tolerance is scaled.
    controlled
        How many states, the first ones, set the step; the others go along. By default all.
    stiff
        Whether states within a step are settled on the equilibrium of fast processes, at a price.
    directions
        Derivatives that go along with the first states.
    hash
        Identity of the definition that the kernels were written from.
    """

    name: str
    states: tuple[str, ...]
    parameters: tuple[str, ...]
    inputs: tuple[tuple[str, float], ...]
    observables: tuple[str, ...]
    margin_names: tuple[str, ...]
    dose_names: tuple[str, ...]
    calibrated: tuple[str, ...]
    derived_rows: int
    factor_rows: int
    hash: str
    derive: Kernel
    start: Kernel
    rhs: Kernel
    factor: Kernel
    solve: Kernel
    observe: Kernel
    margins: Kernel
    doses: Kernel
    calibrate: Kernel
    scales: tuple[float, ...] = field(default=())
    controlled: int = 0
    stiff: bool = False
    directions: Directions | None = None

    def __post_init__(self) -> None:
        if not self.controlled:
            object.__setattr__(self, "controlled", len(self.states))

    def rows_of(self, name: str) -> int:
        """Rows that a kernel of (derived, out) writes."""
        rows = {
            "start": len(self.states),
            "margins": len(self.margin_names),
            "doses": ROWS_PER_DOSE * len(self.dose_names),
            "calibrate": len(self.calibrated),
        }
        if name not in rows:
            raise ModelError(
                f"{name!r} is not a kernel of parameters alone; allowed: {', '.join(map(repr, rows))}"
            )
        return rows[name]


def load_kernels(module: ModuleType | Mapping[str, Any]) -> Kernels:
    """Record of a module of kernels, checked.

    Parameters
    ----------
    module
        A generated module, or a mapping with the same names.

    Raises
    ------
    ModelError
        A kernel or name is missing, is of the wrong kind, or takes another number of pointers.
    """
    given = dict(module) if isinstance(module, Mapping) else vars(module)
    source = str(given.get("NAME", given.get("__name__", "?")))

    def constant(name: str, kind: type) -> Any:
        if name not in given:
            raise ModelError(f"model {source!r} has no {name}; write it again with 'build' or 'emit'")
        if not isinstance(given[name], kind) or isinstance(given[name], bool):
            raise ModelError(
                f"{name} of model {source!r} is {type(given[name]).__name__}, not {kind.__name__}"
            )
        return given[name]

    for name, arity in ARITY.items():
        value = constant(name, Kernel)
        if value.arity != arity:
            raise ModelError(
                f"kernel {name!r} of model {source!r} takes {value.arity} pointers instead of {arity}"
            )
    states = constant("STATES", tuple)
    scales = tuple(float(scale) for scale in given.get("SCALES", (1.0,) * len(states)))
    if not states:
        raise ModelError(f"model {source!r} has no states")
    if len(scales) != len(states):
        raise ModelError(f"model {source!r} has {len(states)} states but {len(scales)} scales")
    return Kernels(
        name=source,
        states=states,
        parameters=constant("PARAMETERS", tuple),
        inputs=tuple((str(symbol), float(value)) for symbol, value in constant("INPUTS", tuple)),
        observables=constant("OBSERVABLES", tuple),
        margin_names=constant("MARGINS", tuple),
        dose_names=constant("DOSES", tuple),
        calibrated=constant("CALIBRATED", tuple),
        derived_rows=constant("DERIVED", int),
        factor_rows=constant("FACTORS", int),
        hash=constant("HASH", str),
        scales=scales,
        stiff=bool(given.get("STIFF", False)),
        **{name: given[name] for name in ARITY},
    )
