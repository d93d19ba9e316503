"""Protocol of a trial: arms, doses, visits, scans and analyses, read from TOML."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ..fitting.cards import TrialCard, load_card
from ..fitting.vocabulary import Indication
from ..model.definition.mechanism import mechanism
from ..model.definition.parameters import ParameterTable, load_parameters
from ..model.definition.structures import Structure
from ..model.documents import Section, parse_document, place_of, read_document
from ..model.errors import Lag3igError, ProtocolError, nearest
from ..model.trial_design import Conduct, Dose, Text, Visits
from ..model.units import quantity
from .combination.section import Combination
from .design import Comparison, Limits, ProtocolArm, Split, Survival, TrialResponse
from .hypotheses.section import Hypotheses
from .predictions.section import Predictions
from .randomised.section import Design
from .run_in import RunIn
from .schedule.section import ScheduleSearch
from .sensitivity.section import Sensitivity

SHIPPED = Path(__file__).with_name("protocols")


class Protocol(Section):
    """A trial as it is to be run."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,59}$")]
    title: Text
    question: Text | None = None
    reference: Text | None = None
    published: Text | None = None
    indication: Indication | None = None
    sampling: Literal["independent", "sobol", "latin"] = "independent"
    structure: Mapping[str, str] = Field(default_factory=dict)
    parameters: Mapping[str, float | str] = Field(default_factory=dict)
    spreads: Mapping[str, float] = Field(default_factory=dict)
    visits: Visits
    response: TrialResponse
    conduct: Conduct = Conduct()
    limits: Limits = Limits()
    survival: Survival | None = None
    run_in: RunIn | None = None
    comparison: Comparison | None = None
    predictions: Predictions | None = None
    hypotheses: Hypotheses | None = None
    design: Design | None = None
    combination: Combination | None = None
    schedule: ScheduleSearch | None = None
    sensitivity: Sensitivity | None = None
    arms: Annotated[tuple[ProtocolArm, ...], Field(min_length=1)]
    splits: tuple[Split, ...] = ()

    @field_validator("structure")
    @classmethod
    def _structure_exists(cls, choices: Mapping[str, str]) -> Mapping[str, str]:
        return _understood(choices, Structure.from_mapping)

    @field_validator("parameters")
    @classmethod
    def _parameters_exist(cls, values: Mapping[str, float | str]) -> Mapping[str, float | str]:
        return _understood(values, _table)

    @field_validator("spreads")
    @classmethod
    def _spreads_exist(cls, values: Mapping[str, float]) -> Mapping[str, float]:
        return _understood(values, load_parameters().with_spreads)

    @field_validator("published")
    @classmethod
    def _card_exists(cls, name: str | None) -> str | None:
        return name if name is None else _understood(name, load_card)

    @field_validator("arms")
    @classmethod
    def _arms_differ(cls, arms: tuple[ProtocolArm, ...]) -> tuple[ProtocolArm, ...]:
        names = [arm.name for arm in arms]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two arms are called {name!r}")
        return arms

    @model_validator(mode="after")
    def _hangs_together(self) -> "Protocol":
        at = self.response.disease_control_at
        if at not in self.visits.scans:
            days = ", ".join(f"{day:g}" for day in self.visits.scans)
            raise ValueError(f"response.disease_control_at is day {at:g}, but scans are on days {days}")
        names = tuple(arm.name for arm in self.arms)
        if self.predictions is not None:
            _refuse(self.predictions.misfit(names, self.visits.blood, self.visits.scans))
        if self.combination is not None:
            _refuse(self.combination.misfit(names, self.visits.scans))
        if self.design is not None:
            deaths, immune = self.survival is not None, self.response.immune
            sizes = {arm.name: arm.evaluable for arm in self.arms}
            _refuse(self.design.misfit(sizes, deaths=deaths, immune=immune))
        if self.hypotheses is not None:
            _refuse(self.hypotheses.misfit(names, self.visits.blood, self.visits.plasma))
        if self.schedule is not None:
            drugs = {arm.name: tuple(item.drug for item in arm.doses) for arm in self.arms}
            _refuse(self.schedule.misfit(drugs, self.visits.scans, self.visits.end))
        if self.sensitivity is not None:
            before = self.run_in is not None
            _refuse(self.sensitivity.misfit(names, self.visits.scans, self.visits.blood, run_in=before))
        if self.comparison is not None:
            groups = list(dict.fromkeys(arm.group for arm in self.arms if arm.group))
            for side in ("low", "high"):
                wanted = getattr(self.comparison, side)
                if wanted not in groups:
                    raise ValueError(
                        f"comparison.{side} = {wanted!r}: no arm is of that group; {nearest(wanted, groups)}"
                    )
        for number, split in enumerate(self.splits, start=1):
            self._check_split(number, split)
        return self

    def _check_split(self, number: int, split: Split) -> None:
        if not len(split.treated) == len(split.evaluable) == len(self.arms):
            raise ValueError(
                f"splits[{number}] needs one number of treated and evaluable for each arm ({len(self.arms)})"
            )
        if any(able > treated for able, treated in zip(split.evaluable, split.treated, strict=True)):
            raise ValueError(f"splits[{number}] has more evaluable than treated patients in an arm")
        if self.comparison is not None:
            for group in (self.comparison.low, self.comparison.high):
                members = [i for i, arm in enumerate(self.arms) if arm.group == group]
                here = sum(split.evaluable[i] for i in members)
                there = sum(self.arms[i].evaluable for i in members)
                if here != there:
                    raise ValueError(
                        f"splits[{number}] has {here} evaluable patients {group}, the trial {there}"
                    )

    def build_structure(self) -> Structure:
        """Structure with the protocol's choices."""
        return Structure.from_mapping(self.structure)

    def parameter_table(self, base: ParameterTable | None = None) -> ParameterTable:
        """Parameters with the protocol's values and spreads in those of a table, the shipped one if none."""
        return _table(self.parameters, base).with_spreads(self.spreads)

    def card(self) -> TrialCard | None:
        """What a publication printed, to show beside the model."""
        return None if self.published is None else load_card(self.published)

    def of_group(self, group: str) -> list[int]:
        """Positions of the arms of a group."""
        return [place for place, arm in enumerate(self.arms) if arm.group == group]


