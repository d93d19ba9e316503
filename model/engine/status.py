"""What became of a patient's integration, as one small integer."""

from enum import IntEnum


class Status(IntEnum):
    """Outcome of one patient's integration; negative codes are failures whose outputs are NaN throughout.

    >>> Status.OK.meaning
    'finished'
    >>> Status(-3).failed
    True
    """

    OK = 0
    OK_AFTER_RETRY = 1
    INVALID_INPUT = -1
    TOO_MANY_STEPS = -2
    STEP_TOO_SMALL = -3
    LINEAR_FAILURE = -4
    NOT_FINITE = -5
    OUT_OF_BOUNDS = -6
    OVER_BUDGET = -7

    @property
    def meaning(self) -> str:
        """One line for tables and messages."""
        return _MEANINGS[self]

    @property
    def failed(self) -> bool:
        """Whether the patient has no trajectory."""
        return self < 0


_MEANINGS = {
    Status.OK: "finished",
    Status.OK_AFTER_RETRY: "finished after a retry with another control",
    Status.INVALID_INPUT: "a parameter, start value or event is not a finite number",
    Status.TOO_MANY_STEPS: "the limit on steps was reached",
    Status.STEP_TOO_SMALL: "the step size fell below the spacing of the clock",
    Status.LINEAR_FAILURE: "the linear systems of the implicit step could not be solved",
    Status.NOT_FINITE: "the right-hand side is not finite",
    Status.OUT_OF_BOUNDS: "a state left its physical bounds",
    Status.OVER_BUDGET: "the limit on right-hand-side evaluations was reached",
}
