"""Individual times from a printed curve: known data drawn, read with error, and rebuilt."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lag3ig.fitting.reconstruction import reconstruct
from lag3ig.model.errors import Lag3igError
from lag3ig.model.survival import kaplan_meier

from .event_data import MERCAPTOPURINE, written
from .tolerances import ROUNDING

READING = 0.005  # error of a share read off a figure


def printed(seed, *, step=60.0, every=2.0):
    """Data of a trial, its curve as somebody reads it, and its numbers at risk."""
    generator = np.random.default_rng(seed)
    patients = int(generator.integers(40, 400))
    event_day = 300.0 * generator.weibull(1.2, patients)
    last_day = np.minimum(generator.uniform(150.0, 700.0, patients), generator.exponential(2_000.0, patients))
    time, event = np.minimum(event_day, last_day), event_day <= last_day
    truth = kaplan_meier(time, event)
    days = np.append(np.arange(every, time.max(), every), time.max())
    read = truth.at(days) + generator.uniform(-READING, READING, days.size)
    if seed % 2:
        read = np.round(truth.at(days) / (2.0 * READING)) * 2.0 * READING
    read = np.minimum.accumulate(np.clip(read, 0.0, 1.0))
    risk_days = np.arange(0.0, time.max(), step)
    return truth, days, read, risk_days, truth.at_risk(risk_days)


@pytest.mark.parametrize("known", [True, False], ids=["with events", "without"])
@pytest.mark.parametrize("seed", range(40))
def test_known_data_come_back(seed, known):
    truth, days, read, risk_days, numbers = printed(seed)
    time, event = reconstruct(days, read, risk_days, numbers, events=truth.events if known else None)
    rebuilt = kaplan_meier(time, event)
    assert time.size == truth.observed.size
    assert rebuilt.at_risk(risk_days).tolist() == numbers.tolist()
    # Reading moves the curve by READING, and whole patients by half a step of those still followed.
    followed = truth.at_risk(days)
    many = followed >= 0.2 * time.size
    bound = 1.5 * READING + 0.5 / followed[many]
    assert np.all(np.abs(rebuilt.at(days) - truth.at(days))[many] < bound)
    if known:
        assert abs(rebuilt.events - truth.events) <= 1
    else:
        assert abs(rebuilt.events - truth.events) <= 0.05 * truth.events


def test_the_trial_of_mercaptopurine_comes_back():
    """Exact reading and a number at risk every week leave nothing open but where in a week censoring was."""
    arm = written(MERCAPTOPURINE)
    truth = kaplan_meier(arm.time[0], arm.event[0])
    weeks = np.arange(36.0)
    time, event = reconstruct(truth.time, truth.at(truth.time), weeks, truth.at_risk(weeks))
    assert np.sort(time[event]).tolist() == np.sort(arm.time[0][arm.event[0]]).tolist()
    assert np.floor(time[~event]).tolist() == np.sort(arm.time[0][~arm.event[0]]).tolist()


def test_without_censoring_every_time_comes_back():
    days = np.arange(1.0, 21.0)
    time, event = reconstruct(days, 1.0 - days / 20.0, [0.0], [20])
    assert time.tolist() == days.tolist()
    assert event.all()


@st.composite
def figures(draw):
    """A curve that falls and numbers at risk that fall, whether or not they fit each other."""
    points = draw(st.integers(1, 12))
    steps = draw(st.lists(st.floats(0.5, 9.0), min_size=points, max_size=points))
    shares = sorted(draw(st.lists(st.floats(0.0, 1.0), min_size=points, max_size=points)), reverse=True)
    rows = draw(st.integers(1, 5))
    numbers = sorted(draw(st.lists(st.integers(1, 60), min_size=rows, max_size=rows)), reverse=True)
    days = np.cumsum(steps)
    risk_days = np.linspace(0.0, days[-1], rows, endpoint=False)
    events = draw(st.none() | st.integers(0, numbers[0]))
    return days, shares, risk_days, numbers, events


@given(figures())
def test_patients_are_kept_whatever_the_figure(figure):
    days, shares, risk_days, numbers, events = figure
    time, event = reconstruct(days, shares, risk_days, numbers, events=events)
    assert time.shape == event.shape == (numbers[0],)
    assert np.all((time >= 0.0) & (time <= days[-1]))
    assert np.all(np.diff(time) >= 0.0)
    at_risk = [np.count_nonzero(time >= day) for day in risk_days]
    assert at_risk == numbers
    assert np.all(np.isin(time[event], days))


def test_nobody_left_after_the_end_may_be_printed():
    given_once = reconstruct([5.0, 9.0], [0.8, 0.4], [0.0, 6.0], [10, 7])
    again = reconstruct([5.0, 9.0], [0.8, 0.4], [0.0, 6.0, 12.0], [10, 7, 0])
    for one, other in zip(given_once, again, strict=True):
        np.testing.assert_allclose(one, other, rtol=ROUNDING)


GOOD = {
    "curve_times": [1.0, 2.0, 3.0],
    "curve_survival": [0.9, 0.8, 0.7],
    "risk_times": [0.0, 2.0],
    "at_risk": [10, 8],
}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"curve_survival": [0.9, 0.95, 0.7]}, "survival 0.95 in row 2 .*cannot rise"),
        ({"curve_survival": [0.9, 0.8, -0.1]}, "survival -0.1 in row 3 is not between 0 and 1"),
        ({"curve_survival": [0.9, np.nan, 0.7]}, "value nan in row 2 is not a number"),
        ({"curve_survival": [0.9, 0.8]}, "as many values as times"),
        ({"curve_times": [1.0, 1.0, 3.0]}, "curve: time 1 in row 2 is not above"),
        ({"curve_times": [-1.0, 1.0, 3.0]}, "curve: time -1 in row 1"),
        ({"risk_times": [0.0, 0.0]}, "numbers at risk: time 0 in row 2 is not above"),
        ({"risk_times": [1.0, 2.0]}, "row 1: 10 at time 1"),
        ({"risk_times": [0.0, 4.0]}, "number 8 in row 2 is after the curve's end, 3"),
        ({"at_risk": [10, 11]}, "number 11 in row 2 is above the one before"),
        ({"at_risk": [10, 7.5]}, "number 7.5 in row 2 is not a whole number"),
        ({"at_risk": [10, -1]}, "number -1 in row 2 is negative"),
        ({"events": 11}, "11 events among 10 patients"),
    ],
)
def test_impossible_figures_are_refused_by_row(change, message):
    with pytest.raises(Lag3igError, match=message):
        reconstruct(**(GOOD | change))
