"""Compilation through a private cache that never serves a stale result.

numba's own on-disk cache watches only the file in which a function is written: after an edit or upgrade of
anything that the function calls, it answers with old code. Here every compiled function lives in a folder
named by a hash of all that its machine code depends on (the sources of this package, the lane width, the
versions of Python, numba and llvmlite, the processor and its features) and, for a kernel, of the code
object that is compiled. A change of any leads to another folder, so an old answer cannot be found.
"""

import hashlib
import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from types import FunctionType
from typing import Any

import llvmlite
import numba
import numpy as np
import platformdirs
from llvmlite import binding

from ..errors import ModelError
from .lanes import LANES

_PACKAGE = Path(__file__).parent
_LOCK = threading.RLock()


def jit_disabled() -> bool:
    """Whether the same text runs on numpy instead (NUMBA_DISABLE_JIT=1)."""
    return bool(numba.config.DISABLE_JIT)


def _sources() -> bytes:
    """Digest of the engine's text, taken when it is imported: a later edit is not what this process runs."""
    digest = hashlib.sha256()
    for path in sorted(_PACKAGE.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()


_SOURCES = _sources()


def target() -> dict[str, str]:
    """Names what compiled bits depend on besides the text: recorded with every result.

    Returns
    -------
    dict
        ``cpu``, ``features`` (a hash), ``lanes``, ``python``, ``numba``, ``llvmlite``.
    """
    name = numba.config.CPU_NAME or binding.get_host_cpu_name()
    features = numba.config.CPU_FEATURES
    if features is None:
        features = binding.get_host_cpu_features().flatten()
    return {
        "cpu": name,
        "features": hashlib.sha256(features.encode()).hexdigest()[:16],
        "lanes": str(LANES),
        "python": ".".join(map(str, sys.version_info[:3])),
        "numba": numba.__version__,
        "llvmlite": llvmlite.__version__,
    }


@cache
def engine_hash() -> str:
    """Hash of the engine's sources and the compile target."""
    text = repr(sorted(target().items())).encode()
    return hashlib.sha256(_SOURCES + text).hexdigest()


def kernel_hash(function: Callable[..., Any]) -> str:
    """Hash of a kernel as compiled: its code, its constants and the values it names, with the engine's hash.

    Raises
    ------
    ModelError
        The kernel is a closure: what it closes over could not be told from the outside.
    """
    digest = hashlib.sha256(engine_hash().encode())
    _add_function(digest, function, set())
    return digest.hexdigest()


def _add_function(digest: Any, function: Any, seen: set[int]) -> None:
    if id(function) in seen:
        return
    seen.add(id(function))
    code = function.__code__
    if function.__closure__:
        raise ModelError(f"kernel {function.__qualname__!r} is a closure; write it at the top of a module")
    digest.update(repr((code.co_name, code.co_varnames, code.co_argcount, code.co_names)).encode())
    digest.update(code.co_code)
    digest.update(repr([constant for constant in code.co_consts if not isinstance(constant, str)]).encode())
    for name in code.co_names:
        value = function.__globals__.get(name)
        if isinstance(value, np.ndarray):
            digest.update(repr((name, value.dtype.str, value.shape)).encode() + value.tobytes())
        elif not isinstance(value, FunctionType):
            digest.update(f"{name}={value!r}".encode())
        elif value.__module__.rpartition(".")[0] == __package__:
            digest.update(f"{name}={value.__qualname__}".encode())  # the engine's hash stands for its words
        else:
            _add_function(digest, value, seen)


def private_folder() -> Path | None:
    """Folder for compiled code that only this user can write, or None if there cannot be one.

    It is ``LAG3IG_CACHE`` if set, else the user's cache folder. numba's index is a pickle, so a folder that
    another user owns or may write to is refused.
    """
    given = os.environ.get("LAG3IG_CACHE")
    root = Path(given) if given else platformdirs.user_cache_path("lag3ig")
    folder = root / "compiled"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            state = folder.stat()
            if state.st_uid != os.getuid() or state.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                return None
            folder.chmod(0o700)
    except OSError:
        return None
    return folder if os.access(folder, os.W_OK) else None


@contextmanager
def cached_under(name: str) -> Iterator[bool]:
    """Context in which numba caches under ``name`` in the private folder; yields whether it can.

    numba reads its cache folder when a function is decorated, so decoration happens inside.
    """
    folder = private_folder()
    with _LOCK:
        before = numba.config.CACHE_DIR
        numba.config.CACHE_DIR = str(folder / name[:32]) if folder else before
        try:
            yield folder is not None
        finally:
            numba.config.CACHE_DIR = before


def compile_kernel(function: Callable[..., Any], signature: Any) -> Any:
    """Compiled C function of a kernel, from the cache if the very same code was compiled before."""
    findable = Path(function.__code__.co_filename).exists() and _is_importable(function)
    name = hashlib.sha256(f"{kernel_hash(function)} {function.__module__}".encode()).hexdigest()
    with cached_under(name) as possible:
        return numba.cfunc(signature, cache=possible and findable)(function)


def _is_importable(function: Callable[..., Any]) -> bool:
    """Whether the function's module goes by its name: numba imports it to load cached code."""
    module = sys.modules.get(function.__module__)
    return module is not None and vars(module) is getattr(function, "__globals__", None)


def compile_engine(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compiled form of one of the engine's own loops, which releases the interpreter's lock.

    It must always be called with the same types: then its folder holds one entry, and processes that
    compile it at the same time write the same thing.
    """
    if jit_disabled():
        return function
    with cached_under(engine_hash()) as possible:
        return numba.njit(nogil=True, cache=possible)(function)
