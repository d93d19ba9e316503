"""Kernels of the default model.

Written by ``python -m lag3ig.model.symbolic.emit`` from the definition: edit that, not this.
"""

from lag3ig.model.engine.simd import exp, kernel, load, maximum, power, reciprocals, sqrt, store

NAME = "default"
STRUCTURE = {
    "activation_site": "blood",
    "binding": "equilibrium",
    "disposition": "linear",
    "tumour_effect": "kill",
    "kill_scaling": "half",
    "growth": "exponential",
    "microenvironment": "one",
    "new_lesions": "hazard",
    "antibodies": "none",
    "paclitaxel": "kpd",
    "rebound": "counts",
    "occasions": "none",
    "antigen": "growing",
}
STATES = (
    "Asc", "Aly", "Ac", "AUC", "M", "Ma", "D", "DL", "N", "P", "Ep", "Cs",
    "E", "EM", "Td", "Tx", "G", "V", "Vd", "Lnew", "Pc", "Pp", "Xk", "Qr",
    "Av",
)
SCALES = (1.0, 1.0, 1.0, 1.0, 100.0, 1.0, 0.1, 1.0, 0.01, 0.0001, 0.01, 0.01, 10.0, 100.0, 1.0, 0.1, 1.0, 100.0, 10.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0,)
PARAMETERS = (
    "WT", "WTref", "MW", "ka", "kly", "VF", "CLF", "xCL", "xV", "Fsc", "tlag", "Vly",
    "gT", "KD", "Rcell", "N50", "hS", "M0", "Mother", "kM", "kMa", "aM", "s0", "eM",
    "D0", "kD", "kmat", "m0", "kDL", "Vag", "eta", "H0", "KH", "N00", "dN", "aN",
    "n0", "n1", "kpro", "dE", "rE", "fC", "dC", "aC", "nC", "EM0", "phiE", "Oth",
    "qE", "qM", "KMa", "mE", "dEM", "ftr", "Td0", "dT", "kex", "dTx", "y0", "nPD",
    "eL", "kG", "eG", "kkill", "Tsat", "DT", "DTref", "SLD0", "nles", "kclr", "h0", "SLDref",
    "CLp", "V1p", "Qp", "V2p", "xCLp", "xVp", "EC50p", "Dpac", "kx", "kpac", "lym", "kq",
    "rM", "rL", "kv", "b0", "sV", "Lother", "PBother", "SLD0_low", "SLD0_high", "CD8_low", "CD8_high",
)
INPUTS = (
    ("Asc_infusion", 0.0),
    ("Ac_infusion", 0.0),
    ("Pc_infusion", 0.0),
)
OBSERVABLES = (
    "plasma", "plasma_nM", "auc", "eliminated", "bound_molecules", "activated_apc", "activated_cd8", "em_cd8_percent", "cd8_total", "monocytes", "lymphocytes", "pbmc",
    "ifng", "pembrolizumab", "receptor_occupancy", "paclitaxel", "tumour_volume", "sld", "lesion_hazard",
)
MARGINS = (
    "memory_loop", "effector_source", "effector_memory_source", "cd8_above_low", "cd8_below_high", "sld_above_low", "sld_below_high",
)
DOSES = (
    "lag3ig.sc", "lag3ig.iv", "pembrolizumab.iv", "paclitaxel.iv", "vaccine.sc",
)
CALIBRATED = (
    "KH",
)
DERIVED = 132
HASH = "a0fe79d980d207033bd2c2c8bcddf8534257b143d46b91ffe55230ba8b510150"
FACTORS = 78
STIFF = False


