"""Recursive integration of a statistic over interim looks: who has crossed nothing yet, and where they stand.

References
----------
Armitage P, McPherson CK, Rowe BC. J R Stat Soc A 1969;132:235-244, doi 10.2307/2343787.
Jennison C, Turnbull BW. Group Sequential Methods with Applications to Clinical Trials. Chapman & Hall/CRC
    2000 (chapter 19).
"""

import numpy as np
from numpy.typing import NDArray
from scipy import special

Array = NDArray[np.float64]

FAR = 9.0  # standard deviations; what lies beyond, 1e-19, is not integrated
PANEL = 2.0  # standard deviations of the next increment that one set of nodes covers
NODES, WEIGHTS = (np.asarray(values) for values in special.roots_legendre(16))


class SequentialWalk:
    """Where trials that have not ended stand at the last look, as masses at nodes on the scale of z."""

    def __init__(self, information: Array, drift: float) -> None:
        self.information, self.drift, self.look = information, drift, 0
        self.nodes, self.masses = np.zeros(1), np.ones(1)

    def _steps(self) -> tuple[Array, float, float]:
        """Mean of the next score from each node, its standard deviation, and the root of its information."""
        before = self.information[self.look - 1] if self.look else 0.0
        now = self.information[self.look]
        return self.nodes * np.sqrt(before) + self.drift * (now - before), np.sqrt(now - before), np.sqrt(now)

    def above(self, bound: float) -> float:
        """Chance of being there and at or above a bound at the next look."""
        mean, deviation, root = self._steps()
        return float(self.masses @ special.ndtr((mean - bound * root) / deviation))

    def below(self, bound: float) -> float:
        """Chance of being there and below a bound at the next look."""
        mean, deviation, root = self._steps()
        return float(self.masses @ special.ndtr((bound * root - mean) / deviation))

    def go_on(self, low: float, high: float) -> None:
        """Move to the next look with those between its bounds."""
        mean, deviation, root = self._steps()
        centre = self.drift * root
        start, end = max(low, centre - FAR), min(high, centre + FAR)
        narrowest = deviation
        if self.look + 1 < self.information.size:
            narrowest = min(narrowest, np.sqrt(self.information[self.look + 1] - self.information[self.look]))
        self.look += 1
        if start >= end:
            self.nodes, self.masses = np.zeros(1), np.zeros(1)
            return
        edges = np.linspace(start, end, 1 + int(np.ceil((end - start) * root / (PANEL * narrowest))))
        half = 0.5 * np.diff(edges)[:, None]
        nodes = (edges[:-1, None] + half * (1.0 + NODES)).ravel()
        away = (nodes[:, None] * root - mean) / deviation
        density = np.exp(-0.5 * away**2) @ self.masses * (root / (deviation * np.sqrt(2.0 * np.pi)))
        self.nodes, self.masses = nodes, density * (half * WEIGHTS).ravel()
