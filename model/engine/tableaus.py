"""Coefficients of the two methods, as data that checks its own order conditions.

References
----------
Ch. Tsitouras, Comput. Math. Appl. 62 (2011) 770-775: the pair 5(4) and its interpolant.
G. Steinebach, BIT Numer. Math. 63 (2023) 27: Rodas5P.
E. Hairer and G. Wanner, Solving Ordinary Differential Equations II (2nd ed. 1996), IV.7: order conditions,
transformed variables and dense output of Rosenbrock methods.
"""

from dataclasses import dataclass
from math import isclose

import numpy as np

from ..errors import ModelError

Row = tuple[float, ...]
Tree = tuple["Tree", ...]  # a rooted tree is the tuple of its branches

CHECKED_WITHIN = 3e-11  # published coefficients carry 16 digits and reach 165


def rooted_trees(order: int) -> list[Tree]:
    """Rooted trees with ``order`` nodes, each written once.

    >>> [len(rooted_trees(n)) for n in range(1, 6)]
    [1, 1, 2, 4, 9]
    """
    if order == 1:
        return [()]
    grown = set()
    for smaller in rooted_trees(order - 1):
        grown |= set(_with_leaf(smaller))
    return sorted(grown)


def _with_leaf(tree: Tree) -> list[Tree]:
    """Trees that arise by hanging one more leaf on some node."""
    results = [tuple(sorted((*tree, ())))]
    for position, branch in enumerate(tree):
        rest = tree[:position] + tree[position + 1 :]
        results += [tuple(sorted((*rest, grown))) for grown in _with_leaf(branch)]
    return results


def _nodes(tree: Tree) -> int:
    return 1 + sum(_nodes(branch) for branch in tree)


def _density(tree: Tree) -> float:
    product = float(_nodes(tree))
    for branch in tree:
        product *= _density(branch)
    return product


def _weights(tree: Tree, alpha: np.ndarray, beta: np.ndarray) -> np.ndarray:
    """Elementary weight of a tree at each stage: beta along single branches, alpha at forks."""
    matrix = beta if len(tree) == 1 else alpha
    product = np.ones(len(alpha))
    for branch in tree:
        product *= matrix @ _weights(branch, alpha, beta)
    return product


def order_defect(
    b: np.ndarray, alpha: np.ndarray, beta: np.ndarray, order: int, fraction: float = 1.0
) -> float:
    """Largest violation of the order conditions up to ``order`` at a fraction of the step."""
    worst = 0.0
    for nodes in range(1, order + 1):
        for tree in rooted_trees(nodes):
            wanted = fraction**nodes / _density(tree)
            worst = max(worst, abs(float(b @ _weights(tree, alpha, beta)) - wanted))
    return worst


def _lower(rows: tuple[Row, ...]) -> np.ndarray:
    matrix = np.zeros((len(rows), len(rows)))
    for i, row in enumerate(rows):
        matrix[i, : len(row)] = row
    return matrix


def _require(name: str, what: str, defect: float) -> None:
    if not defect < CHECKED_WITHIN:
        raise ModelError(f"the coefficients of {name} violate {what} by {defect:.2g}; they were mistyped")


@dataclass(frozen=True, slots=True)
class ExplicitTableau:
    """Explicit Runge-Kutta pair whose last stage is the first of the next step.

    Attributes
    ----------
    a
        Row i holds the weights of the stages before stage i; the last row is the solution.
    error
        Weights of the difference between the two solutions.
    dense
        For each stage the coefficients of theta, theta**2, ... in its weight within the step.
    """

    name: str
    order: int
    a: tuple[Row, ...]
    error: Row
    dense: tuple[Row, ...]

    def __post_init__(self) -> None:
        alpha = _lower(self.a)
        b = alpha[-1]
        _require(self.name, f"order {self.order}", order_defect(b, alpha, alpha, self.order))
        embedded = b - np.array(self.error)
        _require(self.name, "the embedded order", order_defect(embedded, alpha, alpha, self.order - 1))
        for theta in (0.3, 0.7, 1.0):
            weights = np.array([sum(c * theta ** (k + 1) for k, c in enumerate(row)) for row in self.dense])
            defect = order_defect(weights, alpha, alpha, self.order - 1, theta)
            _require(self.name, f"the order within the step at {theta}", defect)


