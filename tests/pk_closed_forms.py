"""Closed forms of the small pharmacokinetic model: one unit at 0, and the same dose for ever."""

from collections.abc import Callable

import numpy as np

KA, K, GROWTH = 1.2, 4.0 / 20.0, 0.05

Response = Callable[[np.ndarray], np.ndarray]


def bolus(t: np.ndarray) -> np.ndarray:
    """Central amount after one unit into the central compartment at 0."""
    return np.where(t >= 0.0, np.exp(-K * np.maximum(t, 0.0)), 0.0)


def oral(t: np.ndarray) -> np.ndarray:
    """Central amount after one unit into the depot at 0 (Bateman)."""
    after = np.maximum(t, 0.0)
    return KA / (KA - K) * (np.exp(-K * after) - np.exp(-KA * after))


def infusion(rate: float, duration: float) -> Response:
    """Central amount under an infusion that starts at 0."""

    def level(t: np.ndarray) -> np.ndarray:
        during = np.clip(t, 0.0, duration)
        return rate / K * (1.0 - np.exp(-K * during)) * np.exp(-K * np.maximum(t - duration, 0.0))

    return level


def history(response: Response, interval: float) -> Response:
    """Central amount when the dose at 0 was preceded by the same one at every interval, for ever."""

    def level(t: np.ndarray) -> np.ndarray:
        return sum((response(t + earlier * interval) for earlier in range(400)), np.zeros_like(t))

    return level
