"""How far the command has come, on a terminal only."""

from __future__ import annotations

import sys
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rich.console import Console

    from function.command.inputs import Video
    from function.recogniser.looking import Finding

    _Watch = Callable[[Iterator[Finding]], Iterator[Finding]]


def with_progress(videos: Sequence[Video], console: Console) -> Iterator[tuple[Video, _Watch]]:
    """Yield the videos, each with what shows how far it has come.

    How long a video is, its file need not say. So the bar counts videos, and beside it stands
    the time that the current one has come to.
    """
    bar = Progress(
        TextColumn("Recognising"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
        console=console,
        transient=True,
        disable=not sys.stderr.isatty(),
    )
    with bar:
        task = bar.add_task("", total=len(videos))

        def watching(video: Video, findings: Iterator[Finding]) -> Iterator[Finding]:
            for finding in findings:
                time = timedelta(seconds=int(finding.time))
                bar.update(task, description=f"{video.path.name}, at {time}")
                yield finding

        for video in videos:
            yield video, partial(watching, video)
            bar.advance(task)
