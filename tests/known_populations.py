"""Populations whose curves are formulas: simulated patients, fitted by the package's own pieces.

Formulas stand in for the solver only. Cohort, course, assay error, moments, summaries and likelihoods are
those of every fit, and what is fitted is one published mean with the spread printed beside it, or with the
whole covariance matrix.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from lag3ig.fitting.cards import CardArm
from lag3ig.fitting.cohort_likelihood import log_likelihood
from lag3ig.fitting.course import Cohort, Course
from lag3ig.fitting.covariance_likelihood import mean_and_covariance_of
from lag3ig.fitting.free_parameters import FreeParameter, FreeParameters
from lag3ig.fitting.mean_observation import MeanObservation
from lag3ig.fitting.mean_summary import MeanSummary
from lag3ig.fitting.moments import measured_moments
from lag3ig.fitting.objective import FAILED, GROUPS, Evaluation
from lag3ig.fitting.predictions import Prediction
from lag3ig.fitting.priors import Prior
from lag3ig.fitting.summaries import summarise

OBSERVABLE = "activated_cd8"  # any with no limit of quantification
STEP = 1e-4
NAME = "known.level"


def parameters(**priors: Prior) -> FreeParameters:
    """Free medians by name."""
    return FreeParameters(tuple(FreeParameter("median", (name,), prior) for name, prior in priors.items()))


def mean_observation(days, centre, **words) -> MeanObservation:
    """A printed mean, as a card would have it."""
    printed = {
        "id": "level",
        "statement": "level",
        "published": "level",
        "tag": "read",
        "role": "fitted",
        "kind": "mean",
        "arm": "arm",
        "observable": OBSERVABLE,
        "days": [f"{day} d" for day in days],
        "centre": list(centre),
        **words,
    }
    return MeanObservation.model_validate_json(json.dumps(printed))


@dataclass(frozen=True)
class Covariance:
    """A published mean vector with its covariance matrix (over n - 1) of so many patients."""

    mean: np.ndarray
    covariance: np.ndarray
    number: int


@dataclass
class Fit:
    """Posterior of a population, given what was published of it; with the face of the exact one.

    Parameters
    ----------
    free_parameters
    days : shape (C,)
    curve : callable
        From natural values and patients' standard normals, shape (P, d), to their curves, shape (P, C).
    normals : shape (P, d)
    observation : MeanObservation or Covariance
    assay : {"normal", "lognormal"}
    error : callable
        From natural values to the standard deviation of the assay.
    """

    free_parameters: FreeParameters
    days: np.ndarray
    curve: Callable[[np.ndarray, np.ndarray], np.ndarray]
    normals: np.ndarray
    observation: MeanObservation | Covariance
    assay: str
    error: Callable[[np.ndarray], float]
    rows: np.ndarray | None = None
    cohort: Cohort = field(init=False)

    def __post_init__(self):
        design = {"id": "arm", "n": 1_000_000, "blood": ["0 d", *(f"{day} d" for day in self.days)]}
        arm = CardArm.model_validate_json(json.dumps(design))
        self.cohort = Cohort(arm, observables=(OBSERVABLE,), patients=len(self.normals), seed=1)

    def predict(self, free):
        natural = self.free_parameters.natural(free)
        curves = self.curve(natural, self.normals)
        curves = np.column_stack([np.ones(len(curves)), curves])  # nobody looks at day 0
        course = Course(self.cohort.times, {OBSERVABLE: curves}, np.ones(len(curves)), 0, {})
        instrument = SimpleNamespace(
            observable=lambda _name: SimpleNamespace(
                assay=SimpleNamespace(kind=self.assay, size="error", limit=None)
            ),
            parameters={"error": SimpleNamespace(value=float(self.error(natural)))},
        )
        arm = Prediction(self.cohort, course, instrument)
        if self.rows is not None:
            arm = Prediction(self.cohort.of(self.rows), course.of(self.rows), instrument)
        return {"known": {"arm": arm}}

    def moments(self, free):
        """Mean, covariance and kurtosis of measured values, as the package finds them."""
        logarithm = getattr(self.observation, "centre_kind", "mean") != "mean"
        arm = self.predict(free)["known"]["arm"]
        found = measured_moments(arm, OBSERVABLE, self.days, logarithm=logarithm)
        return found.mean, found.covariance, found.kurtosis

    def summaries(self, predictions):
        if isinstance(self.observation, MeanObservation):
            return {NAME: summarise(self.observation, predictions["known"])}
        found = measured_moments(predictions["known"]["arm"], OBSERVABLE, self.days)
        one = np.ones(self.days.size)
        return {NAME: MeanSummary(found.mean, np.linalg.cholesky(found.covariance), one, one).flat()}

    def terms(self, summaries):
        if isinstance(self.observation, MeanObservation):
            return {NAME: log_likelihood(self.observation, summaries[NAME], None)}
        predicted = MeanSummary.of(summaries[NAME], self.days.size)
        covariance = predicted.factor @ np.swapaxes(predicted.factor, -1, -2)
        seen = self.observation
        return {
            NAME: mean_and_covariance_of(seen.mean, seen.covariance, seen.number, predicted.mean, covariance)
        }

    def __call__(self, free):
        log_prior = float(self.free_parameters.log_prior(free))
        try:
            return Evaluation.of(self.terms(self.summaries(self.predict(free))), log_prior)
        except np.linalg.LinAlgError:
            return Evaluation(FAILED, log_prior)

    def gradient(self, free):
        """By differences: with the same normals at every point the posterior is a smooth function."""
        point = np.asarray(free, dtype=float)
        return self(point), differences(lambda at: self(at).log_posterior, point)

    def without(self, group):
        """The same with a group of its patients left out."""
        some = Fit(
            self.free_parameters,
            self.days,
            self.curve,
            self.normals,
            self.observation,
            self.assay,
            self.error,
        )
        patients = np.arange(len(self.normals))
        some.rows = patients[patients % GROUPS != group]
        return some

    def monte_carlo_error(self, top, hessian):
        """Standard error, shape (n,), of the top of the posterior from the finite number of patients.

        By leaving out groups of patients in turn, each with one step of Newton's method.
        """
        here = self.gradient(top)[1]
        return jackknife(
            [np.linalg.solve(hessian, here - self.without(group).gradient(top)[1]) for group in range(GROUPS)]
        )

    def monte_carlo_error_of_variance(self, top):
        """The same of the posterior's variances, which curvature at a point tells, shape (n,)."""
        return jackknife(
            [np.diag(np.linalg.inv(-hessian_of(self.without(group), top))) for group in range(GROUPS)]
        )


