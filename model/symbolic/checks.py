"""Checks that a system of equations holds together: units, conserved totals, and signs."""

import random
from collections.abc import Iterable
from typing import Any

import sympy

from ..errors import ModelError
from .grammar import exact, parse
from .system import Effect, System
from .unit_check import UnitCheck

_SAMPLES = 24  # states at which signs are tried
_TRIES = 1000  # patients drawn to find a plausible one
_SEED = 20090101


def check(system: System) -> None:
    """Check units, conserved totals and signs.

    Raises
    ------
    ModelError
        Naming the first term that is wrong.
    """
    UnitCheck(system)()
    check_conserved(system)
    check_signs(system)


def check_conserved(system: System) -> None:
    """Check that nothing but the named sources changes each conserved total.

    Raises
    ------
    ModelError
        Naming the total, what it changes by, and the processes whose terms do not cancel.
    """
    constants = {symbol: exact(item.value) for symbol, item in system.table.constants.items()}
    names = {**system.symbols, **constants}
    for item in system.mechanism.conserved:
        where = f"conserved total {item.meaning!r}"
        for source in item.sources:
            if source not in {rate.symbol for rate in system.rates}:
                raise ModelError(f"{where}: there is no process {source!r}")
        total = _expanded(system, parse(item.total, where, names).to_sympy(names))
        changes: dict[str, Any] = {}
        for effect in system.effects:
            weight = sympy.diff(total, system.symbols[effect.state])
            if weight != 0 and effect.process not in item.sources:
                term = weight * _expanded(system, effect.coefficient * system.symbols[effect.process])
                changes[effect.process] = changes.get(effect.process, sympy.Integer(0)) + term
        residual = sympy.simplify(sympy.Add(*changes.values()))
        if residual != 0:
            guilty = [process for process, change in changes.items() if sympy.simplify(change) != 0]
            raise ModelError(
                f"{where} is not conserved: it changes by {residual} per d; "
                f"terms that do not cancel: {', '.join(guilty)}"
            )


def _expanded(system: System, expression: Any) -> Any:
    """Expression in terms of states, inputs and parameters."""
    values = {system.symbols[item.symbol]: item.expression for item in (*system.quantities, *system.rates)}
    while any(symbol in values for symbol in expression.free_symbols):
        expression = expression.xreplace(values)
    return expression


def check_signs(system: System) -> None:
    """Check that no balance takes from a state that is empty, so that no state can become negative.

    Each term is computed at many random states, inputs and parameters with its own state at zero: it must not
    be negative there.

    Raises
    ------
    ModelError
        Naming the process, the state, and the value that the term takes.
    """
    generator = random.Random(_SEED)
    for _ in range(_SAMPLES):
        known = _sample(system, generator)
        for state in system.states:
            values = dict(known)
            values[state] = 0.0
            _evaluate(system, values, system.effects_on(state))


def _sample(system: System, generator: random.Random) -> dict[str, float]:
    """Random states and inputs, and parameters of a patient who is plausible."""
    for _ in range(_TRIES):
        values = system.typical_values()
        for symbol in system.parameters:
            parameter = system.table[symbol]
            value = parameter.value * generator.lognormvariate(0.0, 0.3)
            if parameter.distribution == "logitnormal":
                value = generator.uniform(0.01, 0.99)
            values[symbol] = value if parameter.admits(value) else parameter.value
        for symbol in (*system.states, *system.inputs):
            values[symbol] = 10.0 ** generator.uniform(-3.0, 3.0)
        _evaluate(system, values, ())
        if all(item.parsed.evaluate(values) >= 0.0 for item in system.limits):
            return values
    raise ModelError(f"none of {_TRIES} random patients is plausible: the limits contradict the parameters")


def _evaluate(system: System, values: dict[str, float], effects: Iterable[Effect]) -> None:
    rates = {item.symbol: item for item in system.rates}
    item: Any = None
    try:
        for item in system.quantities:
            values[item.symbol] = item.parsed.evaluate(values)
        for effect in effects:
            item = rates[effect.process]
            term = effect.parsed.evaluate(values) * item.parsed.evaluate(values)
            if not term >= 0.0:
                raise ModelError(
                    f"process {effect.process}: its term in the balance of {effect.state} is {term:.3g} "
                    f"where {effect.state} is 0, so {effect.state} would become negative; a loss must vanish "
                    f"with what it takes (rate {item.parsed.text!r}, coefficient {effect.parsed.text!r})"
                )
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise ModelError(
            f"{item.parsed.where}: {item.parsed.text!r} cannot be computed at a plausible state ({error})"
        ) from error
