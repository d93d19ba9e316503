"""A dose in one line of words: `30 mg lag3ig sc every 14 d x 6`."""

import re

from ..model.dosing import Regimen, dose
from ..model.errors import DosingError

GRAMMAR = "AMOUNT UNIT DRUG [ROUTE] [every TIME] [x COUNT] [from TIME] [over TIME]"
EXAMPLE = "30 mg lag3ig sc every 14 d x 6"

_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?"
_TIME = rf"{_NUMBER}\s*[A-Za-z]+"
_LINE = re.compile(
    rf"(?P<amount>{_NUMBER})\s*(?P<unit>[A-Za-zµ%/*^_0-9]+)\s+(?P<drug>[A-Za-z]\w*)"
    r"(?:\s+(?P<route>(?!every\b|x\b|from\b|over\b)[A-Za-z][\w.]*))?(?P<rest>(?:\s+.*)?)"
)
_CLAUSES = {
    "every": re.compile(rf"\s+every\s+(?P<value>{_TIME})(?=\s|$)"),
    "count": re.compile(r"\s+[x×]\s*(?P<value>\d+)(?=\s|$)"),
    "start": re.compile(rf"\s+from\s+(?P<value>{_TIME})(?=\s|$)"),
    "infuse": re.compile(rf"\s+over\s+(?P<value>{_TIME})(?=\s|$)"),
}


def regimen_from_words(text: str) -> Regimen:
    """Return the regimen of one line of words.

    Raises
    ------
    DosingError, UnitError
        If the words are no dose, or say something impossible.

    Examples
    --------
    >>> [item.time for item in regimen_from_words("30 mg lag3ig sc every 14 d x 3").administrations()]
    [0.0, 14.0, 28.0]
    """
    found = _LINE.fullmatch(text.strip())
    if found is None:
        raise DosingError(f"--dose {text!r} is not understood; write {GRAMMAR}, for example '{EXAMPLE}'")
    rest, clauses = found["rest"].rstrip(), {}
    for name, pattern in _CLAUSES.items():
        clause = pattern.search(rest)
        if clause is not None:
            clauses[name] = clause["value"]
            rest = rest[: clause.start()] + rest[clause.end() :]
    if rest.strip():
        raise DosingError(
            f"--dose {text!r}: {rest.strip()!r} is not understood; write {GRAMMAR}, for example '{EXAMPLE}'"
        )
    if not float(found["amount"]) > 0.0:
        raise DosingError(
            f"--dose {text!r}: the amount must be above zero; leave the dose out to give nothing"
        )
    count = clauses.get("count")
    try:
        return dose(
            found["drug"],
            f"{found['amount']} {found['unit']}",
            route=found["route"],
            every=clauses.get("every"),
            count=None if count is None else int(count),
            start=clauses.get("start", 0.0),
            infuse=clauses.get("infuse"),
        )
    except DosingError as error:
        raise DosingError(f"--dose {text!r}: {error}") from None
