"""Times to an event for tests: random ones with ties and censoring, and a published trial."""

import numpy as np
from numpy.typing import NDArray

from lag3ig.model.event_times import EventTimes, event_times

DATA_SETS = 100

# Remission in weeks under 6-mercaptopurine and placebo, "+" for censored (Freireich EJ et al. Blood
# 1963;21:699-716, doi 10.1182/blood.V21.6.699.699), the example of Cox 1972 and of most textbooks.
MERCAPTOPURINE = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+"
PLACEBO = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23"


def written(row: str) -> EventTimes:
    """Arm from times as they are printed."""
    words = row.split()
    return event_times(
        [float(word.rstrip("+")) for word in words], [not word.endswith("+") for word in words]
    )


def tied_arm(
    generator: np.random.Generator, count: int, mean: float = 30.0
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Weekly scans, so that many times are the same, and follow-up of unequal length."""
    event_day, last_day = generator.exponential(mean, count), generator.uniform(5.0, 90.0, count)
    return np.ceil(np.minimum(event_day, last_day) / 7.0) * 7.0, event_day <= last_day


def tied_trial(seed: int) -> tuple[EventTimes, EventTimes]:
    """Two arms of 20 to 150 patients with events in both."""
    generator = np.random.default_rng(seed)
    sizes = generator.integers(20, 150, 2)
    return event_times(*tied_arm(generator, sizes[0])), event_times(*tied_arm(generator, sizes[1], 45.0))


def replicate_arm(
    generator: np.random.Generator, replicates: int, patients: int, *, hazard: float = 0.004
) -> EventTimes:
    """Constant hazard per day, followed for 100 to 700 days."""
    event_day = generator.exponential(1.0 / hazard, (replicates, patients))
    last_day = generator.uniform(100.0, 700.0, (replicates, patients))
    return event_times(np.minimum(event_day, last_day), event_day <= last_day)
