"""Summary of a trial: table, other splits of patients, natural history, failures, population as drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting.cards import TrialCard
from ..model import Model
from ..model.spread import redrawn_share, spread_row
from .drawn import Drawn
from .failures import FailedAgainstRest, failures, retried
from .natural_history import NaturalHistory
from .protocol import Protocol
from .replicates import Pool, replicate_trials, resized
from .results import Arm
from .table import Row, observed_counts


def split_rows(
    pools: Sequence[Pool],
    trials: Mapping[str, NDArray[Any]],
    protocol: Protocol,
    card: TrialCard | None,
    *,
    seed: int,
    draws: int = 1,
) -> list[Row]:
    """Key figures under the protocol's split of patients over arms, and under the others it names.

    ``trials`` are the replicates under the protocol's split; as many are drawn under each of the others, and
    divided over as many draws of a fit.
    """
    if protocol.comparison is None:
        return []
    own = [arm.treated for arm in protocol.arms], [arm.evaluable for arm in protocol.arms]
    found = [("as in the protocol", *own, trials)]
    for split in protocol.splits:
        sizes = list(split.treated), list(split.evaluable)
        count = len(trials["stable_low"])
        end = protocol.visits.end
        others = replicate_trials(resized(pools, *sizes), count=count, seed=seed, end=end, draws=draws)
        found.append((split.name, *sizes, others))
    seen = observed_counts(card)
    rows = []
    for name, treated, evaluable, trials in found:
        row: Row = {
            "split": name,
            "treated": treated,
            "evaluable": evaluable,
            "stable_low": float(trials["stable_low"].mean()),
            "stable_high": float(trials["stable_high"].mean()),
            "p_at_most": float((trials["p_one_sided"] <= protocol.comparison.p_value).mean()),
            "injections": float(trials["injections"].mean()),
        }
        if seen is not None:
            row["low_as_published"] = float((trials["stable_low"] == seen[0]).mean())
            row["high_at_least_published"] = float((trials["stable_high"] >= seen[2]).mean())
        rows.append(row)
    return rows


def summarise(
    *,
    table: list[Row],
    splits: list[Row],
    arms: Sequence[Arm],
    history: NaturalHistory,
    drawn: Drawn,
    model: Model,
    fit: Mapping[str, Any] | None = None,
    rtol: float | None = None,
) -> dict[str, Any]:
    """The summary of a result, as JSON can hold it; ``fit`` as of `fitted.fit_summary`."""
    kinds = [item.kind for item in model.parameters.parameters.values()]
    declared = {item.column: item for item in drawn.first.declared}
    component, redrawn = drawn.table["component"], redrawn_share(drawn.table["attempts"])
    failed = FailedAgainstRest(arms)
    rows = []
    for column, values in drawn.columns(list(declared)):
        rows.append(spread_row(declared[column], values, component, redrawn))
        failed.add(declared[column], values)
    return {
        "table": table,
        "natural_history": history.as_mapping(),
        "failures": failures(arms),
        "retried": retried(arms),
        "failed_against_rest": failed.as_mapping(),
        "splits": splits,
        "declared_realised": [{name: _plain(value) for name, value in asdict(row).items()} for row in rows],
        "assumed_parameters": kinds.count("assumed"),
        "total_parameters": len(kinds),
        **({} if fit is None else {"fit": dict(fit)}),
        **({} if rtol is None else {"relative_tolerance": rtol}),
    }


def _plain(value: Any) -> Any:
    """A number that JSON can hold: no NumPy types, no NaN."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not np.isfinite(value) else value