@kernel
def derive(parameters, derived):
    """Write all that depends on parameters alone."""
    WT = load(parameters, 0)  # kg: body weight
    WTref = load(parameters, 1)  # kg: body weight at which clearances and volumes have their typical value
    MW = load(parameters, 2)  # kg/mol: molar mass of LAG-3Ig (kDa)
    ka = load(parameters, 3)  # 1/d: absorption from the subcutaneous depot
    kly = load(parameters, 4)  # 1/d: lymph transit from the draining node to plasma
    VF = load(parameters, 5)  # L: apparent volume of plasma LAG-3Ig (bioavailability folded in)
    CLF = load(parameters, 6)  # L/d: apparent clearance of LAG-3Ig (bioavailability folded in)
    xCL = load(parameters, 7)  # 1: exponent of body weight on LAG-3Ig clearance
    xV = load(parameters, 8)  # 1: exponent of body weight on LAG-3Ig volume
    Fsc = load(parameters, 9)  # 1: subcutaneous bioavailability beyond what VF and CLF fold in; below 1 depot and node receive less
    tlag = load(parameters, 10)  # d: lag before absorption from the depot starts
    Vly = load(parameters, 11)  # L: volume of draining lymph and node
    gT = load(parameters, 12)  # 1: tumour to plasma ratio of free LAG-3Ig
    KD = load(parameters, 13)  # nM: avidity of the LAG-3Ig dimer for MHC class II positive cells at 37 C
    Rcell = load(parameters, 14)  # molecule: MHC class II molecules per antigen-presenting cell
    N50 = load(parameters, 15)  # molecule: bound molecules per cell at half the largest signal
    hS = load(parameters, 16)  # 1: Hill exponent of the signal
    M0 = load(parameters, 17)  # cell/uL: responsive antigen-presenting cells of blood: myeloid dendritic cells and a tenth of monocytes
    Mother = load(parameters, 18)  # cell/uL: other monocytes of blood
    kM = load(parameters, 19)  # 1/d: turnover of resting antigen-presenting cells of blood
    kMa = load(parameters, 20)  # 1/d: loss of activated antigen-presenting cells of blood
    aM = load(parameters, 21)  # 1/d: largest rate of activation of blood antigen-presenting cells
    s0 = load(parameters, 22)  # 1: activation signal without drug
    eM = load(parameters, 23)  # 1: extra monopoiesis at full signal, relative to the resting supply
    D0 = load(parameters, 24)  # Mcell/mL: density of dendritic cells in the tumour without maturation
    kD = load(parameters, 25)  # 1/d: renewal of tumour dendritic cells
    kmat = load(parameters, 26)  # 1/d: largest rate of maturation of tumour dendritic cells
    m0 = load(parameters, 27)  # 1: maturation signal without drug
    kDL = load(parameters, 28)  # 1/d: loss of mature dendritic cells in the node
    Vag = load(parameters, 29)  # mL: tumour volume at half the largest antigen supply
    eta = load(parameters, 30)  # 1: antigen of a dying cell relative to a living one
    H0 = load(parameters, 31)  # 1: priming signal of the typical patient without drug
    KH = load(parameters, 32)  # Mcell: mature dendritic cells in the node at half the largest priming signal
    N00 = load(parameters, 33)  # cell/uL: tumour-specific naive CD8 cells without priming
    dN = load(parameters, 34)  # 1/d: turnover of naive CD8 cells
    aN = load(parameters, 35)  # 1/d: recruitment of naive cells at full priming
    n0 = load(parameters, 36)  # 1: divisions of a recruited cell without priming signal
    n1 = load(parameters, 37)  # 1: further divisions at full priming
    kpro = load(parameters, 38)  # 1/d: divisions per day of expanding cells
    dE = load(parameters, 39)  # 1/d: death of effector cells
    rE = load(parameters, 40)  # 1/d: return of effector cells to memory
    fC = load(parameters, 41)  # 1: share of returning tumour-specific effectors that become central memory
    dC = load(parameters, 42)  # 1/d: loss of central memory cells
    aC = load(parameters, 43)  # 1/d: recall of central memory at full priming
    nC = load(parameters, 44)  # 1: divisions of a recalled central memory cell
    EM0 = load(parameters, 45)  # cell/uL: effector-memory CD8 cells without drug
    phiE = load(parameters, 46)  # 1: activated CD8 cells per effector-memory cell without drug
    Oth = load(parameters, 47)  # cell/uL: CD8 cells that are neither activated nor effector memory
    qE = load(parameters, 48)  # 1: share of the supply of activated CD8 cells that comes from effector memory without drug
    qM = load(parameters, 49)  # 1: share of the supply of effector-memory cells that comes from returning effectors without drug
    KMa = load(parameters, 50)  # cell/uL: activated antigen-presenting cells at half the largest reactivation
    mE = load(parameters, 51)  # 1: divisions of a reactivated effector-memory cell
    dEM = load(parameters, 52)  # 1/d: loss of effector-memory cells without drug
    ftr = load(parameters, 53)  # 1: tumour-reactive share of activated CD8 cells
    Td0 = load(parameters, 54)  # Mcell/mL: functional CD8 cells of the tumour without drug
    dT = load(parameters, 55)  # 1/d: loss of functional CD8 cells of the tumour
    kex = load(parameters, 56)  # 1/d: exhaustion of CD8 cells of the tumour under full PD-1 signal
    dTx = load(parameters, 57)  # 1/d: loss of exhausted CD8 cells of the tumour
    y0 = load(parameters, 58)  # 1: PD-1 tone of the tumour without drug
    nPD = load(parameters, 59)  # 1: Hill exponent of PD-1 inhibition
    eL = load(parameters, 60)  # 1: PD-L1 induced by interferon gamma
    kG = load(parameters, 61)  # 1/d: turnover of interferon gamma
    eG = load(parameters, 62)  # 1: interferon gamma on entry of CD8 cells into the tumour (0: off)
    kkill = load(parameters, 63)  # 1/d/(Mcell/mL): kill of the tumour per density of functional CD8 cells
    Tsat = load(parameters, 64)  # Mcell/mL: density of CD8 cells at which kill saturates by half
    DT = load(parameters, 65)  # d: doubling time of the untreated tumour's volume
    DTref = load(parameters, 66)  # d: doubling time at which kkill holds; another indication needs another
    SLD0 = load(parameters, 67)  # mm: sum of longest diameters without drug
    nles = load(parameters, 68)  # 1: target lesions, equal spheres
    kclr = load(parameters, 69)  # 1/d: clearance of dying tumour
    h0 = load(parameters, 70)  # 1/d: hazard of a new lesion at the reference sum of longest diameters (new_lesions = hazard)
    SLDref = load(parameters, 71)  # mm: sum of longest diameters at which h0 holds
    CLp = load(parameters, 72)  # L/d: clearance of pembrolizumab
    V1p = load(parameters, 73)  # L: central volume of pembrolizumab
    Qp = load(parameters, 74)  # L/d: exchange clearance of pembrolizumab
    V2p = load(parameters, 75)  # L: peripheral volume of pembrolizumab
    xCLp = load(parameters, 76)  # 1: exponent of body weight on the clearances of pembrolizumab
    xVp = load(parameters, 77)  # 1: exponent of body weight on the volumes of pembrolizumab
    EC50p = load(parameters, 78)  # ug/mL: plasma pembrolizumab at half occupancy of tumour PD-1
    Dpac = load(parameters, 79)  # mg/m**2: paclitaxel dose that counts as one dose unit
    kx = load(parameters, 80)  # 1/d: loss of the effect of paclitaxel (K-PD)
    kpac = load(parameters, 81)  # 1/d/dose_unit: kill of the tumour by paclitaxel
    lym = load(parameters, 82)  # 1: largest loss of proliferating immune cells to paclitaxel
    kq = load(parameters, 83)  # 1/d: approach of the rebound of blood counts to the exposure to paclitaxel
    rM = load(parameters, 84)  # 1/dose_unit: rebound of monocytes under paclitaxel
    rL = load(parameters, 85)  # 1/dose_unit: rebound of lymphocytes under paclitaxel
    kv = load(parameters, 86)  # 1/d: release of vaccine antigen
    b0 = load(parameters, 87)  # 1: share of the vaccine's effect without adjuvant
    sV = load(parameters, 88)  # Mcell/vaccine_unit: mature dendritic cells that one vaccine unit yields at full signal
    Lother = load(parameters, 89)  # cell/uL: lymphocytes of blood other than CD8 cells
    PBother = load(parameters, 90)  # cell/uL: mononuclear blood cells that do not rise under paclitaxel
    SLD0_low = load(parameters, 91)  # mm: smallest plausible baseline sum of longest diameters
    SLD0_high = load(parameters, 92)  # mm: largest plausible baseline sum of longest diameters
    CD8_low = load(parameters, 93)  # cell/uL: smallest plausible CD8 count
    CD8_high = load(parameters, 94)  # cell/uL: largest plausible CD8 count
    CLi = power(WT / WTref, xCL) * CLF  # L/d: this patient's apparent clearance
    VFi = power(WT / WTref, xV) * VF  # L: this patient's apparent volume
    Mb = M0 * (1.0 + aM * s0 / kM)  # cell/uL: supply level of responsive cells
    Ma_start = M0 * aM * s0 / kMa  # cell/uL: activated cells of blood without drug
    D_start = D0 * kD / (kD + kmat * m0)  # Mcell/mL: tumour dendritic cells without drug
    V0 = 0.0005235987755982989 * SLD0 * SLD0 * SLD0 / (nles * nles)  # mL: baseline volume: equal spheres
    kkT = kkill * sqrt(DTref / DT)  # 1/d/(Mcell/mL): kill per density of functional CD8 cells
    y_start = power(y0, nPD)  # 1: PD-1 drive without drug
    Hp_start = y_start / (1.0 + y_start)  # 1: PD-1 inhibition without drug
    k0 = Td0 * Tsat * kkT * (1.0 - Hp_start) / (Td0 + Tsat)  # 1/d: kill rate without drug
    g = 0.6931471805599453 / DT  # 1/d: growth rate of the untreated tumour
    V_start = V0 / (1.0 + k0 / (kclr + g))  # mL: living volume in balanced growth
    Vd_start = k0 * V_start / (kclr + g)  # mL: dying volume in balanced growth
    Z_start = eta * Vd_start + V_start  # mL: antigen source without drug
    Veff_start = Vag * Z_start / (Vag + Z_start)  # mL: effective antigen source without drug
    DL_start = kmat * m0 * D_start * Veff_start / kDL  # Mcell: mature cells without drug
    H_start = DL_start / (KH + DL_start)  # 1: priming signal without drug
    nd_start = n0 + n1 * H_start  # 1: divisions without drug
    burst_start = exp(0.6931471805599453 * nd_start)  # 1: burst size without drug
    recall_burst = exp(0.6931471805599453 * nC)  # 1: burst size of a recalled memory cell
    N_start = N00 * dN / (dN + aN * H_start)  # cell/uL: naive cells without drug
    primed_start = aN * H_start * N_start  # cell/uL/d: naive cells recruited without drug
    loop = 1.0 - rE * fC * aC * H_start * recall_burst / ((dE + rE) * (dC + aC * H_start))  # 1: what the memory loop leaves open: at 0 it would feed itself
    Ep_start = burst_start * primed_start / ((dE + rE) * loop)  # cell/uL: effectors without drug
    E0 = EM0 * phiE  # cell/uL: activated cells without drug
    X_start = Ma_start / (KMa + Ma_start)  # 1: reactivation signal without drug
    E_turnover = (dE + rE) * E0  # cell/uL/d: turnover of activated cells without drug
    E_yield = exp(0.6931471805599453 * mE)  # 1: activated cells per reactivated cell
    aEM = qE * E_turnover / (EM0 * X_start * E_yield)  # 1/d: reactivation at full signal
    EM_turnover = EM0 * dEM + EM0 * X_start * aEM  # cell/uL/d: turnover of effector memory without drug
    fM = qM * EM_turnover / (rE * E0)  # 1: effector-memory cells per returning effector, with homeostatic division, so it may exceed 1
    sE = (1.0 - qE) * E_turnover  # cell/uL/d: other supply of activated cells
    sEM = (1.0 - qM) * EM_turnover  # cell/uL/d: other supply of effector memory
    qT = Td0 * (dT + kex * Hp_start) / (ftr * E0 + Ep_start)  # Mcell/mL/d/(cell/uL): entry into the tumour per cell of blood
    V1pi = power(WT / WTref, xVp) * V1p  # L: this patient's central volume of pembrolizumab
    kg = g + k0  # 1/d: growth rate before kill
    growth = kg  # 1/d: growth rate
    CLpi = power(WT / WTref, xCLp) * CLp  # L/d: this patient's clearance of pembrolizumab
    Qpi = power(WT / WTref, xCLp) * Qp  # L/d: this patient's exchange of pembrolizumab
    V2pi = power(WT / WTref, xVp) * V2p  # L: this patient's peripheral volume of pembrolizumab
    one_minus_b0 = 1.0 - b0
    one_over_VFi = 1.0 / VFi
    one_over_Vly = 1.0 / Vly
    one_over_N50 = 1.0 / N50
    one_minus_s0 = 1.0 - s0
    one_minus_m0 = 1.0 - m0
    one_over_V1pi = 1.0 / V1pi
    one_over_V0 = 1.0 / V0
    kM_times_Mb = kM * Mb
    dendritic_renewal = D0 * kD  # Mcell/mL/d: dendritic cells enter the tumour
    naive_supply = N00 * dN  # cell/uL/d: supply of naive cells
    effector_supply = sE  # cell/uL/d: other supply of activated cells
    effector_memory_supply = sEM  # cell/uL/d: other supply of effector memory
    dEM_over_EM0 = dEM / EM0
    kG_over_E0 = kG / E0
    h0_over_SLDref = h0 / SLDref
    CLpi_over_V1pi = CLpi / V1pi
    Qpi_over_V1pi = Qpi / V1pi
    Qpi_over_V2pi = Qpi / V2pi
    C_per_Ac = 1.0 / VFi
    Ct_per_Ac = gT * C_per_Ac
    Cn_per_Aly = 1.0 / Vly
    KD_times_Rcell_times_C_per_Ac = KD * Rcell * C_per_Ac
    KD_times_Rcell_times_Ct_per_Ac = KD * Rcell * Ct_per_Ac
    KD_times_Rcell_times_Cn_per_Aly = KD * Rcell * Cn_per_Aly
    Tsat_times_Tsat = Tsat * Tsat
    c_2p0_times_eL = 2.0 * eL
    cp_per_Pc = 1.0 / V1pi
    EC50p_times_cp_per_Pc = EC50p * cp_per_Pc
    Vag_times_Vag = Vag * Vag
    elimination_per_Ac = CLi * C_per_Ac
    kM_times_eM_times_Mb = kM * eM * Mb
    c_2p0_times_dEM_over_EM0 = 2.0 * dEM / EM0
    ftr_times_qT = ftr * qT
    eG_times_qT = eG * qT
    interferon_release_per_E = kG / E0
    lesion_hazard_rate_by_SLD = h0 / SLDref
    pembrolizumab_elimination_per_Pc = CLpi / V1pi
    pembrolizumab_outflow_per_Pc = Qpi / V1pi
    pembrolizumab_return_per_Pp = Qpi / V2pi
    one_minus_b0_times_sV = (1.0 - b0) * sV
    kv_times_sV = kv * sV
    dE_plus_rE = dE + rE
    rE_times_fC = rE * fC
    rE_times_fM = rE * fM
    hoisted = pembrolizumab_elimination_per_Pc + pembrolizumab_outflow_per_Pc
    Oth_plus_Lother = Oth + Lother
    store(derived, 0, CLi)
    store(derived, 1, CLpi_over_V1pi)
    store(derived, 2, EC50p)
    store(derived, 3, E_yield)
    store(derived, 4, KD)
    store(derived, 5, KH)
    store(derived, 6, KMa)
    store(derived, 7, Qpi_over_V1pi)
    store(derived, 8, Qpi_over_V2pi)
    store(derived, 9, Rcell)
    store(derived, 10, SLD0)
    store(derived, 11, Tsat)
    store(derived, 12, Vag)
    store(derived, 13, aC)
    store(derived, 14, aEM)
    store(derived, 15, aM)
    store(derived, 16, aN)
    store(derived, 17, b0)
    store(derived, 18, dC)
    store(derived, 19, dE)
    store(derived, 20, dEM_over_EM0)
    store(derived, 21, dN)
    store(derived, 22, dT)
    store(derived, 23, dTx)
    store(derived, 24, dendritic_renewal)
    store(derived, 25, eG)
    store(derived, 26, eL)
    store(derived, 27, eM)
    store(derived, 28, effector_memory_supply)
    store(derived, 29, effector_supply)
    store(derived, 30, eta)
    store(derived, 31, fC)
    store(derived, 32, fM)
    store(derived, 33, ftr)
    store(derived, 34, gT)
    store(derived, 35, growth)
    store(derived, 36, h0_over_SLDref)
    store(derived, 37, hS)
    store(derived, 38, kD)
    store(derived, 39, kDL)
    store(derived, 40, kG)
    store(derived, 41, kG_over_E0)
    store(derived, 42, kM)
    store(derived, 43, kM_times_Mb)
    store(derived, 44, kMa)
    store(derived, 45, ka)
    store(derived, 46, kclr)
    store(derived, 47, kex)
    store(derived, 48, kkT)
    store(derived, 49, kly)
    store(derived, 50, kmat)
    store(derived, 51, kpac)
    store(derived, 52, kpro)
    store(derived, 53, kq)
    store(derived, 54, kv)
    store(derived, 55, kx)
    store(derived, 56, lym)
    store(derived, 57, m0)
    store(derived, 58, n0)
    store(derived, 59, n1)
    store(derived, 60, nPD)
    store(derived, 61, naive_supply)
    store(derived, 62, one_minus_b0)
    store(derived, 63, one_minus_m0)
    store(derived, 64, one_minus_s0)
    store(derived, 65, one_over_N50)
    store(derived, 66, one_over_V0)
    store(derived, 67, one_over_V1pi)
    store(derived, 68, one_over_VFi)
    store(derived, 69, one_over_Vly)
    store(derived, 70, qT)
    store(derived, 71, rE)
    store(derived, 72, recall_burst)
    store(derived, 73, s0)
    store(derived, 74, sV)
    store(derived, 75, y0)
    store(derived, 76, C_per_Ac)
    store(derived, 77, EC50p_times_cp_per_Pc)
    store(derived, 78, KD_times_Rcell_times_C_per_Ac)
    store(derived, 79, KD_times_Rcell_times_Cn_per_Aly)
    store(derived, 80, KD_times_Rcell_times_Ct_per_Ac)
    store(derived, 81, Tsat_times_Tsat)
    store(derived, 82, Vag_times_Vag)
    store(derived, 83, c_2p0_times_dEM_over_EM0)
    store(derived, 84, c_2p0_times_eL)
    store(derived, 85, dE_plus_rE)
    store(derived, 86, eG_times_qT)
    store(derived, 87, elimination_per_Ac)
    store(derived, 88, ftr_times_qT)
    store(derived, 89, hoisted)
    store(derived, 90, interferon_release_per_E)
    store(derived, 91, kM_times_eM_times_Mb)
    store(derived, 92, kv_times_sV)
    store(derived, 93, lesion_hazard_rate_by_SLD)
    store(derived, 94, one_minus_b0_times_sV)
    store(derived, 95, pembrolizumab_outflow_per_Pc)
    store(derived, 96, pembrolizumab_return_per_Pp)
    store(derived, 97, rE_times_fC)
    store(derived, 98, rE_times_fM)
    store(derived, 99, MW)
    store(derived, 100, Mother)
    store(derived, 101, Oth)
    store(derived, 102, Oth_plus_Lother)
    store(derived, 103, PBother)
    store(derived, 104, rL)
    store(derived, 105, rM)
    store(derived, 106, DL_start)
    store(derived, 107, D_start)
    store(derived, 108, E0)
    store(derived, 109, EM0)
    store(derived, 110, Ep_start)
    store(derived, 111, H_start)
    store(derived, 112, Hp_start)
    store(derived, 113, M0)
    store(derived, 114, Ma_start)
    store(derived, 115, N_start)
    store(derived, 116, Td0)
    store(derived, 117, V_start)
    store(derived, 118, Vd_start)
    store(derived, 119, nd_start)
    store(derived, 120, primed_start)
    store(derived, 121, CD8_high)
    store(derived, 122, CD8_low)
    store(derived, 123, SLD0_high)
    store(derived, 124, SLD0_low)
    store(derived, 125, loop)
    store(derived, 126, sE)
    store(derived, 127, sEM)
    store(derived, 128, Dpac)
    store(derived, 129, Fsc)
    store(derived, 130, tlag)
    store(derived, 131, H0)


