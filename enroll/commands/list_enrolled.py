"""`python -m enroll list`: who is enrolled, and with which portraits."""

from __future__ import annotations

import csv
import sys
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from enroll.commands.arguments import ExitStatus, add_stack_or_gallery, parser
from enroll.commands.words import students_in
from enroll.deployed import load_gallery
from enroll.gallery_on_disk import load_gallery_file
from enroll.records import all_records
from enroll.roster import portraits_of, roster
from function.composed_text import composed
from function.results import as_text
from function.student_list.records import COURSE_SEPARATOR
from recover.terminal import counted, shown
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from enroll.roster import Entry, Portrait
    from function.recogniser.identity.gallery import Gallery

_HELP = """\
List who is enrolled; of students who are named, the portraits.

    python -m enroll list --stack dev
    python -m enroll list --stack dev --course physics-10b
    python -m enroll list --stack dev --csv > enrolled.csv
    python -m enroll list 1001 --stack dev

faces is how many portraits a student has, since the day of the oldest, consent
and until are the days of the student list, and within is a student's own
tolerance. Columns that nobody has anything in are left out, but for --csv. A
gallery file has no names.

Students with a record and no face, who are not recognised, and faces without a
record, who appear in results by their ids alone, are listed, and told of on
standard error. Of a student's portraits, sha256 is that of the picture's file,
as sha256sum prints it; its beginning, without --csv.
"""

_EXIT_STATUS = """\
exit status:
  0    listed
  1    a student or a course that was asked for is not there
  2    not done: wrong usage, or a file, stack, gallery or AWS that can't be
       used
  130  interrupted
"""

_MOST_NAMED = 5
_SHOWN_OF_SHA256 = 16
_SHORT_TEXT = 12  # characters, for which there is room whatever the other columns have

_COLUMNS = (
    *("student_id", "name", "courses", "portraits"),
    *("since", "consent", "until", "tolerance"),
)
_SHORT = {"student_id": "id", "portraits": "faces", "tolerance": "within"}
_ALWAYS = ("student_id", "portraits", "number")
_FOLDED = ("student_id", "name", "courses")
_NUMBERS = ("portraits", "tolerance", "number")
_PORTRAIT_COLUMNS = ("student_id", "number", "since", "sha256")


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll list", _HELP, _EXIT_STATUS)
    mine.add_argument(
        "student_id", nargs="*", type=composed, metavar="STUDENT_ID", help="list their portraits"
    )
    add_stack_or_gallery(mine, "list who is in this gallery file")
    mine.add_argument(
        "--course", type=composed, metavar="NAME", help="only the students of this course"
    )
    mine.add_argument(
        "--csv",
        action="store_true",
        help="as CSV in UTF-8, for programs; an apostrophe keeps spreadsheets from running a text",
    )
    options = mine.parse_args(arguments)
    if options.student_id and options.course is not None:
        mine.error("argument --course: goes without student ids, whose portraits are listed")
    return options


def run(options: argparse.Namespace) -> int:
    """List, and return the exit status."""
    stack = deployment(options.stack) if options.stack else None
    gallery = load_gallery(stack) if stack else load_gallery_file(options.gallery)
    if options.student_id:
        return _list_portraits(gallery, options)
    entries = roster(gallery, all_records(stack) if stack else {})
    courses = sorted({course for entry in entries for course in entry.courses})
    if options.course is not None:
        if options.course not in courses:
            there_are = ", ".join(courses) or "none"
            print(
                f"nobody has the course {options.course!r}: the courses are {there_are}",
                file=sys.stderr,
            )
            return ExitStatus.SOME_REFUSED
        entries = [entry for entry in entries if options.course in entry.courses]
    rows = [_fields(entry) for entry in entries]
    if options.csv:
        _print_csv(_COLUMNS, rows)
    elif rows:
        _print_table(_COLUMNS, rows)
        print(_in_short(entries))
    else:
        print("Nobody is enrolled.")
    if stack:
        _tell_of_halves(entries)
    return ExitStatus.ALL_DONE


def _list_portraits(gallery: Gallery, options: argparse.Namespace) -> int:
    found = {
        student_id: portraits_of(gallery, student_id)
        for student_id in dict.fromkeys(options.student_id)
    }
    rows = [_portrait_fields(each) for portraits in found.values() for each in portraits]
    if options.csv:
        _print_csv(_PORTRAIT_COLUMNS, rows)
    elif rows:
        short = [{**row, "sha256": row["sha256"][:_SHOWN_OF_SHA256]} for row in rows]
        _print_table(_PORTRAIT_COLUMNS, short)
    missing = [student_id for student_id, portraits in found.items() if not portraits]
    for student_id in missing:
        print(f"student {student_id} has no portrait here: check the id", file=sys.stderr)
    return ExitStatus.SOME_REFUSED if missing else ExitStatus.ALL_DONE


def _fields(entry: Entry) -> dict[str, str]:
    return {
        "student_id": entry.student_id,
        "name": entry.name,
        "courses": COURSE_SEPARATOR.join(entry.courses),
        "portraits": str(entry.portraits),
        "since": entry.since,
        "consent": entry.consent.isoformat() if entry.consent else "",
        "until": entry.until.isoformat() if entry.until else "",
        "tolerance": "" if entry.tolerance is None else f"{entry.tolerance:g}",
    }


def _portrait_fields(portrait: Portrait) -> dict[str, str]:
    return {
        "student_id": portrait.student_id,
        "number": str(portrait.number),
        "since": portrait.enrolled,
        "sha256": portrait.source,
    }


def _print_csv(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows([as_text(row[column]) for column in columns] for row in rows)


def _print_table(columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    used = [each for each in columns if each in _ALWAYS or any(row[each] for row in rows)]
    table = Table(box=box.SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False)
    for column in used:
        table.add_column(
            _SHORT.get(column, column),
            overflow="fold",
            no_wrap=column not in _FOLDED or _are_short([row[column] for row in rows]),
            justify="right" if column in _NUMBERS else "left",
        )
    for row in rows:
        table.add_row(*(Text(shown(_spaced(row[column]))) for column in used))
    Console().print(table)


def _are_short(texts: Sequence[str]) -> bool:
    return max(map(len, texts)) <= _SHORT_TEXT


def _spaced(text: str) -> str:
    """Let a line end between two courses."""
    return text.replace(COURSE_SEPARATOR, f"{COURSE_SEPARATOR} ")


def _in_short(entries: Sequence[Entry]) -> str:
    students = students_in([entry.student_id for entry in entries])
    return f"{students}, {counted(sum(it.portraits for it in entries), 'portrait', 'portraits')}."


def _tell_of_halves(entries: Sequence[Entry]) -> None:
    """Tell of records without a face, and of faces without a record."""
    faceless = [entry.student_id for entry in entries if not entry.portraits]
    if faceless:
        print(
            f"a record and no face, so not recognised: {_named(faceless)}; add portraits with "
            "'python -m enroll add', or 'python -m enroll forget' them",
            file=sys.stderr,
        )
    unrecorded = [entry.student_id for entry in entries if not entry.has_record]
    if unrecorded:
        print(
            f"a face and no record, so without a name in results: {_named(unrecorded)}; enrol "
            "with a list that has them, without --portraits, or 'python -m enroll forget' them",
            file=sys.stderr,
        )


def _named(student_ids: Sequence[str]) -> str:
    more = len(student_ids) - _MOST_NAMED
    named = ", ".join(student_ids[:_MOST_NAMED])
    return f"{named} and {more} more" if more > 0 else named
