"""The style and the scripts, which browsers may keep: their addresses change with their content."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.responses import FileResponse

from page.guard import public
from page.rendering import STATIC

if TYPE_CHECKING:
    from starlette.responses import Response

    from page.guard import Visit

# By the names there are, so that no path is made of one that somebody asks for.
_FILES = {file.name: file for file in STATIC.iterdir()}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
_KEPT = "public, max-age=31536000, immutable"


def _file(visit: Visit) -> Response:
    file = _FILES.get(visit.request.path_params["name"])
    if file is None:
        raise HTTPException(HTTPStatus.NOT_FOUND)
    return FileResponse(file, media_type=_TYPES[file.suffix], headers={"Cache-Control": _KEPT})


ROUTES = [public("/static/{name}", _file)]
