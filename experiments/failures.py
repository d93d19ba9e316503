"""Patients that could not be solved: how many, why, and whether they differ from the others."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.engine.status import Status
from ..model.spread import Declared
from .results import Arm

Array = NDArray[np.float64]


def failures(arms: Sequence[Arm]) -> dict[str, dict[str, int]]:
    """Patients that could not be solved, by arm and by what happened to them."""
    counted = {}
    for arm in arms:
        codes, counts = np.unique(arm.table["status"], return_counts=True)
        counted[arm.name] = {
            Status(int(code)).meaning: int(number)
            for code, number in zip(codes, counts, strict=True)
            if code < 0
        }
    return counted


def retried(arms: Sequence[Arm]) -> dict[str, int]:
    """Patients that were solved only at a second attempt, by arm."""
    return {arm.name: int(np.sum(arm.table["status"] == Status.OK_AFTER_RETRY)) for arm in arms}


class FailedAgainstRest:
    """Parameters of the patients that failed in an arm, beside those of all others there.

    The difference of the medians is taken on the scale on which the parameter is normal and divided by the
    standard deviation of the others, so that parameters can be compared: 1 means that the failed ones come
    from one standard deviation away.
    """

    def __init__(self, arms: Iterable[Arm]) -> None:
        masks = {arm.name: arm.table["status"] < 0 for arm in arms}
        self._failed = {name: mask for name, mask in masks.items() if mask.any()}
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in self._failed}

    def add(self, item: Declared, values: Array) -> None:
        """Compare one parameter, given its values in all patients, shape (P,)."""
        for name, failed in self._failed.items():
            here, rest = values[failed], values[~failed]
            row = {"symbol": item.symbol, "failed": _median(here), "rest": _median(rest), "difference": None}
            if rest.size > 1:
                normal = item.on_normal_scale(rest)
                away = _median(item.on_normal_scale(here)) - _median(normal)
                deviation = float(np.std(normal, ddof=1))
                row["difference"] = away / deviation if deviation > 0.0 else None
            self._rows[name].append(row)

    def as_mapping(self) -> Mapping[str, Mapping[str, Any]]:
        """By arm that has failures: how many, and a row a parameter, the most different first."""
        return {
            name: {
                "patients": int(self._failed[name].sum()),
                "parameters": sorted(rows, key=lambda row: -abs(row["difference"] or 0.0)),
            }
            for name, rows in self._rows.items()
        }


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else float("nan")
