"""What moves an observation: sums of parameters that tables depend on, and those that show."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.inputs import inputs_of
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.free_parameters import Context
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import load_problem


@pytest.fixture(scope="module")
def problem():
    return load_problem("monotherapies")[0]


@pytest.mark.parametrize("context", [Context("breast", "nk105"), Context("kidney", "escudier2007")])
def test_a_table_depends_on_the_sums_alone(problem, context):
    """Moving everything so that no sum changes leaves every median and spread as it was."""
    free = problem.free_parameters()
    sums = free.coordinates(context)
    unseen = np.linalg.svd(sums)[2][len(sums) :]
    assert len(unseen) == len(free) - len(sums) > 0
    base, rng = problem.base(context), np.random.default_rng(1)
    for point in prior_points(free, 3, seed=2):
        tables = [
            free.table(point + step * rng.normal(size=len(unseen)) @ unseen, base, context)
            for step in (0.0, 0.5)
        ]
        for symbol in base.parameters:
            one, other = (table[symbol] for table in tables)
            assert (one.value, one.spread) == pytest.approx((other.value, other.spread), rel=1e-12)


def test_a_card_is_moved_by_its_own_drug_and_growth(problem):
    cards = ("motzer2008", "nk105")
    effects = tuple(item for item in problem.effects if "escudier2007" not in item.of)
    small = problem.model_copy(update={"cards": cards, "effects": effects})
    objective = Objective(small)
    names = objective.free_parameters.names
    found = {
        name: {" + ".join(np.array(names)[row > 0.0]) for row in rows}
        for name, rows in inputs_of(objective).items()
    }
    untreated, treated = found["motzer2008.pfs"], found["nk105.pfs"]
    assert {"DT", "spread of DT in kidney", "h0"} <= untreated
    assert {"DT in breast", "h0 + h0: effect of breast", "kkill + kkill: effect of breast", "kpac"} <= treated
    assert not {"kpac", "N50", "rM", "DT in breast"} & untreated
    assert not {"N50", "DT", "spread of DT in kidney"} & treated
