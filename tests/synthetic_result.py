"""A trial result made up from a few formulas, to try reports and commands without a solver."""

from typing import Any

import numpy as np
from scipy.stats import norm

from lag3ig.experiments.columns import LEVELS
from lag3ig.experiments.failures import FailedAgainstRest, failures, retried
from lag3ig.experiments.natural_history import NaturalHistory
from lag3ig.experiments.protocol import Protocol, load_protocol, parse_protocol
from lag3ig.experiments.replicates import fisher_tables
from lag3ig.experiments.results import Arm, Curves, Population, TrialResult
from lag3ig.experiments.table import trial_table
from lag3ig.experiments.tables import Table
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.definition.structures import Structure
from lag3ig.model.spread import Declared

HOSTILE = '<script>alert("x")</script> $x_{1}$ & <b>'
UNITS = {"plasma": "ng/mL", "activated_cd8": "cell/uL", "em_cd8_percent": "percent", "sld": "mm"}


def synthetic_result(
    *, patients: int = 200, trials: int = 300, hostile: bool = False, failed: int = 0, again: int = 0
) -> TrialResult:
    """The phase I trial's protocol with patients out of thin air; `hostile` puts markup into its texts.

    In every arm the first `failed` patients are not solved, and the next `again` only at a second attempt.
    The failed ones are all the patients with a small KD.
    """
    text = load_protocol("imp321-rcc-phase1").text
    if hostile:
        text = text.replace('title = "', f"title = '{HOSTILE}' # \"", 1)
        text = text.replace('[[arms]]\nname = "30 mg"', f"[[arms]]\nname = \"30 mg\"\nlabel = '{HOSTILE}'", 1)
    protocol = parse_protocol(text).protocol
    generator = np.random.default_rng(7)
    arms = [_arm(item, patients, failed, again, generator) for item in protocol.arms]
    replicates = _replicates(trials, generator)
    table = load_parameters()
    history = NaturalHistory(0.271, (0.11, 0.51), 0.27, 0.28, (0.97, 0.98, 0.99), patients, patients)
    return TrialResult(
        protocol_text=text,
        protocol_name=protocol.name,
        lag3ig_version="0.0.0",
        created="2000-01-01T00:00:00+00:00",
        seed=1,
        model_hash="0" * 64,
        structure=Structure().as_mapping(),
        versions={"python": "3"},
        target={"cpu": HOSTILE if hostile else "generic"},
        parameters=tuple(
            {
                "symbol": item.symbol,
                "value": item.value,
                "unit": item.unit,
                "distribution": item.distribution,
                "spread": item.spread,
                "kind": item.kind,
                "source": HOSTILE if hostile else item.source,
                "meaning": item.meaning,
            }
            for item in table.parameters.values()
        ),
        scan_days=(0.0, 42.0, 84.0),
        patients=Population(
            Table(
                [
                    {
                        "id": np.arange(patients),
                        "attempts": np.ones(patients, dtype=np.int64),
                        "component": np.zeros(patients, dtype=np.int8),
                        "parameters": np.ones((patients, 1)),
                    }
                ]
            ),
            ("KD",),
        ),
        arms={arm.name: arm for arm in arms},
        curves={arm.name: _curves(arm.dose) for arm in arms},
        replicates=replicates,
        summary=_summary(arms, replicates, protocol, history, table),
    )


def _summary(arms, replicates, protocol: Protocol, history: NaturalHistory, table) -> dict[str, Any]:
    split = {
        "split": "as in the protocol",
        "treated": [arm.treated for arm in arms],
        "evaluable": [arm.evaluable for arm in arms],
        "stable_low": 3.4,
        "stable_high": 6.1,
        "p_at_most": 0.2,
        "injections": 119.0,
    }
    drawn = {
        "symbol": "DT",
        "distribution": "lognormal",
        "declared_median": 80.6,
        "realised_median": 80.4,
        "declared_spread": 0.481,
        "realised_spread": None,
        "redrawn": 0.0,
    }
    compared = FailedAgainstRest(arms)
    places = np.arange(1.0, arms[0].patients + 1.0)
    ranks, scattered = places / (arms[0].patients + 1.0), places * 0.5 * (np.sqrt(5.0) - 1.0) % 1.0
    compared.add(Declared("KD", "lognormal", 1.0, 0.3, 0), np.exp(0.3 * norm.ppf(ranks)))
    compared.add(Declared("DT", "lognormal", 80.6, 0.481, 1), 80.6 * np.exp(0.456 * norm.ppf(scattered)))
    return {
        "table": trial_table(arms, replicates, protocol, protocol.card()),
        "natural_history": history.as_mapping(),
        "failures": failures(arms),
        "retried": retried(arms),
        "failed_against_rest": compared.as_mapping(),
        "splits": [split],
        "declared_realised": [drawn],
        "assumed_parameters": sum(item.kind == "assumed" for item in table.parameters.values()),
        "total_parameters": len(table),
    }


