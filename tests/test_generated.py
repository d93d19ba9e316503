"""The committed kernels are current, and say what the definition says."""

import math
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lag3ig.model.definition.mechanism import mechanism
from lag3ig.model.definition.parameters import Parameter, load_parameters
from lag3ig.model.definition.structures import Structure
from lag3ig.model.errors import ModelError
from lag3ig.model.model import load_model
from lag3ig.model.symbolic import emit

from .batch import Batch
from .reference import Patient
from .tolerances import ROUNDING

SHIPPED = emit.shipped()
IDS = [structure.name for structure in SHIPPED]
every_structure = pytest.mark.parametrize("structure", SHIPPED, ids=IDS)


# ---------------------------------------------------------------------- text


def test_generated_folder_is_current() -> None:
    assert emit.main(["--check"]) == 0


def test_check_names_what_is_missing_changed_or_foreign(tmp_path) -> None:
    wanted = {"a.py": "1\n", "b.py": "2\n"}
    (tmp_path / "__init__.py").touch()
    (tmp_path / "a.py").write_text("1\n")
    (tmp_path / "old.py").touch()
    assert emit.stale(wanted, tmp_path) == ["b.py", "old.py"]
    assert emit.write(wanted, tmp_path) == ["b.py", "old.py"]
    assert emit.stale(wanted, tmp_path) == []
    (tmp_path / "a.py").write_text("3\n")
    assert emit.stale(wanted, tmp_path) == ["a.py"]


def test_command_says_what_is_wrong(monkeypatch, capsys) -> None:
    monkeypatch.setattr(emit, "texts", lambda: {"default.py": "another\n"})
    assert emit.main(["--check"]) == 1
    assert "not current:" in (said := capsys.readouterr().err)
    assert "default.py" in said
    assert "run: python -m lag3ig.model.symbolic.emit" in said

    def broken() -> dict[str, str]:
        raise ModelError("process x: wrong")

    monkeypatch.setattr(emit, "texts", broken)
    assert emit.main([]) == 1
    assert capsys.readouterr().err == "error: process x: wrong\n"


def test_parameter_that_no_equation_uses_is_named() -> None:
    table = load_parameters()
    idle = Parameter(symbol="idle", value=1.0, unit="1", meaning="no use", kind="assumed", source="a test")
    for role, said in (("model", "in the table but in no equation"), ("assay", "no observable names it")):
        more = {**table.parameters, "idle": replace(idle, role=role)}
        with pytest.raises(ModelError, match=f"'idle'.*{said}"):
            emit.texts(replace(table, parameters=more))
    fewer = {symbol: item for symbol, item in table.parameters.items() if symbol != "cv_sld"}
    with pytest.raises(ModelError, match="names 'cv_sld', which is no parameter of the role assay"):
        emit.texts(replace(table, parameters=fewer))


@pytest.mark.parametrize("seed", ["1", "7"])
def test_text_is_the_same_in_every_process(seed: str) -> None:
    """Sets are ordered by hash, and hashes differ from process to process: none may reach the text."""
    code = (
        "import sys; from lag3ig.model.definition.mechanism import mechanism; "
        "from lag3ig.model.definition.parameters import load_parameters; "
        "from lag3ig.model.definition.structures import Structure; "
        "from lag3ig.model.symbolic.kernels import KernelWriter; "
        "from lag3ig.model.symbolic.system import assemble; "
        "sys.stdout.write(KernelWriter(assemble(mechanism(Structure()), load_parameters())).text('default'))"
    )
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout == (emit.GENERATED / "default.py").read_text()


@every_structure
def test_source_reads_as_a_reaction_table(structure: Structure) -> None:
    """Named rates one a line with unit and meaning; one balance a line; no entry that is identically zero."""
    text = (emit.GENERATED / f"{structure.module_name}.py").read_text()
    system = mechanism(structure)
    rhs = text.split("def rhs")[1].split("@kernel")[0]
    for process in system.processes:
        if re.search(rf"^    {process.symbol} = .*$", rhs, re.MULTILINE):
            assert f"  # {process.unit}: {process.meaning}" in rhs
    assert len(re.findall(r"^    store\(dy, ", rhs, re.MULTILINE)) == len(system.species)
    assert not re.search(r"= -?0\.0$", text, re.MULTILINE)
    assert not re.search(r"(?<![\d.])0\.0 \*", text)
    assert "**" not in "".join(line.split("#")[0] for line in text.splitlines() if line.startswith("    "))


# ---------------------------------------------------------------------- start


