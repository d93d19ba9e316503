"""Parameters that a fit may move, and the tables of parameters they make for each indication and trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model.definition.parameters import Parameter, ParameterTable
from ..model.errors import ParameterError
from .priors import LinkName, Prior

Array = NDArray[np.float64]
Target = Literal["median", "spread", "effect", "share", "correlation"]

# Standard deviation of a prior on the link scale, by how the value is known. Assumed.
UNCERTAINTY = {"measured": 0.2, "estimated": 0.3, "derived": 0.3, "assumed": 0.7}
SPREAD_UNCERTAINTY = 0.3


@dataclass(frozen=True, slots=True)
class Context:
    """Where a table of parameters is needed: an indication, and the trial (its card) in it."""

    indication: str
    trial: str


@dataclass(frozen=True, slots=True)
class FreeParameter:
    """One number that a fit may move.

    Attributes
    ----------
    target : {"median", "spread", "effect", "share", "correlation"}
        What of the symbols is moved: the median over patients; its spread; a factor exp(x) on the median in
        one indication or trial; the share of the second kind of patient; a correlation of two symbols.
    symbols : tuple of str
        None for the share, two for a correlation, else one.
    where : str
        Indication or trial that it is about; all if empty.
    prior : Prior
    """

    target: Target
    symbols: tuple[str, ...]
    prior: Prior
    where: str = ""

    @property
    def name(self) -> str:
        """How tables and figures call it.

        >>> FreeParameter("spread", ("DT",), Prior(0.5, 0.3)).name
        'spread of DT'
        >>> FreeParameter("effect", ("kkill",), Prior(0.0, 0.5, "identity"), "breast").name
        'kkill: effect of breast'
        """
        about = f" in {self.where}" if self.where else ""
        match self.target:
            case "median":
                return f"{self.symbols[0]}{about}"
            case "spread":
                return f"spread of {self.symbols[0]}{about}"
            case "effect":
                return f"{self.symbols[0]}: effect of {self.where}"
            case "share":
                return f"share of the second kind{about}"
            case "correlation":
                return f"correlation of {' and '.join(self.symbols)}"

    def is_about(self, context: Context) -> bool:
        """Whether the parameter plays a part there."""
        return self.where in ("", context.indication, context.trial)


def link_of(parameter: Parameter) -> LinkName:
    """Link scale of a parameter's median."""
    if parameter.distribution == "logitnormal" or parameter.bounds == (0.0, 1.0):
        return "logit"
    return "log"


def prior_of_median(
    parameter: Parameter,
    *,
    median: float | None = None,
    deviation: float | None = None,
    bounds: tuple[float, float] | None = None,
) -> Prior:
    """Prior of a median: about the value of the table, as wide as its kind says, unless told otherwise.

    Raises
    ------
    ParameterError
        If the numbers contradict each other, or the parameter is 0 in the table and no median is given.
    """
    centre = parameter.value if median is None else median
    width = UNCERTAINTY[parameter.kind] if deviation is None else deviation
    try:
        return Prior(centre, width, link_of(parameter), bounds)
    except ParameterError as fault:
        raise ParameterError(f"parameter {parameter.symbol}: {fault}") from None


@dataclass(frozen=True, slots=True)
class FreeParameters:
    """All that a fit may move, as one vector on the free scale (see `priors`)."""

    items: tuple[FreeParameter, ...]

    def __post_init__(self) -> None:
        names = self.names
        for name in names:
            if names.count(name) > 1:
                raise ParameterError(f"{name!r} is free twice")

    def __len__(self) -> int:
        return len(self.items)

    @property
    def names(self) -> tuple[str, ...]:
        """Names in the order of the vector."""
        return tuple(item.name for item in self.items)

    def natural(self, free: ArrayLike) -> Array:
        """Values on their natural scales, shape (..., n)."""
        vector = np.asarray(free, dtype=np.float64)
        return np.stack(
            [item.prior.natural(vector[..., place]) for place, item in enumerate(self.items)], axis=-1
        )

    def free(self, natural: ArrayLike) -> Array:
        """Values on the free scale, shape (..., n)."""
        values = np.asarray(natural, dtype=np.float64)
        return np.stack(
            [item.prior.free(values[..., place]) for place, item in enumerate(self.items)], axis=-1
        )

    def centre(self) -> Array:
        """The prior medians, on the free scale; shape (n,)."""
        return self.draw(np.full((1, len(self.items)), 0.5))[0]

    def draw(self, uniforms: ArrayLike) -> Array:
        """Draws of the prior on the free scale from uniforms in (0, 1); both of shape (R, n)."""
        levels = np.asarray(uniforms, dtype=np.float64)
        columns = [item.prior.quantile(levels[:, place]) for place, item in enumerate(self.items)]
        return self.free(np.stack(columns, axis=-1))

    def log_prior(self, free: ArrayLike) -> Array:
        """Logarithm of the prior density on the free scale, shape (...)."""
        vector = np.asarray(free, dtype=np.float64)
        parts = [item.prior.log_density(vector[..., place]) for place, item in enumerate(self.items)]
        return np.asarray(np.sum(parts, axis=0))

    def table(self, free: ArrayLike, base: ParameterTable, context: Context) -> ParameterTable:
        """Table of parameters in a context.

        Medians and spreads first, those of the context after those of all; then factors of effects.

        Parameters
        ----------
        free : array_like, shape (n,)
            Vector on the free scale.
        base : ParameterTable
            What is not free; its values in this context.
        context : Context
        """
        values = self.natural(free)
        medians: dict[str, float] = {}
        spreads: dict[str, float] = {}
        factors: dict[str, float] = {}
        changed = base
        for item, value in sorted(
            zip(self.items, values.tolist(), strict=True), key=lambda pair: bool(pair[0].where)
        ):
            if not item.is_about(context):
                continue
            match item.target:
                case "median":
                    medians[item.symbols[0]] = value
                case "spread":
                    spreads[item.symbols[0]] = value
                case "effect":
                    factors[item.symbols[0]] = factors.get(item.symbols[0], 1.0) * float(np.exp(value))
                case "share":
                    changed = changed.with_share(value)
                case "correlation":
                    changed = changed.with_correlation((item.symbols[0], item.symbols[1]), value)
        for symbol, factor in factors.items():
            medians[symbol] = medians.get(symbol, base[symbol].value) * factor
        return changed.with_values(medians).with_spreads(spreads)

    def moved(self, context: Context) -> tuple[int, ...]:
        """Places in the vector that change the table of a context."""
        return tuple(place for place, item in enumerate(self.items) if item.is_about(context))

    def coordinates(self, context: Context) -> Array:
        """Sums of free parameters that the table of a context depends on, shape (q, n).

        A factor joins the logarithm of its median: only their sum shows. What another free parameter of the
        context replaces is still there.
        """
        rows = np.eye(len(self.items))
        medians: dict[str, int] = {}
        kept: dict[int, Array] = {}
        for place in sorted(self.moved(context), key=lambda place: bool(self.items[place].where)):
            item = self.items[place]
            if item.target == "effect" and item.symbols[0] in medians:
                kept[medians[item.symbols[0]]][place] = 1.0
                continue
            kept[place] = rows[place]
            plain = item.prior.link == "log" and item.prior.bounds is None
            if item.target == "effect" or (item.target == "median" and plain):
                medians[item.symbols[0]] = place
        return np.array([kept[place] for place in sorted(kept)]).reshape(-1, len(self.items))

    def subset(self, places: Sequence[int]) -> "FreeParameters":
        """Only some of them."""
        return FreeParameters(tuple(self.items[place] for place in places))
