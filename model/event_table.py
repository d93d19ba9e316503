"""Event tables in the style of NONMEM, from CSV and back."""

import csv
import io
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .dose_record import DOSE, OBSERVATION, RESET_AND_DOSE, DoseRecord
from .dosing import Regimen
from .errors import DosingError, Lag3igError, StorageError, nearest
from .units import convert

COLUMNS: Mapping[str, str] = {
    "ID": "patient",
    "TIME": "time of the record",
    "EVID": "0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose; without it, AMT makes a dose",
    "DRUG": "what is given",
    "ROUTE": "route, such as sc or lag3ig.sc",
    "CMT": "number of the compartment that is dosed, instead of ROUTE",
    "AMT": "amount",
    "UNIT": "unit of AMT and RATE; without it, the route's dose unit",
    "RATE": "rate of an infusion, -1 for the modelled rate R, -2 for the modelled duration D",
    "TINF": "duration of an infusion, as a modelled one: bioavailability changes its rate",
    "R": "rate of an infusion where RATE is -1",
    "D": "duration of an infusion where RATE is -2",
    "II": "time between doses",
    "ADDL": "doses after the first",
    "SS": "0 none, 1 steady state instead of what was there, 2 on top of it",
    "LAG": "lag of this line, instead of the model's",
    "F": "bioavailability of this line, instead of the model's",
    "MDV": "missing dependent variable; must agree with EVID",
    "DV": "observed value; not used",
}
_ALIASES = {"ALAG": "LAG", "DUR": "TINF"}
_TIMES = ("TIME", "II", "TINF", "D", "LAG")
_RATES = ("RATE", "R")
_MOST_BYTES = 50_000_000
_MISSING = ("", ".", "NA")
_WRITTEN = (
    "TIME",
    "EVID",
    "DRUG",
    "ROUTE",
    "CMT",
    "AMT",
    "UNIT",
    "RATE",
    "TINF",
    "II",
    "ADDL",
    "SS",
    "LAG",
    "F",
)


@dataclass(frozen=True, slots=True)
class _Row:
    """Row of a table: its number in the file, and what each column holds."""

    number: int
    cells: Mapping[str, str]
    time_unit: str

    def text(self, column: str) -> str | None:
        value = self.cells.get(column, "").strip()
        return None if value in _MISSING else value

    def number_in(self, column: str) -> float | None:
        """Number of a column, its time in days, or None where nothing stands."""
        value = self.text(column)
        if value is None:
            return None
        try:
            number = float(value)
        except ValueError:
            raise DosingError(f"{column} = {value!r} is no number; write one, or '.' for none") from None
        if not math.isfinite(number):
            raise DosingError(f"{column} = {value!r} is not finite; write a number, or '.' for none")
        if column in _TIMES:
            return convert(number, self.time_unit, "d", what=column)
        if column in _RATES and number > 0.0:
            return convert(number, f"1/{self.time_unit}", "1/d", what=column)
        return number

    def whole(self, column: str) -> int | None:
        """Whole number of a column, or None where nothing stands."""
        number = self.number_in(column)
        if number is not None and number != int(number):
            raise DosingError(f"{column} = {self.text(column)} must be a whole number")
        return None if number is None else int(number)


def read_event_table(path: str | Path, *, drug: str = "", time_unit: str = "d") -> dict[str, Regimen]:
    """Regimen of each patient of a CSV file, by ID; one patient '1' if there is no such column.

    The columns are those of `COLUMNS`, in any order and case; empty cells and '.' hold nothing. Rows of a
    patient stand in the order of time, which a reset (EVID 3 or 4) does not turn back. CMT, ROUTE, LAG, F, R
    and D are used on doses only and may stand on any row.

    Parameters
    ----------
    path
        File to read.
    drug
        What is given where the table has no DRUG.
    time_unit
        Unit of TIME, II, TINF, D, LAG and, per time, of RATE and R.

    Raises
    ------
    DosingError
        If the file cannot be read, or a row contradicts itself; the message names file, row and remedy.
    """
    header, rows = _cells(Path(path))
    for column in header:
        if column not in COLUMNS:
            raise DosingError(f"{path}: unknown column {column!r}; {nearest(column, COLUMNS)}")
    if "TIME" not in header:
        raise DosingError(f"{path}: there is no column TIME; the columns are {', '.join(header)}")
    records: dict[str, list[DoseRecord]] = {}
    for number, cells in rows:
        row = _Row(number, dict(zip(header, cells, strict=True)), time_unit)
        try:
            record = _record(row, header, drug)
            earlier = records.setdefault(row.text("ID") or "1", [])
            if earlier and record.time < earlier[-1].time:
                raise DosingError(
                    f"TIME = {row.text('TIME')} is before the row above; sort the table by ID and TIME"
                )
        except Lag3igError as error:
            raise DosingError(f"{path}, row {number}: {error}") from None
        earlier.append(record)
    if not records:
        raise DosingError(f"{path}: has no rows under its header; write one for each dose")
    return {patient: Regimen(tuple(lines)) for patient, lines in records.items()}


