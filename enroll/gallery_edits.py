"""Changes to a gallery: students are replaced, described or forgotten, portraits added or removed.

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
    return _in_order(
        Gallery(
            student_ids=kept.student_ids + enrolled.student_ids,
            encodings=np.concatenate([kept.encodings, enrolled.encodings]),
            sources=kept.sources + enrolled.sources,
            enrolled=kept.enrolled + tuple(_days(enrolled, before=gallery)),
            students={**gallery.students, **enrolled.students},
        )
    )


def with_portraits(gallery: Gallery, added: Gallery) -> Gallery:
    """Return the gallery with the added rows beside those that it has of the same students.

    What it knows of these students stays, unless `added` knows better. A picture that it has of a
    student makes no further row: it is known by its source, or by its encoding, and a row without a
    source gets it then.
    """
    sources = list(gallery.sources)
    known_sources = set(zip(gallery.student_ids, sources, strict=True))
    known_encodings = {_face(gallery, row): row for row in range(len(sources))}
    new = []
    for row, (student_id, source) in enumerate(zip(added.student_ids, added.sources, strict=True)):
        same = known_encodings.get(_face(added, row))
        if same is not None and not sources[same]:
            sources[same] = source
        elif same is None and not (source and (student_id, source) in known_sources):
            new.append(row)
            known_encodings[_face(added, row)] = len(sources)
            sources.append(source)
        known_sources.add((student_id, source))
    further = added.rows(new)
    return _in_order(
        Gallery(
            student_ids=gallery.student_ids + further.student_ids,
            encodings=np.concatenate([gallery.encodings, further.encodings]),
            sources=tuple(sources),
            enrolled=gallery.enrolled + further.enrolled,
            students={**gallery.students, **added.students},
        )
    )


def new_rows(rows: Gallery, *, known: Gallery) -> Gallery:
    """Return those of the rows whose pictures `known` does not have of the same students."""
    has = {of for of in zip(known.student_ids, known.sources, strict=True) if of[1]}
    return rows.rows(
        [
            row
            for row, of in enumerate(zip(rows.student_ids, rows.sources, strict=True))
            if of not in has
        ]
    )


def without_rows(gallery: Gallery, removed: Gallery) -> Gallery:
    """Return the gallery without the rows that are those of `removed`, wherever they are in it."""
    rows = {_row(removed, row) for row in range(len(removed.student_ids))}
    return gallery.rows(
        [row for row in range(len(gallery.student_ids)) if _row(gallery, row) not in rows]
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


def _in_order(gallery: Gallery) -> Gallery:
    # Sorting is stable: a student's rows stay in the order of the portraits.
    return gallery.rows(
        sorted(range(len(gallery.student_ids)), key=gallery.student_ids.__getitem__)
    )


def _days(enrolled: Gallery, *, before: Gallery) -> Iterator[str]:
    """Yield the day of each enrolled row: an earlier one if the same row was there before."""
    earlier = {_row(before, row): day for row, day in enumerate(before.enrolled)}
    for row, day in enumerate(enrolled.enrolled):
        yield earlier.get(_row(enrolled, row)) or day


def _row(gallery: Gallery, row: int) -> tuple[str, str, bytes]:
    return gallery.student_ids[row], gallery.sources[row], gallery.encodings[row].tobytes()


def _face(gallery: Gallery, row: int) -> tuple[str, bytes]:
    return gallery.student_ids[row], gallery.encodings[row].tobytes()
