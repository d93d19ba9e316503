"""Front door of fitting: a problem, its cards, the result."""

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..model.build import scaling_symmetries
from ..model.errors import ParameterError
from .cards import TrialCard
from .estimators.bank import fill, identity_of
from .estimators.emulator import Emulator
from .estimators.evidence import evidence
from .estimators.inputs import inputs_of
from .estimators.local import LocalSearch, Start, climb, search
from .estimators.posterior import prior_points
from .estimators.refinement import Refined, refine
from .findings import find
from .fit_checks import checks_of, weighted_quantiles
from .fit_result import LEVELS, FitResult, Learnt
from .identifiability import movements
from .objective import Objective
from .problem import Problem, load_problem
from .problem_text import problem_text

Array = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

POLISHED = 12  # exact evaluations with gradient that end the search of the emulated posterior
CHECK_DRAWS = 50  # points of the posterior that replicate trials are drawn from
EVIDENCE_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Effort:
    """How hard a fit tries.

    Attributes
    ----------
    bank : int
        Points of the prior that are simulated before anything is emulated.
    starts : int
        Local searches.
    exact_draws, rounds : int
        Exact evaluations of posterior draws in a round, and rounds at most.
    asked : float
        Effective draws asked of the sampler: as many as quantiles need to be told (reference 1 of
        `convergence`, section 4).
    """

    bank: int = 400
    starts: int = 20
    exact_draws: int = 150
    rounds: int = 4
    asked: float = 400.0

    def __post_init__(self) -> None:
        for name in ("bank", "starts", "exact_draws", "rounds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError(f"{name} = {value!r} must be a whole number from 1 on")


def fit(
    problem: str | Path | Problem,
    *,
    cards: Iterable[TrialCard] | None = None,
    patients: int | None = None,
    effort: Effort | None = None,
    bank_file: str | Path | None = None,
    threads: int | None = None,
    progress: Progress | None = None,
) -> FitResult:
    """Fit what a problem leaves free to what its cards print.

    The prior is simulated at many points, the summaries of its cards are emulated, and searches and walkers
    run on the emulated posterior. The best top is climbed to its end on the exact one, and exact evaluations
    of draws weight the sample until its weights can be trusted.

    Parameters
    ----------
    problem
        Name of a fit that ships with the package, path of a TOML file, or a problem already read.
    cards : iterable of TrialCard, optional
        Instead of those that the problem names: with slots filled, or synthetic.
    patients : int, optional
        Virtual patients of an arm, instead of the problem's.
    effort : Effort, optional
    bank_file : str or Path, optional
        Where simulated points are kept: a fit that is begun again goes on with them.
    threads : int, optional
    progress : callable, optional
        Called with what is being done, how much is done, and how much there is.

    Returns
    -------
    FitResult

    Raises
    ------
    ParameterError
        If the problem does not hold together, or nothing of it can be simulated.
    StorageError
        If the bank file belongs to another problem or cannot be written.
    """
    chosen, text = (problem, problem_text(problem)) if isinstance(problem, Problem) else load_problem(problem)
    effort = Effort() if effort is None else effort
    objective = Objective(chosen, cards=cards, patients=patients, threads=threads)
    say = _Teller(progress)
    say("simulating the prior", 0, effort.bank)
    bank = fill(
        objective,
        prior_points(objective.free_parameters, effort.bank, seed=chosen.seed),
        identity=identity_of(objective),
        path=bank_file,
        after=lambda done, wanted: say("simulating the prior", done, wanted),
    )
    inputs = inputs_of(objective)
    emulator = Emulator(bank, objective, inputs=inputs)
    say("searching", 0, effort.starts)
    found = search(
        emulator,
        starts=effort.starts,
        seed=chosen.seed,
        after=lambda start: say("searching", start.number + 1, effort.starts),
    )
    say("sampling", 0, effort.rounds)
    refined = refine(
        objective,
        bank,
        seed=chosen.seed,
        path=bank_file,
        rounds=effort.rounds,
        exact_draws=effort.exact_draws,
        inputs=inputs,
        emulator=emulator,
        asked=effort.asked,
        after=lambda _: say("sampling", say.rounds_done(), effort.rounds),
    )
    # What is not kept in the bank comes last, so that an interruption before it costs nothing.
    top = _polished(objective, found, say)
    return _result(chosen, text, objective, found, top, refined, say)


class _Teller:
    """Tells the caller how far the work is, and keeps how long each step took."""

    def __init__(self, progress: Progress | None) -> None:
        self.progress, self._rounds = progress, 0
        self._what, self._since = "", time.perf_counter()
        self.seconds: dict[str, float] = {}

    def __call__(self, what: str, done: int, wanted: int) -> None:
        now = time.perf_counter()
        if what != self._what:
            self.seconds[self._what] = self.seconds.get(self._what, 0.0) + now - self._since
            self._what, self._since = what, now
        if self.progress is not None:
            self.progress(what, done, wanted)

    def stop(self) -> dict[str, float]:
        """Seconds of every step, the last one until now."""
        now = time.perf_counter()
        self.seconds[self._what] = self.seconds.get(self._what, 0.0) + now - self._since
        self._since = now
        return {what: round(spent, 1) for what, spent in self.seconds.items() if what}

    def rounds_done(self) -> int:
        """Rounds of sampling so far, this one included."""
        self._rounds += 1
        return self._rounds


def _polished(objective: Objective, found: LocalSearch, say: _Teller) -> Start:
    """The best top of the emulated posterior, climbed to its end on the exact one."""
    say("climbing to the top", 0, POLISHED)
    if not np.isfinite(found.best.log_posterior):
        raise ParameterError(f"no search could begin: {found.best.reason}")
    return climb(objective, found.best.end, most_evaluations=POLISHED)


def _result(
    problem: Problem,
    text: str,
    objective: Objective,
    found: LocalSearch,
    top: Start,
    refined: Refined,
    say: _Teller,
) -> FitResult:
    say("checking", 0, 1)
    weighted, last = refined.weighted, refined.rounds[-1]
    spare = refined.draws.draws
    thinned = spare[:: max(1, len(spare) // EVIDENCE_DRAWS)]
    marginal = evidence(refined.emulator, thinned, seed=problem.seed)
    error = objective.monte_carlo_error(top.end)
    points = weighted.resampled(CHECK_DRAWS, seed=problem.seed)
    checks = checks_of(objective, points, seed=problem.seed)
    away = np.abs(last.differences)
    say("asking what was learnt", 0, 1)
    findings = find(objective, emulator=refined.emulator, bank=refined.bank, weighted=weighted, top=top.end)
    return FitResult(
        problem_text=text,
        problem_name=problem.name,
        title=problem.title,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        lag3ig_version=version("lag3ig"),
        structure=json.dumps(objective.structure.as_mapping()),
        seed=problem.seed,
        patients=objective.patients,
        names=objective.free_parameters.names,
        starts=found.waterfall,
        top=top.end,
        terms=dict(objective(top.end).terms),
        draws=weighted.draws,
        weights=weighted.weights,
        learnt=_learnt(objective, weighted.draws, weighted.weights, top.end),
        checks=checks,
        unseen=tuple(
            (one.label or one.id, one.statement)
            for item in objective.cards
            for one in item.card.observations
            if not one.observed
        ),
        symmetries=scaling_symmetries(
            objective.structure,
            observed=sorted(
                {
                    name
                    for item in objective.cards
                    for arm in item.cohorts.values()
                    for name in arm.observables
                }
            ),
        ),
        diagnostics={
            "converged": refined.converged,
            "reason": refined.reason,
            "tail_shape": last.shape,
            "effective_size": last.effective_size,
            "exact_draws": int(last.exact.size),
            "emulation_error_median": float(np.median(away)) if away.size else float("nan"),
            "emulation_error_largest": float(away.max()) if away.size else float("nan"),
            "monte_carlo_error": error,
            "log_evidence": marginal.log_evidence + weighted.log_mean,
            "log_evidence_error": marginal.error,
            "starts_agreeing": found.agreeing,
            "starts_failed": found.failed,
            "log_posterior_at_top": top.log_posterior,
            "top_converged": top.converged,
            "bank": len(refined.bank),
            "seconds": say.stop(),
        },
        findings=findings,
    )


def _learnt(objective: Objective, draws: Array, weights: Array, top: Array) -> tuple[Learnt, ...]:
    parameters = objective.free_parameters
    natural, at_top = parameters.natural(draws), parameters.natural(top)
    narrowed = movements(parameters, draws, weights)
    return tuple(
        Learnt(
            item.name,
            tuple(float(item.prior.quantile(level)) for level in LEVELS),
            weighted_quantiles(natural[:, place], weights, LEVELS),
            narrowed[place].contraction,
            float(at_top[place]),
        )
        for place, item in enumerate(parameters.items)
    )