@kernel
def start(derived, y):
    """Write the state before any drug, in closed form."""
    aC = load(derived, 13)  # 1/d: recall of central memory at full priming
    dC = load(derived, 18)  # 1/d: loss of central memory cells
    dTx = load(derived, 23)  # 1/d: loss of exhausted CD8 cells of the tumour
    fC = load(derived, 31)  # 1: share of returning tumour-specific effectors that become central memory
    kex = load(derived, 47)  # 1/d: exhaustion of CD8 cells of the tumour under full PD-1 signal
    kpro = load(derived, 52)  # 1/d: divisions per day of expanding cells
    rE = load(derived, 71)  # 1/d: return of effector cells to memory
    DL_start = load(derived, 106)  # Mcell: mature cells without drug
    D_start = load(derived, 107)  # Mcell/mL: tumour dendritic cells without drug
    E0 = load(derived, 108)  # cell/uL: activated cells without drug
    EM0 = load(derived, 109)  # cell/uL: effector-memory CD8 cells without drug
    Ep_start = load(derived, 110)  # cell/uL: effectors without drug
    H_start = load(derived, 111)  # 1: priming signal without drug
    Hp_start = load(derived, 112)  # 1: PD-1 inhibition without drug
    M0 = load(derived, 113)  # cell/uL: responsive antigen-presenting cells of blood: myeloid dendritic cells and a tenth of monocytes
    Ma_start = load(derived, 114)  # cell/uL: activated cells of blood without drug
    N_start = load(derived, 115)  # cell/uL: naive cells without drug
    Td0 = load(derived, 116)  # Mcell/mL: functional CD8 cells of the tumour without drug
    V_start = load(derived, 117)  # mL: living volume in balanced growth
    Vd_start = load(derived, 118)  # mL: dying volume in balanced growth
    nd_start = load(derived, 119)  # 1: divisions without drug
    primed_start = load(derived, 120)  # cell/uL/d: naive cells recruited without drug
    store(y, 0, 0.0)  # Asc, nmol: LAG-3Ig in the subcutaneous depot
    store(y, 1, 0.0)  # Aly, nmol: LAG-3Ig in draining lymph and node
    store(y, 2, 0.0)  # Ac, nmol: LAG-3Ig in plasma (apparent)
    store(y, 3, 0.0)  # AUC, nM*d: exposure: area under the plasma level
    store(y, 4, M0)  # M, cell/uL: responsive resting antigen-presenting cells of blood
    store(y, 5, Ma_start)  # Ma, cell/uL: activated antigen-presenting cells of blood
    store(y, 6, D_start)  # D, Mcell/mL: immature dendritic cells of the tumour
    store(y, 7, DL_start)  # DL, Mcell: mature dendritic cells with tumour antigen in the node
    store(y, 8, N_start)  # N, cell/uL: tumour-specific naive CD8 cells, all clones
    store(y, 9, nd_start * primed_start / kpro)  # P, cell/uL: cells in burst expansion, counted before it
    store(y, 10, Ep_start)  # Ep, cell/uL: tumour-specific primed effectors
    store(y, 11, rE * fC * Ep_start / (dC + aC * H_start))  # Cs, cell/uL: tumour-specific central memory
    store(y, 12, E0)  # E, cell/uL: activated polyclonal CD8 cells
    store(y, 13, EM0)  # EM, cell/uL: polyclonal effector-memory CD8 cells
    store(y, 14, Td0)  # Td, Mcell/mL: functional CD8 cells of the tumour
    store(y, 15, Td0 * kex * Hp_start / dTx)  # Tx, Mcell/mL: exhausted CD8 cells of the tumour
    store(y, 16, 1.0)  # G, 1: interferon gamma relative to baseline
    store(y, 17, V_start)  # V, mL: living tumour volume
    store(y, 18, Vd_start)  # Vd, mL: dying tumour volume
    store(y, 19, 0.0)  # Lnew, 1: cumulative hazard of a new lesion
    store(y, 20, 0.0)  # Pc, mg: pembrolizumab, central
    store(y, 21, 0.0)  # Pp, mg: pembrolizumab, peripheral
    store(y, 22, 0.0)  # Xk, dose_unit: paclitaxel effect compartment
    store(y, 23, 0.0)  # Qr, dose_unit: rebound of blood counts under paclitaxel
    store(y, 24, 0.0)  # Av, vaccine_unit: vaccine antigen


