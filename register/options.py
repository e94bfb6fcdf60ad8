"""The arguments of the command, and what it says of itself when asked for help."""

from __future__ import annotations

import argparse
import re
from dataclasses import dataclass
from datetime import date
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING

from register.moodle import ACRONYMS
from register.statuses import (
    LATE_AFTER_SECONDS,
    LEFT_EARLY_BEFORE_SECONDS,
    Rules,
    Status,
)
from register.tables import DECIMAL_SIGNS, SEPARATORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MINUTE = 60.0


class ExitStatus(IntEnum):
    """How the command ended, for the program that called it; explained in the help."""

    DONE = 0
    SOMETHING_PASSED_OVER = 1
    UNUSABLE = 2
    NOT_DONE = 3
    INTERRUPTED = 130


_DESCRIPTION = """\
Make the register of a course, and a page for each of its sessions, out of the
results of its videos.

The results are read from a stack's output bucket (--stack NAME, then COURSE is
needed), or from a folder of CSVs (--results DIR), as written by
'python -m function VIDEO... --output DIR --evidence'. With the evidence beside
a CSV, the pages show when each student was seen, and who was perhaps there. An
edited CSV counts as it is.

Written to --output:
  index.html             what waits for a person, the students, the sessions
  register.html          the whole register, to print
  register.csv, .xlsx    the same for spreadsheets
  sessions/*.html        each session: who was there, from when to when
  moodle/*.csv           with --moodle: for mod_attendance, by session
  moodle-all-sessions.csv  and all together
Only you may read the files: they have names in them. No page needs a server,
a script or a network.

A student has one of these: present, late, left early, please check, not seen,
excused. Nobody is said to be absent, for the camera may have missed them. What
people have corrected (NAME.corrections.json beside NAME.csv) counts first.

A session's day is taken from its name, such as 2026-11-23.csv or
20261123-0915.csv; in a stack, it is otherwise that of the upload.
"""

_EPILOG = f"""\
exit status:
  {ExitStatus.DONE:<3}  the register is written
  {ExitStatus.SOMETHING_PASSED_OVER:<3}  it is written; what could not be used or was left out is
       named on stderr
  {ExitStatus.UNUSABLE:<3}  the arguments, a folder, the list of students or the output cannot
       be used, or there is no session
  {ExitStatus.NOT_DONE:<3}  the stack could not be read
  {ExitStatus.INTERRUPTED}  interrupted

examples:
  python -m register physics-10b --stack dev --output register/
  python -m register --results results/ --students class.csv --output register/
  python -m register physics-10b --stack dev --output register/ \\
      --from 2026-09-01 --until 2027-01-31 --lesson-starts 5:00
  python -m register --results results/ --output register/ --moodle \\
      --moodle-status 'not seen=A' --separator ';' --decimal-sign ,
"""


@dataclass(frozen=True, kw_only=True)
class Options:
    """What is to be made: of what, of which days, by which rules, in which form."""

    course: str | None
    stack: str | None
    results: Path | None
    output: Path
    students: Path | None
    first_day: date | None
    last_day: date | None
    rules: Rules
    lesson_starts: float
    lesson_ends: float | None
    starts_in: Mapping[str, float]
    separator: str
    decimal_sign: str
    moodle: Mapping[Status, str] | None

    @property
    def folder(self) -> Path:
        """The folder that the results are in, if they are in one."""
        return (self.results or Path()) / (self.course or "")


def parsed(arguments: Sequence[str] | None) -> Options:
    """Return the options that the arguments set; end the process where they make no sense."""
    parser = _parser()
    given = parser.parse_args(arguments)
    if given.stack and not given.course:
        parser.error(
            "argument COURSE: is needed with --stack: the first folder of the videos' keys"
        )
    if given.moodle_status and not given.moodle:
        parser.error("argument --moodle-status: goes with --moodle")
    if given.first_day and given.last_day and given.last_day < given.first_day:
        parser.error(f"argument --until: {given.last_day} is before {given.first_day}")
    if given.lesson_ends is not None and given.lesson_ends <= given.lesson_starts:
        parser.error("argument --lesson-ends: is not after --lesson-starts")
    if given.separator == "," == given.decimal_sign:
        parser.error("argument --decimal-sign: a comma needs another --separator, ';' or tab")
    return Options(
        course=given.course,
        stack=given.stack,
        results=given.results,
        output=given.output,
        students=given.students,
        first_day=given.first_day,
        last_day=given.last_day,
        rules=Rules(
            late_after=given.late_after * _MINUTE,
            left_early_before=given.left_early_before * _MINUTE,
        ),
        lesson_starts=given.lesson_starts,
        lesson_ends=given.lesson_ends,
        starts_in=dict(given.lesson_starts_in),
        separator=SEPARATORS[given.separator],
        decimal_sign=given.decimal_sign,
        moodle={**ACRONYMS, **dict(given.moodle_status)} if given.moodle else None,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m register",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "course",
        metavar="COURSE",
        nargs="?",
        help="the course; with --results, the folder in it, or nothing for all that is there",
    )
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--stack", metavar="NAME", help="the stack whose results are read")
    source.add_argument("--results", metavar="DIR", type=Path, help="or a folder of results")
    parser.add_argument(
        "--output", metavar="DIR", type=Path, required=True, help="the folder; made if missing"
    )
    parser.add_argument(
        "--students",
        metavar="FILE",
        type=Path,
        help="the class list: CSV, XLSX, JSON or a roster, as for python -m enroll; of a list with "
        "courses, those of COURSE. Without it: with --stack, who has the course in the students "
        "table; with --results, who was ever seen",
    )
    _add_time(parser)
    _add_form(parser)
    return parser


