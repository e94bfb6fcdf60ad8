"""How a plugin of Pulumi's engine is served: on a free port, printed on the first line."""

from __future__ import annotations

import signal
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable

_LARGEST_MESSAGE = 400 * 1024 * 1024
"""As in Pulumi's own hosts: a stack's state may be sent in one message."""


def serve(add_service: Callable[[grpc.Server], None]) -> None:
    """Serve until the engine ends this process, as it does with its plugins."""
    server = grpc.server(
        ThreadPoolExecutor(max_workers=32),
        options=[
            ("grpc.max_send_message_length", _LARGEST_MESSAGE),
            ("grpc.max_receive_message_length", _LARGEST_MESSAGE),
        ],
    )
    add_service(server)
    # The engine interrupts its hosts at the end of a command.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    print(port, flush=True)  # noqa: T201 - which the engine reads
    server.wait_for_termination()
