"""Every structural choice builds, differs where it must, and is refused when it does not exist."""

import numpy as np
import pytest

from lag3ig.model.build import build
from lag3ig.model.definition.structures import CHOICES, Structure
from lag3ig.model.errors import ModelError
from lag3ig.model.model import load_model

from .batch import Batch
from .tolerances import ROUNDING

ALTERNATIVES = Structure().one_step_alternatives()


def rate(state: str, *, structure: Structure, inputs=None, parameters=None, **states) -> float:
    """dy/dt of one state in the typical patient, with some states, inputs and parameters set."""
    model = load_model(structure, parameters)
    kernels = model.kernels
    derived, y = np.zeros((kernels.derived_rows, 1)), np.zeros((len(kernels.states), 1))
    kernels.derive(model.typical()[:, np.newaxis], derived)
    kernels.start(derived, y)
    for name, value in states.items():
        y[kernels.states.index(name)] = value
    given = np.array([[(inputs or {}).get(name, value)] for name, value in kernels.inputs])
    dy = np.zeros_like(y)
    kernels.rhs(y, given, derived, dy)
    return float(dy[kernels.states.index(state), 0])


# ---------------------------------------------------------------------- names


def test_alternatives_differ_in_one_choice() -> None:
    assert len(ALTERNATIVES) == sum(len(choice.options) - 1 for choice in CHOICES.values())
    for structure in ALTERNATIVES:
        differing = [
            name for name, option in structure.as_mapping().items() if option != getattr(Structure(), name)
        ]
        assert len(differing) == 1
        assert Structure.from_name(structure.name) == structure
        assert structure.is_shipped


