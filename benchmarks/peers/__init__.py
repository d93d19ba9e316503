"""Solvers that the engine is measured beside, one a file; none is needed to use the product."""

from ..arm import Arm
from . import amici, diffrax, heyoka, numbalsoda, roadrunner, scipy_solvers, sundae

ALL: tuple[Arm, ...] = (
    *heyoka.ARMS,
    *numbalsoda.ARMS,
    *roadrunner.ARMS,
    *sundae.ARMS,
    *scipy_solvers.ARMS,
    *diffrax.ARMS,
    *amici.ARMS,
)