@every_structure
def test_start_is_at_rest_and_the_tumour_grows_at_its_doubling_time(structure: Structure) -> None:
    batch = Batch(structure)
    dy = batch.rates(batch.start)
    growth = math.log(2.0) / batch.value("DT")
    moving = {"V", "Vd", "Lnew"}
    for row, state in enumerate(batch.kernels.states):
        if state in moving:
            continue
        assert np.all(np.abs(dy[row]) <= ROUNDING * np.maximum(np.abs(batch.start[row]), 1e-300)), state
    for state in ("V", "Vd"):
        row = batch.row(state)
        np.testing.assert_allclose(dy[row], growth * batch.start[row], rtol=ROUNDING, atol=0.0)
    assert np.all(batch.start >= 0.0)


@every_structure
def test_start_of_the_typical_patient(structure: Structure) -> None:
    """The numbers that the mechanism was proposed with."""
    batch = Batch(structure, patients=1, spread=0.0)
    batch.parameters = batch.model.typical()[:, np.newaxis]
    batch.derived = batch.run("derive", batch.kernels.derived_rows, batch.parameters)
    start = dict(
        zip(
            batch.kernels.states,
            batch.run("start", len(batch.kernels.states), batch.derived)[:, 0],
            strict=True,
        )
    )
    expected = {"Ma": 2.4, "E": 25.2, "EM": 140.0, "Ep": 0.030, "N": 0.0086}
    if structure.kill_scaling == "half" and structure.tumour_effect == "kill":
        expected |= {"V": 38.2, "Vd": 4.2}
    for state, value in expected.items():
        assert start[state] == pytest.approx(value, rel=0.006), state


# ---------------------------------------------------------------------- right-hand side


@every_structure
def test_rates_equal_those_written_by_hand(structure: Structure) -> None:
    """Against the right-hand side that was written from the mechanism, not from the definition."""
    batch = Batch(structure)
    y = batch.away()
    dy = batch.rates(y)
    names = [name for name, _ in batch.kernels.inputs]
    for patient in range(batch.patients):
        given = dict(zip(batch.kernels.parameters, batch.parameters[:, patient], strict=True))
        every = {symbol: batch.model.parameters[symbol].value for symbol in batch.model.parameters} | given
        hand = Patient(every, structure.as_mapping())
        state = dict.fromkeys(hand.names, 0.0) | dict(zip(batch.kernels.states, y[:, patient], strict=True))
        switch = dict(zip(names, batch.inputs[:, patient], strict=True))
        rate = {name.removesuffix("_infusion"): value for name, value in switch.items()}
        wanted = hand.derivative(state, rate, switch)
        # What the hand-written one leaves out: infusions of LAG-3Ig, and the amount eliminated.
        wanted["Asc"] += rate["Asc"]
        wanted["Ac"] += rate["Ac"]
        for row, name in enumerate(batch.kernels.states):
            if name != "Ael":
                size = max(abs(wanted[name]), abs(state[name]))
                assert dy[row, patient] == pytest.approx(
                    wanted[name], rel=ROUNDING, abs=10 * ROUNDING * size
                ), name


@every_structure
def test_lag3ig_that_enters_is_in_the_body_or_eliminated(structure: Structure) -> None:
    batch = Batch(structure)
    y = batch.away()
    names = [name for name, _ in batch.kernels.inputs]
    step = batch.rates(y)
    body = sum(step[batch.row(state)] for state in ("Asc", "Aly", "Ac"))
    if "Ael" in batch.kernels.states:
        lost = step[batch.row("Ael")]
    else:
        weight = (batch.value("WT") / batch.value("WTref")) ** batch.value("xCL")
        lost = batch.value("CLF") * weight * step[batch.row("AUC")]
    entered = batch.inputs[names.index("Asc_infusion")] + batch.inputs[names.index("Ac_infusion")]
    flow = np.abs(step[batch.row("Ac")]) + lost
    np.testing.assert_array_less(np.abs(body + lost - entered), 100 * ROUNDING * flow)


@every_structure
def test_empty_and_vanishing_states_are_finite(structure: Structure) -> None:
    """A patient without any tumour, cells or drug: no division by what is not there."""
    batch = Batch(structure)
    for level in (0.0, 1e-310, 1e-30):
        y = np.full_like(batch.start, level)
        assert np.isfinite(batch.rates(y)).all()
        assert np.all(batch.rates(y)[y == 0.0] >= 0.0)
        diagonal = np.full((1, batch.patients), 3.0)
        factors = batch.run("factor", batch.kernels.factor_rows, y, batch.inputs, batch.derived, diagonal)
        assert np.isfinite(factors).all()


def test_parameter_that_is_no_number_shows_in_the_rates() -> None:
    batch = Batch(Structure())
    batch.parameters[:, 3] = np.nan
    batch.derived = batch.run("derive", batch.kernels.derived_rows, batch.parameters)
    start = batch.run("start", len(batch.kernels.states), batch.derived)
    assert np.isnan(batch.rates(start)[:, 3]).any()
    assert np.isfinite(batch.rates(start)[:, 4]).all()