@kernel
def rhs(y, inputs, derived, dy):
    """Write dy/dt: rates, then one balance a line."""
    CLi = load(derived, 0)  # L/d: this patient's apparent clearance
    CLpi_over_V1pi = load(derived, 1)
    EC50p = load(derived, 2)  # ug/mL: plasma pembrolizumab at half occupancy of tumour PD-1
    E_yield = load(derived, 3)  # 1: activated cells per reactivated cell
    KD = load(derived, 4)  # nM: avidity of the LAG-3Ig dimer for MHC class II positive cells at 37 C
    KH = load(derived, 5)  # Mcell: mature dendritic cells in the node at half the largest priming signal
    KMa = load(derived, 6)  # cell/uL: activated antigen-presenting cells at half the largest reactivation
    Qpi_over_V1pi = load(derived, 7)
    Qpi_over_V2pi = load(derived, 8)
    Rcell = load(derived, 9)  # molecule: MHC class II molecules per antigen-presenting cell
    SLD0 = load(derived, 10)  # mm: sum of longest diameters without drug
    Tsat = load(derived, 11)  # Mcell/mL: density of CD8 cells at which kill saturates by half
    Vag = load(derived, 12)  # mL: tumour volume at half the largest antigen supply
    aC = load(derived, 13)  # 1/d: recall of central memory at full priming
    aEM = load(derived, 14)  # 1/d: reactivation at full signal
    aM = load(derived, 15)  # 1/d: largest rate of activation of blood antigen-presenting cells
    aN = load(derived, 16)  # 1/d: recruitment of naive cells at full priming
    b0 = load(derived, 17)  # 1: share of the vaccine's effect without adjuvant
    dC = load(derived, 18)  # 1/d: loss of central memory cells
    dE = load(derived, 19)  # 1/d: death of effector cells
    dEM_over_EM0 = load(derived, 20)
    dN = load(derived, 21)  # 1/d: turnover of naive CD8 cells
    dT = load(derived, 22)  # 1/d: loss of functional CD8 cells of the tumour
    dTx = load(derived, 23)  # 1/d: loss of exhausted CD8 cells of the tumour
    dendritic_renewal = load(derived, 24)  # Mcell/mL/d: dendritic cells enter the tumour
    eG = load(derived, 25)  # 1: interferon gamma on entry of CD8 cells into the tumour (0: off)
    eL = load(derived, 26)  # 1: PD-L1 induced by interferon gamma
    eM = load(derived, 27)  # 1: extra monopoiesis at full signal, relative to the resting supply
    effector_memory_supply = load(derived, 28)  # cell/uL/d: other supply of effector memory
    effector_supply = load(derived, 29)  # cell/uL/d: other supply of activated cells
    eta = load(derived, 30)  # 1: antigen of a dying cell relative to a living one
    fC = load(derived, 31)  # 1: share of returning tumour-specific effectors that become central memory
    fM = load(derived, 32)  # 1: effector-memory cells per returning effector, with homeostatic division, so it may exceed 1
    ftr = load(derived, 33)  # 1: tumour-reactive share of activated CD8 cells
    gT = load(derived, 34)  # 1: tumour to plasma ratio of free LAG-3Ig
    growth = load(derived, 35)  # 1/d: growth rate
    h0_over_SLDref = load(derived, 36)
    hS = load(derived, 37)  # 1: Hill exponent of the signal
    kD = load(derived, 38)  # 1/d: renewal of tumour dendritic cells
    kDL = load(derived, 39)  # 1/d: loss of mature dendritic cells in the node
    kG = load(derived, 40)  # 1/d: turnover of interferon gamma
    kG_over_E0 = load(derived, 41)
    kM = load(derived, 42)  # 1/d: turnover of resting antigen-presenting cells of blood
    kM_times_Mb = load(derived, 43)
    kMa = load(derived, 44)  # 1/d: loss of activated antigen-presenting cells of blood
    ka = load(derived, 45)  # 1/d: absorption from the subcutaneous depot
    kclr = load(derived, 46)  # 1/d: clearance of dying tumour
    kex = load(derived, 47)  # 1/d: exhaustion of CD8 cells of the tumour under full PD-1 signal
    kkT = load(derived, 48)  # 1/d/(Mcell/mL): kill per density of functional CD8 cells
    kly = load(derived, 49)  # 1/d: lymph transit from the draining node to plasma
    kmat = load(derived, 50)  # 1/d: largest rate of maturation of tumour dendritic cells
    kpac = load(derived, 51)  # 1/d/dose_unit: kill of the tumour by paclitaxel
    kpro = load(derived, 52)  # 1/d: divisions per day of expanding cells
    kq = load(derived, 53)  # 1/d: approach of the rebound of blood counts to the exposure to paclitaxel
    kv = load(derived, 54)  # 1/d: release of vaccine antigen
    kx = load(derived, 55)  # 1/d: loss of the effect of paclitaxel (K-PD)
    lym = load(derived, 56)  # 1: largest loss of proliferating immune cells to paclitaxel
    m0 = load(derived, 57)  # 1: maturation signal without drug
    n0 = load(derived, 58)  # 1: divisions of a recruited cell without priming signal
    n1 = load(derived, 59)  # 1: further divisions at full priming
    nPD = load(derived, 60)  # 1: Hill exponent of PD-1 inhibition
    naive_supply = load(derived, 61)  # cell/uL/d: supply of naive cells
    one_minus_b0 = load(derived, 62)
    one_minus_m0 = load(derived, 63)
    one_minus_s0 = load(derived, 64)
    one_over_N50 = load(derived, 65)
    one_over_V0 = load(derived, 66)
    one_over_V1pi = load(derived, 67)
    one_over_VFi = load(derived, 68)
    one_over_Vly = load(derived, 69)
    qT = load(derived, 70)  # Mcell/mL/d/(cell/uL): entry into the tumour per cell of blood
    rE = load(derived, 71)  # 1/d: return of effector cells to memory
    recall_burst = load(derived, 72)  # 1: burst size of a recalled memory cell
    s0 = load(derived, 73)  # 1: activation signal without drug
    sV = load(derived, 74)  # Mcell/vaccine_unit: mature dendritic cells that one vaccine unit yields at full signal
    y0 = load(derived, 75)  # 1: PD-1 tone of the tumour without drug
    Asc = load(y, 0)  # nmol: LAG-3Ig in the subcutaneous depot
    Aly = load(y, 1)  # nmol: LAG-3Ig in draining lymph and node
    Ac = load(y, 2)  # nmol: LAG-3Ig in plasma (apparent)
    M = load(y, 4)  # cell/uL: responsive resting antigen-presenting cells of blood
    Ma = load(y, 5)  # cell/uL: activated antigen-presenting cells of blood
    D = load(y, 6)  # Mcell/mL: immature dendritic cells of the tumour
    DL = load(y, 7)  # Mcell: mature dendritic cells with tumour antigen in the node
    N = load(y, 8)  # cell/uL: tumour-specific naive CD8 cells, all clones
    P = load(y, 9)  # cell/uL: cells in burst expansion, counted before it
    Ep = load(y, 10)  # cell/uL: tumour-specific primed effectors
    Cs = load(y, 11)  # cell/uL: tumour-specific central memory
    E = load(y, 12)  # cell/uL: activated polyclonal CD8 cells
    EM = load(y, 13)  # cell/uL: polyclonal effector-memory CD8 cells
    Td = load(y, 14)  # Mcell/mL: functional CD8 cells of the tumour
    Tx = load(y, 15)  # Mcell/mL: exhausted CD8 cells of the tumour
    G = load(y, 16)  # 1: interferon gamma relative to baseline
    V = load(y, 17)  # mL: living tumour volume
    Vd = load(y, 18)  # mL: dying tumour volume
    Pc = load(y, 20)  # mg: pembrolizumab, central
    Pp = load(y, 21)  # mg: pembrolizumab, peripheral
    Xk = load(y, 22)  # dose_unit: paclitaxel effect compartment
    Qr = load(y, 23)  # dose_unit: rebound of blood counts under paclitaxel
    Av = load(y, 24)  # vaccine_unit: vaccine antigen
    Asc_infusion = load(inputs, 0)  # nmol/d: rate of a subcutaneous infusion of LAG-3Ig
    Ac_infusion = load(inputs, 1)  # nmol/d: rate of an intravenous infusion of LAG-3Ig, exact where VF, CLF fold in no loss
    Pc_infusion = load(inputs, 2)  # mg/d: rate of an infusion of pembrolizumab
    C = one_over_VFi * Ac  # nM: LAG-3Ig in plasma
    Ct = gT * C  # nM: free LAG-3Ig in the tumour
    Cn = one_over_Vly * Aly  # nM: free LAG-3Ig in the draining node
    cp = one_over_V1pi * Pc  # ug/mL: pembrolizumab in plasma
    Xp = Xk  # dose_unit: exposure to paclitaxel
    W = V + Vd  # mL: tumour volume
    Z = eta * Vd + V  # mL: antigen source: dying cells weigh more
    size = power(one_over_V0 * W, 0.3333333333333333)  # 1: diameter relative to baseline
    SLD = SLD0 * size  # mm: sum of longest diameters
    depot_infusion = Asc_infusion  # nmol/d: subcutaneous infusion
    plasma_infusion = Ac_infusion  # nmol/d: intravenous infusion
    absorption = ka * Asc  # nmol/d: absorption from the depot into lymph
    drainage = kly * Aly  # nmol/d: lymph drains into plasma
    elimination = CLi * C  # nmol/d: linear elimination
    exposure = C  # nM: plasma level adds to exposure
    resting_loss = kM * M  # cell/uL/d: responsive cells leave blood
    activated_loss = kMa * Ma  # cell/uL/d: activated cells leave blood
    dendritic_loss = kD * D  # Mcell/mL/d: dendritic cells leave the tumour
    node_loss = kDL * DL  # Mcell/d: mature cells of the node die
    naive_loss = dN * N  # cell/uL/d: loss of naive cells
    primed_death = dE * Ep  # cell/uL/d: death of primed effectors
    primed_return = rE * Ep  # cell/uL/d: primed effectors rest
    memory_loss = dC * Cs  # cell/uL/d: loss of central memory
    effector_death = dE * E  # cell/uL/d: death of activated cells
    effector_return = rE * E  # cell/uL/d: activated cells rest
    effector_memory_loss = dEM_over_EM0 * EM * EM  # cell/uL/d: loss of effector memory, rising with its number
    tumour_entry = (ftr * E + Ep) * (1.0 + eG * (G - 1.0)) * qT  # Mcell/mL/d: CD8 cells enter the tumour
    tumour_cd8_loss = dT * Td  # Mcell/mL/d: functional cells die
    exhausted_loss = dTx * Tx  # Mcell/mL/d: exhausted cells die
    interferon_release = kG_over_E0 * E  # 1/d: activated CD8 cells release it
    interferon_loss = kG * G  # 1/d: it is cleared
    tumour_growth = growth * V  # mL/d: the tumour grows
    dead_clearance = kclr * Vd  # mL/d: dying tumour is cleared
    lesion_hazard_rate = h0_over_SLDref * SLD  # 1/d: hazard of a new lesion
    pembrolizumab_infusion = Pc_infusion  # mg/d: infusion
    pembrolizumab_elimination = CLpi_over_V1pi * Pc  # mg/d: elimination
    pembrolizumab_outflow = Qpi_over_V1pi * Pc  # mg/d: to the periphery
    pembrolizumab_return = Qpi_over_V2pi * Pp  # mg/d: from the periphery
    paclitaxel_loss = kx * Xk  # dose_unit/d: paclitaxel's effect fades
    rebound_rise = kq * Xp  # dose_unit/d: exposure drives the rebound
    rebound_fall = kq * Qr  # dose_unit/d: the rebound fades
    vaccine_release = kv * Av  # vaccine_unit/d: antigen is taken up by dendritic cells, which mature with adjuvant
    per_KD_plus_C, per_KD_plus_Ct, per_KD_plus_Cn = reciprocals(KD + C, KD + Ct, KD + Cn)
    per_KH_plus_DL, per_KMa_plus_Ma, per_Tsat_plus_Td = reciprocals(KH + DL, KMa + Ma, Tsat + Td)
    per_one_plus_G, per_EC50p_plus_cp, per_Vag_plus_Z = reciprocals(1.0 + G, EC50p + cp, Vag + Z)
    per_one_plus_Xp = 1.0 / (1.0 + Xp)
    B_b = Rcell * C * per_KD_plus_C  # molecule: LAG-3Ig bound per cell in blood
    z_b = power(one_over_N50 * B_b, hS)  # 1: occupancy drive in blood
    B_t = Rcell * Ct * per_KD_plus_Ct  # molecule: LAG-3Ig bound per cell in the tumour
    z_t = power(one_over_N50 * B_t, hS)  # 1: occupancy drive in the tumour
    B_n = Rcell * Cn * per_KD_plus_Cn  # molecule: LAG-3Ig bound per cell in the draining node
    z_n = power(one_over_N50 * B_n, hS)  # 1: occupancy drive in the draining node
    H = DL * per_KH_plus_DL  # 1: priming signal
    nd = n0 + n1 * H  # 1: divisions of a recruited cell
    burst = exp(0.6931471805599453 * nd)  # 1: burst size
    X = Ma * per_KMa_plus_Ma  # 1: reactivation signal
    Tk = Tsat * Td * per_Tsat_plus_Td  # Mcell/mL: CD8 cells that kill at once
    L = 1.0 + eL * (G - 1.0) * per_one_plus_G  # 1: PD-L1 relative to baseline
    RO = cp * per_EC50p_plus_cp  # 1: occupancy of PD-1 in the tumour
    yy = power(y0 * (1.0 - RO) * L, nPD)  # 1: PD-1 drive
    Veff = Vag * Z * per_Vag_plus_Z  # mL: effective antigen source
    pr = 1.0 - lym * Xp * per_one_plus_Xp  # 1: share of proliferating cells spared by paclitaxel
    priming = aN * N * H  # cell/uL/d: recruitment of naive cells in the node
    recall = aC * Cs * H  # cell/uL/d: recall of central memory
    reactivation = aEM * EM * X  # cell/uL/d: activated antigen-presenting cells reactivate effector memory
    per_one_plus_z_b, per_one_plus_z_t, per_one_plus_z_n = reciprocals(1.0 + z_b, 1.0 + z_t, 1.0 + z_n)
    per_one_plus_yy, per_nd = reciprocals(1.0 + yy, nd)
    S = z_b * per_one_plus_z_b  # 1: signal in blood
    ST = z_t * per_one_plus_z_t  # 1: signal in the tumour
    SL = z_n * per_one_plus_z_n  # 1: signal in the draining node
    Sa = S  # 1: signal that blood antigen-presenting cells receive
    St = s0 + one_minus_s0 * Sa  # 1: activation signal of blood antigen-presenting cells
    m = m0 + one_minus_m0 * ST  # 1: maturation signal in the tumour
    Hp = yy * per_one_plus_yy  # 1: PD-1 inhibition of functional CD8 cells
    kk = kpac * Xp + kkT * Tk * (1.0 - Hp)  # 1/d: kill rate
    monopoiesis = (1.0 + eM * Sa) * kM_times_Mb * pr  # cell/uL/d: supply of responsive cells
    activation = aM * M * St  # cell/uL/d: responsive cells are activated
    maturation = kmat * D * m  # Mcell/mL/d: dendritic cells mature and migrate to the node
    expansion = kpro * P * per_nd  # cell/uL/d: clones finish their burst and leave the node
    exhaustion = kex * Td * Hp  # Mcell/mL/d: PD-1 exhausts functional cells
    tumour_kill = V * kk  # mL/d: CD8 cells and paclitaxel kill
    store(dy, 0, depot_infusion - absorption)  # Asc, nmol per d
    store(dy, 1, absorption - drainage)  # Aly, nmol per d
    store(dy, 2, plasma_infusion + drainage - elimination)  # Ac, nmol per d
    store(dy, 3, exposure)  # AUC, nM*d per d
    store(dy, 4, monopoiesis - resting_loss - activation)  # M, cell/uL per d
    store(dy, 5, activation - activated_loss)  # Ma, cell/uL per d
    store(dy, 6, dendritic_renewal - dendritic_loss - maturation)  # D, Mcell/mL per d
    store(dy, 7, (b0 + one_minus_b0 * SL) * sV * vaccine_release + Veff * maturation - node_loss)  # DL, Mcell per d
    store(dy, 8, naive_supply - naive_loss - priming)  # N, cell/uL per d
    store(dy, 9, pr * priming - expansion)  # P, cell/uL per d
    store(dy, 10, recall_burst * recall + burst * expansion - primed_death - primed_return)  # Ep, cell/uL per d
    store(dy, 11, fC * primed_return - recall - memory_loss)  # Cs, cell/uL per d
    store(dy, 12, E_yield * pr * reactivation + effector_supply - effector_death - effector_return)  # E, cell/uL per d
    store(dy, 13, fM * effector_return + effector_memory_supply - reactivation - effector_memory_loss)  # EM, cell/uL per d
    store(dy, 14, tumour_entry - tumour_cd8_loss - exhaustion)  # Td, Mcell/mL per d
    store(dy, 15, exhaustion - exhausted_loss)  # Tx, Mcell/mL per d
    store(dy, 16, interferon_release - interferon_loss)  # G, 1 per d
    store(dy, 17, tumour_growth - tumour_kill)  # V, mL per d
    store(dy, 18, tumour_kill - dead_clearance)  # Vd, mL per d
    store(dy, 19, lesion_hazard_rate)  # Lnew, 1 per d
    store(dy, 20, pembrolizumab_infusion + pembrolizumab_return - pembrolizumab_elimination - pembrolizumab_outflow)  # Pc, mg per d
    store(dy, 21, pembrolizumab_outflow - pembrolizumab_return)  # Pp, mg per d
    store(dy, 22, -paclitaxel_loss)  # Xk, dose_unit per d
    store(dy, 23, rebound_rise - rebound_fall)  # Qr, dose_unit per d
    store(dy, 24, -vaccine_release)  # Av, vaccine_unit per d


