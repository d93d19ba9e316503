"""The posterior of a fit as a function of what may move: cards, virtual patients, common random numbers."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..model import Model, Patients, draw, load_model
from ..model.definition.parameters import ParameterTable
from ..model.errors import Lag3igError, ParameterError
from ..model.population import typical
from .cards import CardArm, TrialCard, load_card
from .cohort_likelihood import log_likelihood
from .course import Cohort
from .free_parameters import Context, FreeParameters
from .gradient import change_of_patients, slope_along
from .predictions import Prediction, failed_patients
from .printed import Printed
from .problem import Problem
from .summaries import summarise

Array = NDArray[np.float64]

RTOL = 1e-4  # its effect on the log-likelihood is measured in the tests
STEP = 1e-4  # of the differences taken through what is cheap: drawing patients, and their statistics
GROUPS = 20  # of patients, left out in turn to estimate the Monte-Carlo error
FAILED = float("-inf")  # a patient that cannot be simulated makes a point impossible, never likelier


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The posterior at one point.

    Attributes
    ----------
    log_likelihood : float
        Sum over the fitted observations; minus infinity if a patient failed.
    log_prior : float
        On the free scale.
    terms : mapping of str to float
        Log-likelihood of each observation, by card and id.
    failed : int
        Patients, over all arms, that could not be simulated.
    reason : str
        Why nothing could be simulated at all, if so.
    """

    log_likelihood: float
    log_prior: float
    terms: Mapping[str, float] = field(default_factory=dict)
    failed: int = 0
    reason: str = ""

    @property
    def log_posterior(self) -> float:
        """Up to a constant."""
        return self.log_likelihood + self.log_prior

    @classmethod
    def of(cls, terms: Mapping[str, ArrayLike], log_prior: float) -> "Evaluation":
        """The posterior that log-likelihoods of observations add up to; impossible if one is no number."""
        each = {name: float(np.asarray(value)) for name, value in terms.items()}
        total = sum(each.values())
        return cls(total if np.isfinite(total) else FAILED, log_prior, each)


@dataclass(frozen=True, slots=True)
class FittedCard:
    """A card with what is fitted of it and the cohorts that this needs."""

    card: TrialCard
    context: Context
    observations: tuple[Printed, ...]
    cohorts: Mapping[str, Cohort]

    @property
    def looked_at(self) -> set[str]:
        """Observables that some cohort is measured by."""
        return {name for cohort in self.cohorts.values() for name in cohort.observables}


def on_visits(arm: CardArm) -> set[str]:
    """Observables by which endpoints are judged at the visits of an arm."""
    blood = {"activated_cd8", "em_cd8_percent"} if arm.blood else set()
    return blood | ({"plasma"} if arm.plasma else set())