def jackknife(left):
    """Standard error of a statistic from its values with each of `GROUPS` groups left out, shape (G, ...)."""
    return np.sqrt((GROUPS - 1) / GROUPS * ((left - np.mean(left, axis=0)) ** 2).sum(axis=0))


@dataclass
class Known(Fit):
    """The same posterior with the moments of the whole population, from a formula or a quadrature."""

    exact: Callable[[np.ndarray], tuple[np.ndarray, np.ndarray, np.ndarray]] | None = None
    judge: Callable[..., float] | None = None

    def __call__(self, free):
        log_prior = float(self.free_parameters.log_prior(free))
        try:
            found = self.judge(self.observation, *self.exact(self.free_parameters.natural(free)))
        except np.linalg.LinAlgError:
            return Evaluation(FAILED, log_prior)
        return Evaluation.of({NAME: found}, log_prior)


def differences(function, point):
    """Gradient of a function by central differences, shape of the point."""
    steps = STEP * np.eye(point.size)
    return np.array([function(point + step) - function(point - step) for step in steps]) / (2.0 * STEP)


def hessian_of(fit, top):
    """Second derivatives of a log-posterior, shape (n, n)."""
    rows = [
        (fit.gradient(top + step)[1] - fit.gradient(top - step)[1]) / (2.0 * 10.0 * STEP)
        for step in 10.0 * STEP * np.eye(top.size)
    ]
    return 0.5 * (np.array(rows) + np.array(rows).T)
