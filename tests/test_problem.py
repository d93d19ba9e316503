"""Problems of fitting: what may move, where priors come from, and how mistakes are answered."""

import math

import pytest

from lag3ig.fitting.free_parameters import UNCERTAINTY, Context
from lag3ig.fitting.problem import load_problem, shipped_problems
from lag3ig.model.definition.parameters import load_parameters
from lag3ig.model.errors import ParameterError

HEAD = 'name = "small"\ntitle = "A small fit"\ncards = ["escudier2007", "huard1995"]\n'
FREE = '[[free]]\nparameter = "DT"\n'


def _read(tmp_path, text):
    file = tmp_path / "problem.toml"
    file.write_text(text, encoding="utf-8")
    return load_problem(file)[0]


def _prior(problem, name):
    parameters = problem.free_parameters()
    return parameters.items[parameters.names.index(name)].prior


def test_shipped_fits_hold_together():
    assert "monotherapies" in shipped_problems()
    for name in shipped_problems():
        assert len(load_problem(name)[0].free_parameters()) > 0


def test_a_prior_is_about_the_table_as_wide_as_its_kind(tmp_path):
    prior = _prior(_read(tmp_path, HEAD + FREE), "DT")
    known = load_parameters()["DT"]
    assert (prior.median, prior.deviation) == (known.value, UNCERTAINTY[known.kind])


def test_a_card_says_what_it_knows_of_a_parameter(tmp_path):
    prior = _prior(_read(tmp_path, HEAD + '[[free]]\nparameter = "KD"\n'), "KD")
    assert prior.median == 60.0
    assert prior.deviation == pytest.approx(math.log(2.0))


def test_the_problem_goes_before_card_and_table(tmp_path):
    text = HEAD + '[[free]]\nparameter = "KD"\nmedian = 50.0\nuncertainty = 0.1\nbounds = [40.0, 70.0]\n'
    prior = _prior(_read(tmp_path, text), "KD")
    assert (prior.median, prior.deviation, prior.bounds) == (50.0, 0.1, (40.0, 70.0))


def test_tables_of_contexts_differ_by_what_is_theirs():
    problem, _ = load_problem("monotherapies")
    parameters = problem.free_parameters()
    values = parameters.natural(parameters.centre())
    values[parameters.names.index("kkill: effect of breast")] = math.log(2.0)
    values[parameters.names.index("DT: effect of motzer2008")] = math.log(0.5)
    point = parameters.free(values)
    kidney, motzer = Context("kidney", "escudier2007"), Context("kidney", "motzer2008")
    breast = Context("breast", "nk105")
    tables = {
        context: parameters.table(point, problem.base(context), context)
        for context in (kidney, motzer, breast)
    }
    assert tables[breast]["kkill"].value == pytest.approx(2.0 * tables[kidney]["kkill"].value)
    assert tables[motzer]["DT"].value == pytest.approx(0.5 * tables[kidney]["DT"].value)
    assert tables[breast]["DT"].value == pytest.approx(100.0)
    assert tables[breast]["DT"].spread == 0.8  # the problem's setting: only kidney's spread is free


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (HEAD, "nothing is free"),
        (HEAD + '[[free]]\nparameter = "DTT"\n', "did you mean 'DT'"),
        (HEAD + FREE + FREE, "free twice"),
        (HEAD + FREE + "median = 10.0\nbounds = [20.0, 30.0]\n", "must enclose"),
        (HEAD + '[[free]]\nparameter = "gT"\ntarget = "spread"\n', "does not vary"),
        (HEAD + FREE + "[share]\n", "microenvironment"),
        (HEAD + FREE + "undertainty = 1.0\n", "uncertainty"),
        (HEAD.replace("escudier2007", "escudier2070") + FREE, "did you mean 'escudier2007'"),
    ],
)
def test_mistakes_are_answered_in_words(tmp_path, text, fault):
    with pytest.raises(ParameterError, match=fault) as caught:
        _read(tmp_path, text)
    assert "problem.toml" in str(caught.value)
