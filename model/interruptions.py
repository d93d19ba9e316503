"""Interruptions (Ctrl-C) that are not lost in the callbacks of a library."""

import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def held_back() -> Iterator[None]:
    """Hold an interruption back until the block is done, and raise it then.

    HDF5 calls back into Python to write; an interruption raised there can vanish in a finaliser, and with it
    what was being written.
    """
    heed = _handler()
    if heed is None:
        yield
        return
    held: list[tuple[int, Any]] = []
    signal.signal(signal.SIGINT, lambda number, frame: held.append((number, frame)))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, heed)
        if held:
            heed(*held[0])


@contextmanager
def heeded() -> Iterator[Callable[[], None]]:
    """Give a function that raises an interruption again, should it have vanished; call it at safe places.

    What Python has to say of an interruption that vanished is not printed.
    """
    heed, complain = _handler(), sys.unraisablehook
    seen: list[int] = []

    def check() -> None:
        if seen:
            raise KeyboardInterrupt

    if heed is None:
        yield check
        return

    def note(number: int, frame: Any) -> None:
        seen.append(number)
        heed(number, frame)

    def quiet(vanished: Any) -> None:
        if not isinstance(vanished.exc_value, KeyboardInterrupt):
            complain(vanished)

    signal.signal(signal.SIGINT, note)
    sys.unraisablehook = quiet
    try:
        yield check
    finally:
        signal.signal(signal.SIGINT, heed)
        sys.unraisablehook = complain


def _handler() -> Callable[[int, Any], Any] | None:
    """What Python does on an interruption here: nothing in other threads, or where a shell turned it off."""
    heed = signal.getsignal(signal.SIGINT)
    return heed if callable(heed) and threading.current_thread() is threading.main_thread() else None
