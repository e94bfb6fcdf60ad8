"""`python -m enroll forget`: students' faces and records are deleted."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from enroll.commands.arguments import ExitStatus, add_stack, parser
from enroll.commands.words import students_in
from enroll.deployed import forget_students
from enroll.gallery_edits import without_students
from function.composed_text import composed
from function.recogniser.identity.gallery import Gallery, GalleryError
from stacks.outputs import deployment

if TYPE_CHECKING:
    import argparse
    from collections.abc import Collection, Sequence

_HELP = """\
Forget students: delete their encodings from the gallery and, with --stack,
their records.

    python -m enroll forget 1001 1002 --stack dev

A stack's gallery that can't be used doesn't keep the records from being
deleted. The command then fails, naming it: enrol everybody else with
--new-gallery to be rid of the faces as well.

What was made before goes by itself: CSVs that name the students as the stack's
settings say, earlier versions of the gallery after 30 days, and the table's
backups, in stacks that have them, after 35. The portraits are yours to delete.
"""


def options(arguments: Sequence[str]) -> argparse.Namespace:
    """Return what the arguments ask for."""
    mine = parser("python -m enroll forget", _HELP)
    mine.add_argument(
        "student_id", nargs="+", type=composed, metavar="STUDENT_ID", help="whom to forget"
    )
    where = mine.add_mutually_exclusive_group(required=True)
    add_stack(where)
    where.add_argument("--gallery", type=Path, metavar="FILE", help="forget in this gallery file")
    return mine.parse_args(arguments)


def run(options: argparse.Namespace) -> int:
    """Forget, and return the exit status."""
    wanted = dict.fromkeys(options.student_id)
    is_kept_elsewhere = False
    if options.stack:
        forgotten = forget_students(deployment(options.stack), wanted)
    else:
        earlier = options.gallery.stat()
        forgotten = _forget_in_file(options.gallery, wanted)
        # The new file takes the place of one name only.
        is_kept_elsewhere = bool(forgotten) and earlier.st_nlink > 1
    if is_kept_elsewhere:
        print(
            f"{options.gallery} had other names (hard links), which keep who was forgotten: "
            f"remove them; 'find -inum {earlier.st_ino}' finds them",
            file=sys.stderr,
        )
    unknown = [student_id for student_id in wanted if student_id not in forgotten]
    for student_id in unknown:
        print(f"student {student_id} is not known here: check the id", file=sys.stderr)
    print(f"Forgot {students_in(forgotten)}.")
    return ExitStatus.SOME_REFUSED if unknown or is_kept_elsewhere else ExitStatus.ALL_DONE


def _forget_in_file(file: Path, student_ids: Collection[str]) -> set[str]:
    try:
        gallery = Gallery.load(file).renamed(composed)
    except GalleryError as error:
        raise GalleryError(f"{file}: {error}") from error
    except IsADirectoryError as error:
        raise GalleryError(f"{file} is a folder: name the gallery file in it") from error
    without_students(gallery, student_ids).save(file)
    return set(student_ids).intersection(gallery.student_ids)
