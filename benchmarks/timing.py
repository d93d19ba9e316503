"""CPU time of several ways of doing a thing, taken in turns."""

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 5  # at the least; the median is reported


@dataclass(frozen=True, slots=True)
class Timing:
    """CPU seconds of each round, in all threads of the process."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """Median of the rounds."""
        return statistics.median(self.rounds)

    @property
    def least(self) -> float:
        """Shortest round: what the machine does when nothing disturbs it."""
        return min(self.rounds)


def cpu_seconds(action: Callable[[], object]) -> float:
    """CPU time of one run of an action, without collection of garbage in between."""
    gc.collect()
    enabled = gc.isenabled()
    gc.disable()
    try:
        begun = time.process_time()
        action()
        return time.process_time() - begun
    finally:
        if enabled:
            gc.enable()


def interleaved(actions: Sequence[Callable[[], object]], *, rounds: int = ROUNDS) -> list[Timing]:
    """Timing of each action, all of them once a round, each round beginning with another one.

    A machine that is busy or hot for a while then slows all of them alike.

    Raises
    ------
    ValueError
        If there are fewer rounds than a median needs.
    """
    if rounds < ROUNDS:
        raise ValueError(f"{rounds} rounds are too few for a median; take at least {ROUNDS}")
    taken: list[list[float]] = [[] for _ in actions]
    for turn in range(rounds):
        for offset in range(len(actions)):
            index = (turn + offset) % len(actions)
            taken[index].append(cpu_seconds(actions[index]))
    return [Timing(tuple(row)) for row in taken]