@dataclass(frozen=True, slots=True)
class RosenbrockTableau:
    """Stiffly accurate Rosenbrock method in the variables that need no product with the Jacobian.

    Stage i solves (I/(gamma h) - J) k_i = f(y + sum a_ij k_j) + sum (c_ij / h) k_j; the last two arguments
    are the embedded and, with the last stage added, the new solution, so the last stage is the error.

    Attributes
    ----------
    dense
        Row m holds the weights of the stages in the coefficient of theta**m within the step.
    """

    name: str
    order: int
    gamma: float
    a: tuple[Row, ...]
    c: tuple[Row, ...]
    dense: tuple[Row, ...]

    def __post_init__(self) -> None:
        alpha, beta, solution, inverse = self._classical()
        b = solution @ inverse
        _require(self.name, f"order {self.order}", order_defect(b, alpha, beta, self.order))
        embedded = np.array([*self.a[-1], 0.0]) @ inverse
        _require(self.name, "the embedded order", order_defect(embedded, alpha, beta, self.order - 1))
        for theta in (0.3, 0.7):
            within = sum(np.array(row) * theta**m for m, row in enumerate(self.dense))
            weights = (theta * solution + theta * (1.0 - theta) * within) @ inverse
            defect = order_defect(weights, alpha, beta, self.order - 1, theta)
            _require(self.name, f"the order within the step at {theta}", defect)
        if not all(isclose(x, y) for x, y in zip(self.a[-1][:-1], self.a[-2], strict=True)):
            raise ModelError(f"{self.name} is not stiffly accurate")

    def _classical(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Coefficients alpha, beta = alpha + Gamma, the solution's weights, and the matrix Gamma."""
        stages = len(self.a)
        gamma_matrix = np.linalg.inv(np.eye(stages) / self.gamma - _lower(self.c))
        alpha = _lower(self.a) @ gamma_matrix
        solution = np.array([*self.a[-1], 1.0])
        return alpha, alpha + gamma_matrix, solution, gamma_matrix


TSIT5 = ExplicitTableau(
    name="Tsit5",
    order=5,
    a=(
        (),
        (0.161,),
        (-0.008480655492356989, 0.335480655492357),
        (2.8971530571054935, -6.359448489975075, 4.3622954328695815),
        (5.325864828439257, -11.748883564062828, 7.4955393428898365, -0.09249506636175525),
        (5.86145544294642, -12.92096931784711, 8.159367898576159, -0.071584973281401, -0.028269050394068383),
        (
            0.09646076681806523,
            0.01,
            0.4798896504144996,
            1.379008574103742,
            -3.290069515436081,
            2.324710524099774,
        ),
    ),
    error=(
        0.0017800110522257773,
        0.0008164344596567463,
        -0.007880878010261994,
        0.1447110071732629,
        -0.5823571654525552,
        0.45808210592918686,
        -1.0 / 66.0,
    ),
    dense=(
        (1.0, -2.763706197274826, 2.9132554618219126, -1.0530884977290216),
        (0.0, 0.1317, -0.2234, 0.1017),
        (0.0, 3.9302962368947516, -5.941033872131505, 2.490627285651253),
        (0.0, -12.411077166933676, 30.33818863028232, -16.548102889244902),
        (0.0, 37.50931341651104, -88.1789048947664, 47.37952196281928),
        (0.0, -27.896526289197286, 65.09189467479366, -34.87065786149661),
        (0.0, 1.5, -4.0, 2.5),
    ),
)

_RODAS5P_SIXTH = (
    -7.502846399306121,
    2.561846144803919,
    -11.627539656261098,
    -0.18268767659942256,
    0.030198172008377946,
)

RODAS5P = RosenbrockTableau(
    name="Rodas5P",
    order=5,
    gamma=0.21193756319429014,
    a=(
        (),
        (3.0,),
        (2.849394379747939, 0.45842242204463923),
        (-6.954028509809101, 2.489845061869568, -10.358996098473584),
        (2.8029986275628964, 0.5072464736228206, -0.3988312541770524, -0.04721187230404641),
        _RODAS5P_SIXTH,
        (*_RODAS5P_SIXTH, 1.0),
        (*_RODAS5P_SIXTH, 1.0, 1.0),
    ),
    c=(
        (),
        (-14.155112264123755,),
        (-17.97296035885952, -2.859693295451294),
        (147.12150275711716, -1.41221402718213, 71.68940251302358),
        (165.43517024871676, -0.4592823456491126, 42.90938336958603, -5.961986721573306),
        (24.854864614690072, -3.0009227002832186, 47.4931110020768, 5.5814197821558125, -0.6610691825249471),
        (
            30.91273214028599,
            -3.1208243349937974,
            77.79954646070892,
            34.28646028294783,
            -19.097331116725623,
            -28.087943162872662,
        ),
        (
            37.80277123390563,
            -3.2571969029072276,
            112.26918849496327,
            66.9347231244047,
            -40.06618937091002,
            -54.66780262877968,
            -9.48861652309627,
        ),
    ),
    dense=(
        (
            25.948786856663858,
            -2.5579724845846235,
            10.433815404888879,
            -2.3679251022685204,
            0.524948541321073,
            1.1241088310450404,
            0.4272876194431874,
            -0.17202221070155493,
        ),
        (
            -9.91568850695171,
            -0.9689944594115154,
            3.0438037242978453,
            -24.495224566215796,
            20.176138334709044,
            15.98066361424651,
            -6.789040303419874,
            -6.710236069923372,
        ),
        (
            11.419903575922262,
            2.8879645146136994,
            72.92137995996029,
            80.12511834622643,
            -52.072871366152654,
            -59.78993625266729,
            -0.15582684282751913,
            4.883087185713722,
        ),
    ),
)
