"""CD8 cells: tumour-specific from naive to memory, polyclonal effectors, and those inside the tumour."""

from .records import Limit, Module, Process, Quantity, Species
from .structures import Structure

_BLOOD = "cell/uL"
_BLOOD_FLOW = "cell/uL/d"
_TUMOUR_FLOW = "Mcell/mL/d"


def module(structure: Structure) -> Module:
    """Tumour-specific, polyclonal and tumour-infiltrating CD8 cells in one module."""
    specific, polyclonal, infiltrating = _specific(), _polyclonal(), _infiltrating()
    parts = (specific, polyclonal, infiltrating)
    return Module(
        name="cd8_t_cells",
        meaning="CD8 cells of node, blood and tumour",
        species=tuple(item for part in parts for item in part.species),
        quantities=tuple(item for part in parts for item in part.quantities),
        processes=tuple(item for part in parts for item in part.processes),
        limits=tuple(item for part in parts for item in part.limits),
    )


def _specific() -> Module:
    return Module(
        name="tumour_specific",
        meaning="naive cells, burst expansion in the node, effectors, central memory",
        species=(
            Species("N", _BLOOD, "tumour-specific naive CD8 cells, all clones", start="N_start"),
            Species(
                "P", _BLOOD, "cells in burst expansion, counted before it", start="nd_start*primed_start/kpro"
            ),
            Species("Ep", _BLOOD, "tumour-specific primed effectors", start="Ep_start"),
            Species("Cs", _BLOOD, "tumour-specific central memory", start="rE*fC*Ep_start/(dC+aC*H_start)"),
        ),
        quantities=(
            Quantity("nd_start", "n0+n1*H_start", "1", "divisions without drug"),
            Quantity("burst_start", "2**nd_start", "1", "burst size without drug"),
            Quantity("recall_burst", "2**nC", "1", "burst size of a recalled memory cell"),
            Quantity("N_start", "dN*N00/(dN+aN*H_start)", _BLOOD, "naive cells without drug"),
            Quantity("primed_start", "aN*H_start*N_start", _BLOOD_FLOW, "naive cells recruited without drug"),
            Quantity(
                "loop",
                "1-recall_burst*aC*H_start*rE*fC/((dE+rE)*(dC+aC*H_start))",
                "1",
                "what the memory loop leaves open: at 0 it would feed itself",
            ),
            Quantity("Ep_start", "burst_start*primed_start/((dE+rE)*loop)", _BLOOD, "effectors without drug"),
            Quantity("nd", "n0+n1*H", "1", "divisions of a recruited cell"),
            Quantity("burst", "2**nd", "1", "burst size"),
        ),
        processes=(
            Process("naive_supply", "dN*N00", _BLOOD_FLOW, "supply of naive cells", {"N": "1"}),
            Process("naive_loss", "dN*N", _BLOOD_FLOW, "loss of naive cells", {"N": "-1"}),
            Process(
                "priming",
                "aN*H*N",
                _BLOOD_FLOW,
                "recruitment of naive cells in the node",
                {"N": "-1", "P": "pr"},
            ),
            Process(
                "expansion",
                "kpro/nd*P",
                _BLOOD_FLOW,
                "clones finish their burst and leave the node",
                {"P": "-1", "Ep": "burst"},
            ),
            Process(
                "recall",
                "aC*H*Cs",
                _BLOOD_FLOW,
                "recall of central memory",
                {"Cs": "-1", "Ep": "recall_burst"},
            ),
            Process("primed_death", "dE*Ep", _BLOOD_FLOW, "death of primed effectors", {"Ep": "-1"}),
            Process("primed_return", "rE*Ep", _BLOOD_FLOW, "primed effectors rest", {"Ep": "-1", "Cs": "fC"}),
            Process("memory_loss", "dC*Cs", _BLOOD_FLOW, "loss of central memory", {"Cs": "-1"}),
        ),
        limits=(Limit("memory_loop", "loop", "1", "the memory loop does not feed itself"),),
    )


