"""What a randomised comparison says, in sentences and table rows."""

from collections.abc import Iterator
from typing import Any

import numpy as np

from ...model.chance import DAYS_PER_MONTH
from .figure_power import is_ratio
from .power import Report
from .section import COUNTED, TIMED

ENDPOINTS = {
    "pfs": "progression-free survival",
    "os": "survival (assumed hazard)",
    "immune_pfs": "progression-free survival by iRECIST",
    "responded": "objective response",
    "stable_3m": "disease control",
    "best_change": "best change of the sum of diameters",
    "cd8_ratio": "activated CD8 cells on treatment over baseline",
    "em_change": "change of the effector-memory share",
}
TESTS = {
    "log-rank": "the log-rank test",
    "cox": "Cox's hazard ratio",
    "restricted-mean": "restricted means",
    "fisher": "Fisher's exact test",
    "boschloo": "Boschloo's exact test",
    "welch": "Welch's t test",
}


def answer(found: Report) -> str:
    """The answer in two sentences."""
    low, middle, high = effect_words(found)
    sure = (
        f"The experimental arm is better in {percent(found.better)} of the draws of the fit: "
        f"{_effect_name(found)} {middle} ({low} to {high} in 90 % of the draws)."
    )
    planned = found.planned
    success = (
        f"A trial of {planned.sizes[0]} and {planned.sizes[1]} patients succeeds with a probability of "
        f"{percent(planned.assurance)} (assurance), over draws whose own power goes from "
        f"{percent(float(np.quantile(planned.power, 0.05)))} to "
        f"{percent(float(np.quantile(planned.power, 0.95)))}."
    )
    return f"{sure} {success}"


def enough(found: Report) -> str:
    """How many patients the target needs, or why none are enough."""
    if found.enough is not None:
        return (
            f"An assurance of {percent(found.target)} needs {found.enough[0]} and {found.enough[1]} patients "
            "(to within 2 % and the Monte-Carlo error)."
        )
    most = found.curve[-1]
    if found.better < found.target:
        return (
            f"No number of patients gives an assurance of {percent(found.target)}: the experimental arm is "
            f"better in {percent(found.better)} of the draws only."
        )
    return (
        f"Up to {most.sizes[0]} and {most.sizes[1]} patients, the most that these virtual persons suffice "
        f"for, assurance stays at {percent(most.assurance)}, below {percent(found.target)}."
    )


def cautions(found: Report) -> Iterator[str]:
    """What must be known before any of this is believed."""
    yield (
        "Assurance is over the draws of one fit under one structure. If the structure is wrong, for example "
        "if CD8 cells do nothing to the tumour, none of the draws is the truth, and the error of the first "
        "kind is what the trial then has."
    )
    if found.design.endpoint not in TIMED:
        yield (
            "Only persons who can be judged under both treatments take part; a trial would count those who "
            "cannot as failures."
        )
    if found.design.endpoint == "os":
        yield "The hazard of death is assumed, in form and in numbers: no survival of any trial was fitted."
    if (
        found.trials.length.size
        and found.design.endpoint in TIMED
        and np.isinf(found.trials.control).mean() > 0.5
    ):
        yield "In most trials the control arm's median is not reached before the data are cut off."


def rows(found: Report) -> list[tuple[str, str]]:
    """Key figures, one a row."""
    design, trials, planned = found.design, found.trials, found.planned
    error, error_of_it = found.type_one
    low, middle, high = effect_words(found)
    lines = [
        ("comparison", f"{design.experimental} against {design.control}"),
        (
            "endpoint and test",
            f"{ENDPOINTS[design.endpoint]}; {TESTS[design.test]}, one-sided {design.alpha:g}",
        ),
        ("patients", f"{planned.sizes[0]} and {planned.sizes[1]}"),
        ("assurance", _with_errors(found)),
        (f"{_effect_name(found)}, 90 % of the draws", f"{middle} ({low} to {high})"),
        (f"{_effect_name(found)}, 90 % of trials", _of_trials(found)),
        ("better in", f"{percent(found.better)} of the draws"),
        ("control arm", _arm(found, trials.control)),
        ("experimental arm", _arm(found, trials.experimental)),
        ("variance of the estimate", f"{percent(found.split.share)} of it is of parameters"),
        ("error of the first kind", f"{100 * error:.1f} % (+- {100 * error_of_it:.1f}) without any effect"),
        (f"patients for {percent(found.target)}", enough(found)),
    ]
    if np.isfinite(trials.events).all():
        lines.insert(9, ("events", f"{np.median(trials.events):.0f} (median of the trials)"))
        months = np.median(trials.length) / DAYS_PER_MONTH
        lines.insert(10, ("length of the trial", f"{months:.0f} months (median)"))
    if len(design.looks) > 1:
        stopped = np.bincount(trials.stopped, minlength=len(design.looks)) / trials.stopped.size
        shares = ", ".join(percent(float(share)) for share in stopped)
        lines.append(("ends at look 1, 2, ...", shares))
    return lines


