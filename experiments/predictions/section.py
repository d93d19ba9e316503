"""What a protocol says of a prediction: which arms the trial has, what is told of them, and what is not."""

from collections.abc import Mapping

from pydantic import Field, field_validator

from ...model.documents import Section
from ...model.errors import nearest
from ...model.trial_design import Name, Schedule, Span, Text
from .vocabulary import OUTCOMES


class Predictions(Section):
    """A trial whose outcome is predicted.

    Attributes
    ----------
    control : str, optional
        Arm beside which hazard ratios and blood counts are told.
    twins : tuple of str
        Arms that the trial does not have: its own patients, as they would have fared there.
    blood : tuple of float
        d; blood samples, of which each patient's mean is told relative to baseline. All after baseline if
        left out.
    progression_free_at : float
        d; when the share free of progression is told.
    withheld : mapping of str to str
        Outcomes that the model has no ground to predict, and why.
    """

    control: Name | None = None
    twins: tuple[Name, ...] = ()
    blood: Schedule = ()
    progression_free_at: Span
    withheld: Mapping[str, Text] = Field(default_factory=dict)

    @field_validator("withheld")
    @classmethod
    def _outcomes_exist(cls, withheld: Mapping[str, str]) -> Mapping[str, str]:
        for name in withheld:
            if name not in OUTCOMES:
                raise ValueError(f"withheld names the outcome {name!r}: {nearest(name, OUTCOMES)}")
        return withheld

    def misfit(self, arms: tuple[str, ...], blood: tuple[float, ...], scans: tuple[float, ...]) -> str:
        """What does not fit the rest of the protocol, in words; empty if all does."""
        for key, names in (("control", (self.control,)), ("twins", self.twins)):
            for name in names:
                if name is not None and name not in arms:
                    return f"predictions.{key} = {name!r}: no arm is called so; {nearest(name, arms)}"
        if set(arms) <= set(self.twins):
            return "predictions.twins names every arm: the trial itself needs one"
        for day in self.blood:
            if day == 0.0 or day not in blood:
                return f"predictions.blood: no blood is drawn on day {day:g} after baseline"
        if self.progression_free_at not in scans:
            return f"predictions.progression_free_at: nobody is scanned on day {self.progression_free_at:g}"
        return ""
