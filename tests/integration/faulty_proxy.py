"""A real proxy between the workers and the embedded AWS, which answers some requests wrongly.

Workers are told of it as of a company's proxy, so what they sign and send stays as it is, and the
gate in front of the embedded AWS is asked by its own name.
"""

from __future__ import annotations

import http.client
import http.server
import socket
import struct
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from local.loopback_server import LoopbackHandler, LoopbackServer
from local.sandbox import ProcessSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline

    Fault = Callable[["Proxied"], bool]

_RESET = struct.pack("ii", 1, 0)  # what makes closing a socket a reset


@dataclass(frozen=True, kw_only=True)
class Answered:
    """What the target has answered."""

    status: int
    headers: Sequence[tuple[str, str]]
    content: bytes
    length: int
    """What the answer says its length is; of an answer to HEAD, the object's."""


class Proxied(LoopbackHandler):
    """One request on its way: `path` as the target is asked for it, `content` its body."""

    proxy: FaultyProxy
    content: bytes

    def parse_request(self) -> bool:
        """Read the request's head. It needs no secret: the gate looks at its signature."""
        if not http.server.BaseHTTPRequestHandler.parse_request(self):
            return False
        url = urlsplit(self.path)
        self.target = url.netloc
        self.path = url._replace(scheme="", netloc="").geturl()
        return True

    def answer_with_error(self, status: int, code: str, message: str) -> None:
        """Answer as S3 does where it refuses, with everything that it tells."""
        body = (
            f"<Error><Code>{code}</Code><Message>{message}</Message>"
            f"<Resource>{unquote(self.path)}</Resource></Error>"
        )
        # After an answer to HEAD, a body would be taken for the next answer.
        self.answer(HTTPStatus(status), b"" if self.command == "HEAD" else body.encode())

    def reset(self) -> None:
        """End the connection without a word."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()
        self.close_connection = True

    def ask(self) -> Answered:
        """Have the target do what is asked for."""
        target = http.client.HTTPConnection(self.target)
        target.request(self.command, self.path, self.content, dict(self.headers))
        answer = target.getresponse()
        content = answer.read()
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        target.close()
        return Answered(
            status=answer.status,
            headers=answer.getheaders(),
            content=content,
            length=int(length or len(content)),
        )

    def pass_on(self, answered: Answered) -> None:
        """Answer as the target has."""
        self.send_response_only(answered.status)
        for name, value in answered.headers:
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        if answered.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", str(answered.length))
        self.end_headers()
        self.wfile.write(answered.content)

    def handle_any(self) -> None:
        """Answer with the fault, if it concerns this request, or with what the target answers."""
        self.content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if not (self.proxy.fault and self.proxy.fault(self)):
            self.pass_on(self.ask())

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - http.server's names


class FaultyProxy:
    """The proxy, which starts the workers so that all that they ask AWS for goes through it.

    `fault` is asked about each request; it answers it, and says so, or leaves it.
    """

    def __init__(self) -> None:
        self.fault: Fault | None = None
        self.variables: Mapping[str, str] = {}
        """What else the workers are told."""
        self._server = LoopbackServer(type("Handler", (Proxied,), {"proxy": self}))

    def start(
        self, function: FunctionConfiguration, variables: Mapping[str, str], lifeline: Lifeline
    ) -> ProcessSandbox:
        """Start a worker."""
        # In capitals, which Lambda's runtime client does not read: its own requests go elsewhere.
        through = {"HTTP_PROXY": f"http://{self._server.host}"}
        return ProcessSandbox(function, {**variables, **through, **self.variables}, lifeline)

    def close(self) -> None:
        """Close the port."""
        self._server.close()
