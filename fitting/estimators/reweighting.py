"""A posterior that weights patients simulated before instead of simulating new ones, where it can.

Medians, spreads and correlations of what varies between patients, and the share of a mixture, say only how
frequent each patient is: one simulated population serves all of their values that lie near enough. Whatever
else moves, and whatever leaves too few patients effective, is simulated again.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...model import Model, Patients
from ...model.distribution import ParameterDistribution
from ...model.errors import Lag3igError
from ..free_parameters import FreeParameters
from ..objective import FAILED, Evaluation, FittedCard, Objective
from ..predictions import Prediction, failed_patients

Array = NDArray[np.float64]

LEAST_SHARE = 0.5  # of the patients that weights must leave effective
COPIES = 4  # rows for each patient, by which weights are rounded to whole numbers of copies


@dataclass(frozen=True, slots=True)
class _Simulated:
    """Population of a card as it was simulated."""

    model: Model
    patients: Patients
    arms: dict[str, Prediction]


@dataclass(slots=True)
class Reweighted:
    """Posterior of an objective by weighted patients.

    It depends on what was evaluated before, by no more than the Monte-Carlo error of the patients that are
    left effective: good for a search or for a bank, while the last word is the objective's.

    Parameters
    ----------
    objective : Objective
    least_share : float
        Of the patients that weights must leave effective; below it a card is simulated again.

    Attributes
    ----------
    simulated, weighted : int
        Populations that were simulated, and that were weighted instead.
    """

    objective: Objective
    least_share: float = LEAST_SHARE
    simulated: int = 0
    weighted: int = 0
    _known: dict[str, _Simulated] = field(default_factory=dict)

    @property
    def free_parameters(self) -> FreeParameters:
        """What moves, with its prior."""
        return self.objective.free_parameters

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior at a point, shape (n,)."""
        log_prior = float(self.free_parameters.log_prior(free))
        try:
            predictions = self.predict(free)
        except Lag3igError as fault:
            return Evaluation(FAILED, log_prior, reason=str(fault))
        failed = failed_patients(predictions)
        if failed:
            return Evaluation(FAILED, log_prior, failed=failed, reason=f"{failed} patients failed")
        return Evaluation.of(self.terms(self.summaries(predictions)), log_prior)

    def predict(self, free: ArrayLike) -> dict[str, dict[str, Prediction]]:
        """Predictions of every arm of every card, by their ids.

        Raises
        ------
        Lag3igError
            If the patients cannot be drawn at this point.
        """
        return {item.card.id: self._card(item, free) for item in self.objective.cards if item.cohorts}

    def summaries(self, predictions: dict[str, dict[str, Prediction]]) -> dict[str, Array]:
        """Summary of every fitted observation, by card and id."""
        return self.objective.summaries(predictions)

    def terms(self, summaries: Mapping[str, Array]) -> dict[str, Array]:
        """Log-likelihood of every observation, shape (...), given summaries of shape (..., L)."""
        return self.objective.terms(summaries)

    def _card(self, item: FittedCard, free: ArrayLike) -> dict[str, Prediction]:
        model = self.objective.model(free, item.context)
        known = self._known.get(item.card.id)
        if known is not None:
            weights = patient_weights(known.model, model, known.patients)
            if weights is not None and effective_share(weights) >= self.least_share:
                self.weighted += 1
                rows = copies(weights, COPIES * weights.size)
                return {
                    name: Prediction(arm.cohort.of(rows), arm.course.of(rows), model)
                    for name, arm in known.arms.items()
                }
        self.simulated += 1
        model, patients = self.objective.population(free, item.context)
        arms = {
            name: Prediction(
                cohort,
                cohort.follow(model, patients, rtol=self.objective.rtol, threads=self.objective.threads),
                model,
            )
            for name, cohort in item.cohorts.items()
        }
        if not any(arm.course.failed for arm in arms.values()):
            self._known[item.card.id] = _Simulated(model, patients, arms)
        return arms


def patient_weights(drawn: Model, wanted: Model, patients: Patients) -> Array | None:
    """Weights under which patients drawn of one model stand for those of another, shape (P,); sum to 1.

    Which patients are plausible does not depend on how frequent they are, so that weights are ratios of the
    densities they were drawn from.

    Returns
    -------
    ndarray or None
        None where the two differ in more than how parameters vary between patients.
    """
    old, new = ParameterDistribution(drawn), ParameterDistribution(wanted)
    if not _differ_in_frequency_alone(drawn, wanted, old, new):
        return None
    log_ratio = _log_density(new, patients) - _log_density(old, patients)
    weights = np.exp(log_ratio - log_ratio.max())
    return np.asarray(weights / weights.sum())


def _differ_in_frequency_alone(
    drawn: Model, wanted: Model, old: ParameterDistribution, new: ParameterDistribution
) -> bool:
    if drawn.kernels.hash != wanted.kernels.hash or old.mixed != new.mixed:
        return False
    if [(item.symbol, item.logit) for item in old.marginals] != [
        (item.symbol, item.logit) for item in new.marginals
    ]:
        return False
    fixed = np.setdiff1d(np.arange(old.typical.size), [item.column for item in old.marginals])
    if (old.typical[fixed] != new.typical[fixed]).any():
        return False
    about_frequency = {item.symbol for item in old.marginals}
    about_frequency |= {
        name for one in drawn.observables for name in (one.assay.size, one.assay.limit) if name
    }
    return all(
        item.value == wanted.parameters[symbol].value
        for symbol, item in drawn.parameters.parameters.items()
        if symbol not in about_frequency
    )


def _log_density(distribution: ParameterDistribution, patients: Patients) -> Array:
    """Logarithm of the density of each patient on the scale of logarithms and logits, up to a constant."""
    factors = dict(distribution.mixed)
    columns = []
    for marginal in distribution.marginals:
        factor = np.where(patients.component == 1, factors.get(marginal.column, 1.0), 1.0)
        columns.append(marginal.normal(patients.parameters[:, marginal.column] / factor))
    density = np.zeros(len(patients))
    if columns:
        # The Cholesky factor of the correlations makes independent normals of correlated ones.
        independent = np.linalg.solve(distribution.factor, np.array(columns))
        volume = np.log(np.abs(np.diag(distribution.factor))).sum()
        volume += sum(np.log(marginal.deviation) for marginal in distribution.marginals)
        density = -0.5 * (independent**2).sum(axis=0) - volume
    if distribution.mixture is not None:
        share = distribution.mixture.share
        density = density + np.log(np.where(patients.component == 1, share, 1.0 - share))
    return np.asarray(density)


def effective_share(weights: Array) -> float:
    """Share of the patients that weights leave effective."""
    return float(1.0 / (weights @ weights) / weights.size)


def copies(weights: Array, count: int) -> NDArray[np.int64]:
    """Rows in which each patient stands about as often as its weight says, in their order; shape (count,).

    Always the same for the same weights: no chance is added.
    """
    levels = (np.arange(count) + 0.5) / count
    rows = np.searchsorted(np.cumsum(weights), levels)
    return np.asarray(np.minimum(rows, weights.size - 1), dtype=np.int64)
