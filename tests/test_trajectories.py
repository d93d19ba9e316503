"""Trajectories against an independent solver and an independently written right-hand side."""

from functools import cache

import numpy as np
import pytest

from lag3ig.model import Model, Patients, Regimen, Structure, dose, draw, load_model, simulate
from lag3ig.model.population import occasion_variation

from . import reference
from .tolerances import ASKED_MEDIAN, ASKED_WORST, FALL, ROUNDING

TIMES = np.array([0.0, 0.25, 0.5, 1, 2, 4, 7, 10, 14, 20, 28, 35, 42, 43, 44, 50, 56, 63, 70, 71, 77, 84])
RTOL = 1e-6
ALTERNATIVES = [s.name for s in Structure().one_step_alternatives() if s.equations != Structure()]
CASES = [
    ("default", ("lag3ig",), 100),
    ("default", ("lag3ig", "pembrolizumab"), 20),
    ("default", ("lag3ig", "paclitaxel"), 20),
    ("default", ("lag3ig", "vaccine"), 20),
    *((name, ("lag3ig", "pembrolizumab", "paclitaxel", "vaccine"), 20) for name in ALTERNATIVES),
]
# Dissociation at 100 /d, or paclitaxel's -40 /d, would make an explicit method step for stability alone.
STIFF = {"binding-explicit", "paclitaxel-two_compartment"}


def regimen(model: Model, drugs: tuple[str, ...]) -> Regimen:
    infuse = "1 h" if model.structure.paclitaxel == "two_compartment" else None
    lines = {
        "lag3ig": dose("lag3ig", "30 mg", every="14 d", count=6),
        "pembrolizumab": dose("pembrolizumab", "200 mg", every="21 d", count=4, infuse="0.5 h"),
        "paclitaxel": dose("paclitaxel", "80 mg/m**2", every="7 d", count=3, infuse=infuse),
        "vaccine": dose("vaccine", 1, every="28 d", count=3),
    }
    return sum((lines[drug] for drug in drugs), Regimen())


def case(name: str, count: int) -> tuple[Model, Patients]:
    """Model and patients of a case; a third of them form antibodies where the structure has any."""
    model = load_model(Structure.from_name(name), {"pADA": 1 / 3})
    return model, draw(model, count, seed=2009)


def by_hand(model: Model, patients: Patients, row: int, drugs: tuple[str, ...]) -> dict[str, np.ndarray]:
    """The same doses as plain amounts, solved by SciPy."""
    p = everything(model, patients, row)
    boluses, infusions, switches = [], [], []
    if "lag3ig" in drugs:
        factor, inputs, antibodies = occasion_variation(
            model, patients, dose("lag3ig", "30 mg", every=14, count=6)
        )
        each = np.ones(6) if factor is None else factor[row]
        boluses += [(14.0 * i, "Asc", 30 * 1000 / p["MW"] * p["Fsc"] * each[i]) for i in range(6)]
        switches += [
            (14.0 * i, symbol, values[row, i]) for symbol, values in inputs.items() for i in range(6)
        ]
        switches += [(s.time[row], s.input, s.value) for s in antibodies if np.isfinite(s.time[row])]
    if "vaccine" in drugs:
        boluses += [(28.0 * i, "Av", 1.0) for i in range(3)]
    if "pembrolizumab" in drugs:
        infusions += [(21.0 * i, 21.0 * i + 0.5 / 24, "Pc", 200 * 48) for i in range(4)]
    if "paclitaxel" in drugs and model.structure.paclitaxel == "two_compartment":
        infusions += [(7.0 * i, 7.0 * i + 1 / 24, "Tc", 80 * p["BSA"] * 24) for i in range(3)]
    elif "paclitaxel" in drugs:
        boluses += [(7.0 * i, "Xk", 80 / p["Dpac"]) for i in range(3)]
    return reference.Patient(p, model.structure.as_mapping()).solve(TIMES, boluses, infusions, switches)


def everything(model: Model, patients: Patients, row: int) -> dict[str, float]:
    """All parameters of one patient by symbol, those outside the kernels at their table value."""
    table = {symbol: item.value for symbol, item in model.parameters.parameters.items()}
    drawn = zip(model.kernels.parameters, patients.parameters[row].tolist(), strict=True)
    return table | dict(drawn)


