"""What all commands share: exit codes, one message per fault, progress, JSON."""

import functools
import json
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

if TYPE_CHECKING:
    from rich.console import Console

DONE, FAULT, WRONG, INTERRUPTED = 0, 1, 2, 130
MOST_FAILED = 0.05  # share of patients that may fail before a command ends with FAULT
DEBUG = "LAG3IG_DEBUG"

Given = ParamSpec("Given")
Advance = Callable[[str, int, int], None]


def console(*, error: bool = False) -> "Console":
    """Return the terminal: results go to standard output, everything else to standard error."""
    from rich.console import Console

    return Console(stderr=error, highlight=False, soft_wrap=False)


def complain(message: str) -> None:
    """Print one message about what went wrong."""
    sys.stdout.flush()
    typer.echo(typer.style("error: ", fg="red", bold=True) + message, err=True)


def guarded(command: Callable[Given, None]) -> Callable[Given, None]:
    """Turn faults of a command into one message and an exit code; never a traceback.

    What the user gave wrongly ends with `WRONG`, an interruption with `INTERRUPTED`, anything unforeseen with
    `FAULT`; a developer sees the traceback with LAG3IG_DEBUG=1.
    """

    @functools.wraps(command)
    def run(*arguments: Given.args, **options: Given.kwargs) -> None:
        from ..model.errors import Lag3igError
        from ..model.interruptions import heeded

        try:
            with heeded() as check:
                try:
                    command(*arguments, **options)
                except Exception:
                    check()  # an interruption that a library swallowed comes back as any fault
                    raise
        except typer.Exit:
            raise
        except Lag3igError as error:
            complain(str(error))
            raise typer.Exit(WRONG) from None
        except KeyboardInterrupt:
            complain("interrupted; nothing was left half written")
            raise typer.Exit(INTERRUPTED) from None
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the reader left, as `head` does
            raise typer.Exit(DONE) from None
        except Exception as error:
            if os.environ.get(DEBUG):
                raise
            complain(
                f"unexpected fault, {type(error).__name__}: {error}\n"
                f"This is a defect of the program. Run again with {DEBUG}=1 to see where, and report it."
            )
            raise typer.Exit(FAULT) from None

    return run


def print_json(content: Mapping[str, Any]) -> None:
    """Print one JSON object; what is no number there becomes null."""
    typer.echo(json.dumps(_plain(content), indent=2, ensure_ascii=False, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def print_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", numeric: int = 0
) -> None:
    """Print a table; the last `numeric` columns are aligned to the right. No text is read as markup."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for column, name in enumerate(head):
        table.add_column(name, justify="right" if column >= len(head) - numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    console().print(table)


@contextmanager
def progress(*, shown: bool = True) -> Iterator[Advance]:
    """Give a function that draws a bar with the time left on standard error, if that is a terminal.

    Each call is also a place where a lost interruption is heeded.
    """
    from ..model.interruptions import heeded

    terminal = console(error=True)
    if not shown or not terminal.is_terminal:
        with heeded() as check:
            yield lambda what, done, total: check()
        return
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn(),
        TextColumn("left"),
    )  # fmt: skip
    with heeded() as check, Progress(*columns, console=terminal, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def advance(what: str, done: int, total: int) -> None:
            check()
            bar.update(task, description=what, completed=done, total=total)

        yield advance


def writable(path: Path) -> Path:
    """Return the path once a file can be written there; its own folder is made, but not that folder's.

    Raises
    ------
    StorageError
        If it cannot; before the work, not after it.
    """
    from ..model.errors import StorageError
    from ..model.storage import check_writable

    target = path.expanduser()
    try:
        target.parent.mkdir(exist_ok=True)
    except FileNotFoundError:
        pass  # the message of check_writable names the folder
    except OSError as error:
        raise StorageError(
            f"cannot write {target}: the folder {target.parent} cannot be made ({error.strerror}); "
            "choose another place"
        ) from error
    return check_writable(target)


def pairs(given: Sequence[str], what: str) -> dict[str, str]:
    """Return `name=value` options as a mapping.

    Raises
    ------
    ModelError
        If one has no equals sign, or a name comes twice.
    """
    from ..model.errors import ModelError

    found: dict[str, str] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name.strip() or not value.strip():
            raise ModelError(f"{what} {text!r}: write name=value")
        if name.strip() in found:
            raise ModelError(f"{what} {name.strip()!r} is given twice")
        found[name.strip()] = value.strip()
    return found
