"""How things are put on the operator's terminal: keys, counts, progress, a table."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
)
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from recover.error_reports import ErrorReport


def shown(text: str) -> str:
    """Return a key, or what else strangers may have written, with nothing a terminal obeys."""
    return "".join(
        character
        if character.isprintable()
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in text
    )


def counted(count: int, one: str, several: str) -> str:
    """Return a number of things: `1 video`, `12 videos`."""
    return f"{count} {one if count == 1 else several}"


@contextmanager
def progress(what: str, total: int | None = None) -> Iterator[Callable[[], None]]:
    """Show on a terminal, and nowhere else, how often the returned function was called.

    Without `total`, it is not known how often that will be.
    """
    console = Console(stderr=True)
    bar = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
        # What is written to a file or a pipe must not come out here.
        redirect_stdout=sys.stdout.isatty(),
    )
    with bar:
        task = bar.add_task(what, total=total)
        yield lambda: bar.advance(task)


def print_table(reports: Sequence[ErrorReport]) -> None:
    """Print error reports as a table."""
    table = Table("video", "when (UTC)", "what is wrong", "what to do")
    for report in reports:
        table.add_row(
            Text(shown(report.video), overflow="fold"),
            Text(shown(report.metadata.get("finished", "")[:16].replace("T", " "))),
            Text(shown(report.problem)),
            Text(shown(report.remedy)),
        )
    Console().print(table)
