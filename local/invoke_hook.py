"""Where the emulator sends a function's events: its HTTP hook, answered by our workers.

The emulator POSTs an event to the URL among the function's variables, and takes any answer but a
2xx for a failure of the function, with the retries and the on-failure destination that follow.
"""

from __future__ import annotations

import http.server
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING

from local.emulator import HOST

if TYPE_CHECKING:
    from local.workers import WorkerPool

HOOK_VARIABLE = "MINISTACK_LAMBDA_PROXY_URL"
"""The variable of a function by which the emulator knows where to send its events."""


class InvokeHook:
    """An HTTP server that puts events POSTed to `/<function name>` into that function's pool."""

    def __init__(self) -> None:
        pools: dict[str, WorkerPool] = {}

        class Handler(_Handler):
            def do_POST(self) -> None:
                event = self.rfile.read(int(self.headers["Content-Length"]))
                pool = pools.get(self.path.removeprefix("/"))
                if pool is None:
                    self.send_error(HTTPStatus.NOT_FOUND)
                    return
                request_id = self.headers["X-Amzn-Lambda-Request-Id"]
                outcome = pool.submit(request_id, event).result()
                status = HTTPStatus.OK if outcome.succeeded else HTTPStatus.INTERNAL_SERVER_ERROR
                self.send_json(status, outcome.payload)

        self._pools = pools
        self._server = _Server((HOST, 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def url(self, function_name: str) -> str:
        """Return the URL at which this function's events are taken."""
        return f"http://{HOST}:{self._server.server_port}/{function_name}"

    def attach(self, function_name: str, pool: WorkerPool) -> None:
        """Send the function's events to this pool from now on."""
        self._pools[function_name] = pool

    def close(self) -> None:
        """Close the port."""
        self._server.shutdown()
        self._server.server_close()


class _Server(http.server.ThreadingHTTPServer):
    # A hundred uploads at once are a hundred connections at once.
    request_queue_size = 1024


class _Handler(http.server.BaseHTTPRequestHandler):
    def send_json(self, status: HTTPStatus, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Stay silent: the function's own log says what happens."""
