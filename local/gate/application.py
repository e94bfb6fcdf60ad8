"""The gate as an ASGI application, which passes on to another what it lets in."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from ministack.core.iam_actions import access_denied_response

from local.gate.admission import RefusedError
from local.gate.signature import Request, Signature, SignatureError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from local.gate.admission import Admission

    Message = dict[str, Any]
    Receive = Callable[[], Awaitable[Message]]
    Send = Callable[[Message], Awaitable[None]]
    Application = Callable[[Message, Receive, Send], Awaitable[None]]
    Apis = Callable[[str, Request, bytes], Awaitable[tuple[int, list[Any], bytes]]]

_BODY_HASH = "x-amz-content-sha256"
_SHA256_DIGITS = 64
_ONCE = ("authorization", "host", "origin")
_LARGEST_BODY = 16 * 1024 * 1024
"""Of a request that does not name its body's hash: DynamoDB's limit, the largest but S3's."""


@dataclass(frozen=True)
class Gate:
    """Passes on signed requests to an application, body by body as it comes.

    Those for the host of an HTTP API, which nobody signs, are answered by `apis`.
    """

    application: Application
    admission: Admission
    apis: Apis

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve a connection, as ASGI has it."""
        if scope["type"] == "lifespan":
            await self.application(scope, receive, send)
        elif scope["type"] == "http":
            await self._pass_on(scope, receive, send)
        else:  # the emulator's WebSockets, which nobody here talks to
            await receive()
            await send({"type": "websocket.close"})

    async def _pass_on(self, scope: Message, receive: Receive, send: Send) -> None:
        service = ""
        headers: dict[str, str] = {}
        try:
            request = _request(scope)
            headers = {**request.headers}
            self.admission.check_sender(request)
            if api := self.admission.api_of(headers.get("host")):
                status, fields, content = await self.apis(api, request, await _read(receive))
                await _send(send, status, fields, b"" if request.method == "HEAD" else content)
                return
            if not (self.admission.is_preflight(request) or self.admission.is_signing_in(request)):
                signature = Signature.of(request)
                service = signature.service
                # Before the body, which nobody need send whom we don't know.
                secret = self.admission.secret_of(signature)
                body = b""
                if _BODY_HASH not in headers:
                    body = await _read(receive)
                    receive = _once(body, receive)
                elif len(headers[_BODY_HASH]) == _SHA256_DIGITS:
                    checked = _CheckedBody(receive, send, headers[_BODY_HASH])
                    receive, send = checked.receive, checked.send
                signature.verify(request, secret, body=body, now=datetime.now(UTC))
                self.admission.check_operation(request, scope["path"], signature)
        except SignatureError as refused:
            await _refuse(scope, send, service, headers, refused.code, str(refused))
        except RefusedError as refused:
            await _refuse(scope, send, service, headers, "AccessDenied", str(refused))
        except _BodyTooLargeError:
            message = f"the body is larger than {_LARGEST_BODY} bytes"
            await _refuse(scope, send, service, headers, "RequestEntityTooLarge", message)
        except _GoneError:
            return
        else:
            await self.application(scope, receive, send)


class _BodyTooLargeError(Exception):
    """A body that has to be kept in memory is larger than any that is meant."""


class _GoneError(Exception):
    """Whoever asked has ended the connection."""


class _CheckedBody:
    """A body on its way to the application, which gets its end only if the hash is right."""

    def __init__(self, receive: Receive, send: Send, expected: str) -> None:
        self._receive = receive
        self._send = send
        self._expected = expected
        self._hash = sha256()
        self._is_wrong = False

    async def receive(self) -> Message:
        """Pass on a part of the body."""
        message = await self._receive()
        if message["type"] == "http.request":
            self._hash.update(message.get("body", b""))
            is_last = not message.get("more_body", False)
            if is_last and self._hash.hexdigest() != self._expected:
                self._is_wrong = True
                await _answer(
                    self._send,
                    HTTPStatus.BAD_REQUEST,
                    {"Content-Type": "application/xml"},
                    b"<Error><Code>XAmzContentSHA256Mismatch</Code>"
                    b"<Message>the body is not the one that was signed</Message></Error>",
                )
                return {"type": "http.disconnect"}
        return message

    async def send(self, message: Message) -> None:
        """Pass on a part of the answer, unless the answer was that the body is wrong."""
        if not self._is_wrong:
            await self._send(message)


def _request(scope: Message) -> Request:
    """Read a request's head. Raises RefusedError for one that can be read in two ways."""
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        if name not in headers:
            headers[name] = value
        elif name in _ONCE or name.startswith("x-amz-"):
            raise RefusedError(f"the header {name} stands twice")
        else:
            headers[name] = f"{headers[name]},{value}"
    return Request(
        method=scope["method"],
        path=scope["raw_path"].decode("latin-1"),
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
    )


async def _read(receive: Receive) -> bytes:
    parts = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _GoneError
        parts += message.get("body", b"")
        if len(parts) > _LARGEST_BODY:
            raise _BodyTooLargeError
        if not message.get("more_body", False):
            return bytes(parts)


def _once(body: bytes, receive: Receive) -> Receive:
    """Return a `receive` that begins with a body that was read already."""
    begun = False

    async def replay() -> Message:
        nonlocal begun
        if begun:
            return await receive()
        begun = True
        return {"type": "http.request", "body": body, "more_body": False}

    return replay


async def _refuse(  # noqa: PLR0913, PLR0917 - what an error in a service's own form takes
    scope: Message, send: Send, service: str, headers: dict[str, str], code: str, message: str
) -> None:
    """Answer as the service would, so that its clients can tell what is wrong."""
    status, answered, body = access_denied_response(
        service or "s3",
        "",
        "",
        str(uuid.uuid4()),
        error_code=code,
        message=message,
        headers=headers,
    )
    await _answer(send, status, answered, b"" if scope["method"] == "HEAD" else body)


async def _answer(send: Send, status: int, headers: dict[str, str], body: bytes) -> None:
    fields = {**headers, "Content-Length": str(len(body))}
    encoded = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await _send(send, status, encoded, body)


async def _send(send: Send, status: int, fields: list[Any], body: bytes) -> None:
    await send({"type": "http.response.start", "status": status, "headers": fields})
    await send({"type": "http.response.body", "body": body})
