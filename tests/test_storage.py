"""Result files: whole or absent, damage found, nothing reached outside them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from lag3ig.model.errors import StorageError
from lag3ig.model.retrieval import read
from lag3ig.model.storage import Dataset, Group, GrowingFile, _Sink, check_writable, write

SCHEMA = {"schema": "example", "versions": (1, 2)}


def tree(value=1.0, rows=5) -> Group:
    return Group(
        {
            "note": Dataset("Größe β"),
            "block": Group(
                {"a": Dataset(np.full((rows, 3), value), {"unit": "mm"}), "b": Dataset(np.arange(rows))}
            ),
            "nothing": Dataset(np.empty((0, 4))),
        },
        {"schema": "example", "schema_version": 1},
    )


def same(left: Group | Dataset, right: Group | Dataset) -> bool:
    if set(left.attributes) != set(right.attributes):
        return False
    if any(not np.array_equal(left.attributes[key], right.attributes[key]) for key in left.attributes):
        return False
    if isinstance(left, Dataset) or isinstance(right, Dataset):
        return np.array_equal(left.values, right.values) and type(left.values) is type(right.values)
    if set(left.members) != set(right.members):
        return False
    return all(same(left.members[name], right.members[name]) for name in left.members)


def test_what_is_written_is_read(tmp_path):
    write(tmp_path / "x.h5", tree())
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree())


def test_large_blocks_are_chunked_and_every_dataset_has_a_checksum(tmp_path):
    write(tmp_path / "x.h5", tree(rows=200_000))
    with h5py.File(tmp_path / "x.h5") as file:
        assert file["block/a"].fletcher32
        assert file["block/b"].fletcher32
        assert file["note"].fletcher32
        assert file["block/a"].chunks[0] < 200_000
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree(rows=200_000))


def test_the_same_tree_gives_the_same_bytes(tmp_path):
    for name in ("x.h5", "y.h5"):
        write(tmp_path / name, tree())
    assert (tmp_path / "x.h5").read_bytes() == (tmp_path / "y.h5").read_bytes()


@pytest.mark.usefixtures("heeding")
@pytest.mark.parametrize("moment", ["add", "describe", "commit"])
def test_an_interruption_while_hdf5_writes_is_neither_lost_nor_written(tmp_path, monkeypatch, moment):
    """HDF5 calls back to write; an interruption raised there could vanish in a finaliser."""
    write(tmp_path / "x.h5", tree(1.0))
    plain, interrupted = _Sink.write, []

    def write_interrupted(self, content):
        interrupted.append(len(content))
        signal.raise_signal(signal.SIGINT)
        return plain(self, content)

    def grow():
        with GrowingFile(tmp_path / "x.h5") as file:
            for step in ("add", "describe", "commit"):
                if step == moment:
                    monkeypatch.setattr(_Sink, "write", write_interrupted)
                if step == "add":
                    file.add("block", Dataset(np.zeros((200_000, 3))))
                elif step == "describe":
                    file.describe("/", {"many": np.arange(9_000)})
                else:
                    file.commit()

    with pytest.raises(KeyboardInterrupt):
        grow()
    assert interrupted
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree(1.0))


@pytest.mark.parametrize("moment", ["fsync", "replace"])
def test_killed_before_the_rename_the_old_file_stays(tmp_path, moment):
    write(tmp_path / "x.h5", tree(1.0))
    program = (
        "import os, numpy as np\n"
        "from lag3ig.model import storage\n"
        "from lag3ig.model.storage import Dataset, Group\n"
        f"os.{moment} = lambda *a: os._exit(9)\n"
        f"storage.write({str(tmp_path / 'x.h5')!r}, Group({{'a': Dataset(np.zeros(3))}}))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree(1.0))
    write(tmp_path / "x.h5", tree(2.0))
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree(2.0))


def test_a_full_disk_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    write(tmp_path / "x.h5", tree(1.0))

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageError, match="No space left on device"):
        write(tmp_path / "x.h5", tree(2.0))
    monkeypatch.undo()
    assert [path.name for path in tmp_path.iterdir()] == ["x.h5"]
    assert same(read(tmp_path / "x.h5", **SCHEMA), tree(1.0))


def test_a_flipped_bit_is_found_or_harmless(tmp_path):
    write(tmp_path / "x.h5", tree())
    image = (tmp_path / "x.h5").read_bytes()
    generator = np.random.default_rng(1)
    with h5py.File(tmp_path / "x.h5") as file:
        inside = file["block/a"].id.get_chunk_info(0).byte_offset
    found = 0
    for position in [*range(inside, inside + 24), *generator.integers(0, len(image), 300)]:
        damaged = bytearray(image)
        damaged[position] ^= 1 << int(generator.integers(8))
        (tmp_path / "y.h5").write_bytes(damaged)
        try:
            assert same(read(tmp_path / "y.h5", **SCHEMA), tree()), f"byte {position}"
        except StorageError:
            found += 1
    assert found >= 24


@pytest.mark.parametrize("length", [0, 1, 100, 1700])
def test_a_cut_file_is_found(tmp_path, length):
    write(tmp_path / "x.h5", tree())
    (tmp_path / "y.h5").write_bytes((tmp_path / "x.h5").read_bytes()[:length])
    with pytest.raises(StorageError):
        read(tmp_path / "y.h5", **SCHEMA)


def test_missing_folder_and_folder_as_target(tmp_path):
    with pytest.raises(StorageError, match="does not exist; create it first"):
        write(tmp_path / "no" / "x.h5", tree())
    with pytest.raises(StorageError, match="is a folder"):
        write(tmp_path, tree())


def test_unwritable_folder(tmp_path, monkeypatch):
    def denied(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("tempfile.TemporaryFile", denied)
    with pytest.raises(StorageError, match="Permission denied; choose another place"):
        check_writable(tmp_path / "x.h5")


def test_what_is_no_result_file(tmp_path):
    with pytest.raises(StorageError, match="no such file"):
        read(tmp_path / "x.h5", **SCHEMA)
    (tmp_path / "x.h5").write_text("hello")
    with pytest.raises(StorageError, match="not an HDF5 file"):
        read(tmp_path / "x.h5", **SCHEMA)
    write(tmp_path / "x.h5", tree())
    with pytest.raises(StorageError, match="is no other file"):
        read(tmp_path / "x.h5", schema="other", versions=(1,))
    with pytest.raises(StorageError, match=r"schema version 1 is not among .* \(7, 8\)"):
        read(tmp_path / "x.h5", schema="example", versions=(7, 8))


def hostile(path: Path, kind: str, secret: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["schema"] = np.bytes_(b"example")
        file.attrs["schema_version"] = 1
        if kind == "external link":
            file["x"] = h5py.ExternalLink(str(secret), "/")
        elif kind == "soft link":
            file["x"] = h5py.SoftLink("/")
        elif kind == "external data":
            file.create_dataset("x", (4,), dtype="u1", external=[(str(secret), 0, 4)])
        elif kind == "virtual":
            layout = h5py.VirtualLayout(shape=(4,), dtype="u1")
            layout[:] = h5py.VirtualSource(str(secret), "a", shape=(4,))
            file.create_virtual_dataset("x", layout)
        elif kind == "huge":
            file.create_dataset("x", (10**12,), dtype="f8", chunks=(1000,))
        elif kind == "compressed":
            file.create_dataset("x", data=np.zeros(10**6), compression="gzip")
        elif kind == "loop":
            file["x"] = file["/"]
        elif kind == "twice":
            file["x"] = np.zeros(3)
            file["y"] = file["x"]
        elif kind == "deep":
            file.create_group("/".join("x" * 40))
        elif kind == "type":
            file["x"] = np.dtype("f8")
        elif kind == "long text":
            file["x"] = "a text of variable length"
        elif kind == "long attribute":
            file.attrs["x"] = "a text of variable length"
        elif kind == "reference":
            file.create_dataset("x", data=file.ref, dtype=h5py.ref_dtype)


@pytest.mark.parametrize(
    "kind",
    [
        "external link",
        "soft link",
        "external data",
        "virtual",
        "huge",
        "compressed",
        "loop",
        "twice",
        "deep",
        "type",
        "long text",
        "long attribute",
        "reference",
    ],
)
def test_files_from_strangers_are_refused(tmp_path, kind):
    (tmp_path / "secret").write_bytes(b"secret")
    hostile(tmp_path / "x.h5", kind, tmp_path / "secret")
    with pytest.raises(StorageError, match="cannot read"):
        read(tmp_path / "x.h5", **SCHEMA)
