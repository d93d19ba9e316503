"""Check of the units of every expression against what it is declared to be."""

import ast
from functools import cache
from typing import Any

import pint

from ..errors import ModelError
from .grammar import Expression, literal, parse
from .system import Named, System

# Counts that biology tells apart: cells are never molecules, and a dose unit is a pure number.
_DEFINITIONS = (
    "cell = [cell]",
    "molecule = [molecule]",
    "dose_unit = []",
    "vaccine_unit = []",
    "liter = decimeter ** 3 = L = litre",  # so that it prints as L
)
_TOLERANCE = 1e-9  # relative difference of unit factors that is rounding


@cache
def _registry() -> Any:
    registry: Any = pint.UnitRegistry(on_redefinition="ignore")
    for line in _DEFINITIONS:
        registry.define(line)
    return registry


class _AnyName(frozenset[str]):
    """Names of units are the registry's to know."""

    def __contains__(self, name: object) -> bool:
        return True


@cache
def unit_of(text: str, where: str) -> Any:
    """Unit of a declared text such as ``nmol/d``, read by the same grammar as expressions.

    Raises
    ------
    ModelError
        If it is no product of units that are known.
    """
    return _built(parse(text, f"{where}, unit", _AnyName()).tree, text, where)


def _built(node: ast.expr, text: str, where: str) -> Any:
    registry = _registry()
    if isinstance(node, ast.Name):
        try:
            return registry.parse_units(node.id)
        except (pint.errors.UndefinedUnitError, AttributeError) as error:
            raise ModelError(f"{where}: unit {text!r} names {node.id!r}, which is no known unit") from error
    if literal(node) == 1:
        return registry.dimensionless
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult | ast.Div):
        left, right = _built(node.left, text, where), _built(node.right, text, where)
        return left * right if isinstance(node.op, ast.Mult) else left / right
    exponent = literal(node.right) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow) else None
    if isinstance(node, ast.BinOp) and exponent is not None:
        return _built(node.left, text, where) ** float(exponent)
    raise ModelError(
        f"{where}: {text!r} is no unit: write a product such as nmol/d or mg/m**2; "
        "a factor is a constant of its own"
    )


class UnitCheck:
    """Units of every symbol of a system, and the check of its expressions against them."""

    def __init__(self, system: System) -> None:
        self._system = system
        table, mechanism = system.table, system.mechanism
        declared: list[tuple[str, str, str]] = []
        for symbol in system.parameters:
            declared.append((symbol, table[symbol].unit, f"parameter {symbol}"))
        for symbol, constant in table.constants.items():
            declared.append((symbol, constant.unit, f"constant {symbol}"))
        for kind, records in (
            ("species", mechanism.species),
            ("input", mechanism.inputs),
            ("quantity", mechanism.quantities),
            ("process", mechanism.processes),
        ):
            declared += [(item.symbol, item.unit, f"{kind} {item.symbol}") for item in records]
        self._units = {symbol: unit_of(unit, where) for symbol, unit, where in declared}

    def __call__(self) -> None:
        """Check constants, then every expression, then every term of every balance.

        Raises
        ------
        ModelError
            Naming the term whose unit is wrong, the unit it has, and the unit it should have.
        """
        for symbol, constant in self._system.table.constants.items():
            if (
                abs(_registry().Quantity(constant.value, self._units[symbol]).to_base_units().magnitude - 1)
                > 1e-9
            ):
                raise ModelError(
                    f"constant {symbol}: {constant.value!r} {constant.unit} is not 1; a conversion must be"
                )
        system = self._system
        for kind in (
            system.quantities,
            system.rates,
            system.starts,
            system.observables,
            system.limits,
            system.doses,
            system.calibrated,
        ):
            for item in kind:
                self._check_named(item)
        day = _registry().day
        species = {item.symbol: item.unit for item in system.mechanism.species}
        for effect in system.effects:
            where = effect.parsed.where
            term = self._units[effect.process] * self._unit(effect.parsed.tree, effect.parsed)
            self._compare(
                term,
                self._units[effect.state] / day,
                f"{where}: the term ({effect.parsed.text})*{effect.process}",
                f"the balance of {effect.state} is in {species[effect.state]} per d",
            )

    def _check_named(self, item: Named) -> None:
        if literal(item.parsed.tree) == 0:
            return  # nothing is nothing in any unit
        self._compare(
            self._unit(item.parsed.tree, item.parsed),
            unit_of(item.unit, item.parsed.where),
            f"{item.parsed.where}: {item.parsed.text!r}",
            f"declared is {item.unit}",
        )

    def _compare(self, found: Any, wanted: Any, what: str, reason: str) -> None:
        if found.dimensionality != wanted.dimensionality:
            raise ModelError(f"{what} has the unit {_spelled(found)}, but {reason}")
        factor = _registry().Quantity(1.0, found).to(wanted).magnitude
        if abs(factor - 1) > _TOLERANCE:
            raise ModelError(
                f"{what} has the unit {_spelled(found)}, but {reason}: they differ by a factor {factor:g}; "
                "multiply by a conversion constant of the table"
            )

    def _unit(self, node: ast.expr, expression: Expression) -> Any:
        registry = _registry()
        if isinstance(node, ast.Constant):
            return registry.dimensionless
        if isinstance(node, ast.Name):
            return registry.dimensionless if node.id == "pi" else self._units[node.id]
        if isinstance(node, ast.UnaryOp):
            return self._unit(node.operand, expression)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return self._call(node.func.id, node.args, expression)
        assert isinstance(node, ast.BinOp)
        if isinstance(node.op, ast.Pow):
            return self._power(node, expression)
        left, right = self._unit(node.left, expression), self._unit(node.right, expression)
        if isinstance(node.op, ast.Mult):
            return left * right
        if isinstance(node.op, ast.Div):
            return left / right
        self._same(node.left, left, node.right, right, expression)
        return left

    def _same(self, first: ast.expr, one: Any, second: ast.expr, other: Any, expression: Expression) -> None:
        self._compare(
            other,
            one,
            f"{expression.where}: in {expression.text!r} the term {ast.unparse(second)!r}",
            f"{ast.unparse(first)!r}, which it is added to or compared with, is in {_spelled(one)}",
        )

    def _call(self, name: str, arguments: list[ast.expr], expression: Expression) -> Any:
        units = [self._unit(item, expression) for item in arguments]
        if name == "sqrt":
            return units[0] ** 0.5
        if name in ("minimum", "maximum"):
            self._same(arguments[0], units[0], arguments[1], units[1], expression)
            return units[0]
        self._pure(arguments[0], units[0], f"the argument of {name}", expression)
        return units[0]

    def _power(self, node: ast.BinOp, expression: Expression) -> Any:
        base = self._unit(node.left, expression)
        self._pure(node.right, self._unit(node.right, expression), "the exponent", expression)
        exponent = literal(node.right)
        if exponent is None:
            self._pure(node.left, base, "the base of a power that is no number", expression)
            return base
        return base ** float(exponent)

    def _pure(self, node: ast.expr, unit: Any, what: str, expression: Expression) -> None:
        self._compare(
            unit,
            _registry().dimensionless,
            f"{expression.where}: in {expression.text!r} {ast.unparse(node)!r}",
            f"{what} must be a pure number",
        )


def _spelled(unit: Any) -> str:
    return f"{unit:~P}".replace("\u22c5", "·") or "1"  # the dot differs between versions of the registry
