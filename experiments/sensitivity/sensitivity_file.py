"""An analysis of sensitivity as rows and as one document, in numbers and texts."""

from dataclasses import asdict
from typing import Any

from ... import __version__
from ..schedule.search import told
from .result import SensitivityResult

HEAD = (
    "endpoint", "symbol", "unit", "usual", "low", "high", "strength", "strength_error_95", "strength_noise",
    "effect", "spread", "first_share", "first_share_error_95", "total_share", "total_share_error_95",
    "total_share_noise", "rank_correlation", "rank_correlation_low_95", "rank_correlation_high_95",
)  # fmt: skip


def rows_of(result: SensitivityResult) -> list[dict[str, Any]]:
    """A row for each endpoint and number, columns as in `HEAD`; empty where a number was only screened."""
    rows = []
    for name, one in result.endpoints.items():
        for k, factor in enumerate(result.factors):
            cells: list[Any] = [name, factor.symbol, factor.unit, factor.usual, factor.low, factor.high]
            wide = one.screening
            cells += [wide.strength[k], wide.error[k], one.screening_noise[k], wide.effect[k], wide.spread[k]]
            if k in result.chosen:
                c = result.chosen.index(k)
                cells += [one.shares.first[c], one.shares.first_error[c], one.shares.total[c]]
                cells += [one.shares.total_error[c], one.total_noise[c]]
                cells += [one.ranks[c], one.ranks_low[c], one.ranks_high[c]]
            else:
                cells += [None] * 8
            rows.append(
                {
                    head: cell if cell is None or isinstance(cell, str) else float(cell)
                    for head, cell in zip(HEAD, cells, strict=True)
                }
            )
    return rows


def document_of(result: SensitivityResult) -> dict[str, Any]:
    """The whole analysis in numbers and texts that JSON can hold."""
    return {
        "protocol": result.protocol.name,
        "lag3ig_version": __version__,
        "seed": result.seed,
        "parameters": result.parameters,
        "arm": result.plan.arm,
        "against": result.plan.against,
        "patients": result.patients,
        "trajectories": result.trajectories,
        "blocks": result.blocks,
        "points": result.points,
        "failed_points": result.failed_points,
        "simulations": result.solves,
        "failed": result.persons_failed,
        "left_out": dict(result.left_out),
        "endpoints": {
            name: {
                "in_words": told(name, result.plan.at),
                "usual": one.usual,
                "usual_error": one.usual_error,
                "low_90": one.low,
                "high_90": one.high,
                "noise_of_a_point": one.noise,
                "whole_trajectories": one.screening.kept,
                "whole_blocks": one.shares.kept,
                "total_shares_by_blocks": {
                    str(size): dict(zip(_chosen(result), shares.tolist(), strict=True))
                    for size, shares in one.growth
                },
            }
            for name, one in result.endpoints.items()
        },
        "twins": result.twins,
        "cut_offs": [asdict(item) for item in result.cut_offs],
        "indices": rows_of(result),
    }


def _chosen(result: SensitivityResult) -> list[str]:
    return [result.factors[k].symbol for k in result.chosen]
