"""The page as an ASGI application: all its routes, and what is said when something fails."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from page import texts
from page.headers import SecurityHeaders
from page.pages import corrections, course, courses, files, register, session, sign_in, upload
from page.rendering import message

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from page.services import Services

logger = logging.getLogger(__name__)

_PAGES = (courses, course, session, corrections, register, upload, sign_in, files)
ROUTES = [route for module in _PAGES for route in module.ROUTES]
"""All there is. A page is a module in `page/pages` with its routes, and a place in this list."""


def application(services: Services) -> SecurityHeaders:
    """Return the page."""
    app = Starlette(routes=ROUTES, exception_handlers={HTTPException: _refused, Exception: _failed})
    app.state.services = services
    # Around all of it, since what is answered after a failure has the headers, too.
    return SecurityHeaders(app, services)


def _refused(request: Request, error: Exception) -> Response:
    status = HTTPStatus(error.status_code if isinstance(error, HTTPException) else 500)
    if request.headers.get("content-type", "").startswith("application/json"):
        return JSONResponse({"refused": ""}, status)
    title, why = texts.REFUSED, texts.REFUSED_WHY
    if status in {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}:
        title, why = texts.NOT_FOUND, texts.NOT_FOUND_WHY
    return message(title, why, link=(texts.BACK, "/"), status=status)


def _failed(_: Request, error: Exception) -> Response:
    # By its type alone: what an error says may have a student or a course in it.
    logger.error("failed: %s", type(error).__name__)
    return message(
        texts.FAILED,
        texts.FAILED_WHY,
        link=(texts.BACK, "/"),
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
    )
