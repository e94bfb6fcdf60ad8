"""A request is let in if it is signed with the secret, and is the one that was signed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.auth import S3SigV4Auth, S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local.gate.signature import Request, Signature, SignatureError

if TYPE_CHECKING:
    from collections.abc import Mapping

ID, SECRET = "AKIAEXAMPLE", "a secret"
ROLE_TOKEN = "what a role has besides"  # noqa: S105
HOST = "127.0.0.1:4566"
BODY = b'{"TableName": "students"}'


def signed(  # noqa: PLR0913 - what there is to sign
    method: str = "POST",
    target: str = "/",
    *,
    kind: type[SigV4Auth] = SigV4Auth,
    service: str = "dynamodb",
    headers: Mapping[str, str] | None = None,
    body: bytes = BODY,
    token: str | None = None,
) -> Request:
    """Sign a request as boto3 does."""
    request = AWSRequest(
        method=method, url=f"http://{HOST}{target}", headers=headers or {}, data=body
    )
    kind(Credentials(ID, SECRET, token), service, "us-east-1").add_auth(request)
    parts = urlsplit(str(request.url))
    return Request(
        method=method,
        path=parts.path,
        query=parts.query,
        headers={"host": HOST} | {name.lower(): value for name, value in request.headers.items()},
    )


def verify(
    request: Request, *, secret: str = SECRET, body: bytes = BODY, after: timedelta = timedelta()
) -> Signature:
    """Check a request's signature, some time after it was made, however long ago that is."""
    signature = Signature.of(request)
    signature.verify(request, secret, body=body, now=_made(request) + after)
    return signature


def _made(request: Request) -> datetime:
    """Return when a request was signed, which may be as this module is loaded, long ago."""
    (in_query,) = parse_qs(request.query).get("X-Amz-Date", [""])
    made = request.headers.get("x-amz-date", in_query)
    return datetime.strptime(made, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)


def signed_upload() -> Request:
    return signed(
        "PUT",
        "/videos/week%201/%C3%9Cbung%20%2B1.mp4?partNumber=2&uploadId=b%2Fa&acl",
        kind=S3SigV4Auth,
        service="s3",
        headers={"X-Amz-Meta-Note": "two  blanks", "User-Agent": "boto3", "Expect": "100-continue"},
    )


def presigned() -> Request:
    return signed(
        "GET", "/videos/a%20b.mp4", kind=S3SigV4QueryAuth, service="s3", body=b"", token=ROLE_TOKEN
    )


@pytest.mark.parametrize(
    "request_",
    [
        signed(),
        signed(token=ROLE_TOKEN),
        signed("GET", "/2015-03-31/functions/a%3Ab//..?x=2&x=1", service="lambda", body=b""),
        signed_upload(),
        presigned(),
        signed("GET", "/?Action=x", kind=SigV4QueryAuth, service="sts", body=b""),
    ],
    ids=["header", "role", "path", "upload", "presigned", "presigned for another service"],
)
def test_what_botocore_signs_is_let_in_with_the_secret_only(request_: Request) -> None:
    body = b"" if request_.method == "GET" else BODY

    assert verify(request_, body=body).key_id == ID
    with pytest.raises(SignatureError, match="not made of this request"):
        verify(request_, body=body, secret=SECRET[::-1])


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "DELETE"},
        {"path": "/videos/other.mp4"},
        {"query": "partNumber=3"},
    ],
)
@pytest.mark.parametrize("request_", [signed_upload(), presigned()], ids=["header", "query"])
def test_another_request_than_the_signed_one_is_refused(
    request_: Request, changes: dict[str, Any]
) -> None:
    if "query" in changes and "X-Amz-Signature" in request_.query:
        changes = {"query": f"{request_.query}&versionId=1"}
    with pytest.raises(SignatureError, match="not made of this request"):
        verify(replace(request_, **changes))


def test_another_body_is_refused() -> None:
    with pytest.raises(SignatureError, match="not made of this request"):
        verify(signed(), body=BODY + b" ")


@pytest.mark.parametrize("request_", [signed_upload(), presigned()], ids=["header", "query"])
def test_a_header_that_was_added_is_refused(request_: Request) -> None:
    added = {**request_.headers, "x-amz-copy-source": "gallery/encodings.npz"}
    with pytest.raises(SignatureError, match="headers that are not signed: x-amz-copy-source"):
        verify(replace(request_, headers=added))


@pytest.mark.parametrize(
    ("request_", "after", "code"),
    [
        (signed(), timedelta(minutes=16), "RequestTimeTooSkewed"),
        (signed(), timedelta(minutes=-16), "RequestTimeTooSkewed"),
        (presigned(), timedelta(hours=1, seconds=1), "AccessDenied"),
        (presigned(), timedelta(minutes=-16), "RequestTimeTooSkewed"),
    ],
)
def test_a_signature_of_another_time_is_refused(
    request_: Request, after: timedelta, code: str
) -> None:
    body = b"" if request_.query else BODY
    with pytest.raises(SignatureError) as refused:
        verify(request_, body=body, after=after)
    assert refused.value.code == code


def test_a_presigned_url_lasts_a_week_at_most() -> None:
    request = presigned()
    longer = replace(request, query=request.query.replace("Expires=3600", "Expires=604801"))
    with pytest.raises(SignatureError, match="a week at most"):
        verify(longer, body=b"")


def test_a_request_without_a_signature_is_refused_with_the_remedy() -> None:
    with pytest.raises(SignatureError, match=r"access key of this run: docs/local\.md"):
        Signature.of(Request(method="GET", path="/", query="", headers={"host": HOST}))


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Bearer x",
        "AWS AKIAEXAMPLE:c2lnbmF0dXJl",
        "AWS4-HMAC-SHA256 Credential=test",
        "AWS4-HMAC-SHA256 Credential=test/20261126/us-east-1/s3/aws4_request",
    ],
)
def test_other_authorizations_are_refused(authorization: str) -> None:
    request = signed()
    with pytest.raises(SignatureError, match="the header Authorization must be"):
        Signature.of(replace(request, headers={**request.headers, "authorization": authorization}))


def test_a_second_caller_in_a_signed_request_is_refused() -> None:
    """The emulator would take the first one for who asks, and we have checked the last."""
    by_header = signed(
        "GET", "/?X-Amz-Credential=test/20261126/us-east-1/s3/aws4_request", body=b""
    )
    by_query = presigned()
    by_query = replace(by_query, query=f"x-amz-credential=test&{by_query.query}")
    twice = signed()
    authorization = twice.headers["authorization"].replace(
        "Credential=", "Credential=test/20261126/us-east-1/s3/aws4_request, Credential=", 1
    )
    twice = replace(twice, headers={**twice.headers, "authorization": authorization})
    for request in (by_header, by_query, twice):
        with pytest.raises(SignatureError):
            Signature.of(request)


def test_a_path_that_would_be_cut_off_is_refused() -> None:
    request = presigned()
    with pytest.raises(SignatureError, match="URL-encoded"):
        Signature.of(replace(request, path=f"{request.path}#.csv"))
