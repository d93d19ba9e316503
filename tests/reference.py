"""The mechanism once more, by hand, for SciPy: independent of definition/, symbolic/ and generated/.

Plain Python floats, one patient, states in a dictionary by name; slow on purpose. Parameters come as a
mapping by symbol, so the only thing shared with the product is the table of numbers.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.integrate import solve_ivp

DEFAULT = {
    "activation_site": "blood",
    "binding": "equilibrium",
    "disposition": "linear",
    "tumour_effect": "kill",
    "kill_scaling": "half",
    "growth": "exponential",
    "new_lesions": "hazard",
    "antibodies": "none",
    "paclitaxel": "kpd",
    "rebound": "counts",
    "occasions": "none",
    "antigen": "growing",
}
OM = {"mass_action": 0.0, "half": 0.5, "proportional": 1.0}


@dataclass
class Patient:
    """One patient: parameters by symbol, structure by choice."""

    p: Mapping[str, float]
    structure: Mapping[str, str] = field(default_factory=dict)

    KNOWN: ClassVar = frozenset(
        "Asc Aly Ac AUC M Ma D DL N P Ep Cs E EM Td Tx G V Vd Lnew Pc Pp Xk Tc Tp Qr Av "
        "R_b B_b R_t B_t R_n B_n".split()
    )

    def __post_init__(self) -> None:
        self.s = {**DEFAULT, **self.structure}
        p = self.p
        self.VF = p["VF"] * (p["WT"] / p["WTref"]) ** p["xV"]
        self.CLF = p["CLF"] * (p["WT"] / p["WTref"]) ** p["xCL"]
        self.V1p = p["V1p"] * (p["WT"] / p["WTref"]) ** p["xVp"]
        self.V2p = p["V2p"] * (p["WT"] / p["WTref"]) ** p["xVp"]
        self.CLp = p["CLp"] * (p["WT"] / p["WTref"]) ** p["xCLp"]
        self.Qp = p["Qp"] * (p["WT"] / p["WTref"]) ** p["xCLp"]
        self.start = self._start()
        self.names = list(self.start)

    def signal(self, bound: float) -> float:
        p = self.p
        if bound <= 0.0:
            return 0.0
        return bound ** p["hS"] / (p["N50"] ** p["hS"] + bound ** p["hS"])

    def equilibrium(self, c: float) -> float:
        return self.p["Rcell"] * c / (self.p["KD"] + c)

    def cytotoxicity(self, Td: float, Hp: float) -> float:
        p = self.p
        if self.s["tumour_effect"] == "none":
            return 0.0
        om = OM[self.s["kill_scaling"]]
        return p["kkill"] * (p["DTref"] / p["DT"]) ** om * (1 - Hp) * Td / (1 + Td / p["Tsat"])

    def _start(self) -> dict[str, float]:
        p = self.p
        g = math.log(2) / p["DT"]
        H0p = p["y0"] ** p["nPD"] / (1 + p["y0"] ** p["nPD"])
        k0 = self.cytotoxicity(p["Td0"], H0p)
        self.V0 = math.pi / 6 * (p["SLD0"] / 10) ** 3 / p["nles"] ** 2
        self.Vmax = max(p["Vfloor"], p["rVmax"] * self.V0)
        self.kg = g + k0
        if self.s["growth"] == "logistic":
            self.kg = (g + k0) / (1 - self.V0 / self.Vmax)
        ratio = k0 / (p["kclr"] + g)
        V = self.V0 / (1 + ratio)
        Vd = self.V0 - V
        Z = V + p["eta"] * Vd
        self.Veff0 = p["Vag"] * Z / (Z + p["Vag"])
        self.Mb = p["M0"] * (1 + p["aM"] * p["s0"] / p["kM"])
        Ma0 = p["aM"] * p["s0"] * p["M0"] / p["kMa"]
        D = p["kD"] * p["D0"] / (p["kD"] + p["kmat"] * p["m0"])
        DL = p["kmat"] * p["m0"] * D * self.Veff0 / p["kDL"]
        H = DL / (DL + p["KH"])
        nd = p["n0"] + p["n1"] * H
        N = p["dN"] * p["N00"] / (p["dN"] + p["aN"] * H)
        pri = p["aN"] * H * N
        P = nd * pri / p["kpro"]
        loss = p["dE"] + p["rE"]
        den = 1 - 2 ** p["nC"] * p["aC"] * H * p["rE"] * p["fC"] / (loss * (p["dC"] + p["aC"] * H))
        Ep = 2**nd * pri / (loss * den)
        Cs = p["rE"] * p["fC"] * Ep / (p["dC"] + p["aC"] * H)
        self.E0 = p["phiE"] * p["EM0"]
        X0 = Ma0 / (Ma0 + p["KMa"])
        self.aEM = p["qE"] * loss * self.E0 / (2 ** p["mE"] * X0 * p["EM0"])
        self.sE = loss * self.E0 - 2 ** p["mE"] * self.aEM * X0 * p["EM0"]
        supply = self.aEM * X0 * p["EM0"] + p["dEM"] * p["EM0"]
        self.fM = p["qM"] * supply / (p["rE"] * self.E0)
        self.sEM = supply - p["rE"] * self.fM * self.E0
        self.qT = p["Td0"] * (p["dT"] + p["kex"] * H0p) / (p["ftr"] * self.E0 + Ep)
        Tx = p["kex"] * H0p * p["Td0"] / p["dTx"]
        zero = (
            "Asc",
            "Aly",
            "Ac",
            "Pc",
            "Pp",
            "Xk",
            "Tc",
            "Tp",
            "Av",
            "Qr",
            "Lnew",
            "AUC",
            "B_b",
            "B_t",
            "B_n",
        )
        return {
            **dict.fromkeys(zero, 0.0),
            **dict.fromkeys(("R_b", "R_t", "R_n"), p["Rcell"]),
            "M": p["M0"],
            "Ma": Ma0,
            "D": D,
            "DL": DL,
            "N": N,
            "P": P,
            "Ep": Ep,
            "Cs": Cs,
            "E": self.E0,
            "EM": p["EM0"],
            "Td": p["Td0"],
            "Tx": Tx,
            "G": 1.0,
            "V": V,
            "Vd": Vd,
        }

    def derivative(
        self, y: Mapping[str, float], rate: Mapping[str, float], switch: Mapping[str, float]
    ) -> dict:
        """Right-hand side of mechanism section 8.3 with the alternatives of 8.7."""
        p, s = self.p, self.s
        C = y["Ac"] / self.VF
        node = y["Aly"] / p["Vly"]
        explicit = s["binding"] == "explicit"
        S = self.signal(y["B_b"] if explicit else self.equilibrium(C))
        ST = self.signal(y["B_t"] if explicit else self.equilibrium(p["gT"] * C))
        SL = self.signal(y["B_n"] if explicit else self.equilibrium(node))
        wB = 1.0 if s["activation_site"] in ("blood", "both") else 0.0
        wN = 1.0 if s["activation_site"] in ("node", "both") else 0.0
        Sa = wB * S + wN * p["fN"] * SL - wB * wN * p["fN"] * S * SL
        St = p["s0"] + (1 - p["s0"]) * Sa
        m = p["m0"] + (1 - p["m0"]) * wB * ST
        X = y["Ma"] / (y["Ma"] + p["KMa"])
        Z = y["V"] + p["eta"] * y["Vd"]
        Veff = self.Veff0 if s["antigen"] == "held" else p["Vag"] * Z / (Z + p["Vag"])
        H = y["DL"] / (y["DL"] + p["KH"])
        nd = p["n0"] + p["n1"] * H
        cp = y["Pc"] / self.V1p
        RO = cp / (cp + p["EC50p"])
        L = 1 + p["eL"] * (y["G"] - 1) / (y["G"] + 1)
        yy = (p["y0"] * L * (1 - RO)) ** p["nPD"]
        Hp = yy / (1 + yy)
        d = dict.fromkeys(y, 0.0)
        if s["paclitaxel"] == "kpd":
            Xk = y["Xk"]
            d["Xk"] = -p["kx"] * Xk
        else:
            # Exposure in dose units: one 80 mg/m2 dose has the integral 1/kx, as under K-PD.
            clearance, V1, Q, V2 = (p[k] for k in ("CLt", "V1t", "Qt", "V2t"))
            Xk = y["Tc"] / V1 * clearance / (p["Dpac"] * p["BSA"] * p["kx"])
            d["Tc"] = -(clearance + Q) / V1 * y["Tc"] + Q / V2 * y["Tp"] + rate.get("Tc", 0.0)
            d["Tp"] = Q / V1 * y["Tc"] - Q / V2 * y["Tp"]
        pr = 1 - p["lym"] * Xk / (1 + Xk)
        kk = self.cytotoxicity(y["Td"], Hp) + p["kpac"] * Xk
        pri = p["aN"] * H * y["N"]
        act = self.aEM * X * y["EM"]
        loss = p["dE"] + p["rE"]
        clearance = self.CLF * (1 + (p["mADA"] - 1) * switch.get("antibody", 0.0))
        absorption = p["ka"] * switch.get("ka_occasion", 1.0) * y["Asc"]

        d["Asc"] = -absorption
        d["Aly"] = absorption - p["kly"] * y["Aly"]
        d["Ac"] = p["kly"] * y["Aly"] - clearance / self.VF * y["Ac"]
        if s["disposition"] == "capture":
            d["Asc"] -= p["Vcap"] * y["Asc"] / (p["Kcap"] + y["Asc"])
        if s["disposition"] == "target_mediated":
            d["Ac"] -= p["Vt"] * C / (p["Kt"] + C)
        if explicit:
            kon, kint = p["koff"] / p["KD"], p["kdeg"]
            for site, c in (("b", C), ("t", p["gT"] * C), ("n", node)):
                R, B = y["R_" + site], y["B_" + site]
                d["R_" + site] = p["kdeg"] * (p["Rcell"] - R) - kon * c * R + p["koff"] * B
                d["B_" + site] = kon * c * R - (p["koff"] + kint) * B
        influx = 1 + p["rM"] * y["Qr"] if s["rebound"] == "apc" else 1.0
        d["M"] = p["kM"] * self.Mb * influx * (1 + p["eM"] * Sa) * pr - (p["kM"] + p["aM"] * St) * y["M"]
        d["Ma"] = p["aM"] * St * y["M"] - p["kMa"] * y["Ma"]
        d["D"] = p["kD"] * (p["D0"] - y["D"]) - p["kmat"] * m * y["D"]
        adjuvant = p["sV"] * p["kv"] * y["Av"] * (p["b0"] + (1 - p["b0"]) * SL)
        d["DL"] = p["kmat"] * m * y["D"] * Veff - p["kDL"] * y["DL"] + adjuvant
        d["N"] = p["dN"] * (p["N00"] - y["N"]) - pri
        d["P"] = pri * pr - p["kpro"] / nd * y["P"]
        recall = p["aC"] * H * y["Cs"]
        d["Ep"] = p["kpro"] / nd * 2**nd * y["P"] + 2 ** p["nC"] * recall - loss * y["Ep"]
        d["Cs"] = p["rE"] * p["fC"] * y["Ep"] - p["dC"] * y["Cs"] - recall
        d["E"] = self.sE + 2 ** p["mE"] * act * pr - loss * y["E"]
        d["EM"] = self.sEM + p["rE"] * self.fM * y["E"] - act - p["dEM"] * y["EM"] * (y["EM"] / p["EM0"])
        entry = 1 + p["eG"] * (y["G"] - 1)
        d["Td"] = self.qT * (p["ftr"] * y["E"] + y["Ep"]) * entry - (p["dT"] + p["kex"] * Hp) * y["Td"]
        d["Tx"] = p["kex"] * Hp * y["Td"] - p["dTx"] * y["Tx"]
        d["G"] = p["kG"] * (y["E"] / self.E0 - y["G"])
        W = y["V"] + y["Vd"]
        growth = {
            "exponential": lambda: self.kg,
            "logistic": lambda: self.kg * (1 - W / self.Vmax),
            "gompertz": lambda: self.kg * math.log(self.Vmax / W) / math.log(self.Vmax / self.V0),
        }[s["growth"]]()
        d["V"] = growth * y["V"] - kk * y["V"]
        d["Vd"] = kk * y["V"] - p["kclr"] * y["Vd"]
        exchange, back = self.Qp / self.V1p * y["Pc"], self.Qp / self.V2p * y["Pp"]
        d["Pc"] = -self.CLp / self.V1p * y["Pc"] - exchange + back + rate.get("Pc", 0.0)
        d["Pp"] = exchange - back
        d["Av"] = -p["kv"] * y["Av"]
        d["Qr"] = p["kq"] * (Xk - y["Qr"])
        sld = p["SLD0"] * (W / self.V0) ** (1 / 3)
        d["Lnew"] = p["h0"] * sld / p["SLDref"]
        d["AUC"] = C
        return d

    def solve(
        self,
        times: Sequence[float],
        boluses: Sequence[tuple[float, str, float]] = (),
        infusions: Sequence[tuple[float, float, str, float]] = (),
        switches: Sequence[tuple[float, str, float]] = (),
        *,
        rtol: float = 1e-11,
        method: str = "LSODA",
    ) -> dict[str, np.ndarray]:
        """Integrate between events: bolus (time, state, amount), infusion (start, end, state, rate)."""
        breaks = {t for t, *_ in boluses} | {t for t, *_ in switches}
        breaks |= {t for a, b, *_ in infusions for t in (a, b)}
        grid = np.asarray(times, dtype=float)
        edges = sorted({0.0, *breaks, grid[-1]})
        y = dict(self.start)
        switch: dict[str, float] = {}
        out = {name: np.full(grid.size, np.nan) for name in self.names}
        scale = np.array([max(abs(v), 1e-3) for v in y.values()])

        def record(k: int, values) -> None:
            for name, value in zip(self.names, values, strict=True):
                out[name][k] = value

        for left, right in zip(edges, [*edges[1:], math.inf], strict=True):
            for t, state, amount in boluses:
                if t == left:
                    y[state] += amount
            for t, name, value in switches:
                if t == left:
                    switch[name] = value
            rate: dict[str, float] = {}
            for a, b, state, r in infusions:
                if a <= left < b:
                    rate[state] = rate.get(state, 0.0) + r
            for k in np.flatnonzero(grid == left):
                record(k, y.values())
            if right > grid[-1]:
                break
            inside = np.flatnonzero((grid > left) & (grid < right))
            here, on = rate, dict(switch)

            def f(_t, v, here=here, on=on):
                return list(
                    self.derivative(dict(zip(self.names, v.tolist(), strict=True)), here, on).values()
                )

            points = np.append(grid[inside], right)
            run = solve_ivp(
                f,
                (left, right),
                list(y.values()),
                method=method,
                t_eval=points,
                rtol=rtol,
                atol=rtol * 1e-3 * scale,
            )
            if not run.success:
                raise RuntimeError(run.message)
            for k, column in zip(inside, run.y.T, strict=False):
                record(k, column)
            y = dict(zip(self.names, run.y[:, -1].tolist(), strict=True))
        return out