@kernel
def factor(y, inputs, derived, diagonal, lu):
    """Write the LU factors of diag(d) - J; d is the only row of diagonal."""
    EC50p = load(derived, 2)  # ug/mL: plasma pembrolizumab at half occupancy of tumour PD-1
    E_yield = load(derived, 3)  # 1: activated cells per reactivated cell
    KD = load(derived, 4)  # nM: avidity of the LAG-3Ig dimer for MHC class II positive cells at 37 C
    KH = load(derived, 5)  # Mcell: mature dendritic cells in the node at half the largest priming signal
    KMa = load(derived, 6)  # cell/uL: activated antigen-presenting cells at half the largest reactivation
    Rcell = load(derived, 9)  # molecule: MHC class II molecules per antigen-presenting cell
    SLD0 = load(derived, 10)  # mm: sum of longest diameters without drug
    Tsat = load(derived, 11)  # Mcell/mL: density of CD8 cells at which kill saturates by half
    Vag = load(derived, 12)  # mL: tumour volume at half the largest antigen supply
    aC = load(derived, 13)  # 1/d: recall of central memory at full priming
    aEM = load(derived, 14)  # 1/d: reactivation at full signal
    aM = load(derived, 15)  # 1/d: largest rate of activation of blood antigen-presenting cells
    aN = load(derived, 16)  # 1/d: recruitment of naive cells at full priming
    b0 = load(derived, 17)  # 1: share of the vaccine's effect without adjuvant
    dC = load(derived, 18)  # 1/d: loss of central memory cells
    dN = load(derived, 21)  # 1/d: turnover of naive CD8 cells
    dT = load(derived, 22)  # 1/d: loss of functional CD8 cells of the tumour
    dTx = load(derived, 23)  # 1/d: loss of exhausted CD8 cells of the tumour
    eG = load(derived, 25)  # 1: interferon gamma on entry of CD8 cells into the tumour (0: off)
    eL = load(derived, 26)  # 1: PD-L1 induced by interferon gamma
    eM = load(derived, 27)  # 1: extra monopoiesis at full signal, relative to the resting supply
    eta = load(derived, 30)  # 1: antigen of a dying cell relative to a living one
    ftr = load(derived, 33)  # 1: tumour-reactive share of activated CD8 cells
    gT = load(derived, 34)  # 1: tumour to plasma ratio of free LAG-3Ig
    growth = load(derived, 35)  # 1/d: growth rate
    hS = load(derived, 37)  # 1: Hill exponent of the signal
    kD = load(derived, 38)  # 1/d: renewal of tumour dendritic cells
    kDL = load(derived, 39)  # 1/d: loss of mature dendritic cells in the node
    kG = load(derived, 40)  # 1/d: turnover of interferon gamma
    kM = load(derived, 42)  # 1/d: turnover of resting antigen-presenting cells of blood
    kM_times_Mb = load(derived, 43)
    kMa = load(derived, 44)  # 1/d: loss of activated antigen-presenting cells of blood
    ka = load(derived, 45)  # 1/d: absorption from the subcutaneous depot
    kclr = load(derived, 46)  # 1/d: clearance of dying tumour
    kex = load(derived, 47)  # 1/d: exhaustion of CD8 cells of the tumour under full PD-1 signal
    kkT = load(derived, 48)  # 1/d/(Mcell/mL): kill per density of functional CD8 cells
    kly = load(derived, 49)  # 1/d: lymph transit from the draining node to plasma
    kmat = load(derived, 50)  # 1/d: largest rate of maturation of tumour dendritic cells
    kpac = load(derived, 51)  # 1/d/dose_unit: kill of the tumour by paclitaxel
    kpro = load(derived, 52)  # 1/d: divisions per day of expanding cells
    kq = load(derived, 53)  # 1/d: approach of the rebound of blood counts to the exposure to paclitaxel
    kv = load(derived, 54)  # 1/d: release of vaccine antigen
    kx = load(derived, 55)  # 1/d: loss of the effect of paclitaxel (K-PD)
    lym = load(derived, 56)  # 1: largest loss of proliferating immune cells to paclitaxel
    m0 = load(derived, 57)  # 1: maturation signal without drug
    n0 = load(derived, 58)  # 1: divisions of a recruited cell without priming signal
    n1 = load(derived, 59)  # 1: further divisions at full priming
    nPD = load(derived, 60)  # 1: Hill exponent of PD-1 inhibition
    one_minus_b0 = load(derived, 62)
    one_minus_m0 = load(derived, 63)
    one_minus_s0 = load(derived, 64)
    one_over_N50 = load(derived, 65)
    one_over_V0 = load(derived, 66)
    one_over_V1pi = load(derived, 67)
    one_over_VFi = load(derived, 68)
    one_over_Vly = load(derived, 69)
    qT = load(derived, 70)  # Mcell/mL/d/(cell/uL): entry into the tumour per cell of blood
    recall_burst = load(derived, 72)  # 1: burst size of a recalled memory cell
    s0 = load(derived, 73)  # 1: activation signal without drug
    y0 = load(derived, 75)  # 1: PD-1 tone of the tumour without drug
    C_per_Ac = load(derived, 76)
    EC50p_times_cp_per_Pc = load(derived, 77)
    KD_times_Rcell_times_C_per_Ac = load(derived, 78)
    KD_times_Rcell_times_Cn_per_Aly = load(derived, 79)
    KD_times_Rcell_times_Ct_per_Ac = load(derived, 80)
    Tsat_times_Tsat = load(derived, 81)
    Vag_times_Vag = load(derived, 82)
    c_2p0_times_dEM_over_EM0 = load(derived, 83)
    c_2p0_times_eL = load(derived, 84)
    dE_plus_rE = load(derived, 85)
    eG_times_qT = load(derived, 86)
    elimination_per_Ac = load(derived, 87)
    ftr_times_qT = load(derived, 88)
    hoisted = load(derived, 89)
    interferon_release_per_E = load(derived, 90)
    kM_times_eM_times_Mb = load(derived, 91)
    kv_times_sV = load(derived, 92)
    lesion_hazard_rate_by_SLD = load(derived, 93)
    one_minus_b0_times_sV = load(derived, 94)
    pembrolizumab_outflow_per_Pc = load(derived, 95)
    pembrolizumab_return_per_Pp = load(derived, 96)
    rE_times_fC = load(derived, 97)
    rE_times_fM = load(derived, 98)
    Aly = load(y, 1)  # nmol: LAG-3Ig in draining lymph and node
    Ac = load(y, 2)  # nmol: LAG-3Ig in plasma (apparent)
    M = load(y, 4)  # cell/uL: responsive resting antigen-presenting cells of blood
    Ma = load(y, 5)  # cell/uL: activated antigen-presenting cells of blood
    D = load(y, 6)  # Mcell/mL: immature dendritic cells of the tumour
    DL = load(y, 7)  # Mcell: mature dendritic cells with tumour antigen in the node
    N = load(y, 8)  # cell/uL: tumour-specific naive CD8 cells, all clones
    P = load(y, 9)  # cell/uL: cells in burst expansion, counted before it
    Ep = load(y, 10)  # cell/uL: tumour-specific primed effectors
    Cs = load(y, 11)  # cell/uL: tumour-specific central memory
    E = load(y, 12)  # cell/uL: activated polyclonal CD8 cells
    EM = load(y, 13)  # cell/uL: polyclonal effector-memory CD8 cells
    Td = load(y, 14)  # Mcell/mL: functional CD8 cells of the tumour
    G = load(y, 16)  # 1: interferon gamma relative to baseline
    V = load(y, 17)  # mL: living tumour volume
    Vd = load(y, 18)  # mL: dying tumour volume
    Pc = load(y, 20)  # mg: pembrolizumab, central
    Xk = load(y, 22)  # dose_unit: paclitaxel effect compartment
    Av = load(y, 24)  # vaccine_unit: vaccine antigen
    C = one_over_VFi * Ac  # nM: LAG-3Ig in plasma
    Ct = gT * C  # nM: free LAG-3Ig in the tumour
    Cn = one_over_Vly * Aly  # nM: free LAG-3Ig in the draining node
    cp = one_over_V1pi * Pc  # ug/mL: pembrolizumab in plasma
    Xp = Xk  # dose_unit: exposure to paclitaxel
    W = V + Vd  # mL: tumour volume
    Z = eta * Vd + V  # mL: antigen source: dying cells weigh more
    size = power(one_over_V0 * W, 0.3333333333333333)  # 1: diameter relative to baseline
    effector_memory_loss_per_EM = c_2p0_times_dEM_over_EM0 * EM
    tumour_entry_per_Ep = (1.0 + eG * (G - 1.0)) * qT
    tumour_entry_per_E = (1.0 + eG * (G - 1.0)) * ftr_times_qT
    tumour_entry_per_G = (ftr * E + Ep) * eG_times_qT
    exhaustion_by_Hp = kex * Td
    tumour_kill_per_Xk = kpac * V
    vaccine_release = kv * Av  # vaccine_unit/d: antigen is taken up by dendritic cells, which mature with adjuvant
    per_KD_plus_C, per_KD_plus_Ct, per_KD_plus_Cn = reciprocals(KD + C, KD + Ct, KD + Cn)
    per_KH_plus_DL, per_KMa_plus_Ma, per_Tsat_plus_Td = reciprocals(KH + DL, KMa + Ma, Tsat + Td)
    per_one_plus_G, per_EC50p_plus_cp, per_Vag_plus_Z = reciprocals(1.0 + G, EC50p + cp, Vag + Z)
    per_guarded_W, per_one_plus_Xp = reciprocals(maximum(1e-100, W), 1.0 + Xp)
    B_b = Rcell * C * per_KD_plus_C  # molecule: LAG-3Ig bound per cell in blood
    B_b_per_Ac = KD_times_Rcell_times_C_per_Ac * per_KD_plus_C * per_KD_plus_C
    z_b = power(one_over_N50 * B_b, hS)  # 1: occupancy drive in blood
    B_t = Rcell * Ct * per_KD_plus_Ct  # molecule: LAG-3Ig bound per cell in the tumour
    B_t_per_Ac = KD_times_Rcell_times_Ct_per_Ac * per_KD_plus_Ct * per_KD_plus_Ct
    z_t = power(one_over_N50 * B_t, hS)  # 1: occupancy drive in the tumour
    B_n = Rcell * Cn * per_KD_plus_Cn  # molecule: LAG-3Ig bound per cell in the draining node
    B_n_per_Aly = KD_times_Rcell_times_Cn_per_Aly * per_KD_plus_Cn * per_KD_plus_Cn
    z_n = power(one_over_N50 * B_n, hS)  # 1: occupancy drive in the draining node
    H = DL * per_KH_plus_DL  # 1: priming signal
    H_per_DL = KH * per_KH_plus_DL * per_KH_plus_DL
    nd = n0 + n1 * H  # 1: divisions of a recruited cell
    nd_per_DL = n1 * H_per_DL
    burst = exp(0.6931471805599453 * nd)  # 1: burst size
    burst_per_DL = 0.6931471805599453 * burst * nd_per_DL
    X = Ma * per_KMa_plus_Ma  # 1: reactivation signal
    X_per_Ma = KMa * per_KMa_plus_Ma * per_KMa_plus_Ma
    Tk = Tsat * Td * per_Tsat_plus_Td  # Mcell/mL: CD8 cells that kill at once
    Tk_per_Td = Tsat_times_Tsat * per_Tsat_plus_Td * per_Tsat_plus_Td
    L = 1.0 + eL * (G - 1.0) * per_one_plus_G  # 1: PD-L1 relative to baseline
    L_per_G = c_2p0_times_eL * per_one_plus_G * per_one_plus_G
    RO = cp * per_EC50p_plus_cp  # 1: occupancy of PD-1 in the tumour
    RO_per_Pc = EC50p_times_cp_per_Pc * per_EC50p_plus_cp * per_EC50p_plus_cp
    yy = power(y0 * (1.0 - RO) * L, nPD)  # 1: PD-1 drive
    kk_by_Hp = -kkT * Tk
    Veff = Vag * Z * per_Vag_plus_Z  # mL: effective antigen source
    Veff_by_Z = Vag_times_Vag * per_Vag_plus_Z * per_Vag_plus_Z
    Veff_per_Vd = eta * Veff_by_Z
    size_by_W = 0.3333333333333333 * size * per_guarded_W
    SLD_per_V = SLD0 * size_by_W
    SLD_per_Vd = SLD0 * size_by_W
    pr = 1.0 - lym * Xp * per_one_plus_Xp  # 1: share of proliferating cells spared by paclitaxel
    pr_per_Xk = -lym * per_one_plus_Xp * per_one_plus_Xp
    priming = aN * N * H  # cell/uL/d: recruitment of naive cells in the node
    priming_per_DL = aN * N * H_per_DL
    priming_per_N = aN * H
    recall_per_DL = aC * Cs * H_per_DL
    recall_per_Cs = aC * H
    reactivation = aEM * EM * X  # cell/uL/d: activated antigen-presenting cells reactivate effector memory
    reactivation_per_Ma = aEM * EM * X_per_Ma
    reactivation_per_EM = aEM * X
    lesion_hazard_rate_per_V = lesion_hazard_rate_by_SLD * SLD_per_V
    lesion_hazard_rate_per_Vd = lesion_hazard_rate_by_SLD * SLD_per_Vd
    per_guarded_B_b, per_one_plus_z_b, per_guarded_B_t = reciprocals(maximum(1e-100, B_b), 1.0 + z_b, maximum(1e-100, B_t))
    per_one_plus_z_t, per_guarded_B_n, per_one_plus_z_n = reciprocals(1.0 + z_t, maximum(1e-100, B_n), 1.0 + z_n)
    per_guarded_L, per_guarded_one_minus_RO, per_one_plus_yy = reciprocals(maximum(1e-100, L), maximum(1e-100, 1.0 - RO), 1.0 + yy)
    per_nd = 1.0 / nd
    z_b_per_Ac = hS * z_b * B_b_per_Ac * per_guarded_B_b
    S = z_b * per_one_plus_z_b  # 1: signal in blood
    S_per_Ac = per_one_plus_z_b * per_one_plus_z_b * z_b_per_Ac
    z_t_per_Ac = hS * z_t * B_t_per_Ac * per_guarded_B_t
    ST = z_t * per_one_plus_z_t  # 1: signal in the tumour
    ST_per_Ac = per_one_plus_z_t * per_one_plus_z_t * z_t_per_Ac
    z_n_per_Aly = hS * z_n * B_n_per_Aly * per_guarded_B_n
    SL = z_n * per_one_plus_z_n  # 1: signal in the draining node
    SL_per_Aly = per_one_plus_z_n * per_one_plus_z_n * z_n_per_Aly
    Sa = S  # 1: signal that blood antigen-presenting cells receive
    St = s0 + one_minus_s0 * Sa  # 1: activation signal of blood antigen-presenting cells
    St_per_Ac = one_minus_s0 * S_per_Ac
    m = m0 + one_minus_m0 * ST  # 1: maturation signal in the tumour
    m_per_Ac = one_minus_m0 * ST_per_Ac
    yy_per_G = nPD * yy * L_per_G * per_guarded_L
    yy_per_Pc = -nPD * yy * RO_per_Pc * per_guarded_one_minus_RO
    Hp = yy * per_one_plus_yy  # 1: PD-1 inhibition of functional CD8 cells
    Hp_by_yy = per_one_plus_yy * per_one_plus_yy
    Hp_per_G = Hp_by_yy * yy_per_G
    Hp_per_Pc = Hp_by_yy * yy_per_Pc
    kk = kpac * Xp + kkT * Tk * (1.0 - Hp)  # 1/d: kill rate
    kk_per_Td = kkT * (1.0 - Hp) * Tk_per_Td
    kk_per_G = Hp_per_G * kk_by_Hp
    kk_per_Pc = Hp_per_Pc * kk_by_Hp
    monopoiesis_per_Ac = kM_times_eM_times_Mb * pr * S_per_Ac
    monopoiesis_per_Xk = (1.0 + eM * Sa) * kM_times_Mb * pr_per_Xk
    activation_per_Ac = aM * M * St_per_Ac
    activation_per_M = aM * St
    maturation = kmat * D * m  # Mcell/mL/d: dendritic cells mature and migrate to the node
    maturation_per_Ac = kmat * D * m_per_Ac
    maturation_per_D = kmat * m
    expansion = kpro * P * per_nd  # cell/uL/d: clones finish their burst and leave the node
    expansion_per_DL = -kpro * P * nd_per_DL * per_nd * per_nd
    expansion_per_P = kpro * per_nd
    exhaustion_per_Td = kex * Hp
    exhaustion_per_G = Hp_per_G * exhaustion_by_Hp
    exhaustion_per_Pc = Hp_per_Pc * exhaustion_by_Hp
    tumour_kill_per_Td = V * kk_per_Td
    tumour_kill_per_G = V * kk_per_G
    tumour_kill_per_Pc = V * kk_per_Pc
    d = load(diagonal, 0)
    a_Asc_Asc = ka + d
    a_Aly_Asc = -ka
    a_Aly_Aly = kly + d
    a_Ac_Aly = -kly
    a_Ac_Ac = elimination_per_Ac + d
    a_AUC_Ac = -C_per_Ac
    a_AUC_AUC = d
    a_M_Ac = activation_per_Ac - monopoiesis_per_Ac
    a_M_M = kM + activation_per_M + d
    a_M_Xk = -monopoiesis_per_Xk
    a_Ma_Ac = -activation_per_Ac
    a_Ma_M = -activation_per_M
    a_Ma_Ma = kMa + d
    a_D_Ac = maturation_per_Ac
    a_D_D = kD + d + maturation_per_D
    a_DL_Aly = -one_minus_b0_times_sV * vaccine_release * SL_per_Aly
    a_DL_Ac = -Veff * maturation_per_Ac
    a_DL_D = -Veff * maturation_per_D
    a_DL_DL = kDL + d
    a_DL_V = -maturation * Veff_by_Z
    a_DL_Vd = -maturation * Veff_per_Vd
    a_DL_Av = -(b0 + one_minus_b0 * SL) * kv_times_sV
    a_N_DL = priming_per_DL
    a_N_N = dN + d + priming_per_N
    a_P_DL = expansion_per_DL - pr * priming_per_DL
    a_P_N = -pr * priming_per_N
    a_P_P = d + expansion_per_P
    a_P_Xk = -priming * pr_per_Xk
    a_Ep_DL = -recall_burst * recall_per_DL - burst * expansion_per_DL - expansion * burst_per_DL
    a_Ep_P = -burst * expansion_per_P
    a_Ep_Ep = dE_plus_rE + d
    a_Ep_Cs = -recall_burst * recall_per_Cs
    a_Cs_DL = recall_per_DL
    a_Cs_Ep = -rE_times_fC
    a_Cs_Cs = dC + d + recall_per_Cs
    a_E_Ma = -E_yield * pr * reactivation_per_Ma
    a_E_E = dE_plus_rE + d
    a_E_EM = -E_yield * pr * reactivation_per_EM
    a_E_Xk = -E_yield * reactivation * pr_per_Xk
    a_EM_Ma = reactivation_per_Ma
    a_EM_E = -rE_times_fM
    a_EM_EM = d + effector_memory_loss_per_EM + reactivation_per_EM
    a_Td_Ep = -tumour_entry_per_Ep
    a_Td_E = -tumour_entry_per_E
    a_Td_Td = dT + d + exhaustion_per_Td
    a_Td_G = exhaustion_per_G - tumour_entry_per_G
    a_Td_Pc = exhaustion_per_Pc
    a_Tx_Td = -exhaustion_per_Td
    a_Tx_Tx = dTx + d
    a_Tx_G = -exhaustion_per_G
    a_Tx_Pc = -exhaustion_per_Pc
    a_G_E = -interferon_release_per_E
    a_G_G = kG + d
    a_V_Td = tumour_kill_per_Td
    a_V_G = tumour_kill_per_G
    a_V_V = kk + d - growth
    a_V_Pc = tumour_kill_per_Pc
    a_V_Xk = tumour_kill_per_Xk
    a_Vd_Td = -tumour_kill_per_Td
    a_Vd_G = -tumour_kill_per_G
    a_Vd_V = -kk
    a_Vd_Vd = kclr + d
    a_Vd_Pc = -tumour_kill_per_Pc
    a_Vd_Xk = -tumour_kill_per_Xk
    a_Lnew_V = -lesion_hazard_rate_per_V
    a_Lnew_Vd = -lesion_hazard_rate_per_Vd
    a_Lnew_Lnew = d
    a_Pc_Pc = hoisted + d
    a_Pc_Pp = -pembrolizumab_return_per_Pp
    a_Pp_Pc = -pembrolizumab_outflow_per_Pc
    a_Pp_Pp = pembrolizumab_return_per_Pp + d
    a_Xk_Xk = kx + d
    a_Qr_Xk = -kq
    a_Qr_Qr = kq + d
    a_Av_Av = kv + d
    pivot_Asc, pivot_Aly, pivot_Ac = reciprocals(a_Asc_Asc, a_Aly_Aly, a_Ac_Ac)
    store(lu, 0, pivot_Asc)
    l_Aly_Asc = a_Aly_Asc * pivot_Asc
    store(lu, 1, l_Aly_Asc)
    store(lu, 2, pivot_Aly)
    l_Ac_Aly = a_Ac_Aly * pivot_Aly
    store(lu, 3, l_Ac_Aly)
    l_DL_Aly = a_DL_Aly * pivot_Aly
    store(lu, 4, l_DL_Aly)
    store(lu, 5, pivot_Ac)
    l_AUC_Ac = a_AUC_Ac * pivot_Ac
    store(lu, 6, l_AUC_Ac)
    l_M_Ac = a_M_Ac * pivot_Ac
    store(lu, 7, l_M_Ac)
    l_Ma_Ac = a_Ma_Ac * pivot_Ac
    store(lu, 8, l_Ma_Ac)
    l_D_Ac = a_D_Ac * pivot_Ac
    store(lu, 9, l_D_Ac)
    l_DL_Ac = a_DL_Ac * pivot_Ac
    store(lu, 10, l_DL_Ac)
    pivot_AUC, pivot_D, pivot_Tx = reciprocals(a_AUC_AUC, a_D_D, a_Tx_Tx)
    store(lu, 11, pivot_AUC)
    store(lu, 12, pivot_D)
    l_DL_D = a_DL_D * pivot_D
    store(lu, 13, l_DL_D)
    store(lu, 14, pivot_Tx)
    store(lu, 15, a_Tx_Td)
    store(lu, 16, a_Tx_G)
    store(lu, 17, a_Tx_Pc)
    pivot_Lnew, pivot_Xk, pivot_M = reciprocals(a_Lnew_Lnew, a_Xk_Xk, a_M_M)
    store(lu, 18, pivot_Lnew)
    store(lu, 19, a_Lnew_V)
    store(lu, 20, a_Lnew_Vd)
    store(lu, 21, pivot_Xk)
    l_M_Xk = a_M_Xk * pivot_Xk
    store(lu, 22, l_M_Xk)
    l_P_Xk = a_P_Xk * pivot_Xk
    store(lu, 23, l_P_Xk)
    l_E_Xk = a_E_Xk * pivot_Xk
    store(lu, 24, l_E_Xk)
    l_V_Xk = a_V_Xk * pivot_Xk
    store(lu, 25, l_V_Xk)
    l_Vd_Xk = a_Vd_Xk * pivot_Xk
    store(lu, 26, l_Vd_Xk)
    l_Qr_Xk = a_Qr_Xk * pivot_Xk
    store(lu, 27, l_Qr_Xk)
    store(lu, 28, pivot_M)
    l_Ma_M = a_Ma_M * pivot_M
    store(lu, 29, l_Ma_M)
    pivot_Ma, pivot_Qr, pivot_Av = reciprocals(a_Ma_Ma, a_Qr_Qr, a_Av_Av)
    store(lu, 30, pivot_Ma)
    l_E_Ma = a_E_Ma * pivot_Ma
    store(lu, 31, l_E_Ma)
    l_EM_Ma = a_EM_Ma * pivot_Ma
    store(lu, 32, l_EM_Ma)
    store(lu, 33, pivot_Qr)
    store(lu, 34, pivot_Av)
    l_DL_Av = a_DL_Av * pivot_Av
    store(lu, 35, l_DL_Av)
    pivot_N, pivot_P, pivot_EM = reciprocals(a_N_N, a_P_P, a_EM_EM)
    store(lu, 36, pivot_N)
    store(lu, 37, a_N_DL)
    l_P_N = a_P_N * pivot_N
    store(lu, 38, l_P_N)
    a_P_DL = a_P_DL - l_P_N * a_N_DL
    store(lu, 39, pivot_P)
    store(lu, 40, a_P_DL)
    l_Ep_P = a_Ep_P * pivot_P
    store(lu, 41, l_Ep_P)
    a_Ep_DL = a_Ep_DL - l_Ep_P * a_P_DL
    store(lu, 42, pivot_EM)
    store(lu, 43, a_EM_E)
    l_E_EM = a_E_EM * pivot_EM
    store(lu, 44, l_E_EM)
    a_E_E = a_E_E - l_E_EM * a_EM_E
    pivot_E, pivot_G, pivot_Pp = reciprocals(a_E_E, a_G_G, a_Pp_Pp)
    store(lu, 45, pivot_E)
    l_Td_E = a_Td_E * pivot_E
    store(lu, 46, l_Td_E)
    l_G_E = a_G_E * pivot_E
    store(lu, 47, l_G_E)
    store(lu, 48, pivot_G)
    l_Td_G = a_Td_G * pivot_G
    store(lu, 49, l_Td_G)
    l_V_G = a_V_G * pivot_G
    store(lu, 50, l_V_G)
    l_Vd_G = a_Vd_G * pivot_G
    store(lu, 51, l_Vd_G)
    store(lu, 52, pivot_Pp)
    store(lu, 53, a_Pp_Pc)
    l_Pc_Pp = a_Pc_Pp * pivot_Pp
    store(lu, 54, l_Pc_Pp)
    a_Pc_Pc = a_Pc_Pc - l_Pc_Pp * a_Pp_Pc
    pivot_Pc, pivot_Cs = reciprocals(a_Pc_Pc, a_Cs_Cs)
    store(lu, 55, pivot_Pc)
    l_Td_Pc = a_Td_Pc * pivot_Pc
    store(lu, 56, l_Td_Pc)
    l_V_Pc = a_V_Pc * pivot_Pc
    store(lu, 57, l_V_Pc)
    l_Vd_Pc = a_Vd_Pc * pivot_Pc
    store(lu, 58, l_Vd_Pc)
    store(lu, 59, pivot_Cs)
    store(lu, 60, a_Cs_DL)
    store(lu, 61, a_Cs_Ep)
    l_Ep_Cs = a_Ep_Cs * pivot_Cs
    store(lu, 62, l_Ep_Cs)
    a_Ep_DL = a_Ep_DL - l_Ep_Cs * a_Cs_DL
    a_Ep_Ep = a_Ep_Ep - l_Ep_Cs * a_Cs_Ep
    pivot_Ep, pivot_DL, pivot_V = reciprocals(a_Ep_Ep, a_DL_DL, a_V_V)
    store(lu, 63, pivot_Ep)
    store(lu, 64, a_Ep_DL)
    l_Td_Ep = a_Td_Ep * pivot_Ep
    store(lu, 65, l_Td_Ep)
    a_Td_DL = -l_Td_Ep * a_Ep_DL
    store(lu, 66, pivot_DL)
    store(lu, 67, a_DL_V)
    store(lu, 68, a_DL_Vd)
    l_Td_DL = a_Td_DL * pivot_DL
    store(lu, 69, l_Td_DL)
    a_Td_V = -l_Td_DL * a_DL_V
    a_Td_Vd = -l_Td_DL * a_DL_Vd
    store(lu, 70, pivot_V)
    store(lu, 71, a_V_Td)
    l_Td_V = a_Td_V * pivot_V
    store(lu, 72, l_Td_V)
    a_Td_Td = a_Td_Td - l_Td_V * a_V_Td
    l_Vd_V = a_Vd_V * pivot_V
    store(lu, 73, l_Vd_V)
    a_Vd_Td = a_Vd_Td - l_Vd_V * a_V_Td
    pivot_Td = 1.0 / a_Td_Td
    store(lu, 74, pivot_Td)
    store(lu, 75, a_Td_Vd)
    l_Vd_Td = a_Vd_Td * pivot_Td
    store(lu, 76, l_Vd_Td)
    a_Vd_Vd = a_Vd_Vd - l_Vd_Td * a_Td_Vd
    pivot_Vd = 1.0 / a_Vd_Vd
    store(lu, 77, pivot_Vd)


