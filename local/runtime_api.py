"""Lambda's Runtime API, for one execution environment.

The function's process asks here for its next event and answers here, as it does inside Lambda:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The API knows nothing of queues or
timeouts. It hands over what it is given, and reports what the process says.
"""

from __future__ import annotations

import http.server
import re
import threading
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from queue import SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"{_VERSION}/invocation/(?P<request_id>[^/]+)/(?P<kind>response|error)")


@dataclass(frozen=True, kw_only=True)
class Invocation:
    """One event for the function. The deadline is in milliseconds since 1970."""

    request_id: str
    function_arn: str
    event: bytes
    deadline: int


class Said(Enum):
    """What the function's process may say."""

    READY = auto()
    RESPONSE = auto()
    ERROR = auto()
    INIT_ERROR = auto()
    EXITED = auto()
    """Said by the end of the process, not through the API."""


@dataclass(frozen=True, kw_only=True)
class Message:
    """What the function's process said, about which request, in what words."""

    said: Said
    request_id: str = ""
    body: bytes = b""


class RuntimeApi:
    """The Runtime API on a port of its own, because its paths don't say who is asking."""

    def __init__(self, report: Callable[[Message], None]) -> None:
        invocations: SimpleQueue[Invocation | None] = SimpleQueue()

        class Handler(_Handler):
            def do_GET(self) -> None:
                if self.path != f"{_VERSION}/invocation/next":
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                report(Message(said=Said.READY))
                invocation = invocations.get()
                if invocation is None:
                    self.close_connection = True
                else:
                    self.send_invocation(invocation)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.path == f"{_VERSION}/init/error":
                    message = Message(said=Said.INIT_ERROR, body=body)
                elif answer := _ANSWER.fullmatch(self.path):
                    said = Said.RESPONSE if answer["kind"] == "response" else Said.ERROR
                    message = Message(said=said, request_id=answer["request_id"], body=body)
                else:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                self.send_accepted()
                report(message)

        self._invocations = invocations
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @property
    def address(self) -> str:
        """What the runtime client takes as AWS_LAMBDA_RUNTIME_API."""
        return f"127.0.0.1:{self._server.server_port}"

    def hand_over(self, invocation: Invocation) -> None:
        """Answer the process's request for its next event, the present one or the next to come."""
        self._invocations.put(invocation)

    def close(self) -> None:
        """Close the port. A process that still waits for an event loses its connection."""
        self._invocations.put(None)
        self._server.shutdown()
        self._server.server_close()


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def send_invocation(self, invocation: Invocation) -> None:
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(invocation.event)))
        self.send_header("Lambda-Runtime-Aws-Request-Id", invocation.request_id)
        self.send_header("Lambda-Runtime-Deadline-Ms", str(invocation.deadline))
        self.send_header("Lambda-Runtime-Invoked-Function-Arn", invocation.function_arn)
        self.end_headers()
        self.wfile.write(invocation.event)

    def send_accepted(self) -> None:
        body = b'{"status":"OK"}'
        self.send_response(HTTPStatus.ACCEPTED)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Stay silent: the function's own log says what happens."""
