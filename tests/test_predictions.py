"""Predictions: outcomes by hand, trials without anybody twice, and documents that cannot change unseen."""

import json

import numpy as np
import pytest

from lag3ig.experiments.predictions.figure_predictions import figure_of_trial
from lag3ig.experiments.predictions.frozen import (
    as_markdown,
    changed_protocols,
    differences,
    document_of,
    freeze,
    read_frozen,
)
from lag3ig.experiments.predictions.outcomes import Persons, outcomes_of
from lag3ig.experiments.predictions.prediction import _members, _quantiles, predict
from lag3ig.experiments.protocol import load_protocol, parse_protocol, shipped_protocols
from lag3ig.model.errors import ProtocolError, StorageError
from lag3ig.model.recist import Response

from .tolerances import ROUNDING

PREDICTED = [name for name in shipped_protocols() if load_protocol(name).protocol.predictions is not None]
NAN = np.nan


def persons(*, counts=1.0):
    """Four patients: PR, SD, PD, and one nobody could judge; baseline and two blood samples."""
    blood = np.array([[10.0, 20.0, 40.0], [10.0, 10.0, NAN], [20.0, 20.0, 60.0], [10.0, NAN, NAN]])
    table = {
        "best_response": np.array(
            [Response.PARTIAL, Response.STABLE, Response.PROGRESSION, Response.NOT_EVALUABLE]
        ),
        "responded": np.array([1.0, 0.0, 0.0, NAN]),
        "pfs_time": np.array([300.0, 120.0, 60.0, 0.0]),
        "pfs_event": np.array([False, True, True, False]),
        **{
            name: blood * np.array([1.0, counts, counts])
            for name in ("lymphocytes", "pbmc", "monocytes", "activated_cd8")
        },
    }
    return Persons.of(table, np.array([1, 2]))


def test_outcomes_of_four_patients_by_hand():
    rows = np.array([[0, 1, 2, 3], [0, 0, 1, 1]])
    found = outcomes_of(persons(), rows, at=100.0)
    assert found["response_rate"] == pytest.approx([100.0 / 3.0, 50.0], rel=ROUNDING)
    assert found["disease_control_rate"] == pytest.approx([200.0 / 3.0, 100.0], rel=ROUNDING)
    # Censored at day 0, one dies out at 60, one at 120: half are free until the second of three.
    assert found["median_pfs"] == pytest.approx([120.0 / (365.25 / 12.0)] * 2, rel=ROUNDING)
    assert found["progression_free"] == pytest.approx([200.0 / 3.0, 100.0], rel=ROUNDING)
    # Relative to baseline: (2 + 4) / 2, 1 alone, (1 + 3) / 2, nothing.
    assert found["monocytes"] == pytest.approx([2.0, 2.0], rel=ROUNDING)
    assert "hazard_ratio" not in found


def test_counts_beside_a_control_are_ratios_of_the_means():
    rows = np.array([[0, 1, 2, 3]])
    found = outcomes_of(persons(counts=3.0), rows, at=100.0, control=(persons(), rows))
    assert found["pbmc_to_control"] == pytest.approx([3.0], rel=ROUNDING)
    assert "hazard_ratio" not in found  # the same patients: nobody was randomised
    assert "hazard_ratio" in outcomes_of(
        persons(), rows, at=100.0, control=(persons(), rows), randomised=True
    )


def test_nobody_is_twice_in_a_trial_and_trials_do_not_depend_on_their_number():
    everyone = np.arange(3, 303, 3)
    sizes = {"a": 10, "b": 15}
    few = _members(everyone, sizes, 5, seed=4, draw=1, draws=7)
    many = _members(everyone, sizes, 50, seed=4, draw=1, draws=7)
    together = np.concatenate([many["a"], many["b"]], axis=1)
    assert all(np.unique(row).size == 25 for row in together)
    assert np.isin(together, everyone).all()
    for arm in sizes:
        np.testing.assert_array_equal(few[arm], many[arm][:5])
    with pytest.raises(ProtocolError, match="draw 1 of 7 has 20 virtual patients"):
        _members(everyone[:20], sizes, 1, seed=4, draw=1, draws=7)


def test_quantiles_of_medians_that_are_not_always_reached():
    values = np.array([1.0, 2.0, 3.0, np.inf, np.nan])
    np.testing.assert_array_equal(_quantiles(values), [1.0, 1.0, 2.0, 3.0, np.inf])
    assert np.isnan(_quantiles(np.array([NAN]))).all()


