"""The report: one page that loads nothing, escapes everything, and says what is assumed."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest
from matplotlib.colors import to_rgb

from lag3ig.experiments.failures import by_chance, failure_sentences
from lag3ig.experiments.figure_style import (
    NARROW,
    WIDE,
    dose_colours,
    inline_svg,
    spread_labels,
)
from lag3ig.experiments.protocol import parse_protocol
from lag3ig.experiments.report import render, reproduce_command, write_report
from lag3ig.experiments.report_biology import biology_figures
from lag3ig.experiments.report_outcome import outcome_figures
from lag3ig.experiments.report_page import POLICY, element
from lag3ig.model.errors import StorageError

from .synthetic_result import HOSTILE, synthetic_result
from .tolerances import ROUNDING

VOID = {"meta", "br", "hr"}


class Page(HTMLParser):
    """Tags and attributes of a page; fails on tags that do not nest."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attributes]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def result():
    return synthetic_result()


@pytest.fixture(scope="module")
def text(result):
    return render(result)


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


@pytest.fixture(scope="module")
def hostile_page():
    return render(synthetic_result(hostile=True, failed=3))


def test_page_nests_and_loads_nothing(text, page):
    """No address is named where a browser would fetch it, and the policy forbids it to try."""
    assert not {"script", "link", "img", "iframe", "object", "embed", "form", "base", "image"} & set(
        page.tags
    )
    fetched = [v for name, v in page.attributes if name in {"src", "href", "action", "data", "xlink:href"}]
    assert all(value.startswith("#") for value in fetched)
    assert not re.search(r"url\((?!#)", text)
    assert "@import" not in text
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert ("http-equiv", "Content-Security-Policy") in page.attributes
    assert ("content", POLICY) in page.attributes
    assert "default-src 'none'" in POLICY


def test_identifiers_are_distinct_and_found(page):
    names = [value for name, value in page.attributes if name == "id"]
    assert len(names) == len(set(names))
    assert {v[1:] for name, v in page.attributes if name == "href"} <= set(names)


def test_what_must_be_said_is_said(result, page):
    """The line on assumptions stands above the first figure; weak data are called weak."""
    said = " ".join(page.text.split())
    total, assumed = result.summary["total_parameters"], result.summary["assumed_parameters"]
    line = (
        f"{assumed} of the {total} parameters of this model are assumed, and no plasma level of this drug was"
    )
    assert said.index(line) < said.index("Figures")
    for sentence in (
        "7 of 8 and 3 of 11 are weak data: exact 95 % intervals 47.3–99.7 % and 6.0–61.0 %",
        "No parameter was tuned to 7/8",
        "P = 0.015 is Fisher's exact test, one-sided; two-sided it is 0.0198",
        "predict 0.271, but so few lesions allow 0.11–0.51",
        "Progression is seen only at a scan",
        "How many patients each dose had is assumed",
        result.model_hash,
        reproduce_command(result),
    ):
        assert sentence in said, sentence


def test_each_assumed_number_is_called_assumed(result, page):
    for item in result.parameters:
        assert item["symbol"] in page.text
    captions = page.text.split("All 123 parameters")[0]
    assert not re.search(r"From the literature:[^.]*\((?:kkill|h0|VF|CLF|lloq_plasma)\)", captions)


def test_markup_in_a_result_stays_text(hostile_page):
    page = Page(hostile_page)
    assert "script" not in page.tags
    assert HOSTILE in page.text
    assert "<b>" not in hostile_page


def test_failures_are_shown_by_reason(hostile_page):
    assert "15 of 1,000 simulations failed and are left out" in hostile_page
    assert "3: the limit on steps was reached" in hostile_page


def test_patients_tried_again_are_counted(result, text):
    """A column and a sentence if there are any, no word if there are none."""
    again = Page(render(synthetic_result(again=2))).text
    assert "10 of 1,000 simulations were solved only at a second attempt" in again
    assert "of these at a second attempt" in again
    assert not any(result.retried.values())
    assert "second attempt" not in text


def test_failed_patients_that_differ_are_said_to_differ(text):
    """Those that failed have the smallest KD of all: the report names KD, and not DT."""
    page = Page(render(synthetic_result(failed=9))).text
    assert re.search(r"30 mg: the 9 failed patients differ from the others: KD -\d\.\d\d \(", page)
    assert "failed patients differ most" in page
    assert "failed patients" not in text


