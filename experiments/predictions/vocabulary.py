"""Outcomes that are predicted: what each is called, and its unit."""

from collections.abc import Mapping
from dataclasses import dataclass

COUNTS = {  # observable: what the table calls it
    "lymphocytes": "T cells",
    "pbmc": "mononuclear cells",
    "monocytes": "monocytes",
    "activated_cd8": "activated CD8 cells",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an outcome is called, and its unit."""

    label: str
    unit: str


OUTCOMES: Mapping[str, Outcome] = {
    "response_rate": Outcome("objective response", "%"),
    "disease_control_rate": Outcome("disease control", "%"),
    "median_pfs": Outcome("median progression-free survival", "months"),
    "progression_free": Outcome("free of progression", "%"),
    "hazard_ratio": Outcome("hazard ratio of progression", ""),
    **{name: Outcome(f"{label}, relative to baseline", "") for name, label in COUNTS.items()},
    **{f"{name}_to_control": Outcome(f"{label}, relative to control", "") for name, label in COUNTS.items()},
}
