"""What happens to a run in the middle of a request of its own: botocore's hooks, each once."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING, Any

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.httpsession import URLLib3Session
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from botocore.awsrequest import AWSPreparedRequest
    from types_boto3_s3 import S3Client


def at(s3: S3Client, moment: str, action: Callable[[], object], *, number: int = 0) -> None:
    """Do something at a moment of the client's requests: before or after that of this number.

    The moment is botocore's name for it, such as `before-call.s3.PutObject`, where the request with
    its conditions is made up and not yet sent.
    """
    calls = count()

    def hook(**_: object) -> None:
        if next(calls) == number:
            action()

    s3.meta.events.register(moment, hook)


def answered(
    request: AWSPreparedRequest,
    status: int,
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
) -> AWSResponse:
    """Return what a client gets that is answered so."""
    raw = HTTPResponse(body=BytesIO(body), status=status, preload_content=False)
    told = HTTPHeaders()
    for name, value in (headers or {}).items():
        told[name] = value
    return AWSResponse(request.url, status, told, raw)


def break_off(s3: S3Client, key: str, *, times: int) -> list[AWSPreparedRequest]:
    """Have what S3 sends of an object break off in its middle, so many times; list the requests."""
    sent: list[AWSPreparedRequest] = []

    def send(request: AWSPreparedRequest, **_: object) -> AWSResponse | None:
        if not request.url.endswith(f"/{key}"):
            return None
        sent.append(request)
        if len(sent) > times:
            return None
        whole = URLLib3Session().send(request)
        return answered(
            request, whole.status_code, whole.content[: len(whole.content) // 2], whole.headers
        )

    hook: Any = send
    s3.meta.events.register("before-send.s3.GetObject", hook)
    return sent
