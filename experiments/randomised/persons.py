"""Persons of a large virtual trial that replicate trials are drawn from, and who is in which trial."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...model.errors import ProtocolError
from ..members import by_draw, draws_of, members, taking_part
from ..results import TrialResult
from .section import TIMED, Design

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]
Rows = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Outcomes:
    """What happened to the P persons in one arm; NaN where it cannot be told.

    Attributes
    ----------
    value : ndarray, shape (P,)
        Time of the event or of the last look (d), 1 or 0, or a measured change.
    event : ndarray of bool, shape (P,)
        Whether the event was seen; False for endpoints that are no times.
    """

    value: Array
    event: Flags


@dataclass(frozen=True, slots=True)
class Persons:
    """The same persons in both arms, and where they come from.

    Attributes
    ----------
    control, experimental : Outcomes
    draws : int
        Draws of a fit, D.
    members : tuple of ndarray of int
        For each draw the rows of those who can take part.
    stratum : ndarray of int, shape (P,)
        0 or 1: baseline sum of diameters below or above the median; all 0 without strata.
    scans : ndarray, shape (V,)
        d; days of the scans, baseline first.
    by_scan : bool
        Whether an event is seen at scans only, so that follow-up ends with the last of them.
    """

    control: Outcomes
    experimental: Outcomes
    draws: int
    members: tuple[Rows, ...]
    stratum: Rows
    scans: Array
    by_scan: bool

    def drawn(
        self, draw: int, trials: Rows, size: int, *, seed: int, part: slice = slice(None), purpose: str = ""
    ) -> Rows:
        """Persons of trials of one draw, nobody twice in a trial; shape (R, size).

        Parameters
        ----------
        draw : int
        trials : ndarray of int, shape (R,)
            Numbers of the trials: the same number has the same persons, whatever else is asked.
        size : int
            Patients of both arms together.
        seed : int
        part : slice
            Of the persons of the draw.
        purpose : str
            Of trials that are to have other persons under the same number.

        Raises
        ------
        ProtocolError
            If there are not so many.
        """
        return members(
            self.members[draw][part],
            trials,
            size,
            seed=seed,
            purpose=f"members of a randomised trial{purpose}",
            who=f"draw {draw} of {self.draws}",
        )

    @property
    def fewest(self) -> int:
        """Persons of the draw that has fewest."""
        return min(rows.size for rows in self.members)


def persons_of(result: TrialResult, design: Design) -> Persons:
    """The persons of a result, as a design looks at them.

    Raises
    ------
    ProtocolError
        If the result lacks an arm or the endpoint.
    """
    tables = {name: result.arms[name].table for name in (design.control, design.experimental)}
    outcomes = [_outcomes(tables[name], design) for name in (design.control, design.experimental)]
    able = np.isfinite(outcomes[0].value) & np.isfinite(outcomes[1].value) & taking_part(result, tables)
    draws = draws_of(result)
    baseline = tables[design.control]["sld"][:, 0]
    middle = np.nanmedian(baseline[able]) if able.any() else 0.0
    return Persons(
        outcomes[0],
        outcomes[1],
        draws,
        by_draw(able, result.patients.draw, draws),
        (baseline > middle).astype(np.int64) * design.strata,
        np.array(result.scan_days, dtype=np.float64),
        design.endpoint in ("pfs", "immune_pfs"),
    )


def _outcomes(table: Mapping[str, NDArray[Any]], design: Design) -> Outcomes:
    column = f"{design.endpoint}_time" if design.endpoint in TIMED else design.endpoint
    if column not in table:
        raise ProtocolError(f"the result has no {column!r}; run the protocol with this design again")
    value = np.asarray(table[column], dtype=np.float64)
    if design.endpoint in TIMED:
        return Outcomes(value, np.asarray(table[f"{design.endpoint}_event"], dtype=bool))
    return Outcomes(value, np.zeros(value.size, dtype=bool))