def _cells(path: Path) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """Upper-case header, and the numbered rows of a CSV file."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise DosingError(
                f"{path}: larger than {_MOST_BYTES // 1_000_000} MB; split the table by patient"
            )
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise DosingError(f"{path}: cannot be read ({error.strerror}); check the name") from None
    except UnicodeDecodeError:
        raise DosingError(f"{path}: is no text in UTF-8; save it as a CSV file") from None
    try:
        lines = list(csv.reader(io.StringIO(text), strict=True))
    except csv.Error as error:
        raise DosingError(f"{path}: is no CSV file ({error})") from None
    if not lines:
        raise DosingError(f"{path}: is empty; the first line names columns such as TIME, AMT, EVID")
    header = [_ALIASES.get(name.strip().upper(), name.strip().upper()) for name in lines[0]]
    twice = [name for name in header if header.count(name) > 1]
    if twice:
        raise DosingError(f"{path}: column {twice[0]} stands there twice; keep one")

    def rows() -> Iterator[tuple[int, list[str]]]:
        for number, cells in enumerate(lines[1:], start=2):
            if not any(cell.strip() for cell in cells):
                continue
            if len(cells) != len(header):
                raise DosingError(
                    f"{path}, row {number}: {len(cells)} cells, {len(header)} columns; add or remove commas"
                )
            yield number, cells

    return header, rows()


def _record(row: _Row, header: list[str], drug: str) -> DoseRecord:
    time, amount = row.number_in("TIME"), row.number_in("AMT") or 0.0
    if time is None:
        raise DosingError("TIME is empty; give the time of the record")
    event = row.whole("EVID")
    if event is None:
        event = DOSE if amount or row.number_in("RATE") or row.number_in("TINF") else OBSERVATION
    gives_dose = event in (DOSE, RESET_AND_DOSE)
    rate, duration = _infusion(row) if gives_dose else (row.number_in("RATE"), row.number_in("TINF"))
    missing = row.whole("MDV")
    if missing is not None and missing not in (0, 1):
        raise DosingError(f"MDV = {missing} does not exist; 0 an observed value, 1 none")
    if missing == 0 and event != OBSERVATION:
        raise DosingError(
            f"MDV = 0 with EVID = {event}: only an observation has a value; set MDV = 1, or EVID = 0"
        )
    interval, additional, steady = row.number_in("II") or 0.0, row.whole("ADDL"), row.whole("SS") or 0
    if gives_dose and interval and additional is None and not steady:
        raise DosingError(
            f"II = {row.text('II')} without ADDL or SS: say how many doses follow (ADDL), or leave II out"
        )
    name, given = row.text("ROUTE"), row.text("DRUG") or drug
    return DoseRecord(
        time=time,
        event=event,
        drug=given if gives_dose else "",
        route=name if name is None or "." in name or not gives_dose else f"{given}.{name}",
        compartment=row.whole("CMT") if gives_dose else None,
        amount=amount,
        unit=row.text("UNIT") if gives_dose else None,
        rate=rate,
        duration=duration,
        interval=interval,
        additional=additional or 0,
        steady_state=steady,
        lag=row.number_in("LAG") if gives_dose else None,
        bioavailability=row.number_in("F") if gives_dose else None,
    )


def _infusion(row: _Row) -> tuple[float | None, float | None]:
    """Fixed rate or fixed duration of an infusion, of which at most one is given."""
    rate, lasting = row.number_in("RATE") or None, row.number_in("TINF") or None
    modelled = {"R": row.number_in("R"), "D": row.number_in("D")}
    if rate is not None and lasting is not None:
        raise DosingError("both RATE and TINF are given; keep one of them")
    if rate is not None and rate < 0.0 and rate not in (-1.0, -2.0):
        raise DosingError(
            f"RATE = {row.text('RATE')} does not exist; a rate above 0, 0 a bolus, -1 with R, -2 with D"
        )
    wanted = {-1.0: "R", -2.0: "D"}.get(rate or 0.0)
    for name, value in modelled.items():
        if name == wanted and not value:
            raise DosingError(
                f"RATE = {rate:g} asks for a modelled {'rate' if name == 'R' else 'duration'}; fill {name}"
            )
        if name != wanted and value:
            raise DosingError(
                f"{name} = {row.text(name)} needs RATE = {-1 if name == 'R' else -2}; set it, or drop {name}"
            )
    if wanted:
        return (modelled["R"], None) if wanted == "R" else (None, modelled["D"])
    return rate, lasting


def write_event_table(regimen: Regimen, path: str | Path, *, time_unit: str = "d") -> None:
    """Write a regimen so that `read_event_table` gives it back; numbers with all their digits.

    Raises
    ------
    StorageError
        If the file cannot be written.
    """

    def time(value: float | None) -> float | None:
        return None if value is None else convert(value, "d", time_unit, what="time_unit")

    rows = [
        {
            "TIME": time(record.time),
            "EVID": record.event,
            "DRUG": record.drug or None,
            "ROUTE": record.route,
            "CMT": record.compartment,
            "AMT": record.amount,
            "UNIT": record.unit,
            "RATE": None
            if record.rate is None
            else convert(record.rate, "1/d", f"1/{time_unit}", what="time_unit"),
            "TINF": time(record.duration),
            "II": time(record.interval),
            "ADDL": record.additional,
            "SS": record.steady_state,
            "LAG": time(record.lag),
            "F": record.bioavailability,
        }
        for record in regimen.records
    ]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_WRITTEN)
    for row in rows:
        writer.writerow([_written(row[column]) for column in _WRITTEN])
    try:
        Path(path).write_text(out.getvalue(), encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path}: cannot be written ({error.strerror}); choose another place") from None


def _written(value: str | float | None) -> str:
    return "." if value is None else repr(value) if isinstance(value, float) else str(value)
