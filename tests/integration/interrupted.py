"""What happens to a run in the middle of a request of its own: botocore's hooks, each once."""

from __future__ import annotations

from io import BytesIO
from itertools import count
from typing import TYPE_CHECKING

from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from urllib3 import HTTPResponse

if TYPE_CHECKING:
    from collections.abc import Callable

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


def answered(request: AWSPreparedRequest, status: int, body: bytes = b"") -> AWSResponse:
    """Return what a client gets that is answered so."""
    raw = HTTPResponse(body=BytesIO(body), status=status, preload_content=False)
    return AWSResponse(request.url, status, HTTPHeaders(), raw)
