"""Columns of the tables of a trial result: units and meanings."""

from collections.abc import Mapping

LEVELS = (0.025, 0.05, 0.25, 0.5, 0.75, 0.95, 0.975)

# Columns of an arm's table: unit, meaning. A share-like column is 1, 0, or NaN where it could not be judged.
COLUMNS: Mapping[str, tuple[str, str]] = {
    "status": ("code", "how the simulation of the patient ended; 0 and 1 are solved"),
    "injections": ("1", "injections received of the drug that gives the arm its dose"),
    "stable_3m": ("1", "no progression up to the scan of disease control (NaN: not evaluable)"),
    "evaluable": ("bool", "whether disease control could be judged"),
    "best_response": ("code", "best overall response: 0 NE, 1 CR, 2 PR, 3 SD, 4 PD"),
    "responded": ("1", "whether the best response is complete or partial"),
    "best_change": ("percent", "largest shrinkage, or smallest growth, of the measured sum from baseline"),
    "pfs_time": (
        "d",
        "scan that showed progression, death if it came first, or the last scan without progression",
    ),
    "pfs_event": ("bool", "whether progression was seen, or death where the protocol has deaths"),
    "pfs_lower": ("d", "last scan without progression"),
    "pfs_upper": ("d", "scan that showed progression; infinite if none did"),
    "duration_time": ("d", "from the first scan that showed a response to pfs_time; NaN without a response"),
    "duration_event": ("bool", "whether progression, or death, ended the response"),
    "immune_best_response": ("code", "best response by iRECIST: 0 NE, 1 iCR, 2 iPR, 3 iSD, 4 iUPD, 5 iCPD"),
    "immune_pfs_time": ("d", "the same as pfs_time by iRECIST"),
    "immune_pfs_event": ("bool", "whether progression by iRECIST was seen, or death"),
    "os_time": ("d", "death under the assumed hazard, or the last day of follow-up"),
    "os_event": ("bool", "whether the patient died, under the assumed hazard, while followed"),
    "selected": ("1", "whether the run-in took the patient into the trial; who was not is not judged"),
    "leaves": ("d", "drop-out; infinite if the patient never does"),
    "cmax": ("ng/mL", "largest quantified plasma concentration up to the second dose; 0 if none was"),
    "auc": ("ng/mL*d", "area under the measured plasma concentrations up to the second dose"),
    "time_above_lloq": ("d", "longest unbroken stretch of quantified plasma samples up to the second dose"),
    "exposed": ("1", "whether that stretch is as long as the protocol asks"),
    "cd8_ratio": ("1", "mean of the measured activated CD8 counts on treatment over the measured baseline"),
    "cd8_sustained": ("1", "whether that ratio reaches the protocol's limit"),
    "em_change": (
        "percent",
        "measured effector-memory share of CD8 at the last visit minus the measured baseline",
    ),
    "activated_cd8": ("cell/uL", "measured activated CD8 cells at each visit with blood; NaN after drop-out"),
    "lymphocytes": ("cell/uL", "the same of lymphocytes, without an error of measurement"),
    "monocytes": ("cell/uL", "the same of monocytes, without an error of measurement"),
    "pbmc": ("cell/uL", "the same of mononuclear cells, without an error of measurement"),
    "em_rise": ("1", "whether that change is above the protocol's limit"),
    "sld": (
        "mm",
        "sum of longest diameters as recorded at each scan, baseline first; NaN where none was done",
    ),
}
REPLICATE_COLUMNS: Mapping[str, str] = {
    "stable_low": "patients of the low group without progression at the scan of disease control",
    "stable_high": "the same in the high group",
    "evaluable_low": "evaluable patients of the low group",
    "evaluable_high": "evaluable patients of the high group",
    "p_one_sided": "Fisher's exact test, alternative: more of the high group",
    "p_two_sided": "Fisher's exact test, two-sided",
    "injections": "injections given to all treated patients",
}
