"""The first page: the courses of whoever has signed in."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse

from function.recogniser.identity.enrolled import CourseNameError, course_name
from page.courses import courses_of_students, folders
from page.guard import signed_in
from page.rendering import course_address, page

if TYPE_CHECKING:
    from starlette.responses import Response

    from page.guard import Visit


def _courses(visit: Visit) -> Response:
    account, services = visit.account, visit.services
    if account is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    courses = set(account.courses)
    if account.is_staff:
        courses |= courses_of_students(services.dynamodb, services.settings.students_table)
        courses |= folders(services.s3, services.buckets).keys()
    return page("courses.html", account=account, courses=sorted(courses, key=str.casefold))


def _another(visit: Visit) -> Response:
    """Lead to the course of a name that was typed; whether it may be seen is asked there."""
    try:
        course = course_name(visit.request.query_params.get("name", ""))
    except CourseNameError:
        return RedirectResponse("/", HTTPStatus.SEE_OTHER)
    return RedirectResponse(course_address(course), HTTPStatus.SEE_OTHER)


ROUTES = [signed_in("/", _courses), signed_in("/courses", _another)]
