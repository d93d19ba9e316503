"""A fit of what a study printed beside maximum likelihood on its individuals, by adaptive quadrature.

References
----------
1. Pinheiro JC, Bates DM. J Comput Graph Stat 1995;4:12-35, doi 10.1080/10618600.1995.10474663
"""

import numpy as np
import pytest
from scipy import optimize

from lag3ig.fitting.estimators.local import climb

from .known_populations import differences, hessian_of
from .one_compartment import DAYS, ERROR, OneCompartment, log_levels
from .tolerances import INDIVIDUAL_QUADRATURE

NODES = 15  # in each of two directions
NUMBER = 150


class Individuals:
    """Log-likelihood of individuals' logarithms of samples, the parameters on the free scale (logarithms)."""

    def __init__(self, values, nodes=NODES):
        self.logs = np.log(values)
        points, weights = np.polynomial.hermite.hermgauss(nodes)
        self.points = np.stack(np.meshgrid(points, points, indexing="ij"), axis=-1).reshape(-1, 2)
        self.log_weights = np.log(np.outer(weights, weights).ravel()) + (self.points**2).sum(axis=1)

    def joint(self, natural, z):
        """Log-density of samples and normals z of each individual, shapes (P, ...) and (P, ..., 2)."""
        levels = log_levels(natural, z.reshape(-1, 2)).reshape(*z.shape[:-1], DAYS.size)
        logs = self.logs.reshape(len(self.logs), *(1,) * (z.ndim - 2), DAYS.size)
        away = (logs - levels) / ERROR
        constant = DAYS.size * np.log(ERROR * np.sqrt(2.0 * np.pi)) + np.log(2.0 * np.pi)
        return -0.5 * (away**2).sum(axis=-1) - 0.5 * (z**2).sum(axis=-1) - constant

    def modes(self, natural):
        """Likeliest normals of each individual, shape (P, 2), and a factor of their covariance, (P, 2, 2)."""
        z = np.zeros((len(self.logs), 2))
        for _ in range(30):
            rate = natural[0] / natural[1] * np.exp(z @ (natural[2:] * [1.0, -1.0]))
            by_clearance = -natural[2] * rate[:, None] * DAYS
            by_volume = natural[3] * (rate[:, None] * DAYS - 1.0)
            slopes = np.stack([by_clearance, by_volume], axis=-1)
            away = self.logs - log_levels(natural, z)
            score = np.einsum("ptd,pt->pd", slopes, away) / ERROR**2 - z
            information = np.einsum("ptd,pte->pde", slopes, slopes) / ERROR**2 + np.eye(2)
            step = np.linalg.solve(information, score[..., None])[..., 0]
            z = z + step
            if np.abs(step).max() < 1e-10:
                break
        return z, np.linalg.cholesky(np.linalg.inv(information))

    def __call__(self, free):
        natural = np.exp(free)
        mode, factor = self.modes(natural)
        z = mode[:, None, :] + np.sqrt(2.0) * np.einsum("pde,ne->pnd", factor, self.points)
        whole = self.joint(natural, z) + self.log_weights
        scale = np.log(2.0 * factor[:, 0, 0] * factor[:, 1, 1])
        top = whole.max(axis=1)
        return float((np.log(np.exp(whole - top[:, None]).sum(axis=1)) + top + scale).sum())


@pytest.fixture(scope="module")
def individuals():
    """Estimates of maximum likelihood and their covariance."""
    likelihood = Individuals(OneCompartment("mean", number=NUMBER).values)
    start = np.log([4.0, 25.0, 0.3, 0.3])
    found = optimize.minimize(
        lambda free: -likelihood(free), start, jac=lambda free: -differences(likelihood, free), method="BFGS"
    )
    step = 1e-3
    rows = [
        (differences(likelihood, found.x + step * one) - differences(likelihood, found.x - step * one))
        / (2 * step)
        for one in np.eye(4)
    ]
    return likelihood, found.x, np.linalg.inv(-0.5 * (np.array(rows) + np.array(rows).T))


def test_more_nodes_do_not_change_the_likelihood(individuals):
    likelihood, top, _ = individuals
    values = np.exp(likelihood.logs)
    assert abs(Individuals(values, nodes=25)(top) - likelihood(top)) < INDIVIDUAL_QUADRATURE


@pytest.mark.parametrize("published", ["mean", "geometric mean", "covariance"])
def test_what_was_printed_of_individuals_agrees_with_them(individuals, published):
    """Within one standard error of the fit to what was printed."""
    _, top, _ = individuals
    fit = OneCompartment(published, number=NUMBER).fit(patients=4_000)
    found = climb(fit, fit.free_parameters.centre())
    assert found.converged
    error = np.sqrt(np.diag(np.linalg.inv(-hessian_of(fit, found.end))))
    assert (np.abs(found.end - top) < error).all()
