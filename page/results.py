"""One session as teachers see it: every student of the course, with corrections applied."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException

from function.students import Student
from page.courses import folders
from page.recordings import RecordingGoneError
from register.results_bucket import session_in_bucket, students_of_course
from register.statuses import Rules, status_of
from register.term import register_of

if TYPE_CHECKING:
    from page.guard import Visit
    from page.services import Services
    from register.sessions import Glimpse, Session
    from register.statuses import Status

RULES = Rules()
"""From when on somebody is late, or left early."""


@dataclass(frozen=True, kw_only=True)
class Attendee:
    """A student in a session: the status, None where there is nothing to go by, and when seen."""

    student: Student
    status: Status | None
    glimpse: Glimpse | None


@dataclass(frozen=True, kw_only=True)
class Result:
    """What came of a session: its students, and who was seen besides.

    `name` is the session's, without the folder. `has_problem` tells whether something beside the
    result cannot be used.
    """

    name: str
    session: Session
    students: tuple[Attendee, ...]
    others: tuple[Attendee, ...]
    is_whole_class: bool
    has_problem: bool

    def attendee(self, student_id: str) -> Attendee | None:
        """Return the student of this id, if it is anybody's here."""
        everybody = (*self.students, *self.others)
        return next((each for each in everybody if each.student.student_id == student_id), None)

    def video(self, services: Services) -> str:
        """Return the key of the video. Raise RecordingGoneError."""
        return services.recordings.key(self.session.name, self.session.video_etag)


def asked_result(visit: Visit) -> Result:
    """Return the result of the session that a path names. Raise HTTPException if there is none.

    The session is looked for in the course's own folders: no name leads out of them.
    """
    services, name = visit.services, str(visit.request.path_params["session"])
    bucket = services.settings.output_bucket
    with ThreadPoolExecutor(2) as threads:
        listed = threads.submit(
            students_of_course, services.dynamodb, services.settings.students_table, visit.course
        )
        for folder in sorted(folders(services.s3, [bucket]).get(visit.course, ())):
            found = session_in_bucket(services.s3, bucket, f"{folder}/{name}")
            if found is not None:
                return _result(visit.course, name, *found, listed.result())
    raise HTTPException(HTTPStatus.NOT_FOUND)


def has_video(result: Result, services: Services) -> bool:
    """Tell whether the recording is still there."""
    try:
        result.video(services)
    except RecordingGoneError:
        return False
    return True


def _result(
    course: str, name: str, session: Session, notes: list[str], students: list[Student]
) -> Result:
    register = register_of(course, [session], students or None, RULES)
    rows = register.statuses_in(session)
    known = {row.student.student_id for row, _ in rows}
    others = [each for each in session.seen.values() if each.student_id not in known]
    return Result(
        name=name,
        session=session,
        students=tuple(
            Attendee(
                student=row.student,
                status=status,
                glimpse=_glimpse(session, row.student.student_id),
            )
            for row, status in rows
        ),
        others=tuple(
            Attendee(
                student=Student(
                    student_id=each.student_id, name=each.name, major=each.major, year=each.year
                ),
                status=status_of(session, each.student_id, RULES),
                glimpse=each,
            )
            for each in others
        ),
        is_whole_class=register.is_whole_class,
        has_problem=bool(notes),
    )


def _glimpse(session: Session, student_id: str) -> Glimpse | None:
    return session.seen.get(student_id) or session.perhaps.get(student_id)
