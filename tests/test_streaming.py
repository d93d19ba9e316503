"""Trials larger than the memory: tables in blocks, work in order, files that grow and are whole or absent."""

import subprocess
import sys
import threading
import time
import tracemalloc

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lag3ig import run_trial
from lag3ig.experiments.drawn import draw_into
from lag3ig.experiments.failures import FailedAgainstRest
from lag3ig.experiments.in_order import AHEAD, LEAST, in_order, piece_size
from lag3ig.experiments.results import Arm, read_result
from lag3ig.experiments.tables import Table, TableBuilder
from lag3ig.model import draw, load_model
from lag3ig.model.errors import ProtocolError, StorageError
from lag3ig.model.retrieval import open_stored
from lag3ig.model.spread import Declared
from lag3ig.model.storage import GrowingFile, write
from lag3ig.model.tree import Dataset, Group

from .test_trial import PHASE_I, SMALL, assert_same_bits
from .tolerances import ROUNDING

MEBIBYTE = 1 << 20


@pytest.fixture(scope="module")
def in_memory():
    return run_trial(PHASE_I, **SMALL, threads=1)


@pytest.fixture(scope="module")
def on_disk(tmp_path_factory):
    return run_trial(PHASE_I, **SMALL, threads=2, block=33, out=tmp_path_factory.mktemp("x") / "x.h5")


def test_a_trial_streamed_to_a_file_has_the_same_bits(in_memory, on_disk):
    assert_same_bits(in_memory, on_disk)


def test_the_file_does_not_depend_on_the_pieces(on_disk, tmp_path):
    """The same datasets in the same blocks, whatever was simulated at a time and by how many threads."""
    run_trial(PHASE_I, **SMALL, threads=1, out=tmp_path / "y.h5")
    on_disk.save(tmp_path / "z.h5")
    found = []
    for name in ("y.h5", "z.h5"):
        datasets = {}
        with h5py.File(tmp_path / name) as file:
            file.visititems(
                lambda where, item, datasets=datasets: (
                    datasets.update({where: (item.dtype.str, item.shape, item[()].tobytes())})
                    if isinstance(item, h5py.Dataset)
                    else None
                )
            )
            assert all(item.fletcher32 for item in (file["summary"], file["patients/block-00000/id"]))
        found.append(datasets)
    assert found[0] == found[1]


def test_damage_is_found_in_the_column_that_has_it(on_disk, tmp_path):
    path = tmp_path / "x.h5"
    on_disk.save(path)
    with h5py.File(path) as file:
        place = file["arms/30 mg/block-00000/pfs_time"].id.get_chunk_info(0).byte_offset
    damaged = bytearray(path.read_bytes())
    damaged[place + 3] ^= 16
    path.write_bytes(damaged)
    read = read_result(path)
    np.testing.assert_array_equal(read.arms["30 mg"].table["cmax"], on_disk.arms["30 mg"].table["cmax"])
    with pytest.raises(StorageError, match=r"x\.h5: it is damaged"):
        read.arms["30 mg"].table["pfs_time"]


def test_a_missing_block_is_found_when_the_file_is_opened(on_disk, tmp_path):
    on_disk.save(tmp_path / "x.h5", block=64)
    with h5py.File(tmp_path / "x.h5", "a") as file:
        del file["arms/30 mg/block-00003"]
    with pytest.raises(StorageError, match="192 rows instead of 200; a block is missing"):
        read_result(tmp_path / "x.h5")


def test_a_run_that_breaks_off_leaves_no_trace(tmp_path):
    (tmp_path / "x.h5").write_bytes(b"an older result")
    told = []

    def interrupt(what, done, total):
        told.append(done)
        if done > 100:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_trial(PHASE_I, **SMALL, block=16, out=tmp_path / "x.h5", progress=interrupt)
    assert max(told) > 100
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
    assert (tmp_path / "x.h5").read_bytes() == b"an older result"


