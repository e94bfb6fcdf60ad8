"""`python -m enroll`: students from a list and a folder of portraits."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import add_destination, add_students, parser
from enroll.commands.examining import PORTRAITS, add_examination, examined
from enroll.commands.keeping import destination_of, keep, parsed, without_consent_now
from enroll.commands.listed import listed_students
from enroll.enrolment import without_portraits

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_HELP = """\
Enrol students: learn their faces from portraits.

    students.csv                    portraits/
      Student ID,Name,Major,Year      1001.jpg
      1001,Ada Lovelace,maths,3       1001_2.heic
      1002,Alan Turing,logic,4        1002/alan.jpg

    python -m enroll --students students.csv --portraits portraits --stack dev

The list is what your school exports: CSV with commas, semicolons or tabs, XLSX
(its first sheet), JSON, or the folder or ZIP of a Canvas or OneRoster export,
of which the active students are taken. It needs an id and a name (in one
column, or in first and last name); major, year, courses, consent and until are
read if they are there, and other columns are passed over. Upper and lower case,
blanks and underscores in headers don't matter. Text that is not UTF-8 or UTF-16
is read as Windows-1252, and you are asked to check a word of it.

A portrait is a file named for the student id (1001.jpg, 1001_2.jpg), or any
file in a folder of that name: JPEG, PNG, WebP, HEIC, AVIF, GIF or BMP, whatever
its suffix. Each must show one face, from the front. Two or three of different
days are better than one. One that lies on its side is turned. What can't be
used, and what is no listed student's, is named; the rest goes on.

A portrait is refused that has no face or several, or one that is too small or
blurred, and one that looks like another student, in the list or in the stack,
more than like its own student's others. Of two portraits that are not of one
person, with nothing to tell whose they should be, neither is taken. Siblings
who look alike are let in by name; they are recognised only where one of them is
clearly nearer than the other:

    ... --allow-alike 1001 1002

To look before you enrol, at what was found in each picture and why it is
refused, in a browser (the file has faces in it, and only you may read it):

    ... --dry-run --contact-sheet sheet.html

With --stack, pictures that it knows already are not encoded again, and the
students in the list are added to the ones that the stack knows; those it knew
before get the list's record and, if there are pictures of them, these portraits
in place of the earlier ones ('python -m enroll add' keeps those). Everybody
else stays as they are, so one new student takes a list of one. Videos uploaded
from then on are compared with the new gallery, and so are those that came
before anybody was enrolled; how many others were looked at before, and how to
have that done again, is said at the end. With --output, the file is written
anew, with the students in the list only.

Three of the columns decide who is recognised, and when. One that the list has
not, or that is empty in all of it, changes nothing of what is known:

  courses  separated by ';'. A video in the folder physics-10b/ is compared with
           the students of physics-10b only; one in a folder that is nobody's
           course, or in none, with everybody
  consent  the day on which the student agreed, as 2026-09-01. A stack with the
           setting requireConsent makes no encoding without one
  until    the last day on which the student is recognised, to its end in UTC

To change these, names, majors or years of students who are enrolled, leave out
the portraits:

    python -m enroll --students students.csv --stack dev

A stack's gallery that can't be used, such as one of another model, is replaced
with --stack and --new-gallery. Give the list and the portraits of everybody:
whoever is not among them is no longer recognised, though their records stay
until they are forgotten. The earlier gallery can be had back for 30 days.

Other commands, each with its own --help:
  python -m enroll list              who is enrolled, and with which portraits
  python -m enroll add               add portraits to those that are known
  python -m enroll remove            take single portraits out
  python -m enroll audit             who will be mistaken for whom, and why
  python -m enroll forget            erase all that is held of students
  python -m enroll export            write what is held of a student to a file
  python -m enroll prune             delete faces and records after the last day
  python -m enroll restore           bring an earlier gallery or records back
  python -m enroll import-encodings  enrol from a pickle of encodings
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll", _HELP)
    add_students(mine)
    mine.add_argument(
        "--portraits",
        type=Path,
        metavar="DIR",
        help=f"{PORTRAITS}; without it, what the stack knows of enrolled students is brought up to "
        "date",
    )
    add_destination(mine)
    add_examination(mine)
    options = parsed(mine, arguments)
    if options.portraits is None and (options.output or options.new_gallery):
        mine.error("argument --portraits: only a stack's students are known without; give a folder")
    if options.portraits is None and options.contact_sheet:
        mine.error(
            "argument --contact-sheet: it shows portraits; give --portraits with their folder"
        )
    return options


def run(options: argparse.Namespace) -> int:
    """Enrol, and return the exit status."""
    students = listed_students(options.students)
    destination = destination_of(options)
    if options.portraits is None:
        enrolment = without_portraits(
            students,
            known=destination.known,
            barred=without_consent_now(students, destination),
        )
    else:
        enrolment = examined(students, destination, options)
    return keep(enrolment, students, destination, options)
