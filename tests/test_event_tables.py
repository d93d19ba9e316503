"""Tables of doses are read and written as what they say, or refused by their row."""

import contextlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lag3ig.model.dose_record import DoseRecord
from lag3ig.model.dosing import Regimen, dose, reset
from lag3ig.model.errors import DosingError, Lag3igError, StorageError

REFUSED_TABLES = [
    ("TIME,AMMT\n0,1", r"unknown column 'AMMT'; did you mean 'AMT'"),
    ("AMT,EVID\n1,1", r"there is no column TIME; the columns are AMT, EVID"),
    ("TIME,AMT,AMT\n0,1,1", r"column AMT stands there twice"),
    ("", r"is empty; the first line names columns"),
    ("TIME,AMT\n", r"has no rows under its header"),
    ("TIME,AMT\n0,1\n0,1,1", r"row 3: 3 cells, 2 columns"),
    ("TIME,AMT\n0,x", r"row 2: AMT = 'x' is no number"),
    ("TIME,AMT\n0,inf", r"row 2: AMT = 'inf' is not finite"),
    ("TIME,AMT\n.,1", r"row 2: TIME is empty"),
    ("TIME,AMT\n0,-5", r"row 2: AMT = -5.0 must be a finite number and not negative"),
    ("TIME,AMT\n2,1\n1,1", r"row 3: TIME = 1 is before the row above; sort the table by ID"),
    ("TIME,AMT,EVID\n0,1,7", r"row 2: EVID = 7 does not exist"),
    ("TIME,AMT,EVID\n0,1,1.5", r"row 2: EVID = 1.5 must be a whole number"),
    ("TIME,AMT,EVID\n0,1,0", r"row 2: EVID = 0 \(observation\) gives no dose, but AMT = 1.0; set it to 0"),
    ("TIME,AMT,EVID,RATE\n0,0,2,-1", r"row 2: RATE = -1.0 must be a finite number and not negative"),
    ("TIME,AMT,EVID\n0,1,3", r"row 2: EVID = 3 \(reset\) gives no dose, but AMT"),
    ("TIME,AMT,ADDL\n0,1,3", r"row 2: ADDL = 3 without II: give II > 0"),
    ("TIME,AMT,II\n0,1,3", r"row 2: II = 3 without ADDL or SS"),
    ("TIME,AMT,SS\n0,1,1", r"row 2: SS = 1 without II"),
    ("TIME,AMT,SS,II,RATE\n0,0,1,2,5", r"row 2: SS = 1 with AMT = 0 and II > 0"),
    ("TIME,AMT,SS,II,EVID\n0,0,1,2,2", r"row 2: EVID = 2 \(other\) gives no dose, but II"),
    ("TIME,AMT,RATE\n0,1,-3", r"row 2: RATE = -3 does not exist"),
    ("TIME,AMT,RATE\n0,1,-2", r"row 2: RATE = -2 asks for a modelled duration; fill D"),
    ("TIME,AMT,RATE,R\n0,1,-1,.", r"row 2: RATE = -1 asks for a modelled rate; fill R"),
    ("TIME,AMT,RATE,D\n0,1,5,2", r"row 2: D = 2 needs RATE = -2; set it, or drop D"),
    ("TIME,AMT,RATE,TINF\n0,1,5,2", r"row 2: both RATE and TINF are given"),
    ("TIME,AMT,RATE\n0,0,5", r"row 2: AMT = 0 with RATE > 0 is an infusion without end"),
    ("TIME,AMT,MDV,EVID\n0,1,0,1", r"row 2: MDV = 0 with EVID = 1"),
    ("TIME,AMT,CMT,ROUTE\n0,1,1,po", r"row 2: both route 'drug.po' and CMT = 1"),
    ("TIME,AMT,DRUG\n0,1,=cmd()", r"row 2: the dose names no drug \(DRUG = '=cmd\(\)'\)"),
    ('TIME,AMT\n0,"1', r"is no CSV file"),
]


