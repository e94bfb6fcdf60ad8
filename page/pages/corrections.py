"""What a teacher says of a session: of each student, and of when the lesson began."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from page import texts
from page.guard import of_course
from page.recordings import video_keys
from page.rendering import anchor, message, session_address
from page.results import asked_result
from register.corrections import (
    Correction,
    CorrectionsError,
    Lesson,
    What,
    tolerance_below,
    undone,
)
from register.stored_corrections import CorrectionsBusyError, StoredCorrections

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from page.guard import Visit
    from page.results import Attendee, Result

_UNDO = "undo"
_WHATS = {what.value: what for what in What}

# 5, 5:30 or 0:05:30: minutes, with seconds, with hours.
_MOMENT = re.compile(
    r"(?:(?P<hours>\d{1,2}):(?=\d+:))?(?P<minutes>\d{1,3})(?::(?P<seconds>[0-5]?\d))?"
)


def _correct(visit: Visit) -> Response:
    result = asked_result(visit)
    form = visit.form()
    attendee = result.attendee(form.get("student", ""))
    asked = form.get("what", "")
    if attendee is None or not (asked == _UNDO or asked in _WHATS):
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    student_id = attendee.student.student_id
    if asked == _UNDO:
        return _written(
            visit, result, lambda stored: stored.change(lambda there: undone(there, student_id))
        )
    correction = _correction(visit, attendee, _WHATS[asked])
    return _written(visit, result, lambda stored: stored.change(lambda there: (*there, correction)))


def _correction(visit: Visit, attendee: Attendee, what: What) -> Correction:
    best = attendee.glimpse.best if attendee.glimpse else None
    wished = tolerance_below(best.distance) if best and what is What.NOT_THEM else None
    return Correction(
        student_id=attendee.student.student_id,
        what=what,
        who=_who(visit),
        when=_now(),
        tolerance=wished,
    )


def _set_lesson(visit: Visit) -> Response:
    result = asked_result(visit)
    starts = seconds_of(visit.form().get("starts", ""))
    longest = result.session.seconds
    if starts is None or (longest is not None and starts > longest):
        return _refused(visit, result, texts.NO_MOMENT, HTTPStatus.UNPROCESSABLE_ENTITY)
    lesson = Lesson(starts=starts, who=_who(visit), when=_now())
    return _written(visit, result, lambda stored: stored.set_lesson(lesson))


def seconds_of(text: str) -> float | None:
    """Return a moment that somebody has typed, in seconds, or None if it is none."""
    match = _MOMENT.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = (int(match[name] or 0) for name in ("hours", "minutes", "seconds"))
    return float(hours * 3600 + minutes * 60 + seconds)


def _written(
    visit: Visit, result: Result, write: Callable[[StoredCorrections], object]
) -> Response:
    services = visit.services
    video, *_ = video_keys(result.session.name)
    stored = StoredCorrections(services.s3, services.settings.output_bucket, video)
    try:
        write(stored)
    except CorrectionsBusyError:
        return _refused(visit, result, texts.CORRECTIONS_BUSY, HTTPStatus.CONFLICT)
    except CorrectionsError:
        return _refused(visit, result, texts.CORRECTIONS_UNREADABLE, HTTPStatus.CONFLICT)
    return RedirectResponse(_back(visit, result), HTTPStatus.SEE_OTHER)


def _refused(visit: Visit, result: Result, why: str, status: HTTPStatus) -> Response:
    return message(
        texts.NOT_CORRECTED,
        why,
        link=(texts.BACK_TO_SESSION, session_address(visit.course, result.name)),
        account=visit.account,
        status=status,
    )


def _back(visit: Visit, result: Result) -> str:
    address = session_address(visit.course, result.name)
    student = visit.form().get("student")
    return f"{address}#{anchor(student)}" if student else address


def _who(visit: Visit) -> str:
    if visit.account is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return visit.account.id


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


ROUTES = [
    of_course("/courses/{course}/corrections/{session:path}", _correct, method="POST"),
    of_course("/courses/{course}/lesson/{session:path}", _set_lesson, method="POST"),
]
