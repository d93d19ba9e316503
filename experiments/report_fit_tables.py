"""Tables of a fit's report: parameters, checks, what cannot be told apart or seen, how the fit went."""

from collections.abc import Iterator
from typing import Any

from ..fitting.fit_result import FitResult
from ..model.definition.parameters import load_parameters
from .fit_words import free_parameters_of, inside_words, name_of, number, spread, units_of
from .report_page import Html, element, join, table

# Numbers of a fit's diagnostics: what they are called, and what they say.
DIAGNOSTICS = {
    "converged": ("converged", "walkers agreed, and the weights of exact draws can be trusted"),
    "tail_shape": ("tail shape of the weights", "means of weighted draws are reliable below 0.7"),
    "effective_size": ("effective draws", "as many independent draws would tell as much"),
    "exact_draws": ("exact draws", "posterior draws that were simulated, not emulated"),
    "emulation_error_median": (
        "error of the emulator, median",
        "log-posterior, emulated against exact, about the median difference",
    ),
    "emulation_error_largest": ("error of the emulator, largest", "the same, of the worst draw"),
    "monte_carlo_error": (
        "Monte-Carlo error",
        "standard error of the log-likelihood at the top from the finite number of virtual patients",
    ),
    "log_evidence": ("log-evidence", "to compare structures fitted to the same cards"),
    "log_evidence_error": ("error of the log-evidence", "standard error"),
    "log_posterior_at_top": ("log-posterior at the top", "exact, up to a constant"),
    "top_converged": ("top reached", "whether the climb on the exact posterior ended at its top"),
    "starts_agreeing": ("searches that agree", "ended within 0.1 of the best log-posterior"),
    "starts_failed": ("searches that failed", "could not begin where they started"),
    "bank": ("points simulated", "of the prior and of the posterior"),
}
APART = ("reason", "seconds", "effort", "filled")  # shown elsewhere


def parameters_table(result: FitResult) -> Html:
    """Every free parameter before and after, and what was learnt of it."""
    units, kinds = units_of(result), _kinds(result)
    rows = [
        (
            join(item.name, element("small", units.get(item.name, ""))),
            kinds.get(item.name, ""),
            spread(item.prior),
            spread(item.posterior),
            number(item.top),
            f"{100.0 * item.contraction:.0f} %",
            item.verdict,
        )
        for item in result.learnt
    ]
    head = ("parameter", "prior is about", "prior", "posterior", "top", "variance taken away", "verdict")
    return table(head, rows, label="parameters before and after", numeric=(4, 5))


def _kinds(result: FitResult) -> dict[str, str]:
    """How the value that a prior of a median is centred on is known."""
    free, known = free_parameters_of(result), load_parameters()
    medians = () if free is None else (item for item in free.items if item.target == "median")
    return {
        item.name: f"the table's, {known[item.symbols[0]].kind}"
        if item.prior.median == known[item.symbols[0]].value
        else "the problem's"
        for item in medians
    }


def checks_table(result: FitResult) -> Html:
    """Every printed number beside replicate trials."""
    rows = [
        (
            name_of(item),
            item.published,
            item.role,
            number(item.printed),
            spread(item.quantiles),
            item.unit if item.unit != "1" else "",
            inside_words(item),
        )
        for item in result.checks
    ]
    head = ("what", "published", "role", "printed", "replicate trials", "unit", "printed is")
    return table(head, rows, label="printed beside replicate trials", numeric=(3,))


def unseen_table(result: FitResult) -> Html:
    """Observations that the model has nothing for."""
    rows = [(label or "–", statement) for label, statement in result.unseen]
    return table(("observation", "what it says"), rows, label="observations without an observable")


def diagnostics_table(result: FitResult) -> Html:
    """How the fit went, in numbers."""
    return table(
        ("what", "value", "what it says"), _diagnostics(result), label="how the fit went", numeric=(1,)
    )


def _diagnostics(result: FitResult) -> Iterator[tuple[str, str, str]]:
    for key, value in result.diagnostics.items():
        if key not in APART:
            name, meaning = DIAGNOSTICS.get(key, (key, ""))
            yield name, _value(value), meaning
    for step, seconds in dict(result.diagnostics.get("seconds", {})).items():
        yield str(step), f"{float(seconds):.1f} s", "time that the step took"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return number(float(value)) if isinstance(value, int | float) else str(value)
