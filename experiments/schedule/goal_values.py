"""What every goal needs of each person under a regimen: simulated, looked at as in a trial, and judged."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from ...model import Model, Patients, Regimen, simulate
from ...model.chance import draw_chance
from ..judging import at, judge, judged_times
from ..protocol import Protocol
from ..virtual_arm import every_dose
from .goals import GOALS

Values = Mapping[str, NDArray[np.float64]]  # goal to (P, C); status (P, 1) is 1 where a simulation failed


def goal_values(
    regimen: Regimen,
    protocol: Protocol,
    *,
    model: Model,
    patients: Patients,
    seed: int,
    drug: str,
    goals: Sequence[str],
    rtol: float,
    baseline: Sequence[str] = (),
) -> Values:
    """Simulate patients under a regimen with their own chances, and take what goals need.

    Parameters
    ----------
    seed : int
        Of the errors and chances around the patients.
    drug : str
        Plasma samples count up to its second dose.
    baseline : sequence of str
        Counts whose value at the first visit with blood is kept as well, as ``baseline NAME``.
    """
    doses = regimen.administrations(protocol.visits.end)
    times = np.array([each.time for each in doses], dtype=np.float64)
    chance = draw_chance(seed, patients.ids, protocol.visits, protocol.conduct)
    received = chance.received(times, protocol.conduct.missed_injection)
    run = simulate(
        regimen,
        model=model,
        patients=patients,
        times=judged_times(protocol),
        taken=every_dose(regimen, received),
        rtol=rtol,
        threads=1,
    )
    own = np.unique([each.time for each in doses if each.drug == drug])
    table = judge(run, protocol, chance, second_dose=float(own[1]) if own.size > 1 else np.inf)
    counts = at(run, "activated_cd8", np.array(protocol.visits.blood))
    table["true_cd8_ratio"] = counts[:, 1:].mean(axis=1) / counts[:, 0]
    found = {name: GOALS[name].values(table) for name in goals}
    found |= {f"baseline {name}": table[name][:, :1] for name in baseline}
    return found | {"status": (table["status"] < 0).astype(np.float64)[:, None]}