def as_mapping(found: Report) -> dict[str, Any]:
    """For JSON."""
    return {
        "design": found.design.model_dump(),
        "patients": list(found.planned.sizes),
        "assurance": found.planned.assurance,
        "error_from_draws": found.planned.draws_error,
        "error_from_patients": found.planned.patients_error,
        "replicates": found.planned.replicates,
        "power_of_draws": found.planned.power.tolist(),
        "effects_of_draws": found.effects.tolist(),
        "effect_is_log_hazard_ratio": is_ratio(found),
        "better": found.better,
        "type_one_error": found.type_one[0],
        "type_one_error_standard_error": found.type_one[1],
        "variance_of_parameters": found.split.parameters,
        "variance_of_sampling": found.split.sampling,
        "curve": [
            {"patients": list(item.sizes), "assurance": item.assurance, "error": item.draws_error}
            for item in found.curve
        ],
        "target": found.target,
        "enough": None if found.enough is None else list(found.enough),
        "answer": answer(found),
    }


def percent(share: float) -> str:
    """A share in whole percent, but never 0 or 100 for what is neither.

    >>> percent(0.5), percent(0.0), percent(0.002), percent(0.999)
    ('50 %', '0 %', '< 1 %', '> 99 %')
    """
    if 0.0 < share < 0.005:
        return "< 1 %"
    if 0.995 <= share < 1.0:
        return "> 99 %"
    return f"{100 * share:.0f} %"


def effect_words(found: Report) -> tuple[str, str, str]:
    """The effect over the draws: its 5, 50 and 95 % quantiles."""
    low, middle, high = (_number(found, value) for value in np.nanquantile(found.effects, (0.05, 0.5, 0.95)))
    return low, middle, high


def _of_trials(found: Report) -> str:
    known = found.trials.estimate[np.isfinite(found.trials.estimate)]
    low, middle, high = (_number(found, value) for value in np.quantile(known, (0.05, 0.5, 0.95)))
    return f"{middle} ({low} to {high})"


def _number(found: Report, value: float) -> str:
    if is_ratio(found):
        return f"{np.exp(value):.2f}"
    if found.design.endpoint in COUNTED:
        return f"{100 * value:+.0f} points"
    return f"{value / DAYS_PER_MONTH:+.1f} months" if found.design.endpoint in TIMED else f"{value:+.2f}"


def _effect_name(found: Report) -> str:
    return "hazard ratio" if is_ratio(found) else "difference"


def _arm(found: Report, values: np.ndarray) -> str:
    if found.design.endpoint in COUNTED:
        return f"{100 * np.mean(values):.0f} % on average"
    if found.design.endpoint not in TIMED:
        return f"{np.mean(values):.2f} on average"
    low, middle, high = np.quantile(values, (0.05, 0.5, 0.95), method="inverted_cdf") / DAYS_PER_MONTH
    parts = ["not reached" if np.isinf(value) else f"{value:.1f}" for value in (middle, low, high)]
    return f"median {parts[0]} months ({parts[1]} to {parts[2]} in 90 % of trials)"


def _with_errors(found: Report) -> str:
    planned = found.planned
    of_patients = planned.patients_error
    patients = f", {100 * of_patients:.1f} from virtual patients" if np.isfinite(of_patients) else ""
    return (
        f"{100 * planned.assurance:.1f} % (Monte-Carlo error {100 * planned.draws_error:.1f} points from "
        "draws"
        f"{patients}; {planned.replicates:,} trials)"
    )
