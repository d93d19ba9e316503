"""Summary of a trial under a fit: what the fit moved, what to know of it, and what it makes uncertain."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from ..fitting.parameter_sets import ParameterSets
from ..model.definition.parameters import ParameterTable, load_parameters
from .protocol import Protocol
from .results import Arm
from .trial_models import ENOUGH, TrialModels
from .uncertainty import CENTRAL, variances_of


def fit_summary(
    models: TrialModels, protocol: Protocol, arms: Sequence[Arm], *, compared: bool
) -> Mapping[str, Any] | None:
    """The fit in numbers and texts that JSON can hold; None without one.

    Returns
    -------
    mapping
        draws, distinct, patients (of a draw, at least), moved (a row a number that differs from the
        literature's: symbol, of, unit, literature, middle, interval), variances (see `StableVariance`), and
        cautions (sentences).
    """
    sets, distribution = models.sets, models.distribution
    if sets is None or distribution is None:
        return None
    tables = [model.parameters for model in distribution.models]
    literature = load_parameters().for_structure(models.model.structure)
    moved = [*_moved(tables, literature)]
    groups: dict[str, list[Arm]] = {}
    for arm in arms:
        groups.setdefault(arm.group or arm.label, []).append(arm)
    chosen = protocol.comparison
    sides = {"low": chosen.low, "high": chosen.high} if chosen is not None and compared else {}
    each = min(arm.patients for arm in arms) // len(sets)
    unused = {
        row["symbol"]
        for row in moved
        if row["interval"][0] < row["interval"][1]
        and row["symbol"] in models.model.parameters
        and row["symbol"] not in models.model.kernels.parameters
    }
    return {
        "draws": len(sets),
        "distinct": sets.distinct,
        "patients": each,
        "moved": moved,
        "variances": variances_of(groups, sides, len(sets)),
        "cautions": [*sets.cautions, *_cautions(sets, protocol, each=each, unused=sorted(unused))],
    }


def _cautions(sets: ParameterSets, protocol: Protocol, *, each: int, unused: Sequence[str]) -> Iterator[str]:
    if protocol.published in sets.cards:
        yield (
            f"What {protocol.published} published was fitted: beside it the fitted model shows a fit, not a "
            "prediction."
        )
    if len(sets) == 1:
        yield "One draw of the fit was used, so nothing here tells how uncertain its parameters are."
    elif each < ENOUGH:
        yield f"Each draw has only {each} patients in an arm: intervals over draws are rough."
    if sets.distinct < len(sets) / 2:
        yield f"Only {sets.distinct} of the {len(sets)} draws are different points of the posterior."
    if unused:
        yield (
            f"{', '.join(unused)}: free in the fit, but not a number of single patients; their posterior "
            "medians were used in every draw."
        )


def _moved(tables: Sequence[ParameterTable], literature: ParameterTable) -> Iterator[dict[str, Any]]:
    """Numbers that are not the literature's in every draw."""
    for symbol, item in literature.parameters.items():
        for kind, usual in (("median", item.value), ("spread", item.spread)):
            values = [getattr(table[symbol], "value" if kind == "median" else "spread") for table in tables]
            yield from _row(symbol, kind, item.unit if kind == "median" else "1", usual, values)
    if literature.mixture is not None:
        shares = [table.mixture.share for table in tables if table.mixture is not None]
        yield from _row("second kind of patient", "share", "1", literature.mixture.share, shares)
    pairs = dict.fromkeys(item.symbols for table in tables for item in table.correlations)
    for pair in pairs:
        name = " and ".join(pair)
        usual, *values = (
            next((item.value for item in table.correlations if set(item.symbols) == set(pair)), 0.0)
            for table in (literature, *tables)
        )
        yield from _row(name, "correlation", "1", usual, values)


def _row(
    symbol: str, kind: str, unit: str, usual: float, values: Sequence[float]
) -> Iterator[dict[str, Any]]:
    if any(value != usual for value in values):
        low, middle, high = np.quantile(values, (CENTRAL[0], 0.5, CENTRAL[1]))
        yield {
            "symbol": symbol,
            "of": kind,
            "unit": unit,
            "literature": float(usual),
            "middle": float(middle),
            "interval": [float(low), float(high)],
        }
