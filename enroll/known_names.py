"""Encodings known by name, joined to the students of a list.

An encodings file knows people by name only; a gallery knows them by student id.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from enroll.gallery_edits import with_students
from function.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from function.students import Student


class AmbiguousNameError(ValueError):
    """A name that has encodings is that of several students; the message says which."""


@dataclass(frozen=True, kw_only=True)
class NamedRows:
    """Gallery rows, and the names among them that no record has: those are their own ids."""

    rows: Gallery
    without_record: tuple[str, ...]


def join_names(
    names: Sequence[str], encodings: NDArray[np.float32], students: Collection[Student]
) -> NamedRows:
    """Give every encoding, of the shape (names, 128), the id of the student of that name.

    Raises AmbiguousNameError.
    """
    ids = {student.name: student.student_id for student in students}
    counts = Counter(student.name for student in students)
    if several := sorted({name for name in names if counts[name] > 1}):
        raise AmbiguousNameError(
            f"several students are called {', '.join(several)}: give them different names in the "
            "student list, or enrol them from portraits"
        )
    known = Gallery(student_ids=tuple(ids.get(name, name) for name in names), encodings=encodings)
    return NamedRows(
        rows=with_students(Gallery.empty(), known),
        without_record=tuple(dict.fromkeys(name for name in names if name not in ids)),
    )
