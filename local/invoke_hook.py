"""Where the emulator sends a function's events: its HTTP hook, answered by our workers.

The emulator POSTs an event to the URL among the function's variables, and takes any answer but a
2xx for a failure of the function, with the retries and the on-failure destination that follow.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from local.loopback_server import LoopbackHandler, LoopbackServer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from local.execution_environment import Outcome

HOOK_VARIABLE = "MINISTACK_LAMBDA_PROXY_URL"
"""The variable of a function by which the emulator knows where to send its events."""


class EventTaker(Protocol):
    """What takes a function's events: a pool of workers, for most."""

    def submit(self, request_id: str, event: bytes) -> Future[Outcome]:
        """Take an event, and return its outcome to come."""


class InvokeHook:
    """An HTTP server that puts events POSTed to `/<function name>` into that function's pool."""

    def __init__(self) -> None:
        pools: dict[str, EventTaker] = {}

        class Handler(LoopbackHandler):
            def do_POST(self) -> None:  # noqa: N802 - http.server's name
                event = self.body()
                pool = pools.get(self.path.removeprefix("/"))
                if pool is None:
                    self.refuse()
                    return
                outcome = pool.submit(self.headers["X-Amzn-Lambda-Request-Id"], event).result()
                status = HTTPStatus.OK if outcome.succeeded else HTTPStatus.INTERNAL_SERVER_ERROR
                self.answer(status, outcome.payload)

        self._pools = pools
        self._server = LoopbackServer(Handler)

    def url(self, function_name: str) -> str:
        """Return the URL at which this function's events are taken."""
        return f"http://{self._server.address}/{function_name}"

    def attach(self, function_name: str, pool: EventTaker) -> None:
        """Send the function's events there from now on."""
        self._pools[function_name] = pool

    def close(self) -> None:
        """Close the port."""
        self._server.close()
