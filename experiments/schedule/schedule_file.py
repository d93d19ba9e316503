"""A search for a schedule as rows and as one document, in numbers and texts."""

from typing import Any

import numpy as np

from ... import __version__
from .search import ScheduleResult, told
from .surface import flat_ranges

HEAD = (
    "amount", "unit", "every_d", "start_d", "injections", "total", "visits", "goal", "value",
    "standard_error", "behind_best", "error_of_difference", "lower_95", "upper_95", "not_told_from_best",
    "best_in_resamples", "lower_90_over_draws", "upper_90_over_draws", "best_in_draws", "regret",
)  # fmt: skip


def rows_of(result: ScheduleResult) -> list[dict[str, Any]]:
    """A row for each schedule and goal, columns as in `HEAD`."""
    rows = []
    for goal, found in result.surfaces.items():
        low, high = found.between_draws
        for k, item in enumerate(result.candidates):
            schedule = item.schedule
            cells = (
                schedule.amount, result.search.unit, schedule.every, schedule.start, schedule.count,
                schedule.total, item.visits, goal, found.value[k], found.value_error[k], found.behind[k],
                found.error[k], found.low[k], found.high[k], int(found.flat[k]), found.resampled_best[k],
                low[k], high[k], found.drawn_best[k], found.regret[k],
            )  # fmt: skip
            rows.append(
                {name: _number(cell) for name, cell in zip(HEAD, cells, strict=True)}
                | ({} if result.draws > 1 else dict.fromkeys(HEAD[-4:]))
            )
    return rows


def _number(cell: Any) -> Any:
    if isinstance(cell, float | np.floating):
        return float(cell) if np.isfinite(cell) else None
    return cell


def document_of(result: ScheduleResult) -> dict[str, Any]:
    """The whole search in numbers and texts that JSON can hold."""
    main, unit = result.main, result.search.unit
    return {
        "protocol": result.protocol.name,
        "lag3ig_version": __version__,
        "seed": result.seed,
        "parameters": result.parameters,
        "patients": result.patients,
        "draws": result.draws,
        "goal": result.search.goal,
        "goal_in_words": told(result.search.goal, result.search.at),
        "delta": result.search.delta,
        "limits": result.search.limits.model_dump(exclude_none=True),
        "best": result.best.schedule.named(unit),
        "refined": len(result.candidates) > result.grid_size,
        "not_told_from_best": int(main.flat.sum()),
        "ranges_not_told_from_best": flat_ranges(result.candidates, main.flat),
        "least_drug_not_told_from_best": result.candidates[result.least].schedule.named(unit),
        "simulations": result.solves,
        "failed": result.failed,
        "schedules": rows_of(result),
        "refused": [
            {"schedule": item.schedule.named(unit), "reason": item.refused} for item in result.refused
        ],
    }
