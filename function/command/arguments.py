"""The arguments of the command, and what it says of itself when asked for help."""

from __future__ import annotations

import argparse
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from function.command.checksums import FILE_NAME
from function.recogniser.options import RecognitionOptions

if TYPE_CHECKING:
    from collections.abc import Sequence


class ExitStatus(IntEnum):
    """How the command ended, for the program that called it; explained in the help."""

    ALL_DONE = 0
    SOME_UNREADABLE = 1
    UNUSABLE = 2
    SOME_KEPT = 3
    INTERRUPTED = 130


_DESCRIPTION = f"""\
Tell which of the enrolled students are seen in videos. The result is the same
as that of the deployed function.

The CSV of a single video is printed. With --output, each video's CSV is written
to that folder: lecture1.mp4 becomes lecture1.csv, and lecture1.mov becomes
lecture1.mov.csv. A folder stands for the videos in it and in the folders below,
recognised by their names or by how they begin. Its results keep their places:
term/week1/a.mp4, given as term, becomes week1/a.csv. Hidden files are passed
over, and links to other folders are not followed.

With --course, the videos are compared with the students of that course only.
Folders name no course here, as they do in the bucket of a stack. Students whose
last day has passed are not looked for.

With --evidence, a JSON file is written beside each CSV (lecture1.json). It says
when each student was seen and where that shows best, who was perhaps there, and
how many strangers. python -m register reads it.

A CSV that you have edited is not overwritten without --force, and its video is
not looked at. So that it can tell, the command keeps a list in the output
folder, {FILE_NAME}; a CSV that is not in it counts as
edited. Each CSV is written whole or not at all: after an interruption, or when
the disk is full, the earlier one is still there.
"""

_EPILOG = f"""\
exit status:
  {ExitStatus.ALL_DONE:<3}  every video was read
  {ExitStatus.SOME_UNREADABLE:<3}  some were not; each is named on stderr, with the reason and the
       remedy
  {ExitStatus.UNUSABLE:<3}  the arguments, a folder, the gallery, the list of students or the output
       cannot be used
  {ExitStatus.SOME_KEPT:<3}  none was unreadable, but the CSVs of some were edited since they were
       written, and are kept; each is named on stderr
  {ExitStatus.INTERRUPTED}  interrupted; what is counted as written is there, and whole

examples:
  python -m function lecture1.mp4 --gallery gallery.npz --students students.csv
  python -m function *.mp4 --gallery gallery.npz --output results
  python -m function term/ --gallery gallery.npz --students students.csv \\
      --output results
  python -m function lecture1.mp4 --gallery gallery.npz --course physics-10b
"""


def parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    """Return the options that the arguments set; end the process where they make no sense."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.force and not options.output:
        parser.error("argument --force: goes with --output; nothing else is overwritten")
    if options.evidence and not options.output:
        parser.error("argument --evidence: goes with --output; what is printed is the CSV alone")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m function",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "videos",
        metavar="VIDEO",
        nargs="+",
        type=Path,
        help="a video file, or a folder of them",
    )
    parser.add_argument(
        "--gallery",
        metavar="G.npz",
        type=Path,
        required=True,
        help="the enrolled students' encodings, as written by python -m enroll",
    )
    parser.add_argument(
        "--course",
        metavar="NAME",
        help="look for the students of this course only; without it, for everybody",
    )
    parser.add_argument(
        "--students",
        metavar="S.csv",
        type=Path,
        help="the students' names, majors and years: a list in CSV, XLSX or JSON, or a roster, as "
        "for python -m enroll; without it these columns stay empty",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=Path, help="the folder for the CSVs; made if missing"
    )
    parser.add_argument(
        "--evidence",
        action="store_true",
        help="write the evidence beside each CSV; goes with --output",
    )
    parser.add_argument(
        "--force",
        action="store_true",
        help="overwrite CSVs in the output folder even if they were edited since they were written",
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
