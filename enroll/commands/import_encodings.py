"""`python -m enroll import-encodings`: students from a file of encodings."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import (
    add_alike,
    add_destination,
    add_dry_run,
    add_students,
    alike_pairs,
    parser,
)
from enroll.commands.keeping import barred_now, destination_of, keep, parsed
from enroll.commands.listed import listed_students
from enroll.encodings_file import read_encodings_file
from enroll.known_names import enrol_encodings

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

_HELP = """\
Enrol from a pickle of known faces, made with face_recognition, in any of these
forms:

    {name: encoding, ...}  or  {name: [encoding, ...], ...}
    {"names": [name, ...], "encodings": [encoding, ...]}
    ([encoding, ...], [name, ...])  or  ([name, ...], [encoding, ...])
    [(name, encoding), ...]  or  [{"name": name, "encoding": encoding}, ...]

Nothing in the file is executed: it is refused if it holds anything but names
and NumPy arrays. A name gets the id of the student of that name in the list,
which must be the one the stack knows the student by; names that are not in the
list are left out. Encodings are refused, as portraits are, that look like
another student, or are not of one person. --stack, --output, --new-gallery,
--allow-alike and the list's columns do what they do for an enrolment from
portraits.

    python -m enroll import-encodings encodings.pickle \\
      --students students.csv --output gallery.npz
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll import-encodings", _HELP)
    mine.add_argument("file", type=Path, metavar="FILE", help="the pickle to read")
    add_students(mine)
    add_destination(mine)
    add_alike(mine)
    add_dry_run(mine)
    return parsed(mine, arguments)


def run(options: argparse.Namespace) -> int:
    """Enrol, and return the exit status."""
    students = listed_students(options.students)
    names, encodings = read_encodings_file(options.file)
    destination = destination_of(options)
    ids = {*destination.known.student_ids, *(student.student_id for student in students)}
    enrolment = enrol_encodings(
        names,
        encodings,
        students,
        known=destination.known,
        barred=barred_now(students, destination),
        alike=alike_pairs(options, ids),
    )
    return keep(enrolment, students, destination, options)
