"""Records that a biological process is declared with."""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from ..errors import ModelError

# Names that the generated kernels use for their own arguments and functions.
RESERVED = frozenset(
    {"b", "d", "derived", "diagonal", "dy", "inputs", "lu", "out", "parameters", "pi", "y"}
    | {
        "absolute",
        "exp",
        "floor",
        "kernel",
        "load",
        "log",
        "maximum",
        "minimum",
        "power",
        "select",
        "sqrt",
        "store",
    }
)
ASSAY_KINDS = ("none", "lognormal", "normal")
# Beginnings of the names that the kernels give to entries of a matrix.
RESERVED_BEGINNINGS = ("a_", "b_", "l_", "pivot_", "x_")
_SYMBOL = re.compile(r"[A-Za-z][A-Za-z0-9]*(_[A-Za-z0-9]+)*\Z")


def check_symbol(symbol: str) -> None:
    """Refuse a symbol that cannot stand in an equation or in generated source.

    Raises
    ------
    ModelError
        If the symbol is no plain identifier, or is a word of Python or of the kernels.
    """
    if len(symbol) > 40 or not _SYMBOL.match(symbol):
        raise ModelError(
            f"{symbol!r} is no symbol: use at most 40 ASCII letters and digits, starting with a letter, "
            "joined by single underscores"
        )
    if symbol in RESERVED or keyword.iskeyword(symbol) or symbol.startswith(RESERVED_BEGINNINGS):
        raise ModelError(f"{symbol!r} is a word of Python or of the kernels: choose another symbol")


def _need(record: object, *fields: str) -> None:
    for name in fields:
        if not str(getattr(record, name)).strip():
            raise ModelError(f"{record!r}: {name} is empty; every record of the definition needs one")


@dataclass(frozen=True, slots=True)
class Species:
    """State of the model, with its closed-form value before any drug.

    ``scale`` is its magnitude under drug where the start is zero, as an expression of parameters.
    """

    symbol: str
    unit: str
    meaning: str
    start: str = "0"
    scale: str = "1"

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "unit", "meaning", "start", "scale")


@dataclass(frozen=True, slots=True)
class Input:
    """Piecewise-constant function of time that only events change."""

    symbol: str
    unit: str
    meaning: str
    start: float = 0.0

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "unit", "meaning")


@dataclass(frozen=True, slots=True)
class Quantity:
    """Named algebraic expression of parameters, states and inputs."""

    symbol: str
    expression: str
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "expression", "unit", "meaning")


@dataclass(frozen=True, slots=True)
class Process:
    """Rate and what it adds to, or takes from, the balance of each species it touches."""

    symbol: str
    rate: str
    unit: str
    meaning: str
    effects: Mapping[str, str]

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "rate", "unit", "meaning")
        if not self.effects:
            raise ModelError(f"process {self.symbol!r} has no effect on any species: name one, or remove it")


@dataclass(frozen=True, slots=True)
class Assay:
    """Measurement error of an observable; ``size`` and ``limit`` are symbols of the parameter table."""

    kind: str = "none"
    size: str | None = None
    limit: str | None = None

    def __post_init__(self) -> None:
        if self.kind not in ASSAY_KINDS:
            raise ModelError(f"assay kind {self.kind!r} does not exist: choose from {', '.join(ASSAY_KINDS)}")


@dataclass(frozen=True, slots=True)
class Observable:
    """What can be read off a patient: a true value, and the assay that would measure it."""

    symbol: str
    expression: str
    unit: str
    name: str
    assay: Assay = field(default_factory=Assay)

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "expression", "unit", "name")


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Way a drug enters: the state a dose is added to, and how a dose becomes an amount there.

    ``scale`` turns an amount in ``dose_unit`` into the state's unit without bioavailability. ``compartments``
    are the drug's own states, ``number`` the compartment number of an event table (CMT), ``infusion`` the
    input that a rate is added to (None: bolus only).
    """

    name: str
    drug: str
    state: str
    dose_unit: str
    number: int
    compartments: tuple[str, ...]
    scale: str = "1"
    bioavailability: str = "1"
    lag: str = "0"
    infusion: str | None = None


@dataclass(frozen=True, slots=True)
class Limit:
    """Plausibility rule: a patient for whom the expression is negative cannot exist and is drawn again."""

    symbol: str
    expression: str
    unit: str
    meaning: str

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        _need(self, "expression", "unit", "meaning")


@dataclass(frozen=True, slots=True)
class Conserved:
    """Total that only ``sources`` (inputs or process symbols) change."""

    meaning: str
    total: str
    sources: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Calibrated:
    """Parameter computed once, at the typical patient, from the others."""

    symbol: str
    expression: str
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One biological process: all that one file of the definition declares."""

    name: str
    meaning: str
    species: tuple[Species, ...] = ()
    inputs: tuple[Input, ...] = ()
    quantities: tuple[Quantity, ...] = ()
    processes: tuple[Process, ...] = ()
    observables: tuple[Observable, ...] = ()
    routes: tuple[Route, ...] = ()
    limits: tuple[Limit, ...] = ()
    conserved: tuple[Conserved, ...] = ()
    calibrated: tuple[Calibrated, ...] = ()
