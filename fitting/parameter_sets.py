"""Parameter sets that a fit leaves possible: draws of its posterior, made tables for a new trial."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import numpy as np
from numpy.typing import NDArray

from ..model.definition.parameters import ParameterTable
from ..model.definition.structures import Structure
from ..model.documents import parse_document
from ..model.errors import Lag3igError, ParameterError, nearest
from ..model.randomness import normals, uniforms
from .cards import load_card
from .free_parameters import Context, FreeParameters
from .problem import Problem
from .vocabulary import Indication

if TYPE_CHECKING:
    from .fit_result import FitResult

Array = NDArray[np.float64]

FITS = Path(__file__).with_name("fits")
FITTED, SHIPPED = "fitted", "monotherapies"  # what a user asks for, and the fit that this is
MOST_DRAWS = 200
INDICATIONS = frozenset(get_args(Indication))


@dataclass(frozen=True, kw_only=True)
class ParameterSets:
    """Draws of a fit for new trials of one indication, and what tells which fit it was.

    Attributes
    ----------
    asked : str
        How the user called the fit.
    name, title, created, lag3ig_version, problem_text
        Of the fit.
    hash : str
        Identity of the fit: what was fitted, and every draw and weight of its posterior.
    cards : tuple of str
        Publications that were fitted.
    trusted : bool
        Whether sampling converged; ``reason`` says why, or why not.
    indication : str
        Of the trial; empty if it names none.
    names : tuple of str
        Free parameters of the fit, n.
    points : ndarray, shape (D, n)
        Draws on the free scale, each as often as its weight gives it.
    centre : ndarray, shape (n,)
        Posterior medians on the free scale.
    new : tuple of str
        Symbols in which trials, or indications, of the fit differ, so that a new one differs too.
    new_factors : ndarray, shape (D, m)
        Logarithm of the factor on each of them, drawn from its prior.
    """

    asked: str
    name: str
    title: str
    created: str
    lag3ig_version: str
    problem_text: str
    hash: str
    cards: tuple[str, ...]
    trusted: bool
    reason: str
    indication: str
    names: tuple[str, ...]
    points: Array
    centre: Array
    new: tuple[str, ...]
    new_factors: Array

    def __len__(self) -> int:
        return len(self.points)

    @property
    def distinct(self) -> int:
        """Different points of the posterior among the draws."""
        return len(np.unique(self.points, axis=0))

    @cached_property
    def problem(self) -> Problem:
        """The problem that was fitted."""
        return _problem(self.problem_text, self.names, f"fit {self.asked}")

    @property
    def structure(self) -> Structure:
        """Structure that was fitted."""
        return self.problem.build_structure()

    def tables(self) -> Iterator[ParameterTable]:
        """Table of each draw.

        Raises
        ------
        ParameterError
            If a draw leaves the bounds of a parameter.
        """
        for number, (point, factors) in enumerate(zip(self.points, self.new_factors, strict=True)):
            try:
                yield self._table(point, factors)
            except ParameterError as fault:
                raise ParameterError(f"fit {self.asked}, draw {number}: {fault}") from None

    def middle(self) -> ParameterTable:
        """Table at the posterior medians, of a trial like those that the fit takes as the standard."""
        return self._table(self.centre, np.zeros(len(self.new)))

    def _table(self, point: Array, log_factors: Array) -> ParameterTable:
        table = self._free.table(point, self._base, Context(self.indication, ""))
        values = {
            symbol: table[symbol].value * float(np.exp(change))
            for symbol, change in zip(self.new, log_factors, strict=True)
        }
        return table.with_values(values)

    @cached_property
    def _base(self) -> ParameterTable:
        return self.problem.base(Context(self.indication, ""))

    @cached_property
    def _free(self) -> FreeParameters:
        return self.problem.free_parameters()

    @property
    def cautions(self) -> tuple[str, ...]:
        """What to know of the fit before a figure made with it is believed."""
        said = []
        if not self.trusted:
            said.append(f"The posterior of the fit cannot be trusted yet: {self.reason.rstrip('.')}.")
        known = _indications(self.problem) - {"none"}
        if self.indication and known and self.indication not in known:
            said.append(
                f"No card of the fit is of {self.indication} (they are of {', '.join(sorted(known))}): what "
                "is particular to it is drawn from the prior or stands as in the literature set."
            )
        return tuple(said)


def load_fit(name: str | Path) -> "FitResult":
    """A fit by name ("fitted", or one that ships), or by the path of its .h5 file.

    Raises
    ------
    ParameterError
        If none of that name ships.
    StorageError
        If the file is missing, damaged or no fit.
    """
    from .fit_file import read_fit  # what a fit found takes libraries that a trial without one need not load

    path = Path(name)
    if path.suffix == ".h5":
        return read_fit(path)
    shipped = sorted(item.stem for item in FITS.glob("*.h5"))
    known = [FITTED, *shipped]
    if str(name) not in known:
        raise ParameterError(
            f"no fit is called {str(name)!r}; {nearest(str(name), known)}, or give a .h5 file"
        )
    chosen = SHIPPED if str(name) == FITTED else str(name)
    if chosen not in shipped:
        raise ParameterError(
            f"the fit {chosen!r} is not in this installation ({FITS / chosen}.h5 is missing); make it with "
            f"`lag3ig fit {chosen}` and give the .h5 file that this writes"
        )
    return read_fit(FITS / f"{chosen}.h5")


def parameter_sets(
    fit: "FitResult", indication: str = "", *, draws: int = MOST_DRAWS, seed: int = 1, asked: str = ""
) -> ParameterSets:
    """Draws of a fit's posterior for new trials of an indication.

    The same trial would not come again: where the fit lets trials differ in a parameter, each draw has a
    trial of its own, whose factor comes from the prior that those of the fit were shrunk by; and likewise an
    indication that no card of the fit is of.

    Parameters
    ----------
    fit : FitResult
    indication : str
        Of the trial; empty for a trial of none.
    draws : int
        How many, D: each point of the posterior its share of them, by systematic resampling.
    seed : int
        Of the resampling and the new factors.
    asked : str
        How the user called the fit.

    Raises
    ------
    ParameterError
        If the problem of the fit is not of this version, or its draws and weights make no posterior.
    """
    called = asked or fit.problem_name
    problem = _problem(fit.problem_text, fit.names, f"fit {called}")
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ParameterError(f"draws = {draws!r} must be a whole number from 1 on")
    weights = np.asarray(fit.weights, dtype=np.float64)
    sound = np.isfinite(weights).all() and (weights >= 0.0).all() and weights.sum() > 0.0
    if not sound or not np.isfinite(fit.draws[weights > 0.0]).all():
        raise ParameterError(f"fit {called}: its draws or their weights are no numbers; fit again")
    levels = (np.arange(draws) + uniforms(seed, [0], "draws of a fit", 1)[0, 0]) / draws
    chosen = _at_levels(weights, levels)
    new = _new_effects(problem, indication)
    factors = [
        spread * normals(seed, np.arange(draws), f"a new trial differs in {symbol}", 1)[:, 0]
        for symbol, spread in new.items()
    ]
    return ParameterSets(
        asked=called,
        name=fit.problem_name,
        title=fit.title,
        created=fit.created,
        lag3ig_version=fit.lag3ig_version,
        problem_text=fit.problem_text,
        hash=_identity(fit),
        cards=tuple(dict.fromkeys(name.partition(".")[0] for name in fit.terms)),
        trusted=fit.trusted,
        reason=str(fit.diagnostics.get("reason", "nothing is known of how it was sampled")),
        indication=indication,
        names=fit.names,
        points=fit.draws[chosen],
        centre=np.array([_median(column, weights) for column in fit.draws.T]),
        new=tuple(new),
        new_factors=np.stack(factors, axis=1) if factors else np.zeros((draws, 0)),
    )


def _at_levels(weights: Array, levels: Array) -> NDArray[np.int64]:
    """Places at which the running sum of weights passes levels in (0, 1)."""
    running = np.cumsum(weights)
    places = np.searchsorted(running, levels * running[-1], side="right")
    return np.minimum(places, np.flatnonzero(weights)[-1]).astype(np.int64)


def _median(values: Array, weights: Array) -> float:
    order = np.argsort(values, kind="stable")
    return float(values[order][_at_levels(weights[order], np.array([0.5]))[0]])


def _problem(text: str, names: tuple[str, ...], where: str) -> Problem:
    problem = parse_document(text, Problem, error=ParameterError, name=f"the problem in {where}")
    if problem.free_parameters().names != names:
        raise ParameterError(f"{where}: its draws are not of the problem that it names; fit again")
    return problem


def _indications(problem: Problem) -> set[str]:
    """Indications of the cards of a fit, as far as they can be read, and those it gives values for."""
    found = set(problem.indications)
    for name in problem.cards:
        try:
            found.add(load_card(name).indication)
        except Lag3igError:  # a card of somebody else's folder: what the fit says of it does not go with it
            continue
    return found


def _new_effects(problem: Problem, indication: str) -> Mapping[str, float]:
    """Symbols in which a new trial, or a new indication, differs, and by how much (deviation of the log)."""
    unknown = bool(indication) and indication not in _indications(problem)
    variances: dict[str, float] = {}
    for kind in ("trial", "indication"):
        spreads: dict[str, float] = {}
        for effect in problem.effects:
            of_indications, of_trials = set(effect.of) & INDICATIONS, set(effect.of) - INDICATIONS
            differs = of_indications and unknown and indication not in effect.of
            if of_trials if kind == "trial" else differs:
                spreads[effect.parameter] = max(effect.spread, spreads.get(effect.parameter, 0.0))
        for symbol, spread in spreads.items():
            variances[symbol] = variances.get(symbol, 0.0) + spread**2
    return {symbol: float(np.sqrt(variance)) for symbol, variance in variances.items()}


def _identity(fit: "FitResult") -> str:
    digest = hashlib.sha256(json.dumps([fit.problem_text, fit.names, fit.seed, fit.patients]).encode())
    for values in (fit.draws, fit.weights):
        digest.update(np.ascontiguousarray(values, dtype="<f8").tobytes())
    return digest.hexdigest()
