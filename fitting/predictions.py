"""What a simulated cohort predicts of published statistics: shares, means, curves, smooth in its true curves.

Assay errors are integrated out wherever a closed form exists: a sum of diameters as `tumour_outcomes` says, a
mean on treatment over a measured baseline given the values on treatment, a rise as the difference of two
normal errors, a sample below the limit of quantification as a log-normal tail.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from ..model import Model
from ..model.endpoints import EXPOSED_FOR, RISE_POINTS, SUSTAINED_RATIO
from .course import Cohort, Course
from .tumour_outcomes import TumourOutcomes, tumour_outcomes

Array = NDArray[np.float64]


class Prediction:
    """Statistics of a cohort, given the course of its patients.

    Parameters
    ----------
    cohort : Cohort
    course : Course
    model : Model
        Whose assays measure.
    """

    def __init__(self, cohort: Cohort, course: Course, model: Model) -> None:
        self.cohort, self.course, self.model = cohort, course, model

    @cached_property
    def outcomes(self) -> TumourOutcomes:
        """Outcomes of the scans."""
        cohort, course = self.cohort, self.course
        return tumour_outcomes(
            course.at("sld", np.array([0.0, *cohort.scans])),
            course.at("lesion_hazard", cohort.scans),
            cohort.scan_errors,
            cohort.scans,
            lesions=course.lesions,
            error=self.error_of("sld"),
            version=cohort.version,
        )

    def error_of(self, observable: str) -> float:
        """Standard deviation of an assay: of the logarithm, or of the value."""
        assay = self.model.observable(observable).assay
        return self.model.parameters[assay.size].value if assay.size else 0.0

    def limit_of(self, observable: str) -> float:
        """Lower limit of quantification; 0 if the assay has none."""
        assay = self.model.observable(observable).assay
        return self.model.parameters[assay.limit].value if assay.limit else 0.0

    def probability(self, endpoint: str, *, day: float | None = None, limit: float | None = None) -> Array:
        """Probability of an endpoint in each patient, shape (P,)."""
        confirmed = self.cohort.confirmation
        match endpoint:
            case "no_progression":
                return self.outcomes.free[:, self._scan(day)]
            case "objective_response":
                return self.outcomes.responded(confirmed=confirmed)[:, self._scan(day)]
            case "complete_response":
                return self.outcomes.complete(confirmed=confirmed)[:, self._scan(day)]
            case "disease_control_for":
                return self.outcomes.controlled_for(float(limit or 0.0), confirmed=confirmed)
            case "best_change_at_most":
                return self.outcomes.shrunk(float(limit or 0.0))[:, -1]
            case "cd8_sustained":
                return self._sustained()
            case "em_rise":
                return self._rise()
            case "exposed":
                return self._exposed()
        raise KeyError(endpoint)

    def _scan(self, day: float | None) -> int:
        """Column of the last scan up to a day; of the last scan of all if there is no day."""
        if day is None:
            return -1
        return int(np.searchsorted(self.cohort.scans, day, side="right")) - 1

    def _sustained(self) -> Array:
        """Mean of measured values on treatment over measured baseline reaches its ratio."""
        values = self.course.at("activated_cd8", self.cohort.blood)
        error = self.error_of("activated_cd8")
        later = (values[:, 1:] * np.exp(error * self.cohort.cd8_errors[:, 1:])).mean(axis=1)
        return ndtr(np.log(later / (SUSTAINED_RATIO * values[:, 0])) / error)

    def _rise(self) -> Array:
        """Measured share at the last visit is above measured baseline by the points asked for."""
        first, last = self.course.at("em_cd8_percent", self.cohort.blood[[0, -1]]).T
        error = np.sqrt(2.0) * self.error_of("em_cd8_percent")
        return np.asarray(ndtr((last - first - RISE_POINTS) / error))

    def _exposed(self) -> Array:
        """Samples stay quantifiable for long enough: over the likeliest stretch that is long enough."""
        days = self.cohort.plasma
        above = self.quantified("plasma", days)
        best = np.zeros(len(above))
        for first, start in enumerate(days):
            last = int(np.searchsorted(days, start + EXPOSED_FOR))
            if last < days.size:
                best = np.maximum(best, above[:, first : last + 1].prod(axis=1))
        return best

    def quantified(self, observable: str, days: ArrayLike) -> Array:
        """Probability that a sample is at or above the limit of quantification, shape (P, len(days))."""
        true = np.maximum(self.course.at(observable, days), 1e-300)
        limit = self.limit_of(observable)
        if limit == 0.0:
            return np.ones_like(true)
        return np.asarray(ndtr(np.log(true / limit) / self.error_of(observable)))

    def free_at(self, days: ArrayLike) -> Array:
        """Share free of progression, shape of ``days``; straight between scans, whose days vary a little."""
        known = np.concatenate([[0.0], self.cohort.scans])
        share = np.concatenate([[1.0], self.outcomes.free.mean(axis=0)])
        return np.interp(np.asarray(days, dtype=np.float64), known, share)

    def still_followed(self, days: ArrayLike) -> Array:
        """Probability of no progression up to each day, shape (P, len(days)): of still being measured."""
        if not self.cohort.scans.size:
            return np.ones((self.cohort.ids.size, np.size(days)))
        before = np.searchsorted(self.cohort.scans, np.asarray(days, dtype=np.float64), side="right")
        whole = np.concatenate([np.ones((self.cohort.ids.size, 1)), self.outcomes.free], axis=1)
        return whole[:, before]


def failed_patients(predictions: Mapping[str, Mapping[str, Prediction]]) -> int:
    """Patients, over all arms of all cards, that could not be simulated."""
    return sum(arm.course.failed for arms in predictions.values() for arm in arms.values())
