"""Numbers that a sensitivity analysis varies, each between two values on a scale of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, logit

from ...model.definition.parameters import Parameter, ParameterTable
from ...model.errors import Lag3igError, ParameterError, ProtocolError
from ...model.units import quantity
from ..assumptions import movable, moved
from ..protocol import Protocol
from .section import Sensitivity

Array = NDArray[np.float64]
Scale = Literal["log", "odds", "linear"]


@dataclass(frozen=True, slots=True)
class Factor:
    """A number between two values; uniform on its scale.

    Attributes
    ----------
    symbol, unit : str
    usual, low, high : float
        The value of the table, and the ends.
    scale : {"log", "odds", "linear"}
        Positive numbers move by factors, shares by factors on their odds, others by steps.
    """

    symbol: str
    unit: str
    usual: float
    low: float
    high: float
    scale: Scale

    def at(self, place: ArrayLike) -> Array:
        """Value at a place between 0 (low) and 1 (high).

        >>> round(float(Factor("k", "1/d", 1.0, 0.5, 2.0, "log").at(0.5)), 12)
        1.0
        """
        where = np.asarray(place, dtype=np.float64)
        if self.scale == "log":
            return np.asarray(self.low * (self.high / self.low) ** where)
        if self.scale == "odds":
            low, high = logit([self.low, self.high])
            return np.asarray(expit(low + where * (high - low)))
        return np.asarray(self.low + where * (self.high - self.low))


def factors_of(
    protocol: Protocol, plan: Sensitivity, base: ParameterTable
) -> tuple[tuple[Factor, ...], Mapping[str, str]]:
    """Numbers that a protocol varies, in the order of the table.

    Parameters
    ----------
    base
        Table whose values are the usual ones.

    Returns
    -------
    factors : tuple of Factor
    left_out : mapping of str to str
        Assumed numbers that cannot be moved so far, and why.

    Raises
    ------
    ProtocolError
        If a number that the protocol names is unknown, or cannot be moved as it says.
    """
    wanted = plan.parameters or tuple(item.symbol for item in movable(protocol))
    named = {*(plan.parameters or ()), *plan.ranges}
    found, left_out = [], {}
    for symbol in dict.fromkeys((*wanted, *plan.ranges)):
        try:
            factor = _factor(base[symbol], plan)
            for value in (factor.low, factor.high):
                base.with_values({symbol: value})
        except (Lag3igError, ValueError) as fault:
            if symbol in named:
                raise ProtocolError(f"sensitivity: {fault}") from None
            left_out[symbol] = str(fault)
        else:
            found.append(factor)
    if not found:
        raise ProtocolError("sensitivity: no number is left to vary; name some in parameters or ranges")
    return tuple(found), left_out


def _factor(item: Parameter, plan: Sensitivity) -> Factor:
    if item.symbol in plan.ranges:
        ends = [quantity(end, item.unit, what=f"ranges.{item.symbol}") for end in plan.ranges[item.symbol]]
    else:
        ends = sorted(moved(item, factor) for factor in (1.0 / plan.factor, plan.factor))
    low, high = ends
    if not low < high:
        raise ParameterError(
            f"{item.symbol} = {item.value:g} (unit {item.unit}) cannot go from {low:g} to {high:g}: "
            "write low, high"
        )
    scale: Scale = "linear"
    if low > 0.0:
        scale = "odds" if high < 1.0 and _is_share(item) else "log"
    return Factor(item.symbol, item.unit, item.value, low, high, scale)


def _is_share(item: Parameter) -> bool:
    return item.distribution == "logitnormal" or item.bounds == (0.0, 1.0)
