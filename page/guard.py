"""Who may ask for what. Every route of the page is made by one of the three functions here.

`public` is for anybody, `signed_in` for whoever has an account, `of_course` for whoever may see the
course that its path names. What is not theirs is not there for them: 404, as for what is nowhere.

A request that changes something must come from the page itself. A browser names the origin of the
page that sends one, and no page can name another; and it sends the cookie with links from
elsewhere, but not with anything else that another site has it send (SameSite=Lax). So there is no
token in the forms.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode

from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import RedirectResponse
from starlette.routing import Route

from function.recogniser.identity.enrolled import CourseNameError, course_name
from page.signed_in import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from page.accounts import Account
    from page.services import Services

LARGEST_BODY = 64 * 1024
"""What the page's own scripts send is a tenth of it; videos do not come this way."""

_SAFE = ("GET", "HEAD")

logger = logging.getLogger(__name__)
logger.setLevel(logging.INFO)


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request, with who asks and for which course where those are known, and its body."""

    request: Request
    services: Services
    account: Account | None = None
    course: str = ""
    body: bytes = b""

    def json(self) -> dict[str, Any]:
        """Return the JSON object that was sent. Raise HTTPException if it is none."""
        try:
            found = json.loads(self.body)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise HTTPException(HTTPStatus.BAD_REQUEST)
        return found

    def form(self) -> dict[str, str]:
        """Return the fields of the form that was sent. Raise HTTPException if it is none."""
        try:
            return dict(parse_qsl(self.body.decode(), strict_parsing=True, max_num_fields=10))
        except ValueError:
            raise HTTPException(HTTPStatus.BAD_REQUEST) from None


if TYPE_CHECKING:
    Page = Callable[[Visit], Response]


def public(path: str, page: Page, *, method: str = "GET") -> Route:
    """Return a route for anybody."""

    async def answer(request: Request) -> Response:
        return await _answered(page, Visit(request=request, services=_services(request)))

    return Route(path, answer, methods=[method], name=f"public {method} {path}")


def signed_in(path: str, page: Page, *, method: str = "GET") -> Route:
    """Return a route for whoever has signed in; others are sent to do so."""

    async def answer(request: Request) -> Response:
        account = await _account(request)
        if account is None:
            return _sign_in_first(request)
        visit = Visit(request=request, services=_services(request), account=account)
        return await _answered(page, visit)

    return Route(path, answer, methods=[method], name=f"signed_in {method} {path}")


def of_course(path: str, page: Page, *, method: str = "GET") -> Route:
    """Return a route for whoever may see the course that `{course}` in its path stands for."""

    async def answer(request: Request) -> Response:
        account = await _account(request)
        if account is None:
            return _sign_in_first(request)
        try:
            course = course_name(request.path_params["course"])
        except CourseNameError:
            raise HTTPException(HTTPStatus.NOT_FOUND) from None
        if not account.may_see(course):
            raise HTTPException(HTTPStatus.NOT_FOUND)
        visit = Visit(request=request, services=_services(request), account=account, course=course)
        return await _answered(page, visit)

    return Route(path, answer, methods=[method], name=f"of_course {method} {path}")


async def _answered(page: Page, visit: Visit) -> Response:
    request = visit.request
    if request.method not in _SAFE:
        if request.headers.get("origin") != visit.services.settings.page_url:
            raise HTTPException(HTTPStatus.FORBIDDEN)
        body = await request.body()
        if len(body) > LARGEST_BODY:
            raise HTTPException(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        visit = Visit(
            request=request,
            services=visit.services,
            account=visit.account,
            course=visit.course,
            body=body,
        )
    response = await run_in_threadpool(page, visit)
    # By the route's name, since a path has the name of a course in it.
    logger.info(
        "%s: %s for %s",
        request.scope["route"].name,
        response.status_code,
        visit.account.id if visit.account else "nobody",
    )
    return response


async def _account(request: Request) -> Account | None:
    session = request.cookies.get(COOKIE)
    if not session:
        return None
    return await run_in_threadpool(_services(request).signed_in.account, session)


def _sign_in_first(request: Request) -> Response:
    if request.method not in _SAFE:
        raise HTTPException(HTTPStatus.UNAUTHORIZED)
    where = request.url.path if request.url.path != "/" else ""
    query = f"?{urlencode({'then': where})}" if where else ""
    return RedirectResponse(f"/auth/sign-in{query}", HTTPStatus.SEE_OTHER)


def _services(request: Request) -> Services:
    services: Services = request.app.state.services
    return services
