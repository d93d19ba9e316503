"""Scaling symmetries: what the equations hide from observations, checked by simulating both sides."""

import numpy as np
import pytest

from lag3ig.model import dose, load_model, simulate
from lag3ig.model.build import scaling_symmetries
from lag3ig.model.errors import ModelError

from .tolerances import SAME_STEPS

SEEN = ["sld", "lesion_hazard", "activated_cd8", "em_cd8_percent"]
THERAPY = dose("lag3ig", "30 mg", every="14 d", count=6) + dose("pembrolizumab", "200 mg")
DRUG = ["VF", "CLF", "Vly", "KD", "MW", "Rcell", "N50", "hS", "Fsc", "gT"]


def _curves(names, factors=None):
    model = load_model()
    values = {symbol: model.typical()[model.kernels.parameters.index(symbol)] for symbol in ("KH",)}
    for symbol, factor in (factors or {}).items():
        values[symbol] = factor * model.typical()[model.kernels.parameters.index(symbol)]
    run = simulate(THERAPY, model=load_model(parameters=values), times=np.arange(0.0, 85.0, 7.0), rtol=1e-9)
    return {name: run.curve(name)[0] for name in names}


@pytest.mark.parametrize("group", scaling_symmetries(observed=SEEN), ids=lambda group: "-".join(group))
def test_no_observation_sees_a_group_move(group):
    before, after = _curves(SEEN), _curves(SEEN, {name: 1.1**power for name, power in group.items()})
    for name in SEEN:
        np.testing.assert_allclose(after[name], before[name], rtol=100 * SAME_STEPS, err_msg=name)


def test_exposure_and_potency_are_confounded_until_plasma_is_measured():
    """Clearance, volumes and affinity move together; receptors and half-signal do, whatever is measured."""
    unseen = scaling_symmetries(observed=SEEN, free=DRUG)
    exposure = {"VF", "CLF", "Vly", "KD"}
    assert any(exposure <= set(group) for group in unseen)
    assert {"Rcell": 1, "N50": 1} in unseen
    measured = scaling_symmetries(observed=[*SEEN, "plasma"], free=DRUG)
    assert {"Rcell": 1, "N50": 1} in measured
    assert len(measured) < len(unseen)


def test_a_parameter_alone_has_no_symmetry():
    assert scaling_symmetries(observed=["sld"], free=["kkill"]) == ()


@pytest.mark.parametrize(
    ("words", "fault"),
    [({"observed": ["sdl"]}, "'sld'"), ({"observed": ["sld"], "free": ["kkil"]}, "'kkill'")],
)
def test_unknown_names_are_refused_with_the_nearest(words, fault):
    with pytest.raises(ModelError, match=fault):
        scaling_symmetries(**words)
