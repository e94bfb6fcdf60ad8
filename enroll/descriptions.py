"""What a list says of its students that decides whom a face may be compared with, and when.

Old lists have no columns for it. What a list says nothing of, for any of its students, is left as
the gallery has it: an enrolment with an old list takes nobody's courses, consent or last day away.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from function.recogniser.identity.enrolled import CourseNameError, Enrolled

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from datetime import date

    from function.recogniser.identity.gallery import Gallery
    from function.students import Student


def descriptions(students: Collection[Student], *, known: Gallery) -> dict[str, Enrolled]:
    """Return what is known of each student by the list, and by the gallery beside it.

    Raises CourseNameError naming the student.
    """
    has_courses = any(student.courses for student in students)
    has_consent = any(student.consent for student in students)
    has_until = any(student.until for student in students)

    def description(student: Student) -> Enrolled:
        before = known.student(student.student_id)
        try:
            return replace(
                before,
                courses=student.courses if has_courses else before.courses,
                consent=student.consent if has_consent else before.consent,
                until=student.until if has_until else before.until,
            )
        except CourseNameError as error:
            raise CourseNameError(f"student {student.student_id}: {error}") from error

    return {student.student_id: description(student) for student in students}


def as_described(student: Student, description: Enrolled) -> Student:
    """Return the student's record with what is known of them."""
    return replace(
        student,
        courses=description.courses,
        consent=description.consent,
        until=description.until,
    )


def without_consent(known: Mapping[str, Enrolled], today: date) -> dict[str, str]:
    """Say of which students what is wrong with their consent, and what to do."""
    return _said(known, lambda each: _consent_missing(each, today))


def ended(known: Mapping[str, Enrolled], today: date) -> dict[str, str]:
    """Say of which students the last day has passed, and what to do."""
    return _said(known, lambda each: _until_passed(each, today))


def _said(known: Mapping[str, Enrolled], say: Callable[[Enrolled], str]) -> dict[str, str]:
    said = {student_id: say(each) for student_id, each in known.items()}
    return {student_id: reason for student_id, reason in said.items() if reason}


def _consent_missing(description: Enrolled, today: date) -> str:
    consent = description.consent
    if consent is None:
        return (
            "has no consent: put its day into the list's column consent; without it no encoding "
            "is made of them"
        )
    if consent > today:
        return (
            f"has a consent of {consent}, which is in the future: correct the day in the list; "
            "before it no encoding is made of them"
        )
    return ""


def _until_passed(description: Enrolled, today: date) -> str:
    if not description.has_ended(today):
        return ""
    return (
        f"has the last day {description.until}, which has passed: put a later one into the list's "
        "column until, or delete what is held of them with 'python -m enroll prune'"
    )
