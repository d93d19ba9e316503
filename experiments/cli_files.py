"""Commands `init` and `check`: a commented protocol to start from, and whether a file holds together."""

from pathlib import Path
from typing import Annotated, Any

import typer

from .cli_console import guarded, print_json, writable
from .cli_trial import Json

STARTER = Path(__file__).with_name("protocols") / "starter.toml"


@guarded
def init_command(
    path: Annotated[Path, typer.Argument(help="Protocol to write, .toml.")] = Path("my-trial.toml"),
    force: Annotated[bool, typer.Option("--force", help="Replace a file that is there.")] = False,
) -> None:
    """Write a commented protocol to start from."""
    from ..model.errors import StorageError
    from ..model.storage import write_whole

    if path.suffix != ".toml":
        raise StorageError(f"{path}: a protocol's name ends in .toml")
    if path.exists() and not force:
        raise StorageError(f"{path} is there already; choose another name, or replace it with --force")
    write_whole(writable(path), STARTER.read_bytes())
    typer.echo(f"wrote {path}; now: lag3ig check {path}, then lag3ig run {path}")


@guarded
def check_command(
    file: Annotated[
        Path,
        typer.Argument(
            help="Protocol or trial card (.toml), name of one that ships, event table (.csv), result (.h5)"
        ),
    ],
    json: Json = False,
) -> None:
    """Check a protocol, event table, trial card or result, and say what it holds."""
    from ..model.errors import StorageError

    readers = {".toml": _document, ".csv": _events, ".h5": _result}
    if not file.suffix:
        file = _shipped_card(file)
    if file.suffix not in readers:
        raise StorageError(f"{file}: what is it? The name must end in one of {', '.join(readers)}")
    if not file.is_file():
        raise StorageError(f"{file}: there is no such file")
    found = readers[file.suffix](file)
    if json:
        print_json({"file": file, "valid": True, **found})
        return
    typer.echo(f"{file}: a valid {found['kind']}")
    for name, value in found.items():
        for line in value if isinstance(value, list) else [value]:
            if name != "kind":
                typer.echo(f"  {name}: {line}")


def _shipped_card(name: Path) -> Path:
    from ..fitting.cards import DATA, cards
    from ..model.errors import StorageError, nearest

    if str(name) in cards():
        return DATA / f"{name}.toml"
    raise StorageError(
        f"{name}: no trial card that ships is called so; {nearest(str(name), cards())}; the name of a file "
        "ends in .toml, .csv or .h5"
    )


def _document(file: Path) -> dict[str, Any]:
    """A protocol, or a trial card: told apart by what only a card has."""
    import tomllib

    try:
        card = {"observations", "source", "id"} & set(tomllib.loads(file.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError):
        card = set()  # the reader below says what is wrong
    if card:
        return _card(file)
    from .protocol import load_protocol
    from .trial_models import load_trial_model

    plan = load_protocol(file).protocol
    model = load_trial_model(plan)
    return {
        "kind": "protocol",
        "name": plan.name,
        "title": plan.title,
        "model": model.name,
        "arm": [
            f"{arm.name}: {len(arm.regimen().administrations(plan.visits.end))} doses, "
            f"{arm.treated} treated, {arm.evaluable} evaluable"
            for arm in plan.arms
        ],
        "scans": "days " + ", ".join(f"{day:g}" for day in plan.visits.scans),
    }


def _card(file: Path) -> dict[str, Any]:
    """What a trial card says: its arms, its observations by what they are for, its empty places."""
    from ..fitting.cards import load_card
    from ..fitting.vocabulary import ROLES

    card = load_card(file)
    observations: dict[str, list[str]] = {
        role: [
            f"{item.label + ' ' if item.label else ''}{item.id}: {item.published} ({item.kind}; {item.tag})"
            for item in card.of_role(role)
            if item.observed
        ]
        for role in ROLES
    }
    return {
        "kind": "trial card",
        "title": card.title,
        "source": str(card.source),
        "indication": card.indication,
        "arm": [
            f"{arm.id}: {len(arm.regimen().administrations())} doses, {arm.n} treated"
            + ("" if arm.evaluable is None else f", {arm.evaluable} evaluable")
            for arm in card.arms
        ],
        "assumed": list(card.assumed),
        **observations,
        "no observable in the model": [
            f"{item.label + ' ' if item.label else ''}{item.id}: {item.published} ({item.role}; {item.tag})"
            for item in card.observations
            if not item.observed
        ],
        "empty slot": [f"{slot.id}: {slot.statement}" for slot in card.slots],
    }


def _events(file: Path) -> dict[str, Any]:
    from ..model.dose_line import find_route
    from ..model.errors import DosingError
    from ..model.event_table import read_event_table
    from ..model.model import load_model

    model = load_model()
    lines = []
    for patient, regimen in read_event_table(file).items():
        for number, record in enumerate(regimen.records, start=1):
            if record.gives_dose:
                try:
                    find_route(record, model)
                except DosingError as error:
                    raise DosingError(f"{file}, patient {patient}, record {number}: {error}") from None
        doses = regimen.administrations()
        span = f", days {doses[0].time:g} to {doses[-1].time:g}" if doses else ""
        given = ", ".join(regimen.drugs) or "nothing"
        lines.append(f"{patient or '(no ID)'}: {len(doses)} doses of {given}{span}")
    return {"kind": "event table", "patient": lines}


def _result(file: Path) -> dict[str, Any]:
    from .results import read_result

    result = read_result(file)
    return {
        "kind": "trial result",
        "protocol": result.protocol_name,
        "arm": [
            f"{arm.label}: {arm.table['status'].size:,} virtual patients" for arm in result.arms.values()
        ],
        "parameters": "literature"
        if result.sets is None
        else f"fit {result.sets.name}, {result.sets.created}",
        "failed": result.failures,
        "seed": result.seed,
        "lag3ig": result.lag3ig_version,
    }
