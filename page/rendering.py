"""Pages out of templates: every text is escaped, and one that is missing is an error."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse

from page import texts

if TYPE_CHECKING:
    from page.accounts import Account

_FOLDER = Path(__file__).parent
STATIC = _FOLDER / "static"


def _static_address(name: str) -> str:
    """Return a file's address, which is another as soon as its content is."""
    digest = hashlib.sha256((STATIC / name).read_bytes()).hexdigest()
    return f"/static/{name}?{digest[:16]}"


def course_address(course: str) -> str:
    """Return the path of a course's page."""
    return f"/courses/{quote(course, safe='')}"


def session_address(course: str, session: str, *, part: str = "sessions") -> str:
    """Return the path of a session's page, or of another part of what there is of it.

    A session's name may have folders in it, whose slashes stay.
    """
    return f"{course_address(course)}/{part}/{quote(session)}"


def anchor(student_id: str) -> str:
    """Return what a student's line is called in a page's own links: of letters that all take."""
    return f"s{hashlib.sha256(student_id.encode()).hexdigest()[:12]}"


_templates = Environment(
    loader=FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
_templates.globals.update(
    texts=texts,
    static={file.name: _static_address(file.name) for file in STATIC.iterdir()},
    course_address=course_address,
    session_address=session_address,
)


def page(
    template: str,
    *,
    account: Account | None = None,
    status: HTTPStatus = HTTPStatus.OK,
    **context: object,
) -> HTMLResponse:
    """Return the page that a template makes, for whoever is signed in if somebody is."""
    html = _templates.get_template(template).render(account=account, **context)
    return HTMLResponse(html, status)


def message(
    title: str,
    why: str,
    *,
    link: tuple[str, str],
    account: Account | None = None,
    status: HTTPStatus = HTTPStatus.OK,
) -> HTMLResponse:
    """Return a page that says one thing, with the way on: a text and an address."""
    return page("message.html", account=account, status=status, title=title, why=why, link=link)
