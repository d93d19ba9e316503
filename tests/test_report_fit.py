"""The report of a fit: one page that loads nothing, escapes everything, and names what was missed first."""

import dataclasses
import json
import re

import numpy as np
import pytest

from lag3ig.experiments.figure_fit import FURTHEST, place_among
from lag3ig.experiments.figure_identifiability import Panel, curve
from lag3ig.experiments.figure_style import NARROW, WIDE, inline_svg
from lag3ig.experiments.fit_words import miss_sentence, misses
from lag3ig.experiments.learnt_words import open_profiles
from lag3ig.experiments.report_fit import render_fit, reproduce_command, write_fit_report
from lag3ig.experiments.report_fit_figures import fit_figures
from lag3ig.experiments.report_fit_learnt import learnt_sections
from lag3ig.fitting.findings import Findings
from lag3ig.fitting.fit_file import read_fit, write_fit
from lag3ig.model.errors import StorageError

from .synthetic_fit import synthetic_fit
from .synthetic_result import HOSTILE
from .test_report import Page
from .tolerances import ROUNDING

MOST_OF_PAIRS = 400_000  # bytes, on a wide page and on a phone together


@pytest.fixture(scope="module")
def result():
    return synthetic_fit()


@pytest.fixture(scope="module")
def text(result):
    return render_fit(result)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_page_nests_and_loads_nothing(text, page):
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base"} & set(page.tags)
    fetched = [v for name, v in page.attributes if name in {"src", "href", "action", "data", "xlink:href"}]
    assert all(value.startswith("#") for value in fetched)
    assert not re.search(r"url\((?!#)", text)
    names = [value for name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))


def test_what_must_be_said_is_said_before_the_first_figure(result, page):
    said = " ".join(page.text.split())
    front = said[: said.index("Figures")]
    for sentence in (
        result.title,
        "The posterior can be trusted: round 2: tail shape 0.31",
        "learnt from the data: ",
        "not identified: ",
        "1 of 5 printed numbers lie outside",
        "spread of DT in kidney is not identified",
        miss_sentence(misses(result)[0], result),
    ):
        assert sentence in front, sentence
    for sentence in (
        "Rcell, N50",
        "VF, CLF, KD to the power -1",
        "No fitted observation tells anything of: Mother",
        "antibodies: none reported",
        "Contradicted by the other cards, so that the fit is a compromise: brignone2009.",
        "needs a fit without the card",
        "agrees with them (p = 0.6)",
        "N50 narrower by 54 %, DT narrower by 2 %",
        "would teach nothing about what is free",
        "tail shape of the weights",
        reproduce_command(result),
        result.problem_text.splitlines()[0],
    ):
        assert sentence in said, sentence


def test_a_miss_says_on_which_side_and_whether_it_was_fitted(result):
    (miss,) = misses(result)
    said = miss_sentence(miss, result)
    assert "printed 1.9 months; central 95 % of replicate trials 2.2 to 3.6, so the model is too high" in said
    assert "It was fitted (log-likelihood -3.50 at the top)" in said
    checked = dataclasses.replace(miss, role="check only", printed=4.0)
    both = dataclasses.replace(result, checks=(checked, miss))
    assert misses(both) == (miss, checked)
    assert "too low" in miss_sentence(checked, both)
    assert "It was not fitted" in miss_sentence(checked, both)


def test_a_fit_that_cannot_be_trusted_says_so_above_all(result):
    said = Page(render_fit(synthetic_fit(converged=False, draws=0, findings=False))).text
    assert said.index("cannot be trusted yet") < said.index("What the fit misses")


def test_a_statement_at_most_is_missed_on_one_side_only(result):
    (statement,) = [item for item in result.checks if "at most" in item.unit]
    assert statement.printed > statement.quantiles[-1]
    assert statement.inside


def test_markup_in_a_result_stays_text():
    text = render_fit(synthetic_fit(hostile=True))
    page = Page(text)
    assert "script" not in page.tags
    assert HOSTILE in page.text
    assert "<b>" not in text


@pytest.mark.parametrize("canvas", [WIDE, NARROW], ids=["wide", "narrow"])
@pytest.mark.parametrize("hostile", [False, True])
def test_every_figure_has_title_caption_and_labels_inside_it(canvas, hostile):
    figures = fit_figures(synthetic_fit(hostile=hostile))
    assert [item.name for item in figures] == [
        "checks",
        "learnt",
        "profiles",
        "shares",
        "pairs",
        "waterfall",
        "terms",
    ]
    for figure in figures:
        assert figure.title
        assert figure.caption.endswith(".")
        drawn = figure.draw(canvas)
        drawn.canvas.draw()
        labels = [axes.get_xlabel() for axes in drawn.axes if axes.get_xlabel()]
        assert labels, figure.name
        for axes in drawn.axes:
            box = axes.get_tightbbox()
            assert box is None or (box.x0 >= drawn.bbox.x0 - 1 and box.x1 <= drawn.bbox.x1 + 1), figure.name


