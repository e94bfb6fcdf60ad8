"""The recognition on files, without AWS: `python -m function VIDEO… --gallery G.npz`."""

from __future__ import annotations

import signal

if __name__ == "__main__" and signal.getsignal(signal.SIGINT) is signal.default_int_handler:
    # The modules take a second to load. A Ctrl-C in that second ends the process there and then,
    # where Python's own answer would be the traceback of whatever is being loaded.
    signal.signal(signal.SIGINT, signal.SIG_DFL)

import argparse
import sys
from collections import Counter
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from function.recogniser.identity.gallery import Gallery, GalleryError
from function.recogniser.options import RecognitionOptionError, RecognitionOptions
from function.recogniser.recognition import recognise
from function.recogniser.video.unreadable import UnreadableVideoError
from function.results import NotAVideoKeyError, csv_bytes, csv_key, csv_text
from function.student_list import StudentListError, read_students

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from function.recogniser.recognition import Finding, Recognition
    from function.students import Student

    _Watch = Callable[[Iterator[Finding]], Iterator[Finding]]

_SOME_UNREADABLE = 1
_WRONG_USAGE = 2
_INTERRUPTED = 130

_STANDARD_OUTPUT = 1

_DESCRIPTION = """\
Tell who of the enrolled students is seen in videos, with the same result as the deployed function.

The CSV of one video is printed. With --output, each video's CSV is written to that folder:
lecture1.mp4 becomes lecture1.csv, and lecture1.mov becomes lecture1.mov.csv.
"""

_EPILOG = """\
exit status:
  0    every video was read
  1    some were not; each is named on stderr, with the reason and the remedy
  2    the arguments, the gallery, the list of students or the output cannot be used
  130  interrupted

examples:
  python -m function lecture1.mp4 --gallery gallery.npz --students students.csv
  python -m function *.mp4 --gallery gallery.npz --students students.csv --output results
"""


