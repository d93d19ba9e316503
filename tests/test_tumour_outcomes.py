"""Smooth outcomes of scans: means as when judged one by one, and derivatives that exist."""

import numpy as np
import pytest
from scipy import stats

from lag3ig.fitting.tumour_outcomes import tumour_outcomes
from lag3ig.model import endpoints, recist
from lag3ig.model.recist import Response

from .tolerances import SAMPLING

DAYS = np.array([42.0, 84.0, 126.0, 168.0, 210.0])
ERROR = 0.05


def _courses(patients, seed=1):
    """True sums and hazards of tumours that shrink, grow again, or only grow."""
    rng = np.random.default_rng(seed)
    baseline = rng.lognormal(np.log(90.0), 0.5, patients).clip(12.0, 400.0)
    share = rng.uniform(0.0, 0.9, patients)[:, None]
    growth = rng.normal(0.0, 0.004, patients)[:, None]
    time = np.array([0.0, *DAYS])
    true = baseline[:, None] * ((1.0 - share) * np.exp(-0.02 * time) + share * np.exp(growth * time))
    return true, 1e-3 * DAYS * baseline[:, None] / 90.0, rng


@pytest.fixture(scope="module", params=["1.0", "1.1"])
def both(request):
    """Outcomes with weights, and the same patients' outcomes judged one by one with errors of their own."""
    true, hazard, rng = _courses(100_000)
    smooth = tumour_outcomes(
        true, hazard, rng.normal(size=true.shape), DAYS, lesions=3, error=ERROR, version=request.param
    )
    measured = true * np.exp(ERROR * rng.normal(size=true.shape))
    recorded = recist.record(measured, 3, version=request.param)
    new = endpoints.lesion_present(hazard, rng.exponential(size=len(true)))
    return smooth, recorded, recist.assess(recorded, new, version=request.param)


def _agree(weights, outcomes):
    """Whether two estimates of a share differ by sampling alone; the weights vary less than outcomes do."""
    share = outcomes.mean()
    error = np.sqrt(2.0 * share * (1.0 - share) / outcomes.size)
    assert abs(weights.mean() - share) < SAMPLING * error


def test_progression_is_as_frequent_as_when_judged(both):
    smooth, _, response = both
    progressed = np.cumsum(response == Response.PROGRESSION, axis=1) > 0
    for scan in range(DAYS.size):
        _agree(smooth.free[:, scan], ~progressed[:, scan])


@pytest.mark.parametrize("confirmed", [False, True])
def test_responses_are_as_frequent_as_when_judged(both, confirmed):
    smooth, _, response = both
    best = recist.best_response(response, DAYS, confirmation=confirmed)
    progressed = (response[:, :4] == Response.PROGRESSION).any(axis=1)
    _agree(smooth.responded(confirmed=confirmed)[:, -1], best <= Response.PARTIAL)
    _agree(smooth.complete(confirmed=confirmed)[:, -1], best == Response.COMPLETE)
    _agree(smooth.controlled_for(168.0, confirmed=confirmed), (best <= Response.PARTIAL) | ~progressed)


@pytest.mark.parametrize("percent", [-60.0, -20.0])
def test_shrinkage_is_as_frequent_as_when_judged(both, percent):
    smooth, recorded, response = both
    _agree(smooth.shrunk(percent)[:, -1], recist.best_change(recorded, response) <= percent)


def test_one_scan_has_a_closed_form():
    """With an exact baseline, one scan progresses with a normal probability."""
    error = 0.05
    smooth = tumour_outcomes([[100.0, 118.0]], [[0.2]], [[0.0, 0.7]], [84.0], lesions=3, error=error)
    free = stats.norm.cdf(np.log(120.0 / 118.0) / error) * np.exp(-0.2)
    response = stats.norm.cdf(np.log(70.0 / 118.0) / error) * np.exp(-0.2)
    assert smooth.free[0, 0] == pytest.approx(free, rel=1e-12)
    assert smooth.responded()[0, 0] == pytest.approx(response, rel=1e-12)


def test_outcomes_have_the_derivative_that_differences_show():
    """The mean over a few patients is smooth: differences of two sizes agree, over steps they would not."""
    true, hazard, rng = _courses(200)
    normals = rng.normal(size=true.shape)
    direction = np.cos(np.arange(true.size)).reshape(true.shape)

    def slope(size):
        ends = [
            tumour_outcomes(
                true * (1.0 + sign * size * direction), hazard, normals, DAYS, lesions=3, error=ERROR
            )
            for sign in (1.0, -1.0)
        ]
        return [
            (ends[0].free.mean() - ends[1].free.mean()) / (2.0 * size),
            (ends[0].responded().mean() - ends[1].responded().mean()) / (2.0 * size),
        ]

    np.testing.assert_allclose(slope(1e-4), slope(1e-6), rtol=1e-3)


def test_scans_that_cannot_confirm_each_other_are_refused():
    with pytest.raises(ValueError, match="at least 28 days apart"):
        tumour_outcomes(np.ones((1, 3)), np.zeros((1, 2)), np.zeros((1, 3)), [14, 28], lesions=1, error=0.05)
