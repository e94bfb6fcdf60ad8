"""What the script of a course's page asks for while it puts a video in; the video goes to S3."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from page import texts
from page.guard import of_course
from page.uploads import (
    MOST_ADDRESSES,
    DayError,
    NotAVideoError,
    SizeError,
    TakenError,
    UploadGoneError,
    checked_name,
    video_name,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from starlette.responses import Response

    from page.guard import Visit

_REFUSALS = {
    DayError: (HTTPStatus.UNPROCESSABLE_ENTITY, texts.WRONG_DAY),
    NotAVideoError: (HTTPStatus.UNPROCESSABLE_ENTITY, texts.NOT_A_VIDEO),
    SizeError: (HTTPStatus.UNPROCESSABLE_ENTITY, texts.WRONG_SIZE),
    TakenError: (HTTPStatus.CONFLICT, texts.TAKEN),
    UploadGoneError: (HTTPStatus.GONE, texts.UPLOAD_GONE),
}


def _answering(act: Callable[[Visit, Mapping[str, Any]], object]) -> Callable[[Visit], Response]:
    """Return a page that answers in JSON, with what is refused as a text for people."""

    def page(visit: Visit) -> Response:
        try:
            return JSONResponse(act(visit, visit.json()))
        except tuple(_REFUSALS) as refused:
            status, text = _REFUSALS[type(refused)]
            return JSONResponse({"refused": text}, status)

    return page


def _begin(visit: Visit, asked: Mapping[str, Any]) -> object:
    name = video_name(
        day=_text(asked, "day"), lesson=_number(asked, "lesson"), file=_text(asked, "file")
    )
    upload = visit.services.uploads.begin(
        f"{visit.course}/",
        name,
        _number(asked, "size"),
        resume=_text(asked, "upload") if asked.get("upload") else None,
    )
    return {
        "name": name,
        "upload": upload.id,
        "partSize": upload.part_size,
        "arrived": [{"number": number, "size": size} for number, size in upload.arrived.items()],
    }


def _addresses(visit: Visit, asked: Mapping[str, Any]) -> object:
    numbers = asked.get("numbers")
    if not isinstance(numbers, list) or not 0 < len(numbers) <= MOST_ADDRESSES:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return visit.services.uploads.addresses(
        _key(visit, asked),
        _text(asked, "upload"),
        _number(asked, "size"),
        [_whole(number) for number in numbers],
    )


def _finish(visit: Visit, asked: Mapping[str, Any]) -> object:
    visit.services.uploads.finish(
        _key(visit, asked), _text(asked, "upload"), _number(asked, "size")
    )
    return {}


def _give_up(visit: Visit, asked: Mapping[str, Any]) -> object:
    visit.services.uploads.give_up(_key(visit, asked), _text(asked, "upload"))
    return {}


def _key(visit: Visit, asked: Mapping[str, Any]) -> str:
    """Return the key of the video: of the course that the path names, whatever is asked."""
    return f"{visit.course}/{checked_name(_text(asked, 'name'))}"


def _text(asked: Mapping[str, Any], name: str) -> str:
    value = asked.get(name)
    if not isinstance(value, str) or not value:
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return value


def _number(asked: Mapping[str, Any], name: str) -> int:
    return _whole(asked.get(name))


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise HTTPException(HTTPStatus.BAD_REQUEST)
    return value


_COURSE = "/courses/{course}/upload"

ROUTES = [
    of_course(f"{_COURSE}/begin", _answering(_begin), method="POST"),
    of_course(f"{_COURSE}/addresses", _answering(_addresses), method="POST"),
    of_course(f"{_COURSE}/finish", _answering(_finish), method="POST"),
    of_course(f"{_COURSE}/give-up", _answering(_give_up), method="POST"),
]