class _UnusableError(Exception):
    """An argument, or the file it names, cannot be used."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    options = _parser().parse_args(arguments)
    console = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    try:
        return _recognise_all(options, console)
    except _UnusableError as error:
        console.print(f"python -m function: {error}")
        return _WRONG_USAGE
    except KeyboardInterrupt:
        return _INTERRUPTED


def _recognise_all(options: argparse.Namespace, console: Console) -> int:
    videos = list(dict.fromkeys(options.videos))
    _refuse_shared_names(videos, options.output)
    recognition_options = _recognition_options(options)
    gallery = _gallery(options.gallery)
    students = _students(options.students)
    if options.output:
        _make_folder(options.output)
    unreadable = 0
    for video, watch in _with_progress(videos, console):
        try:
            _refuse_folder(video)
            name = csv_key(video.name) if options.output else None
            recognition = recognise(video, gallery, recognition_options, watch=watch)
        except (UnreadableVideoError, NotAVideoKeyError) as error:
            unreadable += 1
            console.print(f"{video}: {error}")
            continue
        if students is not None:
            _warn_of_unlisted(video, recognition, students, console)
        if name is None:
            _print(csv_text(recognition.attendance, students or {}))
        else:
            _write(options.output / name, csv_bytes(recognition.attendance, students or {}))
    return _SOME_UNREADABLE if unreadable else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m function",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("videos", metavar="VIDEO", nargs="+", type=Path, help="a video file")
    parser.add_argument(
        "--gallery",
        metavar="G.npz",
        type=Path,
        required=True,
        help="the enrolled students' encodings, as written by python -m enroll",
    )
    parser.add_argument(
        "--students",
        metavar="S.csv",
        type=Path,
        help="the students' names, majors and years: a CSV with the columns student_id, name, "
        "major, year, or a JSON list of such objects; without it these columns stay empty",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help="the folder for the CSVs; made if missing"
    )
    parser.add_argument(
        "--samples-per-second",
        metavar="N",
        type=float,
        default=RecognitionOptions.samples_per_second,
        help="how many frames of each second are looked at (default: %(default)g)",
    )
    parser.add_argument(
        "--tolerance",
        metavar="D",
        type=float,
        default=RecognitionOptions.tolerance,
        help="the largest distance at which a face is still taken for a student's; smaller is "
        "stricter (default: %(default)g)",
    )
    parser.add_argument(
        "--margin",
        metavar="D",
        type=float,
        default=RecognitionOptions.margin,
        help="how much nearer a face must be to its student than to any other (default: "
        "%(default)g)",
    )
    return parser


def _refuse_shared_names(videos: Sequence[Path], output: Path | None) -> None:
    if output is None:
        if len(videos) > 1:
            raise _UnusableError("several videos need a folder for their CSVs: add --output DIR")
        return
    name, count = Counter(video.name for video in videos).most_common(1)[0]
    if count > 1:
        raise _UnusableError(
            f"{count} videos are called {name}, and so would their CSVs: give them one at a time "
            "with different --output folders"
        )


def _refuse_folder(video: Path) -> None:
    if video.is_dir():
        raise UnreadableVideoError("This is a folder.", f"Name the videos in it: {video / '*.mp4'}")


def _recognition_options(options: argparse.Namespace) -> RecognitionOptions:
    try:
        return RecognitionOptions(
            samples_per_second=options.samples_per_second,
            tolerance=options.tolerance,
            margin=options.margin,
        )
    except RecognitionOptionError as error:
        raise _UnusableError(f"--{error.option.replace('_', '-')} {error.problem}") from error


def _gallery(path: Path) -> Gallery:
    try:
        return Gallery.load(path)
    except GalleryError as error:
        raise _UnusableError(f"{path}: {error}") from error
    except OSError as error:
        raise _UnusableError(
            f"{path}: {error.strerror}: check the path and its permissions; a gallery is one file, "
            "as written by python -m enroll"
        ) from error


def _students(path: Path | None) -> dict[str, Student] | None:
    if path is None:
        return None
    try:
        return {student.student_id: student for student in read_students(path)}
    except StudentListError as error:
        raise _UnusableError(str(error)) from error


def _warn_of_unlisted(
    video: Path, recognition: Recognition, students: dict[str, Student], console: Console
) -> None:
    unlisted = sum(seen.student_id not in students for seen in recognition.attendance)
    if unlisted:
        console.print(f"{video}: {unlisted} of the students seen are not in the list")


def _make_folder(path: Path) -> None:
    """Make the folder for the CSVs before the long work, which would else be for nothing."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise _UnusableError(
            f"--output {path} is, or is in, a file: give a folder for the CSVs"
        ) from error
    except OSError as error:
        raise _UnusableError(f"--output {path}: {error.strerror}: give another folder") from error


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        raise _UnusableError(
            f"{path}: {error.strerror}: check its permissions and the space on the disk"
        ) from error


def _print(text: str) -> None:
    """Print in UTF-8, whatever the terminal's encoding: names have letters that it may lack."""
    try:
        # By a file of our own, since what sys.stdout fails to write it tries again at the end.
        with open(_STANDARD_OUTPUT, "wb", closefd=False) as output:
            output.write(text.encode())
    except BrokenPipeError:  # whoever reads has seen enough
        pass
    except OSError as error:
        raise _UnusableError(
            f"standard output: {error.strerror}: check where it is directed to"
        ) from error


def _with_progress(videos: Sequence[Path], console: Console) -> Iterator[tuple[Path, _Watch]]:
    """Yield the videos, each with what shows how far it has come; on a terminal only.

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
        disable=not _is_terminal(),
    )
    with bar:
        task = bar.add_task("", total=len(videos))

        def watching(video: Path, findings: Iterator[Finding]) -> Iterator[Finding]:
            for finding in findings:
                time = timedelta(seconds=int(finding.time))
                bar.update(task, description=f"{video.name}, at {time}")
                yield finding

        for video in videos:
            yield video, partial(watching, video)
            bar.advance(task)


def _is_terminal() -> bool:
    return sys.stderr.isatty()


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main())