@pytest.fixture(scope="module")
def predicted():
    return predict("lag3ig-paclitaxel-randomised", patients=1200, draws=4, replicates=40, seed=3)


def test_a_prediction_has_every_outcome_of_its_arms(predicted):
    found = {(row.arm, row.outcome): row for row in predicted.rows}
    assert ("placebo", "hazard_ratio") not in found
    ratio = found["LAG-3Ig 30 mg", "hazard_ratio"]
    assert ratio.patients == 114
    assert (np.diff(ratio.trial) >= 0.0).all()
    for outcome in ("response_rate", "disease_control_rate", "progression_free"):
        row = found["placebo", outcome]
        assert (row.trial >= 0.0).all()
        assert (row.trial <= 100.0).all()
    # Paclitaxel raises monocytes (fitted to a ratio of 2.29 of a trial of it alone).
    assert 1.5 < found["placebo", "monocytes"].expected[2] < 3.5
    trials, endless = (np.ptp(part) for part in (ratio.trial, ratio.expected))
    assert trials > endless  # patients and chance come on top of the parameters


def test_the_same_seed_predicts_the_same(predicted):
    again = predict("lag3ig-paclitaxel-randomised", patients=1200, draws=4, replicates=40, seed=3, threads=1)
    assert differences(document_of([predicted]), [again]) == []
    other = predict("lag3ig-paclitaxel-randomised", patients=1200, draws=4, replicates=40, seed=4)
    assert differences(document_of([predicted]), [other])


def test_what_is_frozen_cannot_change_unseen(predicted, tmp_path):
    path = tmp_path / "frozen.json"
    document = freeze([predicted], path)
    assert read_frozen(path) == json.loads(json.dumps(document))
    assert changed_protocols(document) == []
    with pytest.raises(StorageError, match="frozen already"):
        freeze([predicted], path)
    path.write_text(path.read_text().replace('"seed": 3', '"seed": 4'))
    with pytest.raises(StorageError, match="its hash differs"):
        read_frozen(path)


def test_another_protocol_is_told_from_the_one_that_was_predicted(predicted):
    document = document_of([predicted])
    document["trials"][0]["protocol_sha256"] = "0" * 64
    assert changed_protocols(document) == ["lag3ig-paclitaxel-randomised"]


def test_table_and_figure_show_every_row(predicted):
    document = document_of([predicted])
    text = as_markdown(document)
    rows = document["trials"][0]["rows"]
    assert sum(line.startswith(("| placebo |", "| LAG-3Ig")) for line in text.splitlines()) == len(rows)
    assert document["sha256"] in text
    figure = figure_of_trial(document["trials"][0])
    assert sum(len(axes.get_yticklabels()) for axes in figure.axes) == len(rows)


TEXT = load_protocol("lag3ig-paclitaxel-breast").text
BAD = [
    ('twins = ["paclitaxel"]', 'twins = ["paclitaxol"]', "no arm is called so; did you mean 'paclitaxel'"),
    ('control = "paclitaxel"', 'control = "none"', "predictions.control = 'none'"),
    ('blood = ["84 d", "168 d"]', 'blood = ["80 d"]', "no blood is drawn on day 80"),
    ('progression_free_at = "24 weeks"', 'progression_free_at = "25 weeks"', "nobody is scanned on day 175"),
    (
        "[predictions]",
        '[predictions]\nwithheld = { survival = "no" }',
        "withheld names the outcome 'survival'",
    ),
]


@pytest.mark.parametrize(("text", "instead", "message"), BAD, ids=[item[1] for item in BAD])
def test_what_does_not_fit_is_refused(text, instead, message):
    with pytest.raises(ProtocolError, match=message.replace("[", r"\[").replace("(", r"\(")):
        parse_protocol(TEXT.replace(text, instead, 1))


def test_a_protocol_that_predicts_nothing_is_refused():
    with pytest.raises(ProtocolError, match="does not say what to predict"):
        predict("imp321-rcc-phase1", patients=100)


@pytest.mark.parametrize("name", PREDICTED)
def test_the_frozen_predictions_are_of_the_protocols_that_ship(name):
    """Outcomes of combinations are held out, so nothing may be told of them before it was predicted."""
    protocol = load_protocol(name).protocol
    assert protocol.predictions is not None
    assert protocol.published is None
    assert protocol.reference