def test_name_of_several_choices() -> None:
    structure = Structure(binding="explicit", growth="logistic")
    assert structure.name == "binding-explicit+growth-logistic"
    assert Structure.from_name(structure.name) == structure
    assert Structure.from_name("default") == Structure()
    assert not structure.is_shipped
    assert structure.module_name.isidentifier()


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"activaton_site": "node"}, "no choice 'activaton_site': did you mean 'activation_site'?"),
        ({"activation_site": "nod"}, "activation_site = 'nod' does not exist: did you mean 'node'?"),
        (
            {"growth": "linear"},
            "growth = 'linear' does not exist: allowed: 'exponential', 'logistic', 'gompertz'",
        ),
        ({"growth": 3}, "growth = 3 does not exist"),
    ],
)
def test_structure_that_does_not_exist_is_refused_with_the_nearest(choices: dict, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        load_model(choices)
    assert said in str(caught.value)


@pytest.mark.parametrize("name", ["explicit", "binding", "binding-explicit+", ""])
def test_name_that_is_none_is_refused(name: str) -> None:
    with pytest.raises(ModelError):
        Structure.from_name(name)


def test_unknown_observable_state_or_unit_is_refused() -> None:
    model = load_model()
    assert model.unit("sld") == "mm"
    assert model.unit("Ac") == "nmol"
    assert model.unit("ka") == "1/d"
    with pytest.raises(ModelError, match="did you mean 'plasma'"):
        model.unit("plasam")
    with pytest.raises(ModelError, match="did you mean 'sld'"):
        model.observable("slds")


# ---------------------------------------------------------------------- what each choice changes


@pytest.mark.parametrize("structure", ALTERNATIVES, ids=lambda item: item.name)
def test_alternative_has_equations_of_its_own(structure: Structure) -> None:
    other, default = load_model(structure), load_model()
    assert other.hash != default.hash
    assert (other.kernels.hash == default.kernels.hash) == (structure.microenvironment == "mixture")


def test_activation_site_decides_which_level_activates() -> None:
    """Resting cells lose more at the blood's level, the node's, or either; equal means not reached."""
    for site, by_blood, by_node in (("blood", True, False), ("node", False, True), ("both", True, True)):
        structure = Structure(activation_site=site)
        rest = rate("Ma", structure=structure)
        assert (rate("Ma", structure=structure, Ac=100.0) > rest) == by_blood
        assert (rate("Ma", structure=structure, Aly=100.0) > rest) == by_node
        assert (rate("D", structure=structure, Ac=100.0) < rate("D", structure=structure) - 1e-6) == by_blood


def test_both_sites_are_independent_chances() -> None:
    """With a saturated node the chance is fN + (1 - fN) S."""
    structure = Structure(activation_site="both")
    node = rate("Ma", structure=structure, Aly=1e9)
    full = rate("Ma", structure=structure, Aly=1e9, Ac=1e12)
    saturated = 1.5 * 40.0 - 0.25 * 2.4
    assert full == pytest.approx(saturated, rel=1e-6)
    share = 0.01 + 0.99 * 0.05
    assert node == pytest.approx(1.5 * share * 40.0 - 0.25 * 2.4, rel=1e-6)


def test_explicit_binding_rests_at_the_quasi_equilibrium_corrected_for_internalisation() -> None:
    """B/R = kon c/(koff + kint): the occupancy differs from quasi-equilibrium by kint/koff."""
    structure = Structure(binding="explicit")
    amount, free = 38.0, 5e5 * 0.999
    level = amount / 380.0
    bound = 100.0 / 60.0 * level * free / (100.0 + 1.66)
    assert rate("B_b", structure=structure, Ac=amount, R_b=free, B_b=bound) == pytest.approx(
        0.0, abs=1e-9 * bound
    )
    equilibrium = free * level / 60.0
    assert bound == pytest.approx(equilibrium / (1.0 + 1.66 / 100.0), rel=ROUNDING)


def test_capture_and_target_mediated_loss_saturate() -> None:
    capture = Structure(disposition="capture")
    extra = [
        rate("Asc", structure=Structure(), Asc=a) - rate("Asc", structure=capture, Asc=a) for a in (6.0, 6e6)
    ]
    assert extra == pytest.approx([5.0, 10.0], rel=1e-5)
    target = Structure(disposition="target_mediated")
    for amount, lost in ((0.05 * 380.0, 5.0), (0.05 * 380.0 * 1e7, 10.0)):
        linear = -180.0 * amount / 380.0
        assert linear - rate("Ac", structure=target, Ac=amount) == pytest.approx(lost, rel=1e-3)


def test_null_model_does_not_kill() -> None:
    null = Structure(tumour_effect="none")
    assert rate("V", structure=null, Td=50.0) == rate("V", structure=null, Td=0.0)
    assert rate("Vd", structure=null, Td=50.0) == 0.0
    assert rate("Vd", structure=null, Xk=1.0) > 0.0


def test_kill_scaling_is_the_exponent_of_the_doubling_time() -> None:
    """At four times the reference doubling time the kill rate falls by 1, 2 and 4."""
    kills = {}
    for option in ("mass_action", "half", "proportional"):
        structure = Structure(kill_scaling=option)
        for doubling in (80.6, 4 * 80.6):
            given = {"parameters": {"DT": doubling}, "structure": structure, "V": 1.0, "Vd": 0.0}
            kills[option, doubling] = rate("Vd", **given)
    at_reference = {round(kills[option, 80.6], 12) for option in ("mass_action", "half", "proportional")}
    assert len(at_reference) == 1
    ratios = [kills[o, 80.6] / kills[o, 4 * 80.6] for o in ("mass_action", "half", "proportional")]
    assert ratios == pytest.approx([1.0, 2.0, 4.0], rel=ROUNDING)


@pytest.mark.parametrize("law", ["exponential", "logistic", "gompertz"])
def test_growth_law_at_its_capacity(law: str) -> None:
    """Without kill: exponential goes on, the others stop at Vmax = 2,000 mL and shrink above it."""
    structure = Structure(growth=law)
    at = [rate("V", structure=structure, Td=0.0, V=volume, Vd=0.0) for volume in (1000.0, 2000.0, 4000.0)]
    if law == "exponential":
        assert at[1] == pytest.approx(2 * at[0], rel=ROUNDING)
    else:
        assert at[0] > 0.0 > at[2]
        assert abs(at[1]) <= ROUNDING * at[0]


def test_held_antigen_does_not_follow_the_tumour() -> None:
    held = Structure(antigen="held")
    assert rate("DL", structure=held, V=1.0) == rate("DL", structure=held, V=100.0)
    assert rate("DL", structure=Structure(), V=1.0) < rate("DL", structure=Structure(), V=100.0)


def test_new_lesions_are_counted_or_not() -> None:
    assert rate("Lnew", structure=Structure()) == pytest.approx(1e-3, rel=ROUNDING)
    model = load_model(Structure(new_lesions="none"))
    assert "Lnew" not in model.kernels.states
    assert "h0" not in model.kernels.parameters


def test_antibodies_multiply_clearance_once_present() -> None:
    structure = Structure(antibodies="incidence")
    before = rate("Ac", structure=structure, Ac=1.0)
    after = rate("Ac", structure=structure, Ac=1.0, inputs={"antibody": 1.0})
    assert after == pytest.approx(3.0 * before, rel=ROUNDING)


def test_occasion_multiplies_absorption() -> None:
    structure = Structure(occasions="absorption")
    plain = rate("Asc", structure=structure, Asc=2.0)
    assert plain == rate("Asc", structure=Structure(), Asc=2.0)
    assert rate("Asc", structure=structure, Asc=2.0, inputs={"ka_occasion": 1.5}) == pytest.approx(
        1.5 * plain
    )


def test_rebound_reaches_the_responsive_cells_only_where_asked() -> None:
    apc = Structure(rebound="apc")
    assert rate("M", structure=Structure(), Qr=1.0) == rate("M", structure=Structure())
    assert rate("M", structure=apc, Qr=1.0) > rate("M", structure=apc)
    batch = Batch(apc, patients=1, spread=0.0)
    y = batch.start.copy()
    y[batch.row("Qr")] = 1.0
    raised = batch.observed(y)["monocytes"] - batch.observed(batch.start)["monocytes"]
    assert raised[0] == pytest.approx(4.2 * 360.0, rel=ROUNDING)


def test_one_dose_of_paclitaxel_kills_alike_in_both_forms() -> None:
    """The integral of the kill rate is kpac/kx: dose/kx by K-PD, dose BSA/CLt times the potency in plasma."""
    two = Structure(paclitaxel="two_compartment")
    model = load_model(two)
    p = {symbol: model.parameters[symbol].value for symbol in model.parameters}
    kill = {}
    for structure, state in ((Structure(), "Xk"), (two, "Tc")):
        with_drug = rate("Vd", structure=structure, Td=0.0, V=1.0, Vd=0.0, **{state: 1.0})
        kill[state] = with_drug
    area_kpd = kill["Xk"] / p["kx"]
    area_two = kill["Tc"] * p["Dpac"] * p["BSA"] * p["V1t"] / p["CLt"]
    assert area_kpd == pytest.approx(p["kpac"] / p["kx"], rel=ROUNDING)
    assert area_two == pytest.approx(area_kpd, rel=ROUNDING)
    assert p["kpac"] / p["kx"] == pytest.approx(0.057, abs=0.0005)


# ---------------------------------------------------------------------- beyond the shipped ones


def test_combination_is_built_on_first_use_and_found_again(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path))
    choices = {"binding": "explicit", "growth": "gompertz", "activation_site": "both"}
    model = load_model(choices)
    assert {"R_b", "R_t", "R_n"} <= set(model.kernels.states)
    (path,) = (tmp_path / "models").glob("*.py")
    written = path.stat().st_mtime_ns
    assert load_model(choices).kernels.hash == model.kernels.hash
    assert path.stat().st_mtime_ns == written
    path.write_text("garbage")
    assert load_model(choices).kernels.hash == model.kernels.hash


def test_built_model_equals_the_shipped_one(tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path))
    for structure in (Structure(), Structure(paclitaxel="two_compartment")):
        assert build(structure).hash == load_model(structure).hash


def test_cache_that_cannot_be_written_is_said(tmp_path, monkeypatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path / "file"))
    with pytest.raises(ModelError, match="set LAG3IG_CACHE to a folder"):
        build(Structure(binding="explicit", growth="gompertz"))
