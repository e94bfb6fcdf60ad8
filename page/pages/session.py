"""A session: who was there from when to when, and the recording at the place where each is seen."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING

from markupsafe import Markup
from starlette.responses import JSONResponse, RedirectResponse

from page import texts
from page.guard import of_course
from page.recordings import ADDRESS_SECONDS, RecordingGoneError
from page.rendering import anchor, message, page, session_address
from page.results import RULES, asked_result, has_video
from register.clock import clock
from register.corrections import What
from register.statuses import Status
from register.texts import ENGLISH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from starlette.responses import Response

    from page.accounts import Account
    from page.guard import Visit
    from page.results import Attendee, Result
    from register.sessions import Glimpse, Session

# Units of the bar of a session's length, so that a span of a second can be seen in three hours.
_BAR_UNITS = 1000.0
_LEAST_UNITS = 4.0


def _session(visit: Visit) -> Response:
    result = asked_result(visit)
    session = result.session
    counted = Counter(each.status for each in result.students)
    lines = [_line(result, each, visit.account) for each in result.students]
    return page(
        "session.html",
        account=visit.account,
        course=visit.course,
        result=result,
        session=session,
        has_video=has_video(result, visit.services),
        counts=[(each, counted[each]) for each in Status if counted[each]],
        to_check=[line for line in lines if line["status"] is Status.PLEASE_CHECK],
        students=[line for line in lines if line["status"] is not Status.PLEASE_CHECK],
        others=[_line(result, each, visit.account) for each in result.others],
        starts=clock(session.starts),
        length=None if session.seconds is None else clock(session.seconds),
        rules=texts.RULES.format(
            late=f"{RULES.late_after / 60:g}", early=f"{RULES.left_early_before / 60:g}"
        ),
        words=ENGLISH.statuses,
    )


def _line(result: Result, attendee: Attendee, account: Account | None) -> Mapping[str, object]:
    """Return what is shown of a student."""
    session, student, glimpse = result.session, attendee.student, attendee.glimpse
    said = session.corrections.get(student.student_id)
    is_seen = student.student_id in session.seen
    return {
        "id": student.student_id,
        "anchor": anchor(student.student_id),
        "name": student.name or student.student_id,
        "has_name": bool(student.name),
        "status": attendee.status,
        "best": glimpse.best if glimpse else None,
        "best_time": moment(session, glimpse.best.time) if glimpse and glimpse.best else "",
        "bar": _bar(session, glimpse) if glimpse and is_seen else "",
        "first": moment(session, glimpse.first_seen) if glimpse and is_seen else "",
        "last": moment(session, glimpse.last_seen) if glimpse and is_seen else "",
        "said": ENGLISH.corrections[said.what] if said else "",
        "said_by": texts.YOU if said and account and said.who == account.id else texts.SOMEBODY,
        "said_on": said.when if said else None,
        "choices": list(_choices(attendee)) if said is None else [],
    }


def _choices(attendee: Attendee) -> Iterator[tuple[str, str]]:
    """Yield what can be said of a student: the correction's value, and the words on its button."""
    if attendee.glimpse:
        yield What.CONFIRM.value, texts.CORRECTIONS[What.CONFIRM]
        yield What.NOT_THEM.value, texts.CORRECTIONS[What.NOT_THEM]
    if attendee.status is not Status.PRESENT:
        yield What.WAS_HERE.value, texts.CORRECTIONS[What.WAS_HERE]
    yield What.EXCUSED.value, texts.CORRECTIONS[What.EXCUSED]


def moment(session: Session, seconds: float) -> str:
    """Return a moment of the recording: the time of day where it is known when that began."""
    if session.at is None or session.day is None:
        return clock(seconds)
    began = datetime.combine(session.day, session.at, UTC)
    return f"{began + timedelta(seconds=seconds):%H:%M:%S}"


def _bar(session: Session, glimpse: Glimpse) -> Markup:
    """Return when a student was seen, over the length of the recording."""
    spans = ", ".join(
        (ENGLISH.from_to if end > start else ENGLISH.at_time).format(
            start=moment(session, start), end=moment(session, end)
        )
        for start, end in glimpse.presence
    )
    length = session.seconds or max((each.last_seen for each in session.seen.values()), default=0.0)
    scale = _BAR_UNITS / max(length, 1.0)
    drawn = Markup("").join(
        Markup('<rect x="{}" width="{}" height="1"/>').format(
            f"{min(start * scale, _BAR_UNITS - _LEAST_UNITS):.0f}",
            f"{max((end - start) * scale, _LEAST_UNITS):.0f}",
        )
        for start, end in glimpse.presence
    )
    if session.starts:
        drawn += Markup('<rect class="start" x="{}" width="4" height="1"/>').format(
            f"{min(session.starts * scale, _BAR_UNITS - _LEAST_UNITS):.0f}"
        )
    return Markup(
        '<svg class="bar" viewBox="0 0 1000 1" preserveAspectRatio="none" role="img" '
        'aria-label="{}">{}</svg>'
    ).format(ENGLISH.presence_of.format(spans=spans), drawn)


def _video(visit: Visit) -> Response:
    """Lead to the recording; a script is told where it is, and for how long."""
    result = asked_result(visit)
    wants_json = visit.request.headers.get("accept", "").startswith("application/json")
    try:
        address = visit.services.recordings.address(result.video(visit.services))
    except RecordingGoneError:
        if wants_json:
            return JSONResponse({"refused": texts.VIDEO_GONE}, HTTPStatus.GONE)
        return message(
            texts.VIDEO_GONE_TITLE,
            texts.VIDEO_GONE,
            link=(texts.BACK_TO_SESSION, session_address(visit.course, result.name)),
            account=visit.account,
            status=HTTPStatus.GONE,
        )
    if wants_json:
        return JSONResponse({"address": address, "seconds": ADDRESS_SECONDS})
    return RedirectResponse(address, HTTPStatus.SEE_OTHER)


ROUTES = [
    of_course("/courses/{course}/sessions/{session:path}", _session),
    of_course("/courses/{course}/video/{session:path}", _video),
]
