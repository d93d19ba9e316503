"""Treatment before a trial, and who is taken into it after: a run-in, its scan, a new baseline."""

from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from ..model import Regimen, endpoints, recist
from ..model.documents import Section
from ..model.randomness import exponentials, normals
from ..model.trial_design import Dose, Span

Array = NDArray[np.float64]
Category = Literal["complete", "partial", "stable", "progression"]
CODES = {
    "complete": recist.Response.COMPLETE,
    "partial": recist.Response.PARTIAL,
    "stable": recist.Response.STABLE,
    "progression": recist.Response.PROGRESSION,
}


class RunIn(Section):
    """Doses before the trial, how long, and which responses at its end are taken into the trial.

    The scan that ends the run-in is the baseline scan of the trial: its first day, and that of all its doses
    and visits, is day 0.
    """

    doses: tuple[Dose, ...]
    length: Span
    select: Annotated[tuple[Category, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ends_in_time(self) -> "RunIn":
        for item in self.doses:
            last = max((one.time for one in item.regimen().administrations(self.length + 1.0)), default=0.0)
            if last >= self.length:
                raise ValueError(
                    f"{item.drug}: a dose of the run-in on day {last:g}, but it ends on day "
                    f"{self.length:g}; give "
                    "a count"
                )
        return self

    def regimen(self) -> Regimen:
        """Doses of the run-in, from its own first day on."""
        return sum((item.regimen() for item in self.doses), Regimen())

    def selected(
        self,
        sld: Array,
        hazard: Array,
        *,
        seed: int,
        ids: NDArray[np.int64],
        error: Array,
        cv: float,
        lesions: Array,
    ) -> NDArray[np.bool_]:
        """Who has one of the responses that are taken, shape (P,).

        Parameters
        ----------
        sld : ndarray, shape (P, 2)
            mm; true sums before and after the run-in.
        hazard : ndarray, shape (P,)
            Cumulative hazard of a new lesion over it.
        seed, ids
            Of the error of the first scan, and of new lesions.
        error : ndarray, shape (P,)
            Standard normals of the scan after it, which is the baseline of the trial.
        cv : float
            Of the logarithm of a measured sum.
        lesions : ndarray, shape (P,)
            Target lesions.
        """
        noise = np.stack([normals(seed, ids, "error of sld before a run-in", 1)[:, 0], error], axis=1)
        recorded = recist.record(endpoints.measure(sld, noise, kind="lognormal", size=cv), lesions)
        threshold = exponentials(seed, ids, "new lesion in a run-in", 1)[:, 0]
        response = recist.assess(recorded, endpoints.lesion_present(hazard[:, None], threshold))[:, 0]
        return np.isin(response, [CODES[name] for name in self.select])


def later(doses: tuple[Dose, ...], days: float) -> Regimen:
    """Doses that begin so many days later, as one regimen."""
    moved = (item.model_copy(update={"start": item.start + days}).regimen() for item in doses)
    return sum(moved, Regimen())
