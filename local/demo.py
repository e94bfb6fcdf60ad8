"""Real videos through the real stack, and who was seen in them.

Without options, a sample class is enrolled and videos of it are made: the truth is known, and the
command fails if a result differs from it. With a class and videos of your own, it says who was
found.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from enroll.deployed import enrol_students
from enroll.enrolment import PortraitsUnreadableError, enrol
from function.media_type import is_file_meant_as_video
from function.recogniser.identity.gallery import Gallery
from function.student_list import StudentListError, read_students
from local.aws import LocalAws
from local.demo_report import Truth, is_as_expected, report
from local.round_trip import NoResultError, Result, RoundTrip
from local.terminal_picture import recording_console, save_picture
from samples.pictures import SamplesUnavailableError, fetch_sample_pictures
from samples.sample_class import make_class_videos, make_sample_class
from stacks.configuration import project, stack_configuration
from stacks.outputs import LOCAL_STACK

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping, Sequence

    from function.students import Student

_AS_EXPECTED, _FAILED, _WRONG_USAGE, _INTERRUPTED = 0, 1, 2, 130

_SAMPLE_PATIENCE_SECONDS = 120
_ATTEMPTS = 3
"""Lambda tries an event three times, each time for at most the function's timeout."""

_WIDTH_IN_FILES = 140
"""Of the table where there is no terminal whose width could be asked for."""


class NothingToShowError(Exception):
    """There is no video to look at, or nobody to look for."""


@dataclass(frozen=True, kw_only=True)
class _Class:
    """Who is enrolled, the videos by their keys, and the truth about them where it is known."""

    students: Sequence[Student]
    portraits: Path
    videos: Mapping[str, Path]
    truth: Mapping[str, Truth] | None = None


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the command."""
    own = parser.add_argument_group("your own class", "all three, or none for the sample class")
    own.add_argument(
        "--videos", type=Path, metavar="DIR", help="a folder of videos, searched with its folders"
    )
    own.add_argument(
        "--portraits",
        type=Path,
        metavar="DIR",
        help="the folder of pictures, or of folders of them, named for the student ids",
    )
    own.add_argument(
        "--students",
        type=Path,
        metavar="FILE",
        help="the list of students, as for python -m enroll",
    )
    parser.add_argument(
        "--picture",
        type=Path,
        metavar="FILE.svg",
        help="keep what is printed as a picture, too, such as docs/demo.svg",
    )


def run(arguments: argparse.Namespace) -> int:
    """Run the demo; return 0 if all is as expected, 1 if not, 2 for wrong usage.

    Raises EmulatorError and DeploymentError.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, signal.default_int_handler)
    own = {name: getattr(arguments, name) for name in ("videos", "portraits", "students")}
    missing = [f"--{name}" for name, value in own.items() if value is None]
    if missing and len(missing) < len(own):
        return _failed(
            f"{' and '.join(missing)} missing: give --videos, --portraits and --students, or none "
            "of them for the sample class",
            _WRONG_USAGE,
        )
    try:
        return _show(arguments, is_sample=bool(missing))
    except (
        NoResultError,
        NothingToShowError,
        PortraitsUnreadableError,
        SamplesUnavailableError,
        StudentListError,
    ) as error:
        return _failed(str(error), _FAILED)
    except (BotoCoreError, ClientError) as error:
        return _failed(f"the embedded AWS refused: {error}", _FAILED)
    except OSError as error:
        return _failed(f"{error}: check the path and the space on the disk", _FAILED)
    except KeyboardInterrupt:
        return _failed("interrupted; nothing of it is left", _INTERRUPTED)


def _show(arguments: argparse.Namespace, *, is_sample: bool) -> int:
    console = recording_console() if arguments.picture else _console()
    started = time.monotonic()
    # What can fail for want of a network or a file fails before anything is started.
    if is_sample:
        console.print("Fetching the sample pictures, if they are not in the cache …")
        fetch_sample_pictures()
    else:
        shown = _own_class(arguments)
    console.print("Starting the embedded AWS and deploying the stack 'local' to it …")
    with LocalAws() as aws:
        if is_sample:
            console.print("Making a sample class, and videos of its lessons …")
            # The folder that goes with the embedded AWS, however this ends.
            shown = _sample_class(aws.lifeline.folder / "demo")
        _enrol(aws, shown, console)
        results = _put_through(aws, shown, _patience(is_sample=is_sample), console)
    console.print(report(results, shown.truth))
    if is_sample:
        _print_files(results, console)
    verdict = _verdict(results, shown.truth, time.monotonic() - started, console)
    if arguments.picture:
        save_picture(console, arguments.picture, title="make demo")
    return verdict


