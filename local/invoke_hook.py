"""Where the emulator sends a function's events: its HTTP hook, answered by our workers.

The emulator POSTs each event of a function to its path here, and takes any answer but a 2xx for a
failure of the function, with the retries and the on-failure destination that follow.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Protocol

from local.loopback_server import LoopbackHandler, LoopbackServer

if TYPE_CHECKING:
    from concurrent.futures import Future

    from local.execution_environment import Outcome


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

    @property
    def url(self) -> str:
        """The URL below which events are taken, each function's under its name."""
        return f"http://{self._server.address}"

    def attach(self, function_name: str, pool: EventTaker) -> None:
        """Send the function's events there from now on."""
        self._pools[function_name] = pool

    def close(self) -> None:
        """Close the port."""
        self._server.close()