def _arm(plan, patients: int, failed: int, again: int, generator) -> Arm:
    first = plan.regimen().administrations()[0]
    strength = first.amount / (first.amount + 3.0)
    doubling = np.exp(np.log(80.6) + 0.456 * generator.standard_normal(patients))
    growth = np.log(2.0) / (3.0 * doubling) * (1.0 - 1.4 * strength)
    sld = 90.0 * np.exp(np.outer(growth, [0.0, 42.0, 84.0]) + 0.05 * generator.standard_normal((patients, 3)))
    sld[:failed] = np.nan
    change = 100.0 * (sld[:, 1:] / sld[:, :1] - 1.0)
    progressed = (change > 20.0).any(axis=1)
    stable = np.where(np.isnan(sld[:, 0]), np.nan, ~progressed)
    best = change.min(axis=1)
    response = np.where(best <= -30.0, 2, np.where(progressed, 4, 3))
    response[:failed] = 0
    when = np.where(change[:, 0] > 20.0, 42.0, 84.0)
    when[:failed] = np.nan
    table = {
        "status": np.repeat([-2, 1, 0], [failed, again, patients - failed - again]).astype(np.int8),
        "injections": np.full(patients, 6),
        "stable_3m": stable,
        "evaluable": np.isfinite(stable),
        "best_response": response.astype(np.int8),
        "responded": np.where(np.isnan(best), np.nan, best <= -30.0),
        "best_change": best,
        "pfs_time": when,
        "pfs_event": progressed,
        "pfs_lower": when - 42.0,
        "pfs_upper": np.where(progressed, when, np.inf),
        "cmax": np.full(patients, first.amount),
        "auc": np.full(patients, first.amount),
        "time_above_lloq": np.full(patients, strength),
        "exposed": np.full(patients, float(strength > 0.5)),
        "cd8_ratio": np.full(patients, 1.0 + strength),
        "cd8_sustained": np.full(patients, float(strength > 0.5)),
        "em_change": np.full(patients, 10.0 * strength),
        "em_rise": np.full(patients, float(strength > 0.5)),
        "sld": sld,
    }
    label = plan.label or plan.name
    return Arm(
        plan.name, label, first.amount, "mg", "lag3ig", plan.group, plan.treated, plan.evaluable, table
    )


def _curves(dose: float) -> Curves:
    time = np.arange(0.0, 85.0)
    strength = dose / (dose + 3.0)
    since = time % 14.0
    ramp = 1.0 - np.exp(-time / 10.0)
    medians = {
        "plasma": (3.4 * dose * (np.exp(-since) - np.exp(-1.45 * since)) + 1e-9, 0.4),
        "activated_cd8": (25.0 * (1.0 + 3.0 * strength * ramp), 0.4),
        "em_cd8_percent": (36.7 + 16.0 * strength * ramp, 0.2),
        "sld": (90.0 * np.exp(0.003 * (1.0 - 1.4 * strength) * time), 0.5),
    }
    spread = norm.ppf(LEVELS)
    quantiles = {name: median[:, None] * np.exp(cv * spread) for name, (median, cv) in medians.items()}
    sample = {name: median[None, :] for name, (median, _) in medians.items()}
    return Curves(time, quantiles, sample, UNITS)


def _replicates(trials: int, generator) -> dict[str, np.ndarray]:
    low, high = generator.binomial(11, 0.3, trials), generator.binomial(8, 0.7, trials)
    one_sided, two_sided = fisher_tables(11, 8)
    return {
        "stable_low": low,
        "stable_high": high,
        "evaluable_low": np.full(trials, 11),
        "evaluable_high": np.full(trials, 8),
        "p_one_sided": one_sided[low, high],
        "p_two_sided": two_sided[low, high],
        "injections": generator.binomial(126, 0.944, trials),
    }
