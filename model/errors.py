"""Errors that a user can act on, one small tree."""

import difflib
from collections.abc import Iterable

MOST_NAMES = 25  # that a message lists


class Lag3igError(Exception):
    """Anything wrong with what the user gave; the message says what, where, and what would be right."""


class ModelError(Lag3igError):
    """A structure, equation or kernel that does not exist or does not hold together."""


class ParameterError(Lag3igError):
    """A parameter that is unknown, out of bounds, or not a number."""


class UnitError(Lag3igError):
    """A quantity whose unit is unknown or has the wrong dimension."""


class DosingError(Lag3igError):
    """A regimen or event table whose columns are missing or contradict each other."""


class PopulationError(Lag3igError):
    """A population that cannot be drawn as asked."""


class SimulationError(Lag3igError):
    """A simulation that cannot be started as asked (a patient that fails is a status, not an error)."""


class ProtocolError(Lag3igError):
    """A trial protocol that is incomplete or contradicts itself."""


class StorageError(Lag3igError):
    """A result that cannot be written, or a file that is not a result."""


def nearest(given: str, allowed: Iterable[str]) -> str:
    """Phrase naming the closest allowed name, or the allowed names if none is close.

    >>> nearest("activaton_site", ["activation_site", "binding"])
    "did you mean 'activation_site'?"
    >>> nearest("x", ["blood", "node"])
    "allowed: 'blood', 'node'"
    """
    names = list(allowed)
    close = difflib.get_close_matches(given, names, n=1, cutoff=0.6)
    if close:
        return f"did you mean {close[0]!r}?"
    shown = ", ".join(repr(name) for name in names[:MOST_NAMES])
    return f"allowed: {shown}" + (f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else "")
