"""The benchmark's report: tables for people on a terminal, Markdown for a file or a document."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.box import HORIZONTALS, MARKDOWN
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from rich.console import Console

    from bench.measure import Median

_NOTHING = "-"


class Report:
    """Prints what is measured as it comes, and remembers what was wrong."""

    def __init__(self, console: Console, progress: Console) -> None:
        self._console = console
        self._progress = progress
        self.failures: list[str] = []

    def heading(self, text: str) -> None:
        """Print the title of a section."""
        self._console.print()
        self._console.print(Text(f"## {text}", "bold"))
        self._console.print()

    def table(self, title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        """Print a table; of its columns, all but the first are figures."""
        box = HORIZONTALS if self._console.is_terminal else MARKDOWN
        table = Table(box=box, pad_edge=not self._console.is_terminal)
        for position, column in enumerate(columns):
            table.add_column(Text(column), justify="right" if position else "left")
        for row in rows:
            table.add_row(*map(Text, row))
        self.note(title)
        self._console.print(table)
        self._console.print()

    def note(self, text: str) -> None:
        """Print a line."""
        self._console.print(Text(text))

    def failure(self, text: str) -> None:
        """Print that an answer is wrong, and have the benchmark fail for it."""
        self.failures.append(text)
        self._console.print(Text(f"FAILURE: {text}", "bold red"))

    def doing(self, text: str) -> AbstractContextManager[object]:
        """Show on a terminal what takes the time, until the end of the block."""
        return self._progress.status(Text(text))


def with_range(median: Median | None, digits: int = 2) -> str:
    """Render a median with the least and the most of what it is the median of."""
    if median is None:
        return _NOTHING
    middle = f"{median.value:.{digits}f}"
    if median.least == median.most:
        return middle
    return f"{middle} ({median.least:.{digits}f}-{median.most:.{digits}f})"


def number(value: float | None, digits: int = 2) -> str:
    """Render a figure that may be missing."""
    return _NOTHING if value is None else f"{value:.{digits}f}"


def megabytes(size: float | None) -> str:
    """Render a size in bytes."""
    return _NOTHING if size is None else f"{size / 1e6:.0f}"
