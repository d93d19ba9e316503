"""Models of a trial: one, or one for each draw of a fit that its patients are divided over."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from ..fitting.parameter_sets import MOST_DRAWS, ParameterSets, load_fit, parameter_sets
from ..model import Model, load_model
from ..model.definition.parameters import ParameterTable
from ..model.errors import Lag3igError, ParameterError, PopulationError, ProtocolError, StorageError
from .distribution_over_draws import DistributionOverDraws
from .protocol import Protocol

if TYPE_CHECKING:
    from ..fitting.fit_result import FitResult

LITERATURE = "literature"
ENOUGH = (
    20  # patients of a draw, so that shares of a draw mean something, where no replicate trials need more
)


@dataclass(frozen=True, slots=True)
class TrialModels:
    """What a trial's patients are drawn from and simulated with.

    Attributes
    ----------
    model : Model
        Its equations simulate every patient. Under a fit, its parameters are the middle of the draws: what
        does not belong to single patients, such as the error of an assay, is taken from it.
    sets : ParameterSets, optional
        Draws of the fit; None with the literature's parameters.
    distribution : ParameterDistribution, optional
        Of the patients; None for that of the model.
    """

    model: Model
    sets: ParameterSets | None = None
    distribution: DistributionOverDraws | None = None

    @property
    def draws(self) -> int:
        """Draws that patients and replicate trials are divided over, D."""
        return 1 if self.sets is None else len(self.sets)


Given: TypeAlias = "str | Path | FitResult | ParameterSets | TrialModels"
Found: TypeAlias = "FitResult | ParameterSets"


def load_trial_model(protocol: Protocol) -> Model:
    """Model with a protocol's structure and the literature's parameters, once it knows every dose.

    Raises
    ------
    ProtocolError
        If an arm gives a drug, or gives it by a route, that the model does not have.
    """
    return _checked(load_model(protocol.build_structure(), protocol.parameter_table()), protocol)


def trial_models(
    protocol: Protocol,
    given: "Given" = LITERATURE,
    *,
    patients: int,
    replicates: int,
    draws: int | None = None,
    seed: int = 1,
) -> TrialModels:
    """Models of a trial with the literature's parameters, or with those that a fit leaves possible.

    Values that the protocol states go before those of the fit.

    Parameters
    ----------
    given
        ``"literature"``; ``"fitted"`` or the name of another fit that ships; a fit's file, a fit, or what a
        trial took from one (also by the trial's result file); models that this function made are returned.
    patients, replicates : int
        Virtual patients of an arm, and replicate trials: how many draws they suffice for.
    draws : int, optional
        Draws of the fit; as many as there are patients for, at most `MOST_DRAWS`, if left out.
    seed : int
        Of the choice of draws.

    Raises
    ------
    ProtocolError
        If fit and protocol do not belong together, or the patients are too few for the draws.
    ParameterError, StorageError
        If there is no such fit.
    """
    if isinstance(given, TrialModels):
        return given
    if isinstance(given, str) and given == LITERATURE:
        if draws is not None:
            raise ProtocolError(f"draws = {draws!r} needs a fit: the literature gives one set of parameters")
        return TrialModels(load_trial_model(protocol))
    found = _opened(given) if isinstance(given, str | Path) else given
    known = (
        None
        if draws is None and isinstance(found, ParameterSets)
        else _draws(protocol, patients=patients, replicates=replicates, draws=draws)
    )
    sets = _sets_of(found, protocol, draws=known, seed=seed, asked=_called(given))
    _check_structure(sets, protocol)
    base = sets.middle()
    middle = _checked(load_model(sets.structure, protocol.parameter_table(base)), protocol)
    models = [_with_table(middle, protocol, table) for table in sets.tables()]
    try:
        return TrialModels(middle, sets, DistributionOverDraws(middle, models))
    except PopulationError as fault:
        raise PopulationError(f"fit {sets.asked}: {fault}") from None


def size_of(protocol: Protocol) -> int:
    """Patients of the trial, however they are distributed over the arms."""
    ways = [[arm.treated for arm in protocol.arms], *(split.treated for split in protocol.splits)]
    return max(sum(way) for way in ways)


def _draws(protocol: Protocol, *, patients: int, replicates: int, draws: int | None) -> int:
    """Draws that there are patients for, or those asked for if they do not ask too much."""
    needed = size_of(protocol) if protocol.comparison is not None and replicates else 2
    if draws is None:
        return max(1, min(MOST_DRAWS, patients // max(ENOUGH, 2 * needed)))
    if isinstance(draws, bool) or not isinstance(draws, int) or draws < 1:
        raise ProtocolError(f"draws = {draws!r} must be a whole number from 1 on")
    if patients < draws * needed:
        raise ProtocolError(
            f"{draws} draws of the fit need {draws * needed:,} virtual patients in each arm, {needed} for "
            f"replicate trials of each; {patients:,} are asked for: take more patients, or fewer draws"
        )
    return draws


def _opened(given: str | Path) -> "Found":
    try:
        return load_fit(given)
    except StorageError as fault:
        taken = _of_result(Path(given))
        if taken is None:
            raise fault
        return taken


def _of_result(path: Path) -> ParameterSets | None:
    """What a trial took from a fit, from its result file; None if it is none."""
    from .results import read_result

    try:
        found = read_result(path).sets
    except StorageError:
        return None
    if found is None:
        raise ParameterError(f"{path} is the result of a trial with the literature's parameters, not a fit")
    return found


def _called(given: "str | Path | Found") -> str:
    if isinstance(given, str | Path):
        return str(given)
    return given.asked if isinstance(given, ParameterSets) else given.problem_name


def _sets_of(
    found: "Found", protocol: Protocol, *, draws: int | None, seed: int, asked: str
) -> ParameterSets:
    indication = protocol.indication or ""
    if not isinstance(found, ParameterSets):
        return parameter_sets(found, indication, draws=draws or MOST_DRAWS, seed=seed, asked=asked)
    if found.indication != indication or draws not in (None, len(found)):
        raise ProtocolError(
            f"parameters {asked}: another trial took these {len(found)} draws for the indication "
            f"{found.indication or 'none'}; give the fit itself"
        )
    return found


def _check_structure(sets: ParameterSets, protocol: Protocol) -> None:
    if not protocol.structure:
        return
    fitted, stated = sets.structure.as_mapping(), protocol.build_structure().as_mapping()
    other = [
        f"{name} = {stated[name]} (fit: {fitted[name]})" for name in stated if stated[name] != fitted[name]
    ]
    if other:
        raise ProtocolError(
            f"protocol {protocol.name!r} has another structure than the fit {sets.asked}: "
            f"{', '.join(other)}. Fit that structure, or leave the protocol's out: a protocol that states "
            "none takes the fit's"
        )


def _with_table(middle: Model, protocol: Protocol, table: ParameterTable) -> Model:
    return replace(middle, parameters=protocol.parameter_table(table))


def _checked(model: Model, protocol: Protocol) -> Model:
    for arm in protocol.arms:
        try:
            arm.regimen().compile(model, model.typical()[None])
        except Lag3igError as error:
            raise ProtocolError(f"protocol {protocol.name!r}, arm {arm.name!r}: {error}") from None
    return model
