"""Result of a trial: what was asked, how each patient ended, and what trials of its size would show."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..fitting.parameter_sets import ParameterSets
from .tables import BLOCK, Table


@dataclass(frozen=True, slots=True)
class Arm:
    """One large virtual arm: its place in the protocol and one row a patient.

    ``table`` has the columns of `COLUMNS`, each of shape (P,), and ``sld`` of shape (P, scans); those of a
    result on the disk are read from it when they are asked for.
    """

    name: str
    label: str
    dose: float
    unit: str
    drug: str
    group: str
    treated: int
    evaluable: int
    table: Mapping[str, NDArray[Any]]

    def __post_init__(self) -> None:
        if not isinstance(self.table, Table):
            object.__setattr__(self, "table", Table([self.table]))

    def share(self, column: str) -> tuple[float, int]:
        """Share of a column that is 1, 0 or NaN, and the number of patients in whom it could be judged."""
        ones, judged = self._table.counts(column)
        return (ones / judged if judged else float("nan")), judged

    @property
    def patients(self) -> int:
        """Virtual patients."""
        return self._table.rows

    @property
    def failed(self) -> float:
        """Share of the virtual patients that could not be solved."""
        return float(np.mean(self.table["status"] < 0))

    @property
    def _table(self) -> Table:
        assert isinstance(self.table, Table)
        return self.table


@dataclass(frozen=True, slots=True)
class Curves:
    """True values over time in one arm.

    Attributes
    ----------
    time : ndarray, shape (T,)
        Days.
    quantiles : mapping of observable to ndarray, shape (T, 7)
        At `LEVELS`, over the patients that were solved.
    sample : mapping of observable to ndarray, shape (n, T)
        The first few patients.
    units : mapping of observable to str
    """

    time: NDArray[np.float64]
    quantiles: Mapping[str, NDArray[np.float64]]
    sample: Mapping[str, NDArray[np.float64]]
    units: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Population:
    """The virtual patients, the same in every arm; ``names`` are those of the K parameters.

    Under a fit the table has a column ``draw``: number of the draw that each patient belongs to.

    The columns of the table, and the properties of the same names, are those of a result on the disk read
    from it when they are asked for.
    """

    table: Table
    names: tuple[str, ...]

    @property
    def ids(self) -> NDArray[np.int64]:
        """Patient numbers, shape (P,)."""
        return self.table["id"]

    @property
    def draw(self) -> NDArray[np.int32]:
        """Draw of a fit that each patient belongs to, shape (P,); 0 without a fit."""
        if "draw" not in self.table:
            return np.zeros(self.table.rows, dtype=np.int32)
        return self.table["draw"]

    @property
    def attempts(self) -> NDArray[np.int64]:
        """Draws that each patient took, shape (P,)."""
        return self.table["attempts"]

    @property
    def component(self) -> NDArray[np.int8]:
        """Component of a mixture, shape (P,)."""
        return self.table["component"]

    @property
    def parameters(self) -> NDArray[np.float64]:
        """Parameters, shape (P, K)."""
        return self.table["parameters"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """Everything a trial gave, and everything needed to run it again.

    Attributes
    ----------
    protocol_text : str
        The protocol as it was written.
    protocol_name : str
    lag3ig_version, created, model_hash : str
    seed : int
    structure, versions, target : mapping
        Structural choices; versions of Python and the libraries; the processor compiled for.
    parameters : sequence of mapping
        Symbol, value, unit, distribution, spread, kind, source, meaning.
    scan_days : tuple of float
        Days of the scans, baseline (day 0) first: the columns of ``sld``.
    patients : Population
    arms : mapping of name to Arm
    curves : mapping of arm name to Curves
    replicates : mapping of column to ndarray, shape (R,)
        Columns of `REPLICATE_COLUMNS`; empty if the protocol compares no groups.
    summary : mapping
        Keys table, natural_history, failures, retried, failed_against_rest, splits, declared_realised,
        assumed_parameters, total_parameters; under a fit also fit (see `fitted.fit_summary`).
    sets : ParameterSets, optional
        What the trial took from a fit; None with the literature's parameters.
    """

    protocol_text: str
    protocol_name: str
    lag3ig_version: str
    created: str
    seed: int
    model_hash: str
    structure: Mapping[str, str]
    versions: Mapping[str, str]
    target: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    scan_days: tuple[float, ...]
    patients: Population
    arms: Mapping[str, Arm]
    curves: Mapping[str, Curves]
    replicates: Mapping[str, NDArray[Any]]
    summary: Mapping[str, Any]
    sets: ParameterSets | None = None

    @property
    def table(self) -> list[dict[str, Any]]:
        """Published beside model, one mapping a row."""
        return list(self.summary["table"])

    @property
    def caution(self) -> str:
        """What to know before the first figure is believed."""
        assumed, total = self.summary["assumed_parameters"], self.summary["total_parameters"]
        return (
            f"{assumed} of the {total} parameters of this model are assumed, and no plasma level of this "
            "drug was available: exposure is an assumption that nothing here has checked."
        )

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to know of the fit besides, if there is one."""
        return () if self.sets is None else tuple(self.summary["fit"]["cautions"])

    @property
    def failures(self) -> int:
        """Patients that could not be solved, over all arms."""
        return sum(sum(counts.values()) for counts in self.summary["failures"].values())

    @property
    def retried(self) -> Mapping[str, int]:
        """Patients that were solved only at a second attempt, by arm."""
        return dict(self.summary.get("retried", {}))

    @property
    def failed_against_rest(self) -> Mapping[str, Mapping[str, Any]]:
        """By arm that has failures: how many, and their parameters beside those of the others."""
        return dict(self.summary.get("failed_against_rest", {}))

    def save(self, path: str | Path, *, block: int = BLOCK) -> None:
        """Write the result file, whole or not at all.

        Raises
        ------
        StorageError
            If it cannot be written there.
        """
        from .result_file import save

        save(self, path, block=block)


def read_result(path: str | Path) -> TrialResult:
    """Read a result file; the tables of its patients stay in the file until they are asked for.

    Raises
    ------
    StorageError
        If the file is missing, damaged, of an unknown schema version, or reaches outside itself.
    """
    from .result_file import load

    return load(path)
