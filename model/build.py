"""Models beyond the shipped ones, written on first use: the one lazy door to the symbolic layer."""

import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType

import platformdirs

from .definition.mechanism import mechanism
from .definition.parameters import ParameterTable, load_parameters
from .definition.records import Module
from .definition.structures import Structure
from .engine.contract import load_kernels
from .errors import ModelError
from .model import Model


def build(
    structure: Structure | Mapping[str, str] | None = None,
    *,
    extra: Sequence[Module] = (),
    parameters: ParameterTable | None = None,
) -> Model:
    """Write, check and load the kernels of any combination of choices, with a user's own processes.

    The module lies in the user's cache folder (``LAG3IG_CACHE``, if set) under the hash of its text; an equal
    text is not written again.

    Parameters
    ----------
    structure
        Structural choices, the default ones if None.
    extra
        Modules of the definition that are added to the shipped ones.
    parameters
        Table that holds every parameter the modules use; the literature set if None.

    Raises
    ------
    ModelError
        If the equations do not hold together (units, names, conservation, signs); the message names the term.
    """
    from .symbolic.checks import check
    from .symbolic.kernels import KernelWriter
    from .symbolic.system import assemble

    chosen = structure if isinstance(structure, Structure) else Structure.from_mapping(structure or {})
    table = (load_parameters() if parameters is None else parameters).for_structure(chosen)
    whole = mechanism(chosen, extra)
    system = assemble(whole, table)
    check(system)
    name = chosen.name + "".join(f"+{module.name}" for module in extra)
    text = KernelWriter(system).text(name)
    return Model(chosen, load_kernels(_module(text)), table, whole)


def _module(text: str) -> ModuleType:
    """Module of a text, imported from the cache folder."""
    name = f"lag3ig_model_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
    path = _folder() / f"{name}.py"
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        _write(path, text)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ModelError(f"{path}: cannot be imported as a module")
    if name in sys.modules:
        return sys.modules[name]
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # compiled code is found again by the name of its module
    spec.loader.exec_module(module)
    return module


def _folder() -> Path:
    given = os.environ.get("LAG3IG_CACHE")
    folder = (Path(given) if given else platformdirs.user_cache_path("lag3ig")) / "models"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ModelError(
            f"{folder}: the cache folder for built models cannot be made ({error.strerror}); "
            "set LAG3IG_CACHE to a folder that can be written"
        ) from error
    return folder


def _write(path: Path, text: str) -> None:
    """Write whole or not at all, so that two processes that build the same model do not meet half a file."""
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=path.stem, suffix=".tmp", delete=False
        ) as file:
            file.write(text)
        os.replace(file.name, path)
    except OSError as error:
        raise ModelError(f"{path}: the built model cannot be written ({error.strerror})") from error
