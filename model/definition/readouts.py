"""What can be read off a patient, and the assay that would measure it."""

from .records import Assay, Module, Observable, Quantity
from .structures import Structure

_COUNT = Assay("lognormal", "cv_activated_cd8")


def module(structure: Structure) -> Module:
    """Observables; where the rebound reaches the responsive cells, they are not scaled a second time."""
    rebounding = structure.rebound == "apc"
    monocytes = "Mother*(1+rM*Qr)+M+Ma" if rebounding else "(Mother+M+Ma)*(1+rM*Qr)"
    lymphocytes = "(E+EM+Oth+Lother)*(1+rL*Qr)"
    two = structure.paclitaxel == "two_compartment"
    return Module(
        name="readouts",
        meaning="observables",
        quantities=(
            Quantity("em_share", "(E+EM)/(E+EM+Oth)", "1", "effector and effector-memory share of CD8 cells"),
        ),
        observables=(
            Observable(
                "plasma", "MW*C", "ng/mL", "LAG-3Ig in plasma", Assay("lognormal", "cv_plasma", "lloq_plasma")
            ),
            Observable("plasma_nM", "C", "nM", "LAG-3Ig in plasma, molar"),
            Observable("auc", "MW*AUC", "ng/mL*d", "exposure to LAG-3Ig"),
            Observable("eliminated", "eliminated_amount", "nmol", "LAG-3Ig eliminated"),
            Observable(
                "bound_molecules", "B_b", "molecule", "LAG-3Ig bound per antigen-presenting cell of blood"
            ),
            Observable("activated_apc", "Ma", "cell/uL", "activated antigen-presenting cells"),
            Observable("activated_cd8", "E", "cell/uL", "activated CD8 cells", _COUNT),
            Observable(
                "em_cd8_percent",
                "percent_per_one*em_share",
                "percent",
                "effector-memory share of CD8 cells",
                Assay("normal", "sd_em_cd8"),
            ),
            Observable("cd8_total", "E+EM+Oth", "cell/uL", "CD8 cells"),
            Observable("monocytes", monocytes, "cell/uL", "monocytes"),
            Observable("lymphocytes", lymphocytes, "cell/uL", "lymphocytes"),
            Observable("pbmc", f"{lymphocytes}+{monocytes}+PBother", "cell/uL", "mononuclear blood cells"),
            Observable("ifng", "G", "1", "interferon gamma relative to baseline"),
            Observable("pembrolizumab", "cp", "ug/mL", "pembrolizumab in plasma"),
            Observable("receptor_occupancy", "RO", "1", "occupancy of PD-1 in the tumour"),
            Observable(
                "paclitaxel",
                "Tc/V1t" if two else "Xk",
                "ug/mL" if two else "dose_unit",
                "paclitaxel in plasma" if two else "paclitaxel effect compartment",
            ),
            Observable("tumour_volume", "W", "mL", "tumour volume"),
            Observable("sld", "SLD", "mm", "sum of longest diameters", Assay("lognormal", "cv_sld")),
            Observable(
                "lesion_hazard",
                "Lnew" if structure.new_lesions == "hazard" else "0",
                "1",
                "cumulative hazard of a new lesion",
            ),
        ),
    )
