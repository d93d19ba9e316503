"""What a protocol says of hypotheses: structures to tell apart, what is observed, designs to compare."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from ...model.definition.structures import Structure
from ...model.documents import Section
from ...model.errors import Lag3igError, nearest
from ...model.trial_design import Count, Name, Schedule

Sample = Literal["activated_cd8", "em_cd8_percent", "monocytes", "lymphocytes", "plasma"]
Response = Literal["stable_3m", "responded"]

SAMPLES: Mapping[str, str] = {
    "activated_cd8": "activated CD8",
    "em_cd8_percent": "effector-memory share",
    "monocytes": "monocytes",
    "lymphocytes": "lymphocytes",
    "plasma": "plasma level",
}
RESPONSES: Mapping[str, str] = {"stable_3m": "disease control", "responded": "objective response"}


class Design(Section):
    """A trial to compare with others; what is left out is as in the protocol.

    Attributes
    ----------
    name : str
    samples : tuple of str
        Blood samples analysed; none of them if empty and ``responses`` is given.
    responses : tuple of str
        Responses counted.
    days : tuple of float
        d; visits at which blood is drawn after baseline; all if empty.
    arms : tuple of str
        Doses given; all if empty.
    patients : int, optional
        Of each arm.
    """

    name: Name
    samples: tuple[Sample, ...] = ()
    responses: tuple[Response, ...] = ()
    days: Schedule = ()
    arms: tuple[str, ...] = ()
    patients: Count | None = None


class Hypotheses(Section):
    """Structures that a trial is to tell apart.

    Attributes
    ----------
    structures : mapping of str to mapping
        Name and structural choices of each, over those of the protocol.
    samples, responses : tuple of str
        What the trial observes: blood at the visits of the protocol, and counts of responses.
    sizes : tuple of int
        Patients an arm, for the curve of information.
    factor : float
        Assumed numbers lie within this factor of their value with probability 95 %, where no fit is given.
    count_error : float
        Standard deviation of the logarithm of a blood count whose assay the model gives no error. Assumed.
    designs : tuple of Design
    """

    structures: Annotated[Mapping[Name, Mapping[str, str]], Field(min_length=2)]
    samples: Annotated[tuple[Sample, ...], Field(min_length=1)]
    responses: tuple[Response, ...] = ()
    sizes: Annotated[tuple[Count, ...], Field(min_length=1)] = (3, 6, 12, 24, 48)
    factor: Annotated[float, Field(gt=1.0, le=100.0)] = 2.0
    count_error: Annotated[float, Field(ge=0.0, le=2.0)] = 0.2
    designs: tuple[Design, ...] = ()

    @field_validator("structures")
    @classmethod
    def _structures_exist(cls, given: Mapping[str, Mapping[str, str]]) -> Mapping[str, Mapping[str, str]]:
        for name, choices in given.items():
            try:
                Structure.from_mapping(choices)
            except Lag3igError as fault:
                raise ValueError(f"structure {name!r}: {fault}") from None
        return given

    @field_validator("sizes")
    @classmethod
    def _increasing(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if sorted(set(sizes)) != list(sizes):
            raise ValueError("sizes must increase")
        return sizes

    def misfit(self, arms: tuple[str, ...], blood: tuple[float, ...], plasma: tuple[float, ...]) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does."""
        if "plasma" in self.samples and not any(day > 0.0 for day in plasma):
            return "hypotheses.samples has plasma, but visits.plasma has no time after baseline"
        for number, design in enumerate(self.designs, start=1):
            where = f"hypotheses.designs[{number}]"
            for arm in design.arms:
                if arm not in arms:
                    return f"{where}.arms = {arm!r}: no arm is called so; {nearest(arm, arms)}"
            for sample in design.samples:
                if sample not in self.samples:
                    return f"{where}.samples has {sample}, which hypotheses.samples does not"
            for response in design.responses:
                if response not in self.responses:
                    return f"{where}.responses has {response}, which hypotheses.responses does not"
            for day in design.days:
                if day == 0.0 or day not in (*blood, *plasma):
                    return f"{where}.days: no blood is drawn on day {day:g} after baseline"
        return ""
