"""A definition that does not hold together is refused, and the message names the term."""

from dataclasses import replace

import numpy as np
import pytest

from lag3ig.model.build import build
from lag3ig.model.definition.mechanism import mechanism
from lag3ig.model.definition.parameters import Constant, Parameter, load_parameters
from lag3ig.model.definition.records import (
    Conserved,
    Input,
    Limit,
    Module,
    Observable,
    Process,
    Quantity,
    Route,
    Species,
)
from lag3ig.model.definition.structures import Structure
from lag3ig.model.errors import ModelError
from lag3ig.model.symbolic.checks import check
from lag3ig.model.symbolic.system import System, assemble
from lag3ig.model.symbolic.unit_check import unit_of

TABLE = load_parameters()


def checked(*, table=TABLE, **records) -> System:
    """The default mechanism with one more module, assembled and checked."""
    system = assemble(mechanism(Structure(), (Module(name="extra", meaning="a trial", **records),)), table)
    check(system)
    return system


def leak(rate: str, unit: str = "nmol/d", effects=None) -> dict:
    return {"processes": (Process("leak", rate, unit, "a trial", effects or {"Asc": "-1"}),)}


# ---------------------------------------------------------------------- units


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (leak("kD*D", "nmol/d"), "process leak: 'kD*D' has the unit Mcell/d/mL, but declared is nmol/d"),
        (leak("kly*Asc+CLF*Asc"), "the term 'CLF * Asc' has the unit L·nmol/d, but 'kly * Asc'"),
        (leak("kly*Asc", effects={"Asc": "-KD"}), "effect on Asc: the term (-KD)*leak"),
        (leak("kly*Asc", effects={"Ac": "-VF"}), "the balance of Ac is in nmol per d"),
        (leak("kly*Asc**hS"), "'Asc' has the unit nmol, but the base of a power that is no number must be"),
        (leak("kly*Asc*2**kly"), "'kly' has the unit 1/d, but the exponent must be a pure number"),
        (leak("kly*Asc*exp(-kly)"), "but the argument of exp must be a pure number"),
        (leak("kly*Asc*log(DT)"), "'DT' has the unit d, but the argument of log"),
        (leak("kly*minimum(Asc,V)"), "the term 'V' has the unit mL, but 'Asc', which it is added to"),
        (leak("kly*Asc", "nmol/fortnite"), "names 'fortnite', which is no known unit"),
        (leak("kly*Asc", "10*nmol/d"), "a factor is a constant of its own"),
        (
            {"observables": (Observable("level", "C", "ng/mL", "level"),)},
            "observable level: 'C' has the unit nM",
        ),
        (
            {"limits": (Limit("small", "SLD0-V0", "mm", "a trial"),)},
            "limit small: in 'SLD0-V0' the term 'V0'",
        ),
    ],
)
def test_wrong_unit_names_the_term(records: dict, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        checked(**records)
    assert said in str(caught.value)


def test_right_dimension_but_another_size_says_the_factor() -> None:
    level = Observable("level", "MW*C", "ug/mL", "level")
    with pytest.raises(
        ModelError, match=r"they differ by a factor 0\.001; multiply by a conversion constant"
    ):
        checked(observables=(level,))


def test_declared_unit_of_a_parameter_is_what_the_equations_are_checked_by() -> None:
    wrong = replace(TABLE, parameters={**TABLE.parameters, "ka": replace(TABLE["ka"], unit="1/h")})
    with pytest.raises(ModelError, match=r"process absorption: 'ka\*Asc'.*factor 24"):
        checked(table=wrong)


def test_conversion_that_is_not_one_is_refused() -> None:
    constants = {**TABLE.constants, "mL_per_mm3": Constant("mL_per_mm3", 0.01, "mL/mm**3", "wrong")}
    with pytest.raises(ModelError, match=r"constant mL_per_mm3: 0\.01 mL/mm\*\*3 is not 1"):
        checked(table=replace(TABLE, constants=constants))


@pytest.mark.parametrize("text", ["9**9**9", "__import__('os')", "mg if 1 else g", "mg+g", "(lambda: 1)()"])
def test_unit_is_parsed_not_evaluated(text: str) -> None:
    with pytest.raises(ModelError):
        unit_of(text, "a trial")


# ---------------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("records", "said"),
    [
        (leak("kaa*Asc"), "process leak: unknown name 'kaa' in 'kaa*Asc': did you mean 'ka'?"),
        (leak("absorption*Asc"), "unknown name 'absorption'"),
        (leak("ka*Asc", effects={"Ascc": "-1"}), "process leak, effect on Ascc: there is no such species"),
        (
            {"quantities": (Quantity("spare", "2*ka", "1/d", "idle"),)},
            "quantity 'spare' (idle) is declared but",
        ),
        ({"inputs": (Input("spare", "1", "idle"),)}, "input 'spare' is declared but never used"),
        ({"species": (Species("Z9", "nmol", "idle"),)}, "species 'Z9' has no process"),
        (
            {
                "quantities": (Quantity("q1", "q2", "1", "circle"), Quantity("q2", "q1", "1", "circle")),
                **leak("q1*ka*Asc"),
            },
            "in a circle: q1 -> q2 -> q1",
        ),
        (leak("ka*Asc") | {"species": (Species("M", "nmol", "twice"),)}, "symbol 'M' is declared twice"),
        (
            leak("ka*Asc") | {"inputs": (Input("ka", "1", "twice"),)},
            "'ka' is declared by the mechanism and is also",
        ),
        (
            {"species": (Species("Z9", "nmol", "late", start="Ac"),), **leak("ka*Z9", effects={"Z9": "-1"})},
            "start of Z9: 'Ac' is not known before the patient is simulated",
        ),
        (
            {
                "routes": (
                    Route(name="x.iv", drug="x", state="Z9", dose_unit="mg", number=9, compartments=("Z9",)),
                )
            },
            "route x.iv: there is no species 'Z9'",
        ),
        (
            {
                "routes": (
                    Route(
                        name="lag3ig.sc", drug="x", state="Ac", dose_unit="mg", number=9, compartments=("Ac",)
                    ),
                )
            },
            "route 'lag3ig.sc' is declared twice",
        ),
    ],
)
def test_name_without_meaning_or_use_is_refused(records: dict, said: str) -> None:
    with pytest.raises(ModelError) as caught:
        checked(**records)
    assert said in str(caught.value)


