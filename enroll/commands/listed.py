"""The student list that a command is given."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from function.student_list import read_student_list

if TYPE_CHECKING:
    from pathlib import Path

    from function.students import Student


def listed_students(path: Path) -> list[Student]:
    """Read the student list, and say what should be said of how it was read.

    Raises StudentListError.
    """
    read = read_student_list(path)
    for note in read.notes:
        print(note, file=sys.stderr)
    return read.students
