"""How far a run is: bars that renew themselves on a terminal, a line now and then elsewhere."""

from __future__ import annotations

from collections import deque
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.console import Console

    from loadtest.run import Progress

_LINE_EVERY_SECONDS = 5.0
_RENEWALS_A_SECOND = 2
_RATE_OVER_SECONDS = 15.0
_BAR_WIDTH = 24


@contextmanager
def progress_display(console: Console) -> Iterator[Callable[[Progress], None]]:
    """Show what the returned function is told."""
    rate = _Rate()
    if console.is_terminal:
        with Live(console=console, refresh_per_second=_RENEWALS_A_SECOND, transient=True) as live:
            yield lambda progress: live.update(_panel(progress, rate.after(progress)))
    else:
        lines = _Lines(console)
        yield lambda progress: lines.tell(progress, rate.after(progress))


class _Rate:
    """Results a second, over the last quarter of a minute."""

    def __init__(self) -> None:
        self._seen: deque[tuple[float, int]] = deque()

    def after(self, progress: Progress) -> float:
        self._seen.append((progress.seconds, progress.done))
        while progress.seconds - self._seen[0][0] > _RATE_OVER_SECONDS:
            self._seen.popleft()
        first_seconds, first_done = self._seen[0]
        seconds = progress.seconds - first_seconds
        return (progress.done - first_done) / seconds if seconds else 0.0


class _Lines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._next = _LINE_EVERY_SECONDS

    def tell(self, progress: Progress, rate: float) -> None:
        if progress.seconds >= self._next:
            self._next = progress.seconds + _LINE_EVERY_SECONDS
            self._console.print(
                f"{progress.seconds:6.0f} s  {progress.uploaded} of {progress.planned} uploaded, "
                f"{progress.in_flight} in flight, {progress.done} done, {progress.failed} failed, "
                f"{rate:.1f} results/s",
                soft_wrap=True,
            )


def _panel(progress: Progress, rate: float) -> Table:
    table = Table.grid(padding=(0, 2))
    for title, done in (("uploaded", progress.uploaded), ("done", progress.done)):
        table.add_row(
            title,
            ProgressBar(total=progress.planned, completed=done, width=_BAR_WIDTH),
            f"{done} of {progress.planned}",
        )
    failed = f"[red]{progress.failed} failed[/red]" if progress.failed else "0 failed"
    table.add_row(
        "",
        f"{progress.in_flight} in flight, {failed}",
        f"{rate:.1f} results/s, {progress.seconds:.0f} s",
    )
    return table
