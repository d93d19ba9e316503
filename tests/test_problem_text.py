"""A problem that a program made, written as a file: read back, it is the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.problem import (
    CorrelationEntry,
    EffectEntry,
    FreeEntry,
    Problem,
    Setting,
    ShareEntry,
    load_problem,
    shipped_problems,
)
from lag3ig.fitting.problem_text import problem_text
from lag3ig.model.documents import parse_document
from lag3ig.model.errors import ParameterError

WHOLE = Problem(
    name="whole",
    title='Everything, "quoted" \\ and Greek: μ',
    cards=("escudier2007", "nk105"),
    leave_out=("nk105.pfs",),
    structure={"microenvironment": "mixture"},
    parameters={"KD": "50 nM", "VF": 5.0},
    indications={"breast": Setting(parameters={"DT": "100 d"}, spreads={"DT": 0.8})},
    free=(
        FreeEntry(parameter="DT", uncertainty=1e-3, bounds=(1.0, 1e3)),
        FreeEntry(parameter="DT", target="spread", indication="kidney", median=0.5),
    ),
    effects=(EffectEntry(parameter="kkill", of=("breast", "escudier2007"), spread=0.5),),
    share=ShareEntry(uncertainty=2.0),
    correlations=(CorrelationEntry(parameters=("DT", "kkill")),),
    patients=50,
    seed=7,
)


def read_back(problem):
    return parse_document(problem_text(problem), Problem, error=ParameterError, name="problem")


@pytest.mark.parametrize(
    "problem", [WHOLE, *(load_problem(name)[0] for name in shipped_problems())], ids=lambda item: item.name
)
def test_what_was_written_is_read(problem):
    assert read_back(problem) == problem


@given(
    st.text(min_size=1).filter(str.strip),
    st.floats(min_value=1e-6, max_value=1e6),
    st.integers(0, 2**63 - 1),
)
def test_any_title_and_any_number_come_back(title, uncertainty, seed):
    try:
        entry = FreeEntry(parameter="KD", uncertainty=uncertainty)
        problem = Problem(name="a", title=title, cards=("nk105",), free=(entry,), seed=seed)
    except ValueError:
        return  # no title that a problem may have
    assert read_back(problem) == problem
