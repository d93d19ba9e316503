"""A fit of two numbers with draws given by hand, to try what trials make of a fit."""

import numpy as np

from lag3ig.fitting.fit_result import LEVELS, FitResult, Learnt
from lag3ig.fitting.problem import Problem
from lag3ig.model.documents import parse_document
from lag3ig.model.errors import ParameterError

PROBLEM = """
name = "small"
title = "Killing, and how much it varies"
cards = ["escudier2007", "ncri_mbc"]
structure = { growth = "exponential" }

[[free]]
parameter = "kkill"

[[free]]
parameter = "y0"
target = "spread"
"""
TRIALS = """
[[effects]]
parameter = "DT"
of = ["escudier2007", "motzer2008"]
spread = 0.3

[[effects]]
parameter = "kkill"
of = ["breast"]
spread = 0.5
"""


def small_fit(killing, *, weights=None, text: str = PROBLEM, converged: bool = True) -> FitResult:
    """A posterior with these medians of kkill; the spread of y0 falls from 0.9 to 0.5 along the draws."""
    parameters = parse_document(text, Problem, error=ParameterError, name="small").free_parameters()
    killing = np.asarray(killing, dtype=np.float64)
    natural = np.zeros((killing.size, len(parameters)))  # effects are 0: none
    natural[:, 0], natural[:, 1] = killing, np.linspace(0.9, 0.5, killing.size)
    weights = np.ones(killing.size) if weights is None else np.asarray(weights, dtype=np.float64)
    return FitResult(
        problem_text=text,
        problem_name="small",
        title="Killing, and how much it varies",
        created="2000-01-01T00:00:00+00:00",
        lag3ig_version="0.0.0",
        structure="{}",
        seed=1,
        patients=100,
        names=parameters.names,
        starts=np.zeros(1),
        top=parameters.centre(),
        terms={"escudier2007.pfs": -1.0},
        draws=parameters.free(natural),
        weights=weights / weights.sum(),
        learnt=tuple(Learnt(name, *[(1.0,) * len(LEVELS)] * 2, 0.5, 1.0) for name in parameters.names),
        checks=(),
        diagnostics={"converged": converged, "reason": "walkers disagree"},
    )