def _add_time(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--from", dest="first_day", metavar="DAY", type=_day, help="the first day of the term"
    )
    parser.add_argument(
        "--until", dest="last_day", metavar="DAY", type=_day, help="the last day of the term"
    )
    parser.add_argument(
        "--lesson-starts",
        metavar="TIME",
        type=_time,
        default=0.0,
        help="when the lesson starts in the recording, as m:ss or h:mm:ss (default: 0:00)",
    )
    parser.add_argument(
        "--lesson-starts-in",
        metavar="SESSION=TIME",
        type=_session_time,
        action="append",
        default=[],
        help="the same for one session, by the name of its CSV without suffix; may be repeated",
    )
    parser.add_argument(
        "--lesson-ends",
        metavar="TIME",
        type=_time,
        help="when it ends in the recording (default: with it)",
    )
    parser.add_argument(
        "--late-after",
        metavar="MINUTES",
        type=_minutes,
        default=LATE_AFTER_SECONDS / _MINUTE,
        help="late is who is first seen more than so long after the start (default: %(default)g)",
    )
    parser.add_argument(
        "--left-early-before",
        metavar="MINUTES",
        type=_minutes,
        default=LEFT_EARLY_BEFORE_SECONDS / _MINUTE,
        help="left early is who is last seen more than so long before the end (default: "
        "%(default)g)",
    )


def _add_form(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--separator",
        choices=list(SEPARATORS),
        default=",",
        help="what is between the fields of register.csv (default: %(default)s)",
    )
    parser.add_argument(
        "--decimal-sign",
        choices=DECIMAL_SIGNS,
        default=".",
        help="what is before the tenths in it (default: %(default)s)",
    )
    parser.add_argument("--moodle", action="store_true", help="write the files for Moodle as well")
    parser.add_argument(
        "--moodle-status",
        metavar="STATUS=ACRONYM",
        type=_acronym,
        action="append",
        default=[],
        help="what Moodle calls a status, in its very letters; may be repeated. By default "
        "present=P, late=L, 'left early'=P, excused=E; 'not seen' and 'please check' have none "
        "and are left out until you choose",
    )


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write it as 2026-11-23") from None


def _time(text: str) -> float:
    match = re.fullmatch(r"(?:(\d{1,3}):)?(\d{1,3}):([0-5]\d)", text, re.ASCII)
    if not match:
        raise argparse.ArgumentTypeError(f"{text!r} is no time: write it as 5:00 or 1:05:00")
    hours, minutes, seconds = (int(part or 0) for part in match.groups())
    return float(3600 * hours + 60 * minutes + seconds)


def _session_time(text: str) -> tuple[str, float]:
    session, equals, at = text.rpartition("=")
    if not equals or not session:
        raise argparse.ArgumentTypeError(
            f"{text!r} names no session and time: write it as 2026-11-23=5:00"
        )
    return session, _time(at)


def _minutes(text: str) -> float:
    try:
        minutes = float(text)
    except ValueError:
        minutes = -1.0
    if not 0 <= minutes <= 24 * 60:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of minutes from 0 to 1440")
    return minutes


def _acronym(text: str) -> tuple[Status, str]:
    name, _, acronym = text.partition("=")
    try:
        status = Status(name.strip().replace("-", " "))
    except ValueError:
        there_are = ", ".join(status.value for status in Status)
        raise argparse.ArgumentTypeError(
            f"{name!r} is no status: choose one of {there_are}"
        ) from None
    if not acronym.strip():
        raise argparse.ArgumentTypeError(f"{text!r} has no acronym: write it as 'not seen=A'")
    return status, acronym.strip()