@pytest.mark.parametrize("threads", [0, -1, 1.5, True])
def test_numbers_of_threads_that_there_cannot_be(threads):
    with pytest.raises(ProtocolError, match=r"threads = .* must be a whole number from 1 on"):
        run_trial(PHASE_I, **SMALL, threads=threads)


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_disk_that_fills_up_at_any_moment_breaks_nothing(tmp_path):
    """Each write in turn fails: an error in words every time, no crash at the end, the old file stays."""
    program = f"""
import resource
import numpy as np
from lag3ig.model.errors import StorageError
from lag3ig.model.storage import GrowingFile
from lag3ig.model.tree import Dataset, Group
block = Group({{name: Dataset(np.arange(500.0) + n, {{"unit": "1"}}) for n, name in enumerate("abcdefgh")}})
found = []
for limit in (1, 100, 5_000, 50_000, 100_000, 200_000, 300_000, 10**9):
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, resource.RLIM_INFINITY))
    try:
        with GrowingFile({str(tmp_path / "x.h5")!r}) as file:
            for number in range(10):
                file.add(f"arms/30 mg/block-{{number:05d}}", block)
            file.describe("/", {{"schema": "x"}})
            file.commit()
        found.append("written")
    except StorageError as error:
        found.append("File too large" in str(error))
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(found)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == str([True] * 7 + ["written"])
    assert run.stderr == ""
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
    with h5py.File(tmp_path / "x.h5") as file:
        np.testing.assert_array_equal(file["arms/30 mg/block-00009/b"], np.arange(500.0) + 1)


def test_a_table_may_be_larger_than_the_memory(tmp_path):
    """Thirty blocks of a mebibyte are written, counted, copied and read by column in a few mebibytes."""
    rows = MEBIBYTE // 8 // 4
    columns = {name: np.arange(rows) + 0.5 * n for n, name in enumerate("abc")}
    columns["share"] = np.where(np.arange(rows) % 4 == 3, np.nan, np.arange(rows) % 2)
    tracemalloc.start()
    with GrowingFile(tmp_path / "x.h5") as file:
        builder = TableBuilder(file, "table", block=rows)
        for _ in range(30):
            builder.add(columns)
        table = builder.finish()
        file.describe("/", {"schema": "x", "schema_version": 1})
        file.commit()
    assert table.counts("share") == (30 * rows // 4, 30 * rows * 3 // 4)
    again = open_stored(tmp_path / "x.h5", schema="x", versions=(1,)).group("table")
    table = Table([again.group(name) for name in sorted(again.members)])
    assert sum(len(piece["b"]) for piece in table.pieces(rows // 3)) == table.rows == 30 * rows
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (tmp_path / "x.h5").stat().st_size > 30 * MEBIBYTE
    assert peak < 6 * MEBIBYTE
    np.testing.assert_array_equal(table["b"], np.tile(columns["b"], 30))


@given(st.lists(st.integers(0, 9), min_size=1, max_size=8), st.integers(1, 12))
@settings(max_examples=60, deadline=None)
def test_pieces_are_the_rows_in_their_order(sizes, size):
    rows = np.split(np.arange(sum(sizes)), np.cumsum(sizes)[:-1])
    table = Table([{"a": part, "b": np.stack([part, -part], axis=1)} for part in rows])
    pieces = list(table.pieces(size))
    assert all(len(piece["a"]) == size for piece in pieces[:-1])
    assert table.rows == sum(sizes)
    if pieces:
        np.testing.assert_array_equal(np.concatenate([piece["b"] for piece in pieces]), table["b"])
        np.testing.assert_array_equal(table["a"], np.arange(sum(sizes)))
    assert [set(piece) for piece in table.pieces(size, ["b"])] == [{"b"}] * len(pieces)


def test_blocks_that_make_no_table():
    with pytest.raises(StorageError, match=r"block 1 of a table has other columns than the first \(b\)"):
        Table([{"a": np.zeros(2), "b": np.zeros(2)}, {"a": np.zeros(2)}])
    with pytest.raises(StorageError, match="block 0 of a table has columns of different lengths"):
        Table([{"a": np.zeros(2), "b": np.zeros(3)}])
    with pytest.raises(KeyError):
        Table([{"a": np.zeros(2)}])["b"]


@pytest.mark.parametrize("threads", [1, 3])
def test_work_comes_back_in_order_and_few_pieces_wait(threads):
    begun, lock = [], threading.Lock()

    def work(number: int) -> int:
        with lock:
            begun.append(number)
        time.sleep(0.002 * (number % 3))
        return number * number

    taken = []
    for outcome in in_order(work, range(40), threads=threads):
        taken.append(outcome)
        assert len(begun) <= len(taken) + AHEAD * threads
    assert taken == [number * number for number in range(40)]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_fault_in_a_piece_reaches_the_caller(threads):
    def work(number: int) -> int:
        if number == 3:
            raise ProtocolError("no")
        return number

    taken = []
    with pytest.raises(ProtocolError, match="no"):
        taken.extend(in_order(work, range(100), threads=threads))
    assert piece_size(100, 2_500, 2) == LEAST
    assert piece_size(1_000, 2_500, 2) == 500
    assert piece_size(100, 7, 2) == 7
    assert piece_size(100_000, 2_500, 2) == 2_500


@pytest.mark.parametrize("sampling", ["independent", "sobol", "latin"])
def test_patients_drawn_piece_by_piece_are_those_drawn_together(sampling):
    model = load_model()
    together = draw(model, 50, seed=4, sampling=sampling)
    drawn = draw_into(TableBuilder(), model, 50, seed=4, sampling=sampling, block=7, threads=2)
    np.testing.assert_array_equal(drawn.table["parameters"], together.parameters)
    np.testing.assert_array_equal(drawn.table["attempts"], together.attempts)
    assert drawn.first.declared == together.declared
    pieces = list(drawn.pieces(20))
    assert [len(piece) for piece in pieces] == [20, 20, 10]
    np.testing.assert_array_equal(pieces[2].parameters, together.parameters[40:])
    for column, values in drawn.columns([3, 1]):
        np.testing.assert_array_equal(values, together.parameters[:, column])


def test_failed_patients_are_compared_with_the_others():
    generator = np.random.default_rng(1)
    normal = generator.standard_normal((2, 20_000))
    status = np.zeros(20_000, dtype=np.int8)
    status[:5_000] = -2
    normal[0, :5_000] += 1.5  # what made them fail
    table = {"status": status}
    arms = [Arm("a", "a", 1.0, "mg", "lag3ig", "", 1, 1, table)]
    arms.append(Arm("b", "b", 1.0, "mg", "lag3ig", "", 1, 1, {"status": np.zeros(20_000, dtype=np.int8)}))
    compared = FailedAgainstRest(arms)
    compared.add(Declared("quiet", "lognormal", 2.0, 0.3, 0), 2.0 * np.exp(0.3 * normal[1]))
    compared.add(Declared("loud", "logitnormal", 0.5, 0.8, 1), 1.0 / (1.0 + np.exp(-0.8 * normal[0])))
    found = compared.as_mapping()
    assert list(found) == ["a"]
    assert found["a"]["patients"] == 5_000
    loud, quiet = found["a"]["parameters"]
    assert (loud["symbol"], quiet["symbol"]) == ("loud", "quiet")
    assert loud["difference"] == pytest.approx(1.5, abs=0.1)
    assert abs(quiet["difference"]) < 0.1
    assert loud["failed"] > loud["rest"] == pytest.approx(0.5, abs=0.02)


def test_a_trial_without_failures_says_so():
    healthy = run_trial(PHASE_I, patients=20, replicates=0, history_patients=0)
    assert healthy.summary["retried"] == dict.fromkeys(healthy.arms, 0)
    assert healthy.summary["failed_against_rest"] == {}
    assert all(arm.failed == 0.0 and arm.patients == 20 for arm in healthy.arms.values())


def test_what_is_committed_can_still_be_read(tmp_path):
    write(tmp_path / "x.h5", Group({"a": Dataset(np.arange(3))}))
    with GrowingFile(tmp_path / "x.h5") as file:
        added = file.add("b", Dataset(np.arange(4.0), {"unit": "mm"}))
        np.testing.assert_array_equal(added.values, np.arange(4.0))
        file.commit()
    np.testing.assert_array_equal(added.values, np.arange(4.0))
    assert added.attributes["unit"] == "mm"
    assert added.values.sum() == pytest.approx(6.0, rel=ROUNDING)
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]


def test_a_run_loads_no_more_than_it_needs(tmp_path):
    """Without its report a run waits for none of the heavy libraries."""
    heavy = {"scipy.stats", "scipy.optimize", "pint", "sympy", "matplotlib"}
    code = (
        "import sys\nfrom lag3ig.experiments.cli import app\n"
        f"app(['run', {PHASE_I!r}, '--patients', '30', '--replicates', '5', '--no-report', '--json', "
        f"'--out', {str(tmp_path / 'x.h5')!r}], standalone_mode=False)\n"
        f"print(sorted({heavy!r} & set(sys.modules)), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stderr.strip().splitlines()[-1] == "[]"
