"""Vaccine: antigen that is released under the skin, with LAG-3Ig in the node as its adjuvant."""

from .records import Module, Process, Route, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Release of antigen, and the mature dendritic cells it yields in the node."""
    return Module(
        name="vaccine",
        meaning="vaccine with LAG-3Ig as adjuvant",
        species=(Species("Av", "vaccine_unit", "vaccine antigen"),),
        processes=(
            Process(
                "vaccine_release",
                "kv*Av",
                "vaccine_unit/d",
                "antigen is taken up by dendritic cells, which mature with adjuvant",
                {"Av": "-1", "DL": "sV*(b0+(1-b0)*SL)"},
            ),
        ),
        routes=(
            Route(
                name="vaccine.sc",
                drug="vaccine",
                state="Av",
                dose_unit="vaccine_unit",
                number=5,
                compartments=("Av",),
            ),
        ),
    )
