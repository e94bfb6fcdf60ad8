"""The recognition on files, without AWS: `python -m function VIDEO… --gallery G.npz`."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load. A Ctrl-C in that second ends the process there and then,
    # where Python's own answer would be the traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console

from function.command.arguments import ExitStatus, parsed
from function.command.inputs import find_videos, refuse_shared_csvs
from function.command.output_folder import EditedError, OutputFolder
from function.command.search import Search
from function.command.tally import Tally
from function.command.unusable import UnusableError
from function.evidence import Evidence, Source
from function.results import csv_bytes, csv_text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from function.command.inputs import Video
    from function.recogniser.outcome import Recognition

_STANDARD_OUTPUT = 1


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = parsed(arguments)
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    try:
        return _run(options, console)
    except UnusableError as error:
        return _given_up(error, console)
    except KeyboardInterrupt:
        return ExitStatus.INTERRUPTED


def _run(options: argparse.Namespace, console: Console) -> ExitStatus:
    videos = _videos(options, console)
    search = Search.as_asked(options)
    for note in search.notes:
        console.print(note)
    if options.output is None:
        return _print_one(videos, search, console)
    folder = OutputFolder(options.output, overwrite=options.force)
    due = []
    kept = folder.check(
        name for video in videos for name in _names(video, evidence=options.evidence)
    )
    for video in videos:
        refused = [kept[name] for name in _names(video, evidence=options.evidence) if name in kept]
        if refused:
            console.print(f"{video.path}: not looked at: {refused[0]}")
        else:
            due.append(video)
    tally = Tally(videos=len(videos), kept=len(videos) - len(due))
    results = _Results(folder=folder, search=search, evidence=options.evidence)
    try:
        _write_all(due, results, tally, console)
        status = _status(tally)
    except UnusableError as error:
        status = _given_up(error, console)
    except KeyboardInterrupt:
        status = ExitStatus.INTERRUPTED
    console.print(tally.sentence(folder.path))
    return status


def _videos(options: argparse.Namespace, console: Console) -> Sequence[Video]:
    videos, links = find_videos(options.videos)
    if options.output is not None:
        refuse_shared_csvs(videos)
    elif len(videos) > 1:
        raise UnusableError("several videos need a folder for their CSVs: add --output DIR")
    for link in links:
        console.print(f"{link}: a link to a folder is not followed: name it, too, if it is meant")
    return videos


def _print_one(videos: Sequence[Video], search: Search, console: Console) -> ExitStatus:
    for _, recognition in search.through(videos, console):
        if recognition is None:
            return ExitStatus.SOME_UNREADABLE
        _print(csv_text(recognition.attendance, search.students))
    return ExitStatus.ALL_DONE


def _names(video: Video, *, evidence: bool) -> Sequence[str]:
    """Return what is written of a video, in the order of writing."""
    return (video.evidence, video.csv) if evidence else (video.csv,)


@dataclass(frozen=True, kw_only=True)
class _Results:
    """How results are made of what is found, and where they go."""

    folder: OutputFolder
    search: Search
    evidence: bool

    def write(self, video: Video, recognition: Recognition) -> None:
        """Write what there is to be of a video, the CSV last: its evidence is there by then."""
        csv = csv_bytes(recognition.attendance, self.search.students)
        if self.evidence:
            source = Source(
                video=video.key,
                course=self.search.course,
                recogniser=self.search.options.recogniser,
                step=1 / self.search.options.samples_per_second,
            )
            evidence = Evidence.of(recognition, self.search.students, source, csv)
            self.folder.write(video.evidence, evidence.as_bytes())
        self.folder.write(video.csv, csv)


def _write_all(videos: Sequence[Video], results: _Results, tally: Tally, console: Console) -> None:
    for video, recognition in results.search.through(videos, console):
        if recognition is None:
            tally.unreadable += 1
            continue
        try:
            results.write(video, recognition)
        except EditedError as error:
            tally.kept += 1
            console.print(f"{video.path}: not written: {error}")
            continue
        if recognition.attendance:
            tally.with_students += 1
        else:
            tally.without_students += 1


def _status(tally: Tally) -> ExitStatus:
    if tally.unreadable:
        return ExitStatus.SOME_UNREADABLE
    return ExitStatus.SOME_KEPT if tally.kept else ExitStatus.ALL_DONE


def _print(text: str) -> None:
    """Print in UTF-8, whatever the terminal's encoding: names have letters that it may lack."""
    try:
        # By a file of our own, since what sys.stdout fails to write it tries again at the end.
        with open(_STANDARD_OUTPUT, "wb", closefd=False) as output:
            output.write(text.encode())
    except BrokenPipeError:  # whoever reads has seen enough
        pass
    except OSError as error:
        raise UnusableError(
            f"standard output: {error.strerror}: check where it is directed to"
        ) from error


def _given_up(error: UnusableError, console: Console) -> ExitStatus:
    console.print(f"python -m function: {error}")
    return ExitStatus.UNUSABLE


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
