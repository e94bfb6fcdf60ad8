"""What the emulator's HTTP APIs answer, to anybody: on AWS, too, they are open to the world.

A request for an API's host goes to its API Gateway and nowhere else. The emulator would look at the
path first, whatever the host, and take some for its management and for other services.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from ministack.app import _asgi_header_list
from ministack.services import apigateway

if TYPE_CHECKING:
    from local.gate.signature import Request

STAGE = "$default"


def exists(api: str) -> bool:
    """Whether there is an HTTP API of this id."""
    return apigateway.find_api_scope(api) is not None


async def answer(api: str, request: Request, body: bytes) -> tuple[int, list[Any], bytes]:
    """Return the status, the headers as ASGI has them, and the body that the API answers."""
    status, headers, content = await apigateway.handle_execute(
        api,
        STAGE,
        apigateway.decode_http_api_path(request.path),
        request.method,
        dict(request.headers),
        body,
        parse_qs(request.query, keep_blank_values=True),
        raw_query_string=request.query,
    )
    headers = {name: each for name, each in headers.items() if name.lower() != "content-length"}
    headers["Content-Length"] = str(len(content))
    return status, _asgi_header_list(headers), content
