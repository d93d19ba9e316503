"""Patients that could not be solved: how many, why, and whether they differ from the others."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..model.engine.status import Status
from ..model.spread import Declared
from .results import Arm, TrialResult

Array = NDArray[np.float64]
MOST_SHOWN = 5  # parameters shown of the dozens that are compared
BEYOND_CHANCE = (
    3.0  # standard errors: among fifty parameters one in eight comparisons would show one by chance
)


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


def by_chance(failed: int, others: int) -> float:
    """Standard error of the difference of two medians of normal values, in their standard deviations.

    >>> round(by_chance(100, 9_900), 3)
    0.126
    """
    return math.sqrt(0.5 * math.pi * (1.0 / failed + 1.0 / others))


def failure_sentences(result: TrialResult) -> Iterator[str]:
    """What must be said of patients tried again, and of whether the failed ones are like the others."""
    again, simulated = sum(result.retried.values()), sum(arm.patients for arm in result.arms.values())
    if again:
        yield (
            f"{again:,} of {simulated:,} simulations were solved only at a second attempt, by another method "
            "or with smaller steps; they count as solved."
        )
    for name, found in result.failed_against_rest.items():
        arm, failed = result.arms[name], int(found["patients"])
        who = f"the {failed:,} failed patients" if failed > 1 else "the failed patient"
        if failed == arm.patients:
            yield f"{arm.label}: all failed, so they cannot be compared with others."
            continue
        differ = "differ" if failed > 1 else "differs"
        limit = BEYOND_CHANCE * by_chance(failed, arm.patients - failed)
        far = [row for row in found["parameters"] if abs(row["difference"] or 0.0) > limit]
        if not far:
            yield (
                f"{arm.label}: {who} cannot be told from the others by any parameter (beyond chance: "
                f"{limit:.2f} standard deviations)."
            )
            continue
        words = ", ".join(f"{row['symbol']} {row['difference']:+.2f}" for row in far[:MOST_SHOWN])
        more = f" and {len(far) - MOST_SHOWN} more" if len(far) > MOST_SHOWN else ""
        yield (
            f"{arm.label}: {who} {differ} from the others: {words}{more} (standard deviations between the "
            f"medians; beyond chance: {limit:.2f}). What is left out is not a random part of the arm."
        )


def _median(values: Array) -> float:
    return float(np.median(values)) if values.size else float("nan")
