"""Mechanistic model of LAG-3Ig and the virtual trials run with it.

The repository is the package: ``model/``, ``fitting/`` and ``experiments/`` install as
``lag3ig.model`` and so on. This file makes the root their parent.
"""

from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .experiments.trial import run_trial as run_trial
    from .model.simulation import simulate as simulate

try:
    __version__ = version("lag3ig")
except PackageNotFoundError:  # a bare checkout on the path
    __version__ = "0+unknown"

__all__ = ["__version__", "run_trial", "simulate"]


def __getattr__(name: str) -> Any:
    # The doors open on first use, so that `import lag3ig` costs nothing.
    if name == "run_trial":
        from .experiments.trial import run_trial

        return run_trial
    if name == "simulate":
        from .model.simulation import simulate

        return simulate
    raise AttributeError(f"module 'lag3ig' has no attribute {name!r}")