@cache
def references(name: str, drugs: tuple[str, ...], count: int) -> list[dict[str, np.ndarray]]:
    model, patients = case(name, count)
    return [by_hand(model, patients, row, drugs) for row in range(count)]


def errors(name: str, drugs: tuple[str, ...], count: int, method: str, rtol: float) -> np.ndarray:
    """|y - reference| / (RTOL max_t |reference| + atol), shape (P, T, S): error in units of 1e-6."""
    model, patients = case(name, count)
    run = simulate(
        regimen(model, drugs), times=TIMES, model=model, patients=patients, method=method, rtol=rtol
    )
    assert run.outcomes == {"ok": count}
    states = [state for state in model.kernels.states if state in reference.Patient.KNOWN]
    assert len(states) >= 24
    exact = np.array([[r[state] for state in states] for r in references(name, drugs, count)])
    exact = exact.transpose(0, 2, 1)
    scales = dict(zip(model.kernels.states, model.kernels.scales, strict=True))
    atol = 1e-3 * RTOL * np.array([scales[state] for state in states])
    found = np.stack([run.curve(state) for state in states], axis=-1)
    return np.abs(found - exact) / (RTOL * np.abs(exact).max(axis=1, keepdims=True) + atol)


@pytest.mark.parametrize(("name", "drugs", "count"), CASES, ids=lambda value: str(value))
def test_agrees_with_the_mechanism_written_by_hand(name: str, drugs: tuple[str, ...], count: int) -> None:
    """Each structure and partner, all states, patients and times; and a tighter tolerance buys accuracy."""
    methods = ["rodas5p"] if name in STIFF else ["rodas5p", "tsit5"]
    for method in methods:
        asked = errors(name, drugs, count, method, RTOL)
        tighter = errors(name, drugs, count, method, RTOL / 100)
        assert np.median(asked) < ASKED_MEDIAN, method
        assert asked.max() < ASKED_WORST, method
        # Tsit5 hardly weighs the first instant of a step, where a dose of a partner acts at once: its error
        # stays within the tolerance asked for, but starts from so little that it falls by less.
        fall = FALL if method == "rodas5p" or drugs == ("lag3ig",) else 1.0
        assert tighter.max() < asked.max() / fall, method
        assert tighter.max() < ASKED_WORST / 100, method


def test_nothing_happens_without_drug() -> None:
    """Without drug every immune state stays where it starts when the antigen is held, to rounding."""
    model = load_model({"antigen": "held"})
    patients = draw(model, 20, seed=1)
    run = simulate(times=[0.0, 84.0, 168.0], model=model, patients=patients)
    for state in ("M", "Ma", "D", "DL", "N", "P", "Ep", "Cs", "E", "EM", "Td", "Tx", "G"):
        values = run.curve(state)
        assert np.abs(values / values[:, :1] - 1.0).max() < 1e3 * ROUNDING, state


@pytest.mark.parametrize("method", ["rodas5p", "tsit5"])
def test_untreated_tumour_doubles_in_its_doubling_time(method: str) -> None:
    """With the antigen held the untreated SLD is exponential: SLD0 2**(t / (3 DT)), over 168 d."""
    model = load_model({"antigen": "held"})
    patients = draw(model, 50, seed=3)
    times = np.linspace(0.0, 168.0, 25)
    run = simulate(times=times, model=model, patients=patients, method=method, rtol=RTOL)
    column = {symbol: patients.parameters[:, [k]] for k, symbol in enumerate(model.kernels.parameters)}
    exact = column["SLD0"] * 2.0 ** (times / (3.0 * column["DT"]))
    assert np.abs(run.curve("sld") / exact - 1.0).max() < ASKED_MEDIAN * RTOL


def test_antigen_feedback_slows_the_untreated_tumour_a_little() -> None:
    """mechanism.md 8.4: log growth over 84 d is 0.986-1.000 of exact for 90 % of patients."""
    model = load_model()
    patients = draw(model, 3000, seed=4)
    run = simulate(times=[0.0, 84.0], model=model, patients=patients)
    doubling = patients.parameters[:, model.kernels.parameters.index("DT")]
    sld = run.curve("sld")
    share = np.log(sld[:, 1] / sld[:, 0]) / (np.log(2.0) * 84.0 / (3.0 * doubling))
    assert share.max() < 1.0 + RTOL
    assert 0.98 < np.quantile(share, 0.05) < 0.99
    assert np.median(share) > 0.995
