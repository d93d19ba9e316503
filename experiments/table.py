"""Published beside model: the table a reader looks at first."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting.cards import TrialCard
from ..fitting.observations import CountObservation
from ..model.survival import proportion
from .protocol import Protocol
from .replicates import fisher_tables
from .results import Arm
from .uncertainty import CENTRAL, OverDraws, clustered, counts_under_draws, over_draws

MONTE_CARLO = "95 % of Monte-Carlo error"
THREE_MONTHS = 84.0  # d; the scan that publications mean by it
MOST_FAILED = 0.05  # share of failed patients in an arm above which no figure is printed
Row = dict[str, Any]
Counts = NDArray[np.float64] | None


def _row(
    name: str,
    published: str,
    model: str,
    value: float,
    interval: tuple[float, float] | None = None,
    note: str = "",
) -> Row:
    return {
        "row": name,
        "published": published,
        "model": model,
        "model_value": value if np.isfinite(value) else None,
        "interval": None if interval is None else [float(end) for end in interval],
        "note": note,
    }


def _published(card: TrialCard | None, name: str) -> str:
    """What the card says, with the exact interval of a count; a dash without a card or an observation."""
    if card is None or name not in card:
        return "-"
    found = card.observation(name)
    if not isinstance(found, CountObservation):
        return found.published
    share = found.share
    return f"{found.published} = {100 * share.share:.1f} % ({100 * share.lower:.1f}-{100 * share.upper:.1f})"


def weighted_share(arms: Sequence[Arm], column: str) -> tuple[float, int]:
    """Share over arms weighted by the trial's evaluable patients, and how many virtual ones were judged."""
    shares = [arm.share(column) for arm in arms]
    weights = np.array([arm.evaluable for arm in arms], dtype=np.float64)
    judged = sum(number for _, number in shares)
    values = np.array([share for share, _ in shares])
    if not weights.sum() or not judged:
        return float("nan"), judged
    return float(np.sum(weights * values) / weights.sum()), judged


def trial_table(
    arms: Sequence[Arm],
    replicates: Mapping[str, NDArray[Any]],
    protocol: Protocol,
    card: TrialCard | None,
    draws: int = 1,
) -> list[Row]:
    """Rows of the table: exposure, CD8 cells, stable disease, what trials of this size show, injections.

    Parameters
    ----------
    arms
        Large virtual arms in the order of the protocol.
    replicates
        Columns of the replicate trials; empty if the protocol compares no groups.
    card
        What a publication printed; None if there is none.
    draws
        Of a fit, that patients and replicate trials are divided over: shares then have an interval over them.
    """
    lost = {arm.label: arm.failed for arm in arms}
    if max(lost.values()) > MOST_FAILED:
        shares = ", ".join(f"{label} {_percent(share)}" for label, share in lost.items())
        return [_row("Refused", "-", "too many patients could not be solved", float("nan"), None, shares)]
    rows = []
    groups = _groups(arms)
    for observation, column, name in (
        ("exposure", "exposed", "Exposure"),
        ("cd8_activation", "cd8_sustained", "Sustained CD8 activation"),
        ("em_cd8", "em_rise", "Rise of effector-memory CD8"),
    ):
        for group, members in groups.items():
            row = _biology(name, group, members, column, _published(card, observation), protocol)
            rows.append(_with_draws(row, over_draws(members, column, draws)))
    if protocol.comparison is not None and replicates:
        for side, group in (("low", protocol.comparison.low), ("high", protocol.comparison.high)):
            row = _stable(side, group, groups[group], replicates, protocol, card)
            rows.append(_with_draws(row, over_draws(groups[group], "stable_3m", draws)))
        low, high = groups[protocol.comparison.low], groups[protocol.comparison.high]
        counts = counts_under_draws(low, draws), counts_under_draws(high, draws)
        rows.extend(_chances(replicates, protocol.comparison.p_value, card, draws, counts))
    rows.append(_with_draws(_responses(arms, card), over_draws(arms, "responded", draws)))
    if replicates:
        rows.append(_injections(replicates["injections"], arms, card))
    return rows