def _sample_class(folder: Path) -> _Class:
    sample = make_sample_class(folder)
    students = read_students(sample.students)
    names = {student.student_id: student.name for student in students}
    videos = make_class_videos(folder / "videos")
    return _Class(
        students=students,
        portraits=sample.portraits,
        videos={video.key: video.path for video in videos},
        truth={
            video.key: Truth(
                shows=video.shows,
                names=tuple(names[student_id] for student_id in video.students),
                readable=video.readable,
            )
            for video in videos
        },
    )


def _own_class(arguments: argparse.Namespace) -> _Class:
    folder: Path = arguments.videos
    for given in (folder, arguments.portraits):
        if not given.is_dir():
            raise NothingToShowError(f"{given} is not a folder: check the path")
    # The function would pass over the others, which would be waited for in vain.
    paths = sorted(path for path in _files(folder) if is_file_meant_as_video(path))
    if not paths:
        raise NothingToShowError(f"there is no video in {folder}, by name or by content")
    return _Class(
        students=read_students(arguments.students),
        portraits=arguments.portraits,
        videos={path.relative_to(folder).as_posix(): path for path in paths},
    )


def _files(folder: Path) -> Iterator[Path]:
    """Find the files in a folder and its folders. Raises OSError if one of them can't be read."""

    def refuse(error: OSError) -> None:
        raise error

    for place, _, names in os.walk(folder, onerror=refuse):
        yield from (path for name in names if (path := Path(place, name)).is_file())


def _enrol(aws: LocalAws, shown: _Class, console: Console) -> None:
    """Do what `python -m enroll --stack local` does."""
    with _progress(console) as progress:
        enrolment = enrol(
            shown.students,
            shown.portraits,
            known=Gallery.empty(),
            watch=lambda paths: progress.track(paths, description="Enrolling from portraits"),
        )
    for line in (*enrolment.refused, *enrolment.doubtful):
        console.print(f"  {line}")
    enrolled = len(set(enrolment.rows.student_ids))
    if not enrolled:
        raise NothingToShowError("nobody could be enrolled: see why above, or in --help")
    enrol_students(aws.deployment, shown.students, enrolment.rows)
    console.print(f"Enrolled {enrolled} of {len(shown.students)} students from their portraits.")


def _put_through(
    aws: LocalAws, shown: _Class, patience_seconds: float, console: Console
) -> dict[str, Result]:
    count = len(shown.videos)
    console.print(f"Uploading {count} videos, and waiting for what comes out …")
    with _progress(console) as progress:
        task = progress.add_task("Videos", total=count)

        def arrived(key: str, result: Result) -> None:
            progress.advance(task)
            console.print(f"  {key}: {result.result_key or result.problem}")

        trip = RoundTrip(aws, arrived=arrived)
        trip.put_through(shown.videos, patience_seconds=patience_seconds)
    return {key: trip.results[key] for key in shown.videos}


def _patience(*, is_sample: bool) -> float:
    """Return how long no result may come before something must be broken, in seconds."""
    if is_sample:
        return _SAMPLE_PATIENCE_SECONDS
    # From the stack: the emulator's copy of the function has another one (local/resources).
    timeout = stack_configuration(LOCAL_STACK)[f"{project()['name']}:timeoutSeconds"]
    return _SAMPLE_PATIENCE_SECONDS + _ATTEMPTS * float(timeout)


def _print_files(results: Mapping[str, Result], console: Console) -> None:
    """Show one file of each kind as it is in the output bucket."""
    a_csv = next((result for result in results.values() if result.rows), None)
    a_report = next((result for result in results.values() if result.problem), None)
    for result in (a_csv, a_report):
        if result and result.text:
            console.print(f"\n{result.result_key}, as it is in the output bucket:")
            console.print(result.text.strip())


def _verdict(
    results: Mapping[str, Result],
    truth: Mapping[str, Truth] | None,
    seconds: float,
    console: Console,
) -> int:
    if truth:
        wrong = [key for key, result in results.items() if not is_as_expected(result, truth[key])]
        problem = "differ from the truth"
    else:
        wrong = [key for key, result in results.items() if result.problem]
        problem = "have no CSV"
    if wrong:
        console.print(f"\n{len(wrong)} of {len(results)} videos {problem}; {seconds:.0f} s in all.")
        for key in wrong:
            if remedy := results[key].remedy:
                console.print(f"{key}: {remedy}")
        return _FAILED
    right = "are as they should be" if truth else "have a CSV"
    console.print(f"\nAll {len(results)} videos {right}; {seconds:.0f} s in all.")
    return _AS_EXPECTED


def _console() -> Console:
    console = Console(highlight=False, markup=False, soft_wrap=True)
    return (
        console
        if console.is_terminal
        else Console(highlight=False, markup=False, soft_wrap=True, width=_WIDTH_IN_FILES)
    )


def _progress(console: Console) -> Progress:
    """Show a bar on a terminal only; elsewhere the lines printed are the progress."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )


def _failed(message: str, exit_code: int) -> int:
    print(f"error: {message}", file=sys.stderr)  # noqa: T201 - a command prints
    return exit_code