# ---------------------------------------------------------------------- readouts, doses, limits


@every_structure
def test_observables_by_hand(structure: Structure) -> None:
    batch = Batch(structure)
    y = batch.away()
    seen, state = batch.observed(y), dict(zip(batch.kernels.states, y, strict=True))
    weight = batch.value("WT") / batch.value("WTref")
    level = state["Ac"] / (batch.value("VF") * weight ** batch.value("xV"))
    cd8 = state["E"] + state["EM"] + batch.value("Oth")
    baseline = math.pi / 6.0 * (batch.value("SLD0") / 10.0) ** 3 / batch.value("nles") ** 2
    wanted = {
        "plasma": 160.0 * level * batch.value("MW") / 160.0,
        "plasma_nM": level,
        "activated_cd8": state["E"],
        "cd8_total": cd8,
        "em_cd8_percent": 100.0 * (1.0 - batch.value("Oth") / cd8),
        "tumour_volume": state["V"] + state["Vd"],
        "sld": batch.value("SLD0") * np.cbrt((state["V"] + state["Vd"]) / baseline),
        "ifng": state["G"],
        "lesion_hazard": state.get("Lnew", np.zeros(batch.patients)),
        "activated_apc": state["Ma"],
        "auc": batch.value("MW") * state["AUC"],
    }
    for name, values in wanted.items():
        np.testing.assert_allclose(seen[name], values, rtol=10 * ROUNDING, err_msg=name)
    assert set(seen) == {item.symbol for item in batch.model.observables}


def test_baseline_readouts() -> None:
    batch = Batch(Structure(), patients=1, spread=0.0)
    seen = batch.observed(batch.start)
    assert seen["sld"][0] == pytest.approx(90.0, rel=ROUNDING)
    assert seen["em_cd8_percent"][0] == pytest.approx(36.7, abs=0.05)
    assert seen["monocytes"][0] == pytest.approx(402.4)
    assert seen["cd8_total"][0] == pytest.approx(450.2)


def test_dose_becomes_an_amount() -> None:
    batch = Batch(Structure(), patients=1, spread=0.0)
    rows = batch.run("doses", 3 * len(batch.kernels.dose_names), batch.derived)[:, 0]
    doses = {name: rows[3 * k : 3 * k + 3] for k, name in enumerate(batch.kernels.dose_names)}
    assert 30.0 * doses["lag3ig.sc"][0] == pytest.approx(187.5, rel=ROUNDING)
    assert 80.0 * doses["paclitaxel.iv"][0] == pytest.approx(1.0, rel=ROUNDING)
    assert doses["pembrolizumab.iv"].tolist() == [1.0, 1.0, 0.0]
    assert doses["vaccine.sc"].tolist() == [1.0, 1.0, 0.0]


@pytest.mark.parametrize(
    ("symbol", "value", "margin"),
    [
        ("SLD0", 9.9, "sld_above_low"),
        ("SLD0", 401.0, "sld_below_high"),
        ("Oth", 1400.0, "cd8_below_high"),
        ("aC", 50.0, None),
        ("fC", 0.9, "memory_loop"),
    ],
)
def test_limit_is_negative_for_an_impossible_patient(symbol: str, value: float, margin: str | None) -> None:
    batch = Batch(Structure(), patients=1, spread=0.0)
    batch.parameters = batch.model.typical()[:, np.newaxis]
    batch.parameters[batch.kernels.parameters.index(symbol)] = value
    derived = batch.run("derive", batch.kernels.derived_rows, batch.parameters)
    rows = batch.run("margins", len(batch.kernels.margin_names), derived)[:, 0]
    negative = [name for name, row in zip(batch.kernels.margin_names, rows, strict=True) if row < 0.0]
    assert negative == ([margin] if margin else [])


def test_scales_are_magnitudes() -> None:
    kernels = load_model().kernels
    assert all(math.log10(scale).is_integer() for scale in kernels.scales)
    assert dict(zip(kernels.states, kernels.scales, strict=True))["EM"] == 100.0


# ---------------------------------------------------------------------- appendix


def test_appendix_holds_every_record() -> None:
    text = (Path(emit.GENERATED) / "EQUATIONS.md").read_text()
    table, system = load_parameters(), mechanism(Structure())
    for symbol in (
        *table,
        *(item.symbol for item in system.species),
        *(item.symbol for item in system.processes),
        *(item.symbol for item in system.observables),
    ):
        assert re.search(rf"`{symbol}[` ]", text), symbol
    for structure in SHIPPED[1:]:
        assert f"### {structure.name}\n" in text
