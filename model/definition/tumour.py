"""Tumour: living and dying volume, growth, kill, antigen, and the hazard of new lesions."""

from .records import Limit, Module, Process, Quantity, Species
from .structures import Structure


def module(structure: Structure) -> Module:
    """Growth by the structure's law, kill by CD8 cells and paclitaxel, and what a scan would show."""
    kills = structure.tumour_effect == "kill"
    quantities = [
        Quantity("g", "log(2)/DT", "1/d", "growth rate of the untreated tumour"),
        Quantity("V0", "pi/6*mL_per_mm3*SLD0**3/nles**2", "mL", "baseline volume: equal spheres"),
        *(_kill(structure) if kills else ()),
        Quantity("kk", "kkT*(1-Hp)*Tk+kpac*Xp" if kills else "kpac*Xp", "1/d", "kill rate"),
        Quantity(
            "V_start", "V0/(1+k0/(kclr+g))" if kills else "V0", "mL", "living volume in balanced growth"
        ),
        Quantity(
            "Vd_start",
            "V_start*k0/(kclr+g)" if kills else "0",
            "mL",
            "dying volume in balanced growth",
        ),
        Quantity("Z_start", "V_start+eta*Vd_start", "mL", "antigen source without drug"),
        Quantity("Veff_start", "Vag*Z_start/(Z_start+Vag)", "mL", "effective antigen source without drug"),
        Quantity("W", "V+Vd", "mL", "tumour volume"),
        *_growth(structure),
    ]
    if structure.antigen == "held":
        quantities.append(Quantity("Veff", "Veff_start", "mL", "effective antigen source, held at its start"))
    else:
        quantities += [
            Quantity("Z", "V+eta*Vd", "mL", "antigen source: dying cells weigh more"),
            Quantity("Veff", "Vag*Z/(Z+Vag)", "mL", "effective antigen source"),
        ]
    quantities += [
        Quantity("size", "(W/V0)**(1/3)", "1", "diameter relative to baseline"),
        Quantity("SLD", "SLD0*size", "mm", "sum of longest diameters"),
    ]
    species = [
        Species("V", "mL", "living tumour volume", start="V_start"),
        Species("Vd", "mL", "dying tumour volume", start="Vd_start"),
    ]
    processes = [
        Process("tumour_growth", "growth*V", "mL/d", "the tumour grows", {"V": "1"}),
        Process("tumour_kill", "kk*V", "mL/d", "CD8 cells and paclitaxel kill", {"V": "-1", "Vd": "1"}),
        Process("dead_clearance", "kclr*Vd", "mL/d", "dying tumour is cleared", {"Vd": "-1"}),
    ]
    if structure.new_lesions == "hazard":
        species.append(Species("Lnew", "1", "cumulative hazard of a new lesion"))
        processes.append(
            Process("lesion_hazard_rate", "h0*SLD/SLDref", "1/d", "hazard of a new lesion", {"Lnew": "1"})
        )
    return Module(
        name="tumour",
        meaning="living and dying tumour",
        species=tuple(species),
        quantities=tuple(quantities),
        processes=tuple(processes),
        limits=(
            Limit("sld_above_low", "SLD0-SLD0_low", "mm", "baseline size above the smallest plausible"),
            Limit("sld_below_high", "SLD0_high-SLD0", "mm", "baseline size below the largest plausible"),
        ),
    )


def _kill(structure: Structure) -> tuple[Quantity, ...]:
    scaled = {
        "mass_action": "kkill",
        "half": "kkill*sqrt(DTref/DT)",
        "proportional": "kkill*DTref/DT",
    }[structure.kill_scaling]
    return (
        Quantity("kkT", scaled, "1/d/(Mcell/mL)", "kill per density of functional CD8 cells"),
        Quantity("Tk", "Tsat*Td/(Tsat+Td)", "Mcell/mL", "CD8 cells that kill at once"),
        Quantity("k0", "kkT*(1-Hp_start)*Tsat*Td0/(Tsat+Td0)", "1/d", "kill rate without drug"),
    )


def _growth(structure: Structure) -> tuple[Quantity, ...]:
    # Growth before kill is such that the untreated tumour starts at its own doubling time.
    total = "g+k0" if structure.tumour_effect == "kill" else "g"
    if structure.growth == "exponential":
        return (
            Quantity("kg", total, "1/d", "growth rate before kill"),
            Quantity("growth", "kg", "1/d", "growth rate"),
        )
    capacity = Quantity("Vmax", "maximum(Vfloor,rVmax*V0)", "mL", "carrying capacity")
    if structure.growth == "logistic":
        return (
            capacity,
            Quantity("kg", f"({total})/(1-V0/Vmax)", "1/d", "growth rate of a small tumour before kill"),
            Quantity("growth", "kg*(1-W/Vmax)", "1/d", "growth rate"),
        )
    return (
        capacity,
        Quantity("kg", total, "1/d", "growth rate at the start, before kill"),
        Quantity("growth", "-kg/log(Vmax/V0)*log(W/Vmax)", "1/d", "growth rate"),
    )