@kernel
def solve(lu, b):
    """Solve by the factors, in place."""
    b_Asc = load(b, 0)
    b_Aly = load(b, 1) - load(lu, 1) * b_Asc
    b_Ac = load(b, 2) - load(lu, 3) * b_Aly
    b_AUC = load(b, 3) - load(lu, 6) * b_Ac
    b_D = load(b, 6) - load(lu, 9) * b_Ac
    b_Tx = load(b, 15)
    b_Lnew = load(b, 19)
    b_Xk = load(b, 22)
    b_M = load(b, 4) - load(lu, 7) * b_Ac - load(lu, 22) * b_Xk
    b_Ma = load(b, 5) - load(lu, 8) * b_Ac - load(lu, 29) * b_M
    b_Qr = load(b, 23) - load(lu, 27) * b_Xk
    b_Av = load(b, 24)
    b_N = load(b, 8)
    b_P = load(b, 9) - load(lu, 23) * b_Xk - load(lu, 38) * b_N
    b_EM = load(b, 13) - load(lu, 32) * b_Ma
    b_E = load(b, 12) - load(lu, 24) * b_Xk - load(lu, 31) * b_Ma - load(lu, 44) * b_EM
    b_G = load(b, 16) - load(lu, 47) * b_E
    b_Pp = load(b, 21)
    b_Pc = load(b, 20) - load(lu, 54) * b_Pp
    b_Cs = load(b, 11)
    b_Ep = load(b, 10) - load(lu, 41) * b_P - load(lu, 62) * b_Cs
    b_DL = load(b, 7) - load(lu, 4) * b_Aly - load(lu, 10) * b_Ac - load(lu, 13) * b_D - load(lu, 35) * b_Av
    b_V = load(b, 17) - load(lu, 25) * b_Xk - load(lu, 50) * b_G - load(lu, 57) * b_Pc
    b_Td = load(b, 14) - load(lu, 46) * b_E - load(lu, 49) * b_G - load(lu, 56) * b_Pc - load(lu, 65) * b_Ep - load(lu, 69) * b_DL - load(lu, 72) * b_V
    b_Vd = load(b, 18) - load(lu, 26) * b_Xk - load(lu, 51) * b_G - load(lu, 58) * b_Pc - load(lu, 73) * b_V - load(lu, 76) * b_Td
    x_Vd = b_Vd * load(lu, 77)
    store(b, 18, x_Vd)
    x_Td = (b_Td - load(lu, 75) * x_Vd) * load(lu, 74)
    store(b, 14, x_Td)
    x_V = (b_V - load(lu, 71) * x_Td) * load(lu, 70)
    store(b, 17, x_V)
    x_DL = (b_DL - load(lu, 67) * x_V - load(lu, 68) * x_Vd) * load(lu, 66)
    store(b, 7, x_DL)
    x_Ep = (b_Ep - load(lu, 64) * x_DL) * load(lu, 63)
    store(b, 10, x_Ep)
    x_Cs = (b_Cs - load(lu, 61) * x_Ep - load(lu, 60) * x_DL) * load(lu, 59)
    store(b, 11, x_Cs)
    x_Pc = b_Pc * load(lu, 55)
    store(b, 20, x_Pc)
    x_Pp = (b_Pp - load(lu, 53) * x_Pc) * load(lu, 52)
    store(b, 21, x_Pp)
    x_G = b_G * load(lu, 48)
    store(b, 16, x_G)
    x_E = b_E * load(lu, 45)
    store(b, 12, x_E)
    x_EM = (b_EM - load(lu, 43) * x_E) * load(lu, 42)
    store(b, 13, x_EM)
    x_P = (b_P - load(lu, 40) * x_DL) * load(lu, 39)
    store(b, 9, x_P)
    x_N = (b_N - load(lu, 37) * x_DL) * load(lu, 36)
    store(b, 8, x_N)
    x_Av = b_Av * load(lu, 34)
    store(b, 24, x_Av)
    x_Qr = b_Qr * load(lu, 33)
    store(b, 23, x_Qr)
    x_Ma = b_Ma * load(lu, 30)
    store(b, 5, x_Ma)
    x_M = b_M * load(lu, 28)
    store(b, 4, x_M)
    x_Xk = b_Xk * load(lu, 21)
    store(b, 22, x_Xk)
    x_Lnew = (b_Lnew - load(lu, 19) * x_V - load(lu, 20) * x_Vd) * load(lu, 18)
    store(b, 19, x_Lnew)
    x_Tx = (b_Tx - load(lu, 16) * x_G - load(lu, 17) * x_Pc - load(lu, 15) * x_Td) * load(lu, 14)
    store(b, 15, x_Tx)
    x_D = b_D * load(lu, 12)
    store(b, 6, x_D)
    x_AUC = b_AUC * load(lu, 11)
    store(b, 3, x_AUC)
    x_Ac = b_Ac * load(lu, 5)
    store(b, 2, x_Ac)
    x_Aly = b_Aly * load(lu, 2)
    store(b, 1, x_Aly)
    x_Asc = b_Asc * load(lu, 0)
    store(b, 0, x_Asc)


