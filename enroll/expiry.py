"""Students whose last day has passed: what is held of them, and its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from enroll.deployed import forget_students, load_gallery
from function.composed_text import composed

if TYPE_CHECKING:
    from stacks.outputs import Deployment


@dataclass(frozen=True, kw_only=True)
class Held:
    """What is held of a student: how many portraits' encodings, and whether a record."""

    student_id: str
    until: date
    portraits: int
    has_record: bool


def held_too_long(stack: Deployment, today: date) -> list[Held]:
    """Find what is held of the students whose last day was before this one, in order of the ids.

    The gallery is what the function goes by, so it says when a student's last day is; of those
    who are not in it, the record says so. Raises GalleryError, or a botocore exception.
    """
    gallery = load_gallery(stack)
    ends = {
        student_id: known.until
        for student_id, known in gallery.students.items()
        if known.until and known.has_ended(today)
    }
    records = _ended_records(stack, today)
    known = set(gallery.student_ids)
    ends |= {student: until for student, until in records.items() if student not in known}
    portraits = Counter(gallery.student_ids)
    return [
        Held(
            student_id=student_id,
            until=ends[student_id],
            portraits=portraits[student_id],
            has_record=student_id in records,
        )
        for student_id in sorted(ends)
    ]


def delete(stack: Deployment, held: list[Held]) -> None:
    """Delete it all. Raises what forgetting students raises."""
    forget_students(stack, [each.student_id for each in held])


def _ended_records(stack: Deployment, today: date) -> dict[str, date]:
    """Return the last days of the records that have one before this."""
    pages = (
        stack.client("dynamodb")
        .get_paginator("scan")
        .paginate(
            TableName=stack.outputs.students_table,
            # ISO dates are in the order of time as texts, too.
            FilterExpression="#until < :today",
            ProjectionExpression="student_id, #until",
            ExpressionAttributeNames={"#until": "until"},
            ExpressionAttributeValues={":today": {"S": today.isoformat()}},
            ConsistentRead=True,
        )
    )
    items = (item for page in pages for item in page["Items"])
    return {
        composed(item["student_id"]["S"]): date.fromisoformat(item["until"]["S"]) for item in items
    }
