"""What every observation of a publication says of itself: wording, origin, role, and the arms it is about."""

from collections.abc import Iterator, Sequence

from pydantic import model_validator

from ..model.documents import Fault, Section, refusal
from ..model.trial_design import Text
from . import vocabulary as words


class Printed(Section):
    """Something that a publication printed, or left out.

    ``label`` is its number in a list of evidence, ``published`` the words that stand beside the model,
    ``digitising_error`` how far a number read from a figure may be off, in the unit of the number.
    """

    id: words.Identifier
    label: Text | None = None
    statement: Text
    published: Text
    tag: words.Tag
    role: words.Role
    where: Text | None = None
    note: Text | None = None
    digitising_error: words.NotNegative | None = None

    @model_validator(mode="after")
    def _holds_together(self) -> "Printed":
        found = list(self.faults())
        if found:
            raise refusal(found)
        return self

    def faults(self) -> Iterator[Fault]:
        """Keys that contradict each other, with what would be right."""
        if self.role == "fitted" and self.tag == "remembered":
            yield ("role",), "what is only remembered is not fitted; give the role 'check only'"
        if self.role == "prior" and not self.is_prior:
            yield ("role",), "only the kind 'prior' has the role 'prior'; write 'fitted' or 'check only'"

    @property
    def is_prior(self) -> bool:
        """Whether it tells of a parameter instead of patients."""
        return False

    @property
    def observed(self) -> bool:
        """Whether the model has something to set beside it."""
        return True

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms whose patients are pooled; empty if it is about no arm."""
        return ()

    @property
    def visits(self) -> str | None:
        """Schedule that its arms must have: ``scans``, ``blood``, ``plasma``, or None."""
        return None

    @property
    def patients(self) -> int | None:
        """Patients that it counts; None if it counts none."""
        number: int | None = getattr(self, "number", None)
        return number

    def arms_named(self) -> Iterator[tuple[str, str]]:
        """Every arm that is named, with the key that names it."""
        yield from (("arm", name) for name in self.arms)

    def times_named(self) -> Iterator[tuple[str, float]]:
        """Every time (d) that must lie within its arms' follow-up, with the key that has it."""
        yield from ()


class ArmObservation(Printed):
    """An observation of the patients of one arm, or of several pooled."""

    arm: words.ArmNames

    @property
    def arms(self) -> tuple[str, ...]:
        """Ids of the arms whose patients are pooled."""
        return (self.arm,) if isinstance(self.arm, str) else self.arm


def unequal(name: str, values: Sequence[object], other: str, others: Sequence[object]) -> Iterator[Fault]:
    """The fault of two lists that should be of one length."""
    if len(values) != len(others):
        yield (name,), f"{len(values)} of {name} for {len(others)} of {other}; give one for each"


def outside(value: float, lower: float | None, upper: float | None, *, what: str) -> Iterator[Fault]:
    """The fault of an interval that is turned round, or does not hold its own estimate."""
    if lower is not None and upper is not None and lower > upper:
        yield ("lower",), f"lower = {lower:g} is more than upper = {upper:g}"
    elif lower is not None and value < lower:
        yield ("lower",), f"the interval from {lower:g} on excludes its own {what}, {value:g}"
    elif upper is not None and value > upper:
        yield ("upper",), f"the interval up to {upper:g} excludes its own {what}, {value:g}"
