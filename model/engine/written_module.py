"""Modules written by the program itself into the user's cache folder, and imported from there."""

import hashlib
import importlib.util
import os
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import platformdirs

from ..errors import ModelError


def module_of(text: str, kind: str) -> ModuleType:
    """Module of a text, imported from the cache folder (``LAG3IG_CACHE``, if set).

    It lies there under the hash of its text; an equal text is not written again, a differing one is replaced.

    Parameters
    ----------
    text
        Source of the module.
    kind
        What it is, as a part of its name.

    Raises
    ------
    ModelError
        The folder cannot be made or written.
    """
    name = f"lag3ig_{kind}_{hashlib.sha256(text.encode()).hexdigest()[:32]}"
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
