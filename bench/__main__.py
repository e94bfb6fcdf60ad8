"""The recognition benchmark: `python -m bench`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from bench.report import Report

if TYPE_CHECKING:
    from collections.abc import Sequence

_WRONG_ANSWER = 1
_WRONG_USAGE = 2
_INTERRUPTED = 130

_SECTIONS = {
    "videos": "every way of recognising on the sample videos, or yours (--videos)",
    "samples": "who is found in them at 1, 2 and 5 samples a second, eight times",
    "harder": "who is found in them made harder: small, tilted, dark or blurred",
    "strangers": "who is named when all but those in the video are enrolled",
    "minute": "every way on 1080p with nine faces, with few and many keyframes",
    "cold": "a fresh process, stage by stage, to the CSV of one short clip",
    "gallery": "matching 10 to 100,000 rows, and a school of 10,000 students",
    "faces": "0 to 60 faces in the frame",
    "resolution": "360p to 2160p",
    "length": "10 s and longer, with the memory",
    "threads": "one thread, and one for each part of the recognition, by the clock",
    "ranges": "lectures, joined from the videos, in ranges beside one run of each",
}

_WIDTH_OF_A_FILE = 160

_DESCRIPTION = """\
Measure what recognising people in videos costs, and whether the answers are
right.

One run compares the seed's way (a JPEG for each second, face_recognition, its
first match, and a form of it that finds everyone); the reference (every sampled
frame in full, doubled: the yardstick of recall); ours, as the function runs it;
and the floor, which is decoding only. All figures are CPU time, so other work
on the machine matters little. They are medians of tries taken in turns, with
the least and the most in brackets. Tables are printed on a terminal, otherwise
Markdown.
"""

_EPILOG = """\
sections:
{sections}

exit status:
  0    every answer of ours is right
  1    one is wrong or missing, as its FAILURE line says: a faster wrong answer
       is no improvement. In harder videos a missing one is no failure, and
       strangers only counts
  2    the arguments, or the files they name, cannot be used

examples:
  python -m bench --only cold,gallery
  python -m bench --only videos --videos lectures/ --gallery gallery.npz
  python -m bench --only harder,strangers --no-reference
  python -m bench --videos clips/ --portraits portraits/ \\
      --students students.csv --truth truth.csv
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    _refuse_incomplete(options, parser)
    messages = Console(stderr=True, soft_wrap=True, highlight=False, markup=False)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH_OF_A_FILE)
    report = Report(console, messages)
    # The sections load all of the recognition, which takes seconds: --help should not.
    from bench.inputs import InputError  # noqa: PLC0415
    from bench.measure import CommandFailedError  # noqa: PLC0415
    from bench.sections import Choice, run_sections  # noqa: PLC0415
    from bench.stages import ProbeError  # noqa: PLC0415
    from samples.pictures import SamplesUnavailableError  # noqa: PLC0415

    try:
        run_sections(
            {name: about for name, about in _SECTIONS.items() if name in options.only},
            Choice(
                repeat=options.repeat,
                longest=options.longest,
                longest_lecture=options.longest_lecture,
                videos=options.videos,
                gallery=options.gallery,
                portraits=options.portraits,
                students=options.students,
                truth=options.truth,
                strangers=options.strangers,
                reference=options.reference,
            ),
            report,
        )
    except (CommandFailedError, ProbeError) as error:
        report.failure(f"the measuring ended here: {error}")
    except (InputError, SamplesUnavailableError) as error:
        messages.print(f"python -m bench: {error}")
        return _WRONG_USAGE
    except KeyboardInterrupt:
        return _INTERRUPTED
    if report.failures:
        report.note(f"\n{len(report.failures)} wrong: see the FAILURE lines above.")
        return _WRONG_ANSWER
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m bench",
        description=_DESCRIPTION,
        epilog=_EPILOG.format(
            sections="\n".join(f"  {name:11}{about}" for name, about in _SECTIONS.items())
        ),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--only",
        metavar="SECTION,…",
        type=_sections,
        default=tuple(_SECTIONS),
        help="the sections to run (default: all, which takes most of an hour)",
    )
    parser.add_argument(
        "--repeat",
        metavar="N",
        type=_count,
        default=3,
        help="how often each measurement is taken (default: %(default)s); what takes over half "
        "a minute is not repeated",
    )
    parser.add_argument(
        "--videos",
        metavar="DIR",
        type=Path,
        help="a folder with videos, in it and below, in place of the sample videos; needs a "
        "--gallery, or --portraits and --students",
    )
    parser.add_argument(
        "--gallery", metavar="G.npz", type=Path, help="who is known, as python -m enroll wrote it"
    )
    parser.add_argument(
        "--portraits", metavar="DIR", type=Path, help="or pictures to enrol: DIR/<student id>/*.jpg"
    )
    parser.add_argument(
        "--students", metavar="FILE", type=Path, help="the list of students that goes with them"
    )
    parser.add_argument(
        "--truth",
        metavar="T.csv",
        type=Path,
        help="who is in which video: a CSV with the columns path, relative to the CSV's folder, "
        "and persons, student ids with ; between them; where it says nothing, the reference's "
        "answer is the right one",
    )
    parser.add_argument(
        "--strangers",
        metavar="DIR",
        type=Path,
        help="pictures of further people to enrol in the section strangers, in the folder and "
        "below, one person a picture, who are in none of the videos",
    )
    parser.add_argument(
        "--no-reference",
        dest="reference",
        action="store_false",
        help="leave the reference out of the sections harder and strangers, where it takes half "
        "a second for each sample of each kind of video",
    )
    parser.add_argument(
        "--longest",
        metavar="SECONDS",
        type=_count,
        default=40,
        help="up to which length the section length goes (default: %(default)s)",
    )
    parser.add_argument(
        "--longest-lecture",
        metavar="MINUTES",
        type=_count,
        default=10,
        help="up to which length the section ranges goes: there are ten lectures, of up to 180 "
        "minutes, which take hours and gigabytes (default: %(default)s)",
    )
    return parser


def _refuse_incomplete(options: argparse.Namespace, parser: argparse.ArgumentParser) -> None:
    """End the program for arguments that say nothing without others."""
    if bool(options.portraits) != bool(options.students):
        parser.error("--portraits and --students go together")
    if options.gallery and options.portraits:
        parser.error("--gallery is in place of --portraits and --students: give one or the other")
    known = options.gallery or options.portraits
    if options.videos and not known:
        parser.error("--videos needs to know whom to find: add --gallery, or --portraits")
    if (known or options.truth) and not options.videos:
        parser.error("--gallery, --portraits and --truth are about your own videos: add --videos")


def _sections(text: str) -> tuple[str, ...]:
    chosen = tuple(part.strip() for part in text.split(","))
    for section in chosen:
        if section not in _SECTIONS:
            raise argparse.ArgumentTypeError(
                f"{section!r} is no section: choose from {', '.join(_SECTIONS)}"
            )
    return chosen


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 on")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
