"""Cohort cards: what a publication reported, how well it is known, and what it may be used for."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from ..model.documents import Section, read_document
from ..model.errors import Lag3igError, nearest
from ..model.survival import Proportion, proportion

DATA = Path(__file__).with_name("data")

Tag = Literal["read", "read in a secondary source", "derived", "assumed"]
Role = Literal["fitted", "check only", "prior", "design"]
Text = Annotated[str, Field(min_length=1, max_length=2_000)]


class Source(Section):
    """Where a card comes from."""

    citation: Text
    doi: Text
    pmid: Text | None = None
    registry: Text | None = None
    read: Text  # what of the source could be read


class Fact(Section):
    """One statement of a publication.

    A count has ``count`` and ``number``; a value has ``value``; an ordinal statement says only which way.
    ``p_one_sided`` style numbers are values too.
    """

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    statement: Text
    kind: Literal["count", "value", "ordinal"]
    published: Text  # as it is printed beside the model
    tag: Tag
    role: Role
    group: Text | None = None
    day: Annotated[float, Field(ge=0.0)] | None = None
    count: Annotated[int, Field(ge=0)] | None = None
    number: Annotated[int, Field(ge=1)] | None = None
    value: float | None = None
    unit: Text | None = None
    direction: Literal["+", "-"] | None = None
    note: Text | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Fact":
        if self.kind == "count":
            if self.count is None or self.number is None:
                raise ValueError("a count needs 'count' and 'number'")
            if self.count > self.number:
                raise ValueError(f"count {self.count} is more than number {self.number}")
        if self.kind == "value" and (self.value is None or self.unit is None):
            raise ValueError("a value needs 'value' and 'unit' (unit '1' for a plain number)")
        return self

    @property
    def share(self) -> Proportion:
        """Count with the exact 95 % interval of its share.

        Raises
        ------
        Lag3igError
            If the fact is not a count.
        """
        if self.count is None or self.number is None:
            raise Lag3igError(f"fact {self.id!r} is no count, so it has no share")
        return proportion(self.count, self.number)


class CohortCard(Section):
    """Facts of one published cohort."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
    title: Text
    source: Source
    facts: Annotated[tuple[Fact, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _distinct(self) -> "CohortCard":
        names = [fact.id for fact in self.facts]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two facts are called {name!r}")
        return self

    def fact(self, name: str) -> Fact:
        """The fact of that id.

        Raises
        ------
        Lag3igError
            If the card has none; the message names the nearest.
        """
        for fact in self.facts:
            if fact.id == name:
                return fact
        raise Lag3igError(
            f"card {self.id!r} has no fact {name!r}; {nearest(name, [f.id for f in self.facts])}"
        )

    def __contains__(self, name: object) -> bool:
        return any(fact.id == name for fact in self.facts)


def cards() -> list[str]:
    """Ids of the cards that ship with the package.

    >>> cards()
    ['brignone2009']
    """
    return sorted(path.stem for path in DATA.glob("*.toml"))


def load_card(name: str | Path) -> CohortCard:
    """A card by the id of one that ships with the package, or by the path of a TOML file.

    Raises
    ------
    Lag3igError
        If there is no such card or file, or it does not fit the schema; the message names line and key.
    """
    path = Path(name)
    if path.suffix != ".toml":
        if str(name) not in cards():
            raise Lag3igError(f"no cohort card is called {str(name)!r}; {nearest(str(name), cards())}")
        path = DATA / f"{name}.toml"
    card, _ = read_document(path, CohortCard, error=Lag3igError)
    return card