@pytest.mark.parametrize(("table", "message"), REFUSED_TABLES)
def test_contradictory_tables_are_refused_with_the_row(table: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text(table, encoding="utf-8")
    with pytest.raises(DosingError, match=message) as caught:
        Regimen.from_csv(path, drug="drug")
    assert str(caught.value).startswith(str(path))


def test_files_that_are_no_tables_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DosingError, match=r"nowhere.csv: cannot be read \(No such file"):
        Regimen.from_csv(tmp_path / "nowhere.csv")
    (tmp_path / "binary.csv").write_bytes(b"TIME\n\xff\xfe\n")
    with pytest.raises(DosingError, match=r"is no text in UTF-8"):
        Regimen.from_csv(tmp_path / "binary.csv")
    with pytest.raises(StorageError, match=r"cannot be written"):
        dose("drug", 1).to_csv(tmp_path / "no folder" / "table.csv")


def test_tables_of_several_patients(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("ID,TIME,AMT,DRUG\na,0,1,drug\na,5,1,drug\nb,2,1,drug\n", encoding="utf-8")
    assert len(Regimen.from_csv(path, patient="a").records) == 2
    with pytest.raises(DosingError, match=r"holds patients a, b, and none was named; pass patient="):
        Regimen.from_csv(path)
    with pytest.raises(DosingError, match=r"'c' is not among them"):
        Regimen.from_csv(path, patient="c")


def test_what_only_doses_use_may_stand_on_every_row(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("TIME,EVID,AMT,CMT,LAG,F,D\n0,1,5,1,2,0.5,.\n3,3,0,2,2,0.5,4\n", encoding="utf-8")
    regimen = Regimen.from_csv(path, drug="drug")
    assert regimen == dose("drug", 5, cmt=1, lag=2, bioavailability=0.5) + reset(3)


def test_observations_are_times_to_look_at(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("time,evid,amt,dv,mdv\n0,1,5,.,1\n7,0,.,3.2,0\n3.5,0,.,1,0\n".replace("7,0", "3,0", 1))
    assert Regimen.from_csv(path, drug="drug").observations == (3.0, 3.5)


AMOUNT = st.floats(min_value=1e-6, max_value=1e6)
DAYS = st.floats(min_value=1e-3, max_value=1e3)


@st.composite
def records(draw: st.DrawFn) -> DoseRecord:
    event = draw(st.sampled_from([0, 1, 1, 1, 2, 3, 4]))
    time = draw(st.floats(min_value=0.0, max_value=1e4))
    if event not in (1, 4):
        return DoseRecord(time=time, event=event)
    infused = draw(st.sampled_from([None, "rate", "duration"]))
    additional = draw(st.integers(min_value=0, max_value=50))
    steady = draw(st.sampled_from([0, 1, 2]))
    repeated = additional or steady or draw(st.booleans())
    return DoseRecord(
        time=time,
        event=event,
        drug=draw(st.sampled_from(["drug", "other"])),
        route=draw(st.sampled_from([None, "drug.po"])),
        amount=draw(AMOUNT),
        unit=draw(st.sampled_from([None, "mg", "ug", "mg/m**2"])),
        rate=draw(AMOUNT) if infused == "rate" else None,
        duration=draw(DAYS) if infused == "duration" else None,
        interval=draw(DAYS) if repeated else 0.0,
        additional=additional,
        steady_state=steady,
        lag=draw(st.none() | DAYS),
        bioavailability=draw(st.none() | st.floats(min_value=0.0, max_value=2.0)),
    )


@given(lines=st.lists(records(), min_size=1, max_size=8))
def test_tables_come_back_as_they_were_written(lines: list[DoseRecord], tmp_path_factory) -> None:
    regimen = Regimen(tuple(sorted(lines, key=lambda record: record.time)))
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    regimen.to_csv(path)
    assert Regimen.from_csv(path) == regimen


@settings(max_examples=300)
@given(text=st.text(alphabet="TIMEAVDRSLOUGC0123456789.,-\n\"' einfa", max_size=120))
def test_any_table_is_a_regimen_or_an_error_in_words(text: str, tmp_path_factory) -> None:
    path = tmp_path_factory.mktemp("tables") / "table.csv"
    path.write_text("TIME,AMT,EVID,II,ADDL,SS\n" + text, encoding="utf-8")
    with contextlib.suppress(Lag3igError):
        assert Regimen.from_csv(path, drug="drug").records
