"""Figures of the report on biology: plasma, cells of blood, tumour size, progression-free survival."""

from collections.abc import Iterator, Sequence

import numpy as np

from ..model.recist import Response
from ..model.survival import kaplan_meier
from . import figure_curves, figure_tumour
from .columns import LEVELS
from .protocol import Protocol
from .report_figure import ReportFigure, kinds_sentence, patients_phrase, short
from .results import Arm, TrialResult

SPIDER_PATIENTS = 40  # an arm; more lines hide each other
WATERFALL_PATIENTS = 60


def biology_figures(result: TrialResult, protocol: Protocol) -> Iterator[ReportFigure]:
    """Figures of what the drug does, from plasma to progression."""
    if not any(_bands(result, "plasma")):
        return  # nobody was solved
    yield _plasma(result, protocol)
    yield _readout(
        result,
        "activated_cd8",
        "Activated CD8 T cells in blood",
        "activated CD8 (cells/µL), log axis",
        ("N50", "phiE", "qE", "KMa", "mE", "aM"),
        log=True,
    )
    yield _readout(
        result,
        "em_cd8_percent",
        "Effector-memory share of CD8 T cells",
        "effector memory (% of CD8)",
        ("EM0", "Oth", "qE", "qM"),
        log=False,
    )
    if any(_scans(arm, result.scan_days, 1).response for arm in result.arms.values()):
        yield _spider(result, protocol)
        yield _waterfall(result, protocol)
        yield _survival(result, protocol)


def _number(result: TrialResult, symbol: str) -> float | None:
    return next((float(item["value"]) for item in result.parameters if item["symbol"] == symbol), None)


def _bands(result: TrialResult, name: str) -> list[figure_curves.Band]:
    return [
        figure_curves.Band(short(arm.label), arm.dose, curves.time, curves.quantiles[name], LEVELS)
        for arm, curves in zip(result.arms.values(), result.curves.values(), strict=True)
        if np.isfinite(curves.quantiles[name]).all()  # not so in an arm where nobody was solved
    ]


def _plasma(result: TrialResult, protocol: Protocol) -> ReportFigure:
    limit = _number(result, "lloq_plasma")
    starts = sorted({dose.time for arm in protocol.arms for dose in arm.regimen().administrations()})
    interval = starts[1] - starts[0] if len(starts) > 1 else protocol.visits.end
    caption = (
        "Model only: no plasma level of this drug could be read, so nothing here was measured. Values before "
        f"assay error of {patients_phrase(result)}; dashed: limit of the assay. "
        f"{kinds_sentence(result, ('VF', 'CLF', 'ka', 'MW', 'lloq_plasma'))}"
    )
    return ReportFigure(
        "plasma",
        "Plasma concentration by dose",
        caption,
        lambda canvas: figure_curves.concentration(
            _bands(result, "plasma"), limit=limit, canvas=canvas, interval=interval
        ),
    )


def _readout(
    result: TrialResult, name: str, title: str, label: str, symbols: tuple[str, ...], *, log: bool
) -> ReportFigure:
    caption = (
        "Line: median; bands: 50 % and 90 % of patients; dotted: median before the first injection. Values "
        f"before assay error of {patients_phrase(result)}. {kinds_sentence(result, symbols)}"
    )
    return ReportFigure(
        name,
        title,
        caption,
        lambda canvas: figure_curves.readout(_bands(result, name), label=label, canvas=canvas, log=log),
    )


def _scans(arm: Arm, days: Sequence[float], most: int) -> figure_tumour.Scans:
    """The first evaluable patients of an arm; by number, so not chosen by how they fared."""
    best = np.asarray(arm.table["best_change"], dtype=np.float64)
    codes = np.asarray(arm.table["best_response"])
    rows = np.flatnonzero(np.isfinite(best) & (codes != Response.NOT_EVALUABLE))[:most]
    sums = np.asarray(arm.table["sld"], dtype=np.float64)[rows]
    return figure_tumour.Scans(
        label=short(arm.label),
        dose=arm.dose,
        days=np.asarray(days, dtype=np.float64),
        change=100.0 * (sums / sums[:, :1] - 1.0),
        best_change=best[rows],
        response=tuple(Response(int(code)).label for code in codes[rows]),
    )


def _response_rules(protocol: Protocol) -> str:
    return (
        f"RECIST {protocol.response.recist}; dotted: +20 % and −30 % of baseline. A patient may progress "
        "below +20 % of baseline: from a smaller nadir, or by a new lesion."
    )


def _spider(result: TrialResult, protocol: Protocol) -> ReportFigure:
    arms = [_scans(arm, result.scan_days, SPIDER_PATIENTS) for arm in result.arms.values()]
    caption = (
        f"Measured sum of longest diameters (SLD) at the scans of the first {SPIDER_PATIENTS} evaluable "
        f"virtual patients of each arm, coloured by best overall response. {_response_rules(protocol)} "
        f"{kinds_sentence(result, ('DT', 'kkill', 'h0', 'cv_sld'))}"
    )
    return ReportFigure(
        "spider",
        "Tumour size, patient by patient",
        caption,
        lambda canvas: figure_tumour.spider(arms, canvas=canvas),
    )


def _waterfall(result: TrialResult, protocol: Protocol) -> ReportFigure:
    arms = [_scans(arm, result.scan_days, WATERFALL_PATIENTS) for arm in result.arms.values()]
    codes = {arm.label: np.asarray(arm.table["best_response"]) for arm in result.arms.values()}
    responders = ", ".join(
        f"{label} {100.0 * np.isin(values, (Response.COMPLETE, Response.PARTIAL)).mean():.1f} %"
        for label, values in codes.items()
    )
    card = protocol.card()
    silent = card is not None and "objective_responses" in card
    named = f" Published: {card.observation('objective_responses').published}." if card and silent else ""
    caption = (
        "Largest shrinkage, or smallest growth, of the measured SLD up to progression in the first "
        f"{WATERFALL_PATIENTS} evaluable virtual patients of each arm, sorted, coloured by best overall "
        f"response. Objective responses among all virtual patients: {responders}.{named} "
        f"{_response_rules(protocol)} "
        f"{kinds_sentence(result, ('kkill', 'Tsat', 'Td0', 'y0', 'cv_sld'))}"
    )
    return ReportFigure(
        "waterfall",
        "Best change of tumour size",
        caption,
        lambda canvas: figure_tumour.waterfall(arms, canvas=canvas),
    )


def _survival(result: TrialResult, protocol: Protocol) -> ReportFigure:
    arms = [
        figure_tumour.ArmSurvival(
            short(arm.label), arm.dose, kaplan_meier(arm.table["pfs_time"], arm.table["pfs_event"])
        )
        for arm in result.arms.values()
    ]
    seen = [arm for arm in arms if arm.curve.observed.size]
    days = " and ".join(f"{day:g}" for day in protocol.visits.scans)
    caption = (
        f"Kaplan-Meier curves of {patients_phrase(result)}, with the numbers at risk. Progression is seen "
        f"only at a scan (days {days}): the curves fall there, whenever it happened in between, and end with "
        "the last scan. The uncertainty of the model is not shown. "
        f"{kinds_sentence(result, ('DT', 'kkill', 'h0', 'cv_sld'))}"
    )
    return ReportFigure(
        "survival",
        "Progression-free survival",
        caption,
        lambda canvas: figure_tumour.survival(seen, canvas=canvas),
    )
