"""What commands about virtual persons share: a protocol or a result that has them, simulated once."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from .cli_console import FAULT, MOST_FAILED

if TYPE_CHECKING:
    from .protocol import LoadedProtocol
    from .results import TrialResult


def opened(given: str) -> "tuple[LoadedProtocol, TrialResult | None]":
    """A protocol by name or path; or a result, by its .h5 file, with the protocol in it."""
    from .protocol import load_protocol, parse_protocol
    from .results import read_result

    if Path(given).suffix != ".h5":
        return load_protocol(given), None
    stored = read_result(given)
    return parse_protocol(stored.protocol_text), stored


def simulated(
    loaded: "LoadedProtocol", parameters: str, draws: int | None, *, usual: int, **size: Any
) -> "TrialResult":
    """The large virtual arms alone; over ``usual`` draws of a fit if none are asked for."""
    from .trial import run_trial
    from .trial_models import LITERATURE
    from .virtual_arm import RTOL_OF_ENDPOINTS

    if parameters != LITERATURE and draws is None:
        draws = usual
    return run_trial(
        loaded,
        replicates=0,
        history_patients=0,
        parameters=parameters,
        draws=draws,
        rtol=RTOL_OF_ENDPOINTS,
        **size,
    )


def fail_if_many_failed(*results: "TrialResult") -> None:
    """End with `FAULT` if too many persons of an arm could not be solved."""
    if any(arm.failed > MOST_FAILED for result in results for arm in result.arms.values()):
        raise typer.Exit(FAULT)
