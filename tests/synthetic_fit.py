"""A fit made up from a few formulas, to try files, reports and commands without a solver."""

import numpy as np
from scipy.stats import norm

from lag3ig.fitting.findings import Findings
from lag3ig.fitting.fit_result import LEVELS, Check, FitResult, Learnt
from lag3ig.fitting.free_parameters import FreeParameters
from lag3ig.fitting.identifiability import Direction
from lag3ig.fitting.influence import Influence
from lag3ig.fitting.problem import load_problem
from lag3ig.fitting.profiles import Profile
from lag3ig.fitting.slot_information import Lesson

from .synthetic_result import HOSTILE

CONTRACTIONS = (0.9, 0.8, 0.6, 0.05)  # by which the parameters below are learnt, in turn


def synthetic_fit(
    *, draws: int = 120, hostile: bool = False, converged: bool = True, findings: bool = True
) -> FitResult:
    """The shipped problem with a posterior out of thin air; `hostile` puts markup into its texts."""
    problem, text = load_problem("monotherapies")
    parameters = problem.free_parameters()
    generator = np.random.default_rng(11)
    levels = norm.ppf(LEVELS)
    centre = parameters.centre()
    points = centre + 0.3 * generator.normal(size=(draws, centre.size))
    learnt = []
    for place, item in enumerate(parameters.items):
        contraction = CONTRACTIONS[place % len(CONTRACTIONS)]
        width = item.prior.deviation * np.sqrt(1.0 - contraction)
        after = item.prior.natural(centre[place] + width * (0.5 + levels))
        learnt.append(
            Learnt(
                item.name,
                tuple(float(item.prior.quantile(level)) for level in LEVELS),
                tuple(float(value) for value in after),
                contraction,
                float(item.prior.natural(centre[place] + 0.5 * width)),
            )
        )
    weights = generator.uniform(0.5, 1.5, draws)
    return FitResult(
        problem_text=text + (f"# {HOSTILE}\n" if hostile else ""),
        problem_name=problem.name,
        title=HOSTILE if hostile else problem.title,
        created="2000-01-01T00:00:00+00:00",
        lag3ig_version="0.0.0",
        structure='{"growth": "exponential"}',
        seed=1,
        patients=2000,
        names=parameters.names,
        starts=np.array([-31.2, -31.2, -31.25, -33.0, -40.0, -np.inf]),
        top=centre,
        terms={"brignone2009.stable_high": -1.2, "escudier2007.pfs": -0.4, "motzer2008.pfs": -3.5},
        draws=points,
        weights=weights / weights.sum(),
        learnt=tuple(learnt),
        checks=_checks(hostile),
        unseen=(("C2", "antibodies: none reported"), ("", HOSTILE if hostile else "nothing was seen")),
        symmetries=({"Rcell": 1, "N50": 1}, {"VF": 1, "CLF": 1, "KD": -1}, {"Mother": 1}),
        findings=_findings(parameters, hostile) if findings else Findings(),
        diagnostics={
            "converged": converged,
            "reason": HOSTILE if hostile else "round 2: tail shape 0.31 is below 0.7",
            "tail_shape": 0.31,
            "effective_size": 96.5,
            "monte_carlo_error": 0.12,
            "log_evidence": -40.25,
            "log_evidence_error": 0.05,
            "starts_failed": 1,
            "starts_agreeing": 3,
            "seconds": {"simulating the prior": 12.5, "sampling": 7.5},
            "effort": {"bank": 400, "starts": 6, "exact_draws": 150, "rounds": 4, "asked": 1000.0},
            "filled": {},
        },
    )


def _findings(parameters: FreeParameters, hostile: bool) -> Findings:
    names, cards = parameters.names, ("brignone2009", "escudier2007", "motzer2008")
    rng = np.random.default_rng(12)
    axes = np.linalg.qr(rng.normal(size=(len(names), len(names))))[0]
    directions = tuple(
        Direction(40.0 * 0.4**place, dict(zip(names, axis.tolist(), strict=True)))
        for place, axis in enumerate(axes)
    )
    shares = {name: dict(zip(cards, rng.uniform(0.0, 0.9, 3).tolist(), strict=True)) for name in names}
    influences = (
        Influence(cards[0], names, rng.normal(size=len(names)), rng.uniform(1, 2, len(names)), 0.4, 0.004),
        Influence(cards[1], names, *(np.full(len(names), np.nan),) * 2, np.inf, np.nan),
        Influence(cards[2], names, rng.normal(size=len(names)), rng.uniform(1, 2, len(names)), 0.6, 0.6),
    )
    nothing = HOSTILE if hostile else "no number that the model predicts"
    lessons = (
        Lesson(cards[0], "all slots", ("cmax_6_25", "cmax_30"), "all", {"N50": 0.54, names[0]: 0.02}),
        Lesson(cards[0], "cmax", ("cmax_6_25", "cmax_30"), "Cmax", {"N50": 0.3}),
        Lesson(cards[0], "cmax_6_25", ("cmax_6_25",), "Cmax after 6.25 mg", {"N50": 0.2}),
        Lesson(cards[0], "cmax_30", ("cmax_30",), "Cmax after 30 mg", {"N50": 0.001}),
        Lesson(cards[0], "patients", ("patients",), "patients of each arm", reason=nothing),
    )
    profiles = tuple(_profile(parameters, place) for place in range(len(names)))
    return Findings(directions, shares, profiles, influences, lessons)


def _profile(parameters: FreeParameters, place: int) -> Profile:
    """A parabola as wide as the prior, or wider: then no end is found."""
    item = parameters.items[place]
    width = (0.4, 3.0)[place % 2] * item.prior.deviation
    centre = parameters.centre()[place]
    free = centre + item.prior.deviation * np.linspace(-2.5, 2.5, 9)
    fall = 0.5 * ((free - centre) / width) ** 2
    ends = centre + width * np.array([-1.96, 1.96]) if place % 2 == 0 else free[[0, -1]]
    low, high = item.prior.natural(ends).tolist()
    points = np.tile(parameters.centre(), (9, 1))
    return Profile(
        item.name, place, free, item.prior.natural(free), fall, points, (low, high), (place % 2 == 0,) * 2
    )


def _checks(hostile: bool) -> tuple[Check, ...]:
    counts = (3.0, 5.0, 6.0, 6.0, 8.0)
    months = (2.2, 2.5, 2.8, 3.1, 3.6)
    label = HOSTILE if hostile else "C1"
    fitted, checked = "fitted", "check only"
    return (
        Check("brignone2009", "stable_high", label, "stable", "patients", "7 of 8", fitted, 7.0, counts),
        Check("escudier2007", "pfs", "C9", "median", "months", "2.8 months", fitted, 2.8, months),
        Check("motzer2008", "pfs", "C10", "median", "months", "1.9 months", fitted, 1.9, months),
        Check(
            "nk105", "pfs", "", "median", "months", "8 months", checked, 8.0, (6.0, 7.0, 9.0, np.inf, np.inf)
        ),
        Check("nk105", "ever", "", "response", "patients, at most", "4", checked, 9.0, counts),
    )