@kernel
def observe(y, inputs, derived, out):
    """Write what can be read off the patient."""
    CLi = load(derived, 0)  # L/d: this patient's apparent clearance
    EC50p = load(derived, 2)  # ug/mL: plasma pembrolizumab at half occupancy of tumour PD-1
    KD = load(derived, 4)  # nM: avidity of the LAG-3Ig dimer for MHC class II positive cells at 37 C
    Rcell = load(derived, 9)  # molecule: MHC class II molecules per antigen-presenting cell
    SLD0 = load(derived, 10)  # mm: sum of longest diameters without drug
    one_over_V0 = load(derived, 66)
    one_over_V1pi = load(derived, 67)
    one_over_VFi = load(derived, 68)
    MW = load(derived, 99)  # kg/mol: molar mass of LAG-3Ig (kDa)
    Mother = load(derived, 100)  # cell/uL: other monocytes of blood
    Oth = load(derived, 101)  # cell/uL: CD8 cells that are neither activated nor effector memory
    Oth_plus_Lother = load(derived, 102)
    PBother = load(derived, 103)  # cell/uL: mononuclear blood cells that do not rise under paclitaxel
    rL = load(derived, 104)  # 1/dose_unit: rebound of lymphocytes under paclitaxel
    rM = load(derived, 105)  # 1/dose_unit: rebound of monocytes under paclitaxel
    Ac = load(y, 2)  # nmol: LAG-3Ig in plasma (apparent)
    AUC = load(y, 3)  # nM*d: exposure: area under the plasma level
    M = load(y, 4)  # cell/uL: responsive resting antigen-presenting cells of blood
    Ma = load(y, 5)  # cell/uL: activated antigen-presenting cells of blood
    E = load(y, 12)  # cell/uL: activated polyclonal CD8 cells
    EM = load(y, 13)  # cell/uL: polyclonal effector-memory CD8 cells
    G = load(y, 16)  # 1: interferon gamma relative to baseline
    V = load(y, 17)  # mL: living tumour volume
    Vd = load(y, 18)  # mL: dying tumour volume
    Lnew = load(y, 19)  # 1: cumulative hazard of a new lesion
    Pc = load(y, 20)  # mg: pembrolizumab, central
    Xk = load(y, 22)  # dose_unit: paclitaxel effect compartment
    Qr = load(y, 23)  # dose_unit: rebound of blood counts under paclitaxel
    C = one_over_VFi * Ac  # nM: LAG-3Ig in plasma
    eliminated_amount = CLi * AUC  # nmol: LAG-3Ig eliminated so far
    cp = one_over_V1pi * Pc  # ug/mL: pembrolizumab in plasma
    W = V + Vd  # mL: tumour volume
    size = power(one_over_V0 * W, 0.3333333333333333)  # 1: diameter relative to baseline
    SLD = SLD0 * size  # mm: sum of longest diameters
    per_KD_plus_C, per_EC50p_plus_cp, per_Oth_plus_E_plus_EM = reciprocals(KD + C, EC50p + cp, Oth + E + EM)
    B_b = Rcell * C * per_KD_plus_C  # molecule: LAG-3Ig bound per cell in blood
    RO = cp * per_EC50p_plus_cp  # 1: occupancy of PD-1 in the tumour
    em_share = (E + EM) * per_Oth_plus_E_plus_EM  # 1: effector and effector-memory share of CD8 cells
    store(out, 0, MW * C)  # ng/mL: LAG-3Ig in plasma
    store(out, 1, C)  # nM: LAG-3Ig in plasma, molar
    store(out, 2, MW * AUC)  # ng/mL*d: exposure to LAG-3Ig
    store(out, 3, eliminated_amount)  # nmol: LAG-3Ig eliminated
    store(out, 4, B_b)  # molecule: LAG-3Ig bound per antigen-presenting cell of blood
    store(out, 5, Ma)  # cell/uL: activated antigen-presenting cells
    store(out, 6, E)  # cell/uL: activated CD8 cells
    store(out, 7, 100.0 * em_share)  # percent: effector-memory share of CD8 cells
    store(out, 8, Oth + E + EM)  # cell/uL: CD8 cells
    store(out, 9, (Mother + M + Ma) * (1.0 + rM * Qr))  # cell/uL: monocytes
    store(out, 10, (1.0 + rL * Qr) * (Oth_plus_Lother + E + EM))  # cell/uL: lymphocytes
    store(out, 11, (Mother + M + Ma) * (1.0 + rM * Qr) + (1.0 + rL * Qr) * (Oth_plus_Lother + E + EM) + PBother)  # cell/uL: mononuclear blood cells
    store(out, 12, G)  # 1: interferon gamma relative to baseline
    store(out, 13, cp)  # ug/mL: pembrolizumab in plasma
    store(out, 14, RO)  # 1: occupancy of PD-1 in the tumour
    store(out, 15, Xk)  # dose_unit: paclitaxel effect compartment
    store(out, 16, W)  # mL: tumour volume
    store(out, 17, SLD)  # mm: sum of longest diameters
    store(out, 18, Lnew)  # 1: cumulative hazard of a new lesion


