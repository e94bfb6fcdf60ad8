"""Who is enrolled: what gallery and records say of each student, side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from function.recogniser.identity.gallery import Gallery
    from function.students import Student


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is known of a student; `since` is the day of the oldest portrait, where it is known.

    Courses, consent and last day are the gallery's, which is what counts, of those who are in it.
    """

    student_id: str
    name: str
    courses: tuple[str, ...]
    portraits: int
    since: str
    consent: date | None
    until: date | None
    tolerance: float | None
    has_record: bool


@dataclass(frozen=True, kw_only=True)
class Portrait:
    """A portrait in the gallery; `number` counts a student's from 1 on.

    `source` is the SHA-256 of the picture, `enrolled` the day of its encoding as an ISO date; what
    is not known is empty.
    """

    student_id: str
    number: int
    enrolled: str
    source: str
    row: int


def roster(gallery: Gallery, records: Mapping[str, Student]) -> list[Entry]:
    """Return everybody who has a face or a record, in order of the ids."""
    rows: dict[str, list[int]] = {student_id: [] for student_id in records}
    for row, student_id in enumerate(gallery.student_ids):
        rows.setdefault(student_id, []).append(row)
    return [
        _entry(student_id, of_student, gallery, records.get(student_id))
        for student_id, of_student in sorted(rows.items())
    ]


def portraits_of(gallery: Gallery, student_id: str) -> list[Portrait]:
    """Return the student's portraits, in the gallery's order, which does not change by itself."""
    rows = [row for row, known in enumerate(gallery.student_ids) if known == student_id]
    return [
        Portrait(
            student_id=student_id,
            number=number,
            enrolled=gallery.enrolled[row],
            source=gallery.sources[row],
            row=row,
        )
        for number, row in enumerate(rows, start=1)
    ]


def _entry(student_id: str, rows: list[int], gallery: Gallery, record: Student | None) -> Entry:
    known = gallery.student(student_id)
    described = record if record and not rows else known
    return Entry(
        student_id=student_id,
        name=record.name if record else "",
        courses=described.courses,
        portraits=len(rows),
        since=min(filter(None, (gallery.enrolled[row] for row in rows)), default=""),
        consent=described.consent,
        until=described.until,
        tolerance=known.tolerance,
        has_record=record is not None,
    )
