"""Line of a regimen fitted to a model: its route, and what it brings into each patient."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .definition.records import Route
from .dose_record import DoseRecord
from .errors import DosingError, nearest
from .units import convert

if TYPE_CHECKING:
    from .definition.mechanism import Mechanism
    from .model import Model

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Size:
    """What one dose brings in the state's unit, shape (P,): an amount at once, or a rate and a duration.

    Slopes are derivatives with respect to the parameters asked about, shape (P, p); None stands for zero.
    """

    amount: Floats | None = None
    rate: Floats | None = None
    duration: Floats | None = None
    amount_slopes: Floats | None = None
    rate_slopes: Floats | None = None
    duration_slopes: Floats | None = None


@dataclass(frozen=True, slots=True)
class DoseLine:
    """Line that gives a dose, with its route and the patients' scale, bioavailability and lag, shape (P,).

    ``slopes`` holds the derivatives of these three, shape (P, 3, p), p being 0 where none are asked for.
    """

    number: int
    record: DoseRecord
    route: Route
    scale: Floats
    bioavailability: Floats
    lag: Floats
    slopes: Floats

    @property
    def lag_slopes(self) -> Floats:
        """Derivatives of the lag, shape (P, p)."""
        return self.slopes[:, 2]

    def size(self, factor: Floats | float = 1.0) -> Size:
        """What one dose of the line brings, with a factor on its bioavailable amount.

        Raises
        ------
        UnitError
            If the line's unit is not one of the route's dose unit.
        """
        record = self.record
        available = self.bioavailability * factor
        scale_slopes = self.slopes[:, 0]
        available_slopes = self.slopes[:, 1] * np.reshape(factor, (-1, 1))
        if record.rate is not None:
            given = self._in_dose_unit(record.rate)
            rate, rate_slopes = given * self.scale, given * scale_slopes
            if record.is_constant_infusion:
                forever = np.full_like(rate, math.inf)
                return Size(rate=rate, duration=forever, rate_slopes=rate_slopes)
            nominal = record.amount / record.rate
            return Size(
                rate=rate,
                duration=available * nominal,
                rate_slopes=rate_slopes,
                duration_slopes=available_slopes * nominal,
            )
        given = self._in_dose_unit(record.amount)
        amount = given * self.scale * available
        amount_slopes = given * (scale_slopes * available[:, None] + self.scale[:, None] * available_slopes)
        if record.duration is not None:
            return Size(
                rate=amount / record.duration,
                duration=np.full_like(amount, record.duration),
                rate_slopes=amount_slopes / record.duration,
            )
        return Size(amount=amount, amount_slopes=amount_slopes)

    def _in_dose_unit(self, value: float) -> float:
        unit = self.record.unit or self.route.dose_unit
        return convert(
            value, unit, self.route.dose_unit, what=f"line {self.number}, amount of {self.record.drug}"
        )


def fit_line(number: int, record: DoseRecord, model: "Model", properties: Floats, slopes: Floats) -> DoseLine:
    """Line fitted to the model.

    Parameters
    ----------
    number
        Of the line in its regimen, from 1; it opens the message of an error.
    properties : shape (P, R, 3)
        Scale, bioavailability and lag of each patient by each of the model's routes.
    slopes : shape (P, R, 3, p)
        Their derivatives.

    Raises
    ------
    DosingError
        If the model has no such drug, route or compartment, or the route takes no infusion.
    """
    try:
        row = find_route(record, model)
    except DosingError as error:
        raise DosingError(f"line {number} of the regimen: {error}") from None
    route = model.routes[row]
    if (record.rate is not None or record.duration is not None) and route.infusion is None:
        raise DosingError(
            f"line {number} of the regimen: {route.name} takes no infusion; leave out its rate or duration, "
            "or give it by another route"
        )
    scale, bioavailability, lag = properties[:, row].T
    slopes = slopes[:, row].copy()
    if record.bioavailability is not None:
        bioavailability = np.full_like(bioavailability, record.bioavailability)
        slopes[:, 1] = 0.0
    if record.lag is not None:
        lag = np.full_like(lag, record.lag)
        slopes[:, 2] = 0.0
    return DoseLine(number, record, route, scale, bioavailability, lag, slopes)


def find_route(record: DoseRecord, model: "Model | Mechanism") -> int:
    """Row of the line's route among the model's routes; the drug's first route if it names none.

    Raises
    ------
    DosingError
        If the model has no such drug, route or compartment; the message names what it has.
    """
    drugs = dict.fromkeys(route.drug for route in model.routes)
    if record.drug not in drugs:
        raise DosingError(f"the model has no drug {record.drug!r}; {nearest(record.drug, drugs)}")
    own = {index: route for index, route in enumerate(model.routes) if route.drug == record.drug}
    for index, route in own.items():
        if record.route is None and record.compartment is None:
            return index
        if route.name == record.route or (
            record.compartment is not None and route.number == record.compartment
        ):
            return index
    if record.route is not None:
        names = [route.name for route in own.values()]
        raise DosingError(f"no route {record.route!r} for {record.drug}; {nearest(record.route, names)}")
    have = ", ".join(f"{route.number} ({route.name})" for route in own.values())
    raise DosingError(f"CMT = {record.compartment} takes no dose of {record.drug}; it enters by CMT = {have}")
