"""Front door of the experiments: a protocol, its trial, the result."""

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from .. import __version__
from ..model import Model, simulate
from ..model.engine.batch import evaluate
from ..model.engine.compilation import target
from ..model.errors import ProtocolError
from ..model.storage import GrowingFile
from .drawn import Drawn, draw_into
from .fitted import fit_summary
from .in_order import PIECE, thread_count
from .natural_history import check_natural_history
from .protocol import LoadedProtocol, Protocol, load_protocol
from .replicates import Pool, replicate_trials
from .result_file import arm_builder, population_builder, write_rest
from .results import Population, TrialResult
from .summary import split_rows, summarise
from .table import trial_table
from .trial_models import LITERATURE, Given, TrialModels, trial_models
from .virtual_arm import RTOL, VirtualArm, simulate_arm

LIBRARIES = ("numpy", "scipy", "numba", "llvmlite", "h5py", "pydantic", "pint")
HISTORY_FOR_EACH, MOST_HISTORY = 10, 100_000  # patients of the check without drug
Progress = Callable[[str, int, int], None]


def run_trial(
    protocol: str | Path | LoadedProtocol,
    *,
    seed: int = 1,
    patients: int = 10_000,
    replicates: int = 5_000,
    threads: int | None = None,
    out: str | Path | None = None,
    progress: Progress | None = None,
    history_patients: int | None = None,
    block: int = PIECE,
    parameters: "Given" = LITERATURE,
    draws: int | None = None,
    rtol: float = RTOL,
) -> TrialResult:
    """Run a virtual trial: large virtual arms, and replicate trials of the real size drawn from them.

    Parameters
    ----------
    protocol
        Name of a protocol that ships with the package, path of a TOML file, or a protocol already read.
    seed : int
        The same seed gives the same patients and the same bits, whatever the number of threads.
    patients : int
        Virtual patients, the same in every arm.
    replicates : int
        Replicate trials.
    threads : int, optional
        Threads; all cores if left out.
    out : str or Path, optional
        Where to write the result file.
    progress : callable, optional
        Called with what is being done, how many patients are done, and how many there are in all.
    history_patients : int, optional
        Patients of the natural-history check; 0 leaves it out. Ten for each patient of an arm, but at most
        100,000, if not given.
    block : int
        Patients that a thread simulates at a time: memory, not results, depends on it.
    parameters
        ``"literature"``; or a fit, whose draws the patients and replicate trials are divided over, so that
        every figure carries the uncertainty of its parameters: ``"fitted"`` (the one that ships), a fit's
        file, a `FitResult`, or the result file of another trial to take the same draws.
    draws : int, optional
        Draws of the fit; as many as there are patients for, at most 200, if not given.
    rtol : float
        Relative tolerance of the curves; 1e-4 is enough for endpoints, and takes half of the time.

    Returns
    -------
    TrialResult

    Raises
    ------
    ProtocolError, ModelError, ParameterError, DosingError, PopulationError
        If something is asked that cannot be done.
    StorageError
        If the result cannot be written; the folder is tried before the work begins.

    Examples
    --------
    >>> from lag3ig import run_trial
    >>> result = run_trial("imp321-rcc-phase1", patients=40, replicates=10, history_patients=40)
    >>> [arm.label for arm in result.arms.values()]
    ['0.05 mg', '0.25 mg', '1.25 mg', '6.25 mg', '30 mg']
    """
    loaded = protocol if isinstance(protocol, LoadedProtocol) else load_protocol(protocol)
    for name, value in (("patients", patients), ("block", block)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise ProtocolError(f"{name} = {value!r} must be a whole number from 1 on")
    if threads is not None and (isinstance(threads, bool) or not isinstance(threads, int) or threads < 1):
        raise ProtocolError(f"threads = {threads!r} must be a whole number from 1 on")
    if history_patients is None:
        history_patients = min(MOST_HISTORY, HISTORY_FOR_EACH * patients)
    for name, value in (("replicates", replicates), ("history_patients", history_patients)):
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise ProtocolError(f"{name} = {value!r} must be a whole number from 0 on")
    workers = thread_count(threads)
    models = trial_models(
        loaded.protocol, parameters, patients=patients, replicates=replicates, draws=draws, seed=seed
    )
    size = (seed, patients, replicates, workers, progress, history_patients, block, rtol)
    if out is None:
        return _run(loaded, models, None, *size)
    with GrowingFile(out) as file:
        result = _run(loaded, models, file, *size)
        file.commit()
    return result


def _run(
    loaded: LoadedProtocol,
    models: TrialModels,
    file: GrowingFile | None,
    seed: int,
    patients: int,
    replicates: int,
    threads: int,
    progress: Progress | None,
    history_patients: int,
    block: int,
    rtol: float,
) -> TrialResult:
    """The trial itself; what belongs to single patients goes to the file, if there is one, as it is made."""
    plan, model, draws = loaded.protocol, models.model, models.draws
    _compile(model)
    pieces: dict[str, int] = {"block": block, "threads": threads}
    counter = _Counter(progress, patients * len(plan.arms) + history_patients)
    counter.say("drawing patients")
    names = tuple(model.kernels.parameters)
    drawn = draw_into(
        population_builder(file, names),
        model,
        patients,
        seed=seed,
        sampling=plan.sampling,
        distribution=models.distribution,
        **pieces,
    )
    arms = _simulate_arms(plan, model, drawn, file, counter, seed=seed, rtol=rtol, **pieces)
    counter.say("natural history")
    history = check_natural_history(
        plan,
        model=model,
        patients=history_patients,
        seed=seed,
        advance=counter.add,
        distribution=models.distribution,
        **pieces,
    )
    counter.say("replicate trials")
    pools = _pools(arms, plan)
    compared = plan.comparison is not None and replicates > 0
    end = plan.visits.end
    trials = replicate_trials(pools, count=replicates, seed=seed, end=end, draws=draws) if compared else {}
    rows = [item.arm for item in arms]
    card = plan.card()
    result = TrialResult(
        protocol_text=loaded.text,
        protocol_name=plan.name,
        lag3ig_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        seed=seed,
        model_hash=model.hash,
        structure=model.structure.as_mapping(),
        versions={"python": platform.python_version(), **{name: _version(name) for name in LIBRARIES}},
        target=target(),
        parameters=_parameters(model),
        scan_days=(0.0, *plan.visits.scans),
        patients=Population(drawn.table, names),
        arms={arm.name: arm for arm in rows},
        curves={item.arm.name: item.curves for item in arms},
        replicates=trials,
        summary=summarise(
            table=trial_table(rows, trials, plan, card, draws),
            splits=split_rows(pools, trials, plan, card, seed=seed, draws=draws) if compared else [],
            arms=rows,
            history=history,
            drawn=drawn,
            model=model,
            fit=fit_summary(models, plan, rows, compared=compared),
            rtol=rtol,
        ),
        sets=models.sets,
    )
    if file is not None:
        counter.say("writing the result")
        write_rest(file, result)
    counter.say("done")
    return result


def _simulate_arms(
    plan: Protocol,
    model: Model,
    drawn: Drawn,
    file: GrowingFile | None,
    counter: "_Counter",
    *,
    seed: int,
    block: int,
    threads: int,
    rtol: float,
) -> list[VirtualArm]:
    """Every arm with the same patients."""
    arms = []
    for arm in plan.arms:
        counter.say(f"simulating {arm.name}")
        arms.append(
            simulate_arm(
                arm,
                plan,
                model=model,
                patients=drawn,
                seed=seed,
                threads=threads,
                block=block,
                advance=counter.add,
                builder=arm_builder(file, arm.name),
                rtol=rtol,
            )
        )
    return arms


def _version(name: str) -> str:
    """Version of a library; one that is loaded knows its own, without a search of the disk."""
    return getattr(sys.modules.get(name), "__version__", None) or version(name)


def _compile(model: Model) -> None:
    """Compile what every thread will use once, and not in each of them."""
    evaluate(model.kernels, "margins", model.typical()[None])
    simulate(model=model, times=[0.0], threads=1)


class _Counter:
    """Tells the caller how far the work is."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self.progress, self.total, self.done, self.what = progress, total, 0, ""

    def say(self, what: str) -> None:
        self.what = what
        self.add(0)

    def add(self, patients: int) -> None:
        self.done += patients
        if self.progress is not None:
            self.progress(self.what, self.done, self.total)


def _pools(arms: list[VirtualArm], protocol: Protocol) -> list[Pool]:
    comparison = protocol.comparison
    sides = {comparison.low: "low", comparison.high: "high"} if comparison else {}
    return [
        Pool(
            name=item.arm.name,
            stable=item.arm.table["stable_3m"].astype(np.float16),  # 1, 0 and NaN need no more
            taken=item.taken,
            times=item.times,
            evaluable=plan.evaluable,
            withdrawn=plan.withdrawn,
            side=sides.get(plan.group or "", ""),
        )
        for item, plan in zip(arms, protocol.arms, strict=True)
    ]


def _parameters(model: Model) -> tuple[dict[str, Any], ...]:
    wanted = ("symbol", "value", "unit", "distribution", "spread", "kind", "source", "meaning")
    return tuple(
        {name: getattr(item, name) for name in wanted} for item in model.parameters.parameters.values()
    )