def test_places_among_replicates():
    """The median at 0, the ends of 95 % at -1 and 1; the edge far out, and where replicates never differ."""
    quantiles = (1.0, 1.5, 2.0, 3.0, 6.0)
    places = [place_among(value, quantiles) for value in (1.0, 1.5, 2.0, 4.0, 6.0, 1e9, -1e9)]
    assert places == pytest.approx([-1.0, -0.5, 0.0, 0.5, 1.0, FURTHEST, -FURTHEST], rel=ROUNDING)
    assert place_among(8.0, (6.0, 7.0, 9.0, np.inf, np.inf)) == pytest.approx(-1.0 / 3.0, rel=ROUNDING)
    assert place_among(8.0, (6.0, 9.0, np.inf, np.inf, np.inf)) == -0.5
    assert place_among(2.0, (2.0,) * 5) == 0.0


def test_a_fit_without_its_problems_text_still_has_a_report(result):
    """A program may give a problem that was never written down."""
    figures = fit_figures(dataclasses.replace(result, problem_text=""))
    assert [item.name for item in figures] == [
        "checks",
        "learnt",
        "learnt-plain",
        "profiles",
        "shares",
        "pairs",
        "waterfall",
        "terms",
    ]
    Page(render_fit(dataclasses.replace(synthetic_fit(draws=0, findings=False), problem_text="")))


def test_the_command_makes_the_same_fit(result):
    assert reproduce_command(result) == (
        "lag3ig fit monotherapies --patients 2000 --bank 400 --starts 6 --exact-draws 150 --rounds 4"
    )
    own = dataclasses.replace(
        synthetic_fit(draws=0, findings=False),
        problem_text=result.problem_text + "\n",
        diagnostics={**result.diagnostics, "filled": {"brignone2009": "[cmax_30]"}},
    )
    assert "fit monotherapies.toml" in reproduce_command(own)
    assert reproduce_command(own).endswith("--fill brignone2009=brignone2009-slots.toml")
    assert "[cmax_30]" in Page(render_fit(own)).text


def test_report_is_whole_or_absent_and_the_same_from_the_file(result, text, tmp_path):
    with pytest.raises(StorageError, match="does not exist"):
        write_fit_report(result, tmp_path / "no" / "report.html")
    target = write_fit_report(result, tmp_path / "report.html")
    assert target.read_text(encoding="utf-8") == text
    write_fit(result, tmp_path / "fit.h5")
    assert render_fit(read_fit(tmp_path / "fit.h5")) == text
    assert json.loads(read_fit(tmp_path / "fit.h5").structure) == {"growth": "exponential"}


def test_many_draws_do_not_make_a_page_too_long():
    (pairs,) = [item for item in fit_figures(synthetic_fit(draws=5000)) if item.name == "pairs"]
    drawn = [inline_svg(pairs.draw(canvas), name="a", title="b") for canvas in (WIDE, NARROW)]
    assert sum(map(len, drawn)) < MOST_OF_PAIRS


def test_a_profile_is_drawn_as_a_parabola_between_its_points():
    """Three points of a parabola, one of them impossible."""
    values, fall = np.array([1.0, 2.0, 3.0, 5.0]), np.array([0.5, 0.0, 0.5, np.inf])
    empty = np.empty(0)
    panel = Panel("x", "", values, fall, empty, empty, (1.0, 3.0), True, False)
    along, between = curve(panel)
    np.testing.assert_allclose(between, 0.5 * (along - 2.0) ** 2, atol=1e2 * ROUNDING)


def test_an_effect_that_is_open_is_told_as_a_factor(result):
    said = {words.partition(" is ")[0]: words for words in open_profiles(result)}
    assert said["DT: effect of escudier2007"] == "DT: effect of escudier2007 is not identified"
    (effect,) = [item for item in result.findings.profiles if item.name == "DT: effect of escudier2007"]
    half = dataclasses.replace(effect, closed=(True, False), interval=(np.log(0.5), 1.0))
    found = dataclasses.replace(result.findings, profiles=(half,))
    (words,) = open_profiles(dataclasses.replace(result, findings=found))
    assert words.endswith("not identified from above: at least 0.5")


def test_parts_that_could_not_be_found_are_said_to_be_missing(result):
    findings = Findings(reasons={"information": "1 patients fail beside the point"})
    (said,) = learnt_sections(dataclasses.replace(result, findings=findings))
    assert "Could not be found: stiff and sloppy directions" in said
    assert "1 patients fail beside the point" in said
