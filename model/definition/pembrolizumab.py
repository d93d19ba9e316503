"""Pembrolizumab: two compartments, occupancy of PD-1, and the PD-1 inhibition it lifts."""

from .records import Conserved, Input, Module, Process, Quantity, Route, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Kinetics of pembrolizumab and PD-1 inhibition of tumour CD8 cells, with or without it."""
    return Module(
        name="pembrolizumab",
        meaning="pembrolizumab and PD-1",
        inputs=(Input("Pc_infusion", "mg/d", "rate of an infusion of pembrolizumab"),),
        species=(
            Species("Pc", "mg", "pembrolizumab, central"),
            Species("Pp", "mg", "pembrolizumab, peripheral"),
        ),
        quantities=(
            Quantity("CLpi", "CLp*(WT/WTref)**xCLp", "L/d", "this patient's clearance of pembrolizumab"),
            Quantity("Qpi", "Qp*(WT/WTref)**xCLp", "L/d", "this patient's exchange of pembrolizumab"),
            Quantity("V1pi", "V1p*(WT/WTref)**xVp", "L", "this patient's central volume of pembrolizumab"),
            Quantity("V2pi", "V2p*(WT/WTref)**xVp", "L", "this patient's peripheral volume of pembrolizumab"),
            Quantity("cp", "Pc/V1pi", "ug/mL", "pembrolizumab in plasma"),
            Quantity("RO", "cp/(cp+EC50p)", "1", "occupancy of PD-1 in the tumour"),
            Quantity("y_start", "y0**nPD", "1", "PD-1 drive without drug"),
            Quantity("Hp_start", "y_start/(1+y_start)", "1", "PD-1 inhibition without drug"),
            Quantity("L", "1+eL*(G-1)/(G+1)", "1", "PD-L1 relative to baseline"),
            Quantity("yy", "(y0*L*(1-RO))**nPD", "1", "PD-1 drive"),
            Quantity("Hp", "yy/(1+yy)", "1", "PD-1 inhibition of functional CD8 cells"),
        ),
        processes=(
            Process("pembrolizumab_infusion", "Pc_infusion", "mg/d", "infusion", {"Pc": "1"}),
            Process("pembrolizumab_elimination", "CLpi/V1pi*Pc", "mg/d", "elimination", {"Pc": "-1"}),
            Process(
                "pembrolizumab_outflow", "Qpi/V1pi*Pc", "mg/d", "to the periphery", {"Pc": "-1", "Pp": "1"}
            ),
            Process(
                "pembrolizumab_return", "Qpi/V2pi*Pp", "mg/d", "from the periphery", {"Pp": "-1", "Pc": "1"}
            ),
        ),
        routes=(
            Route(
                name="pembrolizumab.iv",
                drug="pembrolizumab",
                state="Pc",
                dose_unit="mg",
                number=3,
                compartments=("Pc", "Pp"),
                infusion="Pc_infusion",
            ),
        ),
        conserved=(
            Conserved(
                "pembrolizumab in = central + peripheral + eliminated",
                "Pc+Pp",
                ("pembrolizumab_infusion", "pembrolizumab_elimination"),
            ),
        ),
    )
