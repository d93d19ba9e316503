"""Run-in: the same course with its clock moved, and only those taken who are to be."""

import numpy as np
import pytest

from lag3ig.experiments.protocol import load_protocol, parse_protocol
from lag3ig.experiments.trial import run_trial
from lag3ig.model import recist
from lag3ig.model.errors import ProtocolError

TEXT = load_protocol("lag3ig-pembrolizumab-add-on").text
SIZE = {"patients": 120, "replicates": 0, "history_patients": 0, "seed": 4}
SOLVED = 1e-5  # ten times the tolerance asked


@pytest.fixture(scope="module")
def found():
    return run_trial("lag3ig-pembrolizumab-add-on", **SIZE)


def test_the_course_is_that_of_a_longer_treatment():
    """Four cycles before the trial and twelve in it are sixteen."""
    texts = [TEXT, load_protocol("lag3ig-pembrolizumab-melanoma").text]
    every_dose = [text.replace("= 0.02 ", "= 0.0 ").replace("month = 0.01", "month = 0.0") for text in texts]
    short, whole = (run_trial(parse_protocol(text), **SIZE) for text in every_dose)
    here, there = short.curves["pembrolizumab"], whole.curves["pembrolizumab"]
    days = np.intersect1d(here.time, there.time - 84.0)
    days = days[(days > 0.0) & (days <= 252.0)]
    assert days.size > 20
    ours = here.sample["sld"][:, np.searchsorted(here.time, days)]
    theirs = there.sample["sld"][:, np.searchsorted(there.time, days + 84.0)]
    np.testing.assert_allclose(ours, theirs, rtol=SOLVED)


def test_only_stable_disease_and_progression_go_on(found):
    tables = [arm.table for arm in found.arms.values()]
    taken = tables[0]["selected"]
    assert 0 < taken.sum() < taken.size
    for table in tables:  # selection comes before the arms part
        np.testing.assert_array_equal(table["selected"], taken)
        left = taken == 0.0
        assert np.isnan(table["responded"][left]).all()
        assert np.isnan(table["pfs_time"][left]).all()
        assert np.isnan(table["sld"][left]).all()
        assert (table["best_response"][left] == recist.Response.NOT_EVALUABLE).all()
        assert np.isfinite(table["pfs_time"][~left]).all()


def test_who_is_taken_without_selection_is_everybody():
    chosen = 'select = ["complete", "partial", "stable", "progression"]'
    text = TEXT.replace('select = ["stable", "progression"]', chosen)
    everybody = run_trial(parse_protocol(text), **SIZE)
    assert all((arm.table["selected"] == 1.0).all() for arm in everybody.arms.values())


def test_responders_and_the_others_are_everybody():
    responders = run_trial(
        parse_protocol(TEXT.replace('["stable", "progression"]', '["complete", "partial"]')), **SIZE
    )
    others = run_trial(parse_protocol(TEXT), **SIZE)
    for name, arm in responders.arms.items():
        np.testing.assert_array_equal(arm.table["selected"], 1.0 - others.arms[name].table["selected"])


@pytest.mark.parametrize(
    ("text", "instead", "message"),
    [
        ("count = 4 }]", "count = 5 }]", "a dose of the run-in on day 84, but it ends on day 84"),
        ('["stable", "progression"]', '["steady"]', "run_in.select"),
        (
            'drug = "pembrolizumab", route = "iv", amount = "200 mg", every = "21 d", count = 4',
            'drug = "pembro", amount = "200 mg"',
            "pembrolizumab",
        ),
    ],
)
def test_what_does_not_fit_is_refused(text, instead, message):
    with pytest.raises(ProtocolError) as fault:
        parse_protocol(TEXT.replace(text, instead, 1))
    assert message in str(fault.value)
    assert "line" in str(fault.value)
