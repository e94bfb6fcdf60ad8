"""A small HTTP server on a free port of loopback, for processes of our own to talk to.

Others can reach the port, too: other users of the machine, and pages in a browser. So each server
answers only at paths that begin with a secret of its own.
"""

from __future__ import annotations

import hmac
import http.server
import secrets
import sys
import threading
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from local.emulator import HOST

if TYPE_CHECKING:
    from collections.abc import Mapping

_CLOSING_SECONDS = 0.05
"""How often the server looks whether it is to close."""


class LoopbackHandler(http.server.BaseHTTPRequestHandler):
    """Reads and writes JSON bodies of a known length, and keeps no log."""

    protocol_version = "HTTP/1.1"
    # Or the end of an answer waits for the other side to acknowledge its beginning: 40 ms.
    disable_nagle_algorithm = True

    def parse_request(self) -> bool:
        """Read the request's head, and leave in `path` what comes after the server's secret."""
        if not super().parse_request():
            return False
        _, secret, path = (*self.path.split("/", 2), "")[:3]
        server: Any = self.server
        knows = hmac.compare_digest(secret.encode(), server.secret.encode())
        # A page can learn of no secret, and yet has no business here.
        if not knows or self.headers["Host"] != server.host or "Origin" in self.headers:
            self.close_connection = True  # with a body that nobody has read
            self.refuse()
            return False
        self.path = f"/{path}"
        return True

    def body(self) -> bytes:
        """Read the body of the request."""
        return self.rfile.read(int(self.headers["Content-Length"]))

    def answer(
        self, status: HTTPStatus, body: bytes, headers: Mapping[str, str] | None = None
    ) -> None:
        """Send a JSON body."""
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def refuse(self) -> None:
        """Say that there is nothing at this path."""
        self.answer(HTTPStatus.NOT_FOUND, b"{}")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as inherited
        """Stay silent."""


class LoopbackServer(http.server.ThreadingHTTPServer):
    """The server, from its creation to `close`; each request has a thread of its own."""

    # A hundred uploads at once are a hundred connections at once.
    request_queue_size = 1024

    def __init__(self, handler: type[LoopbackHandler]) -> None:
        self.secret = secrets.token_urlsafe(32)
        super().__init__((HOST, 0), handler)
        threading.Thread(target=self.serve_forever, args=(_CLOSING_SECONDS,), daemon=True).start()

    @property
    def host(self) -> str:
        """Return host and port."""
        return f"{HOST}:{self.server_port}"

    @property
    def address(self) -> str:
        """Return host, port, and the secret that paths begin with."""
        return f"{self.host}/{self.secret}"

    def close(self) -> None:
        """Close the port."""
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - inherited
        """Report an error, unless it is that the other side has ended, which is reported there."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)
