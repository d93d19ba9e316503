"""The file of a fit: what was written is read, and what is no whole fit is refused by name."""

import dataclasses
import json

import h5py
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.findings import Findings
from lag3ig.fitting.fit_file import SCHEMA, SCHEMA_VERSION, read_fit, write_fit
from lag3ig.fitting.fit_result import LEVELS, Check, FitResult, Learnt
from lag3ig.fitting.identifiability import Direction
from lag3ig.fitting.influence import Influence
from lag3ig.fitting.profiles import Profile
from lag3ig.fitting.slot_information import Lesson
from lag3ig.model.errors import StorageError

from .command_line import left
from .synthetic_fit import synthetic_fit

NUMBERS = st.floats(allow_nan=False, width=64)
TEXTS = st.text(st.characters(blacklist_categories=("Cs",), blacklist_characters="\0"), max_size=30)
QUANTILES = st.tuples(*[NUMBERS] * len(LEVELS))


def same(one: object, other: object) -> bool:
    """Equal in every part, arrays by value and shape, numbers that are none to themselves."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=True) and one.shape == other.shape
    if dataclasses.is_dataclass(one):
        names = [item.name for item in dataclasses.fields(one)]
        return type(one) is type(other) and all(same(getattr(one, n), getattr(other, n)) for n in names)
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other or (one != one and other != other)


@st.composite
def findings(draw, names: tuple[str, ...]) -> Findings:
    count = len(names)

    def numbers(*shape: int):
        size = int(np.prod(shape))
        return np.array(draw(st.lists(NUMBERS, min_size=size, max_size=size)), dtype=float).reshape(shape)

    shares = st.dictionaries(TEXTS, NUMBERS, max_size=3)
    values = draw(st.integers(1, 3))
    profile = Profile(
        names[0],
        0,
        *(numbers(values) for _ in range(3)),
        numbers(values, count),
        tuple(numbers(2).tolist()),
        draw(st.tuples(st.booleans(), st.booleans())),
    )
    influence = Influence(
        draw(TEXTS),
        names,
        numbers(count),
        np.full(count, np.nan),
        draw(NUMBERS),
        draw(st.sampled_from([0.5, np.nan])),
    )
    lesson = Lesson(
        draw(TEXTS),
        draw(TEXTS),
        tuple(draw(st.lists(TEXTS, max_size=2))),
        draw(TEXTS),
        draw(shares),
        draw(TEXTS),
    )
    return Findings(
        tuple(draw(st.lists(st.builds(Direction, NUMBERS, shares), max_size=2))),
        draw(st.dictionaries(TEXTS, shares, max_size=3)),
        (profile,) * draw(st.integers(0, 2)),
        (influence,),
        (lesson,),
        draw(st.dictionaries(TEXTS, TEXTS, max_size=2)),
    )


@st.composite
def fits(draw) -> FitResult:
    names = tuple(draw(st.lists(TEXTS, min_size=1, max_size=4, unique=True)))
    rows = draw(st.integers(0, 5))

    def numbers(*shape: int):
        size = int(np.prod(shape))
        return np.array(draw(st.lists(NUMBERS, min_size=size, max_size=size)), dtype=float).reshape(shape)

    return FitResult(
        problem_text=draw(TEXTS),
        problem_name=draw(TEXTS),
        title=draw(TEXTS),
        created=draw(TEXTS),
        lag3ig_version=draw(TEXTS),
        structure=json.dumps(draw(st.dictionaries(TEXTS, TEXTS, max_size=3))),
        seed=draw(st.integers(0, 2**64 - 1)),
        patients=draw(st.integers(1, 10**6)),
        names=names,
        starts=numbers(draw(st.integers(0, 4))),
        top=numbers(len(names)),
        terms=draw(st.dictionaries(TEXTS, NUMBERS, max_size=3)),
        draws=numbers(rows, len(names)),
        weights=numbers(rows),
        learnt=tuple(
            Learnt(name, draw(QUANTILES), draw(QUANTILES), draw(NUMBERS), draw(NUMBERS)) for name in names
        ),
        checks=tuple(
            draw(st.lists(st.builds(Check, *[TEXTS] * 7, printed=NUMBERS, quantiles=QUANTILES), max_size=3))
        ),
        unseen=tuple(draw(st.lists(st.tuples(TEXTS, TEXTS), max_size=3))),
        symmetries=tuple(draw(st.lists(st.dictionaries(TEXTS, st.integers(-9, 9), max_size=3), max_size=3))),
        diagnostics=draw(st.dictionaries(TEXTS, st.one_of(NUMBERS, TEXTS, st.booleans()), max_size=4)),
        findings=draw(findings(names)),
    )


@given(fits())
def test_what_was_written_is_read(tmp_path_factory, result):
    path = tmp_path_factory.mktemp("fit") / "fit.h5"
    write_fit(result, path)
    assert same(read_fit(path), result)
    assert left(path.parent) == ["fit.h5"]


@pytest.fixture
def path(tmp_path):
    target = tmp_path / "fit.h5"
    write_fit(synthetic_fit(), target)
    return target


def test_every_part_says_what_it_is(path):
    """Each dataset has a meaning, each array of numbers a unit, and quantiles their levels."""
    with h5py.File(path) as file:
        assert file.attrs["schema"].decode() == SCHEMA
        assert file.attrs["schema_version"] == SCHEMA_VERSION
        parts = []
        file.visititems(lambda name, item: parts.append(item) if isinstance(item, h5py.Dataset) else None)
        assert len(parts) > 10
        for part in parts:
            assert "meaning" in part.attrs
            assert h5py.check_string_dtype(part.dtype) or "unit" in part.attrs
        assert tuple(file["checks/quantiles"].attrs["levels"]) == LEVELS


def test_numbers_of_numpy_among_diagnostics_become_plain(tmp_path):
    result = dataclasses.replace(synthetic_fit(), diagnostics={"converged": np.bool_(True)})
    write_fit(result, tmp_path / "fit.h5")
    assert read_fit(tmp_path / "fit.h5").diagnostics == {"converged": True}
    assert read_fit(tmp_path / "fit.h5").trusted


def replaced(file: h5py.File, name: str, values) -> None:
    del file[name]
    file[name] = values


DAMAGE = {
    "another version": (
        lambda file: file.attrs.modify("schema_version", SCHEMA_VERSION + 1),
        [f"version {SCHEMA_VERSION + 1}", f"reads ({SCHEMA_VERSION})"],
    ),
    "another schema": (
        lambda file: file.attrs.create("schema", np.bytes_(b"lag3ig-trial")),
        ["no lag3ig-fit", "lag3ig-trial"],
    ),
    "a part is missing": (lambda file: file.pop("weights"), ["no dataset 'weights'"]),
    "a group is missing": (lambda file: file.pop("checks"), ["no group 'checks'"]),
    "an attribute is missing": (lambda file: file.attrs.pop("seed"), ["seed", "incomplete"]),
    "too few weights": (lambda file: replaced(file, "weights", np.ones(3)), ["weights", "(3,)"]),
    "draws of another problem": (lambda file: replaced(file, "draws", np.ones((120, 2))), ["draws"]),
    "numbers for texts": (lambda file: replaced(file, "unseen", np.array([b"[[1, 2]]"])), ["list of texts"]),
    "a profile cut short": (
        lambda file: replaced(file, "findings/profiles/000/fall", np.ones(1)),
        ["arrays of a profile"],
    ),
    "a card's influence on others": (
        lambda file: replaced(
            file,
            "findings/influences",
            np.array([b'[{"card": "a", "names": ["x"], "shift": [0.0], "widening": [1.0]}]']),
        ),
        ["influence of card 'a'"],
    ),
    "no JSON": (lambda file: replaced(file, "terms", np.array([b"{"])), ["damaged"]),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_what_is_no_whole_fit_is_refused_by_name(path, damage):
    change, words = DAMAGE[damage]
    with h5py.File(path, "r+") as file:
        change(file)
    with pytest.raises(StorageError) as refused:
        read_fit(path)
    assert [word for word in [str(path), *words] if word not in str(refused.value)] == []


def test_files_that_are_none_and_places_that_do_not_exist(tmp_path):
    (tmp_path / "text.h5").write_text("no HDF5")
    for name, words in (("text.h5", "not an HDF5 file"), ("none.h5", "no such file")):
        with pytest.raises(StorageError, match=words):
            read_fit(tmp_path / name)
    with pytest.raises(StorageError, match="does not exist"):
        write_fit(synthetic_fit(), tmp_path / "no" / "fit.h5")


def test_a_flipped_byte_never_gives_other_numbers(path, tmp_path):
    """Whatever byte is changed: refused, or what was written."""
    whole, expected = path.read_bytes(), synthetic_fit()
    for place in np.random.default_rng(3).integers(0, len(whole), 60):
        broken = bytearray(whole)
        broken[place] ^= 0x40
        path.write_bytes(bytes(broken))
        try:
            found = read_fit(path)
        except StorageError:
            continue
        assert same(found, expected)