def _polyclonal() -> Module:
    return Module(
        name="polyclonal",
        meaning="activated and effector-memory cells of any specificity",
        species=(
            Species("E", _BLOOD, "activated polyclonal CD8 cells", start="E0"),
            Species("EM", _BLOOD, "polyclonal effector-memory CD8 cells", start="EM0"),
        ),
        quantities=(
            Quantity("E0", "phiE*EM0", _BLOOD, "activated cells without drug"),
            Quantity("X_start", "Ma_start/(Ma_start+KMa)", "1", "reactivation signal without drug"),
            Quantity("E_turnover", "(dE+rE)*E0", _BLOOD_FLOW, "turnover of activated cells without drug"),
            Quantity("E_yield", "2**mE", "1", "activated cells per reactivated cell"),
            Quantity("aEM", "qE*E_turnover/(E_yield*X_start*EM0)", "1/d", "reactivation at full signal"),
            Quantity(
                "EM_turnover",
                "aEM*X_start*EM0+dEM*EM0",
                _BLOOD_FLOW,
                "turnover of effector memory without drug",
            ),
            Quantity(
                "fM",
                "qM*EM_turnover/(rE*E0)",
                "1",
                "effector-memory cells per returning effector, with homeostatic division, so it may exceed 1",
            ),
            Quantity("sE", "(1-qE)*E_turnover", _BLOOD_FLOW, "other supply of activated cells"),
            Quantity("sEM", "(1-qM)*EM_turnover", _BLOOD_FLOW, "other supply of effector memory"),
            Quantity("X", "Ma/(Ma+KMa)", "1", "reactivation signal"),
        ),
        processes=(
            Process("effector_supply", "sE", _BLOOD_FLOW, "other supply of activated cells", {"E": "1"}),
            Process(
                "reactivation",
                "aEM*X*EM",
                _BLOOD_FLOW,
                "activated antigen-presenting cells reactivate effector memory",
                {"EM": "-1", "E": "E_yield*pr"},
            ),
            Process("effector_death", "dE*E", _BLOOD_FLOW, "death of activated cells", {"E": "-1"}),
            Process("effector_return", "rE*E", _BLOOD_FLOW, "activated cells rest", {"E": "-1", "EM": "fM"}),
            Process(
                "effector_memory_supply", "sEM", _BLOOD_FLOW, "other supply of effector memory", {"EM": "1"}
            ),
            Process(
                "effector_memory_loss",
                "dEM*EM*(EM/EM0)",
                _BLOOD_FLOW,
                "loss of effector memory, rising with its number",
                {"EM": "-1"},
            ),
        ),
        limits=(
            Limit("effector_source", "sE", _BLOOD_FLOW, "supply of activated cells is not negative"),
            Limit("effector_memory_source", "sEM", _BLOOD_FLOW, "supply of effector memory is not negative"),
            Limit("cd8_above_low", "E0+EM0+Oth-CD8_low", _BLOOD, "CD8 count above the smallest plausible"),
            Limit("cd8_below_high", "CD8_high-E0-EM0-Oth", _BLOOD, "CD8 count below the largest plausible"),
        ),
    )


def _infiltrating() -> Module:
    return Module(
        name="tumour_infiltrating",
        meaning="functional and exhausted cells of the tumour, as densities",
        species=(
            Species("Td", "Mcell/mL", "functional CD8 cells of the tumour", start="Td0"),
            Species("Tx", "Mcell/mL", "exhausted CD8 cells of the tumour", start="kex*Hp_start*Td0/dTx"),
        ),
        quantities=(
            Quantity(
                "qT",
                "Td0*(dT+kex*Hp_start)/(ftr*E0+Ep_start)",
                "Mcell/mL/d/(cell/uL)",
                "entry into the tumour per cell of blood",
            ),
        ),
        processes=(
            Process(
                "tumour_entry",
                "qT*(ftr*E+Ep)*(1+eG*(G-1))",
                _TUMOUR_FLOW,
                "CD8 cells enter the tumour",
                {"Td": "1"},
            ),
            Process("tumour_cd8_loss", "dT*Td", _TUMOUR_FLOW, "functional cells die", {"Td": "-1"}),
            Process(
                "exhaustion",
                "kex*Hp*Td",
                _TUMOUR_FLOW,
                "PD-1 exhausts functional cells",
                {"Td": "-1", "Tx": "1"},
            ),
            Process("exhausted_loss", "dTx*Tx", _TUMOUR_FLOW, "exhausted cells die", {"Tx": "-1"}),
        ),
    )
