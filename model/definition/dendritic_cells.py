"""Antigen-presenting cells of blood, and dendritic cells of tumour and node."""

from .records import Calibrated, Module, Process, Quantity, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Turnover, activation and maturation, and the migration of mature cells into the node."""
    supply = "kM*Mb*(1+eM*Sa)*pr"
    if structure.rebound == "apc":
        supply += "*(1+rM*Qr)"
    return Module(
        name="dendritic_cells",
        meaning="antigen-presenting cells of blood, tumour and node",
        species=(
            Species("M", "cell/uL", "responsive resting antigen-presenting cells of blood", start="M0"),
            Species("Ma", "cell/uL", "activated antigen-presenting cells of blood", start="Ma_start"),
            Species("D", "Mcell/mL", "immature dendritic cells of the tumour", start="D_start"),
            Species(
                "DL", "Mcell", "mature dendritic cells with tumour antigen in the node", start="DL_start"
            ),
        ),
        quantities=(
            Quantity("Mb", "M0*(1+aM*s0/kM)", "cell/uL", "supply level of responsive cells"),
            Quantity("Ma_start", "aM*s0*M0/kMa", "cell/uL", "activated cells of blood without drug"),
            Quantity("D_start", "kD*D0/(kD+kmat*m0)", "Mcell/mL", "tumour dendritic cells without drug"),
            Quantity("DL_start", "kmat*m0*D_start*Veff_start/kDL", "Mcell", "mature cells without drug"),
            Quantity("H_start", "DL_start/(DL_start+KH)", "1", "priming signal without drug"),
            Quantity("H", "DL/(DL+KH)", "1", "priming signal"),
        ),
        processes=(
            Process("monopoiesis", supply, "cell/uL/d", "supply of responsive cells", {"M": "1"}),
            Process("resting_loss", "kM*M", "cell/uL/d", "responsive cells leave blood", {"M": "-1"}),
            Process(
                "activation", "aM*St*M", "cell/uL/d", "responsive cells are activated", {"M": "-1", "Ma": "1"}
            ),
            Process("activated_loss", "kMa*Ma", "cell/uL/d", "activated cells leave blood", {"Ma": "-1"}),
            Process(
                "dendritic_renewal", "kD*D0", "Mcell/mL/d", "dendritic cells enter the tumour", {"D": "1"}
            ),
            Process("dendritic_loss", "kD*D", "Mcell/mL/d", "dendritic cells leave the tumour", {"D": "-1"}),
            Process(
                "maturation",
                "kmat*m*D",
                "Mcell/mL/d",
                "dendritic cells mature and migrate to the node",
                {"D": "-1", "DL": "Veff"},
            ),
            Process("node_loss", "kDL*DL", "Mcell/d", "mature cells of the node die", {"DL": "-1"}),
        ),
        calibrated=(
            Calibrated(
                "KH", "DL_start*(1-H0)/H0", "half-priming level at which the typical patient starts at H0"
            ),
        ),
    )
