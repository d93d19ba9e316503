"""Assumed numbers moved one at a time: what must and what cannot change."""

import pytest

from lag3ig.experiments.assumptions import headline_figures, movable, move_assumptions, moved
from lag3ig.experiments.protocol import load_protocol
from lag3ig.experiments.trial import run_trial
from lag3ig.model.definition.parameters import load_parameters

from .tolerances import ROUNDING

PROTOCOL = load_protocol("imp321-rcc-phase1")


@pytest.fixture(scope="module")
def found():
    figures, changes = move_assumptions(PROTOCOL, patients=60, symbols=["kkill", "VF", "sV"])
    return figures, {item.symbol: item for item in changes}


def test_figures_are_those_of_the_trial(found):
    result = run_trial(PROTOCOL, patients=60, replicates=0, history_patients=0)
    assert headline_figures(result, PROTOCOL.protocol) == found[0]
    low = [result.arms[name] for name in ("0.05 mg", "0.25 mg", "1.25 mg")]
    share = sum(arm.evaluable * arm.share("stable_3m")[0] for arm in low) / 11.0
    assert found[0]["stable at 3 months, below 6 mg"] == pytest.approx(100.0 * share, rel=ROUNDING)


def test_killing_moves_tumours_and_no_cells_of_blood(found):
    item = found[1]["kkill"]
    assert item.most("stable at 3 months, above 6 mg") > 0.0
    for figure in ("sustained CD8 activation", "rise of effector-memory CD8", "exposed for a day"):
        assert item.most(f"{figure}, difference") == 0.0


def test_what_a_trial_does_not_give_moves_nothing(found):
    """The yield of a vaccine, where none is given."""
    assert all(found[1]["sV"].most(figure) == 0.0 for figure in found[0])


def test_a_share_moves_by_its_odds():
    table = load_parameters()
    share = next(item for item in table.parameters.values() if item.distribution == "logitnormal")
    doubled = moved(share, 2.0)
    assert doubled / (1.0 - doubled) == pytest.approx(2.0 * share.value / (1.0 - share.value), rel=ROUNDING)
    assert moved(table["kkill"], 2.0) == 2.0 * table["kkill"].value


def test_every_assumed_number_of_the_model_is_moved():
    assumed = {item.symbol for item in movable(PROTOCOL.protocol)}
    table = load_parameters().for_structure(PROTOCOL.protocol.build_structure())
    assert assumed == {s for s, item in table.parameters.items() if item.kind == "assumed" and item.value}
