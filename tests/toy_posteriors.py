"""Posteriors with known answers, with the face of the exact one."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np

from lag3ig.fitting.free_parameters import FreeParameter, FreeParameters
from lag3ig.fitting.objective import FAILED, Evaluation
from lag3ig.fitting.priors import Prior


def normal_parameters(deviations):
    """Free parameters x0, x1, ... with normal priors about 0."""
    return FreeParameters(
        tuple(
            FreeParameter("median", (f"x{place}",), Prior(0.0, float(deviation), "identity"))
            for place, deviation in enumerate(deviations)
        )
    )


@dataclass
class LinearGaussian:
    """Cards observe rows of ``slopes @ x`` with independent normal errors; the prior is normal about 0."""

    slopes: np.ndarray  # (M, n)
    data: np.ndarray  # (M,)
    errors: np.ndarray  # (M,)
    prior: np.ndarray  # (n,)
    sizes: tuple[int, ...]  # rows of each card
    calls: int = 0
    fails_above: float = np.inf
    free_parameters: FreeParameters = field(init=False)

    def __post_init__(self):
        self.free_parameters = normal_parameters(self.prior)

    @classmethod
    def example(cls, dimensions=3, rows=6, seed=1):
        rng = np.random.default_rng(seed)
        slopes = rng.normal(size=(rows, dimensions))
        prior = rng.uniform(0.5, 2.0, dimensions)
        errors = rng.uniform(0.2, 0.5, rows)
        data = slopes @ (prior * rng.normal(size=dimensions)) + errors * rng.normal(size=rows)
        return cls(slopes, data, errors, prior, (2,) * (rows // 2))

    @property
    def precision(self):
        weighted = self.slopes / self.errors[:, None] ** 2
        return self.slopes.T @ weighted + np.diag(self.prior**-2.0)

    @property
    def covariance(self):
        return np.linalg.inv(self.precision)

    @property
    def mean(self):
        return self.covariance @ (self.slopes.T @ (self.data / self.errors**2))

    @property
    def log_evidence(self):
        spread = self.slopes @ np.diag(self.prior**2) @ self.slopes.T + np.diag(self.errors**2)
        away = self.data @ np.linalg.solve(spread, self.data)
        return -0.5 * (away + np.linalg.slogdet(2.0 * np.pi * spread)[1])

    def curve(self, free):
        return self.slopes @ np.asarray(free)

    def predict(self, free):
        self.calls += 1
        failed = int(free[0] > self.fails_above)
        arm = SimpleNamespace(course=SimpleNamespace(failed=failed), curve=self.curve(free))
        return {"card": {"arm": arm}}

    def summaries(self, predictions):
        parts = np.split(predictions["card"]["arm"].curve, np.cumsum(self.sizes)[:-1])
        return {f"card{place}.mean": part for place, part in enumerate(parts)}

    def terms(self, summaries):
        ends = np.cumsum(self.sizes)[:-1]
        terms = {}
        for place, (data, errors) in enumerate(
            zip(np.split(self.data, ends), np.split(self.errors, ends), strict=True)
        ):
            away = (summaries[f"card{place}.mean"] - data) / errors
            constant = np.log(errors * np.sqrt(2.0 * np.pi)).sum()
            terms[f"card{place}.mean"] = -0.5 * (away**2).sum(axis=-1) - constant
        return terms

    def __call__(self, free):
        log_prior = float(self.free_parameters.log_prior(free))
        return Evaluation.of(self.terms(self.summaries(self.predict(free))), log_prior)

    def gradient(self, free):
        point = np.asarray(free)
        away = (self.data - self.slopes @ point) / self.errors**2
        return self(point), self.slopes.T @ away - point / self.prior**2


class Bent(LinearGaussian):
    """The same with summaries that bend: beyond quadratic, so that an emulator has something to miss."""

    def curve(self, free):
        straight = super().curve(free)
        return straight + 0.3 * np.sin(straight)

    def gradient(self, free):
        raise NotImplementedError


@dataclass
class Rosenbrock:
    """A curved valley whose lowest point is at (1, 1); impossible left of ``edge``."""

    edge: float = -np.inf
    free_parameters: FreeParameters = field(default_factory=lambda: normal_parameters([2.0, 2.0]))

    def __call__(self, free):
        x, y = free
        if x < self.edge:
            return Evaluation(FAILED, 0.0, failed=1, reason="1 patients failed")
        return Evaluation(-100.0 * (y - x * x) ** 2 - (1.0 - x) ** 2, 0.0)

    def gradient(self, free):
        x, y = free
        value = self(free)
        if value.failed:
            return value, np.full(2, np.nan)
        return value, np.array([400.0 * x * (y - x * x) + 2.0 * (1.0 - x), -200.0 * (y - x * x)])