@kernel
def margins(derived, out):
    """Write the plausibility margins: none may be negative."""
    SLD0 = load(derived, 10)  # mm: sum of longest diameters without drug
    Oth = load(derived, 101)  # cell/uL: CD8 cells that are neither activated nor effector memory
    E0 = load(derived, 108)  # cell/uL: activated cells without drug
    EM0 = load(derived, 109)  # cell/uL: effector-memory CD8 cells without drug
    CD8_high = load(derived, 121)  # cell/uL: largest plausible CD8 count
    CD8_low = load(derived, 122)  # cell/uL: smallest plausible CD8 count
    SLD0_high = load(derived, 123)  # mm: largest plausible baseline sum of longest diameters
    SLD0_low = load(derived, 124)  # mm: smallest plausible baseline sum of longest diameters
    loop = load(derived, 125)  # 1: what the memory loop leaves open: at 0 it would feed itself
    sE = load(derived, 126)  # cell/uL/d: other supply of activated cells
    sEM = load(derived, 127)  # cell/uL/d: other supply of effector memory
    store(out, 0, loop)  # memory_loop, 1: the memory loop does not feed itself
    store(out, 1, sE)  # effector_source, cell/uL/d: supply of activated cells is not negative
    store(out, 2, sEM)  # effector_memory_source, cell/uL/d: supply of effector memory is not negative
    store(out, 3, EM0 + Oth + E0 - CD8_low)  # cd8_above_low, cell/uL: CD8 count above the smallest plausible
    store(out, 4, CD8_high - EM0 - Oth - E0)  # cd8_below_high, cell/uL: CD8 count below the largest plausible
    store(out, 5, SLD0 - SLD0_low)  # sld_above_low, mm: baseline size above the smallest plausible
    store(out, 6, SLD0_high - SLD0)  # sld_below_high, mm: baseline size below the largest plausible


@kernel
def doses(derived, out):
    """Write scale, bioavailability and lag of each route."""
    MW = load(derived, 99)  # kg/mol: molar mass of LAG-3Ig (kDa)
    Dpac = load(derived, 128)  # mg/m**2: paclitaxel dose that counts as one dose unit
    Fsc = load(derived, 129)  # 1: subcutaneous bioavailability beyond what VF and CLF fold in; below 1 depot and node receive less
    tlag = load(derived, 130)  # d: lag before absorption from the depot starts
    store(out, 0, 1000.0 / MW)  # lag3ig_sc_scale, nmol/mg: state's unit per dose unit
    store(out, 1, Fsc)  # lag3ig_sc_bioavailability, 1: bioavailability
    store(out, 2, tlag)  # lag3ig_sc_lag, d: lag
    store(out, 3, 1000.0 / MW)  # lag3ig_iv_scale, nmol/mg: state's unit per dose unit
    store(out, 4, 1.0)  # lag3ig_iv_bioavailability, 1: bioavailability
    store(out, 5, 0.0)  # lag3ig_iv_lag, d: lag
    store(out, 6, 1.0)  # pembrolizumab_iv_scale, mg/mg: state's unit per dose unit
    store(out, 7, 1.0)  # pembrolizumab_iv_bioavailability, 1: bioavailability
    store(out, 8, 0.0)  # pembrolizumab_iv_lag, d: lag
    store(out, 9, 1.0 / Dpac)  # paclitaxel_iv_scale, dose_unit/(mg/m**2): state's unit per dose unit
    store(out, 10, 1.0)  # paclitaxel_iv_bioavailability, 1: bioavailability
    store(out, 11, 0.0)  # paclitaxel_iv_lag, d: lag
    store(out, 12, 1.0)  # vaccine_sc_scale, vaccine_unit/vaccine_unit: state's unit per dose unit
    store(out, 13, 1.0)  # vaccine_sc_bioavailability, 1: bioavailability
    store(out, 14, 0.0)  # vaccine_sc_lag, d: lag


@kernel
def calibrate(derived, out):
    """Write the parameters set at the typical patient."""
    DL_start = load(derived, 106)  # Mcell: mature cells without drug
    H0 = load(derived, 131)  # 1: priming signal of the typical patient without drug
    store(out, 0, (1.0 - H0) * DL_start / H0)  # KH, Mcell: half-priming level at which the typical patient starts at H0
