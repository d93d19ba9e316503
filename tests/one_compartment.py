"""One compartment after a bolus, clearance and volume log-normal over patients: data and known moments."""

import numpy as np

from lag3ig.fitting.priors import Prior
from lag3ig.model.randomness import normals

from .known_populations import Covariance, Fit, Known, mean_observation, parameters

DOSE, ERROR = 100.0, 0.15  # mg; standard deviation of the logarithm of a sample
DAYS = np.array([0.25, 0.5, 1.0, 2.0, 4.0, 6.0])
TRUTH = np.array([5.0, 20.0, 0.35, 0.25])  # L/d, L; standard deviations of logarithms
PRIORS = {
    "clearance": Prior(4.0, 0.4),
    "volume": Prior(25.0, 0.4),
    "clearance_spread": Prior(0.3, 0.3),
    "volume_spread": Prior(0.3, 0.3),
}
NODES = 40
PATIENTS = 400


def log_levels(natural, z):
    """Logarithm of each patient's concentration on `DAYS`, shape (P, C), from normals of shape (P, 2)."""
    clearance, volume = (natural[:2] * np.exp(natural[2:] * z)).T[:, :, None]
    return np.log(DOSE / volume) - clearance / volume * DAYS


def measured(number, seed=2):
    """Samples of so many individuals with their errors, shape (number, C)."""
    rng = np.random.default_rng(seed)
    true = log_levels(TRUTH, rng.normal(size=(number, 2)))
    return np.exp(true + ERROR * rng.normal(size=true.shape))


def published(values, centre_kind):
    """What a paper would print of samples: centres and spreads, or a covariance of logarithms."""
    logs, number = np.log(values), len(values)
    if centre_kind == "covariance":
        return Covariance(logs.mean(axis=0), np.cov(logs, rowvar=False), number)
    if centre_kind == "mean":
        spread = values.std(axis=0, ddof=1)
        return mean_observation(
            DAYS,
            values.mean(axis=0),
            centre_kind="mean",
            number=number,
            spread_kind="SD",
            spread=spread.tolist(),
        )
    percent = 100.0 * np.sqrt(np.expm1(logs.var(axis=0, ddof=1)))
    return mean_observation(
        DAYS,
        np.exp(logs.mean(axis=0)),
        centre_kind="geometric mean",
        number=number,
        spread_kind="CV percent",
        spread=percent.tolist(),
    )


class OneCompartment:
    """A published study of one compartment.

    Parameters
    ----------
    centre_kind : {"mean", "geometric mean", "covariance"}
        What was published; a covariance is that of logarithms.
    number : int
        Patients of the study.
    """

    def __init__(self, centre_kind, *, number=60):
        self.logarithm = centre_kind != "mean"
        self.values = measured(number)
        self.observation = published(self.values, centre_kind)
        nodes, weights = np.polynomial.hermite_e.hermegauss(NODES)
        self.z = np.stack(np.meshgrid(nodes, nodes, indexing="ij"), axis=-1).reshape(-1, 2)
        self.weights = np.outer(weights, weights).ravel() / (2.0 * np.pi)

    def moments(self, natural):
        """Mean, covariance and kurtosis of measured values over the whole population, by quadrature."""
        true = log_levels(natural, self.z)
        values = true if self.logarithm else np.exp(true + 0.5 * ERROR**2)
        mean = self.weights @ values
        away = values - mean
        between = (self.weights[:, None] * away).T @ away
        kurtosis = self.weights @ away**4 / np.diag(between) ** 2
        own = np.full(DAYS.size, ERROR**2)
        if not self.logarithm:
            own = np.expm1(ERROR**2) * (self.weights @ values**2)
        return mean, between + np.diag(own), kurtosis

    @staticmethod
    def closed_form(natural):
        """Mean and covariance of logarithms, from those of log volume and of a log-normal rate."""
        clearance, volume, first, second = natural
        spread = first**2 + second**2
        rate = clearance / volume * np.exp(0.5 * spread)
        mean = np.log(DOSE / volume) - rate * DAYS
        times = DAYS[:, None] * DAYS
        of_rate = rate**2 * np.expm1(spread)
        with_volume = -rate * second**2
        covariance = second**2 + times * of_rate + (DAYS[:, None] + DAYS) * with_volume
        return mean, covariance + ERROR**2 * np.eye(DAYS.size)

    def fit(self, *, free=4, patients=PATIENTS):
        """The posterior with simulated patients."""
        return Fit(*self._arguments(free, patients))

    def known(self, judge, *, free=4):
        """The same with the whole population."""
        return Known(*self._arguments(free, 2), exact=lambda given: self.moments(whole(given)), judge=judge)

    def _arguments(self, free, patients):
        names = list(PRIORS)[:free]
        z = normals(3, np.arange(patients), "one compartment", 2)
        logs = isinstance(self.observation, Covariance)

        def curve(natural, z):
            true = log_levels(whole(natural), z)
            return true if logs else np.exp(true)

        return (
            parameters(**{name: PRIORS[name] for name in names}),
            DAYS,
            curve,
            z,
            self.observation,
            "normal" if logs else "lognormal",
            lambda _natural: ERROR,
        )


def whole(natural):
    """All four parameters, those that are not free at the truth."""
    return np.concatenate([natural, TRUTH[natural.size :]])
