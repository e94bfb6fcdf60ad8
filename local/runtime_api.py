"""Lambda's Runtime API, for one execution environment.

The function's process asks here for its next event and answers here, as it does inside Lambda:
https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html. The API knows nothing of queues or
timeouts. It hands over what it is given, and reports what the process says.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from http import HTTPStatus
from queue import SimpleQueue
from typing import TYPE_CHECKING

from local.loopback_server import LoopbackHandler, LoopbackServer

if TYPE_CHECKING:
    from collections.abc import Callable

_VERSION = "/2018-06-01/runtime"
_ANSWER = re.compile(rf"{_VERSION}/invocation/[^/]+/(?P<kind>response|error)")


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
    """What the function's process said, in its own words where it has some."""

    said: Said
    body: bytes = b""


class RuntimeApi:
    """The Runtime API on a port of its own, because its paths don't say who is asking."""

    def __init__(self, report: Callable[[Message], None]) -> None:
        invocations: SimpleQueue[Invocation | None] = SimpleQueue()

        class Handler(LoopbackHandler):
            def do_GET(self) -> None:  # noqa: N802 - http.server's name
                if self.path != f"{_VERSION}/invocation/next":
                    self.refuse()
                    return
                report(Message(said=Said.READY))
                invocation = invocations.get()
                if invocation is None:
                    self.close_connection = True
                else:
                    self.answer(HTTPStatus.OK, invocation.event, _headers(invocation))

            def do_POST(self) -> None:  # noqa: N802 - http.server's name
                body = self.body()
                if self.path == f"{_VERSION}/init/error":
                    message = Message(said=Said.INIT_ERROR, body=body)
                elif answer := _ANSWER.fullmatch(self.path):
                    said = Said.RESPONSE if answer["kind"] == "response" else Said.ERROR
                    message = Message(said=said, body=body)
                else:
                    self.refuse()
                    return
                # Reported first: once answered, the process may end, and its end is reported, too.
                report(message)
                self.answer(HTTPStatus.ACCEPTED, b'{"status":"OK"}')

        self._invocations = invocations
        self._server = LoopbackServer(Handler)

    @property
    def address(self) -> str:
        """What the runtime client takes as AWS_LAMBDA_RUNTIME_API.

        Unlike Lambda's it has a path: the secret without which others on the machine can take no
        event and give no answer.
        """
        return self._server.address

    def hand_over(self, invocation: Invocation) -> None:
        """Answer the process's request for its next event, the present one or the next to come."""
        self._invocations.put(invocation)

    def close(self) -> None:
        """Close the port. A process that still waits for an event loses its connection."""
        self._invocations.put(None)
        self._server.close()


def _headers(invocation: Invocation) -> dict[str, str]:
    return {
        "Lambda-Runtime-Aws-Request-Id": invocation.request_id,
        "Lambda-Runtime-Deadline-Ms": str(invocation.deadline),
        "Lambda-Runtime-Invoked-Function-Arn": invocation.function_arn,
    }
