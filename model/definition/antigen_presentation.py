"""Binding of LAG-3Ig to MHC class II, and the signal it gives at each site."""

from .records import Module, Process, Quantity, Species
from .structures import Structure

# Site: its letter, free concentration, the signal's symbol, and the words for it.
_SITES = {
    "blood": ("b", "C", "S", "blood"),
    "tumour": ("t", "Ct", "ST", "the tumour"),
    "node": ("n", "Cn", "SL", "the draining node"),
}


def module(structure: Structure) -> Module:
    """Occupancy and signal at the sites that the structure lets act; the node's serves the vaccine in any.

    Binding takes no drug from plasma: bound drug is less than a thousandth of what is cleared in a day.
    """
    blood_acts = structure.activation_site in ("blood", "both")
    quantities: list[Quantity] = []
    species: list[Species] = []
    processes: list[Process] = []
    if blood_acts:
        quantities.append(Quantity("Ct", "gT*C", "nM", "free LAG-3Ig in the tumour"))
    quantities.append(Quantity("Cn", "Aly/Vly", "nM", "free LAG-3Ig in the draining node"))
    if structure.binding == "explicit":
        quantities.append(Quantity("kon", "koff/KD", "1/d/nM", "association of LAG-3Ig with MHC class II"))
        quantities.append(Quantity("kint", "kdeg", "1/d", "internalisation of occupied MHC class II"))
    # Bound molecules in blood are read out even where blood does not act.
    for site in ("blood", "tumour", "node") if blood_acts else ("blood", "node"):
        letter, level, signal, words = _SITES[site]
        bound = f"B_{letter}"
        if structure.binding == "explicit":
            more_species, more_processes = _explicit(letter, level, words)
            species += more_species
            processes += more_processes
        else:
            quantities.append(
                Quantity(
                    bound, f"Rcell*{level}/(KD+{level})", "molecule", f"LAG-3Ig bound per cell in {words}"
                )
            )
        if site != "blood" or blood_acts:
            ratio = f"z_{letter}"
            quantities.append(Quantity(ratio, f"({bound}/N50)**hS", "1", f"occupancy drive in {words}"))
            quantities.append(Quantity(signal, f"{ratio}/(1+{ratio})", "1", f"signal in {words}"))
    reached = {"blood": "S", "node": "fN*SL", "both": "S+fN*SL-fN*S*SL"}[structure.activation_site]
    quantities += [
        Quantity("Sa", reached, "1", "signal that blood antigen-presenting cells receive"),
        Quantity("St", "s0+(1-s0)*Sa", "1", "activation signal of blood antigen-presenting cells"),
        Quantity("m", "m0+(1-m0)*ST" if blood_acts else "m0", "1", "maturation signal in the tumour"),
    ]
    return Module(
        name="antigen_presentation",
        meaning="MHC class II occupancy and signals",
        species=tuple(species),
        quantities=tuple(quantities),
        processes=tuple(processes),
    )


def _explicit(letter: str, level: str, words: str) -> tuple[list[Species], list[Process]]:
    free, bound = f"R_{letter}", f"B_{letter}"
    flow = "molecule/d"
    species = [
        Species(free, "molecule", f"free MHC class II per cell in {words}", start="Rcell"),
        Species(bound, "molecule", f"LAG-3Ig bound per cell in {words}", scale="N50"),
    ]
    processes = [
        Process(f"synthesis_{letter}", "kdeg*Rcell", flow, f"new MHC class II in {words}", {free: "1"}),
        Process(
            f"degradation_{letter}", f"kdeg*{free}", flow, f"loss of MHC class II in {words}", {free: "-1"}
        ),
        Process(
            f"association_{letter}",
            f"kon*{level}*{free}",
            flow,
            f"LAG-3Ig binds in {words}",
            {free: "-1", bound: "1"},
        ),
        Process(
            f"dissociation_{letter}",
            f"koff*{bound}",
            flow,
            f"LAG-3Ig leaves in {words}",
            {free: "1", bound: "-1"},
        ),
        Process(
            f"internalisation_{letter}",
            f"kint*{bound}",
            flow,
            f"occupied MHC class II is internalised in {words}",
            {bound: "-1"},
        ),
    ]
    return species, processes
