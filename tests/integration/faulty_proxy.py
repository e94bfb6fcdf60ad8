"""A real proxy between the workers and the embedded AWS, which answers some requests wrongly."""

from __future__ import annotations

import http.client
import socket
import struct
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from local.loopback_server import LoopbackHandler, LoopbackServer
from local.sandbox import ProcessSandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from local.function_configuration import FunctionConfiguration
    from local.lifeline import Lifeline
    from local.sandbox import Sandbox

    Fault = Callable[["Proxied"], bool]

_RESET = struct.pack("ii", 1, 0)  # what makes closing a socket a reset


class Proxied(LoopbackHandler):
    """One request on its way."""

    proxy: FaultyProxy

    def answer_with_error(self, status: int, code: str, message: str) -> None:
        """Answer as S3 does where it refuses, with everything that it tells."""
        self.answer(
            HTTPStatus(status),
            f"<Error><Code>{code}</Code><Message>{message}</Message>"
            f"<Resource>{unquote(self.path)}</Resource></Error>".encode(),
        )

    def reset(self) -> None:
        """End the connection without a word."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self.connection.close()
        self.close_connection = True

    def handle_any(self) -> None:
        """Answer with the fault, if it concerns this request, or with what the target answers."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.proxy.fault and self.proxy.fault(self):
            return
        target = http.client.HTTPConnection(self.proxy.target)
        target.request(self.command, self.path, body, dict(self.headers))
        answer = target.getresponse()
        content = answer.read()
        self.send_response_only(answer.status)
        for name, value in answer.getheaders():
            if name.lower() not in {"transfer-encoding", "connection", "content-length"}:
                self.send_header(name, value)
        length = answer.getheader("Content-Length") if self.command == "HEAD" else None
        if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
            self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)
        target.close()

    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = handle_any  # noqa: N815 - http.server's names


class FaultyProxy:
    """The proxy, which starts the workers so that all that they ask for goes through it.

    `fault` is asked about each request; it answers it, and says so, or leaves it.
    """

    def __init__(self) -> None:
        self.target = ""
        self.fault: Fault | None = None
        self.variables: Mapping[str, str] = {}
        """What else the workers are told."""
        self._server = LoopbackServer(type("Handler", (Proxied,), {"proxy": self}))

    def start(
        self, function: FunctionConfiguration, variables: Mapping[str, str], lifeline: Lifeline
    ) -> Sandbox:
        """Start a worker."""
        self.target = urlsplit(variables["AWS_ENDPOINT_URL"]).netloc
        through = {"AWS_ENDPOINT_URL": f"http://{self._server.address}"}
        return ProcessSandbox(function, {**variables, **through, **self.variables}, lifeline)

    def close(self) -> None:
        """Close the port."""
        self._server.close()