def _refuse(misfit: str) -> None:
    if misfit:
        raise ValueError(misfit)


def _understood(value: Any, reader: Any) -> Any:
    """The value itself, once the reader accepts it; the reader's objection becomes the field's."""
    try:
        reader(value)
    except Lag3igError as fault:
        raise ValueError(str(fault)) from None
    return value


def _table(values: Mapping[str, float | str], base: ParameterTable | None = None) -> ParameterTable:
    table = load_parameters() if base is None else base
    numbers = {
        symbol: quantity(value, table[symbol].unit, what=f"parameter {symbol}")
        for symbol, value in values.items()
    }
    return table.with_values(numbers)


@dataclass(frozen=True, slots=True)
class LoadedProtocol:
    """A protocol with the text it was read from."""

    protocol: Protocol
    text: str


def shipped_protocols() -> list[str]:
    """Names of the protocols that ship with the package."""
    return sorted(path.stem for path in SHIPPED.glob("*.toml"))


def load_protocol(name: str | Path) -> LoadedProtocol:
    """A protocol by the name of one that ships with the package, or by the path of a TOML file.

    Raises
    ------
    ProtocolError
        If there is no such protocol or file, it does not hold together, or its model does not take a dose;
        the message names file, line and key, and the nearest known word.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if str(name) not in shipped_protocols():
            known = nearest(str(name), shipped_protocols())
            raise ProtocolError(f"no protocol is called {str(name)!r}; {known}, or give a .toml file")
        path = SHIPPED / f"{name}.toml"
    protocol, text = read_document(path, Protocol, error=ProtocolError)
    _check_doses(protocol, text, name=str(path))
    return LoadedProtocol(protocol, text)


def parse_protocol(text: str, *, name: str = "protocol") -> LoadedProtocol:
    """A protocol from its text; ``name`` stands for it in messages."""
    protocol = parse_document(text, Protocol, error=ProtocolError, name=name)
    _check_doses(protocol, text, name=name)
    return LoadedProtocol(protocol, text)


def _check_doses(protocol: Protocol, text: str, *, name: str) -> None:
    """Refuse doses that the model of the protocol's structure does not take, all in one message."""
    model = mechanism(protocol.build_structure())
    faults = []
    lists: list[tuple[tuple[str | int, ...], tuple[Dose, ...]]]
    lists = [(("arms", number, "doses"), arm.doses) for number, arm in enumerate(protocol.arms)]
    if protocol.run_in is not None:
        lists.append((("run_in", "doses"), protocol.run_in.doses))
    for place, doses in lists:
        for number, item in enumerate(doses):
            found = item.misfit(model)
            if found is not None:
                key, reason = found
                faults.append(f"{place_of(text, (*place, number, key), name=name)}: {reason}")
    if faults:
        raise ProtocolError("\n".join(faults))
