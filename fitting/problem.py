"""What is to be fitted, as a document: cards, what may move, and under which structure."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator

from ..model.definition.parameters import ParameterTable, load_parameters
from ..model.definition.structures import Structure
from ..model.documents import Section, read_document
from ..model.errors import Lag3igError, ParameterError, nearest
from ..model.trial_design import Text
from ..model.units import quantity
from .cards import load_card
from .free_parameters import (
    SPREAD_UNCERTAINTY,
    Context,
    FreeParameter,
    FreeParameters,
    prior_of_median,
)
from .observations import PriorObservation
from .priors import Prior

PROBLEMS = Path(__file__).with_name("problems")
Bounds = tuple[float, float]
Positive = Annotated[float, Field(gt=0.0)]


class FreeEntry(Section):
    """A median or spread that may move; of one indication, or of all.

    ``uncertainty`` is the standard deviation of the prior on its link scale (the logarithm of a positive
    parameter, the logit of a share); without it the kind of the parameter decides.
    """

    parameter: str
    target: Literal["median", "spread"] = "median"
    indication: str = ""
    median: float | None = None
    uncertainty: Positive | None = None
    bounds: Bounds | None = None


class EffectEntry(Section):
    """Factors on a median, one for each indication or trial named, shrunk towards 1."""

    parameter: str
    of: Annotated[tuple[str, ...], Field(min_length=1)]
    spread: Positive


class ShareEntry(Section):
    """The share of the second kind of patient, free about the table's; ``uncertainty`` of its logit."""

    uncertainty: Positive = 1.0
    bounds: Bounds | None = None


class CorrelationEntry(Section):
    """A free correlation of two parameters over patients; ``uncertainty`` of its Fisher z."""

    parameters: tuple[str, str]
    uncertainty: Positive = 0.5


class Setting(Section):
    """What is different in an indication: values and spreads that replace those of the table."""

    parameters: Mapping[str, float | str] = Field(default_factory=dict)
    spreads: Mapping[str, float] = Field(default_factory=dict)


