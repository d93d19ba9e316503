"""Pieces of work done on several threads and handed over in their order."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Outcome = TypeVar("Outcome")

# Patients of a piece at most. What a piece needs then comes from memory that the process keeps: larger arrays
# the system hands out one by one and fills page by page, while the threads wait for each other.
PIECE = 1_024
LEAST = 128  # patients of a piece for which another thread is worth what the piece costs beside them
AHEAD = 2  # pieces begun or waiting for each thread: enough that none is idle while the first is handed over


def thread_count(threads: int | None) -> int:
    """Threads asked for, or the cores of the process."""
    return threads if threads is not None else len(os.sched_getaffinity(0))


def piece_size(patients: int, most: int, threads: int) -> int:
    """Patients of a piece: at most so many, and few enough that every thread has one worth it."""
    return min(most, max(LEAST, -(-patients // threads)))


def in_order(work: Callable[[Item], Outcome], items: Iterable[Item], *, threads: int) -> Iterator[Outcome]:
    """Outcome of each item, in the order of the items.

    Items are taken as they are needed and only a few outcomes wait at a time, so the memory does not depend
    on how many there are. numpy and compiled code release the interpreter, so threads suffice.
    """
    if threads == 1:
        yield from map(work, items)
        return
    waiting: deque[Future[Outcome]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                waiting.append(pool.submit(work, item))
                if len(waiting) >= AHEAD * threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