def test_a_single_failed_patient_does_not_differ_from_the_others_for_sure():
    result = synthetic_result(failed=1)
    said = list(failure_sentences(result))
    assert len(said) == len(result.arms)
    assert all("the failed patient cannot be told from the others" in sentence for sentence in said)
    # One patient lies 2.6 standard deviations away; medians of one and of 199 differ by 1.26 by chance.
    assert by_chance(1, 199) == pytest.approx(np.sqrt(np.pi / 2.0 * (1.0 + 1.0 / 199.0)), rel=ROUNDING)


def test_an_arm_that_failed_whole_leaves_the_others(result):
    broken = synthetic_result(patients=60, trials=20, failed=60)
    shown = render(broken)
    assert "too many patients could not be solved" in shown
    assert "all failed, so they cannot be compared with others" in shown


def figures(result):
    protocol = parse_protocol(result.protocol_text).protocol
    return [*outcome_figures(result, protocol), *biology_figures(result, protocol)]


@pytest.mark.parametrize("canvas", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_axis_says_what_it_shows(result, canvas):
    """Each figure has a title, a caption, and axes with a label that names the unit."""
    shown = figures(result)
    assert [f.name for f in shown] == [
        "stable", "replicates", "natural", "plasma", "activated_cd8", "em_cd8_percent", "spider", "waterfall",
        "survival",
    ]  # fmt: skip
    for figure in shown:
        assert figure.title
        assert figure.caption.endswith((".", ")"))
        drawn = figure.draw(canvas)
        labels = [t.get_text() for t in (drawn._supxlabel, drawn._supylabel) if t is not None]
        labels += [label for axes in drawn.axes for label in (axes.get_xlabel(), axes.get_ylabel()) if label]
        joined = " ".join(labels)
        assert re.search(r"\(%|\(d\)|ng/mL|cells/µL|% of|stable of|patient", joined), (figure.name, labels)
        assert len(labels) >= 2 or figure.name == "natural"
        svg = inline_svg(drawn, name=figure.name, title=figure.title, doses=[1.0])
        assert svg.startswith('<svg role="img" aria-label=')
        assert "viewBox" in svg
        assert "http" not in svg
        for axes in drawn.axes:  # no text reaches beyond the edge of the figure
            box = axes.get_tightbbox()
            assert box is None or (box.x0 >= drawn.bbox.x0 - 1 and box.x1 <= drawn.bbox.x1 + 1), figure.name


def luminance(colour: str) -> float:
    parts = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return float(np.dot([0.2126, 0.7152, 0.0722], parts))


@pytest.mark.parametrize(("dark", "paper"), [(False, "#ffffff"), (True, "#14171b")])
def test_dose_colours_are_ordered_by_lightness_and_legible(dark, paper):
    """Told apart without hue, and at least 2.5:1 against the page."""
    shades = [luminance(c) for c in dose_colours([0.05, 0.25, 1.25, 6.25, 30.0], dark=dark)]
    assert shades == sorted(shades, reverse=not dark)
    page = luminance(paper)
    ratios = [(max(page, s) + 0.05) / (min(page, s) + 0.05) for s in shades]
    assert min(ratios) > 2.5


def test_labels_move_apart_and_keep_their_order():
    placed = spread_labels([3.0, 1.0, 1.1, 1.2, 9.0], 1.0)
    order = sorted(range(5), key=lambda k: placed[k])
    assert order == [1, 2, 3, 0, 4]
    gaps = np.diff(sorted(placed))
    assert gaps.min() > 1.0 - ROUNDING
    assert placed[4] == pytest.approx(9.0, rel=ROUNDING)


def test_attributes_are_escaped():
    assert element("p", title='"><b>') == '<p title="&quot;&gt;&lt;b&gt;"></p>'


def test_report_is_whole_or_absent_and_the_same_each_time(result, text, tmp_path):
    with pytest.raises(StorageError, match="does not exist"):
        write_report(result, tmp_path / "no" / "report.html")
    target = write_report(result, tmp_path / "report.html")
    assert target.read_text(encoding="utf-8") == text
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