class Objective:
    """Log-posterior of a problem, a deterministic and smooth function of the free scale.

    Parameters
    ----------
    problem : Problem
    cards : iterable of TrialCard, optional
        Instead of those that the problem names (slots filled, or synthetic data).
    patients : int, optional
        Virtual patients of an arm, instead of the problem's.
    rtol : float
        Relative tolerance of the curves.
    threads : int, optional
    checks : bool
        Take what is only checked besides what is fitted, and nothing as left out.

    Raises
    ------
    ParameterError
        If a card or observation that is named does not exist, or nothing is left to fit.
    """

    def __init__(
        self,
        problem: Problem,
        *,
        cards: Iterable[TrialCard] | None = None,
        patients: int | None = None,
        rtol: float = RTOL,
        threads: int | None = None,
        checks: bool = False,
    ) -> None:
        self.problem, self.checks = problem, checks
        self.free_parameters: FreeParameters = problem.free_parameters()
        self.patients = problem.patients if patients is None else patients
        self.rtol, self.threads = rtol, threads
        self.structure = problem.build_structure()
        chosen = tuple(load_card(name) for name in problem.cards) if cards is None else tuple(cards)
        self.cards = tuple(self._fitted(card) for card in chosen)
        self._symbols_of: dict[tuple[str, str], tuple[str, ...]] = {}
        known = {f"{item.card.id}.{one.id}" for item in self.cards for one in item.card.observations}
        for name in problem.leave_out:
            if name not in known:
                raise ParameterError(f"leave_out names {name!r}, which no card of the fit has")
        if not any(item.observations for item in self.cards):
            raise ParameterError(f"fit {problem.name!r} has no observation to fit")

    def _fitted(self, card: TrialCard) -> FittedCard:
        left_out = self.problem.leave_out
        observations = tuple(
            item for item in card.observations if self._is_wanted(item, f"{card.id}.{item.id}" in left_out)
        )
        needed = {name for item in observations for _, name in item.arms_named()}
        looked_at = {item.observable for item in observations if hasattr(item, "observable")}
        cohorts = {
            arm.id: Cohort(
                arm,
                observables=sorted(looked_at | on_visits(arm)),
                patients=self.patients,
                seed=self.problem.seed,
            )
            for arm in card.arms
            if arm.id in needed
        }
        return FittedCard(card, Context(card.indication, card.id), observations, cohorts)

    def _is_wanted(self, item: Printed, left_out: bool) -> bool:
        """Whether an observation is fitted; or, for checks, whether patients can be set beside it."""
        if not item.observed or not item.arms or (item.patients is None and item.role == "design"):
            return False
        return (
            item.role in ("fitted", "check only") if self.checks else item.role == "fitted" and not left_out
        )

    def remade(
        self,
        cards: Iterable[TrialCard] | None = None,
        *,
        patients: int | None = None,
        checks: bool | None = None,
    ) -> "Objective":
        """The same problem with other cards, numbers of patients of an arm, or what is taken of cards."""
        return Objective(
            self.problem,
            cards=[item.card for item in self.cards] if cards is None else cards,
            patients=self.patients if patients is None else patients,
            rtol=self.rtol,
            threads=self.threads,
            checks=self.checks if checks is None else checks,
        )

    @cached_property
    def bases(self) -> dict[Context, ParameterTable]:
        """Table of each context before anything moves."""
        return {item.context: self.problem.base(item.context) for item in self.cards}

    def model(self, free: ArrayLike, context: Context) -> Model:
        """Model of a context at a point."""
        return load_model(self.structure, self.free_parameters.table(free, self.bases[context], context))

    def population(self, free: ArrayLike, context: Context) -> tuple[Model, Patients]:
        """Model and patients of a context at a point: the same persons with other parameters."""
        model = self.model(free, context)
        return model, draw(model, self.patients, seed=self.problem.seed)

    def predict(self, free: ArrayLike, *, slopes: bool = False) -> dict[str, dict[str, Prediction]]:
        """Predictions of every arm of every card, by their ids.

        Raises
        ------
        Lag3igError
            If the patients cannot be drawn at this point.
        """
        found: dict[str, dict[str, Prediction]] = {}
        for item in self.cards:
            if not item.cohorts:
                continue
            model, patients = self.population(free, item.context)
            found[item.card.id] = {}
            for name, cohort in item.cohorts.items():
                symbols = self.symbols_of(item, name) if slopes else ()
                course = cohort.follow(model, patients, rtol=self.rtol, symbols=symbols, threads=self.threads)
                found[item.card.id][name] = Prediction(cohort, course, model)
        return found

    def __call__(self, free: ArrayLike) -> Evaluation:
        """The posterior at a point; shape (n,) on the free scale."""
        log_prior = float(self.free_parameters.log_prior(free))
        if not np.isfinite(log_prior):
            return Evaluation(FAILED, log_prior, reason="outside the prior")
        try:
            return self._judge(self.predict(free), log_prior)
        except (Lag3igError, np.linalg.LinAlgError) as fault:  # the latter where no patient differs any more
            return Evaluation(FAILED, log_prior, reason=str(fault))

    def _judge(self, predictions: Mapping[str, Mapping[str, Prediction]], log_prior: float) -> Evaluation:
        failed = failed_patients(predictions)
        if failed:
            return Evaluation(FAILED, log_prior, failed=failed, reason=f"{failed} patients failed")
        return Evaluation.of(self.terms(self.summaries(predictions)), log_prior)

    def summaries(self, predictions: Mapping[str, Mapping[str, Prediction]]) -> dict[str, Array]:
        """Summary of every fitted observation, by card and id."""
        return {
            f"{item.card.id}.{one.id}": summarise(one, predictions[item.card.id])
            for item in self.cards
            for one in item.observations
        }

    def terms(self, summaries: Mapping[str, Array]) -> dict[str, Array]:
        """Log-likelihood of every fitted observation, by card and id, given summaries of shape (..., L)."""
        return {
            name: log_likelihood(one, summaries[name], item.card)
            for item in self.cards
            for one in item.observations
            for name in (f"{item.card.id}.{one.id}",)
        }

    def symbols(self, context: Context) -> tuple[str, ...]:
        """Parameters of the patients that move with anything free in a context, calibrated ones included."""
        moved = {
            symbol for item in self.free_parameters.items if item.is_about(context) for symbol in item.symbols
        }
        kernels = self.model(self.free_parameters.centre(), context).kernels
        return tuple(name for name in kernels.parameters if name in moved or name in kernels.calibrated)

    def symbols_of(self, item: FittedCard, arm: str) -> tuple[str, ...]:
        """Those of a context's `symbols` that change anything in an arm: without a drug, its own do not."""
        known = self._symbols_of.get((item.card.id, arm))
        if known is None:
            symbols = self.symbols(item.context)
            model = self.model(self.free_parameters.centre(), item.context)
            lone = item.cohorts[arm].of(np.zeros(1, dtype=np.int64))
            course = lone.follow(model, typical(model), rtol=self.rtol, symbols=symbols, threads=1)
            moved = np.max([np.abs(slope).max(axis=(0, 1)) for slope in course.slopes.values()], axis=0)
            known = tuple(symbol for symbol, most in zip(symbols, moved, strict=True) if most > 0.0)
            self._symbols_of[item.card.id, arm] = known
        return known

    def gradient(self, free: ArrayLike) -> tuple[Evaluation, Array]:
        """The posterior at a point and its gradient on the free scale, shape (n,).

        Slopes of the curves come from the solver's sensitivities; see `gradient` for what follows.
        """
        point = np.asarray(free, dtype=np.float64)
        log_prior = float(self.free_parameters.log_prior(point))
        try:
            predictions = self.predict(point, slopes=True)
            value = self._judge(predictions, log_prior)
        except (Lag3igError, np.linalg.LinAlgError) as fault:
            return Evaluation(FAILED, log_prior, reason=str(fault)), np.full(point.size, np.nan)
        if value.log_likelihood == FAILED:
            return value, np.full(point.size, np.nan)
        slope = np.zeros(point.size)
        for item in self.cards:
            if not item.observations:
                continue
            arms, symbols = predictions[item.card.id], self.symbols(item.context)
            model, patients = self.population(point, item.context)
            for place in self.free_parameters.moved(item.context):
                step = STEP * np.eye(point.size)[place]
                ahead, behind = (self.model(point + sign * step, item.context) for sign in (1.0, -1.0))
                change = change_of_patients(patients, symbols, model, ahead, behind, step=STEP)
                slope[place] += slope_along(item.card, item.observations, arms, symbols, change, step=STEP)
        return value, slope + self._slope_of_prior(point)

    def _slope_of_prior(self, point: Array) -> Array:
        steps = STEP * np.eye(point.size)
        ahead, behind = (self.free_parameters.log_prior(point + sign * steps) for sign in (1.0, -1.0))
        return np.asarray((ahead - behind) / (2.0 * STEP))

    def monte_carlo_error(self, free: ArrayLike) -> float:
        """Standard error of the log-likelihood from the finite number of virtual patients.

        By leaving out each of `GROUPS` groups of patients in turn (the grouped jackknife).
        """
        predictions = self.predict(free)
        rows = np.arange(self.patients)
        left: list[float] = []
        for group in range(GROUPS):
            kept = rows[rows % GROUPS != group]
            some = {
                card: {
                    name: Prediction(arm.cohort.of(kept), arm.course.of(kept), arm.model)
                    for name, arm in arms.items()
                }
                for card, arms in predictions.items()
            }
            left.append(self._judge(some, 0.0).log_likelihood)
        values = np.array(left)
        return float(np.sqrt((GROUPS - 1) / GROUPS * ((values - values.mean()) ** 2).sum()))
