"""What a fit came to, in words and short numbers: for the terminal and for the report."""

import math
from collections.abc import Sequence

from ..fitting.fit_result import Check, FitResult, Learnt
from ..fitting.free_parameters import FreeParameters
from ..fitting.problem import Problem
from ..model.definition.parameters import ParameterTable, load_parameters
from ..model.documents import parse_document
from ..model.errors import Lag3igError, ParameterError


def number(value: float) -> str:
    """A number in three digits; a median that half of the patients never come to is not reached.

    >>> number(0.012345), number(12345.0), number(float("inf"))
    ('0.0123', '12,345', 'not reached')
    """
    if math.isinf(value):
        return "not reached" if value > 0.0 else "none"
    if math.isnan(value):
        return "–"
    return f"{value:.3g}" if abs(value) < 1e3 else f"{value:,.0f}"


def spread(quantiles: Sequence[float]) -> str:
    """Median and central 95 % of quantiles at `LEVELS`.

    >>> spread((1.0, 1.5, 2.0, 2.5, 4.0))
    '2 (1 to 4)'
    """
    return f"{number(quantiles[len(quantiles) // 2])} ({range_of(quantiles)})"


def range_of(quantiles: Sequence[float]) -> str:
    """Central 95 % of quantiles at `LEVELS`."""
    return f"{number(quantiles[0])} to {number(quantiles[-1])}"


def free_parameters_of(result: FitResult) -> FreeParameters | None:
    """What was free, from the problem's text; None if a program gave the problem without its text."""
    try:
        found = parse_document(
            result.problem_text, Problem, error=ParameterError, name=result.problem_name
        ).free_parameters()
    except Lag3igError:
        return None
    return found if found.names == result.names else None


def units_of(result: FitResult) -> dict[str, str]:
    """Unit of each free parameter; a spread, a factor and a share have none."""
    free, table = free_parameters_of(result), load_parameters()
    medians = () if free is None else (item for item in free.items if item.target == "median")
    return {item.name: _unit(item.symbols[0], table) for item in medians}


def _unit(symbol: str, table: ParameterTable) -> str:
    return table[symbol].unit if symbol in table.parameters and table[symbol].unit != "1" else ""


def name_of(check: Check) -> str:
    """How a check is called: what the plan calls the observation, its card, and which number of it.

    >>> name_of(Check("nk105", "pfs", "C9", "median", "months", "8", "fitted", 8.0, (6.0,) * 5))
    'C9 nk105, pfs: median'
    """
    return f"{check.label} {check.card}, {check.observation}: {check.name.replace('_', ' ')}".strip()


def inside_words(check: Check) -> str:
    """Whether the printed number lies where replicate trials do, and on which side it does not."""
    if check.inside:
        return "inside"
    return "below" if check.printed < check.quantiles[0] else "above"


def misses(result: FitResult) -> tuple[Check, ...]:
    """Checks outside their central 95 %, those that were fitted first."""
    out = [item for item in result.checks if not item.inside]
    return tuple(sorted(out, key=lambda item: item.role != "fitted"))


def miss_sentence(check: Check, result: FitResult) -> str:
    """What a miss is and what it means."""
    unit = "" if check.unit in ("", "1") else f" {check.unit}"
    above = check.printed > check.quantiles[-1]
    what = (
        f"{name_of(check)}: printed {number(check.printed)}{unit}; central 95 % of replicate trials "
        f"{range_of(check.quantiles)}, so the model is too {'low' if above else 'high'}."
    )
    if check.role != "fitted":
        return f"{what} It was not fitted: here the model predicts wrongly, or the trial differs."
    term = result.terms.get(f"{check.card}.{check.observation}")
    costs = "" if term is None else f" (log-likelihood {round(term, 2) + 0.0:.2f} at the top)"
    return f"{what} It was fitted{costs}: other cards, the priors or the structure keep the model from it."


def trust_sentence(result: FitResult) -> str:
    """Whether the posterior can be trusted, and why."""
    reason = str(result.diagnostics.get("reason", "nothing is known of how it was sampled")).rstrip(".")
    if result.trusted:
        return f"The posterior can be trusted: {reason}."
    return (
        f"The posterior cannot be trusted yet: {reason}. A larger bank, more exact draws or rounds may help."
    )


def by_verdict(result: FitResult) -> dict[str, list[Learnt]]:
    """Parameters by what was learnt of them, best first."""
    found: dict[str, list[Learnt]] = {}
    for item in sorted(result.learnt, key=lambda one: -one.contraction):
        found.setdefault(item.verdict, []).append(item)
    return found


def seconds_of(result: FitResult) -> float:
    """Time that the fit took, all steps together (s)."""
    return float(sum(dict(result.diagnostics.get("seconds", {})).values()))


def groups_words(result: FitResult) -> tuple[list[str], list[str]]:
    """Groups of parameters that only act together, as products of powers; and parameters nothing tells of.

    Those with a free parameter come first.
    """
    free = set(result.names)
    together = sorted(
        (group for group in result.symmetries if len(group) > 1), key=lambda group: not free & set(group)
    )
    alone = [next(iter(group)) for group in result.symmetries if len(group) == 1]
    return (
        [
            ", ".join(name if power == 1 else f"{name} to the power {power}" for name, power in group.items())
            for group in together
        ],
        alone,
    )
