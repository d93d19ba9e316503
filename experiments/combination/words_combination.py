"""What a comparison with nulls says, in sentences and table rows."""

from collections.abc import Iterator
from typing import Any

from ...model.chance import DAYS_PER_MONTH
from ..randomised.words_power import percent
from .comparison import Beside, Compared
from .nulls import LABELS
from .section import Combination

SURE = 1.96


def endpoint_words(endpoint: str, at: float) -> str:
    """What an endpoint is called."""
    return {
        "pfs": f"progression-free at {at / DAYS_PER_MONTH:.1f} months",
        "responded": "objective response",
        "growth": "growth rate of the volume",
    }[endpoint]


def number(endpoint: str, value: float, *, signed: bool = False) -> str:
    """A share in percent, or a growth rate in percent a month."""
    scaled = 100.0 * value * (DAYS_PER_MONTH if endpoint == "growth" else 1.0)
    unit = " % a month" if endpoint == "growth" else (" points" if signed else " %")
    return f"{scaled:+.1f}{unit}" if signed else f"{scaled:.1f}{unit}"


def rows(found: Compared, at: float) -> list[tuple[str, ...]]:
    """A row an endpoint and null: observed, expected, excess, power by size."""
    lines: list[tuple[str, ...]] = []
    for row in found.rows:
        low, middle, high = (number(row.endpoint, value, signed=True) for value in row.excess)
        lines.append(
            (
                endpoint_words(row.endpoint, at),
                LABELS[row.null],
                number(row.endpoint, row.observed[1]),
                number(row.endpoint, row.expected[1]),
                f"{middle} ({low} to {high})" if found.draws > 1 else f"{middle} (+- {_error(row)})",
                ", ".join(f"{n}: {percent(better)}" for n, (better, _) in row.power.items()),
            )
        )
    return lines


def _error(row: Beside) -> str:
    scale = 100.0 * (DAYS_PER_MONTH if row.endpoint == "growth" else 1.0)
    return f"{SURE * scale * row.error:.1f}"


HEAD = (
    "endpoint",
    "null",
    "together",
    "by the null",
    "excess, 90 % of the draws",
    "power by patients an arm",
)


def answer(found: Compared, plan: Combination, at: float) -> Iterator[str]:
    """Whether the combination is more than each null, one sentence an endpoint."""
    for endpoint in plan.endpoints:
        own = [row for row in found.rows if row.endpoint == endpoint]
        more = [LABELS[row.null] for row in own if _low(row, found) > 0.0]
        less = [LABELS[row.null] for row in own if _high(row, found) < 0.0]
        open_ones = [LABELS[row.null] for row in own if _low(row, found) <= 0.0 <= _high(row, found)]
        said = [
            f"{words}: {', '.join(names)}"
            for words, names in (("more than", more), ("less than", less), ("not told apart from", open_ones))
            if names
        ]
        yield f"By {endpoint_words(endpoint, at)} the combination is {'; '.join(said)}."


def _low(row: Beside, found: Compared) -> float:
    return float(row.excess[0]) if found.draws > 1 else float(row.excess[1] - SURE * row.error)


def _high(row: Beside, found: Compared) -> float:
    return float(row.excess[2]) if found.draws > 1 else float(row.excess[1] + SURE * row.error)


def as_mapping(found: Compared, at: float) -> dict[str, Any]:
    """For JSON."""
    return {
        "at": at,
        "draws": found.draws,
        "persons": found.persons,
        "replicates": found.replicates,
        "correlation": dict(found.correlation),
        "twins": dict(found.crossed),
        "shares": {
            endpoint: {name: values.tolist() for name, values in arms.items()}
            for endpoint, arms in found.shares.items()
        },
        "nulls": [
            {
                "endpoint": row.endpoint,
                "null": row.null,
                "observed": row.observed.tolist(),
                "expected": row.expected.tolist(),
                "excess": row.excess.tolist(),
                "error_from_persons": row.error,
                "power": {str(size): list(power) for size, power in row.power.items()},
            }
            for row in found.rows
        ],
    }
