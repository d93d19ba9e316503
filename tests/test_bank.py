"""Banks of draws: the same content however often interrupted, and nothing foreign mixed in."""

import numpy as np
import pytest

from lag3ig.fitting.estimators.bank import NO_SUMMARY, Bank, fill, identity_of, joined, load, save
from lag3ig.fitting.estimators.posterior import prior_points
from lag3ig.fitting.objective import Objective
from lag3ig.fitting.problem import FreeEntry, Problem
from lag3ig.model.errors import ParameterError, PopulationError, StorageError

from .toy_posteriors import Bent, LinearGaussian

IDENTITY = {"problem": "a" * 64, "cards": "b" * 64}


def _points(toy, count, seed=1):
    return prior_points(toy.free_parameters, count, seed=seed)


def _same(left: Bank, right: Bank):
    assert (left.names, left.layout, left.identity) == (right.names, right.layout, right.identity)
    for name in ("points", "summaries", "failed"):
        np.testing.assert_array_equal(getattr(left, name), getattr(right, name))


def test_an_interrupted_bank_goes_on_to_the_same_file(tmp_path):
    toy = LinearGaussian.example()
    fill(toy, _points(toy, 30), identity=IDENTITY, path=tmp_path / "whole.h5", block=4)

    def interrupt(done, wanted):
        if done == 11:
            raise KeyboardInterrupt

    path = tmp_path / "parts.h5"
    with pytest.raises(KeyboardInterrupt):
        fill(toy, _points(toy, 30), identity=IDENTITY, path=path, block=4, after=interrupt)
    assert len(load(path)) == 11
    before = toy.calls
    resumed = fill(toy, _points(toy, 30), identity=IDENTITY, path=path, block=4)
    assert toy.calls - before == 19
    _same(resumed, load(path))
    assert path.read_bytes() == (tmp_path / "whole.h5").read_bytes()


def test_a_bank_grows_by_further_points(tmp_path):
    toy = LinearGaussian.example()
    first = fill(toy, _points(toy, 8), identity=IDENTITY)
    more = fill(toy, joined(first, _points(toy, 4, seed=2)), identity=IDENTITY, known=first)
    assert len(more) == 12
    np.testing.assert_array_equal(more.summaries[:8], first.summaries)
    with pytest.raises(ParameterError, match="2 numbers; the bank has 3"):
        joined(first, np.zeros((1, 2)))


def test_summaries_are_those_of_the_posterior():
    toy = Bent.example()
    bank = fill(toy, _points(toy, 5), identity=IDENTITY)
    apart = bank.apart(bank.summaries[3])
    wanted = toy.summaries(toy.predict(bank.points[3]))
    assert apart.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_array_equal(apart[name], value)
    assert bank.labels()[:3] == ["card0.mean[0]", "card0.mean[1]", "card1.mean[0]"]


def test_draws_with_failed_patients_are_kept_as_such(tmp_path):
    toy = LinearGaussian.example()
    toy.fails_above = 0.0
    points = _points(toy, 20)
    bank = fill(toy, points, identity=IDENTITY, path=tmp_path / "bank.h5")
    np.testing.assert_array_equal(bank.failed, points[:, 0] > 0.0)
    np.testing.assert_array_equal(np.isnan(bank.summaries).all(axis=1), ~bank.solved)
    _same(bank, load(tmp_path / "bank.h5"))


@pytest.mark.parametrize("fault", [PopulationError("implausible"), np.linalg.LinAlgError("not definite")])
def test_draws_without_patients_or_statistics_are_kept_as_such(fault, tmp_path):
    class Undrawn(LinearGaussian):
        def predict(self, free):
            raise fault

    toy = Undrawn.example()
    bank = fill(toy, _points(toy, 3), identity=IDENTITY, path=tmp_path / "bank.h5")
    assert bank.failed.tolist() == [NO_SUMMARY] * 3
    _same(bank, load(tmp_path / "bank.h5"))


def test_a_bank_of_something_else_is_refused_with_the_reason(tmp_path):
    toy = LinearGaussian.example()
    path = tmp_path / "bank.h5"
    fill(toy, _points(toy, 4), identity=IDENTITY, path=path)
    with pytest.raises(StorageError, match="filled with other cards"):
        fill(toy, _points(toy, 8), identity=IDENTITY | {"cards": "c" * 64}, path=path)
    with pytest.raises(StorageError, match="from draw 0 on it was filled at other points"):
        fill(toy, _points(toy, 8, seed=2), identity=IDENTITY, path=path)
    with pytest.raises(StorageError, match=r"4 draws, and from draw 2 on .*as many as it was begun with"):
        fill(toy, np.concatenate([_points(toy, 2), _points(toy, 3, seed=2)]), identity=IDENTITY, path=path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(StorageError, match="not an HDF5 file"):
        fill(toy, _points(toy, 8), identity=IDENTITY, path=path)


def test_arrays_that_do_not_belong_together_are_refused(tmp_path):
    bank = Bank(("x",), (("a", 2),), np.zeros((3, 1)), np.zeros((3, 1)), np.zeros(3, dtype=np.int64))
    save(bank, tmp_path / "bank.h5")
    with pytest.raises(StorageError, match="do not belong together"):
        load(tmp_path / "bank.h5")


def test_the_identity_of_an_objective_tells_what_differs():
    free = (FreeEntry(parameter="kpac"),)
    problem = Problem(name="a", title="A", cards=("paclitaxel_hr_positive",), free=free, patients=20)
    whole = identity_of(Objective(problem))
    assert identity_of(Objective(problem.model_copy(update={"title": "Another name"}))) == whole
    for changes, parts in (
        ({"patients": 21}, {"patients"}),
        ({"seed": 2}, {"problem"}),
        ({"structure": {"growth": "gompertz"}}, {"problem", "model"}),
        ({"cards": ("nk105",)}, {"observations", "cards"}),
    ):
        other = identity_of(Objective(problem.model_copy(update=changes)))
        assert {part for part in whole if whole[part] != other[part]} == parts


def test_a_bank_of_other_code_is_refused(tmp_path, monkeypatch):
    """Its summaries may mean something else: shares were logits before they were probits."""
    free = (FreeEntry(parameter="kpac"),)
    problem = Problem(name="a", title="A", cards=("paclitaxel_hr_positive",), free=free, patients=20)
    toy, path = LinearGaussian.example(), tmp_path / "bank.h5"
    before = identity_of(Objective(problem))
    fill(toy, _points(toy, 4), identity=before, path=path)
    monkeypatch.setattr("lag3ig.fitting.estimators.bank.version", lambda _: "0.0.0")
    after = identity_of(Objective(problem))
    assert {part for part in before if before[part] != after[part]} == {"code"}
    for kept in (before, {part: text for part, text in before.items() if part != "code"}):
        path.unlink()
        fill(toy, _points(toy, 4), identity=kept, path=path)
        with pytest.raises(StorageError, match="filled with other code"):
            fill(toy, _points(toy, 8), identity=after, path=path)