@pytest.mark.parametrize(
    "symbol", ["2x", "a b", "lambda", "load", "dy", "x__y", "_x", "", "a_Ac_Ac", "é", "x" * 41]
)
def test_symbol_that_kernels_cannot_carry_is_refused(symbol: str) -> None:
    with pytest.raises(ModelError, match="symbol"):
        Species(symbol, "nmol", "a trial")


def test_record_without_meaning_is_refused() -> None:
    with pytest.raises(ModelError, match="meaning is empty"):
        Quantity("q", "ka", "1/d", " ")
    with pytest.raises(ModelError, match="no effect on any species"):
        Process("p", "ka", "1/d", "a trial", {})


# ---------------------------------------------------------------------- conservation and signs


def test_leak_breaks_conservation_and_is_named() -> None:
    with pytest.raises(
        ModelError, match=r"dose of LAG-3Ig in = .* is not conserved: .* do not cancel: .*leak"
    ):
        checked(**leak("ka*Asc"))


def test_total_with_its_source_named_is_conserved() -> None:
    total = Conserved("pembrolizumab", "Pc+Pp", ("pembrolizumab_infusion", "pembrolizumab_elimination"))
    checked(conserved=(total,))
    with pytest.raises(ModelError, match="there is no process 'infusoin'"):
        checked(conserved=(replace(total, sources=("infusoin",)),))


def test_loss_that_does_not_vanish_with_its_state_is_named() -> None:
    with pytest.raises(
        ModelError, match=r"process leak: its term in the balance of N .* N would become negative"
    ):
        checked(**leak("dN*N00", "cell/uL/d", {"N": "-1"}))


def test_rate_that_cannot_be_computed_is_named() -> None:
    with pytest.raises(ModelError, match=r"process leak: .* cannot be computed at a plausible state"):
        checked(**leak("dN*N*N00/(N00-N00)", "cell/uL/d", {"N": "-1"}))


# ---------------------------------------------------------------------- a user's own process


def test_user_module_becomes_part_of_the_model(tmp_path, monkeypatch) -> None:
    """A partner that kills the tumour: its own decay, its effect on V and Vd, and nothing else changes."""
    monkeypatch.setenv("LAG3IG_CACHE", str(tmp_path))
    rate = Parameter(symbol="kpart", value=0.1, unit="1/d", meaning="decay", kind="assumed", source="a test")
    kill = replace(rate, symbol="killpart", unit="1/d/mg", meaning="kill")
    table = replace(TABLE, parameters={**TABLE.parameters, "kpart": rate, "killpart": kill})
    partner = Module(
        name="partner",
        meaning="a user's drug",
        species=(Species("Apart", "mg", "partner"),),
        processes=(
            Process("partner_loss", "kpart*Apart", "mg/d", "decay", {"Apart": "-1"}),
            Process("partner_kill", "killpart*Apart*V", "mL/d", "kill", {"V": "-1", "Vd": "1"}),
        ),
        routes=(
            Route(
                name="partner.iv",
                drug="partner",
                state="Apart",
                dose_unit="mg",
                number=6,
                compartments=("Apart",),
            ),
        ),
    )
    model = build(extra=(partner,), parameters=table)
    plain = build(parameters=TABLE)
    assert model.drugs[-1] == "partner"
    assert len(list((tmp_path / "models").glob("*.py"))) == 2
    values = model.typical()[:, np.newaxis]
    kernels = model.kernels
    derived, y = np.zeros((kernels.derived_rows, 1)), np.zeros((len(kernels.states), 1))
    kernels.derive(values, derived)
    kernels.start(derived, y)
    rest, with_drug = np.zeros_like(y), np.zeros_like(y)
    inputs = np.zeros((len(kernels.inputs), 1))
    kernels.rhs(y, inputs, derived, rest)
    y[kernels.states.index("Apart")] = 2.0
    kernels.rhs(y, inputs, derived, with_drug)
    change = dict(zip(kernels.states, (with_drug - rest)[:, 0], strict=True))
    volume = y[kernels.states.index("V"), 0]
    assert change.pop("Apart") == pytest.approx(-0.2)
    assert change.pop("V") == pytest.approx(-0.2 * volume)
    assert change.pop("Vd") == pytest.approx(0.2 * volume)
    assert set(change.values()) == {0.0}
    assert plain.kernels.states == tuple(name for name in kernels.states if name != "Apart")
