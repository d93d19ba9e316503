"""Figures of the report on outcome: stable disease by dose, replicate trials, natural history."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..model.survival import Proportion, proportion
from . import figure_trials
from .design import Comparison
from .figure_trials import DoseGroup, Share
from .natural_history import MEASURED_LESIONS
from .protocol import Protocol
from .replicates import fisher_tables
from .report_figure import ReportFigure, kinds_sentence, patients_phrase, short, tuned_sentence
from .results import Arm, TrialResult
from .table import published_count


def outcome_figures(result: TrialResult, protocol: Protocol) -> Iterator[ReportFigure]:
    """Figures of what the trial asked: who was stable, and how much of that is chance."""
    yield _stable(result, protocol)
    if result.replicates and protocol.comparison is not None:
        yield _replicates(result, protocol, protocol.comparison)
    if result.summary["natural_history"]["evaluated"]:
        yield _natural_history(result, protocol)


def _published(protocol: Protocol, side: str) -> Proportion | None:
    found = published_count(protocol.card(), f"stable_{side}")
    return None if found is None else found.share


def _share(found: Proportion, label: str, *, dose: float = 0.0, published: bool = False) -> Share:
    return Share(label, found.share, found.lower, found.upper, dose, published)


def _stable_share(arm: Arm) -> Share:
    values = np.asarray(arm.table["stable_3m"], dtype=np.float64)
    found = proportion(int(np.nansum(values)), int(np.isfinite(values).sum()))
    return _share(found, short(arm.label), dose=arm.dose)


def _group(result: TrialResult, protocol: Protocol, side: str, name: str) -> DoseGroup:
    shares = result.replicates[f"stable_{side}"] / result.replicates[f"evaluable_{side}"]
    low, middle, high = np.quantile(shares, (0.025, 0.5, 0.975))
    found = _published(protocol, side)
    return DoseGroup(
        label=name,
        arms=tuple(protocol.of_group(name)),
        published=_share(found, f"{found.count} of {found.number}", published=True) if found else None,
        model=Share(name, float(middle), float(low), float(high)),
    )


def _stable(result: TrialResult, protocol: Protocol) -> ReportFigure:
    arms = [_stable_share(arm) for arm in result.arms.values()]
    compared = protocol.comparison
    groups = []
    if compared is not None and result.replicates:
        groups = [
            _group(result, protocol, side, name)
            for side, name in (("low", compared.low), ("high", compared.high))
        ]
    parts = [
        "Stable at 3 months: no progression up to the scan on day "
        f"{protocol.response.disease_control_at:g}. Dots: share of {patients_phrase(result)}, with its exact "
        "95 % interval, of sampling alone."
    ]
    if groups:
        parts.append(
            f"Diamonds: median and central 95 % of {result.replicates['stable_low'].size:,} replicate trials "
            "of the size of the trial, doses pooled."
        )
    published = [group.published for group in groups if group.published is not None]
    if published:
        intervals = "; ".join(
            f"{share.label}, {100 * share.low:.1f}–{100 * share.high:.1f} %" for share in published
        )
        parts.append(
            f"Squares: published, doses pooled, with exact 95 % intervals ({intervals}). "
            f"{tuned_sentence(result, protocol, 'them')} How many patients each dose had is assumed."
        )
    parts.append(kinds_sentence(result, ("DT", "kkill", "h0", "cv_sld")))
    return ReportFigure(
        "stable",
        "Stable disease at 3 months by dose",
        " ".join(parts),
        lambda canvas: figure_trials.stable_by_dose(arms, groups, canvas=canvas),
    )


def _replicates(result: TrialResult, protocol: Protocol, compared: Comparison) -> ReportFigure:
    table = result.replicates
    n_low, n_high = int(table["evaluable_low"][0]), int(table["evaluable_high"][0])
    one_sided, _ = fisher_tables(n_low, n_high)
    low, high = _published(protocol, "low"), _published(protocol, "high")
    pair = (low.count, high.count) if low and high else None
    if low and high and (low.number, high.number) != (n_low, n_high):
        pair = None  # another trial's size: its counts have no cell here
    reached = float((table["p_one_sided"] <= compared.p_value).mean())
    caption = (
        f"{table['stable_low'].size:,} trials of the size of the trial, drawn from the virtual arms. Cells: "
        "the darker, the more trials with that pair of counts, in percent if 1 or more and if there is room; "
        f"above and beside: each count alone. {100 * reached:.1f} % of the trials lie on the "
        f"upper left side of the grey line, where Fisher's exact test, "
        f"one-sided, gives P ≤ {compared.p_value:g}. {_spread_of_trials(result)}"
    )
    return ReportFigure(
        "replicates",
        "What trials of this size would have shown",
        caption,
        lambda canvas: figure_trials.replicates(
            table["stable_low"],
            table["stable_high"],
            n_low=n_low,
            n_high=n_high,
            published=pair,
            labels=(short(compared.low), short(compared.high)),
            significant=one_sided <= compared.p_value,
            p_value=compared.p_value,
            canvas=canvas,
        ),
    )


def _spread_of_trials(result: TrialResult) -> str:
    if result.sets is None:
        return (
            "The spread is chance of sampling patients only: all trials share one set of parameters, most of "
            "them assumed."
        )
    return (
        "The spread is of parameters and of patients: each trial has one draw of the fit. What the fit does "
        "not move is the same in all, most of it assumed."
    )


def _feedback(growth: Sequence[float] | None) -> str:
    """Sentence on how far the simulated growth stays behind the exponential of its doubling time."""
    if growth is None:
        return ""
    low, middle, high = (100.0 * value for value in growth)
    return (
        f" Growing antigen raises priming, so untreated tumours grow at {middle:.1f} % (90 % of them "
        f"{low:.1f}–{high:.1f} %) of the pace of their doubling time."
    )


def _natural_history(result: TrialResult, protocol: Protocol) -> ReportFigure:
    history = result.summary["natural_history"]
    number = int(history["evaluated"])
    low, high = history["interval"]
    found = _published(protocol, "low")
    rows = []
    if found is not None:
        rows.append(_share(found, f"published, low doses, {found.count} of {found.number}", published=True))
    source = f"{MEASURED_LESIONS} measured doubling times" if result.sets is None else "draws of the fit"
    rows.append(Share(f"formula, {source}", float(history["analytic"]), low, high))
    for key, label in (
        ("simulated", "simulated, no error, no new lesions"),
        ("default", "simulated, default"),
    ):
        rows.append(_share(proportion(round(float(history[key]) * number), number), label))
    if result.sets is None:
        luck = " Agreement with the published low doses to three digits is luck." if found is not None else ""
        predicted = (
            f"The doubling times of {MEASURED_LESIONS} lung metastases predict {history['analytic']:.3f}, "
            f"but so few lesions allow {low:.2f}–{high:.2f}.{luck}"
        )
    else:
        predicted = (
            f"The doubling times of the fit predict {history['analytic']:.3f} on average, and "
            f"{low:.2f}–{high:.2f} in the central 95 % of its draws."
        )
    caption = (
        f"Share without progression on day {protocol.response.disease_control_at:g} if nothing is given. "
        f"{predicted} Simulated: {number:,} patients through equations, scans "
        "and response rules, with measurement error and new lesions switched off, which checks that path "
        f"against the formula ({history['simulated']:.4f}), and on ({history['default']:.4f}); their "
        f"intervals are of sampling alone.{_feedback(history.get('growth'))} "
        f"{kinds_sentence(result, ('DT', 'h0', 'cv_sld'))}"
    )
    return ReportFigure(
        "natural",
        "Without drug: natural growth alone",
        caption,
        lambda canvas: figure_trials.shares(rows, label="stable at 3 months (%)", canvas=canvas),
    )
