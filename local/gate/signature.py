"""AWS's Signature Version 4 of a request, checked by computing it again with botocore's signer.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html. A signature stands in the
Authorization header, or in the query of a presigned URL. What can be read in two ways is refused:
the emulator must not see another caller than the one whose signature was checked.
"""

from __future__ import annotations

import hmac
import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl

from botocore.auth import (
    SIGNED_HEADERS_BLACKLIST,
    SIGV4_TIMESTAMP,
    S3SigV4Auth,
    S3SigV4QueryAuth,
    SigV4Auth,
    SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

if TYPE_CHECKING:
    from collections.abc import Mapping

_ALGORITHM = "AWS4-HMAC-SHA256"
_CREDENTIAL = (
    r"(?P<key_id>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)/(?P<service>[^/,\s]+)/aws4_request"
)
_HEADER = re.compile(
    rf"{_ALGORITHM} Credential={_CREDENTIAL}, *SignedHeaders=(?P<signed_headers>[a-z0-9;_-]+), *"
    r"Signature=(?P<value>[0-9a-f]{64})",
    re.ASCII,
)
_SECONDS = re.compile(r"[0-9]{1,6}")
_TARGET = re.compile(r"/[!\"$-~]*")
"""The path and query of a request; one with a `#` would be cut off there when it is signed."""

_CLOCK_SKEW = timedelta(minutes=15)
_LONGEST_PRESIGNED = timedelta(days=7)


class SignatureError(Exception):
    """A request is not signed as it should be. The code is AWS's, the message says why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Request:
    """A request's head: path and query still encoded, the headers' names in lower case."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What a request says of its signature. `lifetime` is None for one in the header."""

    key_id: str
    timestamp: str
    region: str
    service: str
    signed_headers: frozenset[str]
    value: str
    token: str | None
    lifetime: timedelta | None = None

    @classmethod
    def of(cls, request: Request) -> Signature:
        """Read a request's signature. Raises SignatureError if it has none, or not exactly one."""
        if not _TARGET.fullmatch(f"{request.path}?{request.query}"):
            raise SignatureError("InvalidURI", "the path and the query must be URL-encoded")
        query = parse_qsl(request.query, keep_blank_values=True)
        names = Counter(name.lower() for name, _ in query)
        if "authorization" in request.headers:
            # The emulator would look at these, too.
            if {"x-amz-credential", "x-amz-algorithm", "awsaccesskeyid"} & names.keys():
                raise SignatureError("InvalidArgument", "only one signature is allowed")
            return cls._from_header(request.headers)
        if any(name.startswith("x-amz-") and count > 1 for name, count in names.items()):
            raise SignatureError("InvalidArgument", "a parameter of the signature stands twice")
        return cls._from_query(dict(query))

    @classmethod
    def _from_header(cls, headers: Mapping[str, str]) -> Signature:
        found = _HEADER.fullmatch(headers["authorization"])
        timestamp = headers.get("x-amz-date", "")
        if found is None or not timestamp.startswith(found["date"]):
            raise SignatureError(
                "IncompleteSignature",
                f"the header Authorization must be {_ALGORITHM} with Credential, SignedHeaders and "
                "Signature, and X-Amz-Date of the same date",
            )
        return cls(
            key_id=found["key_id"],
            timestamp=timestamp,
            region=found["region"],
            service=found["service"],
            signed_headers=frozenset(found["signed_headers"].split(";")),
            value=found["value"],
            token=headers.get("x-amz-security-token"),
        )

    @classmethod
    def _from_query(cls, query: Mapping[str, str]) -> Signature:
        if query.get("X-Amz-Algorithm") != _ALGORITHM:
            raise SignatureError(
                "AccessDenied",
                "the embedded AWS lets in only who signs with Signature Version 4 and the access "
                "key of this run: docs/local.md says where that is",
            )
        credential = re.fullmatch(_CREDENTIAL, query.get("X-Amz-Credential", ""), re.ASCII)
        timestamp = query.get("X-Amz-Date", "")
        lifetime = query.get("X-Amz-Expires", "")
        if (
            credential is None
            or not timestamp.startswith(credential["date"])
            or not _SECONDS.fullmatch(lifetime)
        ):
            raise SignatureError(
                "AuthorizationQueryParametersError",
                "a presigned URL needs X-Amz-Credential, X-Amz-Date of the same date, and "
                "X-Amz-Expires in seconds",
            )
        return cls(
            key_id=credential["key_id"],
            timestamp=timestamp,
            region=credential["region"],
            service=credential["service"],
            signed_headers=frozenset(query.get("X-Amz-SignedHeaders", "").split(";")),
            value=query.get("X-Amz-Signature", ""),
            token=query.get("X-Amz-Security-Token"),
            lifetime=timedelta(seconds=int(lifetime)),
        )

    def verify(self, request: Request, secret: str, *, body: bytes, now: datetime) -> None:
        """Raise SignatureError unless the request was signed with this secret, and is of now.

        `body` is looked at only where the request does not name its hash itself.
        """
        self._check_time(now)
        self._check_signed_headers(request.headers)
        computed = self._computed(request, secret, body)
        if not hmac.compare_digest(computed.encode(), self.value.encode()):
            raise SignatureError(
                "SignatureDoesNotMatch",
                "the signature was not made of this request with the access key's secret",
            )

    def _check_time(self, now: datetime) -> None:
        try:
            signed = datetime.strptime(self.timestamp, SIGV4_TIMESTAMP).replace(tzinfo=UTC)
        except ValueError:
            raise SignatureError(
                "IncompleteSignature", "X-Amz-Date must be like 20261231T235959Z"
            ) from None
        if signed > now + _CLOCK_SKEW:
            raise SignatureError("RequestTimeTooSkewed", "the signature is of the future")
        if self.lifetime is None:
            if signed < now - _CLOCK_SKEW:
                raise SignatureError("RequestTimeTooSkewed", "the signature is too old")
        elif self.lifetime > _LONGEST_PRESIGNED:
            raise SignatureError(
                "AuthorizationQueryParametersError", "X-Amz-Expires must be a week at most"
            )
        elif signed < now - self.lifetime:
            raise SignatureError("AccessDenied", "Request has expired")

    def _check_signed_headers(self, headers: Mapping[str, str]) -> None:
        """Let no header through unsigned that changes what is asked, nor one that can't be."""
        must = {"host"} | {name for name in headers if name.startswith("x-amz-")}
        if unsigned := must - self.signed_headers:
            raise SignatureError(
                "AccessDenied", f"headers that are not signed: {', '.join(sorted(unsigned))}"
            )
        # botocore's signer passes these over, so it would compute another signature.
        if odd := self.signed_headers & {*SIGNED_HEADERS_BLACKLIST}:
            raise SignatureError(
                "SignatureDoesNotMatch", f"headers that can't be signed: {', '.join(sorted(odd))}"
            )

    def _computed(self, request: Request, secret: str, body: bytes) -> str:
        credentials = Credentials(self.key_id, secret, self.token)
        is_presigned = self.lifetime is not None
        kind: type[SigV4Auth]
        if self.service == "s3":
            kind = S3SigV4QueryAuth if is_presigned else S3SigV4Auth
        else:
            kind = SigV4QueryAuth if is_presigned else SigV4Auth
        signer = kind(credentials, self.service, self.region)
        query = "&".join(
            pair for pair in request.query.split("&") if not pair.startswith("X-Amz-Signature=")
        )
        again = AWSRequest(
            method=request.method,
            url=f"http://{request.headers['host']}{request.path}?{query}",
            headers={
                name: value
                for name, value in request.headers.items()
                if name in self.signed_headers
            },
            data=body,
        )
        again.context["timestamp"] = self.timestamp
        canonical = signer.canonical_request(again)
        return str(signer.signature(signer.string_to_sign(again, canonical), again))
