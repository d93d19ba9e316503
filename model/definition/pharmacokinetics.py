"""LAG-3Ig from the subcutaneous depot through the draining node into plasma, and out."""

from .records import Conserved, Input, Module, Process, Quantity, Route, Species
from .structures import Structure

_ROUTES = (
    Route(
        name="lag3ig.sc",
        drug="lag3ig",
        state="Asc",
        dose_unit="mg",
        number=1,
        compartments=("Asc", "Aly", "Ac"),
        scale="nmol_per_umol/MW",
        bioavailability="Fsc",
        lag="tlag",
        infusion="Asc_infusion",
    ),
    Route(
        name="lag3ig.iv",
        drug="lag3ig",
        state="Ac",
        dose_unit="mg",
        number=2,
        compartments=("Asc", "Aly", "Ac"),
        scale="nmol_per_umol/MW",
        infusion="Ac_infusion",
    ),
)


def module(structure: Structure) -> Module:
    """Depot, draining node and plasma, with the losses that the structure asks for."""
    by_occasion = structure.occasions == "absorption"
    with_antibodies = structure.antibodies == "incidence"
    # Clearance times exposure is what was eliminated, unless clearance changes or another loss exists.
    counted = structure.disposition != "linear" or with_antibodies
    lost = {"Ael": "1"} if counted else {}

    inputs = [
        Input("Asc_infusion", "nmol/d", "rate of a subcutaneous infusion of LAG-3Ig"),
        Input(
            "Ac_infusion",
            "nmol/d",
            "rate of an intravenous infusion of LAG-3Ig, exact where VF, CLF fold in no loss",
        ),
    ]
    species = [
        Species("Asc", "nmol", "LAG-3Ig in the subcutaneous depot"),
        Species("Aly", "nmol", "LAG-3Ig in draining lymph and node"),
        Species("Ac", "nmol", "LAG-3Ig in plasma (apparent)"),
    ]
    quantities = [
        Quantity("CLi", "CLF*(WT/WTref)**xCL", "L/d", "this patient's apparent clearance"),
        Quantity("VFi", "VF*(WT/WTref)**xV", "L", "this patient's apparent volume"),
        Quantity("C", "Ac/VFi", "nM", "LAG-3Ig in plasma"),
    ]
    processes = [
        Process("depot_infusion", "Asc_infusion", "nmol/d", "subcutaneous infusion", {"Asc": "1"}),
        Process("plasma_infusion", "Ac_infusion", "nmol/d", "intravenous infusion", {"Ac": "1"}),
        Process(
            "absorption",
            "ka*ka_occasion*Asc" if by_occasion else "ka*Asc",
            "nmol/d",
            "absorption from the depot into lymph",
            {"Asc": "-1", "Aly": "1"},
        ),
        Process("drainage", "kly*Aly", "nmol/d", "lymph drains into plasma", {"Aly": "-1", "Ac": "1"}),
        Process(
            "elimination",
            "CLi*(1+(mADA-1)*antibody)*C" if with_antibodies else "CLi*C",
            "nmol/d",
            "linear elimination",
            {"Ac": "-1", **lost},
        ),
        Process("exposure", "C", "nM", "plasma level adds to exposure", {"AUC": "1"}),
    ]
    if by_occasion:
        inputs.append(
            Input("ka_occasion", "1", "absorption of this injection relative to the patient's", 1.0)
        )
    if with_antibodies:
        inputs.append(Input("antibody", "1", "anti-drug antibodies present (0 or 1)"))
    processes += _saturable_losses(structure, lost)
    if counted:
        species.append(Species("Ael", "nmol", "LAG-3Ig eliminated"))
    species.append(Species("AUC", "nM*d", "exposure: area under the plasma level"))
    eliminated = "Ael" if counted else "CLi*AUC"
    quantities.append(Quantity("eliminated_amount", eliminated, "nmol", "LAG-3Ig eliminated so far"))
    return Module(
        name="pharmacokinetics",
        meaning="LAG-3Ig: depot, draining node, plasma",
        inputs=tuple(inputs),
        species=tuple(species),
        quantities=tuple(quantities),
        processes=tuple(processes),
        routes=_ROUTES,
        conserved=(
            Conserved(
                "dose of LAG-3Ig in = depot + node + plasma + eliminated",
                "Asc+Aly+Ac+eliminated_amount",
                ("depot_infusion", "plasma_infusion"),
            ),
        ),
    )


def _saturable_losses(structure: Structure, lost: dict[str, str]) -> list[Process]:
    if structure.disposition == "capture":
        rate, meaning = "Vcap*Asc/(Kcap+Asc)", "saturable loss at the depot"
        return [Process("depot_capture", rate, "nmol/d", meaning, {"Asc": "-1", **lost})]
    if structure.disposition == "target_mediated":
        rate, meaning = "Vt*C/(Kt+C)", "target-mediated loss from plasma"
        return [Process("target_loss", rate, "nmol/d", meaning, {"Ac": "-1", **lost})]
    return []
