"""Paclitaxel: exposure in either form, loss of proliferating cells, and the rebound of blood counts."""

from .records import Conserved, Input, Module, Process, Quantity, Route, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Kinetics of paclitaxel and its effects on blood; its kill is the tumour's."""
    kinetics = _two_compartment() if structure.paclitaxel == "two_compartment" else _kpd()
    return Module(
        name="paclitaxel",
        meaning=kinetics.meaning,
        inputs=kinetics.inputs,
        species=(*kinetics.species, Species("Qr", "dose_unit", "rebound of blood counts under paclitaxel")),
        quantities=(
            *kinetics.quantities,
            Quantity("pr", "1-lym*Xp/(1+Xp)", "1", "share of proliferating cells spared by paclitaxel"),
        ),
        processes=(
            *kinetics.processes,
            Process("rebound_rise", "kq*Xp", "dose_unit/d", "exposure drives the rebound", {"Qr": "1"}),
            Process("rebound_fall", "kq*Qr", "dose_unit/d", "the rebound fades", {"Qr": "-1"}),
        ),
        routes=kinetics.routes,
        conserved=kinetics.conserved,
    )


def _kpd() -> Module:
    return Module(
        name="kpd",
        meaning="paclitaxel by one effect compartment (K-PD)",
        species=(Species("Xk", "dose_unit", "paclitaxel effect compartment"),),
        quantities=(Quantity("Xp", "Xk", "dose_unit", "exposure to paclitaxel"),),
        processes=(
            Process("paclitaxel_loss", "kx*Xk", "dose_unit/d", "paclitaxel's effect fades", {"Xk": "-1"}),
        ),
        routes=(
            Route(
                name="paclitaxel.iv",
                drug="paclitaxel",
                state="Xk",
                dose_unit="mg/m**2",
                number=4,
                compartments=("Xk",),
                scale="1/Dpac",
            ),
        ),
    )


def _two_compartment() -> Module:
    return Module(
        name="two_compartment",
        meaning="paclitaxel in plasma and tissue",
        inputs=(Input("Tc_infusion", "mg/d", "rate of an infusion of paclitaxel"),),
        species=(
            Species("Tc", "mg", "paclitaxel, central"),
            Species("Tp", "mg", "paclitaxel, peripheral"),
        ),
        quantities=(
            # One dose unit has the area 1/kx in the K-PD form; here Dpac*BSA/CLt: the two kill alike.
            Quantity("Xp_per_level", "CLt/(kx*Dpac*BSA)", "L/mg", "exposure per plasma level"),
            Quantity("Xp", "Xp_per_level/V1t*Tc", "dose_unit", "exposure in dose units of the K-PD form"),
        ),
        processes=(
            Process("paclitaxel_infusion", "Tc_infusion", "mg/d", "infusion", {"Tc": "1"}),
            Process("paclitaxel_elimination", "CLt/V1t*Tc", "mg/d", "elimination", {"Tc": "-1"}),
            Process("paclitaxel_outflow", "Qt/V1t*Tc", "mg/d", "to tissue", {"Tc": "-1", "Tp": "1"}),
            Process("paclitaxel_return", "Qt/V2t*Tp", "mg/d", "from tissue", {"Tp": "-1", "Tc": "1"}),
        ),
        routes=(
            Route(
                name="paclitaxel.iv",
                drug="paclitaxel",
                state="Tc",
                dose_unit="mg/m**2",
                number=4,
                compartments=("Tc", "Tp"),
                scale="BSA",
                infusion="Tc_infusion",
            ),
        ),
        conserved=(
            Conserved(
                "paclitaxel in = central + peripheral + eliminated",
                "Tc+Tp",
                ("paclitaxel_infusion", "paclitaxel_elimination"),
            ),
        ),
    )