def _with_draws(row: Row, found: OverDraws | None) -> Row:
    """The row with the interval over the draws of a fit, if there are any."""
    if found is None:
        return row
    words = _over(*found.interval) if found.beyond_noise else "; over draws no more than Monte-Carlo error"
    return row | {
        "model": row["model"] + words,
        "parameters": found.as_mapping(),
        "note": f"{row['note']}; {found.shares.size} draws of the fit, Monte-Carlo error of their mean "
        f"{100 * found.standard_error:.1f} points",
    }


def _over(low: float, high: float) -> str:
    return f"; 90 % over draws {100 * low:.1f}-{100 * high:.1f} %"


def _groups(arms: Sequence[Arm]) -> dict[str, list[Arm]]:
    """Arms by group; an arm without a group stands for itself."""
    found: dict[str, list[Arm]] = {}
    for arm in arms:
        found.setdefault(arm.group or arm.label, []).append(arm)
    return found


def _biology(
    name: str, group: str, members: Sequence[Arm], column: str, published: str, protocol: Protocol
) -> Row:
    share, judged = weighted_share(members, column)
    parts = ", ".join(
        f"{arm.label} {100 * arm.share(column)[0]:.0f} %{_peak(arm, column)}" for arm in members
    )
    size = sum(arm.evaluable for arm in members)
    everyone = np.prod([max(arm.share(column)[0], 0.0) ** arm.evaluable for arm in members])
    limits = protocol.limits
    meaning = {
        "exposed": f"plasma quantifiable for {limits.exposed_for:g} d after the first injection",
        "cd8_sustained": f"mean on treatment at least {limits.sustained_ratio:g} times baseline",
        "em_rise": f"last visit more than {limits.rise_points:g} points above baseline",
    }[column]
    every = f"all {size} of a trial: probability {_percent(float(everyone))}"
    note = f"{meaning}; {parts}; {every}; {_judged(judged, members)}"
    return _row(f"{name}, {group}", published, f"{_percent(share)} of patients", share, None, note)


def _peak(arm: Arm, column: str) -> str:
    """Median of the largest quantified plasma concentration, beside a share of exposed patients."""
    if column != "exposed":
        return ""
    peaks = arm.table["cmax"]
    peaks = peaks[np.isfinite(peaks)]
    if not peaks.size:
        return ""
    middle = float(np.median(peaks))
    return f" (median Cmax {middle:.2g} ng/mL)" if middle > 0.0 else " (median Cmax below the assay limit)"


def _stable(
    side: str,
    group: str,
    members: Sequence[Arm],
    replicates: Mapping[str, NDArray[Any]],
    protocol: Protocol,
    card: TrialCard | None,
) -> Row:
    day = protocol.response.disease_control_at
    when = "at 3 months" if day == THREE_MONTHS else f"on day {day:g}"
    share, judged = weighted_share(members, "stable_3m")
    size = sum(arm.evaluable for arm in members)
    low, high = np.quantile(replicates[f"stable_{side}"], [0.025, 0.975])
    parts = ", ".join(f"{arm.label} {100 * arm.share('stable_3m')[0]:.0f} %" for arm in members)
    expected = f"{_percent(share)}, {share * size:.1f} of {size}"
    text = f"{expected} ({low:.0f} to {high:.0f} of {size} in 95 % of trials)"
    note = f"{parts}; weighted by the evaluable patients of the trial; {_judged(judged, members)}"
    return _row(
        f"Stable disease {when}, {group}",
        _published(card, f"stable_{side}"),
        text,
        share,
        (low / size, high / size),
        note,
    )


