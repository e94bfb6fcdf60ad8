"""A course: its sessions, what came of each, and the way to put another in."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from function.media_type import VIDEO_SUFFIXES
from page.courses import folders
from page.guard import of_course
from page.rendering import page
from page.sessions import State
from page.uploads import EARLIEST, LARGEST, MOST_LESSONS

if TYPE_CHECKING:
    from starlette.responses import Response

    from page.guard import Visit


def _course(visit: Visit) -> Response:
    services = visit.services
    spelled = folders(services.s3, services.buckets).get(visit.course, set())
    sessions = services.archive.sessions(sorted(spelled))
    return page(
        "course.html",
        account=visit.account,
        course=visit.course,
        sessions=sessions,
        changes=any(session.state is State.WAITING for session in sessions),
        today=datetime.now(UTC).date(),
        earliest=EARLIEST,
        most_lessons=MOST_LESSONS,
        largest=LARGEST,
        suffixes=VIDEO_SUFFIXES,
    )


ROUTES = [of_course("/courses/{course}", _course)]
