"""`python -m enroll add`: portraits beside those that are known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import add_stack, add_students, parser
from enroll.commands.examining import PORTRAITS, add_examination, examined
from enroll.commands.keeping import keep
from enroll.commands.listed import listed_students
from enroll.commands.words import portraits
from enroll.destinations import KnownInFile, KnownInStack
from enroll.gallery_edits import new_rows, with_portraits
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_HELP = """\
Add portraits to those that are known, and new students to the others.

    python -m enroll add --students students.csv --portraits new/ --stack dev

List and folder are as for an enrolment ('python -m enroll --help'). Where that
replaces the portraits of a student, this keeps them. A picture that has been
encoded for the student before, which its content tells whatever its name, is
not encoded again: so the same folder with a few more pictures in it takes no
longer than these. New ones are refused for the same reasons, where a student's
known ones vouch for them. Listed students without new pictures get the list's
record, if they are enrolled already. Two people may do this at once, and both
are kept.

Videos are treated as after an enrolment. To take portraits out again:
'python -m enroll remove'.
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll add", _HELP)
    add_students(mine)
    mine.add_argument("--portraits", type=Path, required=True, metavar="DIR", help=PORTRAITS)
    where = mine.add_mutually_exclusive_group(required=True)
    add_stack(where)
    where.add_argument(
        "--gallery", dest="output", type=Path, metavar="FILE", help="add to this gallery file"
    )
    add_examination(mine)
    return mine.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Add, and return the exit status."""
    students = listed_students(options.students)
    destination = (
        KnownInStack.of(deployment(options.stack), joined=with_portraits)
        if options.stack
        else KnownInFile.of(options.output)
    )
    enrolment = examined(students, destination, options)
    rows = new_rows(enrolment.rows, known=destination.known)
    if number := len(enrolment.rows.student_ids) - len(rows.student_ids):
        print(f"Known already, and not encoded again: {portraits(number)}.")
    added = set(rows.student_ids)
    unchanged = [it for it in dict.fromkeys(enrolment.rows.student_ids) if it not in added]
    only_new = replace(enrolment, rows=rows, kept=(*enrolment.kept, *unchanged))
    return keep(only_new, students, destination, options)