def _chances(
    replicates: Mapping[str, NDArray[Any]],
    p_value: float,
    card: TrialCard | None,
    draws: int,
    counts: tuple[Counts, Counts],
) -> list[Row]:
    """How often trials of this size come out as the published one did.

    Each outcome is a set of pairs of counts: happened in a replicate, and probable under each draw, for which
    ``counts`` has the probability of every number of stable patients, low and high.
    """
    seen = observed_counts(card)
    size = int(replicates["evaluable_low"][0]), int(replicates["evaluable_high"][0])
    low, high = np.arange(size[0] + 1)[:, None], np.arange(size[1] + 1)[None, :]
    one_sided, two_sided = fisher_tables(*size)
    limit = p_value if seen is None else float(fisher_tables(seen[1], seen[3])[1][seen[0], seen[2]])
    outcomes = []
    if seen is not None:
        exactly, at_least = (low == seen[0]) & (high >= 0), (low >= 0) & (high >= seen[2])
        outcomes.append((f"Exactly {seen[0]} of {seen[1]} stable, low doses", exactly, "observed"))
        outcomes.append((f"At least {seen[2]} of {seen[3]} stable, high doses", at_least, "observed"))
    name = f"P <= {p_value:g}, Fisher's exact test, one-sided"
    outcomes.append((name, one_sided <= p_value, _published(card, "p_one_sided")))
    ties = limit * (1.0 + 1e-9)  # ties with the published table count
    outcomes.append((f"P <= {limit:.3g}, two-sided", two_sided <= ties, _published(card, "p_two_sided")))
    rows = []
    for name, wanted, published in outcomes:
        happened = wanted[replicates["stable_low"], replicates["stable_high"]]
        row = _chance(name, happened, published, draws)
        if counts[0] is not None and counts[1] is not None:
            under_draws = np.einsum("di,ij,dj->d", counts[0], wanted, counts[1])
            ends = [float(end) for end in np.quantile(under_draws, CENTRAL)]
            row |= {
                "model": f"{row['model']}{_over(*ends)}",
                "parameters": {"interval": ends, "draws": draws},
            }
        rows.append(row)
    return rows


def observed_counts(card: TrialCard | None) -> tuple[int, int, int, int] | None:
    """Published counts of stable disease: low doses, of how many, high doses, of how many; or None."""
    low, high = published_count(card, "stable_low"), published_count(card, "stable_high")
    return None if low is None or high is None else (low.count, low.number, high.count, high.number)


def published_count(card: TrialCard | None, name: str) -> CountObservation | None:
    """The count of that id on a card; None without a card, or if it has no such count."""
    found = None if card is None or name not in card else card.observation(name)
    return found if isinstance(found, CountObservation) else None


def _judged(judged: int, members: Sequence[Arm]) -> str:
    return f"{judged:,} of {sum(arm.patients for arm in members):,} virtual patients judged"


def _chance(name: str, happened: NDArray[np.bool_], published: str, draws: int) -> Row:
    count = proportion(int(happened.sum()), happened.size)
    if (
        draws > 1 and happened.size >= draws
    ):  # trials of a draw share its patients, so draws are what is independent
        interval = clustered(happened, draws)
        note = f"{happened.size:,} replicate trials of {draws} draws; interval: {MONTE_CARLO} of both"
        return _row(name, published, f"probability {_percent(count.share)}", count.share, interval, note)
    return _row(
        name,
        published,
        f"probability {_percent(count.share)}",
        count.share,
        (count.lower, count.upper),
        f"{happened.size:,} replicate trials; interval: {MONTE_CARLO}",
    )


def _responses(arms: Sequence[Arm], card: TrialCard | None) -> Row:
    """Complete and partial responses: they rise with the kill rate, so they limit how far it may go up."""
    share, judged = weighted_share(arms, "responded")
    parts = ", ".join(f"{arm.label} {100 * arm.share('responded')[0]:.0f} %" for arm in arms)
    return _row(
        "Objective responses",
        _published(card, "objective_responses"),
        f"{_percent(share)} of patients",
        share,
        None,
        f"best response, complete or partial; {parts}; {_judged(judged, arms)}",
    )


def _injections(injections: NDArray[Any], arms: Sequence[Arm], card: TrialCard | None) -> Row:
    low, high = np.quantile(injections, [0.025, 0.975])
    return _row(
        "Injections given",
        _published(card, "injections"),
        f"{injections.mean():.1f} ({low:.0f} to {high:.0f} in 95 % of trials)",
        float(injections.mean()),
        (float(low), float(high)),
        f"{sum(arm.treated for arm in arms)} patients treated"
        + ("; the chance of missing one was derived from the published number" if card is not None else ""),
    )


def _percent(share: float) -> str:
    return "-" if not np.isfinite(share) else f"{100 * share:.1f} %"
