"""Structural choices of the model: each option changes equations, not numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ..errors import ModelError, nearest


@dataclass(frozen=True, slots=True)
class Choice:
    """One structural choice: its options (the first is the default) and what each means."""

    meaning: str
    options: Mapping[str, str]


CHOICES: Mapping[str, Choice] = {
    "activation_site": Choice(
        "where LAG-3Ig activates antigen-presenting cells",
        {"blood": "blood and tumour", "node": "draining node", "both": "either, as independent chances"},
    ),
    "binding": Choice(
        "binding of LAG-3Ig to MHC class II",
        {"equilibrium": "quasi-equilibrium", "explicit": "association, dissociation and receptor turnover"},
    ),
    "disposition": Choice(
        "non-linearity of LAG-3Ig disposition",
        {
            "linear": "none",
            "capture": "saturable loss at the depot",
            "target_mediated": "saturable loss from plasma",
        },
    ),
    "tumour_effect": Choice(
        "what tumour CD8 cells do to the tumour", {"kill": "kill", "none": "nothing: the null model"}
    ),
    "kill_scaling": Choice(
        "exponent om of (DTref/DT) in the kill rate",
        {"half": "om 1/2", "mass_action": "om 0", "proportional": "om 1: proportional to growth"},
    ),
    "growth": Choice(
        "growth law of the tumour",
        {"exponential": "exponential", "logistic": "logistic", "gompertz": "Gompertz"},
    ),
    "microenvironment": Choice(
        "tumour microenvironment across patients (the equations are the same)",
        {"one": "one population", "mixture": "inflamed and non-inflamed"},
    ),
    "new_lesions": Choice(
        "progression by new lesions",
        {"hazard": "hazard rising with the sum of longest diameters", "none": "none"},
    ),
    "antibodies": Choice(
        "anti-drug antibodies", {"none": "none", "incidence": "clearance multiplied after onset"}
    ),
    "paclitaxel": Choice(
        "kinetics of paclitaxel",
        {"kpd": "one effect compartment (K-PD)", "two_compartment": "plasma and tissue"},
    ),
    "rebound": Choice(
        "what the rebound of blood counts under paclitaxel reaches",
        {"counts": "reported counts only", "apc": "responsive antigen-presenting cells"},
    ),
    "occasions": Choice(
        "variability from injection to injection",
        {"none": "none", "absorption": "absorption rate and bioavailability"},
    ),
    "antigen": Choice(
        "tumour antigen that reaches dendritic cells",
        {"growing": "follows the tumour", "held": "kept at its start, to verify the growth of the tumour"},
    ),
}


def _default(choice: str) -> Any:
    return field(default=next(iter(CHOICES[choice].options)))


@dataclass(frozen=True, slots=True)
class Structure:
    """Set of structural choices, one option each.

    >>> Structure(binding="explicit").name
    'binding-explicit'

    Raises
    ------
    ModelError
        If an option does not exist; the message names the nearest.
    """

    activation_site: str = _default("activation_site")
    binding: str = _default("binding")
    disposition: str = _default("disposition")
    tumour_effect: str = _default("tumour_effect")
    kill_scaling: str = _default("kill_scaling")
    growth: str = _default("growth")
    microenvironment: str = _default("microenvironment")
    new_lesions: str = _default("new_lesions")
    antibodies: str = _default("antibodies")
    paclitaxel: str = _default("paclitaxel")
    rebound: str = _default("rebound")
    occasions: str = _default("occasions")
    antigen: str = _default("antigen")

    def __post_init__(self) -> None:
        for name, choice in CHOICES.items():
            option = getattr(self, name)
            if option not in choice.options:
                raise ModelError(
                    f"structure {name} = {option!r} does not exist: {nearest(str(option), choice.options)}"
                )

    @classmethod
    def from_mapping(cls, choices: Mapping[str, str]) -> "Structure":
        """Structure with the given choices, the others at their defaults.

        Raises
        ------
        ModelError
            If a choice or an option does not exist; the message names the nearest.
        """
        for name in choices:
            if name not in CHOICES:
                raise ModelError(f"structure has no choice {name!r}: {nearest(name, CHOICES)}")
        return cls(**choices)

    @classmethod
    def from_name(cls, name: str) -> "Structure":
        """Structure of a name such as ``default`` or ``binding-explicit+growth-logistic``."""
        if name == "default":
            return cls()
        parts = [part.partition("-") for part in name.split("+")]
        return cls.from_mapping({choice: option for choice, _, option in parts})

    @property
    def stiff(self) -> bool:
        """Whether a process is so fast, hundreds a day, that it is at rest with the others within a step."""
        return self.binding == "explicit"

    def as_mapping(self) -> dict[str, str]:
        """Every choice with its option."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @property
    def name(self) -> str:
        """``default``, or every choice that differs from it, joined by plus signs."""
        differing = [
            f"{choice}-{option}"
            for choice, option in self.as_mapping().items()
            if option != next(iter(CHOICES[choice].options))
        ]
        return "+".join(differing) or "default"

    @property
    def equations(self) -> "Structure":
        """Structure whose equations these are: what only shapes the population is at its default."""
        return replace(self, microenvironment="one")

    @property
    def module_name(self) -> str:
        """Name of the generated module that holds these equations."""
        return self.equations.name.replace("-", "_").replace("+", "_and_")

    @property
    def is_shipped(self) -> bool:
        """Whether these equations are generated with the product: the default ones, or one step from them."""
        return self.equations in (Structure(), *Structure().one_step_alternatives())

    def one_step_alternatives(self) -> tuple["Structure", ...]:
        """Every structure that differs from this one in exactly one choice, in the order of the choices."""
        return tuple(
            replace(self, **{choice: option})
            for choice, record in CHOICES.items()
            for option in record.options
            if option != getattr(self, choice)
        )
