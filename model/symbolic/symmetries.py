"""Scaling symmetries: changes of parameters by factors that no observation can see, found from the equations.

Every symbol x may be multiplied by a power of one number, lambda**e. A product has the sum of its factors'
exponents, a sum needs equal exponents in its terms, and what stands in an exponent, a logarithm or beside a
pure number has none. With time and the observed quantities held fixed this is a homogeneous linear system for
the exponents, and each of its solutions is a symmetry: a group of parameters of which data can only tell
products and ratios.

References
----------
Castro M, de Boer RJ. PLoS Comput Biol 2020;16:e1008248, doi 10.1371/journal.pcbi.1008248.
"""

import math
from collections.abc import Collection, Iterable
from typing import Any

import sympy
from sympy.polys.matrices import DomainMatrix

from ..errors import ModelError, nearest
from .system import System

_Exponents = dict[str, sympy.Rational]  # of lambda, as a sum over symbols' own exponents


def scaling_symmetries(
    system: System, *, observed: Iterable[str], free: Collection[str] | None = None
) -> tuple[dict[str, int], ...]:
    """Independent groups of parameters that may change together without any observed quantity changing.

    Parameters
    ----------
    system : System
    observed : iterable of str
        Observables that data tell of.
    free : collection of str, optional
        Parameters that may change; all, if left out.

    Returns
    -------
    tuple of mapping
        Each from parameter to exponent: multiply the parameter by lambda to that power.

    Raises
    ------
    ModelError
        If an observable or parameter does not exist.
    """
    equations = _Equations()
    for item in (*system.quantities, *system.rates):
        equations.equal({item.symbol: sympy.Integer(1)}, equations.of(item.expression))
    for effect in system.effects:
        term = _sum(equations.of(effect.coefficient), {effect.process: sympy.Integer(1)})
        equations.equal({effect.state: sympy.Integer(1)}, term)
    for item in (*system.starts, *system.calibrated):
        if item.expression != 0:  # a start at nothing holds for any measure
            equations.equal({item.symbol: sympy.Integer(1)}, equations.of(item.expression))
    known = {item.symbol: item for item in system.observables}
    for name in observed:
        if name not in known:
            raise ModelError(f"no observable {name!r}: {nearest(name, known)}")
        equations.equal({}, equations.of(known[name].expression))
    _hold_doses(system, equations)
    free = system.parameters if free is None else free
    for name in free:
        if name not in system.parameters:
            raise ModelError(f"no parameter {name!r} in the equations: {nearest(name, system.parameters)}")
    own = {item.symbol for item in system.calibrated}
    for name in system.parameters:
        if name not in free and name not in own:
            equations.equal({name: sympy.Integer(1)}, {})
    infusions = {route.infusion for route in system.mechanism.routes}  # which have their state's measure
    for name in system.inputs:
        if name not in infusions:
            equations.equal({name: sympy.Integer(1)}, {})
    return equations.solutions([name for name in system.parameters if name in free])


def _hold_doses(system: System, equations: "_Equations") -> None:
    """An amount given is what it is: it arrives in its state's own measure, at its own time."""
    routes = {route.name.replace(".", "_"): route for route in system.mechanism.routes}
    named = {item.symbol: equations.of(item.expression) for item in system.doses}
    for prefix, route in routes.items():
        arriving = _sum(named[f"{prefix}_scale"], named[f"{prefix}_bioavailability"])
        equations.equal({route.state: sympy.Integer(1)}, arriving)
        equations.equal({}, named[f"{prefix}_lag"])


class _Equations:
    """Linear equations for exponents, collected while walking through expressions."""

    def __init__(self) -> None:
        self._rows: list[_Exponents] = []

    def equal(self, left: _Exponents, right: _Exponents) -> None:
        difference = _sum(left, {name: -value for name, value in right.items()})
        if difference:
            self._rows.append(difference)

    def of(self, expression: Any) -> _Exponents:
        """Exponent of lambda by which an expression is multiplied."""
        if expression.is_Symbol:
            return {expression.name: sympy.Integer(1)}
        if expression.is_number:
            return {}
        if expression.is_Mul:
            return _sum(*(self.of(factor) for factor in expression.args))
        if expression.is_Pow:
            return self._of_power(*expression.args)
        if expression.is_Add or isinstance(expression, sympy.Max | sympy.Min):
            return self._alike([term for term in expression.args if term != 0])
        if isinstance(expression, sympy.Abs):
            return self.of(expression.args[0])
        if isinstance(expression, sympy.Piecewise):
            for condition in (branch[1] for branch in expression.args):
                for relation in condition.atoms(sympy.core.relational.Relational):
                    self._alike([side for side in relation.args if side != 0])
            return self._alike([value for value, _ in expression.args if value != 0])
        for argument in expression.args:  # exp, log and their like take pure numbers
            self.equal({}, self.of(argument))
        return {}

    def _of_power(self, base: Any, exponent: Any) -> _Exponents:
        if exponent.is_number:
            return {name: value * exponent for name, value in self.of(base).items()}
        self.equal({}, self.of(exponent))
        self.equal({}, self.of(base))
        return {}

    def _alike(self, terms: list[Any]) -> _Exponents:
        found = [self.of(term) for term in terms]
        for other in found[1:]:
            self.equal(found[0], other)
        return found[0] if found else {}

    def solutions(self, parameters: list[str]) -> tuple[dict[str, int], ...]:
        """Basis of the solutions as far as parameters go, each as sparse as elimination makes it."""
        names = sorted({name for row in self._rows for name in row} - set(parameters)) + parameters
        columns = {name: place for place, name in enumerate(names)}
        matrix = sympy.zeros(len(self._rows), len(names))
        for place, row in enumerate(self._rows):
            for name, value in row.items():
                matrix[place, columns[name]] = value
        solved = DomainMatrix.from_Matrix(matrix).to_field().nullspace()
        # Of solutions that differ by states alone one is enough.
        moved = solved.extract(list(range(solved.shape[0])), [columns[name] for name in parameters])
        reduced, pivots = moved.rref()
        rows = reduced.to_Matrix().tolist()[: len(pivots)]
        return tuple(
            _whole({name: value for name, value in zip(parameters, row, strict=True) if value != 0})
            for row in rows
        )


def _sum(*parts: _Exponents) -> _Exponents:
    total: _Exponents = {}
    for part in parts:
        for name, value in part.items():
            total[name] = total.get(name, sympy.Integer(0)) + value
    return {name: value for name, value in total.items() if value != 0}


def _whole(group: dict[str, Any]) -> dict[str, int]:
    """A group with whole exponents without a common factor, the first of them positive."""
    scale = math.lcm(*(int(value.q) for value in group.values()))
    whole = {name: int(value * scale) for name, value in group.items()}
    divisor = math.gcd(*whole.values()) * (1 if next(iter(whole.values())) > 0 else -1)
    return {name: value // divisor for name, value in whole.items()}
