"""Texts of cards that tests read and corrupt: one of every kind of observation."""

import pytest

from lag3ig.fitting.cards import TrialCard
from lag3ig.model.documents import parse_document
from lag3ig.model.errors import Lag3igError

CARD = """id = "x"
title = "x"
indication = "kidney"
[source]
citation = "x"
read = "abstract"

[[arms]]
id = "low"
n = 20
doses = [{ drug = "lag3ig", amount = "1 mg" }]
scans = ["42 d", "84 d"]
blood = ["0 d", "14 d", "28 d"]
plasma = ["0 d", "1 d"]
end = "100 d"
response = { disease_control_at = "84 d" }

[[arms]]
id = "high"
n = 10
scans = ["42 d", "84 d"]
response = { disease_control_at = "84 d" }

[[observations]]
id = "a"
statement = "a"
published = "a"
tag = "read"
role = "fitted"
"""
KINDS = {
    "count": 'arm = "low"\nendpoint = "no_progression"\nday = "84 d"\ncount = 1\nnumber = 9',
    "at_most": 'arm = ["low", "high"]\nendpoint = "objective_response"\nmost = 1\nnumber = 30',
    "categories": 'arm = "low"\ncounts = { complete = 1, partial = 2, stable_or_worse = 7 }\nnumber = 10',
    "mean": 'arm = "low"\nobservable = "activated_cd8"\ndays = ["14 d", "28 d"]\ncentre_kind = "mean"\n'
    'centre = [3.0, 4.0]\nspread_kind = "SD"\nspread = [1.0, 2.0]\nnumber = 9\nunit = "cell/uL"',
    "best_change_quantiles": 'arm = "low"\nlevels = [0.25, 0.5]\nvalues = [-40.0, 5.0]\nnumber = 9',
    "survival": 'arm = "low"\nendpoint = "progression_free"\ndays = ["42 d", "84 d"]\n'
    "survival = [0.8, 0.5]\nat_risk = [8, 5]\nnumber = 9",
    "median_time": 'arm = "low"\nendpoint = "progression_free"\nmedian = "2 months"\nlower = "1 month"\n'
    'upper = "3 months"\nnumber = 9\nevents = 8',
    "hazard_ratio": 'arm = "high"\nagainst = "low"\nendpoint = "progression_free"\nratio = 0.7\nlower = 0.5\n'
    'upper = 0.9\nlevel = 0.95\nestimator = "cox"',
    "every": 'arm = "low"\nendpoint = "em_rise"\nnumber = 9\nshown = false',
    "inequality": 'arm = "low"\nobservable = "plasma"\nfrom_day = "1 h"\nto_day = "1 d"\n'
    'at_least = "1 ng/mL"\nat_most = "5 ug/L"',
    "prior": 'parameter = "KD"\nvalue = "0.06 umol/L"\nfactor = 2',
    "statement": 'arm = "low"',
}


def write(kind: str) -> str:
    text = f'{CARD}kind = "{kind}"\n{KINDS[kind]}\n'
    role = {"prior": "prior", "statement": "check only"}.get(kind, "fitted")
    return text.replace('role = "fitted"', f'role = "{role}"')


def parse(text: str) -> TrialCard:
    return parse_document(text, TrialCard, error=Lag3igError, name="card.toml")


def refused(text: str) -> str:
    with pytest.raises(Lag3igError) as fault:
        parse(text)
    return str(fault.value)
