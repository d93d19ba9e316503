"""Three stiff reaction networks with published end values, as tables: HIRES, ROBER and POLLU.

The kernels run over the table of reactions, and the linear algebra is dense without pivoting: a kernel may
contain loops where speed does not matter.

References
----------
F. Mazzia and C. Magherini, Test Set for Initial Value Problem Solvers 2.4 (2008): HIRES, ROBER and POLLU.
"""

import numpy as np
from numba.extending import register_jitable

from .problems import KnownProblem, bare_kernels
from .simd import kernel, load, store

Reaction = tuple[
    float, tuple[int, ...], tuple[int, ...]
]  # rate constant, reactants, products; species from 1
_NONE = -1


def _tables(species: int, reactions: tuple[Reaction, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Rate constants (R,), reactants (R, 2) with -1 for none, and net production (S, R)."""
    constants = np.array([rate for rate, _, _ in reactions])
    reactants = np.full((len(reactions), 2), _NONE)
    production = np.zeros((species, len(reactions)))
    for number, (_, consumed, produced) in enumerate(reactions):
        for place, one in enumerate(consumed):
            reactants[number, place] = one - 1
            production[one - 1, number] -= 1.0
        for one in produced:
            production[one - 1, number] += 1.0
    return constants, reactants, production


@register_jitable
def _network_rhs(y, dy, constants, reactants, production):
    for s in range(production.shape[0]):
        store(dy, s, 0.0)
    for r in range(len(constants)):
        rate = load(dy, 0) * 0.0 + constants[r]
        for place in range(2):
            if reactants[r, place] >= 0:
                rate = rate * load(y, reactants[r, place])
        for s in range(production.shape[0]):
            if production[s, r] != 0.0:
                store(dy, s, load(dy, s) + production[s, r] * rate)


@register_jitable
def _network_factor(y, diagonal, lu, constants, reactants, production):
    """Matrix d - J row by row, then its factors in place with one over the pivots."""
    n = production.shape[0]
    for i in range(n):
        for j in range(n):
            store(lu, i * n + j, load(diagonal, 0) if i == j else load(diagonal, 0) * 0.0)
    for r in range(len(constants)):
        for place in range(2):
            column = reactants[r, place]
            if column < 0:
                continue
            slope = load(diagonal, 0) * 0.0 + constants[r]
            if reactants[r, 1 - place] >= 0:
                slope = slope * load(y, reactants[r, 1 - place])
            for s in range(n):
                if production[s, r] != 0.0:
                    entry = s * n + column
                    store(lu, entry, load(lu, entry) - production[s, r] * slope)
    for k in range(n):
        pivot = 1.0 / load(lu, k * n + k)
        store(lu, k * n + k, pivot)
        for i in range(k + 1, n):
            multiplier = load(lu, i * n + k) * pivot
            store(lu, i * n + k, multiplier)
            for j in range(k + 1, n):
                store(lu, i * n + j, load(lu, i * n + j) - multiplier * load(lu, k * n + j))


@register_jitable
def _dense_solve(lu, b, n):
    for i in range(n):
        total = load(b, i)
        for j in range(i):
            total = total - load(lu, i * n + j) * load(b, j)
        store(b, i, total)
    for back in range(n):
        i = n - 1 - back
        total = load(b, i)
        for j in range(i + 1, n):
            total = total - load(lu, i * n + j) * load(b, j)
        store(b, i, total * load(lu, i * n + i))


_HIRES = _tables(
    8,
    (
        (0.0007, (), (1,)),
        (1.71, (1,), (2,)),
        (0.43, (2,), (1,)),
        (8.32, (2,), (4,)),
        (8.32, (3,), (1,)),
        (1.71, (3,), (4,)),
        (0.43, (4,), (3,)),
        (0.69, (4,), (6,)),
        (0.035, (5,), (3,)),
        (1.71, (5,), (6,)),
        (0.43, (6,), (5,)),
        (280.0, (6, 8), (7,)),
        (0.43, (7,), (5, 8)),
        (0.69, (7,), (6, 8)),
        (0.69, (7,), (8,)),
    ),
)
_H_CONSTANTS, _H_REACTANTS, _H_PRODUCTION = _HIRES

_ROBER = _tables(3, ((0.04, (1,), (2,)), (1e4, (2, 3), (1, 3)), (3e7, (2, 2), (2, 3))))
_R_CONSTANTS, _R_REACTANTS, _R_PRODUCTION = _ROBER

_POLLU = _tables(
    20,
    (
        (0.35, (1,), (2, 3)),
        (26.6, (2, 4), (1,)),
        (12300.0, (5, 2), (6, 1)),
        (0.00086, (7,), (5, 5, 8)),
        (0.00082, (7,), (8,)),
        (15000.0, (7, 6), (5, 8)),
        (0.00013, (9,), (5, 8, 10)),
        (24000.0, (9, 6), (11,)),
        (16500.0, (11, 2), (1, 10, 12)),
        (9000.0, (11, 1), (13,)),
        (0.022, (13,), (11, 1)),
        (12000.0, (10, 2), (14, 1)),
        (1.88, (14,), (5, 7)),
        (16300.0, (1, 6), (15,)),
        (4.8e6, (3,), (4,)),
        (0.00035, (4,), (16,)),
        (0.0175, (4,), (3,)),
        (1e8, (16,), (6, 6)),
        (4.44e11, (16,), (3,)),
        (1240.0, (17, 6), (5, 18)),
        (2.1, (19,), (2,)),
        (5.78, (19,), (1, 3)),
        (0.0474, (1, 4), (19,)),
        (1780.0, (19, 1), (20,)),
        (3.12, (20,), (1, 19)),
    ),
)
_P_CONSTANTS, _P_REACTANTS, _P_PRODUCTION = _POLLU


@kernel
def hires_rhs(y, inputs, derived, dy):
    """High irradiance response of plants."""
    _network_rhs(y, dy, _H_CONSTANTS, _H_REACTANTS, _H_PRODUCTION)


@kernel
def hires_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    _network_factor(y, diagonal, lu, _H_CONSTANTS, _H_REACTANTS, _H_PRODUCTION)


@kernel
def solve_eight(lu, b):
    """Forward and back."""
    _dense_solve(lu, b, 8)


@kernel
def rober_rhs(y, inputs, derived, dy):
    """Robertson's autocatalysis."""
    _network_rhs(y, dy, _R_CONSTANTS, _R_REACTANTS, _R_PRODUCTION)


@kernel
def rober_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    _network_factor(y, diagonal, lu, _R_CONSTANTS, _R_REACTANTS, _R_PRODUCTION)


@kernel
def solve_three(lu, b):
    """Forward and back."""
    _dense_solve(lu, b, 3)


@kernel
def pollu_rhs(y, inputs, derived, dy):
    """Air pollution."""
    _network_rhs(y, dy, _P_CONSTANTS, _P_REACTANTS, _P_PRODUCTION)


@kernel
def pollu_factor(y, inputs, derived, diagonal, lu):
    """Factor of d - J."""
    _network_factor(y, diagonal, lu, _P_CONSTANTS, _P_REACTANTS, _P_PRODUCTION)


@kernel
def solve_twenty(lu, b):
    """Forward and back."""
    _dense_solve(lu, b, 20)


HIRES = KnownProblem(
    kernels=bare_kernels("HIRES", 8, 64, hires_rhs, hires_factor, solve_eight),
    start=(1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0057),
    end_time=321.8122,
    end=(
        0.7371312573325668e-3,
        0.1442485726316185e-3,
        0.5888729740967575e-4,
        0.1175651343283149e-2,
        0.2386356198831331e-2,
        0.6238968252742796e-2,
        0.2849998395185769e-2,
        0.2850001604814231e-2,
    ),
    absolute=1e-4,
)

ROBER = KnownProblem(
    kernels=bare_kernels("ROBER", 3, 9, rober_rhs, rober_factor, solve_three),
    start=(1.0, 0.0, 0.0),
    end_time=1e11,
    end=(0.2083340149701255e-07, 0.8333360770334713e-13, 0.9999999791665050),
    absolute=1e-8,
)

POLLU = KnownProblem(
    kernels=bare_kernels("POLLU", 20, 400, pollu_rhs, pollu_factor, solve_twenty),
    start=(
        0.0,
        0.2,
        0.0,
        0.04,
        0.0,
        0.0,
        0.1,
        0.3,
        0.01,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.0,
        0.007,
        0.0,
        0.0,
        0.0,
    ),
    end_time=60.0,
    end=(
        0.5646255480022769e-01,
        0.1342484130422339,
        0.4139734331099427e-08,
        0.5523140207484359e-02,
        0.2018977262302196e-06,
        0.1464541863493966e-06,
        0.7784249118997964e-01,
        0.3245075353396018,
        0.7494013383880406e-02,
        0.1622293157301561e-07,
        0.1135863833257075e-07,
        0.2230505975721359e-02,
        0.2087162882798630e-03,
        0.1396921016840158e-04,
        0.8964884856898295e-02,
        0.4352846369330103e-17,
        0.6899219696263405e-02,
        0.1007803037365946e-03,
        0.1772146513969984e-05,
        0.5682943292316392e-04,
    ),
    absolute=1e-10,
)