class Alternative(Section):
    """The same fit under another structure: what it has besides, and what is free besides."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,29}$")]
    title: Text
    structure: Mapping[str, str]
    free: tuple[FreeEntry, ...] = ()
    share: ShareEntry | None = None


class Problem(Section):
    """A fit: cards, structure, what may move, and how many virtual patients an arm has."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
    title: Text
    cards: Annotated[tuple[str, ...], Field(min_length=1)]
    leave_out: tuple[str, ...] = ()
    structure: Mapping[str, str] = Field(default_factory=dict)
    parameters: Mapping[str, float | str] = Field(default_factory=dict)
    indications: Mapping[str, Setting] = Field(default_factory=dict)
    free: tuple[FreeEntry, ...] = ()
    effects: tuple[EffectEntry, ...] = ()
    share: ShareEntry | None = None
    correlations: tuple[CorrelationEntry, ...] = ()
    alternatives: tuple[Alternative, ...] = ()
    patients: Annotated[int, Field(ge=10, le=1_000_000)] = 2_000
    seed: Annotated[int, Field(ge=0)] = 1

    @field_validator("structure")
    @classmethod
    def _structure_exists(cls, choices: Mapping[str, str]) -> Mapping[str, str]:
        try:
            Structure.from_mapping(choices)
        except Lag3igError as fault:
            raise ValueError(str(fault)) from None
        return choices

    @model_validator(mode="after")
    def _hangs_together(self) -> "Problem":
        try:
            if not len(self.free_parameters()):
                raise ParameterError("nothing is free: add [[free]] with a parameter")
            for indication in self.indications:
                self.base(Context(indication, ""))
            for other in self.alternatives:
                self.alternative(other.name)
        except Lag3igError as fault:
            raise ValueError(str(fault)) from None
        return self

    def build_structure(self) -> Structure:
        """Structure with the problem's choices."""
        return Structure.from_mapping(self.structure)

    def alternative(self, name: str) -> "Problem":
        """The fit under one of its other structures; cards, patients and seed are the same.

        Raises
        ------
        ParameterError
            If it has no alternative of that name, or that does not hold together.
        """
        known = {item.name: item for item in self.alternatives}
        if name not in known:
            raise ParameterError(f"fit {self.name!r} has no alternative {name!r}; {nearest(name, known)}")
        other = known[name]
        changes = {
            "name": f"{self.name}-{name}",
            "title": f"{self.title}: {other.title}",
            "structure": {**self.structure, **other.structure},
            "free": self.free + other.free,
            "share": other.share or self.share,
            "alternatives": (),
        }
        try:
            return Problem.model_validate({**dict(self), **changes})
        except ValidationError as fault:
            reasons = "; ".join(str(item["msg"]) for item in fault.errors())
            raise ParameterError(f"alternative {name!r}: {reasons}") from None

    def base(self, context: Context) -> ParameterTable:
        """Table of an indication before anything moves."""
        table = _with(load_parameters().for_structure(self.build_structure()), self.parameters)
        setting = self.indications.get(context.indication)
        return table if setting is None else _with(table, setting.parameters).with_spreads(setting.spreads)

    def free_parameters(self) -> FreeParameters:
        """What may move; priors that the problem does not give come from its cards, else from the table.

        Raises
        ------
        ParameterError
            If a symbol does not exist or its numbers contradict each other.
        """
        items = [self._free(entry) for entry in self.free]
        for effect in self.effects:
            self.base(Context("", ""))[effect.parameter]
            shrunk = Prior(0.0, effect.spread, "identity")
            items += [FreeParameter("effect", (effect.parameter,), shrunk, group) for group in effect.of]
        if self.share is not None:
            mixture = self.base(Context("", "")).mixture
            if mixture is None or self.build_structure().microenvironment != "mixture":
                raise ParameterError("a free share needs structure = { microenvironment = 'mixture' }")
            prior = Prior(mixture.share, self.share.uncertainty, "logit", self.share.bounds)
            items.append(FreeParameter("share", (), prior))
        for pair in self.correlations:
            self.base(Context("", "")).with_correlation(pair.parameters, 0.0)
            items.append(FreeParameter("correlation", pair.parameters, Prior(0.0, pair.uncertainty, "tanh")))
        return FreeParameters(tuple(items))

    def _printed_prior(self, symbol: str) -> PriorObservation | None:
        """What a card of the fit says of a parameter itself."""
        for name in self.cards:
            for item in load_card(name).observations:
                if isinstance(item, PriorObservation) and item.role == "prior" and item.parameter == symbol:
                    return item
        return None

    def _free(self, entry: FreeEntry) -> FreeParameter:
        parameter = self.base(Context(entry.indication, ""))[entry.parameter]
        if entry.target == "median":
            median, deviation = entry.median, entry.uncertainty
            printed = None if entry.indication else self._printed_prior(entry.parameter)
            if printed is not None:  # the problem's own words go before those of a card
                median = printed.value if median is None else median
                deviation = math.log(printed.factor) if deviation is None else deviation
            prior = prior_of_median(parameter, median=median, deviation=deviation, bounds=entry.bounds)
        else:
            if parameter.distribution == "none":
                raise ParameterError(f"parameter {entry.parameter} does not vary over patients")
            centre = parameter.spread if entry.median is None else entry.median
            prior = Prior(centre, entry.uncertainty or SPREAD_UNCERTAINTY, "log", entry.bounds)
        return FreeParameter(entry.target, (entry.parameter,), prior, entry.indication)


def _with(table: ParameterTable, values: Mapping[str, float | str]) -> ParameterTable:
    numbers = {
        symbol: quantity(value, table[symbol].unit, what=f"parameter {symbol}")
        for symbol, value in values.items()
    }
    return table.with_values(numbers)


def shipped_problems() -> list[str]:
    """Names of the fits that ship with the package."""
    return sorted(path.stem for path in PROBLEMS.glob("*.toml"))


def load_problem(name: str | Path) -> tuple[Problem, str]:
    """A fit by the name of one that ships with the package, or by the path of a TOML file; and its text.

    Raises
    ------
    ParameterError
        If there is none, or it does not hold together; the message names file, line and key.
    """
    path: Any = Path(name)
    if path.suffix != ".toml":
        if str(name) not in shipped_problems():
            known = nearest(str(name), shipped_problems())
            raise ParameterError(f"no fit is called {str(name)!r}; {known}, or give a .toml file")
        path = PROBLEMS / f"{name}.toml"
    return read_document(path, Problem, error=ParameterError)
