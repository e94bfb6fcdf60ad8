"""Changes to a gallery: students are replaced, described or forgotten, each as a whole.

All keep the rows in order of the student ids, so that the same people with the same portraits
are the same gallery, byte for byte, in whatever order they were enrolled.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from function.recogniser.identity.gallery import Gallery

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from function.recogniser.identity.enrolled import Enrolled


def with_students(gallery: Gallery, enrolled: Gallery) -> Gallery:
    """Return the gallery with the enrolled students' rows in place of those it had of them.

    What it knows of these students stays, unless `enrolled` knows better. A row that it had
    already keeps its day: the same portraits once more are no other gallery.
    """
    kept = without_students(gallery, set(enrolled.student_ids))
    together = Gallery(
        student_ids=kept.student_ids + enrolled.student_ids,
        encodings=np.concatenate([kept.encodings, enrolled.encodings]),
        sources=kept.sources + enrolled.sources,
        enrolled=kept.enrolled + tuple(_days(enrolled, before=gallery)),
        students={**gallery.students, **enrolled.students},
    )
    # Sorting is stable: a student's rows stay in the order of the portraits.
    return together.rows(
        sorted(range(len(together.student_ids)), key=together.student_ids.__getitem__)
    )


def described(gallery: Gallery, descriptions: Mapping[str, Enrolled]) -> Gallery:
    """Return the gallery with this known of its students; who is not in it is passed over.

    A student's own tolerance stays: it is no matter of a list.
    """
    students = dict(gallery.students)
    for student_id in set(gallery.student_ids).intersection(descriptions):
        tolerance = gallery.student(student_id).tolerance
        students[student_id] = replace(descriptions[student_id], tolerance=tolerance)
    return replace(gallery, students=students)


def with_tolerances(gallery: Gallery, tolerances: Mapping[str, float | None]) -> Gallery:
    """Return the gallery with these own tolerances, None for everybody's.

    Who is not in it is passed over.
    """
    students = dict(gallery.students)
    for student_id in set(gallery.student_ids).intersection(tolerances):
        known = gallery.student(student_id)
        students[student_id] = replace(known, tolerance=tolerances[student_id])
    return replace(gallery, students=students)


def without_students(gallery: Gallery, student_ids: Collection[str]) -> Gallery:
    """Return the gallery without any row of these students, and what is known of them."""
    return gallery.rows(
        [row for row, known in enumerate(gallery.student_ids) if known not in student_ids]
    )


def _days(enrolled: Gallery, *, before: Gallery) -> Iterator[str]:
    """Yield the day of each enrolled row: an earlier one if the same row was there before."""
    earlier = {_row(before, row): day for row, day in enumerate(before.enrolled)}
    for row, day in enumerate(enrolled.enrolled):
        yield earlier.get(_row(enrolled, row)) or day


def _row(gallery: Gallery, row: int) -> tuple[str, str, bytes]:
    return gallery.student_ids[row], gallery.sources[row], gallery.encodings[row].tobytes()
